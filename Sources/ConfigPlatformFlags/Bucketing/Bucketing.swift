import ExactJSON

/// How a bucket key is turned into the bytes that are hashed. Both hash with MurmurHash3 and take `(hash × Σ weights) >> 32`; a change
/// from one to the other moves everybody.
package enum Bucketing: String, Sendable, CaseIterable {
    /// The CBOR of the key, whatever its type; without a key of its own, that of `[flag key, targeting key]`. What flagd's
    /// evaluators do since `flagd-core` 2.0 (their "v3").
    case cbor
    /// The bytes of a text; without a key of its own, the flag's key and the targeting key joined. What they did before ("v2").
    case text

    /// Nil where the key has none: with `text`, one that is no text.
    func hash(of key: FlagValue) -> UInt32? {
        switch self {
        case .cbor:
            if case .string(let text) = key { return Self.cborHash(text) }
            return CBOR(key).bytes.withUnsafeBufferPointer { Murmur3.hash($0) }
        case .text:
            guard case .string(var text) = key else { return nil }
            return text.withUTF8 { Murmur3.hash($0) }
        }
    }

    func hash(ofFlag flagKey: String, targetingKey: String) -> UInt32 {
        switch self {
        case .cbor:
            return CBOR(flagKey, targetingKey).bytes.withUnsafeBufferPointer { Murmur3.hash($0) }
        case .text:
            var text = flagKey + targetingKey
            return text.withUTF8 { Murmur3.hash($0) }
        }
    }

    /// Of a text's CBOR, without putting it together on the heap where it is short.
    private static func cborHash(_ text: String) -> UInt32 {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count < 256 else {
                return CBOR(.string(String(decoding: bytes, as: UTF8.self))).bytes.withUnsafeBufferPointer {
                    Murmur3.hash($0)
                }
            }
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 258) { buffer in
                var start = 1
                if bytes.count < 24 {
                    buffer[0] = 0x60 | UInt8(bytes.count)
                } else {
                    buffer[0] = 0x78
                    buffer[1] = UInt8(bytes.count)
                    start = 2
                }
                for index in 0..<bytes.count { buffer[start + index] = bytes[index] }
                return Murmur3.hash(UnsafeBufferPointer(rebasing: buffer[..<(start + bytes.count)]))
            }
        }
    }
}
