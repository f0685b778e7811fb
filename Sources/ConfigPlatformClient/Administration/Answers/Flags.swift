package import ConfigPlatformModel

/// What a flag is; read by itself also how it stands in each environment.
package struct FlagView: WireReadable {
    package let key: String
    package let revision: Int64
    package let type: String
    package let variants: JSONObject
    package let defaultVariant: String?
    package let lifecycle: String
    package let description: String?
    package let owner: String?
    package let tags: [String]
    package let purpose: String?
    package let expectedLifetimeDays: Int64?
    package let environments: [FlagStandingView]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        key = try wire.string("key")
        revision = try wire.int("revision")
        type = try wire.string("type")
        variants = wire.json["variants"]?.objectValue ?? [:]
        defaultVariant = wire.optionalString("defaultVariant")
        lifecycle = wire.optionalString("lifecycle") ?? "active"
        description = wire.optionalString("description")
        owner = wire.optionalString("owner")
        tags = wire.strings("tags")
        purpose = wire.optionalString("purpose")
        expectedLifetimeDays = wire.optionalInt("expectedLifetimeDays")
        environments = wire.json["environments"]?.arrayValue == nil ? [] : try wire.many("environments")
    }
}

/// What becomes of a flag in an environment, in a few words.
package struct FlagStandingView: WireReadable {
    /// Nil in a list of the environment's flags.
    package let environment: String?
    /// In a list of the environment's flags alone, as are ``type`` and ``lifecycle``.
    package let key: String?
    package let type: String?
    package let lifecycle: String?
    /// Nil for a flag that is archived, and where not all of it may be seen.
    package let state: String?
    package let defaultVariant: String?
    package let isRuled: Bool
    package let rollout: String?
    package let isKilled: Bool

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        environment = wire.optionalString("environment")
        key = wire.optionalString("key")
        type = wire.optionalString("type")
        lifecycle = wire.optionalString("lifecycle")
        state = wire.optionalString("state")
        defaultVariant = wire.optionalString("defaultVariant")
        isRuled = wire.bool("ruled", default: false)
        rollout = wire.optionalString("rollout")
        isKilled = wire.bool("killed", default: false)
    }
}

/// Everything that counts for a flag in an environment.
package struct EnvironmentFlagView: WireReadable {
    package let standing: FlagStandingView
    package let rule: SaidOfFlagView?
    package let rollout: SaidOfFlagView?
    package let kill: SaidOfFlagView?
    /// In flagd's format.
    package let definition: JSONValue?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        // Here the rollout is told whole.
        var summary = wire.json.objectValue ?? [:]
        summary["rollout"] = nil
        standing = try FlagStandingView(WireReader(.object(summary)))
        func said(_ name: String) throws(ConfigPlatformError) -> SaidOfFlagView? {
            guard let json = wire.json[name] else { return nil }
            return try SaidOfFlagView(WireReader(json))
        }
        rule = try said("rule")
        rollout = try said("rollout")
        kill = try said("kill")
        definition = wire.json["definition"]
    }
}

/// A rule, a rollout or a kill, with where and when it was said.
package struct SaidOfFlagView: WireReadable {
    /// Without its origin.
    package let body: JSONObject
    package let environment: String
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        var body = wire.json.objectValue ?? [:]
        body["origin"] = nil
        self.body = body
        let origin = WireReader(wire.json["origin"] ?? .null)
        environment = try origin.string("environment")
        revision = try origin.int("revision")
    }
}

/// One step in the history of an item of flags.
package struct FlagVersionView: WireReadable {
    package let kind: String
    package let revision: Int64
    package let committedAt: String
    package let author: String
    package let message: String
    /// Nil where the item was deleted.
    package let value: JSONValue?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        kind = try wire.string("kind")
        revision = try wire.int("revision")
        committedAt = try wire.string("committedAt")
        author = try wire.string("author")
        message = wire.optionalString("message") ?? ""
        value = wire.json["value"]
    }
}

/// A group of contexts; in a list without who is in it.
package struct SegmentView: WireReadable {
    package let name: String
    package let revision: Int64
    package let description: String?
    /// Without name, revision and what uses it.
    package let body: JSONObject
    package let flags: [String]
    package let segments: [String]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        revision = try wire.int("revision")
        description = wire.optionalString("description")
        var body = wire.json.objectValue ?? [:]
        for member in ["name", "revision", "usedBy"] { body[member] = nil }
        self.body = body
        let users = WireReader(wire.json["usedBy"] ?? .null)
        flags = users.strings("flags")
        segments = users.strings("segments")
    }
}
