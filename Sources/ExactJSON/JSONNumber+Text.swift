extension JSONNumber {
    /// The layout of ECMAScript's `Number::toString`, as RFC 8785 asks, applied to the exact digits: plain from 1e-6 up to
    /// below 1e21, otherwise `d.ddde±x`. Equal values, and only those, have equal texts; for a number that came out of a
    /// double as its shortest decimal the text is that of RFC 8785.
    package var canonicalText: String {
        var bytes: [UInt8] = []
        writeCanonical(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    package func writeCanonical(into bytes: inout [UInt8]) {
        if case .integer(let value) = form {
            JSONText.appendInt(value, into: &bytes)
            return
        }
        if isNegative { bytes.append(0x2D) }
        withDigits { digits, exponent in Self.lay(digits, exponent, into: &bytes) }
    }

    private static func lay(_ digits: UnsafeBufferPointer<UInt8>, _ exponent: Int, into bytes: inout [UInt8]) {
        /// Digits before the decimal point, as in 0.ddd × 10^place.
        let place = digits.count + exponent
        if place > 21 || place <= -6 {
            bytes.append(digits[0])
            if digits.count > 1 {
                bytes.append(0x2E)
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[1...]))
            }
            bytes.append(0x65)
            if place > 0 { bytes.append(0x2B) }
            JSONText.appendInt(Int64(place - 1), into: &bytes)
        } else if place <= 0 {
            bytes.append(contentsOf: [0x30, 0x2E])
            bytes.append(contentsOf: repeatElement(0x30, count: -place))
            bytes.append(contentsOf: digits)
        } else if place >= digits.count {
            bytes.append(contentsOf: digits)
            bytes.append(contentsOf: repeatElement(0x30, count: place - digits.count))
        } else {
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[..<place]))
            bytes.append(0x2E)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[place...]))
        }
    }

    /// The nearest double, ties to even; an infinity or zero where the value is beyond the doubles.
    package var double: Double {
        switch form {
        case .integer(let value):
            return Double(value)
        case .decimal(let significand, let exponent)
        where significand.magnitude <= 1 << 53 && (-22...22).contains(exponent):
            // Both operands are exact doubles, so the one operation rounds correctly.
            let power = Self.powersOfTen[Int(exponent.magnitude)]
            return exponent < 0 ? Double(significand) / power : Double(significand) * power
        case .decimal, .long:
            guard let value = Double(canonicalText) else { preconditionFailure("a JSON number reads as a double") }
            return value
        }
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}

extension JSONNumber: CustomStringConvertible {
    package var description: String { canonicalText }
}
