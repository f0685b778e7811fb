import ConfigPlatformModel

/// `GET /whoami`.
package struct CallerView: WireReadable {
    package let principal: String
    /// Whose a personal token or a session is.
    package let owner: String?
    package let groups: [String]
    package let purpose: String?
    /// The id of the token or session.
    package let credential: String?
    package let expiresAt: String?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        principal = try wire.string("principal")
        owner = wire.optionalString("owner")
        groups = wire.strings("groups")
        purpose = wire.optionalString("purpose")
        credential = wire.optionalString("credential")
        expiresAt = wire.optionalString("expiresAt")
    }
}

/// A project, in a list or by itself; what only the one or the other has is nil in the other.
package struct ProjectView: WireReadable {
    package let name: String
    package let description: String
    package let revision: Int64
    package let environmentCount: Int
    package let environments: [String]?
    /// Own settings of all its environments.
    package let settings: Int64?
    package let sizeBytes: Int64?
    /// What becomes of values that look like credentials: `warn` or `refuse`.
    package let plaintextSecrets: String?
    /// All that quotas count; nil for who may not read all of it.
    package let items: Int64?
    package let bytes: Int64?
    package let changesToday: Int64?
    /// By their names on the wire.
    package let quotas: [String: Int64]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        description = wire.optionalString("description") ?? ""
        revision = try wire.int("revision")
        let names = wire.json["environments"]?.arrayValue?.compactMap(\.stringValue)
        environments = names
        environmentCount = names?.count ?? wire.optionalInt("environments").map { Int($0) } ?? 0
        settings = wire.optionalInt("settings")
        sizeBytes = wire.optionalInt("sizeBytes")
        plaintextSecrets = wire.optionalString("plaintextSecrets")
        items = wire.json["size"]?["items"]?.int64Value
        bytes = wire.json["size"]?["bytes"]?.int64Value
        changesToday = wire.optionalInt("changesToday")
        var quotas: [String: Int64] = [:]
        for (name, number) in wire.json["quotas"]?.objectValue ?? [:] { quotas[name] = number.int64Value }
        self.quotas = quotas
    }
}

/// An environment, in a list or by itself.
package struct EnvironmentView: WireReadable {
    package let name: String
    package let inherits: [String]
    /// Whether no program reads it.
    package let isAbstract: Bool
    package let description: String
    package let revision: Int64
    /// Lowest first, the environment itself last.
    package let layers: [String]
    /// After inheritance.
    package let settings: Int64?
    package let own: Int64?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        inherits = wire.strings("inherits")
        isAbstract = wire.bool("abstract", default: false)
        description = wire.optionalString("description") ?? ""
        revision = try wire.int("revision")
        layers = wire.strings("layers")
        settings = wire.optionalInt("settings")
        own = wire.optionalInt("own")
    }
}
