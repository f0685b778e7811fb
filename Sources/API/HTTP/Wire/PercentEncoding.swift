import ConfigPlatformModel

/// Percent-encoding (RFC 3986, 2.1); decoding is strict: an escape that is none, a NUL and what is not UTF-8 are refused rather
/// than passed on.
enum PercentEncoding {
    static func decode(_ text: Substring, of place: String, plusIsSpace: Bool = false) throws(Problem) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(digit), let low = iterator.next().flatMap(digit) else {
                    throw Self.problem("\(place) has a '%' that two hexadecimal digits do not follow; write it '%25'.")
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            default:
                bytes.append(byte)
            }
        }
        guard !bytes.contains(0) else { throw problem("\(place) holds a NUL character; remove it.") }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw problem("\(place) is not UTF-8 once its percent-escapes are decoded.")
        }
        return decoded
    }

    /// Everything escaped but letters, digits, `-`, `.`, `_` and `~`.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += byte < 0x10 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func problem(_ message: String) -> Problem {
        Problem(.invalidRequest, message, violations: [Violation(message, keyword: "percent-encoding")])
    }
}
