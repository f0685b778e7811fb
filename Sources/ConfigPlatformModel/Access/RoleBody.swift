/// What a role allows or denies: `{"actions": ["read", "write"], "effect": "deny", "environments": […], "keys": […], "kinds": […],
/// "projects": […], "tags": […]}`, of which only `actions` is needed.
package struct Permission: Hashable, Sendable {
    package enum Effect: String, CaseIterable, Sendable {
        case allow
        /// Beats every permission that allows.
        case deny
    }

    package let effect: Effect
    package let actions: ActionSet
    package let pattern: ResourcePattern

    package init(allowing actions: [Action], on pattern: ResourcePattern = .everything) {
        effect = .allow
        self.actions = ActionSet(actions)
        self.pattern = pattern
    }

    package init(denying actions: [Action], on pattern: ResourcePattern = .everything) {
        effect = .deny
        self.actions = ActionSet(actions)
        self.pattern = pattern
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a permission")
        guard let actions = try ItemText.choices(members["actions"], named: "actions", of: Action.self),
            !actions.isEmpty
        else {
            throw Problem(
                .invalidRequest, "'actions' is missing: what the permission is to do, such as [\"read\"].",
                at: members["actions"] == nil ? [] : ["actions"], keyword: "required")
        }
        self.actions = ActionSet(actions)
        effect = try ItemText.choice(members["effect"], named: "effect", of: Effect.self) ?? .allow
        var pattern = ResourcePattern()
        pattern.projects = try ItemText.identifiers(members["projects"], named: "projects") {
            text throws(InvalidIdentifier) in try NamePattern(parsing: text)
        }
        pattern.environments = try ItemText.identifiers(members["environments"], named: "environments") {
            text throws(InvalidIdentifier) in try NamePattern(parsing: text)
        }
        pattern.kinds = try ItemText.choices(members["kinds"], named: "kinds", of: Kind.self).map { Set($0) }
        pattern.keys = try ItemText.identifiers(members["keys"], named: "keys") { text throws(InvalidIdentifier) in
            try ConfigKey(parsing: text)
        }
        pattern.tags = try ItemText.identifiers(members["tags"], named: "tags") { text throws(InvalidIdentifier) in text
        }
        for (name, isEmpty) in [
            ("projects", pattern.projects?.isEmpty), ("environments", pattern.environments?.isEmpty),
            ("kinds", pattern.kinds?.isEmpty), ("keys", pattern.keys?.isEmpty), ("tags", pattern.tags?.isEmpty),
        ] where isEmpty == true {
            throw Problem(
                .invalidRequest, "'\(name)' of a permission names at least one; leave it out for all.", at: [name],
                keyword: "minItems")
        }
        self.pattern = pattern
    }

    package static let members: Set<String> = [
        "actions", "effect", "environments", "keys", "kinds", "projects", "tags",
    ]

    package var json: JSONValue {
        var members: JSONObject = ["actions": .array(actions.actions.map { .string($0.rawValue) })]
        if effect == .deny { members["effect"] = "deny" }
        members["environments"] = pattern.environments.map { .array($0.map { .string($0.text) }) }
        members["keys"] = pattern.keys.map { .array($0.map { .string($0.text) }) }
        members["kinds"] = pattern.kinds.map { .array($0.map(\.rawValue).sorted().map { .string($0) }) }
        members["projects"] = pattern.projects.map { .array($0.map { .string($0.text) }) }
        members["tags"] = pattern.tags.map { .array($0.map { .string($0) }) }
        return .object(members)
    }
}

/// The body of a role's item: `{"description": …, "permissions": […]}`.
package struct RoleBody: Hashable, Sendable {
    package let description: String
    package let permissions: [Permission]

    package init(description: String = "", permissions: [Permission]) throws(Problem) {
        try ItemText.checkLength(description, named: "description")
        guard (1...Limits.permissionsPerRole).contains(permissions.count) else {
            throw Problem(
                .invalidRequest, "A role has 1 to \(Limits.permissionsPerRole) permissions, not \(permissions.count).",
                at: ["permissions"])
        }
        self.description = description
        self.permissions = permissions
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a role")
        guard let values = members["permissions"]?.arrayValue else {
            throw Problem(
                .invalidRequest, "'permissions' is missing: a list such as [{\"actions\": [\"read\"]}].",
                at: members["permissions"] == nil ? [] : ["permissions"], keyword: "required")
        }
        guard values.count <= Limits.permissionsPerRole else {
            throw Problem(
                .limitExceeded, "A role has at most \(Limits.permissionsPerRole) permissions, not \(values.count).",
                at: ["permissions"], keyword: "maxItems")
        }
        let permissions = try ItemText.elements(values, named: "permissions") { value throws(Problem) in
            try Permission(parsing: value)
        }
        try self.init(
            description: try ItemText.text(members["description"], named: "description"), permissions: permissions)
    }

    package static let members: Set<String> = ["description", "permissions"]

    package var json: JSONValue {
        var members: JSONObject = ["permissions": .array(permissions.map(\.json))]
        if !description.isEmpty { members["description"] = .string(description) }
        return .object(members)
    }

    private init(trusted description: String, _ permissions: [Permission]) {
        self.description = description
        self.permissions = permissions
    }

    /// The roles that are always there. Their names are not to be had for others.
    package static let builtIn: [RoleName: RoleBody] = [
        .administrator: RoleBody(trusted: "May do everything.", [Permission(allowing: Action.allCases)]),
        .operator: RoleBody(
            trusted:
                "Alters settings, schemas, flags and secrets, and approves changes of others; administers nothing.",
            [Permission(allowing: [.read, .write, .approve, .rotate, .evaluate, .kill])]),
        .viewer: RoleBody(trusted: "Sees everything but secrets.", [Permission(allowing: [.read])]),
        .auditor: RoleBody(
            trusted: "Sees everything but secrets, and what everybody did.", [Permission(allowing: [.read, .audit])]),
        .evaluator: RoleBody(
            trusted: "A running program: reads settings and evaluates flags.",
            [
                Permission(allowing: [.read], on: ResourcePattern(kinds: [.setting])),
                Permission(allowing: [.evaluate], on: ResourcePattern(kinds: [.flag])),
            ]),
    ]
}

/// The name of a role: the rule of a project's name.
package struct RoleName: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        rawValue = try NameRule.parse(text, what: "role", allowsAt: false)
    }

    private init(trusted: String) { rawValue = trusted }

    package static let administrator = RoleName(trusted: "administrator")
    package static let `operator` = RoleName(trusted: "operator")
    package static let viewer = RoleName(trusted: "viewer")
    package static let auditor = RoleName(trusted: "auditor")
    package static let evaluator = RoleName(trusted: "evaluator")

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
