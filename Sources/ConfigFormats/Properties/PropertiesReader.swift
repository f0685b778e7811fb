import ConfigPlatformModel

/// Java properties as settings, by the rules of `java.util.Properties.load`: names are in the notation of ``DottedName``, values are
/// strings.
///
/// A line `#---` or `!---` divides documents, as Spring has it, where one of them says which profile it is for.
enum PropertiesReader {
    static func read(_ source: SourceText, references: ImportOptions.References) throws(Problem) -> ImportedFile {
        var scanner = PropertiesScanner(source)
        scanner.scan()
        var notices = scanner.notices
        var sections = scanner.sections
        let saysProfiles = sections.contains { entries in
            entries.contains { Profile.keys.contains($0.name) }
        }
        if !saysProfiles { sections = [sections.flatMap { $0 }] }

        var documents: [ImportedDocument] = []
        var violations: [Violation] = []
        for entries in sections {
            var collector = SettingCollector(source, .lastCounts, references: references)
            for entry in entries {
                collector.add(DottedName.segments(of: entry.name), .string(entry.value), at: entry.offset)
            }
            let settings = collector.finish()
            notices.append(collector.notices)
            Profile.divide(settings, into: &documents, &notices, &violations)
        }
        guard violations.isEmpty else { throw SourceText.refusal(violations, .properties) }
        return ImportedFile(documents: documents, notices: notices.sorted())
    }

    /// The bytes as UTF-8, and a notice where they were ISO-8859-1, as Java's readers long took these files to be.
    static func decoded(_ bytes: [UInt8]) -> (bytes: [UInt8], notice: ImportNotice?) {
        guard let offset = SourceText.firstInvalidByte(in: bytes) else { return (bytes, nil) }
        let unicode = bytes.reduce(into: [UInt8]()) { result, byte in
            if byte < 0x80 {
                result.append(byte)
            } else {
                result += [0xC0 | byte >> 6, 0x80 | byte & 0x3F]
            }
        }
        let position = SourceText(unchecked: bytes).position(offset)
        return (
            unicode,
            ImportNotice(
                .warning, "The file is not UTF-8; it was read as ISO-8859-1, which it is first seen to need here.",
                line: position.line, column: nil)
        )
    }
}

struct PropertiesEntry {
    let name: String
    let value: String
    let offset: Int
}

struct PropertiesScanner {
    private let source: SourceText
    private let bytes: [UInt8]
    private var position = 0
    private(set) var sections: [[PropertiesEntry]] = [[]]
    private(set) var notices = Notices()

    init(_ source: SourceText) {
        self.source = source
        bytes = source.bytes
    }

    mutating func scan() {
        while position < bytes.count {
            skipSpace()
            guard position < bytes.count else { return }
            switch bytes[position] {
            case 0x0A, 0x0D:
                position += 1
            case UInt8(ascii: "#"), UInt8(ascii: "!"):
                scanComment()
            case UInt8(ascii: "\\") where position + 1 < bytes.count && isBreak(bytes[position + 1]):
                // A line of nothing but a backslash continues nothing.
                skipContinuation()
            default:
                scanEntry()
            }
        }
    }

    private mutating func scanComment() {
        let start = position
        while position < bytes.count, !isBreak(bytes[position]) { position += 1 }
        var end = position
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        let beginsLine = start == 0 || isBreak(bytes[start - 1])
        if beginsLine, bytes[start + 1..<end].elementsEqual("---".utf8) { sections.append([]) }
    }

    private mutating func scanEntry() {
        let start = position
        var name: [UInt8] = []
        var value: [UInt8] = []
        let nameIsGood = scanText(into: &name, isName: true)
        skipSpace(acrossContinuations: true)
        if position < bytes.count, bytes[position] == UInt8(ascii: "=") || bytes[position] == UInt8(ascii: ":") {
            position += 1
            skipSpace(acrossContinuations: true)
        }
        let valueIsGood = scanText(into: &value, isName: false)
        guard nameIsGood, valueIsGood else {
            notices.append(
                .error,
                source.notice(
                    .error, at: start,
                    "This line holds a \\u without four hexadecimal digits, or half of a surrogate pair. It was not imported."
                ))
            return
        }
        let entry = PropertiesEntry(
            name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self), offset: start)
        sections[sections.count - 1].append(entry)
    }

    /// Reads up to what ends a name, or to the end of the logical line; false where an escape is malformed.
    private mutating func scanText(into text: inout [UInt8], isName: Bool) -> Bool {
        var isGood = true
        while position < bytes.count, !isBreak(bytes[position]) {
            let byte = bytes[position]
            if isName, isSpace(byte) || byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":") { break }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                position += 1
                continue
            }
            guard position + 1 < bytes.count else {
                position += 1
                break
            }
            if isBreak(bytes[position + 1]) {
                skipContinuation()
            } else {
                isGood = scanEscape(into: &text) && isGood
            }
        }
        return isGood
    }

    private mutating func scanEscape(into text: inout [UInt8]) -> Bool {
        let letter = bytes[position + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"):
            guard var code = hexadecimal() else { return false }
            if (0xD800...0xDBFF).contains(code), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                guard let low = hexadecimal(), (0xDC00...0xDFFF).contains(low) else { return false }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { return false }
            text += UTF8.encode(scalar)!
        default: text.append(letter)
        }
        return true
    }

    private mutating func hexadecimal() -> UInt32? {
        guard position + 4 <= bytes.count else { return nil }
        var code: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = hexadecimalDigit(byte) else { return nil }
            code = code << 4 | UInt32(digit)
        }
        position += 4
        return code
    }

    private mutating func skipSpace(acrossContinuations: Bool = false) {
        while position < bytes.count {
            if isSpace(bytes[position]) {
                position += 1
            } else if acrossContinuations, bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count,
                isBreak(bytes[position + 1])
            {
                skipContinuation()
            } else {
                return
            }
        }
    }

    /// The line end after a backslash, and the white space that begins the next line.
    private mutating func skipContinuation() {
        let isPair = bytes[position + 1] == 0x0D && position + 2 < bytes.count && bytes[position + 2] == 0x0A
        position += isPair ? 3 : 2
        while position < bytes.count, isSpace(bytes[position]) { position += 1 }
    }

    private func isSpace(_ byte: UInt8) -> Bool { isBlank(byte) || byte == 0x0C }
}

/// The value of an ASCII hexadecimal digit.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
