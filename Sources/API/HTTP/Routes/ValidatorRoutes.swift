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
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        try view.viewpoint.require(.read, .validator)
        let validators = view.project.validators.sorted { $0.key < $1.key }
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
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        try view.viewpoint.require(.read, .validator)
        guard let validator = view.project.validators[name] else { throw unknown(name) }
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
        return try request.write(
            Operation(.putValidator(name, body)), in: project, caller, saying: "Put validator \(name.rawValue)")
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let name = try request.validator()
        return try request.write(
            Operation(.deleteValidator(name)), in: project, caller, saying: "Delete validator \(name.rawValue)",
            orElse: unknown(name))
    }

    private static func unknown(_ name: ValidatorName) -> Problem {
        Problem(
            .notFound,
            "There is no validator '\(name.rawValue)' in this project; list what there is with GET …/validators."
        ).lacking(Missing(.validator, name.rawValue))
    }
}

extension IncomingRequest {
    fileprivate func validator() throws(Problem) -> ValidatorName {
        let text = try parameter("validator")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try ValidatorName(parsing: text) }
    }
}
