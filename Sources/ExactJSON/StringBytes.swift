/// Identity and order of strings by their bytes. `String`'s own `==` and `<` go by Unicode canonical equivalence, under
/// which a precomposed and a decomposed "é" are one string; as names and values they are two.
extension String {
    @inlinable
    @inline(__always)
    package func hasSameBytes(as other: String) -> Bool {
        isSameValue(as: other) || (ShortText(self) == nil || ShortText(other) == nil) && hasEqualBytes(other)
    }

    /// Whether both are one text held in one way: a short one, or the same storage. That says yes quickly, and never wrongly.
    @inlinable
    @inline(__always)
    package func isSameValue(as other: String) -> Bool {
        let left = unsafeBitCast(self, to: SIMD2<UInt64>.self)
        return left == unsafeBitCast(other, to: SIMD2<UInt64>.self)
    }

    @usableFromInline
    package func hasEqualBytes(_ other: String) -> Bool {
        let count = utf8.count
        guard count == other.utf8.count else { return false }
        return withBytes { left in
            other.withBytes { right in firstDifference(left, right, count: count) == count }
        }
    }

    /// Whether this string comes before the other when both are compared as UTF-16 code units, the order of member names
    /// in RFC 8785. It differs from the order of the UTF-8 bytes in one way only: scalars beyond U+FFFF, written with
    /// surrogates (D800–DFFF), come before U+E000–U+FFFF.
    @inlinable
    package func precedesInUTF16(_ other: String) -> Bool {
        orderInUTF16(other) < 0
    }

    /// Negative, zero or positive as this string comes before, has the same bytes as, or comes after the other.
    @inlinable
    @inline(__always)
    package func orderInUTF16(_ other: String) -> Int {
        if isSameValue(as: other) { return 0 }
        guard let left = ShortText(self), let right = ShortText(other) else { return orderOfBytes(other) }
        return left.precedes(right) ? -1 : 1
    }

    @usableFromInline
    func orderOfBytes(_ other: String) -> Int {
        withBytes { left in
            other.withBytes { right in
                let count = min(left.count, right.count)
                let index = firstDifference(left, right, count: count)
                if index == count { return left.count - right.count }
                let (leftByte, rightByte) = (left[index], right[index])
                // From 0xEE upwards only lead bytes differ: EE and EF lead U+E000–U+FFFF, F0 and above the astral planes.
                if leftByte >= 0xEE, rightByte >= 0xEE, (leftByte >= 0xF0) != (rightByte >= 0xF0) {
                    return leftByte >= 0xF0 ? -1 : 1
                }
                return Int(leftByte) - Int(rightByte)
            }
        }
    }

    @inlinable
    @inline(__always)
    package func hashBytes(into hasher: inout Hasher) {
        if let short = ShortText(self) { short.hash(into: &hasher) } else { hashLongBytes(into: &hasher) }
    }

    @usableFromInline
    func hashLongBytes(into hasher: inout Hasher) {
        withBytes { bytes in
            if let short = ShortText(bytes) { return short.hash(into: &hasher) }
            hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
            // UTF-8 has no byte FF, so that what follows cannot be taken for part of the text.
            hasher.combine(0xFF as UInt8)
        }
    }

    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        utf8Span.span.withUnsafeBufferPointer(body)
    }
}

/// A text of at most 15 ASCII bytes, as `String` holds it: in place, with its length in the last byte. Two of them are compared without a
/// look at memory.
@usableFromInline
struct ShortText {
    /// The first eight bytes, the first of them highest; zeros where the text is shorter.
    @usableFromInline let head: UInt64
    /// The other seven, and below them the length.
    @usableFromInline let tail: UInt64

    /// Nil where the text is longer, is not ASCII, or is held elsewhere all the same.
    @inlinable
    @inline(__always)
    init?(_ text: String) {
        let words = unsafeBitCast(text, to: SIMD2<UInt64>.self)
        guard words[1] >> 60 == 0xE else { return nil }
        head = UInt64(bigEndian: words[0])
        tail = UInt64(bigEndian: words[1])
    }

    /// The same of a text that is held elsewhere.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count < 16, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        var head: UInt64 = 0
        var tail = 0xE0 | UInt64(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if index < 8 { head |= UInt64(byte) << (56 - 8 * index) } else { tail |= UInt64(byte) << (120 - 8 * index) }
        }
        self.head = head
        self.tail = tail
    }

    @inlinable
    @inline(__always)
    func precedes(_ other: ShortText) -> Bool {
        head == other.head ? tail < other.tail : head < other.head
    }

    @inlinable
    @inline(__always)
    func hash(into hasher: inout Hasher) {
        hasher.combine(head)
        hasher.combine(tail)
    }
}

/// Index of the first byte in which the two differ, `count` where there is none in the first `count`.
@inline(__always)
private func firstDifference(
    _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>, count: Int
) -> Int {
    guard count > 0, let leftBase = left.baseAddress, let rightBase = right.baseAddress else { return 0 }
    var index = 0
    while index &+ 8 <= count {
        let leftWord = UnsafeRawPointer(leftBase + index).loadUnaligned(as: UInt64.self)
        let rightWord = UnsafeRawPointer(rightBase + index).loadUnaligned(as: UInt64.self)
        if leftWord != rightWord { break }
        index &+= 8
    }
    while index < count, leftBase[index] == rightBase[index] { index &+= 1 }
    return index
}
