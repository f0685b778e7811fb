import ConfigPlatformModel

enum JSONWriter {
    static func write(_ document: SettingDocument, _ options: ExportOptions) -> [UInt8] {
        let object = document.escapingLiterals(options.references).nested()
        return Array((JSONValue.object(object).prettyText() + "\n").utf8)
    }
}
