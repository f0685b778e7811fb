import ExactJSON

enum TypeMessage {
    static func text(_ types: TypeSet, _ value: JSONValue) -> String {
        "must be \(Wording.types(types)); found \(value.described)" + hint(types, value)
    }

    /// What probably went wrong, where it can be seen.
    private static func hint(_ types: TypeSet, _ value: JSONValue) -> String {
        switch value {
        case .string(let text):
            let read = text.utf8.count <= 32 ? try? JSONValue(parsing: text) : nil
            if let read, read.stringValue == nil, types.admits(read) { return "; remove the quotes" }
            if !types.isDisjoint(with: .boolean), let word = words[text.lowercased()] { return "; write \(word)" }
            return types.contains(.array) ? "; put it in an array: [\(value.short)]" : ""
        case .number, .bool:
            if types.contains(.string) { return "; put it in quotes: \"\(value.short)\"" }
            if case .number(let number) = value, types.contains(.integer), !number.isInteger {
                return ", which has a fraction"
            }
            return types.contains(.array) ? "; put it in an array: [\(value.short)]" : ""
        case .null:
            return "; leave it out if there is no value"
        case .object where types.contains(.array):
            return "; put it in an array"
        case .array, .object:
            return ""
        }
    }

    private static let words = ["yes": "true", "on": "true", "no": "false", "off": "false"]
}
