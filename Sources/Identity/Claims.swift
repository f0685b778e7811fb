package import ExactJSON

/// What an issuer says of somebody, its signature verified.
package struct Claims: Sendable, Hashable {
    /// All of them, numbers exactly as they were written.
    package let payload: JSONObject
    package let issuer: String
    /// Who: unique and lasting within the issuer. 1 to 1,024 bytes, no control characters.
    package let subject: String
    /// The last moment is the one before.
    package let expiresAt: SecondsSince1970
    package let issuedAt: SecondsSince1970?

    /// The string at a path; nil where there is none, or something else.
    package func string(at path: String) -> String? { value(at: path)?.stringValue }

    /// The strings at a path, of a list or of a single string; nil where there is something else, an element that is no string included.
    package func strings(at path: String) -> [String]? {
        switch value(at: path) {
        case .string(let text): return [text]
        case .array(let elements):
            let texts = elements.compactMap(\.stringValue)
            return texts.count == elements.count ? texts : nil
        default: return nil
        }
    }

    /// What is at a path: `realm_access.roles` is the member `roles` of the member `realm_access`. Names may hold dots themselves, as
    /// those of `https://example.com/roles` do: of all that fits, the member with the longest name counts.
    package func value(at path: String) -> JSONValue? { Self.value(at: path[...], in: payload) }

    private static func value(at path: Substring, in object: JSONObject) -> JSONValue? {
        if let value = object[String(path)] { return value }
        var name = path
        while let dot = name.lastIndex(of: ".") {
            name = path[..<dot]
            if let inner = object[String(name)]?.objectValue,
                let value = value(at: path[path.index(after: dot)...], in: inner)
            {
                return value
            }
        }
        return nil
    }
}
