import ExactJSON

extension JSONValue {
    /// The value for a message, with its type: `the string "80"`, `an array of 3 elements`.
    var described: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number: "the number \(short)"
        case .string: "the string \(short)"
        case .array(let elements) where elements.isEmpty: "an empty array"
        case .array(let elements): "an array of \(elements.count == 1 ? "one element" : "\(elements.count) elements")"
        case .object(let object) where object.isEmpty: "an empty object"
        case .object(let object): "an object with \(object.count == 1 ? "one member" : "\(object.count) members")"
        }
    }

    /// Canonical text, cut where it is long.
    var short: String {
        switch self {
        case .null, .bool: canonicalText
        case .number: Wording.cut(canonicalText)
        case .string(let text): JSONValue.string(Wording.cut(text)).canonicalText
        case .array, .object: Wording.cut(canonicalText)
        }
    }
}

/// Pieces of messages.
enum Wording {
    private static let maxLength = 80
    private static let maxChoices = 12

    static func cut(_ text: String) -> String {
        text.count <= maxLength ? text : text.prefix(maxLength - 1) + "…"
    }

    static func quoted(_ text: String) -> String { JSONValue.string(cut(text)).canonicalText }

    /// `a`, `a or b`, `a, b or c`.
    static func list(_ items: [String], _ conjunction: String) -> String {
        guard let last = items.last else { return "" }
        return items.count == 1
            ? last : items.dropLast().joined(separator: ", ") + " " + conjunction + " " + last
    }

    /// The values allowed, the first dozen of many.
    static func choices(_ values: [String]) -> String {
        guard values.count > maxChoices else { return values.joined(separator: ", ") }
        return values.prefix(maxChoices).joined(separator: ", ") + " and \(values.count - maxChoices) more"
    }

    static func count(_ count: Int, _ one: String, _ many: String) -> String {
        count == 1 ? "one \(one)" : "\(count) \(many)"
    }

    static func types(_ types: TypeSet) -> String {
        var names: [String] = []
        if types.contains(.string) { names.append("a string") }
        if types.contains(.number) {
            names.append("a number")
        } else if types.contains(.integer) {
            names.append("an integer")
        }
        if types.contains(.boolean) { names.append("a boolean") }
        if types.contains(.array) { names.append("an array") }
        if types.contains(.object) { names.append("an object") }
        if types.contains(.null) { names.append("null") }
        return list(names, "or")
    }
}
