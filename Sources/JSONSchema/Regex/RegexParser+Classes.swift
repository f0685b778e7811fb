extension RegexParser {
    /// After the opening bracket, up to and over the closing one.
    mutating func characterClass() throws(RegexError) -> ScalarSet {
        let start = position - 1
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while let scalar = next {
            if scalar == "]" {
                position += 1
                let set = ScalarSet(ranges)
                return isNegated ? set.inverted : set
            }
            let first = try classAtom()
            guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                ranges += first.ranges
                continue
            }
            let dash = position
            position += 1
            let last = try classAtom()
            guard let low = first.only, let high = last.only else {
                // A set has no place in the order: the hyphen stands for itself (Annex B.1.2).
                ranges += first.ranges + last.ranges + [0x2D...0x2D]
                continue
            }
            guard low <= high else {
                throw RegexError(offset: dash, message: "The range's ends are the wrong way round; exchange them.")
            }
            ranges.append(low...high)
        }
        throw RegexError(offset: start, message: "The class that opens here is not closed; add \"]\".")
    }

    private mutating func classAtom() throws(RegexError) -> ScalarSet {
        guard let scalar = advance() else { return .empty }
        guard scalar == "\\" else { return ScalarSet([scalar.value...scalar.value]) }
        if take("b") { return ScalarSet([0x08...0x08]) }
        if take("-") { return ScalarSet([0x2D...0x2D]) }
        return try characterEscape(inClass: true)
    }

    /// After the backslash.
    mutating func characterEscape(inClass: Bool) throws(RegexError) -> ScalarSet {
        let start = position - 1
        guard let scalar = advance() else {
            throw RegexError(offset: start, message: "A backslash ends the pattern; write \"\\\\\" for a backslash.")
        }
        switch scalar {
        case "d": return .digit
        case "D": return ScalarSet.digit.inverted
        case "w": return .word
        case "W": return ScalarSet.word.inverted
        case "s": return .space
        case "S": return ScalarSet.space.inverted
        case "t": return ScalarSet([0x09...0x09])
        case "n": return ScalarSet([0x0A...0x0A])
        case "v": return ScalarSet([0x0B...0x0B])
        case "f": return ScalarSet([0x0C...0x0C])
        case "r": return ScalarSet([0x0D...0x0D])
        case "p": return try property()
        case "P": return try property().inverted
        case "c":
            guard let letter = next, letter.isASCII, letter.properties.isAlphabetic else {
                throw RegexError(offset: start, message: "\\c is followed by a letter, as in \\cJ.")
            }
            position += 1
            return ScalarSet([letter.value % 32...letter.value % 32])
        case "0":
            if let digit = next, ("0"..."9").contains(digit) {
                throw RegexError(offset: start, message: "Octal escapes are not ECMAScript; write \\x or \\u.")
            }
            return ScalarSet([0...0])
        case "x":
            guard let value = hexadecimal(2) else {
                throw RegexError(offset: start, message: "\\x is followed by two hexadecimal digits.")
            }
            return ScalarSet([value...value])
        case "u":
            return try unicodeEscape(start)
        default:
            let isName = scalar.properties.isIDContinue && scalar != "_"
            guard !isName else {
                throw RegexError(
                    offset: start, message: "\\\(scalar) is no escape of ECMAScript; remove the backslash or mend it.")
            }
            return ScalarSet([scalar.value...scalar.value])
        }
    }

    /// A lone surrogate, which no text holds, is the empty set.
    private mutating func unicodeEscape(_ start: Int) throws(RegexError) -> ScalarSet {
        if take("{") {
            var value: UInt32 = 0
            let first = position
            while let digit = next.flatMap(hexDigit) {
                value = min(value << 4 | digit, 0x11_0000)
                position += 1
            }
            guard position > first, value <= ScalarSet.last, take("}") else {
                throw RegexError(offset: start, message: "\\u{…} holds a code point from 0 to 10FFFF in hexadecimal.")
            }
            return Unicode.Scalar(value) == nil ? .empty : ScalarSet([value...value])
        }
        guard let value = hexadecimal(4) else {
            throw RegexError(offset: start, message: "\\u is followed by four hexadecimal digits or \\u{…}.")
        }
        if (0xD800...0xDBFF).contains(value) {
            let end = position
            if take("\\"), take("u"), let low = hexadecimal(4), (0xDC00...0xDFFF).contains(low) {
                let paired = 0x1_0000 + (value - 0xD800) << 10 + (low - 0xDC00)
                return ScalarSet([paired...paired])
            }
            position = end
        }
        return Unicode.Scalar(value) == nil ? .empty : ScalarSet([value...value])
    }

    /// After `\p`.
    private mutating func property() throws(RegexError) -> ScalarSet {
        let start = position - 2
        guard take("{"), let end = scalars[position...].firstIndex(of: "}") else {
            throw RegexError(
                offset: start, message: "\\p names a property in braces, as in \\p{L} or \\p{Script=Greek}.")
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[position..<end])
        position = end + 1
        guard let set = UnicodeProperty.scalars(String(text)) else {
            throw RegexError(
                offset: start,
                message:
                    "\\p{\(String(text))} is not known; use a general category such as Lu, a binary property such as "
                    + "Alphabetic, or Script=Latin.")
        }
        return set
    }

    private mutating func hexadecimal(_ count: Int) -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = next.flatMap(hexDigit) else { return nil }
            value = value << 4 | digit
            position += 1
        }
        return value
    }

    private func hexDigit(_ scalar: Unicode.Scalar) -> UInt32? {
        scalar.isASCII ? hexDigitValue(UInt8(scalar.value)) : nil
    }
}

extension ScalarSet {
    /// The scalar of a set of one.
    fileprivate var only: UInt32? {
        guard ranges.count == 1, ranges[0].lowerBound == ranges[0].upperBound else { return nil }
        return ranges[0].lowerBound
    }
}
