package import ConfigPlatformModel

/// A role: what whoever has it may do. The revision is nil for those that are always there.
package struct RoleView: WireReadable {
    package let name: String
    package let description: String
    package let permissions: [JSONValue]
    package let isBuiltIn: Bool
    package let revision: Int64?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        description = wire.optionalString("description") ?? ""
        permissions = wire.json["permissions"]?.arrayValue ?? []
        isBuiltIn = wire.bool("builtIn", default: false)
        revision = wire.optionalInt("revision")
    }
}

/// A group of the platform's own.
package struct GroupView: WireReadable {
    package let name: String
    package let description: String
    package let members: [String]
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        description = wire.optionalString("description") ?? ""
        members = wire.strings("members")
        revision = try wire.int("revision")
    }
}

/// Somebody whom the platform knows.
package struct IdentityView: WireReadable {
    package let name: String
    package let displayName: String
    /// What its issuer said of it when it last signed in.
    package let groups: [String]
    package let isDisabled: Bool
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        displayName = wire.optionalString("displayName") ?? ""
        groups = wire.strings("groups")
        isDisabled = wire.bool("disabled", default: false)
        revision = try wire.int("revision")
    }
}

/// Whose tokens are believed.
package struct IssuerView: WireReadable {
    package let name: String
    package let url: String
    package let vouchesFor: String
    package let audiences: [String]
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        url = try wire.string("url")
        vouchesFor = try wire.string("vouchesFor")
        audiences = wire.strings("audiences")
        revision = try wire.int("revision")
    }
}

/// Who has which role there.
package struct BindingView: WireReadable {
    package let name: String
    package let subject: String
    package let role: String
    /// Empty for all.
    package let environments: [String]
    package let expiresAt: String?
    package let description: String
    package let isBreakGlass: Bool
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        subject = try wire.string("subject")
        role = try wire.string("role")
        environments = wire.strings("environments")
        expiresAt = wire.optionalString("expiresAt")
        description = wire.optionalString("description") ?? ""
        isBreakGlass = wire.bool("breakGlass", default: false)
        revision = try wire.int("revision")
    }
}

/// What a change of a protected environment needs.
package struct ProtectionView: WireReadable {
    package let approvals: Int64
    /// Empty for all who may approve there.
    package let approvers: [String]
    package let allowsSelfApproval: Bool
    package let allowsEmergencyRollback: Bool
    package let unapprovedKeys: Int64
    package let requiredSchemas: [String]
    package let requiredValidators: [String]
    package let freezes: [JSONValue]
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        approvals = try wire.int("approvals")
        approvers = wire.strings("approvers")
        allowsSelfApproval = wire.bool("selfApproval", default: false)
        allowsEmergencyRollback = wire.bool("emergencyRollback", default: false)
        unapprovedKeys = wire.optionalInt("unapprovedKeys") ?? 0
        requiredSchemas = wire.strings("requiredSchemas")
        requiredValidators = wire.strings("requiredValidators")
        freezes = wire.json["freezes"]?.arrayValue ?? []
        revision = try wire.int("revision")
    }
}

/// A rule that allows or denies something, and where it comes from.
package struct AccessRuleView: WireReadable {
    package let effect: String
    package let actions: [String]
    /// Empty for all; so the others.
    package let projects: [String]
    package let environments: [String]
    package let kinds: [String]
    package let keys: [String]
    package let tags: [String]
    package let role: String
    /// Nil for what a token was granted when it was made.
    package let binding: String?
    /// Nil for a binding of the platform.
    package let bindingProject: String?
    package let subject: String?
    package let expiresAt: String?
    package let isBreakGlass: Bool

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        effect = try wire.string("effect")
        actions = wire.strings("actions")
        projects = wire.strings("projects")
        environments = wire.strings("environments")
        kinds = wire.strings("kinds")
        keys = wire.strings("keys")
        tags = wire.strings("tags")
        role = try wire.string("role")
        binding = wire.optionalString("binding")
        bindingProject = wire.optionalString("bindingProject")
        subject = wire.optionalString("subject")
        expiresAt = wire.optionalString("expiresAt")
        isBreakGlass = wire.bool("breakGlass", default: false)
    }
}

/// Whether somebody may do something, and why.
package struct AccessVerdictView: WireReadable {
    package let subject: String
    package let owner: String?
    package let action: String
    package let isAllowed: Bool
    package let isDisabled: Bool
    /// Those that deny first.
    package let because: [AccessRuleView]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        subject = try wire.string("subject")
        owner = wire.optionalString("owner")
        action = try wire.string("action")
        isAllowed = wire.bool("allowed", default: false)
        isDisabled = wire.bool("disabled", default: false)
        because = try wire.many("because")
    }
}

/// Everybody who may do something.
package struct AccessHoldersView: WireReadable {
    package struct Holder: WireReadable {
        package let subject: String
        package let because: [AccessRuleView]

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            subject = try wire.string("subject")
            because = try wire.many("because")
        }
    }

    package let action: String
    package let subjects: [Holder]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        action = try wire.string("action")
        subjects = try wire.many("subjects")
    }
}

/// Everything that somebody may and may not do.
package struct AccessRulesView: WireReadable {
    package let subject: String
    package let owner: String?
    package let isDisabled: Bool
    package let rules: [AccessRuleView]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        subject = try wire.string("subject")
        owner = wire.optionalString("owner")
        isDisabled = wire.bool("disabled", default: false)
        rules = try wire.many("rules")
    }
}

/// The rights that were taken in an emergency.
package struct BreakGlassView: WireReadable {
    package let binding: String
    package let subject: String
    package let role: String
    package let expiresAt: String

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        binding = try wire.string("binding")
        subject = try wire.string("subject")
        role = try wire.string("role")
        expiresAt = try wire.string("expiresAt")
    }
}
