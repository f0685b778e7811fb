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
        case .deleteProject, .deleteEnvironment, .deleteSetting, .deleteDefinition, .deleteSchema, .deleteValidator:
            nil
        }
    }
}

/// A change that somebody asks for. What it comes to is decided against a state of the ledger, and again under the writer's lock.
package struct Proposal: Sendable {
    package let project: ProjectName
    package let author: Principal
    /// At most ``Limits/messageBytes``.
    package let message: String
    package let source: JSONValue?
    /// The operations, given the state they are decided against: a rollback or a promotion depends on it.
    package let operations: @Sendable (PlatformState) throws(Problem) -> [Operation]
    /// The same, laid out beforehand where they are the same whatever the state: who decides holds up everybody else.
    let laidOut: [LaidOutOperation]?

    package init(
        project: ProjectName, author: Principal, message: String, source: JSONValue? = nil,
        operations: @escaping @Sendable (PlatformState) throws(Problem) -> [Operation]
    ) {
        self.project = project
        self.author = author
        self.message = message
        self.source = source
        self.operations = operations
        laidOut = nil
    }

    package init(project: ProjectName, author: Principal, message: String, operations: [Operation]) {
        self.project = project
        self.author = author
        self.message = message
        source = nil
        self.operations = { _ in operations }
        laidOut = operations.map { LaidOutOperation($0, in: project) }
    }

    func laidOut(at state: PlatformState) throws(Problem) -> [LaidOutOperation] {
        if let laidOut { return laidOut }
        return try operations(state).map { LaidOutOperation($0, in: project) }
    }
}

/// An operation with the address and the body that it comes to.
struct LaidOutOperation: Sendable {
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
        return Effect(address: address, body: body)
    }
}
