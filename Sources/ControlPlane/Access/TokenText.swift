package import ConfigPlatformModel

/// An access token as its owner holds it: `cfg_`, 32 characters of `0-9A-Za-z` (190 random bits), and 6 that check them, so that
/// scanners recognise a leaked one and a mistyped one is told from a wrong one without looking it up.
package struct TokenText: Sendable {
    package let text: String

    package static let prefix = "cfg_"
    private static let randomCharacters = 32
    private static let checkCharacters = 6
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Draws a new token.
    init(randomBytes: (Int) -> [UInt8]) {
        var body: [UInt8] = []
        while body.count < Self.randomCharacters {
            // Bytes of 248 and above would favour the first characters.
            body += randomBytes(48).filter { $0 < 248 }.map { Self.alphabet[Int($0) % 62] }
        }
        body = Array(body.prefix(Self.randomCharacters))
        text = Self.prefix + String(decoding: body + Self.check(of: body), as: UTF8.self)
    }

    /// Nil where the text cannot be a token.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let prefix = Array(Self.prefix.utf8)
        guard bytes.count == prefix.count + Self.randomCharacters + Self.checkCharacters, bytes.starts(with: prefix)
        else {
            return nil
        }
        let body = Array(bytes[prefix.count..<bytes.count - Self.checkCharacters])
        guard Array(bytes.suffix(Self.checkCharacters)) == Self.check(of: body) else { return nil }
        self.text = text
    }

    package var hash: Digest { Digest.of(Array(text.utf8)) }

    /// CRC-32 (ISO 3309) in base 62.
    private static func check(of body: [UInt8]) -> [UInt8] {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in body {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1 }
        }
        var value = ~remainder
        var digits: [UInt8] = []
        for _ in 0..<checkCharacters {
            digits.append(alphabet[Int(value % 62)])
            value /= 62
        }
        return digits.reversed()
    }
}
