import ExactJSON

/// The deterministic encoding of a bucket key (RFC 8949 §4.2.1 for lengths and numbers, the length-first order of §4.2.3 for maps), so that
/// one value is one sequence of bytes in every language: a whole number is an integer however it was computed.
struct CBOR {
    private(set) var bytes: [UInt8] = []

    init(_ value: FlagValue) {
        append(value)
    }

    /// `[first, second]`, of two texts.
    init(_ first: String, _ second: String) {
        bytes.reserveCapacity(first.utf8.count + second.utf8.count + 11)
        head(4, 2)
        append(first)
        append(second)
    }

    private mutating func append(_ value: FlagValue) {
        switch value {
        case .null: bytes.append(0xF6)
        case .bool(let value): bytes.append(value ? 0xF5 : 0xF4)
        case .integer(let value): append(value)
        case .double(let value): append(value)
        case .string(let text): append(text)
        case .list(let elements):
            head(4, UInt64(elements.count))
            for element in elements { append(element) }
        case .object(let object):
            head(5, UInt64(object.count))
            var entries: [(key: [UInt8], value: FlagValue)] = object.members.map { member in
                (CBOR(.string(member.name)).bytes, member.value)
            }
            entries.sort {
                $0.key.count != $1.key.count ? $0.key.count < $1.key.count : $0.key.lexicographicallyPrecedes($1.key)
            }
            for entry in entries {
                bytes.append(contentsOf: entry.key)
                append(entry.value)
            }
        }
    }

    private mutating func append(_ text: String) {
        head(3, UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func append(_ integer: Int64) {
        if integer >= 0 {
            head(0, UInt64(integer))
        } else {
            head(1, UInt64(bitPattern: ~integer))
        }
    }

    private mutating func append(_ double: Double) {
        if double.rounded(.towardZero) == double, double >= -0x1p63, double < 0x1p64 {
            if double < 0 {
                append(Int64(double))
            } else {
                head(0, UInt64(double))
            }
            return
        }
        if double.isNaN {
            bytes.append(contentsOf: [0xF9, 0x7E, 0x00])
            return
        }
        let single = Float(double)
        guard Double(single) == double else {
            bytes.append(0xFB)
            bigEndian(double.bitPattern)
            return
        }
        if let half = Self.half(single) {
            bytes.append(0xF9)
            bigEndian(half)
        } else {
            bytes.append(0xFA)
            bigEndian(single.bitPattern)
        }
    }

    /// The bits of IEEE binary16 where it holds the value exactly.
    private static func half(_ value: Float) -> UInt16? {
        let bits = value.bitPattern
        let sign = UInt16(bits >> 16 & 0x8000)
        let fraction = bits & 0x7F_FFFF
        let exponent = Int(bits >> 23 & 0xFF) - 127
        switch exponent {
        case 128:
            return fraction == 0 ? sign | 0x7C00 : nil
        case -14...15:
            return fraction & 0x1FFF == 0 ? sign | UInt16(exponent + 15) << 10 | UInt16(fraction >> 13) : nil
        case -24 ... -15:
            // Subnormal: the leading one becomes part of the fraction.
            let shift = UInt32(-exponent - 1)
            let significand = fraction | 0x80_0000
            return significand & (1 << shift - 1) == 0 ? sign | UInt16(significand >> shift) : nil
        default:
            return fraction == 0 && exponent == -127 ? sign : nil
        }
    }

    private mutating func head(_ major: UInt8, _ argument: UInt64) {
        let type = major << 5
        switch argument {
        case 0..<24: bytes.append(type | UInt8(argument))
        case 24...0xFF: bytes.append(contentsOf: [type | 24, UInt8(argument)])
        case 0x100...0xFFFF:
            bytes.append(type | 25)
            bigEndian(UInt16(argument))
        case 0x1_0000...0xFFFF_FFFF:
            bytes.append(type | 26)
            bigEndian(UInt32(argument))
        default:
            bytes.append(type | 27)
            bigEndian(argument)
        }
    }

    private mutating func bigEndian(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
