extension JSONParser {
    /// Reads the string whose opening quote is here.
    mutating func string() throws(JSONFault) -> String {
        let opening = position
        let start = opening &+ 1
        let (stop, isASCII) = ByteScan.firstSpecial(base, from: start, to: end)
        guard stop < end, base[stop] == 0x22 else { return try stringWithEscapes(opening, firstSpecial: stop) }
        position = stop &+ 1
        let content = UnsafeBufferPointer(start: base + start, count: stop &- start).span
        if isASCII { return String(copying: UTF8Span(unchecked: content, isKnownASCII: true)) }
        guard let valid = try? UTF8Span(validating: content) else { throw invalidUTF8(from: start) }
        return String(copying: valid)
    }

    private mutating func stringWithEscapes(_ opening: Int, firstSpecial: Int) throws(JSONFault) -> String {
        unescaped.removeAll(keepingCapacity: true)
        var start = opening + 1
        var stop = firstSpecial
        while true {
            guard stop < end else {
                throw JSONFault(
                    .unexpectedEnd, at: end, "The text ends inside a string; close it with a double quote.")
            }
            unescaped.append(contentsOf: UnsafeBufferPointer(start: base + start, count: stop - start))
            position = stop
            switch base[stop] {
            case 0x22:
                position += 1
                // An escape appends whole scalars, so the result is UTF-8 exactly when the text itself is.
                guard let valid = try? UTF8Span(validating: unescaped.span) else {
                    throw invalidUTF8(from: opening + 1)
                }
                return String(copying: valid)
            case 0x5C:
                try escape()
            case let control:
                throw JSONFault(
                    .controlCharacter, at: stop,
                    "A control character stands in a string; write it as \(Self.spellings[Int(control)]).")
            }
            start = position
            stop = ByteScan.firstSpecial(base, from: start, to: end).index
        }
    }

    /// Reads the escape whose backslash is here.
    private mutating func escape() throws(JSONFault) {
        let backslash = position
        guard backslash + 1 < end else {
            throw JSONFault(.unexpectedEnd, at: end, "The text ends inside an escape; finish it and close the string.")
        }
        position += 2
        switch base[backslash + 1] {
        case 0x22: unescaped.append(0x22)
        case 0x5C: unescaped.append(0x5C)
        case 0x2F: unescaped.append(0x2F)
        case 0x62: unescaped.append(0x08)
        case 0x66: unescaped.append(0x0C)
        case 0x6E: unescaped.append(0x0A)
        case 0x72: unescaped.append(0x0D)
        case 0x74: unescaped.append(0x09)
        case 0x75: append(try escapedScalar(backslash))
        default:
            throw JSONFault(
                .invalidEscape, at: backslash,
                "This escape is unknown; JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX. "
                    + "For a backslash itself write two.")
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair.
    private mutating func escapedScalar(_ backslash: Int) throws(JSONFault) -> Unicode.Scalar {
        let first = try fourHexDigits(backslash)
        if let scalar = Unicode.Scalar(first) { return scalar }
        let second = position
        if first < 0xDC00, second + 1 < end, base[second] == 0x5C, base[second + 1] == 0x75 {
            position += 2
            let low = try fourHexDigits(second)
            if (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00))
            {
                return scalar
            }
        }
        throw JSONFault(
            .loneSurrogate, at: backslash,
            "This \\u escape is half of a surrogate pair; write both halves, \\uD800–\\uDBFF then \\uDC00–\\uDFFF, "
                + "or the character itself.")
    }

    private mutating func fourHexDigits(_ backslash: Int) throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < end else {
                throw JSONFault(
                    .unexpectedEnd, at: end, "The text ends inside an escape; finish it and close the string.")
            }
            guard let digit = Character(Unicode.Scalar(base[position])).hexDigitValue else {
                throw JSONFault(
                    .invalidEscape, at: backslash, "A \\u escape has four hexadecimal digits, as in \\u00e9.")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        if scalar.isASCII {
            unescaped.append(UInt8(truncatingIfNeeded: scalar.value))
        } else {
            unescaped.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
        }
    }

    private static let spellings: [String] = (0..<0x20).map { control in
        JSONValue.string(String(Unicode.Scalar(UInt8(control)))).canonicalText.filter { $0 != "\"" }
    }
}
