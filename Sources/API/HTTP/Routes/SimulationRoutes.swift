import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// What a change of a flag would do to those it is evaluated for, before it is made.
enum SimulationRoutes {
    static let all: [Route] = [
        Route(
            method: .post,
            pattern: "\(RouteTable.base)/projects/{project}/environments/{environment}/flags/{flag}/simulate",
            access: .read, query: [], body: .json, handler: .operation(simulate))
    ]

    /// `{"flag"?, "rule"?, "rollout"?, "contexts": [{…}, …]}` or, in place of contexts, `"generate": count`: what is not given is what stands.
    private static func simulate(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let body = try BodyReader(parsing: request.body)
        let members = try body.members(["contexts", "flag", "generate", "rollout", "rule"], of: "A simulation")
        var asked = SimulationRequest(flag: nil, rule: nil, rollout: nil, contexts: .generated(1_000))
        if case .flag(let flag)? = try item(members["flag"], .flag) { asked.flag = flag }
        if case .rule(let rule)? = try item(members["rule"], .flagRule) { asked.rule = rule }
        if case .rollout(let rollout)? = try item(members["rollout"], .flagRollout) { asked.rollout = rollout }
        let contexts = try members.list("contexts", max: GeneratedContexts.countMax) { reader throws(Problem) in
            try FlagContext(reading: reader)
        }
        if let contexts {
            guard members["generate"] == nil else {
                throw body.problem("Give 'contexts' or 'generate', not both.")
            }
            asked.contexts = .given(contexts)
        } else if let reader = members["generate"] {
            let count = try reader.int64()
            guard (1...Int64(GeneratedContexts.countMax)).contains(count) else {
                throw reader.problem("1 to \(GeneratedContexts.countMax) contexts can be made up.")
            }
            asked.contexts = .generated(Int(count))
        }
        let simulation = try platform.simulate(
            caller, request.flagKey(), in: request.environment(), of: request.project(), asked)
        return .json { json in
            json.array("after", of: simulation.after.sorted { $0.key < $1.key }) { $0.outcome($1.key, $1.value) }
            json.array("before", of: simulation.before.sorted { $0.key < $1.key }) { $0.outcome($1.key, $1.value) }
            json.member("contexts", simulation.contexts)
            json.member("moved", simulation.moved)
            json.array("moves", of: simulation.moves.sorted { $0.key < $1.key }) { json, move in
                json.object { json in
                    json.member("contexts", move.value)
                    json.object("from") { $0.outcome(move.key.from) }
                    json.object("to") { $0.outcome(move.key.to) }
                }
            }
        }
    }

    private static func item(_ reader: BodyReader?, _ kind: Kind) throws(Problem) -> FlagItemBody? {
        guard let reader else { return nil }
        return try reader.flagItem(of: kind)
    }
}

extension JSONBytes {
    fileprivate mutating func outcome(_ outcome: FlagSimulation.Outcome, _ count: Int) {
        object { json in
            json.member("contexts", count)
            json.outcome(outcome)
        }
    }

    fileprivate mutating func outcome(_ outcome: FlagSimulation.Outcome) {
        switch outcome {
        case .variant(let name): member("variant", name)
        case .callersDefault: member("isCallersDefault", true)
        case .error(let code): member("errorCode", code.rawValue)
        }
    }
}
