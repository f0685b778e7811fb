/// Why a text is not the identifier it was meant to be. The message names the text, the rule and a remedy.
package struct InvalidIdentifier: Error, Hashable, Sendable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}

extension InvalidIdentifier {
    /// The text as it may be shown in a message: at most 80 scalars, those replaced that could steer a terminal or turn the text round
    /// (controls, invisible formats, separators of lines).
    package static func shown(_ text: some StringProtocol) -> String {
        let safe = text.unicodeScalars.prefix(80).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
            default: String(scalar)
            }
        }
        return safe.joined() + (text.unicodeScalars.count > 80 ? "…" : "")
    }
}
