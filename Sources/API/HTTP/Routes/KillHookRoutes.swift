import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// By what alerting systems kill flags.
enum KillHookRoutes {
    private static let collection = "\(RouteTable.base)/projects/{project}/environments/{environment}/kill-hooks"
    private static let item = "\(collection)/{hook}"

    static let all: [Route] = [
        .get(collection, list),
        Route(
            method: .post, pattern: collection, access: .administer, query: [], body: .json,
            handler: .administration(.killHookCreate, make)),
        .get(item, show),
        .write(.put, item, body: .json, put),
        .write(.delete, item, body: .none, delete),
        Route(
            method: .post, pattern: "\(item)/rotate", access: .administer, query: [], body: .json,
            handler: .administration(.killHookRotate, rotate)),
        Route(
            method: .post, pattern: item, access: .anonymous, query: ["test"], body: .json,
            handler: .entrance(pull), bodyBytesMax: Limits.killHookBodyBytes),
    ]

    // MARK: Reading

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let environment = try request.environment()
        let view = try await platform.view(caller, request.project())
        try view.viewpoint.require(.read, .killHook, in: environment)
        _ = try view.project.environment(environment)
        let hooks = view.project.access.all(.killHook).filter { $0.place.environment == environment }
        return .json { json in
            json.array("hooks", of: hooks) { json, hook in json.element(.object(hook.item.told(as: hook.place.key))) }
        }
    }

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let (name, environment) = (try request.killHook(), try request.environment())
        let view = try await platform.view(caller, request.project())
        try view.viewpoint.require(.read, .killHook, in: environment)
        _ = try view.project.environment(environment)
        guard let item = view.project.access[.killHook(name, in: environment)] else {
            throw .noKillHook(name, in: environment)
        }
        return Answer.json { $0.members(item.told(as: name.rawValue)) }.tagged(Precondition.entityTag(item.revision))
    }

    // MARK: Writing

    /// What a hook does, without its secret, which stays as it is.
    private static func put(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let (name, environment, project) = (try request.killHook(), try request.environment(), try request.project())
        let said = try BodyReader(parsing: request.body).parsed { json throws(Problem) in
            try KillHookBody(parsing: json, with: .unknown)
        }
        let precondition = try Precondition(request.fields)
        let place = AccessPlace.killHook(name, in: environment)
        let proposal = Proposal(
            project: project, by: caller.author, about: place.address(in: project),
            message: try request.message() ?? "Put kill hook \(name.rawValue) in \(environment.rawValue)"
        ) { state throws(Problem) in
            let found = try state.project(project)
            _ = try found.environment(environment)
            guard let item = found.access[place], case .killHook(let standing) = item.body else {
                throw .noKillHook(name, in: environment)
            }
            try precondition.check(item.revision, place.address(in: project))
            guard said.proof == standing.proof else {
                throw Problem(
                    .invalidChange,
                    "The hook's calls are proved by \(standing.proof.rawValue), and its secret is for that. Make another hook.",
                    violations: [Violation("Stays as it is.", pointer: "/proof", keyword: "proof")])
            }
            return [Operation(.putAccess(place, .killHook(try said.keeping(standing.secret))))]
        }
        return PlannedWrite(proposal: proposal)
    }

    private static func delete(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let (name, environment) = (try request.killHook(), try request.environment())
        return try request.write(
            Operation(.deleteAccess(.killHook(name, in: environment))), in: request.project(), caller,
            saying: "Delete kill hook \(name.rawValue) in \(environment.rawValue)",
            orElse: .noKillHook(name, in: environment))
    }

    private static func make(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let body = try BodyReader(parsing: request.body)
        let members = try body.members(["name"] + KillHookBody.saidMembers.sorted(), of: "A kill hook")
        let nameReader = try members.required("name")
        let text = try nameReader.string()
        let name = try nameReader.identifier { () throws(InvalidIdentifier) in try KillHookName(parsing: text) }
        var said = body.value.objectValue ?? [:]
        said["name"] = nil
        let reader = BodyReader(.object(said))
        let made = try await platform.makeKillHook(caller, name, in: request.environment(), of: request.project()) {
            secret throws(Problem) in
            try reader.parsed { json throws(Problem) in try KillHookBody(parsing: json, with: secret) }
        }
        return answer(made, name)
    }

    private static func rotate(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let name = try request.killHook()
        let members = try BodyReader(parsing: request.body).members(["graceSeconds"], of: "A rotation")
        let made = try await platform.rotateKillHook(
            caller, name, in: request.environment(), of: request.project(),
            graceSeconds: try members["graceSeconds"]?.int64() ?? graceSecondsDefault)
        return answer(made, name)
    }

    private static let graceSecondsDefault: Int64 = 86_400

    private static func answer(_ made: MadeKillHook, _ name: KillHookName) -> Answer {
        let request: ChangeRequestID? = if case .requested(let id) = made.outcome.kind { id } else { nil }
        return .json(request == nil ? .created : .accepted) { json in
            json.member("changeRequest", request?.rawValue)
            json.member("formerUntil", made.body.secret.former?.until.text)
            json.member("name", name.rawValue)
            json.member("proof", made.body.proof.rawValue)
            json.member("revision", made.outcome.token.revision.number)
            json.member("secret", made.secret)
        }
    }

    // MARK: Pulling

    private static func pull(_ platform: Platform, _ request: IncomingRequest) async throws(Problem) -> Answer {
        let name = try request.killHook()
        var call = HookCall(
            project: try request.project(), environment: try request.environment(), hook: name, body: request.body,
            sourceAddress: request.sourceAddress, requestID: request.id)
        call.id = request.fields[.webhookID]
        call.timestamp = request.fields[.webhookTimestamp]
        call.signatures = request.fields[.webhookSignature]
        call.token = request.fields[.authorization].flatMap(BearerToken.text(in:))
        let pulled = try await platform.pull(call, isTest: request.query.flag("test")) { body throws(Problem) in
            try HookAlert(parsing: body)
        }
        return .json { json in
            json.member("delivery", pulled.delivery)
            json.member("hook", name.rawValue)
            json.array("killed", of: pulled.killed.map(\.rawValue))
            json.member("revision", pulled.revision.number)
            json.member("status", pulled.kind.rawValue)
            json.member("test", pulled.isTest)
        }
    }
}

extension IncomingRequest {
    fileprivate func killHook() throws(Problem) -> KillHookName {
        let text = try parameter("hook")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try KillHookName(parsing: text) }
    }
}

extension KillHookBody.Secret {
    /// Of a hook that is written without it.
    fileprivate static let unknown = KillHookBody.Secret(String(repeating: "0", count: 32))
}

extension StoredAccess {
    /// The body with the item's name and revision.
    fileprivate func told(as name: String) -> JSONObject {
        var members = body.json.objectValue ?? [:]
        members["name"] = .string(name)
        members["revision"] = .int(revision.number)
        return members
    }
}
