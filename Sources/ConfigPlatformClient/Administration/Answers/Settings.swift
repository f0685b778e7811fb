package import ConfigPlatformModel

/// A setting as an environment reads it, and where it comes from.
package struct SettingView: WireReadable {
    package let key: String
    /// References resolved.
    package let value: JSONValue
    /// The layer whose value it is.
    package let origin: String
    /// The revision that last wrote it there.
    package let revision: Int64
    package let references: String?
    /// What was written, where references made something else of it.
    package let raw: JSONValue?
    package let description: String?
    package let tags: [String]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        key = try wire.string("key")
        value = wire.json["value"] ?? .null
        let origin = wire.json["origin"].map { WireReader($0) } ?? wire
        self.origin = try origin.string("environment")
        revision = try origin.int("revision")
        references = wire.optionalString("references")
        raw = wire.json["raw"]
        description = wire.optionalString("description")
        tags = wire.strings("tags")
    }
}

/// An environment's settings with their origins.
package struct SettingsListing: WireReadable {
    package let environment: String
    package let revision: Int64
    package let settings: [SettingView]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        environment = try wire.string("environment")
        revision = try wire.int("revision")
        settings = try wire.many("settings")
    }
}

/// What an environment itself has for a key.
package enum OwnValue: Hashable, Sendable {
    case value(JSONValue)
    /// The key is masked.
    case unset
    /// There is nothing of its own.
    case absent

    init(_ json: JSONValue) {
        if json["unset"]?.boolValue == true {
            self = .unset
        } else if json["deleted"]?.boolValue == true {
            self = .absent
        } else {
            self = json["value"].map { .value($0) } ?? .absent
        }
    }
}

/// One version of a setting of an environment.
package struct HistoryEntry: WireReadable {
    package let revision: Int64
    package let value: OwnValue
    package let author: String
    package let committedAt: String
    package let message: String

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        revision = try wire.int("revision")
        value = OwnValue(wire.json)
        author = try wire.string("author")
        committedAt = try wire.string("committedAt")
        message = wire.optionalString("message") ?? ""
    }
}

/// A setting that a search found.
package struct SearchHitView: WireReadable {
    package let environment: String
    package let key: String
    package let value: OwnValue
    package let revision: Int64
    package let description: String?
    package let tags: [String]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        environment = try wire.string("environment")
        key = try wire.string("key")
        value = OwnValue(wire.json)
        revision = try wire.int("revision")
        description = wire.optionalString("description")
        tags = wire.strings("tags")
    }
}

/// What is said about a key, for all environments.
package struct DefinitionView: WireReadable {
    package let key: String
    package let description: String
    package let tags: [String]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        key = try wire.string("key")
        description = wire.optionalString("description") ?? ""
        tags = wire.strings("tags")
    }
}
