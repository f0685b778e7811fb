import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// What is said of keys, for a whole project.
enum DefinitionRoutes {
    private static let collection = "\(RouteTable.base)/projects/{project}/keys"
    private static let item = "\(collection)/{key}"

    static let all: [Route] = [
        .get(collection, query: ["limit", "after", "at"], list),
        .get(item, query: ["at"], show),
        .write(.put, item, body: .json, put),
        .write(.delete, item, body: .none, delete),
    ]

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let after = try request.query.parsed("after") { text throws(InvalidIdentifier) in try ConfigKey(parsing: text) }
        let state = try await platform.state(of: request.project(), at: request.query.moment("at"))
        let definitions = try state.project(request.project()).definitions
            .filter { definition in after.map { definition.key > $0 } ?? true }
            .sorted { $0.key < $1.key }
        let page = definitions.prefix(limit)
        return .json { json in
            json.array("keys", of: page) { json, definition in
                json.object { write(definition.key, definition.value, into: &$0) }
            }
            json.member("next", definitions.count > limit ? page.last?.key.text : nil)
        }
    }

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let key = try request.key()
        let state = try await platform.state(of: request.project(), at: request.query.moment("at"))
        guard let definition = try state.project(request.project()).definitions[key] else { throw undefined(key) }
        return Answer.json { write(key, definition, into: &$0) }.tagged(Precondition.entityTag(definition.revision))
    }

    private static func write(_ key: ConfigKey, _ definition: ProjectState.Definition, into json: inout JSONBytes) {
        json.member("description", definition.body.description)
        json.member("key", key.text)
        if !definition.body.plaintextReason.isEmpty {
            json.member("plaintextReason", definition.body.plaintextReason)
        }
        json.member("revision", definition.revision.number)
        json.array("tags", of: definition.body.tags)
    }

    private static func put(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let key = try request.key()
        let body = try BodyReader(parsing: request.body).parsed { json throws(Problem) in
            try SettingDefinitionBody(parsing: json)
        }
        let precondition = try Precondition(request.fields)
        let proposal = Proposal(
            project: project, author: caller.principal, message: try request.message() ?? "Describe \(key)"
        ) { state throws(Problem) in
            let standing = try state.project(project).definitions[key]
            try precondition.check(standing?.revision, .settingDefinition(key, in: project))
            return [Operation(.putDefinition(key, body))]
        }
        return PlannedWrite(proposal: proposal)
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let key = try request.key()
        let precondition = try Precondition(request.fields)
        let proposal = Proposal(
            project: project, author: caller.principal,
            message: try request.message() ?? "Remove the description of \(key)"
        ) { state throws(Problem) in
            guard let standing = try state.project(project).definitions[key] else { throw undefined(key) }
            try precondition.check(standing.revision, .settingDefinition(key, in: project))
            return [Operation(.deleteDefinition(key))]
        }
        return PlannedWrite(proposal: proposal)
    }

    private static func undefined(_ key: ConfigKey) -> Problem {
        Problem(.notFound, "Nothing is said of '\(key)' in this project; PUT a description or tags here.")
    }
}
