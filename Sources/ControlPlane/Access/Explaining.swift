package import ConfigPlatformModel

/// Why somebody may or may not do something.
package struct AccessVerdict: Sendable {
    package let subject: Subject
    package let isAllowed: Bool
    package let isDisabled: Bool
    /// The rules that decide, those that deny first. Empty where nothing allows it.
    package let because: [AccessRule]
}

extension Platform {
    /// Why `principal` may or may not do that. Everybody may ask it of themselves; of others, who may administer or audit there.
    package func explain(
        _ caller: Caller, _ principal: Principal, _ action: Action, on resource: Resource
    ) throws(Problem) -> AccessVerdict {
        try requireExplaining(caller, of: principal, resource)
        let subject = try subject(named: principal, caller)
        let authority = state.access.authority(of: subject)
        let now = world.now()
        return AccessVerdict(
            subject: subject, isAllowed: authority.permits(action, on: resource, at: now),
            isDisabled: authority.isDisabled, because: authority.rules(about: action, on: resource, at: now))
    }

    /// Everybody known who may do that: identities, groups, subjects of bindings, and live tokens.
    package func whoCan(
        _ caller: Caller, _ action: Action, on resource: Resource
    ) throws(Problem) -> [(principal: Principal, because: [AccessRule])] {
        try requireExplaining(caller, of: nil, resource)
        let access = state.access
        let now = world.now()
        let tokens = credentials.all.filter { $0.purpose != .session && $0.isLive(at: now) }.compactMap(\.subject)
        let subjects = access.subjects.map { Subject(principal: $0) } + tokens.sorted { $0.principal < $1.principal }
        return subjects.compactMap { subject in
            let authority = access.authority(of: subject)
            guard authority.permits(action, on: resource, at: now) else { return nil }
            // Whoever may is denied nothing: all of them allow it.
            return (subject.principal, authority.rules(about: action, on: resource, at: now))
        }
    }

    /// Everything that `principal` is allowed or denied, of the platform and, project by project, of what the caller may see.
    package func whatCan(
        _ caller: Caller, _ principal: Principal
    ) throws(Problem) -> (subject: Subject, isDisabled: Bool, rules: [AccessRule]) {
        try requireExplaining(caller, of: principal, Resource(project: nil, kind: .binding))
        let subject = try subject(named: principal, caller)
        let authority = state.access.authority(of: subject)
        let now = world.now()
        var rules: [AccessRule] = []
        var seen: Set<AccessRule> = []
        for project in [nil] + state.projects.keys.filter({ $0 != .platform }).sorted().map({ $0 as ProjectName? }) {
            for rule in authority.rules(for: project).joined() where rule.holds(at: now) && seen.insert(rule).inserted {
                rules.append(rule)
            }
        }
        return (subject, authority.isDisabled, rules)
    }

    private func requireExplaining(_ caller: Caller, of principal: Principal?, _ resource: Resource) throws(Problem) {
        if let principal, caller.subject.accountable.contains(principal) { return }
        let authority = state.access.authority(of: caller.subject)
        let now = world.now()
        var place = resource
        place.kind = .binding
        place.key = nil
        guard
            [Action.administer, .audit].contains(where: { authority.permits($0, on: place, at: now) })
        else {
            throw Problem(
                .forbidden,
                "\(caller.principal.rawValue) may ask only what it may do itself; of others asks who may administer or audit there."
            )
        }
    }

    private func subject(named principal: Principal, _ caller: Caller) throws(Problem) -> Subject {
        if principal == caller.principal { return caller.subject }
        guard principal.realm == .token else { return Subject(principal: principal) }
        let now = world.now()
        guard
            let subject = credentials.all.first(where: { $0.isLive(at: now) && $0.principal == principal })?.subject
        else {
            throw Problem(.notFound, "There is no live token '\(principal.name)'.")
                .lacking(Missing.token(String(principal.name)))
        }
        return subject
    }

    // MARK: Emergencies

    /// Gives the caller the rights of an operator at once, for a while, with no approvals to be had. Recorded, and told to whoever is to be
    /// alerted.
    package func breakGlass(
        _ caller: Caller, in project: ProjectName, environments: [EnvironmentName]?, reason: String, seconds: Int64
    ) async throws(Problem) -> (name: BindingName, body: BindingBody) {
        guard let reviewer = caller.subject.reviewer else {
            throw Problem(.forbidden, "A service token is nobody's; somebody breaks the glass.")
        }
        guard (60...Limits.breakGlassSeconds).contains(seconds) else {
            throw Problem(.invalidRequest, "The glass is broken for 60 to \(Limits.breakGlassSeconds) seconds.")
        }
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        for environment in environments ?? [] { try viewpoint.requireEnvironment(environment) }
        guard !reason.isEmpty else {
            throw Problem(.invalidRequest, "Who breaks the glass says why, as 'reason'.", at: ["reason"])
        }
        try ItemText.checkLength(reason, named: "reason")
        let body = try BindingBody(
            subject: reviewer, role: .operator, environments: environments,
            expiresAt: world.now().adding(seconds: seconds), description: reason, isBreakGlass: true)
        let text = "break-glass-" + Digest.hexadecimal(world.randomBytes(6))
        let name = try ItemText.parsed { () throws(InvalidIdentifier) in try BindingName(parsing: text) }
        let proposal = Proposal(
            project: project, by: caller.author, as: .breakGlass, message: "Break the glass: \(reason)",
            source: ["operation": "break-glass"]
        ) { _ in [Operation(.putAccess(.binding(name), .binding(body)), expecting: .absent)] }
        _ = try await submit(
            CommitJob(
                work: .change(proposal, nil), caller: caller, action: .breakGlass,
                target: "\(project.rawValue)/binding/\(name.rawValue)"))
        // Who breaks the glass does not wait for whoever is told of it.
        Task {
            await alert(
                "glass-broken",
                [
                    "actor": .string(caller.principal.rawValue),
                    "environments": environments.map { .array($0.map { .string($0.rawValue) }) } ?? .null,
                    "expiresAt": .string(body.expiresAt?.text ?? ""), "project": .string(project.rawValue),
                    "reason": .string(reason),
                ])
        }
        return (name, body)
    }
}

extension Platform {
    /// The groups that the caller is in, by what is known and what its token says.
    package func groups(of caller: Caller) -> [Principal] {
        let who = caller.subject.reviewer ?? caller.principal
        return state.access.principals(of: who, claiming: caller.subject.groups).filter { $0.realm == .group }
    }

    /// When what the caller showed ends; nil for never.
    package func expiry(of caller: Caller) -> Timestamp? {
        switch caller.means {
        case .credential(let id, _): credentials.credential(id: id)?.expiresAt
        case .issuer(_, _, let expiresAt): expiresAt
        case .certificate, .schedule, .hook: nil
        }
    }
}

extension Caller {
    /// By what it was proved to be who it is, in a word.
    package var purposeName: String {
        switch means {
        case .credential(_, let purpose): purpose.rawValue
        case .issuer: "issuer"
        case .certificate: "certificate"
        case .schedule: "schedule"
        case .hook: "hook"
        }
    }
}
