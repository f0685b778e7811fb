#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Doubles as texts.
enum DecimalText {
    /// With 15 significant digits at most, as C's `%.15g` writes them.
    static func rounded(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { buffer in
            let count = withVaList([value]) { vsnprintf(buffer.baseAddress, buffer.count, "%.15g", $0) }
            let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<Int(count)])
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// The shortest that reads back as the same double, with a fraction or an exponent: `2.0`, `0.1`, `1e+16`, `1e-05`.
    static func shortest(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        // Swift writes integers up to 2^54 out; from 10^16 an exponent is expected.
        guard value.magnitude >= 1e16, value.magnitude < 0x1p54 else { return value.description }
        let digits = String(Int64(value.magnitude))
        let significant = digits.reversed().drop { $0 == "0" }.reversed()
        let fraction = significant.dropFirst()
        return (value < 0 ? "-" : "") + digits.prefix(1) + (fraction.isEmpty ? "" : "." + String(fraction)) + "e+16"
    }
}
