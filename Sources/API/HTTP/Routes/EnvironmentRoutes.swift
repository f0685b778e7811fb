import ConfigPlatformModel
import ControlPlane
import HTTPTypes

enum EnvironmentRoutes {
    private static let collection = "\(RouteTable.base)/projects/{project}/environments"
    private static let item = "\(collection)/{environment}"

    static let all: [Route] = [
        .get(collection, query: ["limit", "after", "at"], list),
        .get(item, query: ["at"], show),
        .write(.put, item, body: .json, put),
        .write(.patch, item, body: .mergePatch, patch),
        .write(.delete, item, body: .none, delete),
    ]

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let after = try request.queriedEnvironment("after")
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        let environments = view.project.sortedEnvironments
            .filter { environment in
                after.map { environment.name > $0 } ?? true && view.viewpoint.sees(environment.name)
            }
        let page = environments.prefix(limit)
        return .json { json in
            json.array("environments", of: page) { json, environment in
                json.object { json in
                    if environment.body.isAbstract { json.member("abstract", true) }
                    json.member("description", environment.body.description)
                    json.array("inherits", of: environment.body.inherits.map(\.rawValue))
                    json.member("name", environment.name.rawValue)
                    if view.viewpoint.keys(.read, in: environment.name).isAll {
                        json.member("own", environment.own.count)
                    }
                    json.member("protected", view.project.access.protection(of: environment.name) != nil)
                    json.member("revision", environment.revision.number)
                }
            }
            json.member("next", environments.count > limit ? page.last?.name.rawValue : nil)
        }
    }

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let name = try request.environment()
        let reading = try await platform.read(caller, name, of: request.project(), at: request.query.moment("at"))
        let environment = try reading.project.environment(name)
        let settings = reading.environment.contents.settings.count
        return Answer.json { json in
            if environment.body.isAbstract { json.member("abstract", true) }
            json.member("description", environment.body.description)
            json.array("inherits", of: environment.body.inherits.map(\.rawValue))
            json.array("layers", of: reading.environment.layers.map(\.name.rawValue))
            json.member("name", name.rawValue)
            if reading.isWhole { json.member("own", environment.own.count) }
            if let protection = reading.project.access.protection(of: name) {
                json.member("protection", protection.json)
            }
            json.member("revision", environment.revision.number)
            json.member("settings", settings)
        }.tagged(Precondition.entityTag(environment.revision))
    }

    private static func put(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let body = try BodyReader(parsing: request.body).parsed { json throws(Problem) in
            try EnvironmentBody(parsing: json)
        }
        return try plan(caller, request, saying: "Put environment", mustExist: false) { _, name throws(Problem) in
            Operation(.putEnvironment(name, body))
        }
    }

    private static func patch(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let patch = try BodyReader(parsing: request.body)
        _ = try patch.members(EnvironmentBody.members.sorted(), of: "A patch of an environment")
        return try plan(caller, request, saying: "Patch environment", mustExist: true) {
            standing, name throws(Problem) in
            let merged = (standing?.body.json ?? [:]).merging(patch: patch.value)
            return Operation(
                .putEnvironment(
                    name, try BodyReader(merged).parsed { json throws(Problem) in try EnvironmentBody(parsing: json) }))
        }
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        try plan(caller, request, saying: "Delete environment", mustExist: true) { _, name throws(Problem) in
            Operation(.deleteEnvironment(name))
        }
    }

    private static func plan(
        _ caller: Caller, _ request: IncomingRequest, saying what: String, mustExist: Bool,
        _ operation: @escaping @Sendable (EnvironmentState?, EnvironmentName) throws(Problem) -> Operation
    ) throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let name = try request.environment()
        let precondition = try Precondition(request.fields)
        let proposal = Proposal(
            project: project, by: caller.author, about: .environment(name, in: project),
            message: try request.message() ?? "\(what) \(name.rawValue)"
        ) { state throws(Problem) in
            let found = try state.project(project)
            let standing = found.environments[name]
            if mustExist { _ = try found.environment(name) }
            try precondition.check(standing?.revision, .environment(name, in: project))
            return [try operation(standing, name)]
        }
        return PlannedWrite(proposal: proposal)
    }
}
