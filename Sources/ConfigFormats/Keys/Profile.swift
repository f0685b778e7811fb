import ConfigPlatformModel

/// The settings by which a document of a file says which profile it is for. They divide the file, and are no settings of what they
/// divide.
enum Profile {
    static let keys = ["spring.config.activate.on-profile", "spring.profiles"]

    private static let parsedKeys = Set(keys.compactMap { try? ConfigKey(parsing: $0) })

    /// Whether a setting of this key says which profile its document is for.
    static func divides(_ key: ConfigKey) -> Bool { parsedKeys.contains(key) }

    /// Whether a setting of this key and value, or what stands in the value, says so once it is nested with others.
    static func divides(_ key: ConfigKey, nesting value: JSONValue) -> Bool {
        parsedKeys.contains { selector in
            guard key == selector || key.isStrictPrefix(of: selector) else { return false }
            var inner: JSONValue? = value
            for name in selector.segments.dropFirst(key.segments.count) { inner = inner?[name] }
            // An object with members holds settings and is none.
            return inner.map { $0.objectValue?.isEmpty ?? true } ?? false
        }
    }

    /// Appends the document that the settings make: one, or one for each profile where several are named.
    static func divide(
        _ settings: [ImportedSetting], into documents: inout [ImportedDocument], _ notices: inout Notices,
        _ violations: inout [Violation]
    ) {
        let selectors = settings.filter { divides($0.key) }
        guard let selector = selectors.first else {
            if !settings.isEmpty { documents.append(ImportedDocument(settings: settings)) }
            return
        }
        guard selectors.count == 1, let names = names(in: selector.value) else {
            let what =
                selectors.count > 1
                ? "A document has either '\(keys[0])' or '\(keys[1])', not both; remove one."
                : "'\(selector.key)' is no plain name of a profile, and a layer is for one profile; divide the document by hand."
            violations.append(Violation(what, key: selector.key.text, line: selector.line, column: selector.column))
            return
        }
        let rest = settings.filter { $0.key != selector.key }
        let message =
            switch names.count {
            case 0: "'\(selector.key)' names no profile; the document is for all."
            case 1: "This document is for the profile '\(names[0])'; '\(selector.key)' itself is not imported."
            default:
                "This document is for the profiles \(names.map { "'\($0)'" }.joined(separator: ", ")) and is imported for each; "
                    + "'\(selector.key)' itself is not."
            }
        notices.append(.information, ImportNotice(.information, message, line: selector.line, column: selector.column))
        if names.isEmpty { documents.append(ImportedDocument(settings: rest)) }
        for name in names {
            documents.append(
                ImportedDocument(
                    profile: name, profileLine: selector.line, profileColumn: selector.column, settings: rest))
        }
    }

    /// nil where the value is anything but names, such as the expression `a & !b`.
    private static func names(in value: JSONValue) -> [String]? {
        switch value {
        case .null:
            return []
        case .string(let text):
            var names: [String] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let name = part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
                guard !name.isEmpty, !name.contains(where: { " !&|()\t\r\n".contains($0) }) else { return nil }
                if !names.contains(String(name)) { names.append(String(name)) }
            }
            return names
        case .number, .bool:
            return [value.canonicalText]
        case .array(let elements):
            var names: [String] = []
            for element in elements {
                guard element.arrayValue == nil, let inner = Self.names(in: element) else { return nil }
                names += inner.filter { !names.contains($0) }
            }
            return names
        case .object:
            return nil
        }
    }
}
