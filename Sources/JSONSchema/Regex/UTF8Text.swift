/// Reading scalars from bytes that are known to be UTF-8, as those of a `String` are.
enum UTF8Text {
    /// The scalar at the position, which is moved behind it.
    @inline(__always)
    static func scalar(_ bytes: UnsafeBufferPointer<UInt8>, at position: inout Int) -> UInt32 {
        let first = UInt32(bytes[position])
        if first < 0x80 {
            position &+= 1
            return first
        }
        if first < 0xE0 {
            let value = (first & 0x1F) << 6 | continuation(bytes, position &+ 1)
            position &+= 2
            return value
        }
        if first < 0xF0 {
            let value =
                (first & 0x0F) << 12 | continuation(bytes, position &+ 1) << 6 | continuation(bytes, position &+ 2)
            position &+= 3
            return value
        }
        let value =
            (first & 0x07) << 18 | continuation(bytes, position &+ 1) << 12 | continuation(bytes, position &+ 2) << 6
            | continuation(bytes, position &+ 3)
        position &+= 4
        return value
    }

    /// The scalar before the position, which is moved in front of it.
    static func scalar(_ bytes: UnsafeBufferPointer<UInt8>, before position: inout Int) -> UInt32 {
        repeat { position &-= 1 } while bytes[position] & 0xC0 == 0x80
        var forward = position
        return scalar(bytes, at: &forward)
    }

    /// How many scalars the bytes hold.
    @inline(__always)
    static func scalarCount(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var count = 0
        for byte in bytes where byte & 0xC0 != 0x80 { count &+= 1 }
        return count
    }

    static func isWordByte(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        guard position >= 0, position < bytes.count else { return false }
        return bytes[position] == 0x5F || ByteClass.letterOrDigit.contains(bytes[position])
    }

    /// Whether a word begins or ends at the position; words are of ASCII, so that bytes can be looked at.
    static func isWordBoundary(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        isWordByte(bytes, at: position - 1) != isWordByte(bytes, at: position)
    }

    @inline(__always)
    private static func continuation(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt32 {
        UInt32(bytes[index] & 0x3F)
    }
}
