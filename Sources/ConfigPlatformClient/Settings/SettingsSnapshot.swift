import ConfigPlatformModel
public import Foundation

/// What one environment's settings were at one revision: whole, and for ever the same.
///
/// Keys are dotted paths such as `checkout.timeout`; a segment with other characters than letters, digits, `_` and `-`
/// stands between double quotes. A key may also lead into the value of a setting, or to the beginning of several, which
/// read as an object.
///
/// Each type can be read in two ways. `try snapshot.int("checkout.timeout")` throws if the setting is missing or of
/// another type; `snapshot.int("checkout.timeout", default: 2000)` answers with the default in both cases.
public struct SettingsSnapshot: Sendable {
    /// Where a snapshot came from.
    public typealias Source = SnapshotSource

    private let followed: Followed<SettingsDocument>

    init(_ followed: Followed<SettingsDocument>) {
        self.followed = followed
    }

    /// The project it belongs to.
    public var project: String { followed.place.project.rawValue }
    /// The environment it belongs to.
    public var environment: String { followed.place.environment.rawValue }
    /// Where it came from.
    public var source: Source { followed.source }
    /// The revision up to which it is known to be true; 0 if there is none yet.
    public var revision: Int64 { token?.revision.number ?? 0 }
    /// The strong entity tag of its document: equal tags, equal settings.
    public var entityTag: String { followed.entityTag }
    /// Whether there is any snapshot yet.
    public var isLoaded: Bool { followed.isLoaded }

    var document: SettingsDocument { followed.content }
    var token: RevisionToken? { followed.token }

    /// The keys of all values, down to those that are no objects, in canonical order.
    public var keys: [String] {
        document.leaves.map { Self.text(of: $0.path) }
    }

    /// The whole document as canonical JSON (RFC 8785).
    public var jsonText: String { String(decoding: document.bytes, as: UTF8.self) }

    /// The value of a setting, of a part of one, or of all below a key; nil if there is none, or the text is no key.
    public subscript(key: String) -> SettingValue? {
        (try? Self.path(of: key)).flatMap { document.value(at: $0) }.map { SettingValue($0) }
    }

    /// Whether there is a value.
    public func contains(_ key: String) -> Bool { self[key] != nil }

    /// The value of a setting, whatever its type.
    public func value(_ key: String) throws(SettingError) -> SettingValue {
        guard let value = document.value(at: try Self.path(of: key)) else {
            throw .missing(key: key, environment: environment)
        }
        return SettingValue(value)
    }

    /// A string.
    public func string(_ key: String) throws(SettingError) -> String {
        let value = try value(key)
        return try Self.typed(value.string, "a string", value, key)
    }

    /// A string, or the default if there is none.
    public func string(_ key: String, default fallback: String) -> String { self[key]?.string ?? fallback }

    /// A whole number.
    public func int(_ key: String) throws(SettingError) -> Int {
        let value = try value(key)
        return try Self.typed(value.int, "an integer", value, key)
    }

    /// A whole number, or the default if there is none.
    public func int(_ key: String, default fallback: Int) -> Int { self[key]?.int ?? fallback }

    /// A number.
    public func double(_ key: String) throws(SettingError) -> Double {
        let value = try value(key)
        return try Self.typed(value.double, "a number", value, key)
    }

    /// A number, or the default if there is none.
    public func double(_ key: String, default fallback: Double) -> Double { self[key]?.double ?? fallback }

    /// A boolean.
    public func bool(_ key: String) throws(SettingError) -> Bool {
        let value = try value(key)
        return try Self.typed(value.bool, "a boolean", value, key)
    }

    /// A boolean, or the default if there is none.
    public func bool(_ key: String, default fallback: Bool) -> Bool { self[key]?.bool ?? fallback }

    /// The elements of an array.
    public func array(_ key: String) throws(SettingError) -> [SettingValue] {
        let value = try value(key)
        return try Self.typed(value.array, "an array", value, key)
    }

    /// The elements of an array, or the default if there is none.
    public func array(_ key: String, default fallback: [SettingValue]) -> [SettingValue] {
        self[key]?.array ?? fallback
    }

    /// The members of an object, or the settings below a key.
    public func object(_ key: String) throws(SettingError) -> [String: SettingValue] {
        let value = try value(key)
        return try Self.typed(value.object, "an object", value, key)
    }

    /// The members of an object, or the default if there is none.
    public func object(_ key: String, default fallback: [String: SettingValue]) -> [String: SettingValue] {
        self[key]?.object ?? fallback
    }

    /// What stands at a key, or the whole document, as a type of yours. Throws ``SettingError`` if there is nothing,
    /// and `DecodingError` if it is something else.
    ///
    /// ```swift
    /// struct Checkout: Decodable { var timeout: Int; var currencies: [String] }
    /// let checkout = try snapshot.decode(Checkout.self, at: "checkout")
    /// ```
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, at key: String? = nil, using decoder: JSONDecoder = JSONDecoder()
    ) throws -> Value {
        let value = try key.map { try self.value($0) } ?? SettingValue(.object(document.root))
        return try value.decode(type, using: decoder)
    }

    private static func typed<Value>(
        _ value: Value?, _ expected: String, _ found: SettingValue, _ key: String
    ) throws(SettingError) -> Value {
        guard let value else { throw .wrongType(key: key, expected: expected, found: found.kind) }
        return value
    }

    /// The segments of a key. One without quotes is only divided: what could not be a key then has no value either.
    static func path(of key: String) throws(SettingError) -> [String] {
        if !key.utf8.contains(UInt8(ascii: "\"")), !key.isEmpty {
            return key.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
                String(Substring($0))
            }
        }
        do throws(InvalidIdentifier) {
            return try ConfigKey(parsing: key).segments
        } catch {
            throw .invalidKey(key, reason: error.message)
        }
    }

    static func text(of path: [String]) -> String {
        (try? ConfigKey(segments: path))?.text ?? path.joined(separator: ".")
    }
}

extension SettingsSnapshot: CustomStringConvertible {
    /// Which settings, never their values.
    public var description: String { "settings of \(project)/\(environment) at revision \(revision) (\(source))" }
}

/// From one snapshot to the next that was looked at.
public struct SettingsChange: Sendable {
    /// What was read before.
    public let before: SettingsSnapshot
    /// What is read now.
    public let after: SettingsSnapshot
    /// The keys whose values differ, in canonical order. An object whose members differ is named by those members.
    public let keys: [String]

    init(from before: SettingsSnapshot, to after: SettingsSnapshot) {
        self.before = before
        self.after = after
        keys = SettingsDocument.differences(before.document, after.document).map { SettingsSnapshot.text(of: $0) }
    }

    /// Whether the value at a key, or any below it, differs.
    public func affects(_ key: String) -> Bool { before[key] != after[key] }
}

extension ClientState where Content == SettingsDocument {
    var snapshot: SettingsSnapshot { SettingsSnapshot(followed) }
}
