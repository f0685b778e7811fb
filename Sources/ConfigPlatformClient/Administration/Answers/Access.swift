package import ConfigPlatformModel

/// A role somewhere, as a token has it.
package struct GrantView: WireReadable {
    package let role: String
    /// Nil for the whole platform.
    package let project: String?
    /// Empty for all.
    package let environments: [String]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        role = try wire.string("role")
        project = wire.optionalString("project")
        environments = wire.strings("environments")
    }
}

/// An access token or a session, without its secret.
package struct TokenView: WireReadable {
    package let id: String
    package let name: String
    package let purpose: String?
    /// Whose a personal token or a session is.
    package let owner: String?
    /// Empty for a session, which may do what its owner may.
    package let grants: [GrantView]
    package let lastUsedAt: String?
    package let createdAt: String?
    package let createdBy: String?
    package let expiresAt: String?
    package let revokedAt: String?
    package let isLive: Bool

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        id = try wire.string("id")
        name = try wire.string("name")
        purpose = wire.optionalString("purpose")
        owner = wire.optionalString("owner")
        grants = wire.json["grants"]?.arrayValue == nil ? [] : try wire.many("grants")
        lastUsedAt = wire.optionalString("lastUsedAt")
        createdAt = wire.optionalString("createdAt")
        createdBy = wire.optionalString("createdBy")
        expiresAt = wire.optionalString("expiresAt")
        revokedAt = wire.optionalString("revokedAt")
        isLive = wire.bool("live", default: revokedAt == nil)
    }
}

/// A token that was just made, with its secret, which is shown this once.
package struct NewToken: WireReadable {
    package let id: String
    package let name: String
    package let secret: String
    package let expiresAt: String?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        id = try wire.string("id")
        name = try wire.string("name")
        secret = try wire.string("token")
        expiresAt = wire.optionalString("expiresAt")
    }
}

package struct AuditEventView: WireReadable {
    package let sequence: Int64
    package let occurredAt: String
    package let actor: String
    package let action: String
    package let target: String
    package let outcome: String
    package let revision: Int64?
    package let sourceAddress: String?
    package let detail: JSONValue?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        sequence = try wire.int("sequence")
        occurredAt = try wire.string("occurredAt")
        actor = try wire.string("actor")
        action = try wire.string("action")
        target = try wire.string("target")
        outcome = try wire.string("outcome")
        revision = wire.optionalInt("revision")
        sourceAddress = wire.optionalString("sourceAddress")
        detail = wire.json["detail"]
    }
}
