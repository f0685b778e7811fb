/// Whether an author may do what a proposal does: asked as part of the decision, of the state that is decided against.
struct Authorization {
    let state: PlatformState
    let proposal: Proposal
    let subject: Subject
    let viewpoint: Viewpoint

    /// Nil where the platform itself writes.
    init?(_ proposal: Proposal, at state: PlatformState, now: Timestamp) {
        guard let subject = proposal.author.subject else { return nil }
        self.state = state
        self.proposal = proposal
        self.subject = subject
        viewpoint = state.viewpoint(subject, of: proposal.project, at: now)
    }

    private var before: ProjectState? { viewpoint.project }
    private var now: Timestamp { viewpoint.now }

    /// What can be said before it is known what the proposal comes to.
    func checkProposal() throws(Problem) {
        if proposal.about?.kind == .project { return try checkProject() }
        try checkVisible()
        guard let about = proposal.about else { return }
        switch about.kind {
        case .setting, .settingDefinition:
            guard let key = try? ConfigKey(parsing: about.key) else { return }
            try viewpoint.require(.write, about.kind, in: about.environment, key: key)
        case .environment:
            guard let name = try? EnvironmentName(parsing: about.key) else { return }
            try viewpoint.require(.write, .environment, in: name)
        case .schema: try viewpoint.require(.write, .schema)
        case .flagKill where viewpoint.permits(.kill, .flagKill, in: about.environment): break
        case .flag, .segment, .flagRule, .flagRollout, .flagKill:
            try viewpoint.require(.write, about.kind, in: about.environment)
        case .changeRequest, .project, .binding: break
        default: try viewpoint.require(.administer, about.kind, in: about.environment)
        }
    }

    /// Whoever may not make a project is not told to make it.
    private func checkProject() throws(Problem) {
        guard viewpoint.isVisible || viewpoint.permits(.administer, .project) else {
            throw Problem(
                .notFound,
                "There is no project '\(viewpoint.name.rawValue)' that you have to do with, and it takes the right to administer projects to "
                    + "make one. Ask an administrator; `cfg access who` says who can.")
        }
        try viewpoint.require(.administer, .project)
    }

    /// Quotas are what the platform allows a project, so they are not for the project's own administrators to alter.
    private func checkQuotas(_ quotas: ProjectQuotas) throws(Problem) {
        guard quotas != (before?.body.quotas ?? .empty),
            !viewpoint.authority.permits(.administer, on: Resource(project: nil, kind: .project), at: now)
        else { return }
        throw Problem(
            .forbidden,
            "\(subject.principal.rawValue) may not set, alter or end the quotas of project '\(viewpoint.name.rawValue)': those who "
                + "administer the platform do that. Leave 'quotas' as they are, or ask one of them; `cfg access who` says who can."
        )
    }

    private func checkVisible() throws(Problem) {
        // Whoever may begin projects need not have anything to do with one that is not there.
        if viewpoint.permits(.administer, .project) { return }
        try viewpoint.requireProject()
    }

    /// Whether each operation is its author's to ask for.
    func check(_ operations: [LaidOutOperation]) throws(Problem) {
        if proposal.purpose == .breakGlass { try checkGlassAlone(operations) }
        if proposal.purpose == .requestStep, operations.contains(where: { $0.address.kind != .changeRequest }) {
            throw Problem(.invalidRequest, "A step of a change request writes change requests alone.")
        }
        for operation in operations {
            switch operation.target {
            case .putProject(let body):
                try checkProject()
                try checkQuotas(body.quotas)
            case .deleteProject:
                try viewpoint.require(.administer, .project)
                // Whoever may begin it again must not thereby be rid of them.
                try checkQuotas(.empty)
                try checkDenials()
            case .putEnvironment(let name, let body):
                try viewpoint.require(.write, .environment, in: name)
                try checkParents(of: name, body)
            case .deleteEnvironment(let name): try viewpoint.require(.write, .environment, in: name)
            case .putSetting(let key, let environment, _), .deleteSetting(let key, let environment):
                try viewpoint.require(.write, .setting, in: environment, key: key)
            case .putDefinition(let key, _), .deleteDefinition(let key):
                try viewpoint.require(.write, .settingDefinition, key: key)
                try checkTags(of: key, operation.target)
            case .putSchema, .deleteSchema: try viewpoint.require(.write, .schema)
            case .putValidator, .deleteValidator: try viewpoint.require(.administer, .validator)
            case .putFlag(.kill(_, let environment), _) where viewpoint.permits(.kill, .flagKill, in: environment):
                break
            case .putFlag(let place, .rollout(let body))
            where viewpoint.permits(.kill, .flagKill, in: place.environment)
                && before?.isRetreat(body, at: place) ?? false:
                break
            case .putFlag(let place, _), .deleteFlag(let place):
                try viewpoint.require(.write, place.kind, in: place.environment)
            case .putAccess(let place, let body): try check(place, body)
            case .deleteAccess(let place): try check(place, nil)
            }
        }
    }

    /// Where roles divide keys by their tags, to give a key other tags is to give or lift what those roles say of it.
    private func checkTags(of key: ConfigKey, _ target: Operation.Target) throws(Problem) {
        var tags: [String] = []
        if case .putDefinition(_, let body) = target { tags = body.tags }
        let standing = before?.definitions[key]?.body.tags ?? []
        guard state.access.usesTags, !tags.hasSameBytes(as: standing) else { return }
        let altered = state.access.rules(dividing: key, of: viewpoint.name, from: standing, to: tags)
        guard viewpoint.permits(.administer, .role), altered.allSatisfy({ viewpoint.authority.holds($0, at: now) })
        else {
            throw Problem(
                .forbidden,
                "Roles divide keys by their tags here, so to alter those of '\(key)' is to alter who may do what. Ask an "
                    + "administrator.")
        }
    }

    // MARK: What only shows in what the change comes to

    /// Nobody reads through references, inheritance or schemas what they may not read.
    func check(_ change: ChangeRecord, after: ProjectState?) throws(Problem) {
        guard let after else { return }
        var written: Set<SchemaName> = []
        for effect in change.effects {
            switch effect.address.kind {
            case .setting: try checkReferences(effect, after)
            case .environment: try checkInheritance(effect, after)
            case .schema:
                if effect.body != nil, let name = try? SchemaName(parsing: effect.address.key) { written.insert(name) }
            default: break
            }
        }
        // Those, too, that refer to what is written.
        for name in after.schemas.judging(by: written) { try checkSchema(name, after) }
    }

    private func checkReferences(_ effect: Effect, _ after: ProjectState) throws(Problem) {
        guard let environment = effect.address.environment, let body = effect.setting?.body, body.content == .live,
            let key = effect.setting?.key
        else { return }
        var referenced: Set<ConfigKey>?
        for reader in after.layering.readers[environment] ?? [] {
            let scope = viewpoint.keys(.read, in: reader)
            guard !scope.isAll, scope.permits(key, in: after) else { continue }
            let keys = referenced ?? body.json.map { ReferenceText.keys(in: $0) } ?? []
            referenced = keys
            guard let hidden = keys.sorted().first(where: { !scope.permits($0, in: after) }) else { continue }
            throw Problem(
                .forbidden,
                "'\(key)' would show what '\(hidden)' is, which you may not read in '\(reader.rawValue)'. Refer to what you may read."
            )
        }
    }

    /// What may not be seen is no more there to be inherited from than what never was, whatever else there is to say of it.
    private func checkParents(of name: EnvironmentName, _ body: EnvironmentBody) throws(Problem) {
        let known = Set(before?.environments[name]?.body.inherits ?? [])
        for parent in body.inherits where !known.contains(parent) && before?.environments[parent] != nil {
            guard viewpoint.sees(parent) else { throw Problem(Layering.Fault.missing(parent, inheritedBy: name)) }
        }
    }

    private func checkInheritance(_ effect: Effect, _ after: ProjectState) throws(Problem) {
        guard let name = try? EnvironmentName(parsing: effect.address.key), let environment = after.environments[name]
        else { return }
        let known = Set(before?.environments[name]?.body.inherits ?? [])
        for parent in environment.body.inherits where !known.contains(parent) {
            for layer in after.layering.layers[parent] ?? [parent] {
                guard before?.environments[layer] != nil else { continue }
                guard viewpoint.sees(layer), viewpoint.keys(.read, in: layer).isAll, readsFlags(of: layer) else {
                    throw Problem(
                        .forbidden,
                        "To inherit from '\(parent.rawValue)' is to read all of it, which you may not.")
                }
            }
        }
    }

    /// Whether all may be read that an environment itself says of flags.
    private func readsFlags(of name: EnvironmentName) -> Bool {
        guard let own = before?.environments[name]?.flags else { return true }
        return (own.rules.isEmpty || viewpoint.permits(.read, .flagRule, in: name))
            && (own.rollouts.isEmpty || viewpoint.permits(.read, .flagRollout, in: name))
            && (own.kills.isEmpty || viewpoint.permits(.read, .flagKill, in: name))
    }

    private func checkSchema(_ name: SchemaName, _ after: ProjectState) throws(Problem) {
        guard let schema = after.schemas[name] else { return }
        for environment in after.sortedEnvironments where schema.body.judges(environment) {
            guard viewpoint.keys(.read, in: environment.name).isAll else {
                throw Problem(
                    .forbidden,
                    "A schema tells of every value that it judges, and you may not read all that this one would. Name the environments "
                        + "that it is for.")
            }
        }
    }

    // MARK: Access itself

    private func check(_ place: AccessPlace, _ body: AccessBody?) throws(Problem) {
        if place.kind == .changeRequest {
            switch proposal.purpose {
            case .requestStep: return
            case .apply(let id) where place == .request(id): return
            case .apply, .change, .breakGlass, .rolloutStep, .pull:
                throw Problem(
                    .invalidRequest,
                    "Change requests are not written; they come of changes that need approval, and have addresses of their own."
                )
            }
        }
        let standing = before?.access[place]?.body
        if case .binding(let binding)? = body, binding.isBreakGlass {
            return try checkBreakGlass(binding)
        }
        if case .identity(let new)? = body {
            var known: [Principal] = []
            if case .identity(let old)? = standing { known = old.groups }
            guard new.groups == known else {
                throw Problem(
                    .invalidRequest, "The groups of an identity are what its issuer says; make a group of your own.")
            }
        }
        for environment in guarded(place, body, standing) {
            try viewpoint.require(.administer, place.kind, in: environment)
        }
        try checkHoldings(place, from: standing, to: body)
    }

    /// Where a subject must be an administrator to write an item of access; a nil element stands for the whole project or platform.
    private func guarded(
        _ place: AccessPlace, _ body: AccessBody?, _ standing: AccessBody?
    ) -> [EnvironmentName?] {
        if let environment = place.environment { return [environment] }
        var all: Set<EnvironmentName> = []
        for case .binding(let binding)? in [body, standing] {
            guard let environments = binding.environments else { return [nil] }
            all.formUnion(environments)
        }
        return all.isEmpty ? [nil] : all.sorted().map { $0 }
    }

    /// Nobody gives what they do not hold, nor lifts a denial of what they do not.
    private func checkHoldings(
        _ place: AccessPlace, from standing: AccessBody?, to body: AccessBody?
    ) throws(Problem) {
        let policy = state.access
        var rules: [AccessRule] = []
        let address = place.address(in: proposal.project)
        switch place.kind {
        case .binding:
            if case .binding(let new)? = body {
                rules += policy.rules(of: new, at: address).filter { $0.effect == .allow }
            }
            if case .binding(let old)? = standing {
                rules += policy.rules(of: old, at: address).filter { $0.effect == .deny }
            }
        case .role:
            func permissions(_ body: AccessBody?, _ effect: Permission.Effect) -> [AccessRule] {
                guard case .role(let role)? = body else { return [] }
                return role.permissions.filter { $0.effect == effect }.map { permission in
                    AccessRule(
                        effect: permission.effect, actions: permission.actions, pattern: permission.pattern,
                        expiresAt: nil, source: .grant(role: .administrator, permission: 0), isBreakGlass: false)
                }
            }
            rules = permissions(body, .allow) + permissions(standing, .deny)
        case .group:
            guard case .group(let new) = body ?? .group(Self.nobody),
                case .group(let old) = standing ?? .group(Self.nobody),
                new.members != old.members, let group = try? Principal(parsing: place.key)
            else { break }
            rules = policy.bindings(of: [group]).flatMap(policy.rules)
        case .identity:
            guard case .identity(let old)? = standing, let principal = try? Principal(parsing: place.key) else { break }
            // With the item it is forgotten which groups its issuer said, and what those are denied.
            if body == nil {
                rules = policy.bindings(of: Set(old.groups)).flatMap(policy.rules).filter { $0.effect == .deny }
            }
            // To end a disablement is to give back whatever there is.
            guard old.isDisabled else { break }
            if case .identity(let new)? = body, new.isDisabled { break }
            rules += policy.bindings(of: Set(policy.principals(of: principal))).flatMap(policy.rules)
        case .issuer:
            guard let name = try? IssuerName(parsing: place.key) else { break }
            rules = policy.bindings(ofIssuer: name).flatMap(policy.rules)
        case .killHook:
            if case .killHook(let new)? = body, let environment = place.environment {
                rules = new.rules(in: environment, of: proposal.project)
            }
        default: break
        }
        for rule in rules where rule.holds(at: now) && !viewpoint.authority.holds(rule, at: now) {
            throw Problem(
                .forbidden,
                "\(subject.principal.rawValue) may not give or lift what it does not itself hold: "
                    + "\(rule.actions.actions.map(\.rawValue).joined(separator: ", ")) by \(place.kind.rawValue) '\(place.key)'."
            )
        }
    }

    /// With a project end its bindings. Whoever may begin it again must not thereby be rid of what they deny.
    private func checkDenials() throws(Problem) {
        for (place, _) in before?.access.all(.binding) ?? [] {
            try checkHoldings(place, from: before?.access[place]?.body, to: nil)
        }
    }

    private static let nobody = (try? GroupBody()) ?? { preconditionFailure("an empty group is a group") }()

    /// An emergency waits for no approval, and so is for nothing but the rights of an operator.
    private func checkGlassAlone(_ operations: [LaidOutOperation]) throws(Problem) {
        for operation in operations {
            if case .putAccess(let place, .binding(let binding)) = operation.target, binding.isBreakGlass,
                binding.role == .operator, before?.access[place] == nil
            {
                continue
            }
            throw Problem(
                .invalidRequest, "Who breaks the glass gets a binding of their own to operator, and does nothing else.")
        }
    }

    private func checkBreakGlass(_ binding: BindingBody) throws(Problem) {
        guard proposal.purpose == .breakGlass else {
            throw Problem(.invalidRequest, "The glass is not broken by writing a binding; POST to break-glass instead.")
        }
        for environment in binding.environments?.map({ $0 as EnvironmentName? }) ?? [nil] {
            try viewpoint.require(.breakGlass, .setting, in: environment)
        }
    }
}

extension PlatformState {
    /// Refuses an end to the last who may administer the platform, roles that are in use, and more items than there may be.
    func checkAccess(_ change: ChangeRecord, since before: PlatformState, _ project: ProjectState?) throws(Problem) {
        guard change.effects.contains(where: { $0.address.kind.isAccess && $0.address.kind != .changeRequest }) else {
            return
        }
        let count = project?.access.count ?? 0
        guard count <= Limits.accessItems else {
            throw Problem(
                .limitExceeded,
                "There would be \(count) items of access; of a project, or of the platform, there are at most \(Limits.accessItems)."
            )
        }
        for effect in change.effects {
            switch (effect.address.kind, effect.body) {
            case (.role, nil):
                guard let name = try? RoleName(parsing: effect.address.key),
                    let user = access.bindings(ofRole: name).first
                else { continue }
                throw Problem(.inUse, "The role '\(name.rawValue)' is bound by \(user.shown); end its bindings first.")
            case (.role, _?):
                guard let name = try? RoleName(parsing: effect.address.key), RoleBody.builtIn[name] != nil else {
                    continue
                }
                throw Problem(.alreadyExists, "The role '\(name.rawValue)' is built in; choose another name.")
            case (.binding, let body?):
                guard let json = try? JSONValue(parsing: body, limits: .trusted), let role = json["role"]?.stringValue,
                    let name = try? RoleName(parsing: role)
                else { continue }
                guard access.role(name) != nil else {
                    throw Problem(
                        .notFound,
                        "There is no role '\(name.rawValue)'; the built-in ones are administrator, operator, viewer, auditor, evaluator."
                    )
                }
            case (.killHook, _?): try project?.checkKillHook(at: effect.address)
            default: continue
            }
        }
        guard !before.access.hasAdministrator || access.hasAdministrator else {
            throw Problem(
                .inUse,
                "Nobody could administer the platform any more. Bind 'administrator' to somebody else on the platform first, without end."
            )
        }
    }
}
