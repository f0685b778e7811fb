package import ConfigPlatformFlags

/// A project with all that is in it, at one revision. Immutable.
package final class ProjectState: Sendable {
    package let name: ProjectName
    package let body: ProjectBody
    /// The revision that last wrote the project's own item.
    package let revision: Revision
    package let environments: [EnvironmentName: EnvironmentState]
    package let definitions: [ConfigKey: Definition]
    package let schemas: SchemaSet
    package let validators: [ValidatorName: Validator]
    package let access: AccessItems
    package let flags: ProjectFlags
    package let layering: Layering
    /// What programs of each environment read.
    package let resolved: [EnvironmentName: ResolvedEnvironment]
    /// What flags come to in each environment.
    package let resolvedFlags: [EnvironmentName: ResolvedFlags]
    package let size: ProjectSize
    package let changes: DayOfChanges

    package struct Definition: Sendable {
        package let body: SettingDefinitionBody
        package let revision: Revision
    }

    package struct Validator: Sendable {
        package let body: ValidatorBody
        package let revision: Revision
    }

    init(
        name: ProjectName, body: ProjectBody, revision: Revision, environments: [EnvironmentName: EnvironmentState],
        definitions: [ConfigKey: Definition], schemas: SchemaSet,
        validators: [ValidatorName: Validator], access: AccessItems, flags: ProjectFlags, layering: Layering,
        resolved: [EnvironmentName: ResolvedEnvironment], resolvedFlags: [EnvironmentName: ResolvedFlags],
        size: ProjectSize, changes: DayOfChanges
    ) {
        self.name = name
        self.body = body
        self.revision = revision
        self.environments = environments
        self.definitions = definitions
        self.schemas = schemas
        self.validators = validators
        self.access = access
        self.flags = flags
        self.layering = layering
        self.resolved = resolved
        self.resolvedFlags = resolvedFlags
        self.size = size
        self.changes = changes
    }

    /// The platform before anything was said of it.
    package static let emptyPlatform: ProjectState? = (try? ProjectBody()).map { body in
        ProjectState(
            name: .platform, body: body, revision: .zero, environments: [:], definitions: [:], schemas: SchemaSet(),
            validators: [:], access: AccessItems(), flags: ProjectFlags(), layering: Layering(), resolved: [:],
            resolvedFlags: [:], size: ProjectSize(), changes: .empty)
    }

    /// The environments in order of name.
    package var sortedEnvironments: [EnvironmentState] { environments.values.sorted { $0.name < $1.name } }

    /// The body of an item and the revision that last wrote it; nil where there is none.
    package func item(at target: Operation.Target) -> (body: [UInt8], revision: Revision)? {
        switch target {
        case .putProject, .deleteProject:
            return (body.json.canonicalBytes(), revision)
        case .putEnvironment(let name, _), .deleteEnvironment(let name):
            return environments[name].map { ($0.body.json.canonicalBytes(), $0.revision) }
        case .putSetting(let key, let environment, _), .deleteSetting(let key, let environment):
            return environments[environment]?.own[key].map { ($0.body.bytes, $0.revision) }
        case .putDefinition(let key, _), .deleteDefinition(let key):
            return definitions[key].map { ($0.body.json.canonicalBytes(), $0.revision) }
        case .putSchema(let name, _), .deleteSchema(let name):
            return schemas[name].map { ($0.body.json.canonicalBytes(), $0.revision) }
        case .putValidator(let name, _), .deleteValidator(let name):
            return validators[name].map { ($0.body.json.canonicalBytes(), $0.revision) }
        case .putFlag(let place, _), .deleteFlag(let place):
            return flagItem(place).map { ($0.body.bytes, $0.revision) }
        case .putAccess(let place, _), .deleteAccess(let place):
            return access[place].map { ($0.body.bytes, $0.revision) }
        }
    }

    /// The body of the item that an effect is on, as it is here; nil where there is none.
    package func body(of effect: Effect) -> [UInt8]? {
        guard let key = effect.setting?.key, let environment = effect.address.environment else {
            return body(at: effect.address)
        }
        return environments[environment]?.own[key]?.body.bytes
    }

    /// The body of the item at an address of this project; nil where there is none.
    package func body(at address: ItemAddress) -> [UInt8]? {
        switch address.kind {
        case .project: body.json.canonicalBytes()
        case .environment:
            (try? EnvironmentName(parsing: address.key)).flatMap { environments[$0]?.body.json.canonicalBytes() }
        case .setting:
            (try? ConfigKey(parsing: address.key)).flatMap { key in
                address.environment.flatMap { environments[$0]?.own[key]?.body.bytes }
            }
        case .settingDefinition:
            (try? ConfigKey(parsing: address.key)).flatMap { definitions[$0]?.body.json.canonicalBytes() }
        case .validator:
            (try? ValidatorName(parsing: address.key)).flatMap { validators[$0]?.body.json.canonicalBytes() }
        case .schema:
            (try? SchemaName(parsing: address.key)).flatMap { schemas[$0]?.body.json.canonicalBytes() }
        case .flag, .segment, .flagRule, .flagRollout, .flagKill:
            (try? FlagPlace(address.kind, key: address.key, environment: address.environment)).flatMap {
                flagItem($0)?.body.bytes
            }
        case .role, .binding, .group, .identity, .issuer, .protection, .changeRequest, .killHook:
            (try? AccessPlace(address.kind, key: address.key, environment: address.environment)).flatMap {
                access[$0]?.body.bytes
            }
        }
    }
}

/// What the effects of one change touch in the resolved documents of a project.
package struct Touched: Sendable {
    /// For each environment that may read something else than before, the keys concerned. Environments that are new, gone or whose layers
    /// changed are in `relayered` instead.
    package var keys: [EnvironmentName: Set<ConfigKey>] = [:]
    package var relayered: Set<EnvironmentName> = []
    /// Schemas that were written or ended, and those that refer to others when any was.
    package var schemas: Set<SchemaName> = []
    /// For each environment in which flags may come to something else than before, their keys; those that are new, gone or whose layers
    /// changed are in `relayered` instead.
    package var flags: [EnvironmentName: Set<FlagKey>] = [:]

    /// Where settings may be others.
    package var environments: Set<EnvironmentName> { relayered.union(keys.keys) }

    /// Where flags may come to something else.
    package var flagEnvironments: Set<EnvironmentName> { relayered.union(flags.keys) }
}

extension ProjectState {
    /// What a change leaves of its project (nil where it ends it), and what it touches. `previous` is nil where it begins it.
    ///
    /// The same function makes the state of the replica that commits, of those that follow, and of any past revision, so these cannot
    /// differ.
    static func applying(
        _ change: ChangeRecord, to previous: ProjectState?
    ) throws -> (state: ProjectState?, touched: Touched) {
        var draft = try Draft(previous, change)
        for effect in change.effects { try draft.apply(effect) }
        return try draft.finished()
    }

    private struct Draft {
        let name: ProjectName
        let revision: Revision
        let previous: ProjectState?
        var body: ProjectBody?
        var bodyRevision: Revision
        var environments: [EnvironmentName: EnvironmentState]
        var definitions: [ConfigKey: Definition]
        var schemas: [SchemaName: StoredSchema?] = [:]
        var validators: [ValidatorName: Validator]
        var access: AccessItems
        var flags: FlagDraft
        var own: [EnvironmentName: SettingIndex] = [:]
        var writtenKeys: [EnvironmentName: Set<ConfigKey>] = [:]
        var altered: Set<EnvironmentName> = []
        var size: ProjectSize
        let changes: DayOfChanges

        init(_ previous: ProjectState?, _ change: ChangeRecord) throws {
            name = change.project
            revision = change.revision
            self.previous = previous
            changes = (previous?.changes ?? .empty).following(change.committedAt)
            // The platform itself is always there, without an item of its own.
            body = try previous?.body ?? (change.project == .platform ? ProjectBody() : nil)
            bodyRevision = previous?.revision ?? change.revision
            environments = previous?.environments ?? [:]
            definitions = previous?.definitions ?? [:]
            validators = previous?.validators ?? [:]
            access = previous?.access ?? AccessItems()
            flags = FlagDraft(previous?.flags ?? ProjectFlags())
            size = previous?.size ?? ProjectSize()
        }

        mutating func apply(_ effect: Effect) throws {
            switch effect.address.kind {
            case .project:
                size.count(effect, inPlaceOf: body?.json.canonicalBytes().count)
                body = try effect.body.map { try ProjectBody(parsing: JSONValue(parsing: $0, limits: .trusted)) }
                bodyRevision = revision
            case .environment:
                let environment = try EnvironmentName(parsing: effect.address.key)
                altered.insert(environment)
                size.count(effect, inPlaceOf: environments[environment]?.body.json.canonicalBytes().count)
                let body = try effect.body.map {
                    try EnvironmentBody(parsing: JSONValue(parsing: $0, limits: .trusted))
                }
                guard let body else {
                    let settings = own[environment] ?? environments[environment]?.own ?? SettingIndex()
                    size.remove(settings, flags.end(environment, environments[environment]))
                    environments[environment] = nil
                    own[environment] = nil
                    writtenKeys[environment] = nil
                    access.end(environment)
                    return
                }
                environments[environment] = EnvironmentState(
                    name: environment, body: body, revision: revision,
                    own: environments[environment]?.own ?? SettingIndex(),
                    flags: environments[environment]?.flags ?? OwnFlags())
            case .setting:
                try applySetting(effect)
            case .settingDefinition:
                let key = try ConfigKey(parsing: effect.address.key)
                size.count(effect, inPlaceOf: definitions[key]?.body.json.canonicalBytes().count)
                definitions[key] = try effect.body.map {
                    Definition(
                        body: try SettingDefinitionBody(parsing: JSONValue(parsing: $0, limits: .trusted)),
                        revision: revision)
                }
            case .schema:
                let name = try SchemaName(parsing: effect.address.key)
                let standing: StoredSchema? = schemas[name] ?? previous?.schemas[name]
                size.count(effect, inPlaceOf: standing?.body.json.canonicalBytes().count)
                schemas[name] = .some(
                    try effect.body.map {
                        StoredSchema(
                            name: name, body: try SchemaBody(parsing: JSONValue(parsing: $0, limits: .trusted)),
                            revision: revision)
                    })
            case .validator:
                let name = try ValidatorName(parsing: effect.address.key)
                size.count(effect, inPlaceOf: validators[name]?.body.json.canonicalBytes().count)
                validators[name] = try effect.body.map {
                    Validator(
                        body: try ValidatorBody(parsing: JSONValue(parsing: $0, limits: .trusted)), revision: revision)
                }
            case .flag, .segment, .flagRule, .flagRollout, .flagKill:
                size.count(effect, inPlaceOf: try flags.apply(effect, at: revision, environments))
            case .role, .binding, .group, .identity, .issuer, .protection, .changeRequest, .killHook:
                try applyAccess(effect)
            }
        }

        private mutating func applyAccess(_ effect: Effect) throws {
            let address = effect.address
            let place = try AccessPlace(address.kind, key: address.key, environment: address.environment)
            if let environment = place.environment, environments[environment] == nil {
                throw UnreadableRecord("an effect on an environment that does not exist: \(address.shown)")
            }
            access.set(
                place,
                try effect.body.map {
                    StoredAccess(body: try AccessBody(address.kind, stored: $0, in: name), revision: revision)
                })
        }

        private mutating func applySetting(_ effect: Effect) throws {
            guard let environment = effect.address.environment, let state = environments[environment] else {
                throw UnreadableRecord(
                    "an effect on a setting of an environment that does not exist: \(effect.address.shown)")
            }
            let key = try effect.setting?.key ?? ConfigKey(parsing: effect.address.key)
            let standing: StoredSetting?
            if let body = effect.body {
                let setting = StoredSetting(
                    key: key, environment: environment, revision: revision,
                    body: try effect.setting?.body ?? SettingBody(stored: body))
                standing = own[environment, default: state.own].put(setting)
            } else {
                standing = own[environment, default: state.own].remove(key)
            }
            size.count(effect, inPlaceOf: standing?.body.byteCount)
            writtenKeys[environment, default: []].insert(key)
        }

        mutating func finished() throws -> (state: ProjectState?, touched: Touched) {
            var touched = Touched()
            guard let body else {
                guard previous != nil else {
                    throw UnreadableRecord("effects in '\(name.rawValue)', a project that does not exist")
                }
                touched.relayered = Set(previous?.environments.keys.map { $0 } ?? [])
                return (nil, touched)
            }
            for name in Set(own.keys).union(flags.own.keys) {
                guard let state = environments[name] else { continue }
                environments[name] = EnvironmentState(
                    name: name, body: state.body, revision: state.revision, own: own[name] ?? state.own,
                    flags: flags.own[name] ?? state.flags)
            }
            let layering =
                altered.isEmpty
                ? previous?.layering ?? Layering()
                : try Layering(environments, known: previous?.layering ?? Layering(), altered: altered)
            for name in altered {
                touched.relayered.formUnion(layering.readers[name] ?? [])
                touched.relayered.formUnion(previous?.layering.readers[name] ?? [])
            }
            for (name, keys) in writtenKeys {
                for reader in layering.readers[name] ?? [] where !touched.relayered.contains(reader) {
                    touched.keys[reader] = touched.keys[reader]?.union(keys) ?? keys
                }
            }
            let resolved = resolvedEnvironments(layering, touched)
            flags.finish()
            touched.flags = flags.touched(environments, layering, since: previous, besides: touched.relayered)
            let resolvedFlags = flags.resolved(environments, layering, touched, previous)
            var schemaSet = previous?.schemas ?? SchemaSet()
            if !schemas.isEmpty { (schemaSet, touched.schemas) = schemaSet.updated(with: schemas) }
            let state = ProjectState(
                name: name, body: body, revision: bodyRevision, environments: environments, definitions: definitions,
                schemas: schemaSet, validators: validators, access: access, flags: flags.project, layering: layering,
                resolved: resolved, resolvedFlags: resolvedFlags, size: size, changes: changes)
            return (state, touched)
        }

        private func resolvedEnvironments(
            _ layering: Layering, _ touched: Touched
        ) -> [EnvironmentName: ResolvedEnvironment] {
            var resolved = previous?.resolved ?? [:]
            func layers(_ name: EnvironmentName) -> [EnvironmentState] {
                (layering.layers[name] ?? []).compactMap { environments[$0] }
            }
            for name in touched.relayered {
                resolved[name] =
                    environments[name] == nil
                    ? nil : ResolvedEnvironment(name: name, layers: layers(name), predecessor: nil, touched: [])
            }
            for (name, keys) in touched.keys {
                resolved[name] = ResolvedEnvironment(
                    name: name, layers: layers(name), predecessor: resolved[name], touched: keys)
            }
            return resolved
        }
    }
}
