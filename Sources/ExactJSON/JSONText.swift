/// Pieces of canonical JSON text (RFC 8785), for writers that lay a document out themselves.
package enum JSONText {
    /// The string in quotes: `\"`, `\\`, `\b`, `\t`, `\n`, `\f`, `\r`, other controls below U+0020 as `\u00xx`; all else as
    /// it is.
    package static func appendString(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(0x22)
        text.withBytes { source in
            guard let base = source.baseAddress else { return }
            var start = 0
            while true {
                let (index, _) = ByteScan.firstSpecial(base, from: start, to: source.count)
                bytes.append(contentsOf: UnsafeBufferPointer(start: base + start, count: index - start))
                if index == source.count { return }
                appendEscape(base[index], into: &bytes)
                start = index + 1
            }
        }
        bytes.append(0x22)
    }

    package static func appendInt(_ value: Int64, into bytes: inout [UInt8]) {
        if value < 0 { bytes.append(0x2D) }
        if value.magnitude < 10 {
            bytes.append(UInt8(truncatingIfNeeded: value.magnitude) | 0x30)
        } else {
            DecimalDigits.with(value.magnitude) { digits in bytes.append(contentsOf: digits) }
        }
    }

    private static func appendEscape(_ byte: UInt8, into bytes: inout [UInt8]) {
        bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(0x62)
        case 0x09: bytes.append(0x74)
        case 0x0A: bytes.append(0x6E)
        case 0x0C: bytes.append(0x66)
        case 0x0D: bytes.append(0x72)
        default:
            let low = byte & 0x0F
            bytes.append(contentsOf: [0x75, 0x30, 0x30, 0x30 + byte >> 4, low < 10 ? 0x30 + low : 0x57 + low])
        }
    }
}

extension [UInt8] {
    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// A member of canonical JSON with what stands before its value; none where there is no value.
    package mutating func appendMember(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        append(name)
        JSONText.appendString(text, into: &self)
    }

    package mutating func appendMember(_ name: StaticString, _ number: Int64) {
        append(name)
        JSONText.appendInt(number, into: &self)
    }
}

/// Eight bytes at a time.
enum ByteScan {
    /// Index of the first quote, backslash or control below 0x20 (`end` where there is none), and whether all before it is
    /// ASCII for certain.
    @inline(__always)
    static func firstSpecial(
        _ base: UnsafePointer<UInt8>, from start: Int, to end: Int
    ) -> (index: Int, isASCII: Bool) {
        var index = start
        var seen: UInt64 = 0
        while index &+ 8 <= end {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
            let quote = word ^ 0x2222_2222_2222_2222
            let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
            // A byte's top bit is set where it is zero (in the first two) or below 0x20 (in the third). A borrow can set
            // bits above the first true one, never below, so the lowest is right.
            let found =
                (quote &- 0x0101_0101_0101_0101) & ~quote
                | (backslash &- 0x0101_0101_0101_0101) & ~backslash
                | (word &- 0x2020_2020_2020_2020) & ~word
            let tops = found & 0x8080_8080_8080_8080
            seen |= word
            if tops != 0 {
                return (index &+ tops.trailingZeroBitCount / 8, seen & 0x8080_8080_8080_8080 == 0)
            }
            index &+= 8
        }
        while index < end {
            let byte = base[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { break }
            seen |= UInt64(byte)
            index &+= 1
        }
        return (index, seen & 0x8080_8080_8080_8080 == 0)
    }
}
