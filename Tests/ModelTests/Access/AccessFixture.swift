@testable import ConfigPlatformModel

/// A platform that the platform itself lays out and that subjects then write to through `decide` alone.
struct AccessFixture {
    private(set) var state = PlatformState.empty
    static let now = AccessUniverse.now

    /// The project `shop`: `base`, and above it `dev` and `production`.
    static func shop() throws -> AccessFixture {
        var fixture = AccessFixture()
        try fixture.lay(
            Operation(.putProject(ProjectBody())), .environment("base"), .environment("dev", inherits: ["base"]),
            .environment("production", inherits: ["base"]), .put("a.b", 1, in: "base"), .put("c", "x", in: "base"),
            .put("dev-only", true, in: "dev"), .put("c", "y", in: "production"), .flag("known"))
        return fixture
    }

    /// Every project of ``AccessUniverse`` with every environment, and a tag or two at some keys.
    static func universe() throws -> AccessFixture {
        var fixture = AccessFixture()
        for project in AccessUniverse.projects {
            try fixture.lay(
                [Operation(.putProject(ProjectBody()))] + AccessUniverse.environments.map { .environment($0) }
                    + [
                        .define("a.b", tags: [AccessUniverse.tags[0], AccessUniverse.tags[2]]),
                        .define("ab", tags: [AccessUniverse.tags[1]]),
                        .define("secret.x", tags: [AccessUniverse.tags[3]]),
                    ], in: project)
        }
        return fixture
    }

    /// As the platform itself, whom nobody has to allow it.
    @discardableResult
    mutating func lay(_ operations: Operation..., in project: ProjectName = "shop") throws -> Decision {
        try lay(operations, in: project)
    }

    @discardableResult
    mutating func lay(_ operations: [Operation], in project: ProjectName = "shop") throws -> Decision {
        let decision = try state.decide(
            Proposal(project: project, by: .platform(), message: "", operations: operations), at: Self.now)
        state = decision.state
        return decision
    }

    func decide(
        _ subject: Subject, _ operations: [Operation], in project: ProjectName = "shop",
        as purpose: Proposal.Purpose = .change, about: ItemAddress? = nil, source: JSONValue? = nil,
        at now: Timestamp = now, offsets: UTCOffsets = .none
    ) throws(Problem) -> Decision {
        try state.decide(
            Proposal(
                project: project, by: Author(subject), as: purpose, about: about, message: "", source: source
            ) { _ in operations }, at: now, offsets: offsets)
    }

    func decide(_ subject: Subject, _ operations: Operation..., in project: ProjectName = "shop")
        throws(Problem) -> Decision
    {
        try decide(subject, operations, in: project)
    }

    /// Writes what the subject may write without anybody's approval.
    @discardableResult
    mutating func write(_ subject: Subject, _ operations: Operation..., in project: ProjectName = "shop") throws
        -> Decision
    {
        let decision = try decide(subject, operations, in: project)
        guard decision.unapproved.isEmpty else {
            throw Problem(.approvalNeeded, "\(decision.unapproved.map(\.environment.rawValue))")
        }
        state = decision.state
        return decision
    }

    /// Writes whatever the purpose is, approvals or not.
    mutating func take(_ decision: Decision) { state = decision.state }

    /// The problem for which it is refused; nil where it is not.
    func refusal(
        _ subject: Subject, _ operations: Operation..., in project: ProjectName = "shop",
        as purpose: Proposal.Purpose = .change, about: ItemAddress? = nil, at now: Timestamp = now
    ) -> Problem? {
        do throws(Problem) {
            _ = try decide(subject, operations, in: project, as: purpose, about: about, at: now)
            return nil
        } catch {
            return error
        }
    }

    func permits(
        _ subject: Subject, _ action: Action, _ kind: Kind, in environment: EnvironmentName? = nil,
        key: ConfigKey? = nil, of project: ProjectName = "shop", at now: Timestamp = now
    ) -> Bool {
        state.viewpoint(subject, of: project, at: now).permits(action, kind, in: environment, key: key)
    }
}

extension Operation {
    static func bind(
        _ name: BindingName, _ subject: Principal, _ role: RoleName, in environments: [EnvironmentName]? = nil,
        until expiresAt: Timestamp? = nil, expecting expectation: Expectation? = nil
    ) throws -> Operation {
        let body = try BindingBody(subject: subject, role: role, environments: environments, expiresAt: expiresAt)
        return Operation(.putAccess(.binding(name), .binding(body)), expecting: expectation)
    }

    static func unbind(_ name: BindingName) -> Operation { Operation(.deleteAccess(.binding(name))) }

    static func role(_ name: RoleName, _ permissions: Permission...) throws -> Operation {
        Operation(.putAccess(.role(name), .role(try RoleBody(permissions: permissions))))
    }

    static func group(_ name: Principal, _ members: Principal...) throws -> Operation {
        Operation(.putAccess(.group(name), .group(try GroupBody(members: members))))
    }

    static func identity(_ name: Principal, groups: [Principal] = [], isDisabled: Bool = false) throws -> Operation {
        Operation(.putAccess(.identity(name), .identity(try IdentityBody(groups: groups, isDisabled: isDisabled))))
    }

    static func issuer(_ name: IssuerName, url: String) throws -> Operation {
        let body = try IssuerBody(parsing: [
            "url": .string(url), "vouchesFor": "people", "clientId": "platform",
        ])
        return Operation(.putAccess(.issuer(name), .issuer(body)))
    }

    static func protect(_ environment: EnvironmentName, _ body: JSONValue = [:]) throws -> Operation {
        Operation(.putAccess(.protection(of: environment), .protection(try ProtectionBody(parsing: body))))
    }

    static func killHook(
        _ name: String, in environment: EnvironmentName, _ said: JSONValue, generation: Character = "0"
    ) throws -> Operation {
        let secret = KillHookBody.Secret(String(repeating: generation, count: 32))
        return Operation(
            .putAccess(
                .killHook(try KillHookName(parsing: name), in: environment),
                .killHook(try KillHookBody(parsing: said, with: secret))))
    }

    static func unprotect(_ environment: EnvironmentName) -> Operation {
        Operation(.deleteAccess(.protection(of: environment)))
    }

    static func validator(_ name: String, environments: [EnvironmentName]? = nil, timeoutSeconds: Int64 = 5) throws
        -> Operation
    {
        Operation(
            .putValidator(
                try ValidatorName(parsing: name),
                try ValidatorBody(
                    url: "https://checks.example.com", environments: environments, timeoutSeconds: timeoutSeconds)))
    }
}

extension ResourcePattern {
    /// These environments alone.
    static func only(_ environments: EnvironmentName...) -> ResourcePattern {
        ResourcePattern(environments: environments.map(NamePattern.init))
    }
}

extension Subject {
    init(_ principal: Principal) { self.init(principal: principal) }
}

// A literal that is no identifier stops the program: the tests' own are sound.

extension Principal: ExpressibleByStringLiteral {
    /// The principal that the literal is.
    public init(stringLiteral text: String) { self = try! Principal(parsing: text) }
}

extension RoleName: ExpressibleByStringLiteral {
    /// The name that the literal is.
    public init(stringLiteral text: String) { self = try! RoleName(parsing: text) }
}

extension BindingName: ExpressibleByStringLiteral {
    /// The name that the literal is.
    public init(stringLiteral text: String) { self = try! BindingName(parsing: text) }
}

extension IssuerName: ExpressibleByStringLiteral {
    /// The name that the literal is.
    public init(stringLiteral text: String) { self = try! IssuerName(parsing: text) }
}
