/// Everything the platform knows, at one revision. Immutable: a later revision is another value that shares what did not change.
package final class PlatformState: Sendable {
    package let revision: Revision
    package let digest: Digest
    package let committedAt: Timestamp
    /// The platform's own items among them, under ``ProjectName/platform``.
    package let projects: [ProjectName: ProjectState]
    package let access: AccessPolicy
    /// Kept rather than made when asked for: every response carries it.
    package let token: RevisionToken

    package static let empty = PlatformState(
        revision: .zero, digest: .zero, committedAt: Timestamp(microseconds: 0), projects: [:], access: .empty)

    package init(
        revision: Revision, digest: Digest, committedAt: Timestamp, projects: [ProjectName: ProjectState],
        access: AccessPolicy
    ) {
        self.revision = revision
        self.digest = digest
        self.committedAt = committedAt
        self.projects = projects
        self.access = access
        token = RevisionToken(revision, digest)
    }

    /// The state after the next change of the ledger. Throws ``UnreadableRecord`` where the change does not follow this state.
    package func applying(_ change: ChangeRecord) throws -> (state: PlatformState, touched: Touched) {
        guard change.revision == revision.next, change.previousDigest == digest else {
            throw UnreadableRecord("change \(change.revision), which does not follow revision \(revision)")
        }
        let (project, touched) = try ProjectState.applying(change, to: projects[change.project])
        return (following(change, with: project), touched)
    }

    func following(_ change: ChangeRecord, with project: ProjectState?) -> PlatformState {
        var projects = projects
        projects[change.project] = project
        let concernsAccess =
            project == nil || change.effects.contains { $0.address.kind.isAccess && $0.address.kind != .changeRequest }
        return PlatformState(
            revision: change.revision, digest: change.digest, committedAt: change.committedAt, projects: projects,
            access: concernsAccess ? access.with(project?.access, of: change.project) : access)
    }

    /// The project, or the problem that says that there is none.
    package func project(_ name: ProjectName) throws(Problem) -> ProjectState {
        guard let project = projects[name] else { throw .noProject(name) }
        return project
    }
}

extension ProjectState {
    /// The environment, or the problem that says that there is none.
    package func environment(_ name: EnvironmentName) throws(Problem) -> EnvironmentState {
        guard let environment = environments[name] else { throw .noEnvironment(name, in: self.name) }
        return environment
    }

    /// What programs of the environment read, or the problem that says that there is no such environment.
    package func reading(_ name: EnvironmentName) throws(Problem) -> ResolvedEnvironment {
        guard let reading = resolved[name] else { throw .noEnvironment(name, in: self.name) }
        return reading
    }
}

extension Problem {
    /// What is not there at a moment of the past is not to be created, but looked for at another.
    ///
    /// - Parameters:
    ///   - moment: in words, such as `at revision 3`.
    ///   - isThereNow: whether there is one by now that may be seen.
    package static func noProject(_ name: ProjectName, _ moment: String, isThereNow: Bool) -> Problem {
        Problem(.notFound, "There was no project '\(name.rawValue)' \(moment)" + remedy(isThereNow))
    }

    package static func noEnvironment(
        _ name: EnvironmentName, in project: ProjectName, _ moment: String, isThereNow: Bool
    ) -> Problem {
        Problem(
            .notFound,
            "There was no environment '\(name.rawValue)' in project '\(project.rawValue)' \(moment)"
                + remedy(isThereNow))
    }

    private static func remedy(_ isThereNow: Bool) -> String {
        isThereNow ? ", though there is one now. Name another moment." : ", and there is none now."
    }

    package static func noProject(_ name: ProjectName) -> Problem {
        Problem(
            .notFound,
            "There is no project '\(name.rawValue)'. Create it with PUT /api/v1/projects/\(name.rawValue), or list "
                + "what there is with GET /api/v1/projects."
        ).lacking(Missing(.project, name.rawValue))
    }

    package static func noEnvironment(_ name: EnvironmentName, in project: ProjectName) -> Problem {
        Problem(
            .notFound,
            "There is no environment '\(name.rawValue)' in project '\(project.rawValue)'. Create it with "
                + "PUT /api/v1/projects/\(project.rawValue)/environments/\(name.rawValue), or in the same change."
        ).lacking(Missing(.environment, name.rawValue, of: project))
    }
}

extension PlatformState {
    /// Collects the items of a state as the store folds them, in any order.
    package struct Builder: Sendable {
        private var projects: [ProjectName: (body: ProjectBody, revision: Revision)] = [:]
        private var environments: [ProjectName: [EnvironmentName: (body: EnvironmentBody, revision: Revision)]] = [:]
        private var settings: [ProjectName: [EnvironmentName: [StoredSetting]]] = [:]
        private var definitions: [ProjectName: [ConfigKey: ProjectState.Definition]] = [:]
        private var validators: [ProjectName: [ValidatorName: ProjectState.Validator]] = [:]
        private var schemas: [ProjectName: [SchemaName: StoredSchema?]] = [:]
        private var access: [ProjectName: AccessItems] = [:]
        private var flags: [ProjectName: FlagBuilder] = [:]
        private var sizes: [ProjectName: ProjectSize] = [:]
        /// One key object for all environments that have the key.
        private var keys: [String: ConfigKey] = [:]

        package init() {}

        package mutating func add(address: ItemAddress, body: [UInt8], revision: Revision) throws {
            if !address.kind.isAccess {
                sizes[address.project, default: ProjectSize()].add(address.key, bytes: body.count)
            }
            switch address.kind {
            case .project:
                projects[address.project] = (
                    try ProjectBody(parsing: JSONValue(parsing: body, limits: .trusted)), revision
                )
            case .environment:
                environments[address.project, default: [:]][try EnvironmentName(parsing: address.key)] = (
                    try EnvironmentBody(parsing: JSONValue(parsing: body, limits: .trusted)), revision
                )
            case .setting:
                guard let environment = address.environment else {
                    throw UnreadableRecord("a setting without an environment: \(address.shown)")
                }
                let setting = StoredSetting(
                    key: try key(address.key), environment: environment, revision: revision,
                    body: try SettingBody(stored: body))
                settings[address.project, default: [:]][environment, default: []].append(setting)
            case .settingDefinition:
                definitions[address.project, default: [:]][try key(address.key)] = ProjectState.Definition(
                    body: try SettingDefinitionBody(parsing: JSONValue(parsing: body, limits: .trusted)),
                    revision: revision)
            case .schema:
                let name = try SchemaName(parsing: address.key)
                schemas[address.project, default: [:]][name] = StoredSchema(
                    name: name, body: try SchemaBody(parsing: JSONValue(parsing: body, limits: .trusted)),
                    revision: revision)
            case .validator:
                validators[address.project, default: [:]][try ValidatorName(parsing: address.key)] =
                    ProjectState.Validator(
                        body: try ValidatorBody(parsing: JSONValue(parsing: body, limits: .trusted)), revision: revision
                    )
            case .flag, .segment, .flagRule, .flagRollout, .flagKill:
                try flags[address.project, default: FlagBuilder()].add(address, body, revision)
            case .role, .binding, .group, .identity, .issuer, .protection, .changeRequest, .killHook:
                access[address.project, default: AccessItems()].set(
                    try AccessPlace(address.kind, key: address.key, environment: address.environment),
                    StoredAccess(
                        body: try AccessBody(address.kind, stored: body, in: address.project), revision: revision))
            }
        }

        private mutating func key(_ text: String) throws -> ConfigKey {
            if let known = keys[text], known.text.hasSameBytes(as: text) { return known }
            let key = try ConfigKey(parsing: text)
            keys[text] = key
            return key
        }

        /// The projects that were added.
        package var projectNames: [ProjectName] { Array(projects.keys) }

        /// Throws ``UnreadableRecord`` where an item lies in a project or an environment that was not added.
        ///
        /// - Parameter changes: how many changes each project had on the day of `committedAt`; none where it is left out.
        package consuming func finished(
            revision: Revision, digest: Digest, committedAt: Timestamp, changes: [ProjectName: Int] = [:]
        ) throws -> PlatformState {
            var result: [ProjectName: ProjectState] = [:]
            if access[.platform] != nil, projects[.platform] == nil {
                projects[.platform] = (try ProjectBody(), .zero)
            }
            let policy = AccessPolicy(
                platform: access[.platform] ?? AccessItems(), projects: access.filter { $0.key != .platform })
            for (name, project) in projects {
                var states: [EnvironmentName: EnvironmentState] = [:]
                var said = flags[name] ?? FlagBuilder()
                for (environment, item) in environments[name] ?? [:] {
                    let own = (settings[name]?[environment] ?? []).sorted { $0.key < $1.key }
                    states[environment] = EnvironmentState(
                        name: environment, body: item.body, revision: item.revision, own: SettingIndex(sorted: own),
                        flags: said.takeOwn(of: environment))
                    settings[name]?[environment] = nil
                }
                let layering = try Layering(states, altered: Set(states.keys))
                func layers(of name: EnvironmentName) -> [EnvironmentState] {
                    (layering.layers[name] ?? []).compactMap { states[$0] }
                }
                let resolved = states.mapValues { state in
                    ResolvedEnvironment(name: state.name, layers: layers(of: state.name), predecessor: nil, touched: [])
                }
                let projectFlags = try said.finished()
                let resolvedFlags = states.mapValues { state in
                    ResolvedFlags(
                        environment: state.name, projectFlags, layers: layers(of: state.name), predecessor: nil,
                        touched: [])
                }
                result[name] = ProjectState(
                    name: name, body: project.body, revision: project.revision, environments: states,
                    definitions: definitions[name] ?? [:],
                    schemas: SchemaSet().updated(with: schemas[name] ?? [:]).set,
                    validators: validators[name] ?? [:], access: access[name] ?? AccessItems(), flags: projectFlags,
                    layering: layering, resolved: resolved, resolvedFlags: resolvedFlags,
                    size: sizes[name] ?? ProjectSize(),
                    changes: changes[name].map { DayOfChanges(committedAt, count: $0) } ?? .empty)
                for environment in access[name]?.environments ?? [] where states[environment] == nil {
                    throw UnreadableRecord("an item of access of an environment that does not exist: \(environment)")
                }
                if settings[name]?.isEmpty == true { settings[name] = nil }
                environments[name] = nil
                definitions[name] = nil
                schemas[name] = nil
                validators[name] = nil
                access[name] = nil
                flags[name] = nil
            }
            guard environments.isEmpty, definitions.isEmpty, schemas.isEmpty, validators.isEmpty,
                settings.isEmpty, access.isEmpty, flags.isEmpty
            else {
                throw UnreadableRecord("items of a project or an environment that does not exist")
            }
            return PlatformState(
                revision: revision, digest: digest, committedAt: committedAt, projects: result, access: policy)
        }
    }
}
