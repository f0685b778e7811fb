package import ConfigPlatformModel
public import Foundation

/// A value of a setting: any JSON, with integers and decimals kept exactly.
public struct SettingValue: Hashable, Sendable {
    package let json: JSONValue

    package init(_ json: JSONValue) {
        self.json = json
    }

    /// Whether it is `null`, which is a value and not the absence of one.
    public var isNull: Bool { json.isNull }

    /// The text of a string; nil for anything else.
    public var string: String? { json.stringValue }

    /// The number, if it is whole and fits.
    public var int: Int? { json.int64Value.flatMap { Int(exactly: $0) } }

    /// The nearest double to a number; nil if it is beyond them.
    public var double: Double? {
        guard let double = json.numberValue?.double, double.isFinite else { return nil }
        return double
    }

    /// `true` or `false`; nil for anything else: neither `0` nor `"true"` counts.
    public var bool: Bool? { json.boolValue }

    /// The elements of an array.
    public var array: [SettingValue]? { json.arrayValue?.map { SettingValue($0) } }

    /// The members of an object. Of two names that Unicode holds for one (a precomposed and a decomposed letter), the
    /// dictionary has the later.
    public var object: [String: SettingValue]? {
        json.objectValue.map { object in
            Dictionary(object.map { ($0.name, SettingValue($0.value)) }) { _, later in later }
        }
    }

    /// The value as canonical JSON (RFC 8785).
    public var jsonText: String { json.canonicalText }

    /// The value as a type of yours. Throws `DecodingError`.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, using decoder: JSONDecoder = JSONDecoder()
    ) throws -> Value {
        try decoder.decode(type, from: Data(json.canonicalBytes()))
    }

    /// What kind of JSON it is, for messages.
    var kind: String {
        switch json {
        case .null: "null"
        case .bool: "a boolean"
        case .number(let number): number.int64 == nil ? "a number" : "an integer"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension SettingValue: CustomStringConvertible {
    /// The value as canonical JSON.
    public var description: String { jsonText }
}

/// Why a setting cannot be read as asked.
public enum SettingError: Error, Hashable, Sendable {
    /// The environment has no setting of that key.
    case missing(key: String, environment: String)
    /// The setting's value is of another type.
    case wrongType(key: String, expected: String, found: String)
    /// The text is not a key.
    case invalidKey(String, reason: String)
}

extension SettingError: CustomStringConvertible {
    /// A sentence.
    public var description: String {
        switch self {
        case .missing(let key, let environment): "There is no setting '\(key)' in environment '\(environment)'."
        case .wrongType(let key, let expected, let found): "The setting '\(key)' is \(found), not \(expected)."
        case .invalidKey(_, let reason): reason
        }
    }
}
