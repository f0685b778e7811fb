/// One operation of a change that is asked for.
package struct Operation: Hashable, Sendable {
    package let target: Target
    package let expectation: Expectation?

    package init(_ target: Target, expecting expectation: Expectation? = nil) {
        self.target = target
        self.expectation = expectation
    }

    package enum Target: Hashable, Sendable {
        case putProject(ProjectBody)
        case deleteProject
        case putEnvironment(EnvironmentName, EnvironmentBody)
        case deleteEnvironment(EnvironmentName)
        /// Also what `unset` is: a body that masks the key.
        case putSetting(ConfigKey, EnvironmentName, SettingBody)
        case deleteSetting(ConfigKey, EnvironmentName)
        case putDefinition(ConfigKey, SettingDefinitionBody)
        case deleteDefinition(ConfigKey)
        case putSchema(SchemaName, SchemaBody)
        case deleteSchema(SchemaName)
        case putValidator(ValidatorName, ValidatorBody)
        case deleteValidator(ValidatorName)
        case putFlag(FlagPlace, FlagItemBody)
        case deleteFlag(FlagPlace)
        case putAccess(AccessPlace, AccessBody)
        case deleteAccess(AccessPlace)
    }

    /// What must be true of the item that an operation is about, before the change.
    package enum Expectation: Hashable, Sendable {
        /// The environment itself (or the project) has no such item; an inherited one counts as absent.
        case absent
        /// The item was last written at exactly this revision.
        case revision(Revision)
    }

    package func address(in project: ProjectName) -> ItemAddress {
        switch target {
        case .putProject, .deleteProject: .project(project)
        case .putEnvironment(let name, _), .deleteEnvironment(let name): .environment(name, in: project)
        case .putSetting(let key, let environment, _), .deleteSetting(let key, let environment):
            .setting(key, in: environment, of: project)
        case .putDefinition(let key, _), .deleteDefinition(let key): .settingDefinition(key, in: project)
        case .putSchema(let name, _), .deleteSchema(let name): .schema(name, in: project)
        case .putValidator(let name, _), .deleteValidator(let name): .validator(name, in: project)
        case .putFlag(let place, _), .deleteFlag(let place): .flag(place, in: project)
        case .putAccess(let place, _), .deleteAccess(let place): .access(place, in: project)
        }
    }

    /// The body that the item would have; nil where it would end.
    var body: [UInt8]? {
        switch target {
        case .putProject(let body): body.json.canonicalBytes()
        case .putEnvironment(_, let body): body.json.canonicalBytes()
        case .putSetting(_, _, let body): body.bytes
        case .putDefinition(_, let body): body.json.canonicalBytes()
        case .putSchema(_, let body): body.json.canonicalBytes()
        case .putValidator(_, let body): body.json.canonicalBytes()
        case .putFlag(_, let body): body.bytes
        case .putAccess(_, let body): body.bytes
        case .deleteProject, .deleteEnvironment, .deleteSetting, .deleteDefinition, .deleteSchema, .deleteValidator,
            .deleteFlag, .deleteAccess:
            nil
        }
    }
}

/// A change that somebody asks for. What it comes to is decided against a state of the ledger, and again under the writer's lock.
package final class Proposal: Sendable {
    package let project: ProjectName
    package let author: Author
    package let purpose: Purpose
    /// The one item that the proposal is about, where it is about one: whether it may be altered is seen before what stands there is.
    package let about: ItemAddress?
    /// At most ``Limits/messageBytes``.
    package let message: String
    package let source: JSONValue?
    /// The operations, given the state they are decided against: a rollback or a promotion depends on it.
    package let operations: @Sendable (PlatformState) throws(Problem) -> [Operation]
    /// The same, laid out beforehand where they are the same whatever the state: who decides holds up everybody else.
    let laidOut: [LaidOutOperation]?

    /// What a proposal may do that others may not.
    package enum Purpose: Hashable, Sendable {
        /// What its author may write.
        case change
        /// A step of a change request: its creation, what is said of it, its end.
        case requestStep
        /// The change that a request asks for.
        case apply(ChangeRequestID)
        /// The rights of an emergency.
        case breakGlass
        /// What a rollout comes to by its own plan. ``Author/rollouts`` alone may propose it, and nothing else.
        case rolloutStep
        /// What a kill hook is pulled for. ``Author/killHook(_:in:of:)`` alone may propose it, and nothing else.
        case pull(KillHookName, EnvironmentName)
    }

    package init(
        project: ProjectName, by author: Author, as purpose: Purpose = .change, about: ItemAddress? = nil,
        message: String, source: JSONValue? = nil,
        operations: @escaping @Sendable (PlatformState) throws(Problem) -> [Operation]
    ) {
        self.project = project
        self.author = author
        self.purpose = purpose
        self.about = about
        self.message = message
        self.source = source
        self.operations = operations
        laidOut = nil
    }

    package init(project: ProjectName, by author: Author, message: String, operations: [Operation]) {
        self.project = project
        self.author = author
        purpose = .change
        about = nil
        self.message = message
        source = nil
        self.operations = { _ in operations }
        laidOut = operations.map { LaidOutOperation($0, in: project) }
    }

    /// What a refusal is recorded against: the place that it is about, as far as that is known before it is decided.
    package var place: String {
        if let about { return AuditEvent.target(of: CollectionOfOne(about), in: project) }
        return AuditEvent.target(of: (laidOut ?? []).lazy.map(\.address), in: project)
    }

    /// Who asks for it, whoever wrote it.
    package var asking: Principal { author.subject?.principal ?? author.principal }

    /// Whether it is decided in a fraction of a millisecond: a few settings, of a small project that no schema judges, with nothing that
    /// refers to them or by them.
    package func isLight(at state: PlatformState) -> Bool {
        guard let laidOut, laidOut.count <= 8, let project = state.projects[project], project.schemas.isEmpty,
            project.environments.count <= 16, laidOut.reduce(0, { $0 + ($1.body?.count ?? 0) }) <= 16 << 10
        else { return false }
        return laidOut.allSatisfy { operation in
            switch operation.target {
            case .putSetting(let key, let environment, let body):
                body.content != .live && project.isQuicklyUpdated(key, in: environment)
            case .deleteSetting(let key, let environment): project.isQuicklyUpdated(key, in: environment)
            default: false
            }
        }
    }

    func laidOut(at state: PlatformState) throws(Problem) -> [LaidOutOperation] {
        if let laidOut { return laidOut }
        return try operations(state).map { LaidOutOperation($0, in: project) }
    }
}

extension ProjectState {
    fileprivate func isQuicklyUpdated(_ key: ConfigKey, in environment: EnvironmentName) -> Bool {
        (layering.readers[environment] ?? []).allSatisfy { resolved[$0]?.isQuicklyUpdated(at: key) ?? false }
    }
}

/// An operation with the address and the body that it comes to.
final class LaidOutOperation: Sendable {
    let operation: Operation
    let address: ItemAddress
    /// The body that the item would have; nil where it would end.
    let body: [UInt8]?

    init(_ operation: Operation, in project: ProjectName) {
        self.operation = operation
        address = operation.address(in: project)
        body = operation.body
    }

    var target: Operation.Target { operation.target }
    var expectation: Operation.Expectation? { operation.expectation }

    var effect: Effect {
        if case .putSetting(let key, _, let setting) = target {
            return Effect(address: address, body: body, setting: (key, setting))
        }
        if case .putFlag(_, let item) = target {
            return Effect(address: address, body: body, setting: nil, flagItem: item)
        }
        return Effect(address: address, body: body)
    }
}

extension Operation {
    /// The operation that has an effect, where a client could have asked for it.
    package init(restating effect: Effect) throws(Problem) {
        do {
            self.init(try Self.target(effect))
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.fault, "An operation that waits for approval cannot be read: \(error)")
        }
    }

    private static func target(_ effect: Effect) throws -> Target {
        let address = effect.address
        let body = try effect.body.map { try JSONValue(parsing: $0, limits: .trusted) }
        switch address.kind {
        case .project: return try body.map { .putProject(try ProjectBody(parsing: $0)) } ?? .deleteProject
        case .environment:
            let name = try EnvironmentName(parsing: address.key)
            return try body.map { .putEnvironment(name, try EnvironmentBody(parsing: $0)) } ?? .deleteEnvironment(name)
        case .setting:
            guard let environment = address.environment else { throw UnreadableRecord("a setting without environment") }
            let key = try ConfigKey(parsing: address.key)
            guard let bytes = effect.body else { return .deleteSetting(key, environment) }
            return .putSetting(key, environment, try SettingBody(stored: bytes))
        case .settingDefinition:
            let key = try ConfigKey(parsing: address.key)
            return try body.map { .putDefinition(key, try SettingDefinitionBody(parsing: $0)) }
                ?? .deleteDefinition(key)
        case .schema:
            let name = try SchemaName(parsing: address.key)
            return try body.map { .putSchema(name, try SchemaBody(parsing: $0)) } ?? .deleteSchema(name)
        case .validator:
            let name = try ValidatorName(parsing: address.key)
            return try body.map { .putValidator(name, try ValidatorBody(parsing: $0)) } ?? .deleteValidator(name)
        case .flag, .segment, .flagRule, .flagRollout, .flagKill:
            let place = try FlagPlace(address.kind, key: address.key, environment: address.environment)
            return try body.map { .putFlag(place, try FlagItemBody(address.kind, parsing: $0)) } ?? .deleteFlag(place)
        case .role, .binding, .group, .identity, .issuer, .protection, .changeRequest, .killHook:
            let place = try AccessPlace(address.kind, key: address.key, environment: address.environment)
            return try body.map { .putAccess(place, try AccessBody(address.kind, parsing: $0)) } ?? .deleteAccess(place)
        }
    }
}
