import ConfigPlatformModel

/// Settings as one YAML document in block style, nested by segments. Whatever readers of YAML 1.1 or 1.2 could take for something
/// else than text is put in quotes. Names are in the notation of ``DottedName``, except in lists, where readers take them as they are.
struct YAMLWriter {
    private var bytes: [UInt8] = []

    static func write(_ document: SettingDocument, _ options: ExportOptions) throws(Problem) -> [UInt8] {
        try document.requireNoProfile(.yaml) { Profile.divides($0, nesting: $1) }
        var writer = YAMLWriter()
        let object = document.escapingLiterals(options.references).nested()
        if object.isEmpty {
            writer.append("{}\n")
        } else {
            writer.members(object, margin: 0, isCompact: false, path: [])
        }
        return writer.bytes
    }

    /// - Parameters:
    ///   - isCompact: whether the first member stands where the writer is, after `- `.
    ///   - path: the names above; nil in a list.
    private mutating func members(_ object: JSONObject, margin: Int, isCompact: Bool, path: [String]?) {
        var isFirst = isCompact
        for (name, value) in object {
            if !isFirst { space(margin) }
            isFirst = false
            let text = YAMLText.name(path.map { Self.dotted(name, value, beside: object, below: $0) } ?? name)
            if text.utf8.count < FormatLimits.yamlNameBytes - 8 {
                append(text)
            } else {
                append("? ")
                append(text)
                append("\n")
                space(margin)
            }
            append(":")
            self.value(value, margin: margin, isBelowName: true, path: path.map { $0 + [name] })
        }
    }

    /// The name under which a reader that divides names at their dots finds the member again.
    private static func dotted(
        _ name: String, _ value: JSONValue, beside object: JSONObject, below path: [String]
    ) -> String {
        // What is below an object would become part of the segment, and an empty one says nothing beside what fills it.
        let isSetting = { (value: JSONValue?) in value.map { $0.objectValue == nil } ?? false }
        let isRest = isSetting(value) && DottedName.parts(of: name, below: path) { isSetting(object[$0]) } != nil
        return isRest ? name : DottedName.name(of: [name])
    }

    /// A value after `name:` or `-`, to the end of its last line.
    ///
    /// - Parameter path: the names down to it; nil in a list.
    private mutating func value(_ value: JSONValue, margin: Int, isBelowName: Bool, path: [String]?) {
        switch value {
        case .object(let object) where !object.isEmpty:
            append(isBelowName ? "\n" : " ")
            members(object, margin: margin + 2, isCompact: !isBelowName, path: path)
        case .array(let elements) where !elements.isEmpty:
            append(isBelowName ? "\n" : " ")
            for (index, element) in elements.enumerated() {
                if isBelowName || index > 0 { space(margin + 2) }
                append("-")
                self.value(element, margin: margin + 2, isBelowName: false, path: nil)
            }
        case .string(let text):
            append(" ")
            if let lines = YAMLText.blockLines(text) {
                append(lines.header)
                append("\n")
                for line in lines.lines {
                    if !line.isEmpty { space(margin + 2) }
                    append(line)
                    append("\n")
                }
            } else {
                append(YAMLText.oneLine(text))
                append("\n")
            }
        case .number(let number):
            append(" " + YAMLText.number(number) + "\n")
        case .null, .bool, .array, .object:
            append(" " + value.canonicalText + "\n")
        }
    }

    private mutating func append(_ text: some StringProtocol) { bytes += text.utf8 }

    private mutating func space(_ count: Int) { bytes += repeatElement(0x20, count: count) }
}

/// How scalars are spelled.
enum YAMLText {
    static func oneLine(_ text: String) -> String {
        isPlain(text) ? text : doubleQuoted(text)
    }

    /// A name that has double quotes itself, as the notation of keys has them, stands between single ones.
    static func name(_ text: String) -> String {
        guard text.utf8.first == UInt8(ascii: "\""), text.unicodeScalars.allSatisfy(isPrintable) else {
            return oneLine(text)
        }
        var result = "'"
        for scalar in text.unicodeScalars {
            if scalar == "'" { result += "'" }
            result.unicodeScalars.append(scalar)
        }
        return result + "'"
    }

    /// With a point and a signed exponent, without which YAML 1.1 sees no number in `1e21`.
    static func number(_ number: JSONNumber) -> String {
        let text = number.plainText
        guard let mark = text.firstIndex(of: "e"), !text[..<mark].contains(".") else { return text }
        return text[..<mark] + ".0" + text[mark...]
    }

    /// The lines of a text that reads well as a literal block scalar; nil where it does not, or cannot be one.
    static func blockLines(_ text: String) -> (header: String, lines: [Substring])? {
        guard text.utf8.contains(0x0A), text.unicodeScalars.allSatisfy({ $0 == "\n" || $0 == "\t" || isPrintable($0) })
        else { return nil }
        var lines = text.split(separator: "\n" as Unicode.Scalar)
        let header: String
        if lines[lines.count - 1].isEmpty {
            lines.removeLast()
            header = lines.last?.isEmpty == true ? "|+" : "|"
        } else {
            header = "|-"
        }
        // A reader takes the indentation from the first line, so that it has to begin with text.
        guard let first = lines.first?.utf8.first, !isBlank(first) else { return nil }
        guard lines.allSatisfy({ line in line.isEmpty || line.utf8.contains { !isBlank($0) } }) else { return nil }
        return (header, lines)
    }

    /// Whether every reader takes the text, written without quotes, for this very text.
    private static func isPlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, last != 0x20, last != UInt8(ascii: ":") else {
            return false
        }
        let mayBegin =
            first >= 0x80 || isDecimalDigit(first) || DotenvScanner.isNameStart(first)
            || "/.$(+^;<\\".utf8.contains(first)
            || (first == UInt8(ascii: "-") && bytes.count > 1
                && (isDecimalDigit(bytes[1]) || DotenvScanner.isNameStart(bytes[1])))
        guard mayBegin, text.unicodeScalars.allSatisfy(isPrintable) else { return false }
        for (index, byte) in bytes.enumerated().dropLast() {
            let next = bytes[index + 1]
            if byte == UInt8(ascii: ":"), next == 0x20 { return false }
            if byte == 0x20, next == UInt8(ascii: "#") { return false }
        }
        if words.contains(text.lowercased()) { return false }
        if !DotenvScanner.isNameStart(first), first < 0x80, bytes.allSatisfy(mayBeNumber) { return false }
        guard let value = try? YAMLSchema.value(of: text, isPlain: true, tag: nil), case .string = value else {
            return false
        }
        return YAMLSchema.reading11(of: text) == nil
    }

    private static let words: Set<String> = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<", "=", "...", "---",
    ]

    /// Bytes of which numbers, dates and times are made, in one version of YAML or another.
    private static func mayBeNumber(_ byte: UInt8) -> Bool {
        hexadecimalDigit(byte) != nil || "xXoO_.:+-TtZz ".utf8.contains(byte)
    }

    /// Printable on one line in YAML 1.1 and 1.2 alike; no space other than the common one.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E: true
        case 0xA1...0xD7FF: scalar.value != 0x2028 && scalar.value != 0x2029
        case 0xE000...0xFFFD: scalar.value != 0xFEFF
        case 0x10000...: true
        default: false
        }
    }

    private static func doubleQuoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONText.appendString(text, into: &bytes)
        var result = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if isPrintable(scalar) {
                result.unicodeScalars.append(scalar)
            } else {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result
    }
}
