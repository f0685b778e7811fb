/// A project as one subject may see it and act in it.
///
/// What a subject has nothing to do with is not there for it: it is told so in the words that tell of what never was.
package struct Viewpoint: Sendable {
    package let authority: Authority
    package let name: ProjectName
    /// As it stands; nil where there is none.
    package let project: ProjectState?
    package let now: Timestamp

    package init(_ authority: Authority, of name: ProjectName, _ project: ProjectState?, at now: Timestamp) {
        self.authority = authority
        self.name = name
        self.project = project
        self.now = now
    }

    package var isVisible: Bool { name == .platform || authority.sees(name, at: now) }

    /// Whether the subject may read all of the project, whatever its kind: only then does what is counted over all of it tell nothing of what
    /// may not be seen.
    package var readsEverything: Bool {
        let all = AccessRule(
            effect: .allow, actions: ActionSet([.read]), pattern: ResourcePattern(projects: [NamePattern(name)]),
            expiresAt: now, source: .grant(role: .viewer, permission: 0), isBreakGlass: false)
        return authority.holds(all, at: now)
    }

    package func sees(_ environment: EnvironmentName) -> Bool { authority.sees(environment, of: name, at: now) }

    package func permits(
        _ action: Action, _ kind: Kind, in environment: EnvironmentName? = nil, key: ConfigKey? = nil
    ) -> Bool {
        authority.permits(action, on: resource(kind, in: environment, key: key), at: now)
    }

    package func keys(_ action: Action, _ kind: Kind = .setting, in environment: EnvironmentName?) -> KeyScope {
        authority.keys(action, kind, in: environment, of: name, at: now)
    }

    package func resource(_ kind: Kind, in environment: EnvironmentName?, key: ConfigKey?) -> Resource {
        let tags = key.flatMap { project?.definitions[$0]?.body.tags } ?? []
        return Resource(
            project: name == .platform ? nil : name, environment: environment, kind: kind, key: key, tags: tags)
    }

    /// Throws `not-found` for a project that the subject has nothing to do with.
    package func requireProject() throws(Problem) {
        guard isVisible else { throw .noProject(name) }
    }

    package func requireEnvironment(_ environment: EnvironmentName) throws(Problem) {
        try requireProject()
        guard sees(environment) else { throw .noEnvironment(environment, in: name) }
    }

    /// The settings of the environment that the subject may read; throws where that is none.
    package func requireReading(_ environment: EnvironmentName) throws(Problem) -> KeyScope {
        let scope = keys(.read, in: environment)
        guard scope.isNone || !sees(environment) else { return scope }
        try requireEnvironment(environment)
        throw forbidden(.read, .setting, in: environment)
    }

    /// Throws `not-found` for what the subject has nothing to do with, and `forbidden` for what it sees and may not do.
    package func require(
        _ action: Action, _ kind: Kind, in environment: EnvironmentName? = nil, key: ConfigKey? = nil
    ) throws(Problem) {
        guard permits(action, kind, in: environment, key: key) else {
            try requireProject()
            if let environment { try requireEnvironment(environment) }
            throw forbidden(action, kind, in: environment, key: key)
        }
    }

    package func forbidden(
        _ action: Action, _ kind: Kind, in environment: EnvironmentName? = nil, key: ConfigKey? = nil
    ) -> Problem {
        // A key that one may not read is not named: somebody else's words may have led to it.
        let shown = key.flatMap { permits(.read, kind, in: environment, key: $0) ? $0 : nil }
        let what = shown.map { "'\($0)'" } ?? "that of kind \(kind.rawValue)"
        let place =
            name == .platform
            ? "on the platform"
            : environment.map { "in '\($0.rawValue)' of project '\(name.rawValue)'" } ?? "in project '\(name.rawValue)'"
        return Problem(
            .forbidden,
            "\(authority.subject.principal.rawValue) may not \(action.rawValue) \(what) \(place). Ask an administrator for a role that "
                + "may; `cfg access who` says who can.")
    }

    /// Which item there is to be seen at an address.
    package func canRead(_ address: ItemAddress) -> Bool {
        switch address.kind {
        case .project: isVisible
        case .environment: (try? EnvironmentName(parsing: address.key)).map(sees) ?? false
        case .setting where address.environment.map({ keys(.read, in: $0).isAll }) ?? false: true
        case .setting, .settingDefinition:
            (try? ConfigKey(parsing: address.key)).map {
                permits(.read, address.kind, in: address.environment, key: $0)
            }
                ?? false
        case .protection: address.environment.map(sees) ?? false
        default: permits(.read, address.kind, in: address.environment)
        }
    }

    /// A problem without what it tells of places that the subject may not read.
    package func redacted(_ problem: Problem) -> Problem {
        guard !problem.violations.isEmpty || problem.current != nil else { return problem }
        var isRedacted = false
        var violations: [Violation] = []
        for violation in problem.violations {
            guard !canRead(violation) else {
                violations.append(violation)
                continue
            }
            if !isRedacted {
                violations.append(Violation(Self.hidden, pointer: violation.pointer))
            }
            isRedacted = true
        }
        if let current = problem.current, !canRead(current: current) { isRedacted = true }
        guard isRedacted else { return problem }
        if violations.isEmpty { violations = [Violation(Self.hidden)] }
        return Problem(
            problem.code, Self.hidden, violations: violations, current: nil,
            retryAfterSeconds: problem.retryAfterSeconds)
    }

    /// Whether everything of what stands there may be read, item by item.
    private func canRead(current: JSONValue) -> Bool {
        (current.arrayValue ?? [current]).allSatisfy { item in
            guard let kind = item["kind"]?.stringValue.flatMap(Kind.init(rawValue:)), let key = item["key"]?.stringValue
            else { return true }
            let environment = item["environment"]?.stringValue.flatMap { try? EnvironmentName(parsing: $0) }
            return canRead(ItemAddress(project: name, environment: environment, kind: kind, key: key))
        }
    }

    /// Those of violations that tell of the item that they name, and of no other.
    private static let keywordsOfOne: Set<String?> = [nil, "expect", "If-Match", "If-None-Match"]

    private static let hidden = "The change does not fit what stands where you may not read; ask somebody who may."

    private func canRead(_ violation: Violation) -> Bool {
        if let kind = violation.kind { return permits(.read, kind, in: violation.environment) }
        guard let environment = violation.environment else { return true }
        guard sees(environment) else { return false }
        let scope = keys(.read, in: environment)
        guard let key = violation.key, let parsed = try? ConfigKey(parsing: key) else {
            // When an environment is frozen is of none of its keys.
            return scope.isAll || violation.keyword == "freezes"
        }
        // What a violation says of one key may be about others too: a prefix, a reference, a member beside it.
        return scope.isAll || (scope.permits(parsed, in: project) && Self.keywordsOfOne.contains(violation.keyword))
    }
}

extension PlatformState {
    package func viewpoint(_ subject: Subject, of project: ProjectName, at now: Timestamp) -> Viewpoint {
        Viewpoint(access.authority(of: subject), of: project, projects[project], at: now)
    }
}
