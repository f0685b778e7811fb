/// Identity and order of strings by their bytes. `String`'s own `==` and `<` go by Unicode canonical equivalence, under
/// which a precomposed and a decomposed "é" are one string; as names and values they are two.
extension String {
    @inlinable
    @inline(__always)
    package func hasSameBytes(as other: String) -> Bool {
        isSameValue(as: other) || hasEqualBytes(other)
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
    package func precedesInUTF16(_ other: String) -> Bool {
        orderInUTF16(other) < 0
    }

    /// Negative, zero or positive as this string comes before, has the same bytes as, or comes after the other.
    package func orderInUTF16(_ other: String) -> Int {
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

    package func hashBytes(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // UTF-8 has no byte FF, so that what follows cannot be taken for part of the text.
        hasher.combine(0xFF as UInt8)
    }

    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        utf8Span.span.withUnsafeBufferPointer(body)
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
