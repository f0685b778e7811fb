import ConfigPlatformModel
import ControlPlane
package import HTTPTypes

/// One address and method of the API. The table of all of them, ``RouteTable``, is data: the dispatcher, the contract's
/// test and the access matrix read the same one.
package struct Route: Sendable {
    package let method: HTTPRequest.Method
    /// Segments joined by `/`; `{name}` stands for any one segment.
    package let pattern: String
    package let access: Access
    /// Names of the query's parameters; any other is refused.
    package let query: [String]
    package let body: BodyRule
    let handler: Handler
    /// Where it is less than what the server takes.
    var bodyBytesMax = Limits.requestBodyBytes
    /// How a plain request is answered on the event loop of its connection; nil where that is for the ordinary handlers only.
    var direct: Direct?
    /// Whether an operation or an entrance leaves something behind: a session, or what is told of flags.
    var leavesSomething = false

    /// Whether an `Idempotency-Key` is refused: it would promise what is not done. Changes keep it, and of what only asks it says nothing.
    package var refusesIdempotencyKey: Bool {
        switch handler {
        case .status, .write: false
        case .administration: method != .get
        case .operation, .entrance: leavesSomething
        }
    }

    enum Direct: Sendable {
        /// The body is a change, and the writer answers.
        case changes
        /// At once. What throws, or comes to nil, is for the ordinary handlers.
        case answer(@Sendable (Platform, Caller, IncomingRequest) throws(Problem) -> Answer?)
    }

    /// What a caller must be to use a route.
    package enum Access: String, CaseIterable, Sendable {
        /// Anybody.
        case anonymous
        /// Who may see how the server does: any token, or anybody where the metrics are public.
        case monitor
        case read
        case write
        /// Who may decide who else enters.
        case administer
        /// Who may read what everybody did.
        case audit
    }

    package enum BodyRule: Sendable {
        case none
        case json
        /// RFC 7396.
        case mergePatch
        /// A file of any media type.
        case file
    }

    typealias Operation = @Sendable (Platform, Caller, IncomingRequest) async throws(Problem) -> Answer
    typealias Plan = @Sendable (Platform, Caller, IncomingRequest) async throws(Problem) -> PlannedWrite
    typealias Entrance = @Sendable (Platform, IncomingRequest) async throws(Problem) -> Answer
    typealias Status = @Sendable (Surroundings) async -> Answer

    enum Handler: Sendable {
        /// Says how the server does, without a caller.
        case status(Status)
        /// What somebody asks who is nobody yet.
        case entrance(Entrance)
        case operation(Operation)
        /// Administers; a refusal is recorded as one of this action.
        case administration(AuditEvent.Action, Operation)
        /// Reads a write out of the request; the one place that commits writes does the rest, and records refusals as
        /// of this action.
        case write(AuditEvent.Action, Plan)
    }

    static func get(_ pattern: String, query: [String] = [], access: Access = .read, _ operation: @escaping Operation)
        -> Route
    {
        Route(method: .get, pattern: pattern, access: access, query: query, body: .none, handler: .operation(operation))
    }

    static func status(_ pattern: String, access: Access, _ status: @escaping Status) -> Route {
        Route(method: .get, pattern: pattern, access: access, query: [], body: .none, handler: .status(status))
    }

    /// Every write can be a dry run. `message` is part of the query where the body is not the change itself.
    static func write(
        _ method: HTTPRequest.Method, _ pattern: String, query: [String] = ["message"], body: BodyRule,
        action: AuditEvent.Action = .change, _ plan: @escaping Plan
    ) -> Route {
        Route(
            method: method, pattern: pattern, access: .write, query: query + ["dryRun"], body: body,
            handler: .write(action, plan))
    }
}

extension Route {
    func answered(directly direct: Direct) -> Route {
        var route = self
        route.direct = direct
        return route
    }
}

/// A write as a request asks for it, with what its answer tells besides the change.
struct PlannedWrite: Sendable {
    let proposal: Proposal
    var imported: ImportPlan?
    /// The operations as they stand in the body, so that problems can point at them.
    var bodyOperations: [Operation] = []
}

/// What the handlers that need no caller see of the server.
struct Surroundings: Sendable {
    let platform: Platform
    let metrics: PrometheusMetrics
}
