package import ConfigPlatformFlags
package import ConfigPlatformModel

/// What a rollback restores, and to when. Nil parts mean everything.
package struct RollbackScope: Hashable, Sendable {
    package var environments: [EnvironmentName]?
    /// Settings, definitions, schemas, flags, segments, rules and rollouts where nil. Environments, and what they inherit, validators and
    /// kills are touched only where named.
    package var kinds: Set<Kind>?
    /// Keys of settings, each with everything below it. Where these or ``flags`` are given, nothing else is touched.
    package var keys: [ConfigKey]?
    /// Keys of flags: what each is, and what environments say of it.
    package var flags: [FlagKey]?

    package init(
        environments: [EnvironmentName]? = nil, kinds: Set<Kind>? = nil, keys: [ConfigKey]? = nil,
        flags: [FlagKey]? = nil
    ) {
        self.environments = environments
        self.kinds = kinds
        self.keys = keys
        self.flags = flags
    }

    static let kindsByDefault: Set<Kind> = [
        .setting, .settingDefinition, .schema, .flag, .segment, .flagRule, .flagRollout,
    ]

    /// What a project is rolled back by, and what the platform itself is. Change requests, identities, issuers and kill hooks never are.
    private static let kindsOfProjects: [Kind] = [
        .setting, .settingDefinition, .schema, .flag, .segment, .flagRule, .flagRollout, .flagKill, .validator,
        .environment, .protection, .binding,
    ]
    private static let kindsOfPlatform: [Kind] = [.role, .group, .binding]

    fileprivate func requireKinds(of project: ProjectName) throws(Problem) {
        let isOfPlatform = project == .platform
        let known = isOfPlatform ? Self.kindsOfPlatform : Self.kindsOfProjects
        guard isOfPlatform && kinds == nil || !(kinds ?? []).isSubset(of: known) else { return }
        let names = known.map(\.rawValue)
        throw Problem(
            .invalidRequest,
            "\(isOfPlatform ? "The platform" : "A project") is rolled back by kinds: name \(names.dropLast().joined(separator: ", ")) "
                + "or \(names[names.count - 1]).",
            violations: [Violation("Names kinds that can be rolled back here.", pointer: "/kinds", keyword: "enum")])
    }

    /// Where settings are named, and where an environment comes back that has ended, for it had them.
    func restoresSettings(of environment: EnvironmentName, in current: ProjectState) -> Bool {
        let kinds = kinds ?? Self.kindsByDefault
        return kinds.contains(.setting)
            || (kinds.contains(.environment) && current.environments[environment] == nil && !isOfKeys)
    }

    /// Whether single keys are named.
    var isOfKeys: Bool { keys != nil || flags != nil }

    func covers(_ environment: EnvironmentName) -> Bool { environments?.contains(environment) ?? true }

    func covers(_ key: ConfigKey) -> Bool { keys.map { Self.any(of: $0, cover: key) } ?? (flags == nil) }

    func covers(_ key: FlagKey) -> Bool { flags?.contains(key) ?? (keys == nil) }

    static func any(of keys: [ConfigKey], cover key: ConfigKey) -> Bool {
        keys.contains { $0 == key || $0.isStrictPrefix(of: key) }
    }
}

extension Platform {
    /// The write that restores what stood at a moment, as a new change.
    package func rollback(
        _ caller: Caller, _ project: ProjectName, to moment: Moment, scope: RollbackScope, message: String?
    ) async throws(Problem) -> Proposal {
        try scope.requireKinds(of: project)
        let (target, revision) = try await target(caller, project, of: moment, scope)
        let now = world.now()
        return Proposal(
            project: project, by: caller.author, message: message ?? "Roll back to revision \(revision)",
            source: ["operation": "rollback", "toRevision": .int(revision.number)]
        ) { state throws(Problem) in
            guard let current = Self.project(project, at: state) else { throw .noProject(project) }
            let viewpoint = state.viewpoint(caller.subject, of: project, at: now)
            for name in target.environments.keys.sorted() where scope.covers(name) {
                if scope.restoresSettings(of: name, in: current) {
                    let keys = [target, current].compactMap { $0.environments[name]?.own.lazy.map(\.key) }.joined()
                    try viewpoint.requireWriting(keys.filter { scope.covers($0) }, in: name)
                }
            }
            return try Self.operations(restoring: target, in: current, scope: scope)
        }
    }

    /// The project as it was at a moment, and the moment's revision. What is not there now cannot be rolled back, whenever it was there.
    private func target(
        _ caller: Caller, _ project: ProjectName, of moment: Moment, _ scope: RollbackScope
    ) async throws(Problem) -> (ProjectState, Revision) {
        if project == .platform {
            try viewpoint(caller, of: project).requireProject()
            let past = try await state(of: project, at: moment)
            guard let target = Self.project(project, at: past) else { throw .noProject(project) }
            return (target, past.revision)
        }
        _ = try await view(caller, project)
        let past = try await view(caller, project, at: moment)
        for name in scope.environments ?? [] { _ = try past.environment(name) }
        return (past.project, past.state.revision)
    }

    /// The platform itself is always there, if only with nothing said of it.
    private static func project(_ name: ProjectName, at state: PlatformState) -> ProjectState? {
        state.projects[name] ?? (name == .platform ? ProjectState.emptyPlatform : nil)
    }

    private static func operations(
        restoring target: ProjectState, in current: ProjectState, scope: RollbackScope
    ) throws(Problem) -> [Operation] {
        let kinds = scope.kinds ?? RollbackScope.kindsByDefault
        var operations: [Operation] = []
        if kinds.contains(.environment) {
            operations += environmentOperations(restoring: target, in: current, scope: scope)
        }
        if kinds.contains(.settingDefinition), scope.environments == nil {
            operations += definitionOperations(restoring: target, in: current, scope: scope)
        }
        if kinds.contains(.schema), scope.environments == nil, !scope.isOfKeys {
            operations += schemaOperations(restoring: target, in: current)
        }
        if kinds.contains(.validator), scope.environments == nil, !scope.isOfKeys {
            operations += validatorOperations(restoring: target, in: current)
        }
        operations += accessOperations(restoring: target, in: current, kinds: kinds, scope: scope)
        operations += flagOperations(restoring: target, in: current, kinds: kinds, scope: scope)
        for (name, environment) in target.environments.sorted(by: { $0.key < $1.key })
        where scope.covers(name) && scope.restoresSettings(of: name, in: current) {
            let standing = current.environments[name]
            if standing == nil, !kinds.contains(.environment) {
                if scope.environments == nil { continue }
                throw Problem(
                    .notFound,
                    "Environment '\(name.rawValue)' no longer exists. Restore it too, by naming 'environment' among the kinds."
                )
            }
            for setting in environment.own where scope.covers(setting.key) {
                if standing?.own[setting.key]?.body == setting.body { continue }
                operations.append(Operation(.putSetting(setting.key, name, setting.body)))
            }
            for setting in standing?.own ?? SettingIndex()
            where scope.covers(setting.key) && environment.own[setting.key] == nil {
                operations.append(Operation(.deleteSetting(setting.key, name)))
            }
        }
        return operations
    }

    private static func environmentOperations(
        restoring target: ProjectState, in current: ProjectState, scope: RollbackScope
    ) -> [Operation] {
        var operations: [Operation] = []
        for environment in target.sortedEnvironments where scope.covers(environment.name) {
            if current.environments[environment.name]?.body != environment.body {
                operations.append(Operation(.putEnvironment(environment.name, environment.body)))
            }
        }
        if scope.environments == nil {
            for environment in current.sortedEnvironments where target.environments[environment.name] == nil {
                operations.append(Operation(.deleteEnvironment(environment.name)))
            }
        }
        return operations
    }

    private static func definitionOperations(
        restoring target: ProjectState, in current: ProjectState, scope: RollbackScope
    ) -> [Operation] {
        var operations: [Operation] = []
        for (key, definition) in target.definitions.sorted(by: { $0.key < $1.key })
        where scope.covers(key) && current.definitions[key]?.body != definition.body {
            operations.append(Operation(.putDefinition(key, definition.body)))
        }
        for key in current.definitions.keys.sorted() where scope.covers(key) && target.definitions[key] == nil {
            operations.append(Operation(.deleteDefinition(key)))
        }
        return operations
    }

    /// Protections and bindings, roles and groups: only what is named.
    private static func accessOperations(
        restoring target: ProjectState, in current: ProjectState, kinds: Set<Kind>, scope: RollbackScope
    ) -> [Operation] {
        guard !scope.isOfKeys else { return [] }
        func isCovered(_ place: AccessPlace) -> Bool {
            guard kinds.contains(place.kind), let environment = place.environment else {
                return kinds.contains(place.kind) && scope.environments == nil
            }
            return scope.covers(environment) && current.environments[environment] != nil
        }
        var operations: [Operation] = []
        for (place, item) in target.access.all
        where isCovered(place) && current.access[place]?.body != item.body {
            operations.append(Operation(.putAccess(place, item.body)))
        }
        for (place, _) in current.access.all where isCovered(place) && target.access[place] == nil {
            operations.append(Operation(.deleteAccess(place)))
        }
        return operations
    }

    private static func validatorOperations(restoring target: ProjectState, in current: ProjectState) -> [Operation] {
        var operations: [Operation] = []
        for (name, validator) in target.validators.sorted(by: { $0.key < $1.key })
        where current.validators[name]?.body != validator.body {
            operations.append(Operation(.putValidator(name, validator.body)))
        }
        for name in current.validators.keys.sorted() where target.validators[name] == nil {
            operations.append(Operation(.deleteValidator(name)))
        }
        return operations
    }

    private static func schemaOperations(restoring target: ProjectState, in current: ProjectState) -> [Operation] {
        var operations: [Operation] = []
        for schema in target.schemas.sorted where current.schemas[schema.name]?.body != schema.body {
            operations.append(Operation(.putSchema(schema.name, schema.body)))
        }
        for schema in current.schemas.sorted where target.schemas[schema.name] == nil {
            operations.append(Operation(.deleteSchema(schema.name)))
        }
        return operations
    }

    /// Flags and segments first, then what each environment said of flags that existed then and exists now, or is restored.
    private static func flagOperations(
        restoring target: ProjectState, in current: ProjectState, kinds: Set<Kind>, scope: RollbackScope
    ) -> [Operation] {
        var operations: [Operation] = []
        func restore<Body>(_ then: OrderedItems<StoredFlagItem<Body>>, _ now: OrderedItems<StoredFlagItem<Body>>) {
            func isCovered(_ place: FlagPlace) -> Bool { place.flag.map(scope.covers) ?? !scope.isOfKeys }
            for item in then where isCovered(item.place) && now[item.order]?.body != item.body {
                guard let body = target.flagItem(item.place)?.body else { continue }
                operations.append(Operation(.putFlag(item.place, body)))
            }
            for item in now where isCovered(item.place) && then[item.order] == nil {
                operations.append(Operation(.deleteFlag(item.place)))
            }
        }
        if scope.environments == nil {
            if kinds.contains(.flag) { restore(target.flags.flags, current.flags.flags) }
            if kinds.contains(.segment) { restore(target.flags.segments, current.flags.segments) }
        }
        for environment in target.sortedEnvironments where scope.covers(environment.name) {
            let standing = current.environments[environment.name]
            guard standing != nil || kinds.contains(.environment) else { continue }
            let (then, now) = (environment.flags, standing?.flags ?? OwnFlags())
            if kinds.contains(.flagRule) { restore(then.rules, now.rules) }
            if kinds.contains(.flagRollout) { restore(then.rollouts, now.rollouts) }
            if kinds.contains(.flagKill) { restore(then.kills, now.kills) }
        }
        return operations
    }
}
