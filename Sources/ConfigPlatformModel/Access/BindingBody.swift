/// The body of a binding's item: who has which role there. `{"breakGlass": true, "description": …, "environments": […], "expiresAt": …,
/// "role": …, "subject": …}`, of which `role` and `subject` are needed.
///
/// A binding of the platform holds everywhere, one of a project in the project, and where it names environments in those alone.
package struct BindingBody: Hashable, Sendable {
    /// An identity (`user:corp/ada@example.com`), a group (`group:corp/sre`), or where it is one of `workload:` or `certificate:` and ends
    /// with `*`, all that begin so.
    package let subject: Principal
    package let role: RoleName
    package let environments: [EnvironmentName]?
    package let expiresAt: Timestamp?
    /// Why there is the binding; needed where glass was broken.
    package let description: String
    /// Whether the glass was broken for it: while it holds, its subject's changes need no approval there.
    package let isBreakGlass: Bool

    package init(
        subject: Principal, role: RoleName, environments: [EnvironmentName]? = nil, expiresAt: Timestamp? = nil,
        description: String = "", isBreakGlass: Bool = false
    ) throws(Problem) {
        try ItemText.checkLength(description, named: "description")
        guard subject.canBeBound else {
            throw Problem(
                .invalidRequest,
                "'\(subject.rawValue)' cannot be bound to a role: name a user:, group:, workload: or certificate:. What a token may do is "
                    + "said when it is made.", at: ["subject"])
        }
        try ItemText.checkNotEmpty(environments, named: "environments")
        if isBreakGlass, expiresAt == nil || description.isEmpty {
            throw Problem(
                .invalidRequest, "Who breaks the glass says why, as 'description', and until when, as 'expiresAt'.",
                at: ["breakGlass"])
        }
        self.subject = subject
        self.role = role
        self.environments = environments.map { Array(Set($0)).sorted() }
        self.expiresAt = expiresAt
        self.description = description
        self.isBreakGlass = isBreakGlass
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a binding")
        try self.init(
            subject: try ItemText.required(members["subject"], named: "subject", "such as \"group:corp/sre\"") {
                text throws(InvalidIdentifier) in try Principal(parsing: text)
            },
            role: try ItemText.required(members["role"], named: "role", "such as \"operator\"") {
                text throws(InvalidIdentifier) in try RoleName(parsing: text)
            },
            environments: try members["environments"].map { list throws(Problem) in try ItemText.environments(list) },
            expiresAt: try ItemText.time(members["expiresAt"], named: "expiresAt"),
            description: try ItemText.text(members["description"], named: "description"),
            isBreakGlass: try ItemText.flag(members["breakGlass"], named: "breakGlass"))
    }

    package static let members: Set<String> = [
        "breakGlass", "description", "environments", "expiresAt", "role", "subject",
    ]

    package var json: JSONValue {
        var members: JSONObject = ["role": .string(role.rawValue), "subject": .string(subject.rawValue)]
        if isBreakGlass { members["breakGlass"] = true }
        if !description.isEmpty { members["description"] = .string(description) }
        members["environments"] = environments.map { .array($0.map { .string($0.rawValue) }) }
        members["expiresAt"] = expiresAt.map { .string($0.text) }
        return .object(members)
    }
}

/// A role that a token has: there, and nowhere else. `{"environments": […], "project": …, "role": …}`.
package struct Grant: Hashable, Sendable {
    package let role: RoleName
    /// Nil for the whole platform.
    package let project: ProjectName?
    /// Nil for all; only within a project.
    package let environments: [EnvironmentName]?

    package init(role: RoleName, project: ProjectName? = nil, environments: [EnvironmentName]? = nil) throws(Problem) {
        if let environments {
            guard project != nil else {
                throw Problem(.invalidRequest, "Environments belong to a project; name it too.")
            }
            try ItemText.checkNotEmpty(environments, named: "environments")
        }
        self.role = role
        self.project = project
        self.environments = environments.map { Array(Set($0)).sorted() }
    }

    private init(everywhere role: RoleName) {
        self.role = role
        project = nil
        environments = nil
    }

    /// Everything there is to be allowed.
    package static let everything = Grant(everywhere: .administrator)

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: ["environments", "project", "role"], what: "a grant")
        try self.init(
            role: try ItemText.required(members["role"], named: "role", "such as \"viewer\"") {
                text throws(InvalidIdentifier) in try RoleName(parsing: text)
            },
            project: try members["project"].map { value throws(Problem) in
                try ItemText.required(value, named: "project", "a name") { text throws(InvalidIdentifier) in
                    try ProjectName(parsing: text)
                }
            },
            environments: try members["environments"].map { list throws(Problem) in try ItemText.environments(list) })
    }

    package var json: JSONValue {
        var members: JSONObject = ["role": .string(role.rawValue)]
        members["project"] = project.map { .string($0.rawValue) }
        members["environments"] = environments.map { .array($0.map { .string($0.rawValue) }) }
        return .object(members)
    }
}

extension Principal {
    package enum Realm: String, CaseIterable, Sendable {
        case user, group, workload, certificate, token
    }

    /// What the principal is, by what stands before its first colon.
    package var realm: Realm? {
        rawValue.firstIndex(of: ":").flatMap { Realm(rawValue: String(rawValue[..<$0])) }
    }

    /// What stands after the first colon.
    package var name: Substring {
        rawValue.firstIndex(of: ":").map { rawValue[rawValue.index(after: $0)...] } ?? rawValue[...]
    }

    /// The name of the issuer that vouches for it, where it is one of an issuer.
    package var issuer: Substring? {
        guard let realm, [.user, .group, .workload].contains(realm) else { return nil }
        let name = name
        return name.firstIndex(of: "/").map { name[..<$0] }
    }

    package var isPattern: Bool {
        rawValue.hasSuffix("*") && (realm == .workload || realm == .certificate)
    }

    var canBeBound: Bool {
        guard let realm, realm != .token, !name.isEmpty else { return false }
        // A pattern without an issuer would be for whoever any issuer vouches for.
        if isPattern, realm == .workload { return issuer.map { !$0.contains("*") && !$0.isEmpty } ?? false }
        return !isPattern || name.utf8.count > 1
    }

    /// Whether a binding of this subject is one of that principal.
    package func binds(_ other: Principal) -> Bool {
        isPattern
            ? other.realm == realm && other.rawValue.utf8.starts(with: rawValue.utf8.dropLast())
            : self == other
    }
}
