package import ExactJSON

/// A rule that several flags refer to, under its name among `$evaluators`: whether a context is in a segment, or what another flag comes to.
///
/// Flagd clients put it in by looking for the text of `{"$ref": NAME}`, some of them with patterns, so names are of characters that mean
/// themselves everywhere: `segment:NAME`, and `flag:KEY` with other bytes than letters, digits, `_` and `-` as `%XX`.
package enum SharedRule: Hashable, Sendable {
    case segment(SegmentName)
    case flag(FlagKey)

    package var name: String {
        switch self {
        case .segment(let name): Self.segmentPrefix + name.rawValue
        case .flag(let key): Self.flagPrefix + Self.encoded(key.rawValue)
        }
    }

    /// Nil where it is the name of neither.
    package init?(named name: String) {
        if name.utf8.starts(with: Self.segmentPrefix.utf8) {
            let rest = name.dropFirst(Self.segmentPrefix.utf8.count)
            guard let segment = try? SegmentName(parsing: rest) else { return nil }
            self = .segment(segment)
        } else if name.utf8.starts(with: Self.flagPrefix.utf8) {
            let rest = name.dropFirst(Self.flagPrefix.utf8.count)
            guard let text = Self.decoded(rest), let key = try? FlagKey(parsing: text) else { return nil }
            self = .flag(key)
        } else {
            return nil
        }
    }

    package var reference: JSONValue { ["$ref": .string(name)] }

    private static let segmentPrefix = "segment:"
    private static let flagPrefix = "flag:"

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte == 0x2D || byte == 0x5F
    }

    private static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if isPlain(byte) {
                bytes.append(byte)
                continue
            }
            guard byte == UInt8(ascii: "%"), let value = UInt8(Substring(rest.prefix(2)), radix: 16),
                rest.prefix(2).count == 2, !isPlain(value)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension SharedRule: CustomStringConvertible {
    package var description: String {
        switch self {
        case .segment(let name): "segment '\(name)'"
        case .flag(let key): "flag '\(InvalidFlagItem.shown(key.rawValue))'"
        }
    }
}
