import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// Who outside is asked whether a change may be.
enum ValidatorRoutes {
    private static let collection = "\(RouteTable.base)/projects/{project}/validators"
    private static let item = "\(collection)/{validator}"

    static let all: [Route] = [
        .get(collection, query: ["at"], list),
        .get(item, query: ["at"], show),
        .write(.put, item, body: .json, put),
        .write(.delete, item, body: .none, delete),
    ]

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let state = try await platform.state(of: request.project(), at: request.query.moment("at"))
        let validators = try state.project(request.project()).validators.sorted { $0.key < $1.key }
        return .json { json in
            json.array("validators", of: validators) { json, validator in
                json.object { write(validator.key, validator.value, into: &$0) }
            }
        }
    }

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let name = try request.validator()
        let state = try await platform.state(of: request.project(), at: request.query.moment("at"))
        guard let validator = try state.project(request.project()).validators[name] else { throw unknown(name) }
        return Answer.json { write(name, validator, into: &$0) }.tagged(Precondition.entityTag(validator.revision))
    }

    private static func write(
        _ name: ValidatorName, _ validator: ProjectState.Validator, into json: inout JSONBytes
    ) {
        let body = validator.body.json
        json.member("environments", body["environments"])
        json.member("name", name.rawValue)
        json.member("onFailure", body["onFailure"])
        json.member("revision", validator.revision.number)
        json.member("timeoutSeconds", body["timeoutSeconds"])
        json.member("url", body["url"])
    }

    private static func put(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let name = try request.validator()
        let body = try BodyReader(parsing: request.body).parsed { json throws(Problem) in
            try ValidatorBody(parsing: json)
        }
        let precondition = try Precondition(request.fields)
        let proposal = Proposal(
            project: project, author: caller.principal,
            message: try request.message() ?? "Put validator \(name.rawValue)"
        ) { state throws(Problem) in
            try precondition.check(state.project(project).validators[name]?.revision, .validator(name, in: project))
            return [Operation(.putValidator(name, body))]
        }
        return PlannedWrite(proposal: proposal)
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let name = try request.validator()
        let precondition = try Precondition(request.fields)
        let proposal = Proposal(
            project: project, author: caller.principal,
            message: try request.message() ?? "Delete validator \(name.rawValue)"
        ) { state throws(Problem) in
            guard let standing = try state.project(project).validators[name] else { throw unknown(name) }
            try precondition.check(standing.revision, .validator(name, in: project))
            return [Operation(.deleteValidator(name))]
        }
        return PlannedWrite(proposal: proposal)
    }

    private static func unknown(_ name: ValidatorName) -> Problem {
        Problem(
            .notFound,
            "There is no validator '\(name.rawValue)' in this project; list what there is with GET …/validators.")
    }
}

extension IncomingRequest {
    fileprivate func validator() throws(Problem) -> ValidatorName {
        let text = try parameter("validator")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try ValidatorName(parsing: text) }
    }
}
