import ConfigPlatformModel

/// Reads the lines of a dotenv file. There is no standard; this is what the readers in common use agree on, and where they do not
/// a notice says how a line was taken.
///
/// A line is blank, a comment, or `[export] NAME=value` (also `NAME: value`). A value is `'literal'`, `` `text` ``, `"text with \n"`, all
/// of which may go over several lines, or plain up to the end of the line or a `#` after white space.
struct DotenvScanner {
    let source: SourceText
    private let bytes: [UInt8]
    private let expands: Bool
    private var position = 0
    private(set) var entries: [DotenvEntry] = []
    private(set) var notices = Notices()

    /// - Parameter expands: whether `$NAME` and its like are references; else they are text.
    init(_ source: SourceText, expands: Bool) {
        self.source = source
        bytes = source.bytes
        self.expands = expands
    }

    mutating func scan() {
        while position < bytes.count {
            skipBlanks()
            if position < bytes.count, !isBreak(bytes[position]), bytes[position] != UInt8(ascii: "#") {
                scanEntry()
            } else {
                skipLine()
            }
        }
    }

    private mutating func scanEntry() {
        let start = position
        skipExport()
        let nameStart = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        let name = source.text(nameStart..<position)
        skipBlanks()
        let separator = position < bytes.count ? bytes[position] : 0
        guard !name.isEmpty, separator == UInt8(ascii: "=") || isColonSeparator() else {
            refuseLine(from: start, nameIsGood: !name.isEmpty)
            return
        }
        if separator != UInt8(ascii: "=") {
            note(.warning, at: position, "'\(name)' has ':' after it; some readers take only '='.")
        }
        position += 1
        let afterSeparator = position
        skipBlanks()
        guard let value = scanValue(hasBlankBefore: position > afterSeparator, name: name) else {
            position = start
            skipLine()
            return
        }
        entries.append(DotenvEntry(name: name, nameOffset: nameStart, value: value))
        skipLine()
    }

    private mutating func skipExport() {
        let word = Array("export".utf8)
        let end = position + word.count
        guard end < bytes.count, bytes[position..<end].elementsEqual(word), isBlank(bytes[end]) else { return }
        let start = position
        position = end
        skipBlanks()
        // `export = x` is a setting called export.
        if position >= bytes.count || !Self.isNameByte(bytes[position]) { position = start }
    }

    private func isColonSeparator() -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: ":") && position + 1 < bytes.count
            && isBlank(bytes[position + 1])
    }

    private mutating func refuseLine(from start: Int, nameIsGood: Bool) {
        let message: String
        if nameIsGood, position == bytes.count || isBreak(bytes[position]) || bytes[position] == UInt8(ascii: "#") {
            message = "This line has a name and no '='; write NAME=value. It was not imported."
        } else {
            message =
                "This line is not NAME=value; a name is letters, digits, '_', '.' and '-'. It was not imported."
        }
        note(.error, at: start, message)
        skipLine()
    }

    /// nil, with a notice, where the value cannot be read.
    private mutating func scanValue(hasBlankBefore: Bool, name: String) -> [DotenvPart]? {
        guard position < bytes.count, !isBreak(bytes[position]) else { return [] }
        let quote = bytes[position]
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "`") else {
            return scanPlain(hasBlankBefore: hasBlankBefore)
        }
        let start = position
        guard let end = closingQuote(quote, from: start + 1) else {
            note(
                .error, at: start,
                "The quote that opens the value of '\(name)' is never closed. The line was not imported.")
            return nil
        }
        position = end + 1
        skipBlanks()
        guard position == bytes.count || isBreak(bytes[position]) || bytes[position] == UInt8(ascii: "#") else {
            note(
                .error, at: position,
                "After the closing quote of '\(name)' comes more text; put the whole value into one pair of quotes. The line was "
                    + "not imported.")
            return nil
        }
        let content = Self.withLineFeeds(bytes[start + 1..<end])
        switch quote {
        case UInt8(ascii: "'"): return literal(content, at: start)
        case UInt8(ascii: "`"): return expanded(content, hasEscapes: false, at: start)
        default: return expanded(content, hasEscapes: true, at: start)
        }
    }

    private mutating func scanPlain(hasBlankBefore: Bool) -> [DotenvPart] {
        let start = position
        var end = start
        var wasBlank = hasBlankBefore
        while position < bytes.count, !isBreak(bytes[position]) {
            let byte = bytes[position]
            if byte == UInt8(ascii: "#") {
                if wasBlank { break }
                if end == position {
                    note(
                        .information, at: position,
                        "This '#' follows text and so belongs to the value; some readers cut here.")
                }
            }
            wasBlank = isBlank(byte)
            position += 1
            if !wasBlank { end = position }
        }
        return expanded(Array(bytes[start..<end]), hasEscapes: false, at: start)
    }

    /// A backslash keeps the quote after it from closing, except between single quotes where nothing but a comment follows on the
    /// line: `'C:\dir\'` is whole.
    private func closingQuote(_ quote: UInt8, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == quote { return index }
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
                if quote == UInt8(ascii: "\""), !isBreak(bytes[index + 1]) {
                    index += 1
                } else if bytes[index + 1] == quote, !(quote == UInt8(ascii: "'") && endsLine(after: index + 2)) {
                    index += 1
                }
            }
            index += 1
        }
        return nil
    }

    private func endsLine(after start: Int) -> Bool {
        var index = start
        while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        return index >= bytes.count || isBreak(bytes[index]) || (bytes[index] == UInt8(ascii: "#") && index > start)
    }

    private mutating func literal(_ content: [UInt8], at offset: Int) -> [DotenvPart] {
        var result: [UInt8] = []
        var index = 0
        while index < content.count {
            if content[index] == UInt8(ascii: "\\"), index + 1 < content.count, content[index + 1] == UInt8(ascii: "'")
            {
                note(.warning, at: offset, "Between single quotes \\' was read as '; some readers keep the backslash.")
                index += 1
            }
            result.append(content[index])
            index += 1
        }
        return result.isEmpty ? [] : [.text(String(decoding: result, as: UTF8.self))]
    }

    private mutating func expanded(_ content: [UInt8], hasEscapes: Bool, at offset: Int) -> [DotenvPart] {
        // A value that is too large in any case is not taken apart.
        guard content.count <= Limits.valueBytes else { return [.text(String(decoding: content, as: UTF8.self))] }
        var expansion = DotenvExpansion(content, hasEscapes: hasEscapes, expands: expands)
        let parts = expansion.parts()
        for remark in expansion.remarks { note(remark.severity, at: offset, remark.message) }
        return parts
    }

    private mutating func note(_ severity: ImportNotice.Severity, at offset: Int, _ message: @autoclosure () -> String)
    {
        notices.append(severity, source.notice(severity, at: offset, message()))
    }

    private mutating func skipBlanks() {
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
    }

    private mutating func skipLine() {
        while position < bytes.count, !isBreak(bytes[position]) { position += 1 }
        if position < bytes.count {
            position += bytes[position] == 0x0D && position + 1 < bytes.count && bytes[position + 1] == 0x0A ? 2 : 1
        }
    }

    /// Line ends inside quotes are one line feed, however the file was saved.
    private static func withLineFeeds(_ content: ArraySlice<UInt8>) -> [UInt8] {
        guard content.contains(0x0D) else { return Array(content) }
        var result: [UInt8] = []
        for index in content.indices {
            if content[index] == 0x0D {
                result.append(0x0A)
            } else if content[index] != 0x0A || index == content.startIndex || content[index - 1] != 0x0D {
                result.append(content[index])
            }
        }
        return result
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        isNameStart(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
    }

    /// What `$NAME` begins with.
    static func isNameStart(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
    }
}

/// Space or tab.
@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

/// LF or CR.
@inline(__always)
func isBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
