import ConfigPlatformModel

/// Settings as a dotenv file, every value quoted so that the readers in common use get it back as it is.
enum DotenvWriter {
    static func write(_ document: SettingDocument, _ options: ExportOptions) throws(Problem) -> [UInt8] {
        let keys = document.settings.map(\.key)
        var names: [String] = []
        var violations: [Violation] = []
        for setting in document.settings {
            if let name = DotenvName.name(of: setting.key, options.dotenvNames) {
                names.append(name)
            } else {
                violations.append(
                    Violation(
                        "'\(setting.key)' has characters that no name in a dotenv file has; there it is letters, digits, '_', '.' and '-'.",
                        key: setting.key.text))
            }
            if setting.value.flatText.utf8.contains(0) {
                violations.append(
                    Violation("'\(setting.key)' holds U+0000, which no environment can hold.", key: setting.key.text))
            }
        }
        guard violations.isEmpty else { throw SettingDocument.unwritable(violations, .dotenv) }
        try document.requireDistinct(names, .dotenv)

        guard case .kept(let live) = options.references else {
            let lines = zip(names, document.settings).map { name, setting in
                "\(name)=\(DotenvText.literal(setting.value.flatText))\n"
            }
            return Array(lines.joined().utf8)
        }
        var bytes: [UInt8] = []
        for index in ReferenceOrder(document, live).indexes {
            let value = document.settings[index].value
            bytes += Array("\(names[index])=".utf8)
            if live.contains(keys[index]), ReferenceText.mayOccur(in: value) {
                bytes += Array(try DotenvText.live(value, keys[index], options.dotenvNames).utf8)
            } else {
                bytes += Array(DotenvText.literal(value.flatText).utf8)
            }
            bytes.append(0x0A)
        }
        return bytes
    }
}

/// The name of a key in the environment of a process.
enum DotenvName {
    /// nil where the key has characters that such names do not have.
    static func name(of key: ConfigKey, _ names: ExportOptions.DotenvNames) -> String? {
        let written = key.segments.joined(separator: ".")
        let bytes = Array(written.utf8)
        let isAsItStands =
            names == .asWritten || !bytes.contains { $0 == UInt8(ascii: ".") || (0x61...0x7A).contains($0) }
        if isAsItStands {
            return !bytes.isEmpty && bytes.allSatisfy(DotenvScanner.isNameByte) ? written : nil
        }
        var result: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "["): result.append(UInt8(ascii: "_"))
            // As Spring binds elements of lists from the environment: `a[0].b` is A_0_B.
            case UInt8(ascii: "]"): continue
            case 0x61...0x7A: result.append(byte - 0x20)
            case _ where DotenvScanner.isNameByte(byte): result.append(byte)
            default: return nil
            }
        }
        return result.isEmpty ? nil : String(decoding: result, as: UTF8.self)
    }
}

/// How values are spelled in a dotenv file.
///
/// Where the readers agree that spelling is taken. A text with a `'`, with two backslashes in a row or with one at its end has none where
/// there is a backslash, a `"`, a `$` or a backtick in it: it stands between double quotes with backslashes, as shells read it, and some
/// other readers keep one of these. A carriage return has no spelling for shells that is no line end to the others, and is `\r`.
enum DotenvText {
    static func literal(_ text: String) -> String {
        let bytes = Array(text.utf8)
        if bytes.allSatisfy(isPlain) { return text }
        if isSafeInSingleQuotes(bytes) { return "'\(text)'" }
        return "\"" + doubleQuoted(bytes) + "\""
    }

    /// A live value between double quotes, its references in the syntax of shells.
    static func live(_ value: JSONValue, _ key: ConfigKey, _ names: ExportOptions.DotenvNames) throws(Problem) -> String
    {
        guard case .string(let text) = value, let parts = try? ReferenceText.parse(text),
            let content = content(of: parts, names)
        else {
            throw SettingDocument.unwritable(
                [
                    Violation(
                        "The references of '\(key)' cannot be written in a dotenv file: it is no string, or it refers to a key that has no "
                            + "name there. Export the resolved values.",
                        key: key.text)
                ], .dotenv)
        }
        return "\"\(content)\""
    }

    private static func content(of parts: [ReferenceText.Part], _ names: ExportOptions.DotenvNames) -> String? {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text):
                result += doubleQuoted(Array(text.utf8))
            case .reference(let key, let fallback):
                guard let name = DotenvName.name(of: key, names), !name.contains("-"), !name.hasSuffix(".") else {
                    return nil
                }
                result += "${" + name
                if let fallback {
                    guard let content = content(of: fallback, names) else { return nil }
                    result += ":-" + content
                }
                result += "}"
            }
        }
        return result
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        isDecimalDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || "_./:@%+,=-".utf8.contains(byte)
    }

    /// Some readers take `\'` and `\\` for escapes even there, and all but shells take CR for a line end.
    private static func isSafeInSingleQuotes(_ bytes: [UInt8]) -> Bool {
        guard !bytes.contains(UInt8(ascii: "'")), !bytes.contains(0x0D), bytes.last != UInt8(ascii: "\\") else {
            return false
        }
        return !zip(bytes, bytes.dropFirst()).contains { $0 == UInt8(ascii: "\\") && $1 == UInt8(ascii: "\\") }
    }

    private static func doubleQuoted(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "`"):
                result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "$") where index + 1 == bytes.count || mayBeExpanded(bytes[index + 1]):
                result += [UInt8(ascii: "\\"), byte]
            case 0x0D:
                result += Array("\\r".utf8)
            default:
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether a `$` before this byte means something to some reader.
    private static func mayBeExpanded(_ next: UInt8) -> Bool {
        DotenvScanner.isNameStart(next) || isDecimalDigit(next) || "{([$@*#?!-".utf8.contains(next)
    }
}

/// The order in which what a value refers to stands before it, which readers that go from top to bottom need.
private struct ReferenceOrder {
    private(set) var indexes: [Int] = []
    private var isPlaced: [Bool]
    private let positions: [ConfigKey: Int]
    private let references: [[ConfigKey]]

    init(_ document: SettingDocument, _ live: Set<ConfigKey>) {
        isPlaced = Array(repeating: false, count: document.settings.count)
        positions = Dictionary(uniqueKeysWithValues: document.settings.enumerated().map { ($1.key, $0) })
        references = document.settings.map { setting in
            live.contains(setting.key) ? ReferenceText.keys(in: setting.value).sorted() : []
        }
        for index in document.settings.indices { place(index, depth: 0) }
    }

    /// References that go round in circles, or on for ever, are placed as they come.
    private mutating func place(_ index: Int, depth: Int) {
        guard !isPlaced[index] else { return }
        isPlaced[index] = true
        if depth < Limits.referenceDepth {
            for key in references[index] {
                if let target = positions[key] { place(target, depth: depth + 1) }
            }
        }
        indexes.append(index)
    }
}
