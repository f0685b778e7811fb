/// MurmurHash3, x86, 32 bits, seed 0 (Austin Appleby, public domain algorithm).
enum Murmur3 {
    @inline(__always)
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var hash: UInt32 = 0
        let count = bytes.count
        var index = 0
        if let base = bytes.baseAddress {
            while index &+ 4 <= count {
                let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt32.self)
                hash ^= scrambled(UInt32(littleEndian: word))
                hash = rotated(hash, by: 13) &* 5 &+ 0xE654_6B64
                index &+= 4
            }
            if index < count {
                var tail: UInt32 = 0
                var position = count
                while position > index {
                    position &-= 1
                    tail = tail << 8 | UInt32(base[position])
                }
                hash ^= scrambled(tail)
            }
        }
        hash ^= UInt32(truncatingIfNeeded: count)
        hash ^= hash >> 16
        hash = hash &* 0x85EB_CA6B
        hash ^= hash >> 13
        hash = hash &* 0xC2B2_AE35
        return hash ^ hash >> 16
    }

    @inline(__always)
    private static func scrambled(_ word: UInt32) -> UInt32 {
        rotated(word &* 0xCC9E_2D51, by: 15) &* 0x1B87_3593
    }

    @inline(__always)
    private static func rotated(_ word: UInt32, by bits: UInt32) -> UInt32 {
        word << bits | word >> (32 - bits)
    }
}
