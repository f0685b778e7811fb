import ConfigPlatformModel
import ControlPlane

enum AuditRoutes {
    static let all: [Route] = [
        .get(
            "\(RouteTable.base)/audit/events",
            query: ["after", "before", "actor", "action", "target", "from", "to", "limit"],
            access: .audit, events)
    ]

    /// Oldest first where `after` is given, so that a collector can follow; newest first otherwise.
    private static func events(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let query = request.query
        let limit = try query.limit()
        let actor = try query.parsed("actor") { text throws(InvalidIdentifier) in try Principal(parsing: text) }
        let leaves = try await platform.events(
            caller,
            matching: EventQuery(
                after: sequence("after", query), before: sequence("before", query), actor: actor,
                action: query.choice("action", of: AuditEvent.Action.self), target: query["target"],
                from: query.time("from"), to: query.time("to")),
            limit: limit + 1)
        let page = leaves.prefix(limit)
        return .json { json in
            json.array("events", of: page) { json, leaf in
                json.object { leaf.write(into: &$0) }
            }
            json.member("next", leaves.count > limit ? page.last?.event.sequence : nil)
        }
    }

    private static func sequence(_ name: String, _ query: Query) throws(Problem) -> Int64? {
        try query.parsed(name) { text throws(InvalidIdentifier) in
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text) else {
                throw InvalidIdentifier(
                    "'\(InvalidIdentifier.shown(text))' is not the sequence of an event, such as 42.")
            }
            return number
        }
    }
}

extension AuditLeaf {
    fileprivate func write(into json: inout JSONBytes) {
        json.member("action", event.action.rawValue)
        json.member("actor", event.actor.rawValue)
        json.member("changeDigest", event.changeDigest?.hexadecimal)
        json.member("detail", event.detail)
        json.member("leafHash", leafHash.hexadecimal)
        json.member("occurredAt", event.occurredAt.text)
        json.member("outcome", event.outcome.rawValue)
        json.member("requestId", event.requestID)
        json.member("revision", event.revision?.number)
        json.member("sequence", event.sequence)
        json.member("sourceAddress", event.sourceAddress)
        json.member("target", event.target)
    }
}
