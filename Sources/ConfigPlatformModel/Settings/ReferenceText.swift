/// The syntax of references inside the strings of a live value: `${key}`, `${key:default}`, and `$${` for a literal `${`.
///
/// A default may itself hold references and ends at the brace that closes its own.
package enum ReferenceText {
    package enum Part: Hashable, Sendable {
        case text(String)
        case reference(ConfigKey, default: [Part]?)
    }

    package struct Malformed: Error, Hashable {
        package let message: String
    }

    /// Whether any string of the value, at any depth, has a `${`.
    package static func mayOccur(in value: JSONValue) -> Bool {
        switch value {
        case .string(let text): mayOccur(in: text)
        case .array(let values): values.contains(where: mayOccur)
        case .object(let members): members.contains { mayOccur(in: $0.value) }
        default: false
        }
    }

    package static func mayOccur(in text: String) -> Bool {
        var wasDollar = false
        for byte in text.utf8 {
            if wasDollar, byte == UInt8(ascii: "{") { return true }
            wasDollar = byte == UInt8(ascii: "$")
        }
        return false
    }

    /// Throws where a string of the value has a reference that cannot be read.
    static func check(_ value: JSONValue) throws(Malformed) {
        switch value {
        case .string(let text): _ = try parse(text)
        case .array(let values): for value in values { try check(value) }
        case .object(let members): for member in members { try check(member.value) }
        default: break
        }
    }

    /// The keys that the strings of a live value refer to, those of defaults included.
    package static func keys(in value: JSONValue) -> Set<ConfigKey> {
        var keys: Set<ConfigKey> = []
        func collect(_ parts: [Part]) {
            for case .reference(let key, let fallback) in parts {
                keys.insert(key)
                if let fallback { collect(fallback) }
            }
        }
        func walk(_ value: JSONValue) {
            switch value {
            case .string(let text): if mayOccur(in: text), let parts = try? parse(text) { collect(parts) }
            case .array(let values): values.forEach(walk)
            case .object(let members): members.forEach { walk($0.value) }
            default: break
            }
        }
        walk(value)
        return keys
    }

    package static func parse(_ text: String) throws(Malformed) -> [Part] {
        var parser = Parser(bytes: Array(text.utf8), position: 0)
        return try parser.parts(insideDefault: false, depth: 0)
    }

    /// The text in which nothing is a reference and which reads as `text`.
    package static func escaped(_ text: String) -> String {
        var out: [UInt8] = []
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            out.append(byte)
            if byte == UInt8(ascii: "$"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "{") {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private struct Parser {
        let bytes: [UInt8]
        var position: Int

        mutating func parts(insideDefault: Bool, depth: Int) throws(Malformed) -> [Part] {
            guard depth <= Limits.referenceDefaultDepth else {
                throw Malformed(
                    message: "References are nested in defaults more than \(Limits.referenceDefaultDepth) deep.")
            }
            var parts: [Part] = []
            var text: [UInt8] = []
            func flush() {
                if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
                text = []
            }
            while position < bytes.count {
                let byte = bytes[position]
                if insideDefault, byte == UInt8(ascii: "}") { break }
                if byte == UInt8(ascii: "$"), peek(1) == UInt8(ascii: "$"), peek(2) == UInt8(ascii: "{") {
                    text += [UInt8(ascii: "$"), UInt8(ascii: "{")]
                    position += 3
                } else if byte == UInt8(ascii: "$"), peek(1) == UInt8(ascii: "{") {
                    flush()
                    parts.append(try reference(depth: depth))
                } else {
                    text.append(byte)
                    position += 1
                }
            }
            flush()
            return parts
        }

        private mutating func reference(depth: Int) throws(Malformed) -> Part {
            let start = position
            position += 2
            var scanner = ConfigKeyScanner(bytes[position...])
            var path: [UInt8] = []
            let key: ConfigKey
            do {
                try scanner.scanKey(into: &path)
                key = try ConfigKey(parsing: String(decoding: bytes[position..<scanner.index], as: UTF8.self))
            } catch {
                throw malformed(at: start, "does not name a key")
            }
            position = scanner.index
            if peek(0) == UInt8(ascii: "}") {
                position += 1
                return .reference(key, default: nil)
            }
            guard peek(0) == UInt8(ascii: ":") else {
                throw malformed(at: start, position < bytes.count ? "does not name a key" : "is not closed with '}'")
            }
            position += 1
            let fallback = try parts(insideDefault: true, depth: depth + 1)
            guard peek(0) == UInt8(ascii: "}") else { throw malformed(at: start, "is not closed with '}'") }
            position += 1
            return .reference(key, default: fallback)
        }

        private func peek(_ distance: Int) -> UInt8? {
            position + distance < bytes.count ? bytes[position + distance] : nil
        }

        private func malformed(at start: Int, _ what: String) -> Malformed {
            let shown = InvalidIdentifier.shown(String(decoding: bytes[start...], as: UTF8.self))
            return Malformed(
                message:
                    "The reference '\(shown)' \(what). Write ${key} or ${key:default}, $${ for a literal ${, or store the "
                    + "value with literal references.")
        }
    }
}
