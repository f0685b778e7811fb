/// Plain, quoted and block scalars.
extension YAMLParser {
    /// Whether a plain scalar may begin with what is there.
    static func mayBeginPlain(_ bytes: [UInt8], at index: Int, isInFlow: Bool) -> Bool {
        switch bytes[index] {
        case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"):
            guard index + 1 < bytes.count else { return false }
            let next = bytes[index + 1]
            return !isBlank(next) && !isBreak(next) && !(isInFlow && isFlowIndicator(next))
        case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"),
            UInt8(ascii: "#"),
            UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"), UInt8(ascii: "|"), UInt8(ascii: ">"),
            UInt8(ascii: "'"),
            UInt8(ascii: "\""), UInt8(ascii: "%"), UInt8(ascii: "@"), UInt8(ascii: "`"):
            return false
        default:
            return true
        }
    }

    /// Text without quotes; in block context its further lines are indented more than `parent`.
    mutating func plainScalar(_ properties: Properties, below parent: Int, isInFlow: Bool) throws(FormatFault)
        -> YAMLNode
    {
        let start = position
        guard Self.mayBeginPlain(bytes, at: position, isInFlow: isInFlow) else {
            throw FormatFault(
                at: position,
                "A value cannot begin with '\(Character(Unicode.Scalar(bytes[position])))' here; put the text in quotes."
            )
        }
        var text: [UInt8] = []
        appendPlainLine(to: &text, isInFlow: isInFlow)
        while true {
            let end = (position: position, lineStart: lineStart)
            guard let breaks = nextPlainLine(below: parent, isInFlow: isInFlow) else {
                (position, lineStart) = end
                break
            }
            Self.appendFold(breaks, to: &text)
            appendPlainLine(to: &text, isInFlow: isInFlow)
        }
        return node(.scalar(String(decoding: text, as: UTF8.self), isPlain: true), properties, at: start)
    }

    /// Reads to the end of the text on this line, white space at its end left out.
    private mutating func appendPlainLine(to text: inout [UInt8], isInFlow: Bool) {
        let start = position
        var end = position
        while position < bytes.count {
            let byte = bytes[position]
            if isBreak(byte) { break }
            if isBlank(byte) {
                position += 1
                continue
            }
            if byte == UInt8(ascii: "#"), position > start, isBlank(bytes[position - 1]) { break }
            if byte == UInt8(ascii: ":") {
                guard let next = peek(1), !isBlank(next), !isBreak(next), !(isInFlow && Self.isFlowIndicator(next))
                else { break }
            }
            if isInFlow, Self.isFlowIndicator(byte) { break }
            position += 1
            end = position
        }
        text += bytes[start..<end]
        position = end
    }

    /// Goes to a further line of a plain scalar and returns the line ends before it; nil where there is none.
    private mutating func nextPlainLine(below parent: Int, isInFlow: Bool) -> Int? {
        skipBlanks()
        guard position < bytes.count, isBreak(bytes[position]) else { return nil }
        var breaks = 0
        while position < bytes.count, isBreak(bytes[position]) {
            skipBreak()
            breaks += 1
            while position < bytes.count, bytes[position] == 0x20 { position += 1 }
            let indentation = column
            skipBlanks()
            guard position < bytes.count, !isBreak(bytes[position]) else { continue }
            guard isInFlow || indentation > parent, !isMarker("---"), !isMarker("..."),
                bytes[position] != UInt8(ascii: "#")
            else {
                return nil
            }
            if isInFlow {
                if Self.isFlowIndicator(bytes[position]) { return nil }
                if bytes[position] == UInt8(ascii: ":"), !Self.mayBeginPlain(bytes, at: position, isInFlow: true) {
                    return nil
                }
            }
            return breaks
        }
        return nil
    }

    /// One line end inside a text is a space, more are one less.
    private static func appendFold(_ breaks: Int, to text: inout [UInt8]) {
        if breaks == 1 {
            text.append(0x20)
        } else {
            text += repeatElement(0x0A, count: breaks - 1)
        }
    }

    mutating func singleQuoted(_ properties: Properties) throws(FormatFault) -> YAMLNode {
        let start = position
        position += 1
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "'") {
                position += 1
                if position >= bytes.count || bytes[position] != byte {
                    return node(.scalar(String(decoding: text, as: UTF8.self), isPlain: false), properties, at: start)
                }
                text.append(byte)
                position += 1
            } else if isBreak(byte) {
                try foldQuotedLine(into: &text, from: 0, openedAt: start)
            } else {
                text.append(byte)
                position += 1
            }
        }
        throw FormatFault(at: start, "The quote that opens here is never closed.")
    }

    mutating func doubleQuoted(_ properties: Properties) throws(FormatFault) -> YAMLNode {
        let start = position
        position += 1
        var text: [UInt8] = []
        /// Bytes of the text that an escape has made, which are kept before a line end.
        var kept = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return node(.scalar(String(decoding: text, as: UTF8.self), isPlain: false), properties, at: start)
            } else if byte == UInt8(ascii: "\\") {
                if let next = peek(1), isBreak(next) {
                    position += 1
                    try skipEscapedBreak(into: &text, openedAt: start)
                } else {
                    try escape(into: &text)
                }
                kept = text.count
            } else if isBreak(byte) {
                try foldQuotedLine(into: &text, from: kept, openedAt: start)
                kept = text.count
            } else {
                text.append(byte)
                position += 1
            }
        }
        throw FormatFault(at: start, "The quote that opens here is never closed.")
    }

    /// At a line end inside quotes: white space around it goes, one line end becomes a space, more become one less.
    private mutating func foldQuotedLine(into text: inout [UInt8], from kept: Int, openedAt start: Int)
        throws(FormatFault)
    {
        while text.count > kept, let last = text.last, isBlank(last) { text.removeLast() }
        Self.appendFold(try skipQuotedBreaks(openedAt: start), to: &text)
    }

    /// A line end after a backslash is left out; empty lines after it are not.
    private mutating func skipEscapedBreak(into text: inout [UInt8], openedAt start: Int) throws(FormatFault) {
        text += repeatElement(0x0A, count: try skipQuotedBreaks(openedAt: start) - 1)
    }

    private mutating func skipQuotedBreaks(openedAt start: Int) throws(FormatFault) -> Int {
        var breaks = 0
        while position < bytes.count, isBreak(bytes[position]) {
            skipBreak()
            breaks += 1
            if isMarker("---") || isMarker("...") {
                throw FormatFault(at: start, "The quote that opens here is not closed before the document ends.")
            }
            skipBlanks()
        }
        return breaks
    }

    /// YAML 1.2 §5.7. A pair of `\u` escapes may make one character beyond U+FFFF, as in JSON.
    private mutating func escape(into text: inout [UInt8]) throws(FormatFault) {
        let start = position
        guard let letter = peek(1) else { throw FormatFault(at: start, "The text ends within an escape.") }
        position += 2
        switch letter {
        case UInt8(ascii: "x"): try appendScalar(hexadecimal(digits: 2, at: start), at: start, to: &text)
        case UInt8(ascii: "U"): try appendScalar(hexadecimal(digits: 8, at: start), at: start, to: &text)
        case UInt8(ascii: "u"):
            var code = try hexadecimal(digits: 4, at: start)
            if (0xD800...0xDBFF).contains(code), peek(0) == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") {
                position += 2
                let low = try hexadecimal(digits: 4, at: start)
                guard (0xDC00...0xDFFF).contains(low) else {
                    throw FormatFault(at: start, "Half of a surrogate pair stands here alone; it is no character.")
                }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            try appendScalar(code, at: start, to: &text)
        default:
            guard let code = Self.escapes[letter] else {
                throw FormatFault(
                    at: start,
                    "The escape '\\\(Character(Unicode.Scalar(letter)))' is unknown; write '\\\\' for a backslash, or use single quotes."
                )
            }
            try appendScalar(code, at: start, to: &text)
        }
    }

    private static let escapes: [UInt8: UInt32] = [
        UInt8(ascii: "0"): 0, UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "t"): 9, 0x09: 9,
        UInt8(ascii: "n"): 10, UInt8(ascii: "v"): 11, UInt8(ascii: "f"): 12, UInt8(ascii: "r"): 13,
        UInt8(ascii: "e"): 27,
        UInt8(ascii: " "): 0x20, UInt8(ascii: "\""): 0x22, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "\\"): 0x5C,
        UInt8(ascii: "N"): 0x85, UInt8(ascii: "_"): 0xA0, UInt8(ascii: "L"): 0x2028, UInt8(ascii: "P"): 0x2029,
    ]

    private mutating func hexadecimal(digits: Int, at start: Int) throws(FormatFault) -> UInt32 {
        var code: UInt64 = 0
        for _ in 0..<digits {
            guard let digit = peek(0).flatMap(hexadecimalDigit) else {
                throw FormatFault(at: start, "This escape has \(digits) hexadecimal digits.")
            }
            code = code << 4 | UInt64(digit)
            position += 1
        }
        return UInt32(truncatingIfNeeded: code)
    }

    private func appendScalar(_ code: UInt32, at start: Int, to text: inout [UInt8]) throws(FormatFault) {
        guard let scalar = Unicode.Scalar(code) else {
            throw FormatFault(at: start, "This escape stands for no character.")
        }
        text += UTF8.encode(scalar)!
    }
}
