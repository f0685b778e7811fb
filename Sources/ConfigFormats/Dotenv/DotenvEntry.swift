/// One `NAME=value` of a dotenv file, read but not yet translated.
struct DotenvEntry {
    let name: String
    let nameOffset: Int
    let value: [DotenvPart]
}

/// A piece of a value.
enum DotenvPart: Hashable {
    case text(String)
    /// `$NAME`, `${NAME}`, `${NAME-default}` or, where `isForEmptyToo`, `${NAME:-default}`.
    case reference(name: String, default: [DotenvPart]?, isForEmptyToo: Bool, written: String)

    /// The text of a value without references; nil where it has some.
    static func plainText(_ parts: [DotenvPart]) -> String? {
        var result = ""
        for part in parts {
            guard case .text(let text) = part else { return nil }
            result += text
        }
        return result
    }

    /// The names that parts refer to, those inside defaults included.
    static func names(in parts: [DotenvPart]) -> [String] {
        parts.flatMap { part -> [String] in
            guard case .reference(let name, let fallback, _, _) = part else { return [] }
            return [name] + names(in: fallback ?? [])
        }
    }
}
