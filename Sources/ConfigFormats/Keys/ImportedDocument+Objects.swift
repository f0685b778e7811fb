package import ConfigPlatformModel

extension ImportedDocument {
    /// The document as it is for an environment that reads objects as the values of these keys.
    ///
    /// What the file says below such a key is the key's value, one object, whole: one setting, with the place of the first of its members.
    /// From a format that has texts only (`isOfTexts`), a text at such a key that reads as a JSON object is that object. References stay
    /// references: where a member has live ones, all of the value is live, and every other `${` in it is escaped.
    package func gathering(_ keys: Set<ConfigKey>, isOfTexts: Bool) -> ImportedDocument {
        guard !keys.isEmpty else { return self }
        var result = self
        result.settings = []
        var objects: [(key: ConfigKey, index: Int)] = []
        var members: [ConfigKey: [ImportedSetting]] = [:]
        for setting in settings {
            if let key = setting.key.strictPrefixes.first(where: { keys.contains($0) }) {
                if members[key] == nil {
                    objects.append((key, result.settings.count))
                    result.settings.append(setting)
                }
                members[key, default: []].append(setting)
            } else {
                let isText = isOfTexts && setting.value.stringValue != nil
                result.settings.append(isText && keys.contains(setting.key) ? setting.asObject : setting)
            }
        }
        for (key, index) in objects { result.settings[index].become(key, of: members[key] ?? []) }
        return result
    }
}

extension ImportedSetting {
    /// With the JSON object that the text is, where it is one.
    fileprivate var asObject: ImportedSetting {
        guard let text = value.stringValue, let object = try? JSONValue(parsing: text), object.objectValue != nil else {
            return self
        }
        var setting = self
        setting.value = object
        return setting
    }

    /// Makes this first of the members the object that they are.
    fileprivate mutating func become(_ key: ConfigKey, of members: [ImportedSetting]) {
        let isLive = members.contains(where: \.hasLiveReferences)
        let paths = members.sorted { $0.key < $1.key }.map { member in
            (
                segments: member.key.segments,
                value: isLive && !member.hasLiveReferences ? LiveText.escaped(member.value) : member.value
            )
        }
        self.key = key
        value = .object(SettingDocument.nested(paths[...], depth: key.segments.count))
        hasLiveReferences = isLive
    }
}

extension ConfigFormat {
    /// Whether the format has numbers, objects and the like beside texts.
    package var hasTypes: Bool {
        switch self {
        case .json, .yaml, .toml: true
        case .dotenv, .properties: false
        }
    }
}
