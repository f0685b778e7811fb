/// A set of ASCII bytes, as a bit for each. The sets are written as numbers so that they are there without being made.
struct ByteClass: Sendable {
    /// Bytes below 64.
    let low: UInt64
    /// Bytes from 64 up to 127.
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
    }

    static let digit = ByteClass(low: 0x03FF_0000_0000_0000, high: 0x0000_0000_0000_0000)
    static let letter = ByteClass(low: 0x0000_0000_0000_0000, high: 0x07FF_FFFE_07FF_FFFE)
    static let letterOrDigit = ByteClass(low: 0x03FF_0000_0000_0000, high: 0x07FF_FFFE_07FF_FFFE)
    static let hexDigit = ByteClass(low: 0x03FF_0000_0000_0000, high: 0x0000_007E_0000_007E)
    /// `scheme` of RFC 3986 after its first letter.
    static let scheme = ByteClass(low: 0x03FF_6800_0000_0000, high: 0x07FF_FFFE_07FF_FFFE)
    /// `reg-name` of RFC 3986, percent-encoding apart, as below: `unreserved` and `sub-delims`.
    static let registeredName = ByteClass(low: 0x2BFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// `userinfo`: `:` too.
    static let userInformation = ByteClass(low: 0x2FFF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// `path`: `@` and `/` too.
    static let path = ByteClass(low: 0x2FFF_FFD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF)
    /// `query` and `fragment`: `?` too.
    static let fragment = ByteClass(low: 0xAFFF_FFD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFF)
    /// What ends the first segment of a path.
    static let segmentEnd = ByteClass(low: 0x8000_8008_0000_0000, high: 0x0000_0000_0000_0000)
    /// `atext` of RFC 5322.
    static let atom = ByteClass(low: 0xA3FF_ACFA_0000_0000, high: 0x7FFF_FFFF_C7FF_FFFE)
    /// `operator` of RFC 6570.
    static let templateOperator = ByteClass(low: 0xA800_D84A_0000_0000, high: 0x1000_0000_0000_0001)
    /// What section 2.1 of RFC 6570 leaves out of literals, controls, space and `%` apart.
    static let templateExcluded = ByteClass(low: 0x5000_0004_0000_0000, high: 0x3800_0001_5000_0000)
}

@inline(__always)
func hexDigitValue(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x37)
    case 0x61...0x66: UInt32(byte - 0x57)
    default: nil
    }
}

extension String {
    /// The UTF-8 of the string where it lies.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        utf8.withContiguousStorageIfAvailable(body) ?? Array(utf8).withUnsafeBufferPointer(body)
    }
}
