import ExactJSON

/// Comparing member names by their first eight bytes.
enum NameKey {
    /// The first eight bytes, zeros behind a shorter name, as a number that orders as they do.
    @inline(__always)
    static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        guard let base = bytes.baseAddress else { return 0 }
        if bytes.count >= 8 {
            return UInt64(bigEndian: UnsafeRawPointer(base).loadUnaligned(as: UInt64.self))
        }
        let count = bytes.count
        if count >= 4 {
            // The first four and the last four, which overlap.
            let first = UInt32(bigEndian: UnsafeRawPointer(base).loadUnaligned(as: UInt32.self))
            let last = UInt32(bigEndian: UnsafeRawPointer(base + (count &- 4)).loadUnaligned(as: UInt32.self))
            return UInt64(first) << 32 | UInt64(last) << UInt64(64 &- 8 &* count)
        }
        guard count > 0 else { return 0 }
        // The first, the middle and the last, some of which are the same.
        let (middle, last) = (count >> 1, count &- 1)
        return UInt64(base[0]) << 56 | UInt64(base[middle]) << UInt64(56 &- 8 &* middle)
            | UInt64(base[last]) << UInt64(56 &- 8 &* last)
    }

    /// Negative, zero or positive as the first name comes before, is, or comes after the second, in the order of
    /// `JSONObject`: by UTF-16 code units.
    @inline(__always)
    static func order(
        _ key: UInt64, _ bytes: UnsafeBufferPointer<UInt8>, _ otherKey: UInt64, _ other: UnsafeBufferPointer<UInt8>
    ) -> Int {
        if key != otherKey {
            // Only bytes from 0xEE upwards, of scalars beyond U+E000, order differently in UTF-16.
            if (key | otherKey) & 0x8080_8080_8080_8080 == 0 { return key < otherKey ? -1 : 1 }
            return slowOrder(bytes, other)
        }
        if bytes.count <= 8, other.count <= 8 { return bytes.count &- other.count }
        return slowOrder(bytes, other)
    }

    private static func slowOrder(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
        let count = min(left.count, right.count)
        guard count > 0, let leftBase = left.baseAddress, let rightBase = right.baseAddress else {
            return left.count - right.count
        }
        var index = 0
        while index &+ 8 <= count {
            let leftWord = UnsafeRawPointer(leftBase + index).loadUnaligned(as: UInt64.self)
            let rightWord = UnsafeRawPointer(rightBase + index).loadUnaligned(as: UInt64.self)
            if leftWord != rightWord { break }
            index &+= 8
        }
        while index < count, left[index] == right[index] { index &+= 1 }
        if index == count { return left.count - right.count }
        let (leftByte, rightByte) = (left[index], right[index])
        if leftByte >= 0xEE, rightByte >= 0xEE, (leftByte >= 0xF0) != (rightByte >= 0xF0) {
            return leftByte >= 0xF0 ? -1 : 1
        }
        return Int(leftByte) - Int(rightByte)
    }
}
