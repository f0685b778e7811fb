import ConfigPlatformClient
import ConfigPlatformModel

/// Values of settings as people read them.
enum ValueText {
    /// In tables and differences: JSON on one line, so that `5` and `"5"` are told apart.
    static func inline(_ value: JSONValue) -> String { SafeText.line(value.canonicalText) }

    static func inline(_ value: OwnValue) -> String {
        switch value {
        case .value(let value): inline(value)
        case .unset: "unset"
        case .absent: ""
        }
    }

    /// By itself, for whoever uses it further: a string is its text, anything else JSON.
    ///
    /// - Parameter isTerminal: whether a person sees it: then objects and arrays are spread over lines, and controls
    ///   are shown.
    static func bare(_ value: JSONValue, isTerminal: Bool) -> String {
        switch value {
        case .string(let text): isTerminal ? SafeText.block(text) : text
        case .array, .object: isTerminal ? SafeText.block(value.prettyText()) : value.canonicalText
        default: value.canonicalText
        }
    }
}
