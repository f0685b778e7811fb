import ConfigPlatformModel
import ControlPlane
import HTTPTypes

enum WatchRoutes {
    static let all: [Route] = [
        .get("\(RouteTable.base)/projects/{project}/watch", query: ["environment", "after"], watch)
    ]

    private static func watch(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let after = try request.resumeToken()
        // HEAD asks what a GET would say, not for a watch.
        if request.method == .head {
            let view = try await platform.view(caller, request.project())
            if let environment = try request.queriedEnvironment() {
                _ = try view.viewpoint.requireReading(environment)
                _ = try view.project.environment(environment)
            }
            return Answer(status: .ok, fields: [.contentType: Answer.ContentType.events.rawValue])
        }
        let subscription = try await platform.watch(
            caller, request.queriedEnvironment(), of: request.project(), after: after)
        return Answer(
            status: .ok, fields: [.contentType: Answer.ContentType.events.rawValue],
            content: .events(EventStream(subscription: subscription, caller: caller, format: .platform)))
    }
}

extension IncomingRequest {
    /// Where a watch goes on: `Last-Event-ID`, which a client sends when it comes back, is newer than the `after` that it began with.
    func resumeToken() throws(Problem) -> RevisionToken? {
        if let id = fields[.lastEventID], !id.isEmpty {
            return try RevisionToken(id, of: .lastEventID)
        }
        return try query.parsed("after") { text throws(InvalidIdentifier) in try RevisionToken(parsing: text) }
    }
}
