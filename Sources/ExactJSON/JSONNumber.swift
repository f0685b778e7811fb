/// A JSON number kept as the exact decimal it was written as, in normal form: `1`, `1.0` and `10e-1` are one value, and so
/// are `-0` and `0`.
package struct JSONNumber: Sendable, Hashable {
    /// Every value has exactly one of these forms, so that they can be compared as they stand.
    enum Form: Sendable, Hashable {
        case integer(Int64)
        /// `significand × 10^exponent`, of no `Int64` value; the significand does not end in zero.
        case decimal(significand: Int64, exponent: Int32)
        /// The same where the significand is beyond `Int64`.
        indirect case long(LongDecimal)
    }

    struct LongDecimal: Sendable, Hashable {
        let isNegative: Bool
        /// ASCII, neither beginning nor ending with zero.
        let digits: [UInt8]
        /// Power of ten of the last digit.
        let exponent: Int32
    }

    let form: Form

    package init(_ value: Int64) {
        form = .integer(value)
    }

    package init(_ value: Int) {
        form = .integer(Int64(value))
    }

    /// The shortest decimal that reads back as this double (of several, the nearest); nil for infinities and NaN.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        if value.magnitude < 0x1p53, Double(Int64(value)) == value {
            form = .integer(Int64(value))
            return
        }
        guard let number = try? JSONNumber(parsing: value.description) else { return nil }
        self = number
    }

    /// `±magnitude × 10^exponent`. The exponent, with up to 20 added, must fit 32 bits.
    init(isNegative: Bool, magnitude: UInt64, exponent: Int) {
        var magnitude = magnitude
        var exponent = exponent
        if magnitude == 0 {
            form = .integer(0)
            return
        }
        if exponent != 0 {
            while magnitude % 10 == 0 {
                magnitude /= 10
                exponent += 1
            }
        }
        if exponent >= 0, let scaled = Self.scale(magnitude, byPowerOfTen: exponent),
            let integer = Self.signed(scaled, isNegative: isNegative)
        {
            form = .integer(integer)
            return
        }
        while magnitude % 10 == 0 {
            magnitude /= 10
            exponent += 1
        }
        if let significand = Self.signed(magnitude, isNegative: isNegative) {
            form = .decimal(significand: significand, exponent: Int32(exponent))
        } else {
            form = .long(
                LongDecimal(isNegative: isNegative, digits: Array(String(magnitude).utf8), exponent: Int32(exponent)))
        }
    }

    /// Digits in ASCII that neither begin nor end with zero; none means 0. The exponent must fit 32 bits.
    init(isNegative: Bool, digits: [UInt8], exponent: Int) {
        if digits.count <= 19 {
            // 19 digits are below 10^19, which is below 2^64.
            let magnitude = digits.reduce(0 as UInt64) { $0 * 10 + UInt64($1 - 0x30) }
            self.init(isNegative: isNegative, magnitude: magnitude, exponent: exponent)
        } else {
            self.init(.long(LongDecimal(isNegative: isNegative, digits: digits, exponent: Int32(exponent))))
        }
    }

    private init(_ form: Form) {
        self.form = form
    }

    package var isZero: Bool { form == .integer(0) }

    package var isNegative: Bool {
        switch form {
        case .integer(let value): value < 0
        case .decimal(let significand, _): significand < 0
        case .long(let decimal): decimal.isNegative
        }
    }

    package var isInteger: Bool {
        switch form {
        case .integer: true
        case .decimal(_, let exponent): exponent >= 0
        case .long(let decimal): decimal.exponent >= 0
        }
    }

    /// The value where it is an integer of 64 bits.
    package var int64: Int64? {
        if case .integer(let value) = form { value } else { nil }
    }

    private static func signed(_ magnitude: UInt64, isNegative: Bool) -> Int64? {
        if !isNegative { return Int64(exactly: magnitude) }
        return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
    }

    private static func scale(_ magnitude: UInt64, byPowerOfTen exponent: Int) -> UInt64? {
        guard exponent < 20 else { return nil }
        var scaled = magnitude
        for _ in 0..<exponent {
            let (product, overflow) = scaled.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            scaled = product
        }
        return scaled
    }
}

extension JSONNumber: Comparable {
    package static func < (left: JSONNumber, right: JSONNumber) -> Bool {
        if case .integer(let left) = left.form, case .integer(let right) = right.form { return left < right }
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.hasSmallerMagnitude(than: left) : left.hasSmallerMagnitude(than: right)
    }

    private func hasSmallerMagnitude(than other: JSONNumber) -> Bool {
        if isZero || other.isZero { return isZero && !other.isZero }
        return withDigits { digits, exponent in
            other.withDigits { otherDigits, otherExponent in
                let place = digits.count + exponent
                let otherPlace = otherDigits.count + otherExponent
                if place != otherPlace { return place < otherPlace }
                // Zeros at the end, as only integers have them, do not count.
                let shorter = min(digits.count, otherDigits.count)
                for index in 0..<shorter where digits[index] != otherDigits[index] {
                    return digits[index] < otherDigits[index]
                }
                return otherDigits.dropFirst(shorter).contains { $0 != 0x30 }
            }
        }
    }

    /// The magnitude's digits in ASCII, at least one, and the power of ten of the last.
    func withDigits<Result>(_ body: (UnsafeBufferPointer<UInt8>, _ exponent: Int) -> Result) -> Result {
        switch form {
        case .integer(let value):
            return DecimalDigits.with(value.magnitude) { body($0, 0) }
        case .decimal(let significand, let exponent):
            return DecimalDigits.with(significand.magnitude) { body($0, Int(exponent)) }
        case .long(let decimal):
            return decimal.digits.withUnsafeBufferPointer { body($0, Int(decimal.exponent)) }
        }
    }
}

enum DecimalDigits {
    /// The digits of an integer in ASCII, without leading zeros; `0` for zero.
    @inline(__always)
    static func with<Result>(_ magnitude: UInt64, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
            var rest = magnitude
            var start = 20
            repeat {
                let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
                start &-= 1
                buffer.initializeElement(at: start, to: UInt8(truncatingIfNeeded: remainder) | 0x30)
                rest = quotient
            } while rest != 0
            return body(UnsafeBufferPointer(rebasing: buffer[start...]))
        }
    }
}
