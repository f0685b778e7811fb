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
        let projects = try platform.projects(caller).filter { view in after.map { view.project.name > $0 } ?? true }
        let page = projects.prefix(limit)
        return .json { json in
            json.member("next", projects.count > limit ? page.last?.project.name.rawValue : nil)
            json.array("projects", of: page) { json, view in
                let project = view.project
                json.object { json in
                    json.member("description", project.body.description)
                    json.member("environments", project.environments.keys.count(where: view.viewpoint.sees))
                    json.member("name", project.name.rawValue)
                    json.member("revision", project.revision.number)
                }
            }
        }
    }

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let view = try await platform.view(caller, request.project())
        let project = view.project
        // What is counted over all of a project is for those who may read all of it.
        let whole = view.viewpoint.readsEverything ? project : nil
        return Answer.json { json in
            json.member("changesToday", whole?.changes.count(on: view.viewpoint.now))
            json.member("description", project.body.description)
            json.array(
                "environments", of: project.sortedEnvironments.map(\.name).filter(view.viewpoint.sees).map(\.rawValue))
            json.member("name", project.name.rawValue)
            json.member("plaintextSecrets", project.body.plaintextSecrets.rawValue)
            json.member("quotas", project.body.quotas.isEmpty ? nil : project.body.quotas.json)
            json.member("revision", project.revision.number)
            json.member("settings", view.settingsCount)
            json.member(
                "size", whole.map { ["bytes": .int($0.size.bytes), "items": .int($0.size.items)] as JSONValue })
            json.member("sizeBytes", view.sizeBytes)
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
            project: name, by: caller.author, about: .project(name),
            message: try request.message() ?? "Put project \(name.rawValue)"
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
        return try request.write(
            Operation(.deleteProject), in: name, caller, saying: "Delete project \(name.rawValue)")
    }
}

extension ProjectView {
    /// Own settings of all environments, those that the caller may read.
    fileprivate var settingsCount: Int { readable.reduce(0) { total, _ in total + 1 } }

    /// Bytes of them as they stand: keys and values.
    fileprivate var sizeBytes: Int {
        readable.reduce(0) { $0 + $1.key.path.utf8.count + $1.body.value.count }
    }

    private var readable: some Sequence<StoredSetting> {
        project.environments.values.lazy.flatMap { environment in
            let scope = viewpoint.keys(.read, in: environment.name)
            return environment.own.lazy.filter { scope.permits($0.key, in: project) }
        }
    }
}
