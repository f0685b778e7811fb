import ConfigPlatformModel
import ControlPlane
import HTTPTypes

enum ProjectRoutes {
    private static let collection = "\(RouteTable.base)/projects"
    private static let item = "\(collection)/{project}"

    static let all: [Route] = [
        .get(collection, query: ["limit", "after"], list),
        .get(item, show),
        .write(.put, item, body: .json, put),
        .write(.delete, item, body: .none, delete),
    ]

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let after = try request.query.parsed("after") { text throws(InvalidIdentifier) in try ProjectName(parsing: text)
        }
        let projects = try platform.servedState().projects.values
            .filter { project in after.map { project.name > $0 } ?? true }
            .sorted { $0.name < $1.name }
        let page = projects.prefix(limit)
        return .json { json in
            json.member("next", projects.count > limit ? page.last?.name.rawValue : nil)
            json.array("projects", of: page) { json, project in
                json.object { json in
                    json.member("description", project.body.description)
                    json.member("environments", project.environments.count)
                    json.member("name", project.name.rawValue)
                    json.member("revision", project.revision.number)
                }
            }
        }
    }

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let project = try platform.servedState().project(request.project())
        return Answer.json { json in
            json.member("description", project.body.description)
            json.array("environments", of: project.sortedEnvironments.map(\.name.rawValue))
            json.member("name", project.name.rawValue)
            json.member("plaintextSecrets", project.body.plaintextSecrets.rawValue)
            json.member("revision", project.revision.number)
            json.member("settings", project.settingsCount)
            json.member("sizeBytes", project.sizeBytes)
        }.tagged(Precondition.entityTag(project.revision))
    }

    private static func put(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let name = try request.project()
        let body = try BodyReader(parsing: request.body).parsed { json throws(Problem) in try ProjectBody(parsing: json)
        }
        let precondition = try Precondition(request.fields)
        let proposal = Proposal(
            project: name, author: caller.principal, message: try request.message() ?? "Put project \(name.rawValue)"
        ) { state throws(Problem) in
            try precondition.check(state.projects[name]?.revision, .project(name))
            return [Operation(.putProject(body))]
        }
        return PlannedWrite(proposal: proposal)
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let name = try request.project()
        let precondition = try Precondition(request.fields)
        let proposal = Proposal(
            project: name, author: caller.principal, message: try request.message() ?? "Delete project \(name.rawValue)"
        ) { state throws(Problem) in
            let project = try state.project(name)
            try precondition.check(project.revision, .project(name))
            return [Operation(.deleteProject)]
        }
        return PlannedWrite(proposal: proposal)
    }
}

extension ProjectState {
    /// Own settings of all environments.
    fileprivate var settingsCount: Int { environments.values.reduce(0) { $0 + $1.own.count } }

    /// Bytes of all own settings as they stand: keys and values.
    fileprivate var sizeBytes: Int {
        environments.values.reduce(0) { total, environment in
            environment.own.reduce(total) { $0 + $1.key.path.utf8.count + $1.body.value.count }
        }
    }
}
