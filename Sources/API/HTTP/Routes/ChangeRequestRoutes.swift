import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// Changes that wait for a second pair of eyes.
enum ChangeRequestRoutes {
    static let all: [Route] =
        routes(at: "\(RouteTable.base)/projects/{project}/change-requests")
        + routes(at: "\(RouteTable.base)/change-requests")

    private static func routes(at collection: String) -> [Route] {
        let item = "\(collection)/{request}"
        return [
            .get(collection, query: ["state", "limit"], list),
            .get(item, query: ["after"], show),
            step(.put, item, .requestEdit, edit),
            step(.post, "\(item)/approve", .requestApprove, approve),
            step(.post, "\(item)/reject", .requestReject, reject),
            step(.post, "\(item)/withdraw", .requestWithdraw, withdraw),
            step(.post, "\(item)/comments", .requestComment, comment),
            step(.post, "\(item)/schedule", .requestSchedule, schedule),
            .write(.post, "\(item)/apply", query: [], body: .none, action: .requestApply, apply),
        ]
    }

    private static func step(
        _ method: HTTPRequest.Method, _ pattern: String, _ action: AuditEvent.Action,
        _ operation: @escaping Route.Operation
    ) -> Route {
        Route(
            method: method, pattern: pattern, access: .write, query: [], body: .json,
            handler: .administration(action, operation))
    }

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let limit = try request.query.limit()
        let state = try request.query.choice("state", of: ChangeRequestBody.State.self)
        let found = try platform.changeRequests(caller, in: request.scope(), state: state)
        return .json { json in
            json.array("changeRequests", of: found.prefix(limit)) { json, request in
                json.object { json in
                    json.member("author", request.body.author.rawValue)
                    json.member("closedBy", request.body.closedBy?.rawValue)
                    json.member("createdAt", request.body.createdAt.text)
                    json.member("id", request.id.rawValue)
                    json.member("message", request.body.message)
                    json.member("revision", request.revision.number)
                    json.member("scheduledFor", request.body.schedule?.at.text)
                    json.member("state", request.body.state.rawValue)
                }
            }
            json.member("complete", found.count <= limit)
        }
    }

    /// With `after`, waits a while for the request to be written to after that revision.
    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let (id, project) = (try request.changeRequest(), try request.scope())
        guard let after = try request.query.revision("after") else {
            return try await platform.changeRequest(caller, id, in: project).answer()
        }
        return try await platform.changeRequest(caller, id, in: project, writtenAfter: after).answer()
    }

    private static func edit(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let body = try ChangeBody(parsing: request.body)
        return try await platform.edit(
            caller, request.changeRequest(), in: request.scope(), message: body.message.isEmpty ? nil : body.message,
            operations: body.operations
        ).answer()
    }

    private static func approve(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let members = try BodyReader(parsing: request.body).members(["comment", "impact"], of: "An approval")
        let reader = try members.required("impact")
        guard let impact = Digest(hexadecimal: try reader.string()) else {
            throw reader.problem("'impact' is the digest of what you looked at, as the request has it.")
        }
        return try await platform.approve(
            caller, request.changeRequest(), in: request.scope(), impact: impact, comment: members["comment"]?.string()
        ).answer()
    }

    private static func reject(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        try await close(platform, caller, request, as: .rejected)
    }

    private static func withdraw(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        try await close(platform, caller, request, as: .withdrawn)
    }

    private static func close(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest, as end: ChangeRequestBody.State
    ) async throws(Problem) -> Answer {
        let members = try BodyReader(parsing: request.body).members(["comment"], of: "A review")
        return try await platform.close(
            caller, request.changeRequest(), in: request.scope(), as: end, comment: members["comment"]?.string()
        ).answer()
    }

    private static func comment(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let members = try BodyReader(parsing: request.body).members(["text"], of: "A comment")
        return try await platform.comment(
            caller, request.changeRequest(), in: request.scope(), members.required("text").string()
        ).answer()
    }

    private static func schedule(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let members = try BodyReader(parsing: request.body).members(["at"], of: "A schedule")
        let reader = try members.required("at")
        return try await platform.schedule(
            caller, request.changeRequest(), in: request.scope(), at: reader.value == .null ? nil : reader.time()
        ).answer()
    }

    private static func apply(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        try request.refuseEntityTags()
        return PlannedWrite(
            proposal: try platform.application(caller, of: request.changeRequest(), in: request.scope()))
    }
}

extension IncomingRequest {
    fileprivate func changeRequest() throws(Problem) -> ChangeRequestID {
        let text = try parameter("request")
        return try ItemText.parsed { () throws(InvalidIdentifier) in try ChangeRequestID(parsing: text) }
    }
}

extension ChangeRequestReading {
    fileprivate func answer() -> Answer {
        .json { json in
            json.array("approvals", of: body.approvals) { json, approval in
                json.object { json in
                    json.member("at", approval.at.text)
                    json.member("by", approval.by.rawValue)
                    json.member("revision", approval.revision.number)
                    json.member("void", !(outlook?.approvals.standing.contains(approval) ?? true))
                }
            }
            json.member("approved", isApproved)
            json.member("author", body.author.rawValue)
            json.member("closedBy", body.closedBy?.rawValue)
            json.array("comments", of: body.comments) { json, comment in
                json.object { json in
                    json.member("at", comment.at.text)
                    json.member("by", comment.by.rawValue)
                    json.member("text", comment.text)
                }
            }
            json.member("createdAt", body.createdAt.text)
            if let outlook { json.array("environments", of: outlook.environments) { $0.element($1) } }
            json.member("id", id.rawValue)
            json.member("impact", outlook?.digest?.hexadecimal)
            json.member("message", body.message)
            json.member("obstacle", obstacle?.detail)
            if let outlook {
                json.array("operations", of: outlook.items) { $0.element($1) }
                json.array("protections", of: outlook.guarded) { json, guarded in
                    json.object { json in
                        json.member("environment", guarded.environment.rawValue)
                        json.member("given", outlook.approvals.given(for: guarded))
                        json.member("project", guarded.project.rawValue)
                        json.member("required", guarded.approvals)
                    }
                }
            }
            json.member("revision", revision.number)
            json.member("scheduledFor", body.schedule?.at.text)
            json.member("source", body.source)
            json.member("state", body.state.rawValue)
        }
    }
}
