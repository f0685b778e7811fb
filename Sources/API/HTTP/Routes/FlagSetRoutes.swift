import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// The flags of an environment as one definition in flagd's format, for programs that evaluate by themselves.
enum FlagSetRoutes {
    private static let flagSet = "\(RouteTable.base)/projects/{project}/environments/{environment}/flag-set"

    static let all: [Route] = [
        .get(flagSet, query: ["at"], give),
        .get("\(flagSet)/watch", query: ["after"], watch),
    ]

    private static func give(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let reading = try await platform.flags(
            caller, request.environment(), of: request.project(), at: request.query.moment("at"))
        let document = reading.flags.document
        if let known = request.fields[.ifNoneMatch],
            try EntityTagList(parsing: known, of: "If-None-Match").weaklyMatches(document.entityTag)
        {
            return Answer(status: .notModified).tagged(document.entityTag)
        }
        var answer = Answer(bytes: document.bytes, contentType: .json).tagged(document.entityTag)
        answer.fields[.cacheControl] = "private, no-cache"
        return answer
    }

    /// The definition whole, then what each revision makes of its flags: `{"key", "before"?, "after"?, "shared"?}`, where `shared` names rules
    /// of `$evaluators` that are others now.
    private static func watch(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let after = try request.resumeToken()
        let (project, environment) = (try request.project(), try request.environment())
        let fields: HTTPFields = [.contentType: Answer.ContentType.events.rawValue]
        if request.method == .head {
            _ = try platform.flags(caller, environment, of: project)
            return Answer(status: .ok, fields: fields)
        }
        let subscription = try await platform.watchFlags(caller, environment, of: project, after: after)
        return Answer(
            status: .ok, fields: fields,
            content: .events(EventStream(subscription: subscription, caller: caller, format: .platform)))
    }
}
