/// A place inside a JSON document (RFC 6901): `""` the whole, `/a~1b/0` the first element of the member `a/b`.
package struct JSONPointer: Sendable, Hashable {
    /// Unescaped. Whether one is a name or an index shows only in the document it is applied to.
    package let tokens: [String]

    package static let root = JSONPointer(tokens: [])
    /// Longest text that is read, in bytes.
    package static let maxBytes = 65_536

    package init(tokens: [String]) {
        self.tokens = tokens
    }

    package init(parsing text: String) throws(JSONPointerError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maxBytes else {
            throw JSONPointerError(
                offset: Self.maxBytes, message: "A JSON pointer has at most \(Self.maxBytes) bytes; shorten it.")
        }
        guard let first = bytes.first else {
            tokens = []
            return
        }
        guard first == 0x2F else {
            throw JSONPointerError(
                offset: 0, message: "A JSON pointer is empty or begins with a slash; write \"/\" in front.")
        }
        var tokens: [String] = []
        var token: [UInt8] = []
        var index = 1
        while index < bytes.count {
            switch bytes[index] {
            case 0x2F:
                tokens.append(String(decoding: token, as: UTF8.self))
                token.removeAll(keepingCapacity: true)
            case 0x7E:
                let next = index + 1 < bytes.count ? bytes[index + 1] : 0
                guard next == 0x30 || next == 0x31 else {
                    throw JSONPointerError(
                        offset: index, message: "In a JSON pointer \"~\" is written \"~0\" and \"/\" in a name \"~1\".")
                }
                token.append(next == 0x30 ? 0x7E : 0x2F)
                index += 1
            case let byte:
                token.append(byte)
            }
            index += 1
        }
        tokens.append(String(decoding: token, as: UTF8.self))
        self.tokens = tokens
    }

    package func appending(_ token: String) -> JSONPointer {
        JSONPointer(tokens: tokens + [token])
    }

    package func appending(_ index: Int) -> JSONPointer {
        appending(String(index))
    }

    package var text: String {
        var bytes: [UInt8] = []
        for token in tokens {
            bytes.append(0x2F)
            for byte in token.utf8 {
                switch byte {
                case 0x7E: bytes.append(contentsOf: [0x7E, 0x30])
                case 0x2F: bytes.append(contentsOf: [0x7E, 0x31])
                default: bytes.append(byte)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func == (left: JSONPointer, right: JSONPointer) -> Bool {
        left.tokens.count == right.tokens.count
            && zip(left.tokens, right.tokens).allSatisfy { $0.hasSameBytes(as: $1) }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(tokens.count)
        for token in tokens { token.hashBytes(into: &hasher) }
    }
}

extension JSONPointer: CustomStringConvertible {
    package var description: String { text }
}

/// Why a text is no JSON pointer.
package struct JSONPointerError: Error, Sendable, CustomStringConvertible {
    /// From 0, in bytes.
    package let offset: Int
    /// A sentence: what is wrong and how to mend it.
    package let message: String

    package var description: String { message }
}

extension JSONValue {
    /// The value at that place; nil where there is none, as for `-`, the place after an array's last element.
    package subscript(pointer: JSONPointer) -> JSONValue? {
        var value = self
        for token in pointer.tokens {
            switch value {
            case .object(let object):
                guard let member = object[token] else { return nil }
                value = member
            case .array(let elements):
                guard let index = Self.elementIndex(token), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default:
                return nil
            }
        }
        return value
    }

    /// Digits only, without leading zeros.
    private static func elementIndex(_ token: String) -> Int? {
        let digits = token.utf8
        guard let first = digits.first, digits.allSatisfy(isDigit) else { return nil }
        if first == 0x30, digits.count > 1 { return nil }
        return Int(token)
    }
}
