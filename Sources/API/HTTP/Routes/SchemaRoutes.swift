import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// What values must be like, what is said of single keys, and what is found wrong.
enum SchemaRoutes {
    private static let project = "\(RouteTable.base)/projects/{project}"
    private static let collection = "\(project)/schemas"
    private static let item = "\(collection)/{schema}"

    static let all: [Route] = [
        .get(collection, query: ["limit", "after", "at"], list),
        .get(item, query: ["at"], show),
        .write(.put, item, body: .json, put),
        .write(.delete, item, body: .none, delete),
        .get("\(project)/environments/{environment}/settings/{key}/schema", query: ["at"], describe),
        .get("\(project)/findings", query: ["environment", "kind", "at"], findings),
    ]

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let after = try request.query.parsed("after") { text throws(InvalidIdentifier) in try SchemaName(parsing: text)
        }
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        try view.viewpoint.require(.read, .schema)
        let schemas = view.project.schemas.sorted
            .filter { schema in after.map { schema.name > $0 } ?? true }
        let page = schemas.prefix(limit)
        return .json { json in
            json.member("next", schemas.count > limit ? page.last?.name.rawValue : nil)
            json.array("schemas", of: page) { json, schema in
                json.object { write(schema, isWhole: false, into: &$0) }
            }
        }
    }

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let name = try request.schema()
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        try view.viewpoint.require(.read, .schema)
        guard let schema = view.project.schemas[name] else { throw unknown(name) }
        return Answer.json { write(schema, isWhole: true, into: &$0) }.tagged(Precondition.entityTag(schema.revision))
    }

    private static func write(_ schema: StoredSchema, isWhole: Bool, into json: inout JSONBytes) {
        let body = schema.body.json
        json.member("environments", body["environments"])
        json.member("key", body["key"])
        json.member("name", schema.name.rawValue)
        json.member("prefix", body["prefix"])
        json.member("reportOnly", body["reportOnly"])
        json.member("revision", schema.revision.number)
        if isWhole { json.member("schema", body["schema"]) }
        json.member("shared", body["shared"])
    }

    private static func put(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let name = try request.schema()
        let body = try BodyReader(parsing: request.body).parsed { json throws(Problem) in
            try SchemaBody(parsing: json)
        }
        return try request.write(
            Operation(.putSchema(name, body)), in: project, caller, saying: "Put schema \(name.rawValue)")
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let name = try request.schema()
        return try request.write(
            Operation(.deleteSchema(name)), in: project, caller, saying: "Delete schema \(name.rawValue)",
            orElse: unknown(name))
    }

    private static func unknown(_ name: SchemaName) -> Problem {
        Problem(
            .notFound, "There is no schema '\(name.rawValue)' in this project; list what there is with GET …/schemas."
        ).lacking(Missing(.schema, name.rawValue))
    }

    // MARK: What is said and found

    private static func describe(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let key = try request.key()
        let reading = try await platform.read(
            caller, request.environment(), of: request.project(), at: request.query.moment("at"))
        let viewpoint = platform.viewpoint(caller, of: try request.project())
        guard viewpoint.permits(.read, .setting, in: reading.environment.name, key: key) else {
            throw Problem(.notFound, "No schema says anything of '\(key)' in '\(reading.environment.name.rawValue)'.")
        }
        let environment = try reading.project.environment(reading.environment.name)
        guard let said = reading.project.schemas.description(of: key, in: environment) else {
            throw Problem(.notFound, "No schema says anything of '\(key)' in '\(environment.name.rawValue)'.")
        }
        return .json { json in
            json.member("default", said.defaultValue)
            json.member("deprecated", said.isDeprecated ? .bool(true) : nil)
            json.member("description", said.description)
            json.member("examples", said.examples.isEmpty ? nil : .array(said.examples))
            json.member("key", key.text)
            json.member("readOnly", said.isReadOnly ? .bool(true) : nil)
            json.member("rules", .object(said.rules))
            json.array("schemas", of: said.schemas.map(\.rawValue))
            json.member("title", said.title)
            json.member("writeOnly", said.isWriteOnly ? .bool(true) : nil)
        }
    }

    private static func findings(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let kind = try request.query.choice("kind", of: Finding.Kind.self)
        let environment = try request.queriedEnvironment()
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        if let environment { _ = try view.environment(environment) }
        let (all, isComplete) = view.project.findings(
            in: environment.map { [$0] }, kinds: kind.map { [$0] } ?? Set(Finding.Kind.allCases))
        let found = view.viewpoint.visible(all)
        return .json { json in
            json.member("complete", isComplete)
            json.array("findings", of: found) { $0.element($1) }
            json.member("revision", view.state.revision.number)
        }
    }
}

extension IncomingRequest {
    fileprivate func schema() throws(Problem) -> SchemaName {
        let text = try parameter("schema")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try SchemaName(parsing: text) }
    }
}
