extension JSONNumber {
    /// Whether this is an integer times the divisor, exactly: 0.3 is a multiple of 0.1. Zero is a multiple of everything and
    /// nothing else is a multiple of zero.
    package func isMultiple(of divisor: JSONNumber) -> Bool {
        if isZero { return true }
        if divisor.isZero { return false }
        if let value = int64, let divisor = divisor.int64 {
            return value.magnitude.isMultiple(of: divisor.magnitude)
        }
        return withDigits { digits, exponent in
            divisor.withDigits { divisorDigits, divisorExponent in
                Self.divides(divisorDigits, divisorExponent, digits, exponent)
            }
        }
    }

    /// Whether `divisor × 10^divisorExponent` divides `digits × 10^exponent`, neither of them zero.
    private static func divides(
        _ divisor: UnsafeBufferPointer<UInt8>, _ divisorExponent: Int, _ digits: UnsafeBufferPointer<UInt8>,
        _ exponent: Int
    ) -> Bool {
        var dividend = digits
        var scale = exponent - divisorExponent
        if scale < 0 {
            // Digits end in zero in integers of 64 bits only, and there the zeros are what can be divided away.
            let zeros = dividend.reversed().prefix { $0 == 0x30 }.count
            guard zeros >= -scale else { return false }
            dividend = UnsafeBufferPointer(rebasing: dividend.dropLast(-scale))
            scale = 0
        }
        if divisor.count <= 19 {
            let modulus = WordResidue(modulus: divisor.reduce(0) { $0 * 10 + UInt64($1 & 0x0F) })
            return modulus.product(modulus.residue(of: dividend), modulus.powerOfTen(scale)) == 0
        }
        let modulus = LongResidue(modulus: divisor)
        return modulus.product(modulus.residue(of: dividend), modulus.powerOfTen(scale)).allSatisfy { $0 == 0 }
    }
}

/// Arithmetic modulo one 64-bit word.
private struct WordResidue {
    let modulus: UInt64

    func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
        modulus.dividingFullWidth(left.multipliedFullWidth(by: right)).remainder
    }

    func residue(of digits: UnsafeBufferPointer<UInt8>) -> UInt64 {
        digits.reduce(0) { residue, digit in
            let shifted = residue.multipliedFullWidth(by: 10)
            let (low, carry) = shifted.low.addingReportingOverflow(UInt64(digit & 0x0F))
            let high = (shifted.high + (carry ? 1 : 0)) % modulus
            return modulus.dividingFullWidth((high, low)).remainder
        }
    }

    func powerOfTen(_ exponent: Int) -> UInt64 {
        var result = 1 % modulus
        var square = 10 % modulus
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, square) }
            square = product(square, square)
            rest >>= 1
        }
        return result
    }
}

/// Arithmetic modulo a number of any length; residues are words of 32 bits, the lowest first, as many as the modulus has.
/// A product doubles and adds bit by bit, which for the thousand digits a number may have is quick enough.
private struct LongResidue {
    private let modulus: [UInt32]

    init(modulus digits: UnsafeBufferPointer<UInt8>) {
        var words: [UInt32] = []
        for digit in digits {
            var carry = UInt64(digit & 0x0F)
            for index in words.indices {
                let sum = UInt64(words[index]) * 10 + carry
                words[index] = UInt32(truncatingIfNeeded: sum)
                carry = sum >> 32
            }
            if carry > 0 { words.append(UInt32(carry)) }
        }
        modulus = words
    }

    func product(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var result = [UInt32](repeating: 0, count: modulus.count)
        for word in right.reversed() {
            for bit in (0..<32).reversed() {
                result = sum(result, result)
                if word >> UInt32(bit) & 1 == 1 { result = sum(result, left) }
            }
        }
        return result
    }

    func residue(of digits: UnsafeBufferPointer<UInt8>) -> [UInt32] {
        digits.reduce([UInt32](repeating: 0, count: modulus.count)) { residue, digit in
            let double = sum(residue, residue)
            let tenfold = sum(double, residueOfEight(double))
            return sum(tenfold, small(UInt32(digit & 0x0F)))
        }
    }

    func powerOfTen(_ exponent: Int) -> [UInt32] {
        var result = small(1)
        var square = small(10)
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, square) }
            square = product(square, square)
            rest >>= 1
        }
        return result
    }

    /// Eight times a residue, of which twice is given.
    private func residueOfEight(_ double: [UInt32]) -> [UInt32] {
        let fourfold = sum(double, double)
        return sum(fourfold, fourfold)
    }

    private func small(_ value: UInt32) -> [UInt32] {
        [value] + [UInt32](repeating: 0, count: modulus.count - 1)
    }

    private func sum(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var result = left
        var carry: UInt64 = 0
        for index in result.indices {
            let sum = UInt64(left[index]) + UInt64(right[index]) + carry
            result[index] = UInt32(truncatingIfNeeded: sum)
            carry = sum >> 32
        }
        if carry == 0, isBelowModulus(result) { return result }
        var borrow: Int64 = 0
        for index in result.indices {
            let difference = Int64(result[index]) - Int64(modulus[index]) + borrow
            result[index] = UInt32(truncatingIfNeeded: difference)
            borrow = difference < 0 ? -1 : 0
        }
        return result
    }

    private func isBelowModulus(_ words: [UInt32]) -> Bool {
        for index in words.indices.reversed() where words[index] != modulus[index] {
            return words[index] < modulus[index]
        }
        return false
    }
}
