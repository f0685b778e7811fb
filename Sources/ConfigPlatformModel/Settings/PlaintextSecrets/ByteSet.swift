/// A set of ASCII characters.
struct ByteSet {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// Written as in a regular expression between brackets: `A-Za-z0-9_-`.
    init(_ characters: some StringProtocol) {
        let bytes = Array(characters.utf8)
        var index = 0
        while index < bytes.count {
            if index + 2 < bytes.count, bytes[index + 1] == UInt8(ascii: "-") {
                for byte in bytes[index]...bytes[index + 2] { insert(byte) }
                index += 3
            } else {
                insert(bytes[index])
                index += 1
            }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        (byte < 0x40 ? low : byte < 0x80 ? high : 0) &>> UInt64(byte) & 1 != 0
    }

    mutating func insert(_ byte: UInt8) {
        if byte < 0x40 { low |= 1 << UInt64(byte) } else if byte < 0x80 { high |= 1 << UInt64(byte & 0x3F) }
    }

    mutating func formUnion(_ other: ByteSet) {
        low |= other.low
        high |= other.high
    }

    static let alphanumeric = ByteSet("A-Za-z0-9")
    /// What a token is made of.
    static let word = ByteSet("A-Za-z0-9_-")
    /// What a name before `=` is made of.
    static let name = ByteSet("A-Za-z0-9_.-")
    static let base64 = ByteSet("A-Za-z0-9+/_=-")
    static let hex = ByteSet("0-9A-Fa-f")
    static let path = ByteSet("A-Za-z0-9_./:~\\-")
}

extension Span<UInt8> {
    func starts(with prefix: StaticString, at start: Int = 0) -> Bool {
        guard start + prefix.utf8CodeUnitCount <= count else { return false }
        let bytes = UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        for index in bytes.indices where self[start + index] != bytes[index] { return false }
        return true
    }

    func ends(with suffix: StaticString) -> Bool {
        suffix.utf8CodeUnitCount <= count && starts(with: suffix, at: count - suffix.utf8CodeUnitCount)
    }

    /// Whether this is that text, of small letters, in small or large letters.
    func isText(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        for index in bytes.indices where self[index] | 0x20 != bytes[index] { return false }
        return true
    }

    func areAll(in set: ByteSet) -> Bool {
        for index in indices where !set.contains(self[index]) { return false }
        return true
    }
}
