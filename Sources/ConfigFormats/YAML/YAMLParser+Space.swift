/// White space, comments, lines, and looking ahead.
extension YAMLParser {
    /// In bytes, which are characters wherever it matters: only spaces and indicators stand before.
    var column: Int { position - lineStart }

    func peek(_ distance: Int) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    /// Skips white space, line ends and comments. `lineStart` tells whether a line ended.
    mutating func skipToContent() {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x20 {
                position += 1
            } else if byte == 0x09 {
                hasTab = true
                position += 1
            } else if isBreak(byte) {
                skipBreak()
                hasTab = false
            } else if byte == UInt8(ascii: "#"), position == lineStart || isBlank(bytes[position - 1]) {
                position = endOfLine(from: position)
            } else if byte == 0xEF, position == lineStart, peek(1) == 0xBB, peek(2) == 0xBF {
                // A byte order mark may stand before each document.
                position += 3
                lineStart = position
            } else {
                return
            }
        }
    }

    mutating func skipBlanks() {
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
    }

    /// At a line end: to the beginning of the next line.
    mutating func skipBreak() {
        position += bytes[position] == 0x0D && peek(1) == 0x0A ? 2 : 1
        lineStart = position
    }

    func endOfLine(from start: Int) -> Int {
        var index = start
        while index < bytes.count, !isBreak(bytes[index]) { index += 1 }
        return index
    }

    /// After a node, on its line: nothing but a comment may follow.
    mutating func requireEndOfLine() throws(FormatFault) {
        let end = position
        skipBlanks()
        guard position < bytes.count, !isBreak(bytes[position]) else { return }
        if bytes[position] == UInt8(ascii: "#"), position > end || (position > 0 && isBlank(bytes[position - 1])) {
            return
        }
        switch bytes[position] {
        case UInt8(ascii: ":"):
            throw FormatFault(
                at: position,
                "A ':' makes a name of what stands before it, but no name can stand there: check the indentation, or put the text in quotes."
            )
        case UInt8(ascii: "#"):
            throw FormatFault(at: position, "A comment has white space before its '#'.")
        default:
            throw FormatFault(
                at: position, "The value has ended before this; put the whole in quotes, or remove what follows.")
        }
    }

    /// `-`, `?` or `:` as an indicator of a block collection: followed by white space.
    func isIndicator(_ indicator: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == indicator else { return false }
        return peek(1).map { isBlank($0) || isBreak($0) } ?? true
    }

    /// `---` or `...` at the beginning of a line.
    func isMarker(_ marker: StaticString) -> Bool {
        guard position == lineStart, position + 3 <= bytes.count, bytes[position] == marker.utf8Start[0],
            bytes[position + 1] == bytes[position], bytes[position + 2] == bytes[position]
        else { return false }
        return peek(3).map { isBlank($0) || isBreak($0) } ?? true
    }

    /// Tabs cannot say how far a block collection is indented.
    func refuseTab() throws(FormatFault) {
        if hasTab { throw FormatFault(at: position, "A tab stands before this; YAML is indented with spaces only.") }
    }

    /// Whether a name and its colon stand here, on this line.
    func isNameAhead() -> Bool {
        var ahead = YAMLNameAhead(bytes, from: position)
        return ahead.isName()
    }
}

/// Looks for a name on one line without reading it.
private struct YAMLNameAhead {
    private let bytes: [UInt8]
    private var index: Int
    private let end: Int

    init(_ bytes: [UInt8], from start: Int) {
        self.bytes = bytes
        index = start
        end = min(bytes.count, start + FormatLimits.yamlNameBytes + 1)
    }

    mutating func isName() -> Bool {
        guard skipProperties() else { return false }
        guard index < end else { return false }
        switch bytes[index] {
        case UInt8(ascii: "\""): guard skipDoubleQuoted() else { return false }
        case UInt8(ascii: "'"): guard skipSingleQuoted() else { return false }
        case UInt8(ascii: "["), UInt8(ascii: "{"): guard skipFlow() else { return false }
        case UInt8(ascii: "*"): while index < end, !isBlank(bytes[index]), !isBreak(bytes[index]) { index += 1 }
        case UInt8(ascii: ":") where isColon(index): return true
        default: return skipPlain()
        }
        while index < end, isBlank(bytes[index]) { index += 1 }
        return index < end && isColon(index)
    }

    private func isColon(_ index: Int) -> Bool {
        guard bytes[index] == UInt8(ascii: ":") else { return false }
        return index + 1 >= bytes.count || isBlank(bytes[index + 1]) || isBreak(bytes[index + 1])
    }

    private mutating func skipProperties() -> Bool {
        while index < end, bytes[index] == UInt8(ascii: "&") || bytes[index] == UInt8(ascii: "!") {
            while index < end, !isBlank(bytes[index]), !isBreak(bytes[index]) { index += 1 }
            while index < end, isBlank(bytes[index]) { index += 1 }
        }
        return index < end && !isBreak(bytes[index])
    }

    private mutating func skipPlain() -> Bool {
        guard YAMLParser.mayBeginPlain(bytes, at: index, isInFlow: false) else { return false }
        while index < end, !isBreak(bytes[index]) {
            if isColon(index) { return true }
            if bytes[index] == UInt8(ascii: "#"), isBlank(bytes[index - 1]) { return false }
            index += 1
        }
        return false
    }

    private mutating func skipDoubleQuoted() -> Bool {
        index += 1
        while index < end, !isBreak(bytes[index]) {
            if bytes[index] == UInt8(ascii: "\"") {
                index += 1
                return true
            }
            if bytes[index] == UInt8(ascii: "\\") {
                index += 1
                if index < end, isBreak(bytes[index]) { return false }
            }
            index += 1
        }
        return false
    }

    private mutating func skipSingleQuoted() -> Bool {
        index += 1
        while index < end, !isBreak(bytes[index]) {
            index += 1
            if bytes[index - 1] == UInt8(ascii: "'") {
                guard index < end, bytes[index] == UInt8(ascii: "'") else { return true }
                index += 1
            }
        }
        return false
    }

    private mutating func skipFlow() -> Bool {
        var open = 0
        while index < end, !isBreak(bytes[index]) {
            switch bytes[index] {
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                open += 1
                index += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                open -= 1
                index += 1
                if open == 0 { return true }
            case UInt8(ascii: "\""): guard skipDoubleQuoted() else { return false }
            case UInt8(ascii: "'"): guard skipSingleQuoted() else { return false }
            default: index += 1
            }
        }
        return false
    }
}
