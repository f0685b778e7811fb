import ConfigPlatformModel

/// Settings as TOML 1.0: the keys of a table before the tables below it; objects inside lists as inline tables.
struct TOMLWriter {
    private var bytes: [UInt8] = []

    static func write(_ document: SettingDocument, _ options: ExportOptions) throws(Problem) -> [UInt8] {
        let violations = document.settings.filter { holdsNull($0.value) }.map { setting in
            Violation("'\(setting.key)' is or holds null, which TOML does not have.", key: setting.key.text)
        }
        guard violations.isEmpty else { throw SettingDocument.unwritable(violations, .toml) }
        var writer = TOMLWriter()
        writer.table(document.escapingLiterals(options.references).nested(), path: [])
        return writer.bytes
    }

    private static func holdsNull(_ value: JSONValue) -> Bool {
        switch value {
        case .null: true
        case .array(let elements): elements.contains(where: holdsNull)
        case .object(let members): members.contains { holdsNull($0.value) }
        case .bool, .number, .string: false
        }
    }

    private mutating func table(_ object: JSONObject, path: [String]) {
        func isTable(_ value: JSONValue) -> Bool { value.objectValue.map { !$0.isEmpty } ?? false }
        let values = object.filter { !isTable($0.value) }
        if !values.isEmpty, !path.isEmpty {
            if !bytes.isEmpty { append("\n") }
            append("[" + path.joined(separator: ".") + "]\n")
        }
        for (name, value) in values {
            append(Self.key(name) + " = ")
            self.value(value, mayBreakLines: true)
            append("\n")
        }
        for (name, value) in object {
            if case .object(let inner) = value, isTable(value) { table(inner, path: path + [Self.key(name)]) }
        }
    }

    /// - Parameter mayBreakLines: whether several lines may be used, which inline tables must not.
    private mutating func value(_ value: JSONValue, mayBreakLines: Bool) {
        switch value {
        case .null:
            preconditionFailure("null was refused before")
        case .bool(let value):
            append(value ? "true" : "false")
        case .number(let number):
            append(number.plainText)
        case .string(let text):
            append(mayBreakLines && text.utf8.contains(0x0A) ? Self.longString(text) : Self.string(text))
        case .array(let elements):
            let breaks =
                mayBreakLines
                && elements.contains { $0.arrayValue?.isEmpty == false || $0.objectValue?.isEmpty == false }
            append(breaks ? "[\n" : "[")
            for (index, element) in elements.enumerated() {
                if breaks { append("    ") } else if index > 0 { append(", ") }
                self.value(element, mayBreakLines: false)
                if breaks { append(",\n") }
            }
            append("]")
        case .object(let object):
            append("{")
            for (index, member) in object.enumerated() {
                append(index > 0 ? ", " : " ")
                append(Self.key(member.name) + " = ")
                self.value(member.value, mayBreakLines: false)
            }
            append(object.isEmpty ? "}" : " }")
        }
    }

    private static func key(_ name: String) -> String {
        let isBare =
            !name.isEmpty && name.utf8.allSatisfy { DotenvScanner.isNameByte($0) && $0 != UInt8(ascii: ".") }
        return isBare ? name : string(name)
    }

    /// Canonical JSON's escapes are TOML's; TOML further wants U+007F escaped.
    private static func string(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONText.appendString(text, into: &bytes)
        return escapingDelete(bytes)
    }

    /// Between three quotes, each line of the text on a line of its own.
    private static func longString(_ text: String) -> String {
        let lines = text.split(separator: "\n" as Unicode.Scalar).map { line -> String in
            var bytes: [UInt8] = []
            JSONText.appendString(String(line), into: &bytes)
            return escapingDelete(Array(bytes.dropFirst().dropLast()))
        }
        return "\"\"\"\n" + lines.joined(separator: "\n") + "\"\"\""
    }

    private static func escapingDelete(_ bytes: [UInt8]) -> String {
        guard bytes.contains(0x7F) else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes.flatMap { $0 == 0x7F ? Array("\\u007f".utf8) : [$0] }, as: UTF8.self)
    }

    private mutating func append(_ text: String) { bytes += text.utf8 }
}

extension String {
    /// The parts between separators, empty ones too, by scalars: `\r\n` is one character to Swift, but a line feed to files.
    func split(separator: Unicode.Scalar) -> [Substring] {
        unicodeScalars.split(separator: separator, omittingEmptySubsequences: false).map(Substring.init)
    }
}
