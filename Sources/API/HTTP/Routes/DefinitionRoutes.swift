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
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        let scope = view.viewpoint.keys(.read, .settingDefinition, in: nil)
        let definitions = view.project.definitions
            .filter { definition in
                after.map { definition.key > $0 } ?? true && scope.permits(definition.key, in: view.viewpoint.project)
            }
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
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        guard let definition = view.project.definitions[key],
            view.viewpoint.permits(.read, .settingDefinition, key: key)
        else { throw undefined(key) }
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
        return try request.write(
            Operation(.putDefinition(key, body)), in: project, caller, saying: "Describe \(key)")
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let key = try request.key()
        return try request.write(
            Operation(.deleteDefinition(key)), in: project, caller, saying: "Remove the description of \(key)",
            orElse: undefined(key))
    }

    private static func undefined(_ key: ConfigKey) -> Problem {
        Problem(.notFound, "Nothing is said of '\(key)' in this project; PUT a description or tags here.")
    }
}
