import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// What becomes of flags in one environment: rules, rollouts and kills.
enum EnvironmentFlagRoutes {
    private static let collection = "\(RouteTable.base)/projects/{project}/environments/{environment}/flags"
    private static let item = "\(collection)/{flag}"

    static let all: [Route] = flags + rules + rollouts + kills

    private static let flags: [Route] = [
        .get(collection, query: ["limit", "after", "at"] + FlagRoutes.filters, list),
        .get(item, query: ["at"], show),
        .get("\(item)/history", query: ["limit", "before"], history),
    ]

    private static let rules: [Route] = [
        .write(.put, item, body: .json, writing(put, .flagRule)),
        .write(.patch, item, body: .mergePatch, patch),
        .write(.delete, item, body: .none, writing(delete, .flagRule)),
    ]

    private static let rollouts: [Route] = [
        .get("\(item)/rollout", query: ["at"], showing(.flagRollout)),
        .write(.put, "\(item)/rollout", body: .json, writing(put, .flagRollout)),
        .write(.delete, "\(item)/rollout", body: .none, writing(delete, .flagRollout)),
    ]

    private static let kills: [Route] = [
        .get("\(item)/kill", query: ["at"], showing(.flagKill)),
        .write(.post, "\(item)/kill", body: .json, action: .flagKill, writing(put, .flagKill)),
        .write(.delete, "\(item)/kill", body: .none, writing(delete, .flagKill)),
    ]

    private typealias Writing = @Sendable (FlagPlace, Caller, IncomingRequest) throws(Problem) -> PlannedWrite

    private static func writing(_ plan: @escaping Writing, _ kind: Kind) -> Route.Plan {
        { _, caller, request throws(Problem) in try plan(place(kind, request), caller, request) }
    }

    private static func showing(_ kind: Kind) -> Route.Operation {
        { platform, caller, request throws(Problem) in try await show(kind, platform, caller, request) }
    }

    private static func place(_ kind: Kind, _ request: IncomingRequest) throws(Problem) -> FlagPlace {
        let (key, environment) = (try request.flagKey(), try request.environment())
        return try ItemText.parsed { () throws(InvalidIdentifier) in
            try FlagPlace(kind, key: key.rawValue, environment: environment)
        }
    }

    // MARK: Reading

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let environment = try request.environment()
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        let flags = try view.flags(in: environment, matching: request.flagFilter(), after: request.flagAfter())
        let page = flags.prefix(limit)
        return .json { json in
            json.member("environment", environment.rawValue)
            json.array("flags", of: page) { json, flag in
                var members = flag.summary
                members["environment"] = nil
                members["key"] = .string(flag.flag.key.rawValue)
                members["lifecycle"] = .string(flag.flag.flag.body.lifecycle.rawValue)
                members["type"] = .string(flag.flag.flag.body.type.rawValue)
                json.element(.object(members))
            }
            json.member("next", flags.count > limit ? page.last?.flag.order : nil)
            json.member("revision", view.state.revision.number)
        }
    }

    /// Everything that is said of the flag and counts here, where it is said, and what it comes to. The ETag is the rule's.
    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let key = try request.flagKey()
        let environment = try request.environment()
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        let flag = try view.flag(key, in: environment)
        var members = flag.summary
        members["key"] = .string(key.rawValue)
        members["lifecycle"] = .string(flag.flag.flag.body.lifecycle.rawValue)
        members["type"] = .string(flag.flag.flag.body.type.rawValue)
        members["variants"] = .object(flag.flag.flag.body.variants)
        members["definition"] = flag.definition.map { .object($0) }
        members["rule"] = flag.rule.map { $0.told($0.body.json) }
        members["rollout"] = flag.rollout.map { $0.told($0.body.json) }
        members["kill"] = flag.kill.map { $0.told($0.body.json) }
        let answer = Answer.json { $0.members(members) }
        return flag.rule.map { answer.tagged(Precondition.entityTag($0.revision)) } ?? answer
    }

    private static func show(
        _ kind: Kind, _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let place = try place(kind, request)
        let (key, environment) = (try request.flagKey(), try request.environment())
        let view = try await platform.view(caller, request.project(), at: request.query.moment("at"))
        let flag = try view.flag(key, in: environment)
        try view.viewpoint.require(.read, kind, in: environment)
        let found: (told: JSONValue, revision: Revision)? =
            kind == .flagKill
            ? flag.kill.map { ($0.told($0.body.json), $0.revision) }
            : flag.rollout.map { ($0.told($0.body.json), $0.revision) }
        guard let found, case .object(let members) = found.told else { throw none(place) }
        return Answer.json { $0.members(members) }.tagged(Precondition.entityTag(found.revision))
    }

    private static func history(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let key = try request.flagKey()
        var places: [FlagPlace] = []
        for kind in Kind.ofFlagInEnvironment { places.append(try place(kind, request)) }
        return try await request.history(of: places, platform, caller, orElse: .noFlag(key))
    }

    // MARK: Writing

    private static func put(
        _ place: FlagPlace, _ caller: Caller, _ request: IncomingRequest
    ) throws(Problem) -> PlannedWrite {
        let body = try BodyReader(parsing: request.body).flagItem(of: place.kind)
        return try plan(.putFlag(place, body), place, caller, request, saying: place.kind == .flagKill ? "Kill" : "Put")
    }

    private static func patch(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        let place = try place(.flagRule, request)
        return try request.patch(
            place, caller, allowed: FlagRuleBody.members, saying: "Patch \(place.shown)", orElse: none(place))
    }

    private static func delete(
        _ place: FlagPlace, _ caller: Caller, _ request: IncomingRequest
    ) throws(Problem) -> PlannedWrite {
        try plan(.deleteFlag(place), place, caller, request, saying: "Delete")
    }

    /// What GET shows may be inherited, and its tag then stands for that.
    private static func plan(
        _ target: ConfigPlatformModel.Operation.Target, _ place: FlagPlace, _ caller: Caller,
        _ request: IncomingRequest, saying verb: String
    ) throws(Problem) -> PlannedWrite {
        let project = try request.project()
        let environment = try request.environment()
        let address = place.address(in: project)
        let precondition = try Precondition(request.fields)
        let proposal = Proposal(
            project: project, by: caller.author, about: address,
            message: try request.message() ?? "\(verb) \(place.shown)"
        ) { state throws(Problem) in
            let found = try state.project(project)
            _ = try found.environment(environment)
            let own = found.flagItem(place)
            if case .deleteFlag = target, own == nil { throw none(place) }
            let shown = own?.revision ?? found.inheritedRevision(place)
            try precondition.check(own: own?.revision, shown: shown, address)
            return [Operation(target)]
        }
        return PlannedWrite(proposal: proposal)
    }

    private static func none(_ place: FlagPlace) -> Problem {
        Problem(
            .notFound,
            "There is no \(place.shown) itself. What is inherited is altered where it is said; GET …/environments/…/flags/… tells where."
        )
    }
}

extension FlagPlace {
    /// `rule of NAME in ENVIRONMENT`
    fileprivate var shown: String {
        let what =
            switch self {
            case .rule: "rule"
            case .rollout: "rollout"
            case .kill: "kill"
            case .flag: "flag"
            case .segment: "segment"
            }
        return "\(what) of '\(InvalidIdentifier.shown(key))'\(environment.map { " in \($0.rawValue)" } ?? "")"
    }
}

extension ProjectState {
    /// The revision of what counts in an environment without being its own.
    fileprivate func inheritedRevision(_ place: FlagPlace) -> Revision? {
        guard let environment = place.environment, let key = place.flag,
            let flag = resolvedFlags[environment]?[key]
        else { return nil }
        return switch place {
        case .rule: flag.rule?.revision
        case .rollout: flag.rollout?.revision
        case .kill: flag.kill?.revision
        case .flag, .segment: nil
        }
    }
}

extension StoredFlagItem {
    /// The body with where and when it was said.
    fileprivate func told(_ body: JSONValue) -> JSONValue {
        var members = body.objectValue ?? JSONObject()
        var origin: JSONObject = ["revision": .int(revision.number)]
        origin["environment"] = place.environment.map { .string($0.rawValue) }
        members["origin"] = .object(origin)
        return .object(members)
    }
}

extension EnvironmentFlag {
    /// In a few words: `{"defaultVariant"?, "environment", "killed"?, "rollout"?, "ruled", "state"?}`.
    var summary: JSONObject {
        var members: JSONObject = ["environment": .string(environment.rawValue), "ruled": .bool(rule != nil)]
        members["defaultVariant"] = definition?["defaultVariant"]
        members["state"] = definition?["state"]
        if kill != nil { members["killed"] = true }
        members["rollout"] = rollout.map { .string($0.body.state.rawValue) }
        return members
    }
}
