/// The four kinds of strings, each from its opening quotes to after its closing ones.
extension TOMLParser {
    mutating func basicString() throws(FormatFault) -> String {
        let start = position
        position += 1
        var text: [UInt8] = []
        while let byte = peek(0), !isBreak(byte) {
            if byte == UInt8(ascii: "\"") {
                position += 1
                return String(decoding: text, as: UTF8.self)
            } else if byte == UInt8(ascii: "\\") {
                try escape(into: &text)
            } else {
                try appendCharacter(byte, to: &text)
            }
        }
        throw FormatFault(at: start, "The quote that opens here is not closed on its line.")
    }

    mutating func literalString() throws(FormatFault) -> String {
        let start = position
        position += 1
        var text: [UInt8] = []
        while let byte = peek(0), !isBreak(byte) {
            if byte == UInt8(ascii: "'") {
                position += 1
                return String(decoding: text, as: UTF8.self)
            }
            try appendCharacter(byte, to: &text)
        }
        throw FormatFault(at: start, "The quote that opens here is not closed on its line.")
    }

    mutating func longBasicString() throws(FormatFault) -> String {
        let start = position
        openLong()
        var text: [UInt8] = []
        while let byte = peek(0) {
            if byte == UInt8(ascii: "\"") {
                if closeLong(byte, into: &text) { return String(decoding: text, as: UTF8.self) }
            } else if byte == UInt8(ascii: "\\") {
                if !skipEscapedBreak() { try escape(into: &text) }
            } else {
                try appendLongCharacter(byte, to: &text)
            }
        }
        throw FormatFault(at: start, "The three quotes that open here are never closed.")
    }

    mutating func longLiteralString() throws(FormatFault) -> String {
        let start = position
        openLong()
        var text: [UInt8] = []
        while let byte = peek(0) {
            if byte == UInt8(ascii: "'") {
                if closeLong(byte, into: &text) { return String(decoding: text, as: UTF8.self) }
            } else {
                try appendLongCharacter(byte, to: &text)
            }
        }
        throw FormatFault(at: start, "The three quotes that open here are never closed.")
    }

    /// A line end right after the opening quotes is left out.
    private mutating func openLong() {
        position += 3
        if peek(0) == 0x0D, peek(1) == 0x0A { position += 1 }
        if peek(0) == 0x0A { position += 1 }
    }

    /// At a quote: true where three of them close the string; up to two before these belong to it.
    private mutating func closeLong(_ quote: UInt8, into text: inout [UInt8]) -> Bool {
        var count = 0
        while count < 5, peek(count) == quote { count += 1 }
        position += count
        text += repeatElement(quote, count: count < 3 ? count : count - 3)
        return count >= 3
    }

    /// A backslash at the end of a line takes the line end with it, and all white space after.
    private mutating func skipEscapedBreak() -> Bool {
        var index = position + 1
        while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        guard index < bytes.count,
            bytes[index] == 0x0A || (bytes[index] == 0x0D && index + 1 < bytes.count && bytes[index + 1] == 0x0A)
        else { return false }
        while index < bytes.count, isBlank(bytes[index]) || isBreak(bytes[index]) { index += 1 }
        position = index
        return true
    }

    private mutating func appendLongCharacter(_ byte: UInt8, to text: inout [UInt8]) throws(FormatFault) {
        if byte == 0x0A {
            text.append(byte)
            position += 1
        } else if byte == 0x0D, peek(1) == 0x0A {
            text.append(0x0A)
            position += 2
        } else {
            try appendCharacter(byte, to: &text)
        }
    }

    private mutating func appendCharacter(_ byte: UInt8, to text: inout [UInt8]) throws(FormatFault) {
        guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else {
            throw FormatFault(
                at: position, "A control character stands in this string; write it as an escape such as \\u0007.")
        }
        text.append(byte)
        position += 1
    }

    private mutating func escape(into text: inout [UInt8]) throws(FormatFault) {
        let start = position
        let letter = peek(1)
        position += 2
        switch letter {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\""): text.append(0x22)
        case UInt8(ascii: "\\"): text.append(0x5C)
        case UInt8(ascii: "u"): try appendScalar(digits: 4, at: start, to: &text)
        case UInt8(ascii: "U"): try appendScalar(digits: 8, at: start, to: &text)
        default:
            throw FormatFault(
                at: start, "This escape is unknown to TOML; write '\\\\' for a backslash, or use single quotes.")
        }
    }

    private mutating func appendScalar(digits: Int, at start: Int, to text: inout [UInt8]) throws(FormatFault) {
        var code: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = peek(0).flatMap(hexadecimalDigit) else {
                throw FormatFault(at: start, "This escape has \(digits) hexadecimal digits.")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw FormatFault(at: start, "This escape stands for no character.")
        }
        text += UTF8.encode(scalar)!
    }
}
