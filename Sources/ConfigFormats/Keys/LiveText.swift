import ConfigPlatformModel

/// Strings whose `${…}` are references, in files that spell them as the platform does.
enum LiveText {
    /// The value as it is to be stored. Where its strings hold no reference but only `$${`, these are taken for what they stand for.
    static func read(_ value: JSONValue) throws(ReferenceText.Malformed) -> (value: JSONValue, isLive: Bool) {
        if try hasReference(value) { return (value, true) }
        return (unescaped(value), false)
    }

    /// A value that holds no references, so that a reader of live references sees none.
    static func escaped(_ value: JSONValue) -> JSONValue {
        guard ReferenceText.mayOccur(in: value) else { return value }
        return mapStrings(of: value, ReferenceText.escaped)
    }

    /// The value with every `${` in the names of members escaped, for formats in which all of it is one string.
    static func escapingNames(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map(escapingNames))
        case .object(let members):
            var escaped = JSONObject()
            for member in members { escaped[ReferenceText.escaped(member.name)] = escapingNames(member.value) }
            return .object(escaped)
        case .null, .bool, .number, .string: return value
        }
    }

    private static func unescaped(_ value: JSONValue) -> JSONValue {
        mapStrings(of: value) { text in
            guard let parts = try? ReferenceText.parse(text) else { return text }
            return parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
        }
    }

    private static func hasReference(_ value: JSONValue) throws(ReferenceText.Malformed) -> Bool {
        var found = false
        switch value {
        case .string(let text):
            guard ReferenceText.mayOccur(in: text) else { return false }
            return try ReferenceText.parse(text).contains { if case .reference = $0 { true } else { false } }
        case .array(let elements):
            for element in elements where try hasReference(element) { found = true }
        case .object(let members):
            for member in members where try hasReference(member.value) { found = true }
        case .null, .bool, .number:
            break
        }
        return found
    }

    private static func mapStrings(of value: JSONValue, _ transform: (String) -> String) -> JSONValue {
        switch value {
        case .string(let text): .string(transform(text))
        case .array(let elements): .array(elements.map { mapStrings(of: $0, transform) })
        case .object(let members): .object(members.mapValues { mapStrings(of: $0, transform) })
        case .null, .bool, .number: value
        }
    }
}
