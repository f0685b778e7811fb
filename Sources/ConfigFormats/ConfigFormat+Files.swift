package import ConfigPlatformModel

extension ConfigFormat {
    /// Reads a whole file.
    ///
    /// Throws ``Problem/Code/unreadableFile`` with every place that is known, at most 100, where the file cannot be taken whole, and
    /// ``Problem/Code/tooLarge``. Lines of formats of independent lines (dotenv, properties) that cannot be read are notices, and the
    /// rest is taken.
    package func read(_ bytes: [UInt8], options: ImportOptions = .init()) throws(Problem) -> ImportedFile {
        var bytes = bytes
        var encodingNotice: ImportNotice?
        if self == .properties, bytes.count <= FormatLimits.fileBytes, !bytes.starts(with: [0xFF, 0xFE]),
            !bytes.starts(with: [0xFE, 0xFF])
        {
            (bytes, encodingNotice) = PropertiesReader.decoded(bytes)
        }
        let source = try SourceText(bytes, self)
        let references = options.references ?? (self == .dotenv ? .live : .literal)
        var file =
            switch self {
            case .json: try JSONReader.read(source, references: references)
            case .yaml: try YAMLReader.read(source, references: references)
            case .toml: try TOMLReader.read(source, references: references)
            case .dotenv: DotenvReader.read(source, references: references)
            case .properties: try PropertiesReader.read(source, references: references)
            }
        if file.documents.isEmpty { file.documents = [ImportedDocument(settings: [])] }
        if let encodingNotice { file.notices.insert(encodingNotice, at: 0) }
        return file
    }

    /// Writes settings as one document, in the order of their keys.
    ///
    /// Throws ``Problem/Code/notAcceptable``, naming each key, where the format has no spelling for a key or a value, or the same one for
    /// two.
    package func write(
        _ settings: some Sequence<(key: ConfigKey, value: JSONValue)>, options: ExportOptions = .init()
    ) throws(Problem) -> [UInt8] {
        let document = try SettingDocument(settings)
        return switch self {
        case .json: JSONWriter.write(document, options)
        case .yaml: try YAMLWriter.write(document, options)
        case .toml: try TOMLWriter.write(document, options)
        case .dotenv: try DotenvWriter.write(document, options)
        case .properties: try PropertiesWriter.write(document, options)
        }
    }
}
