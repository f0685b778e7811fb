import ConfigPlatformModel
import Configuration

/// How settings become values of swift-configuration.
struct ProviderReading: Sendable {
    let bytesDecoder: any ConfigBytesFromStringDecoder
    let secrets: ConfigPlatformProvider.Secrets

    /// Throws ``SettingError`` where the value cannot serve as the type.
    func value(forKey key: AbsoluteConfigKey, type: ConfigType, in snapshot: SettingsSnapshot) throws -> LookupResult {
        let encodedKey = SettingsSnapshot.text(of: key.components)
        guard !key.components.isEmpty, let json = snapshot.document.value(at: key.components) else {
            return LookupResult(encodedKey: encodedKey, value: nil)
        }
        let isSecret = secrets.isSecret(key: encodedKey, value: SettingValue(json))
        guard let content = content(json, as: type) else {
            throw SettingError.wrongType(
                key: encodedKey, expected: "convertible to \(type.rawValue)", found: SettingValue(json).kind)
        }
        return LookupResult(encodedKey: encodedKey, value: ConfigValue(content, isSecret: isSecret))
    }

    private func content(_ json: JSONValue, as type: ConfigType) -> ConfigContent? {
        switch type {
        case .string: json.stringValue.map { .string($0) }
        case .int: int(json).map { .int($0) }
        case .double: double(json).map { .double($0) }
        case .bool: bool(json).map { .bool($0) }
        case .bytes: bytes(json).map { .bytes($0) }
        case .stringArray: elements(json) { $0.stringValue }.map { .stringArray($0) }
        case .intArray: elements(json, int).map { .intArray($0) }
        case .doubleArray: elements(json, double).map { .doubleArray($0) }
        case .boolArray: elements(json, bool).map { .boolArray($0) }
        case .byteChunkArray: elements(json, bytes).map { .byteChunkArray($0) }
        }
    }

    private func elements<Element>(_ json: JSONValue, _ element: (JSONValue) -> Element?) -> [Element]? {
        guard let array = json.arrayValue else { return nil }
        let elements = array.compactMap(element)
        return elements.count == array.count ? elements : nil
    }

    private func int(_ json: JSONValue) -> Int? {
        if let text = json.stringValue { return Int(text) }
        return json.int64Value.flatMap { Int(exactly: $0) }
    }

    private func double(_ json: JSONValue) -> Double? {
        if let text = json.stringValue { return Double(text).flatMap { $0.isFinite ? $0 : nil } }
        return SettingValue(json).double
    }

    private func bool(_ json: JSONValue) -> Bool? {
        switch json.stringValue?.lowercased() {
        case "true"?: true
        case "false"?: false
        default: json.boolValue
        }
    }

    private func bytes(_ json: JSONValue) -> [UInt8]? {
        json.stringValue.flatMap { bytesDecoder.decode($0) }
    }
}
