import ConfigPlatformModel

/// Settings as Java properties, in ASCII, so that every reader of them sees the same whatever encoding it expects. Names are in the
/// notation of ``DottedName``.
enum PropertiesWriter {
    static func write(_ document: SettingDocument, _ options: ExportOptions) throws(Problem) -> [UInt8] {
        try document.requireNoProfile(.properties) { key, _ in Profile.divides(key) }
        var bytes: [UInt8] = []
        for (name, setting) in zip(document.dottedNames(), document.settings) {
            append(name, isName: true, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            append(try text(setting.value, of: setting.key, options.references), isName: false, to: &bytes)
            bytes.append(0x0A)
        }
        return bytes
    }

    /// A value that is no string becomes one, of which all is read for references: the names of its members too.
    private static func text(
        _ value: JSONValue, of key: ConfigKey, _ references: ExportOptions.References
    ) throws(Problem) -> String {
        guard case .kept(let live) = references else { return value.flatText }
        if !live.contains(key) { return ReferenceText.escaped(value.flatText) }
        let text = LiveText.escapingNames(value).flatText
        guard value.stringValue != nil || (try? ReferenceText.parse(text)) != nil else {
            throw SettingDocument.unwritable(
                [
                    Violation(
                        "'\(key)' is no string, and as one its references could not be read. Export the resolved values.",
                        key: key.text)
                ], .properties)
        }
        return text
    }

    private static func append(_ text: String, isName: Bool, to bytes: inout [UInt8]) {
        var isFirst = true
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": bytes += Array("\\\\".utf8)
            case "\n": bytes += Array("\\n".utf8)
            case "\r": bytes += Array("\\r".utf8)
            case "\t": bytes += Array("\\t".utf8)
            case "\u{0C}": bytes += Array("\\f".utf8)
            case " " where isName || isFirst: bytes += Array("\\ ".utf8)
            case "=" where isName, ":" where isName, "#" where isName, "!" where isName:
                bytes += [UInt8(ascii: "\\"), UInt8(scalar.value)]
            case " "..."~": bytes.append(UInt8(scalar.value))
            default:
                for unit in UTF16.encode(scalar)! {
                    let digits = String(unit, radix: 16, uppercase: true)
                    bytes += Array("\\u".utf8) + repeatElement(0x30, count: 4 - digits.utf8.count) + Array(digits.utf8)
                }
            }
            isFirst = false
        }
    }
}
