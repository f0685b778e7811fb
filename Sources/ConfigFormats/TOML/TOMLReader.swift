import ConfigPlatformModel

/// TOML 1.0 files as settings: tables are flattened, arrays and empty tables are values. Dates and times, which a setting does not
/// have, become their RFC 3339 texts, with a notice.
enum TOMLReader {
    static func read(_ source: SourceText, references: ImportOptions.References) throws(Problem) -> ImportedFile {
        var collector = SettingCollector(source, .mustAgree, references: references)
        do throws(FormatFault) {
            var parser = TOMLParser(source.bytes)
            let root = try parser.document()
            for date in parser.dates {
                collector.note(.information, at: date.offset, "The date or time \(date.text) is imported as text.")
            }
            collect(root, below: [], into: &collector)
        } catch {
            throw source.refusal([error], .toml)
        }
        let settings = collector.finish()
        guard collector.faults.isEmpty else { throw source.refusal(collector.faults, .toml) }
        return ImportedFile(documents: [ImportedDocument(settings: settings)], notices: collector.notices.sorted())
    }

    private static func collect(_ table: TOMLTable, below prefix: [String], into collector: inout SettingCollector) {
        for entry in table.entries {
            let segments = prefix + [entry.name]
            switch entry.value {
            case .value(let value): collector.add(segments, value, at: entry.offset)
            case .tables(let tables):
                collector.add(segments, .array(tables.elements.map { $0.json() }), at: entry.offset)
            case .table(let table) where table.entries.isEmpty:
                collector.add(segments, .object(JSONObject()), at: entry.offset)
            case .table(let table):
                // Longer keys are refused when they are added; the parser bounds the nesting.
                collect(table, below: segments, into: &collector)
            }
        }
    }
}

/// Reads a TOML 1.0.0 document by recursive descent over the bytes. Integers may have any size.
struct TOMLParser {
    let bytes: [UInt8]
    var position = 0
    var dates: [(offset: Int, text: String)] = []
    private let root = TOMLTable(.header)
    private var current: TOMLTable
    /// Dotted keys may add to one another within a section: a header's, or an inline table's.
    private var section = 0
    private var sectionCount = 0

    struct Key {
        let names: [String]
        let offset: Int
        var text: String { (try? ConfigKey(segments: names))?.text ?? DottedName.name(of: names) }
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        current = root
    }

    mutating func document() throws(FormatFault) -> TOMLTable {
        while position < bytes.count {
            skipBlanks()
            switch peek(0) {
            case nil: return root
            case UInt8(ascii: "["): try header()
            case UInt8(ascii: "#"), 0x0A, 0x0D: break
            default: try keyAndValue(in: current, depth: 0)
            }
            skipBlanks()
            try skipComment()
            if position < bytes.count { try newline() }
        }
        return root
    }

    // MARK: Tables

    private mutating func header() throws(FormatFault) {
        let start = position
        let isArray = peek(1) == UInt8(ascii: "[")
        position += isArray ? 2 : 1
        let key = try key()
        guard peek(0) == UInt8(ascii: "]"), !isArray || peek(1) == UInt8(ascii: "]") else {
            throw FormatFault(at: start, "The header of a table ends with \(isArray ? "']]'" : "']'") on its line.")
        }
        position += isArray ? 2 : 1
        sectionCount += 1
        section = sectionCount
        var table = root
        for name in key.names.dropLast() {
            table = try headerStep(from: table, name, key)
        }
        let name = key.names[key.names.count - 1]
        let new = TOMLTable(.header)
        switch (table[name]?.value, isArray) {
        case (nil, _):
            table.append(name, isArray ? .tables(.init(new)) : .table(new), at: key.offset)
            current = new
        case (.tables(let tables), true):
            tables.elements.append(new)
            current = new
        case (.table(let there), false):
            guard case .implied = there.origin else { throw twice(key, table[name]) }
            there.origin = .header
            current = there
        default:
            throw twice(key, table[name])
        }
    }

    /// From a table to the one of that name in it, on the way to the table of a header.
    private func headerStep(from table: TOMLTable, _ name: String, _ key: Key) throws(FormatFault) -> TOMLTable {
        switch table[name]?.value {
        case nil:
            let new = TOMLTable(.implied)
            table.append(name, .table(new), at: key.offset)
            return new
        case .table(let there):
            if case .inline = there.origin { throw twice(key, table[name]) }
            return there
        case .tables(let tables):
            return tables.elements[tables.elements.count - 1]
        case .value:
            throw twice(key, table[name])
        }
    }

    mutating func keyAndValue(in table: TOMLTable, depth: Int) throws(FormatFault) {
        let key = try key()
        guard peek(0) == UInt8(ascii: "=") else {
            throw FormatFault(at: position, "After a key comes '=', and its value on the same line.")
        }
        position += 1
        skipBlanks()
        var target = table
        for name in key.names.dropLast() {
            target = try dottedStep(from: target, name, key)
        }
        let name = key.names[key.names.count - 1]
        if target[name] != nil { throw twice(key, target[name]) }
        target.append(name, try value(depth: depth + key.names.count), at: key.offset)
    }

    private func dottedStep(from table: TOMLTable, _ name: String, _ key: Key) throws(FormatFault) -> TOMLTable {
        switch table[name]?.value {
        case nil:
            let new = TOMLTable(.dotted(section: section))
            table.append(name, .table(new), at: key.offset)
            return new
        case .table(let there):
            switch there.origin {
            case .implied:
                there.origin = .dotted(section: section)
                return there
            case .dotted(section: section): return there
            case .dotted, .header, .inline: throw twice(key, table[name])
            }
        case .tables, .value:
            throw twice(key, table[name])
        }
    }

    private func twice(_ key: Key, _ earlier: TOMLTable.Entry?) -> FormatFault {
        let source = SourceText(unchecked: bytes)
        let line = earlier.map { " (on line \(source.position($0.offset).line))" } ?? ""
        return FormatFault(
            at: key.offset,
            "'\(InvalidIdentifier.shown(key.text))' adds to what is complete already\(line); write each key and table once, "
                + "in one place.")
    }

    mutating func inlineTable(depth: Int) throws(FormatFault) -> TOMLTable {
        let start = position
        try checkDepth(depth)
        let table = TOMLTable(.header)
        let outer = section
        sectionCount += 1
        section = sectionCount
        defer { section = outer }
        position += 1
        skipBlanks()
        if peek(0) == UInt8(ascii: "}") {
            position += 1
        } else {
            while true {
                skipBlanks()
                try keyAndValue(in: table, depth: depth)
                skipBlanks()
                let next = peek(0)
                position += 1
                if next == UInt8(ascii: "}") { break }
                guard next == UInt8(ascii: ",") else {
                    throw FormatFault(
                        at: min(position - 1, bytes.count),
                        "An inline table that opens on line \(SourceText(unchecked: bytes).position(start).line) goes on with ',' or ends with "
                            + "'}' here, all on one line.")
                }
            }
        }
        close(table)
        return table
    }

    /// Nothing can be added to an inline table, nor to those that dotted keys made in it.
    private func close(_ table: TOMLTable) {
        table.origin = .inline
        for entry in table.entries {
            if case .table(let inner) = entry.value { close(inner) }
        }
    }

    func checkDepth(_ depth: Int) throws(FormatFault) {
        guard depth < FormatLimits.depth else {
            throw FormatFault(
                at: position, "Arrays and tables are nested deeper than \(FormatLimits.depth) levels here.")
        }
    }

    // MARK: Keys

    private mutating func key() throws(FormatFault) -> Key {
        skipBlanks()
        let start = position
        var names: [String] = []
        while true {
            names.append(try simpleKey())
            guard names.count <= Limits.keySegments else {
                throw FormatFault(at: start, "A key has at most \(Limits.keySegments) segments.")
            }
            skipBlanks()
            guard peek(0) == UInt8(ascii: ".") else { return Key(names: names, offset: start) }
            position += 1
            skipBlanks()
        }
    }

    private mutating func simpleKey() throws(FormatFault) -> String {
        switch peek(0) {
        case UInt8(ascii: "\""): return try basicString()
        case UInt8(ascii: "'"): return try literalString()
        default: break
        }
        let start = position
        while let byte = peek(0), isWord(byte) { position += 1 }
        guard position > start else {
            throw FormatFault(
                at: position,
                "Here a key is expected: letters, digits, '_' and '-', or anything between quotes, divided by dots.")
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
            || byte == 0x2D
    }

    // MARK: Space

    func peek(_ distance: Int) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    mutating func skipBlanks() {
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
    }

    mutating func skipComment() throws(FormatFault) {
        guard peek(0) == UInt8(ascii: "#") else { return }
        while let byte = peek(0), byte != 0x0A, !(byte == 0x0D && peek(1) == 0x0A) {
            if byte < 0x20 && byte != 0x09 || byte == 0x7F {
                throw FormatFault(at: position, "A control character stands in this comment; remove it.")
            }
            position += 1
        }
    }

    /// LF or CR LF.
    mutating func newline() throws(FormatFault) {
        if peek(0) == 0x0A {
            position += 1
        } else if peek(0) == 0x0D, peek(1) == 0x0A {
            position += 2
        } else {
            throw FormatFault(
                at: position, "The line has ended before this; one key and value, or one header, stands on a line.")
        }
    }

    /// White space, line ends and comments, as they may stand between the elements of an array.
    mutating func skipSpaceAndComments() throws(FormatFault) {
        while true {
            skipBlanks()
            try skipComment()
            guard let byte = peek(0), isBreak(byte) else { return }
            try newline()
        }
    }
}
