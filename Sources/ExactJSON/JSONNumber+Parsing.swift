extension JSONNumber {
    /// Reads the number grammar of RFC 8259, nothing around it, within `JSONLimits.standard`.
    package init(parsing text: some StringProtocol) throws(JSONParseError) {
        var text = String(text)
        self = try text.withUTF8 { bytes in
            Result { () throws(JSONFault) in
                guard let first = bytes.first else {
                    throw JSONFault(.emptyText, at: 0, "The text is empty; write a number such as 0 or -1.5e3.")
                }
                guard first == 0x2D || isDigit(first) else {
                    throw JSONFault(.invalidNumber, at: 0, "A number begins with a digit or a minus sign.")
                }
                var position = 0
                let number = try JSONNumber(reading: bytes, at: &position, limits: .standard)
                guard position == bytes.count else {
                    throw JSONFault(.trailingContent, at: position, "The number has ended here; remove what follows.")
                }
                return number
            }.mapError { fault in fault.located(in: bytes) }
        }.get()
    }

    /// Reads a number that begins, with `-` or a digit, at `position`, and leaves `position` after it.
    init(reading bytes: UnsafeBufferPointer<UInt8>, at position: inout Int, limits: JSONLimits) throws(JSONFault) {
        let start = position
        var index = start
        let isNegative = bytes[index] == 0x2D
        if isNegative { index &+= 1 }
        let mantissaStart = index
        // Wraps around in a long mantissa, which is then read again digit by digit.
        var magnitude: UInt64 = 0

        try Self.requireDigit(bytes, at: index, "a digit must follow the minus sign")
        if bytes[index] == 0x30 {
            index &+= 1
            if index < bytes.count, isDigit(bytes[index]) {
                throw JSONFault(.invalidNumber, at: start, "A number must not begin with 0; remove the leading zeros.")
            }
        } else {
            index = Self.accumulate(bytes, from: index, into: &magnitude)
        }
        var mantissaDigits = index &- mantissaStart
        var fractionDigits = 0
        if index < bytes.count, bytes[index] == 0x2E {
            let fractionStart = index &+ 1
            try Self.requireDigit(bytes, at: fractionStart, "a digit must follow the decimal point")
            index = Self.accumulate(bytes, from: fractionStart, into: &magnitude)
            fractionDigits = index &- fractionStart
            mantissaDigits &+= fractionDigits
        }
        let mantissaEnd = index
        var exponent = 0
        if index < bytes.count, bytes[index] | 0x20 == 0x65 {
            exponent = try Self.exponent(bytes, at: &index)
        }
        position = index

        // 19 digits are below 2^64, and with them an exponent 40 inside the limit is inside it however they lie.
        if mantissaDigits <= 19, magnitude == 0 || abs(exponent) <= limits.maxExponentMagnitude - 40 {
            self.init(isNegative: isNegative, magnitude: magnitude, exponent: exponent &- fractionDigits)
        } else {
            self = try Self.long(
                bytes[mantissaStart..<mantissaEnd], isNegative, exponent - fractionDigits, start, limits)
        }
    }

    /// `mantissa` with its decimal point, if any, left in; `exponent` the power of ten of its last digit.
    private static func long(
        _ mantissa: Slice<UnsafeBufferPointer<UInt8>>, _ isNegative: Bool, _ exponent: Int, _ start: Int,
        _ limits: JSONLimits
    ) throws(JSONFault) -> JSONNumber {
        var digits = Array(mantissa.lazy.filter { $0 != 0x2E }.drop { $0 == 0x30 })
        var exponent = exponent
        let written = digits.count
        while digits.last == 0x30 { digits.removeLast() }
        exponent += written - digits.count
        if digits.isEmpty { return JSONNumber(0 as Int64) }
        guard digits.count <= limits.maxNumberDigits else {
            throw JSONFault(
                .tooManyDigits, at: start,
                "The number has \(digits.count) significant digits; at most \(limits.maxNumberDigits) are kept. "
                    + "Shorten it, or write it as a string.")
        }
        guard abs(exponent + digits.count - 1) <= limits.maxExponentMagnitude else {
            throw JSONFault(
                .exponentTooLarge, at: start,
                "The number's power of ten is beyond ±\(limits.maxExponentMagnitude); write it as a string.")
        }
        return JSONNumber(isNegative: isNegative, digits: digits, exponent: exponent)
    }

    /// The written exponent; beyond 10^15, which no limit admits whatever the mantissa, only its size is kept.
    private static func exponent(
        _ bytes: UnsafeBufferPointer<UInt8>, at index: inout Int
    ) throws(JSONFault) -> Int {
        index += 1
        var isNegative = false
        if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D {
            isNegative = bytes[index] == 0x2D
            index += 1
        }
        try requireDigit(bytes, at: index, "an exponent has at least one digit")
        var exponent = 0
        while index < bytes.count, isDigit(bytes[index]) {
            exponent = min(exponent * 10 + Int(bytes[index] & 0x0F), 1_000_000_000_000_000)
            index += 1
        }
        return isNegative ? -exponent : exponent
    }

    @inline(__always)
    private static func accumulate(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, into magnitude: inout UInt64
    ) -> Int {
        var index = start
        while index < bytes.count {
            let digit = bytes[index] &- 0x30
            if digit > 9 { break }
            magnitude = magnitude &* 10 &+ UInt64(digit)
            index &+= 1
        }
        return index
    }

    @inline(__always)
    private static func requireDigit(
        _ bytes: UnsafeBufferPointer<UInt8>, at index: Int, _ rule: StaticString
    ) throws(JSONFault) {
        guard index < bytes.count else {
            throw JSONFault(.unexpectedEnd, at: index, "The text ends inside a number; \(rule).")
        }
        guard isDigit(bytes[index]) else {
            throw JSONFault(.invalidNumber, at: index, "The number is incomplete here; \(rule).")
        }
    }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }
