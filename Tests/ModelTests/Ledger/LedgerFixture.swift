@testable import ConfigPlatformModel

/// A ledger that is written to through `decide` alone: the project `shop`, where nothing else is said.
struct LedgerFixture {
    var state = PlatformState.empty
    static let project: ProjectName = "shop"
    static let start = Timestamp(microseconds: 1_795_413_600_000_000)

    /// The project with environments of these names, none inheriting from another.
    init(environments: EnvironmentName...) throws {
        try commit([Operation(.putProject(ProjectBody()))] + environments.map { .environment($0) })
    }

    /// A platform without any project.
    init() {}

    @discardableResult
    mutating func commit(_ operations: Operation..., in project: ProjectName = project) throws -> Decision {
        try commit(operations, in: project)
    }

    @discardableResult
    mutating func commit(_ operations: [Operation], in project: ProjectName = project) throws -> Decision {
        let decision = try decide(operations, in: project)
        state = decision.state
        return decision
    }

    func decide(
        _ operations: [Operation], in project: ProjectName = project, message: String = "", at now: Timestamp = start
    ) throws(Problem) -> Decision {
        try state.decide(
            Proposal(project: project, by: .platform(), message: message, operations: operations), at: now)
    }

    /// The problem for which the change is refused; nil where it is not.
    func refusal(
        _ operations: Operation..., in project: ProjectName = project, message: String = ""
    ) -> Problem? {
        refusal(operations, in: project, message: message)
    }

    func refusal(_ operations: [Operation], in project: ProjectName = project, message: String = "") -> Problem? {
        do throws(Problem) {
            _ = try decide(operations, in: project, message: message)
            return nil
        } catch {
            return error
        }
    }

    /// The resolved document of an environment as text.
    func document(_ environment: EnvironmentName, in project: ProjectName = project) throws -> String {
        try String(decoding: state.project(project).reading(environment).document.bytes, as: UTF8.self)
    }

    func project(_ name: ProjectName = project) throws -> ProjectState { try state.project(name) }
}

extension Operation {
    static func put(
        _ key: ConfigKey, _ value: JSONValue, in environment: EnvironmentName,
        references: SettingBody.References = .live,
        expecting expectation: Expectation? = nil
    ) throws -> Operation {
        Operation(.putSetting(key, environment, try SettingBody(value, references: references)), expecting: expectation)
    }

    static func unset(_ key: ConfigKey, in environment: EnvironmentName, expecting expectation: Expectation? = nil)
        -> Operation
    {
        Operation(.putSetting(key, environment, .unset), expecting: expectation)
    }

    static func delete(_ key: ConfigKey, in environment: EnvironmentName, expecting expectation: Expectation? = nil)
        -> Operation
    {
        Operation(.deleteSetting(key, environment), expecting: expectation)
    }

    /// Names that are too many for a body stop the program.
    static func environment(
        _ name: EnvironmentName, inherits: [EnvironmentName] = [], description: String = "",
        expecting expectation: Expectation? = nil
    ) -> Operation {
        Operation(
            .putEnvironment(name, try! EnvironmentBody(inherits: inherits, description: description)),
            expecting: expectation)
    }

    static func deleteEnvironment(_ name: EnvironmentName, expecting expectation: Expectation? = nil) -> Operation {
        Operation(.deleteEnvironment(name), expecting: expectation)
    }

    static func define(_ key: ConfigKey, description: String = "", tags: [String] = []) throws -> Operation {
        Operation(.putDefinition(key, try SettingDefinitionBody(description: description, tags: tags)))
    }
}

// A literal that is no identifier stops the program: the tests' own are sound.

extension ProjectName: ExpressibleByStringLiteral {
    /// The name that the literal is.
    public init(stringLiteral text: String) { self = try! ProjectName(parsing: text) }
}

extension EnvironmentName: ExpressibleByStringLiteral {
    /// The name that the literal is.
    public init(stringLiteral text: String) { self = try! EnvironmentName(parsing: text) }
}

extension ConfigKey: ExpressibleByStringLiteral {
    /// The key that the literal is.
    public init(stringLiteral text: String) { self = try! ConfigKey(parsing: text) }
}

extension Revision: ExpressibleByIntegerLiteral {
    /// The revision of that number.
    public init(integerLiteral number: Int64) { self = try! Revision(number) }
}
