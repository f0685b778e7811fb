import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// Evaluating flags with the API's own words: at any moment, several at once, and with the reasons.
enum EvaluationRoutes {
    static let all: [Route] = [
        Route(
            method: .post, pattern: "\(RouteTable.base)/projects/{project}/environments/{environment}/evaluate",
            access: .read,
            query: ["at"], body: .json, handler: .operation(evaluate))
    ]

    /// `{"context"?, "flags"?: [key, …], "type"?, "explain"?: boolean}` gives `{"flags": [{"key", "reason", …}, …], "revision"}`; all flags
    /// where none are named. One that cannot be evaluated has the reason ERROR, and does not keep others from being.
    private static func evaluate(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let body = try BodyReader(parsing: request.body)
        let members = try body.members(["context", "explain", "flags", "type"], of: "An evaluation")
        let context = try members["context"].map { reader throws(Problem) in try FlagContext(reading: reader) }
        let keys = try members.list("flags", max: Limits.evaluatedFlags) { reader throws(Problem) in
            try reader.string()
        }
        let type = try members["type"].map { reader throws(Problem) in try reader.choice(of: FlagType.self) }
        let explains = try members["explain"].map { reader throws(Problem) in try reader.bool() } ?? false
        var flags = try await platform.flags(
            caller, request.environment(), of: request.project(), at: request.query.moment("at"))
        if explains { flags = flags.withoutAssignments }
        let asked = context ?? FlagContext()
        let answers: [FlagAnswer] =
            if let keys { keys.map { flags.resolve($0, asked, as: type) } } else { flags.resolveAll(asked) }
        return .json { json in
            json.array("flags", of: answers) { json, answer in
                let explained = explains ? answer.flag?.explain(asked, as: type, at: flags.timestamp) : nil
                json.object { $0.evaluation(answer, trace: explained.map { ($0.steps, $0.stepsLeftOut) }) }
            }
            json.member("revision", flags.token.revision.number)
            json.member("timestamp", flags.timestamp)
        }
    }
}
