/// Whether a text looks drawn by chance rather than written.
enum Randomness {
    /// A text of at least 20 characters in base64, or 32 in hexadecimal, with digits strewn in and few repeats; not a UUID.
    static func isKey(_ text: Span<UInt8>) -> Bool {
        guard 20...512 ~= text.count, text.areAll(in: .base64), !isUUID(text), !isKnownText(text) else { return false }
        let isHex = text.areAll(in: .hex)
        guard !isHex || text.count >= 32 else { return false }
        // For chance alone the sum is the length and a 16th or a 62nd of its square: 3 and 3.25 bits a character.
        return isDrawn(text, changes: 4) && text.count * text.count * 2 >= repeats(text) * (isHex ? 16 : 19)
    }

    /// Whether digits are strewn among letters, and large letters among small ones, as no one writes words: at least every so many
    /// characters another kind begins.
    static func isDrawn(_ text: Span<UInt8>, changes least: Int = 5) -> Bool {
        var changes = 0
        var digits = 0
        var signs = 0
        var previous = UInt8(0)
        for index in text.indices {
            let byte = text[index]
            let kind: UInt8 =
                switch byte {
                case 0x30...0x39: 1
                case 0x61...0x7A: 2
                case 0x41...0x5A: 3
                default: 0
                }
            if kind == 1 { digits += 1 }
            if kind == 0 { signs += 1 }
            // A capital that begins a word counts once.
            if kind != previous, kind != 0, previous != 0, !(previous == 3 && kind == 2) { changes += 1 }
            previous = kind
        }
        let letters = text.count - signs
        return digits > 0 && digits < letters && changes * least >= letters && signs * 4 <= letters
    }

    /// The squares of how often each character occurs, summed up.
    private static func repeats(_ text: Span<UInt8>) -> Int {
        var counts = InlineArray<128, Int>(repeating: 0)
        var sum = 0
        for index in text.indices {
            let byte = Int(text[index] & 0x7F)
            // (n + 1)² − n²
            sum += 2 * counts[byte] + 1
            counts[byte] += 1
        }
        return sum
    }

    private static func isUUID(_ text: Span<UInt8>) -> Bool {
        guard text.count == 36 else { return false }
        for index in text.indices {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            guard isDash ? text[index] == UInt8(ascii: "-") : ByteSet.hex.contains(text[index]) else { return false }
        }
        return true
    }

    /// Digests as subresource integrity writes them, public keys of SSH, images.
    private static func isKnownText(_ text: Span<UInt8>) -> Bool {
        text.starts(with: "sha256-") || text.starts(with: "sha384-") || text.starts(with: "sha512-")
            || text.starts(with: "AAAAB3NzaC1") || text.starts(with: "AAAAC3NzaC1") || text.starts(with: "AAAAE2VjZHNh")
            || text.starts(with: "iVBORw0KGgo") || text.starts(with: "/9j/") || text.starts(with: "R0lGOD")
    }
}
