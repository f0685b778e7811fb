import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// Changes of many items, and what undoes or carries them.
enum ChangeRoutes {
    private static let project = "\(RouteTable.base)/projects/{project}"
    /// Of the platform itself: who may do what.
    private static let platform = "\(RouteTable.base)/changes"

    static let all: [Route] = [
        .write(.post, "\(project)/changes", query: ["request"], body: .json, change).answered(directly: .changes),
        .write(.post, platform, query: ["request"], body: .json, change),
        .get(platform, query: ["after", "before", "kind", "author", "limit"], list),
        .get("\(platform)/{revision}", show),
        .get(
            "\(project)/changes", query: ["after", "before", "environment", "kind", "key", "author", "limit"], list),
        .get("\(project)/changes/{revision}", show),
        .write(.post, "\(project)/rollback", query: [], body: .json, action: .rollback, rollback),
        .write(.post, "\(RouteTable.base)/rollback", query: [], body: .json, action: .rollback, rollback),
        .write(.post, "\(project)/promote", query: [], body: .json, action: .promotion, promote),
        Route(
            method: .post, pattern: "\(project)/validate", access: .read, query: [], body: .json,
            handler: .operation(validate)),
    ]

    private static func change(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        try request.refuseEntityTags()
        let project = try request.scope()
        let body = try ChangeBody(parsing: request.body)
        let proposal = Proposal(
            project: project, by: caller.author, message: body.message, operations: body.operations)
        return PlannedWrite(proposal: proposal, bodyOperations: body.operations)
    }

    /// What the change would come to, told rather than refused.
    private static func validate(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let body = try ChangeBody(parsing: request.body)
        try platform.viewpoint(caller, of: request.project()).requireProject()
        let proposal = Proposal(
            project: try request.project(), by: caller.author, message: body.message, operations: body.operations
        )
        do throws(Problem) {
            let outcome = try await platform.write(caller, WriteRequest(proposal: proposal, isDryRun: true))
            return verdict(isValid: true, [], outcome.environments)
        } catch {
            switch error.code {
            case .invalidChange, .limitExceeded, .revisionConflict, .inUse, .notFound:
                let problem = error.located(among: body.operations)
                let violations = problem.violations.isEmpty ? [Violation(problem.detail)] : problem.violations
                return verdict(isValid: false, violations, [])
            default: throw error
            }
        }
    }

    private static func verdict(
        isValid: Bool, _ violations: [Violation], _ environments: [EnvironmentDifference]
    ) -> Answer {
        .json { json in
            json.array("environments", of: environments) { $0.element($1) }
            json.member("valid", isValid)
            json.array("violations", of: violations) { json, violation in
                json.object { violation.write(into: &$0) }
            }
        }
    }

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let project = try request.scope()
        let query = request.query
        let limit = try query.limit()
        let kind = try query.choice("kind", of: Kind.self)
        let key = try query.parsed("key") { text throws(InvalidIdentifier) in
            kind?.isOfFlags == true ? text : try ConfigKey(parsing: text).text
        }
        let author = try query.parsed("author") { text throws(InvalidIdentifier) in try Principal(parsing: text) }
        let (changes, next) = try await platform.changes(
            caller, of: project,
            matching: ChangeQuery(
                before: query.revision("before"), after: query.revision("after"), author: author,
                environment: request.queriedEnvironment(), kind: kind, key: key),
            limit: limit)
        if changes.isEmpty, project != .platform, try await !platform.hasHistory(caller, of: project) {
            throw .noProject(project)
        }
        return .json { json in
            json.array("changes", of: changes) { json, change in
                json.object { json in
                    json.member("author", change.author.rawValue)
                    json.member("committedAt", change.committedAt.text)
                    json.member("digest", change.digest.hexadecimal)
                    json.array("environments", of: change.environments.map(\.rawValue).sorted())
                    json.member("message", change.message)
                    json.member("operations", change.operations)
                    json.member("previousDigest", change.previousDigest.hexadecimal)
                    json.member("revision", change.revision.number)
                    json.member("source", change.source)
                    json.member("token", change.token.text)
                }
            }
            json.member("next", next?.number)
        }
    }

    private static func show(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let (change, items) = try await platform.change(caller, at: request.revision(), of: request.scope())
        return change.answer(items)
    }

    private static func rollback(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        try request.refuseEntityTags()
        let body = try BodyReader(parsing: request.body)
        let members = try body.members(
            ["toRevision", "toTime", "environments", "kinds", "keys", "flags", "message"], of: "A rollback")
        let moment: Moment
        switch (members["toRevision"], members["toTime"]) {
        case (let revision?, nil): moment = .revision(try revision.revision())
        case (nil, let time?): moment = .time(try time.time())
        default: throw body.problem("Name either 'toRevision' or 'toTime'.", keyword: "oneOf")
        }
        let kinds = try members.list("kinds", max: Kind.allCases.count) { reader throws(Problem) in
            try reader.choice(of: Kind.self)
        }
        let scope = RollbackScope(
            environments: try members.list("environments", max: Limits.environmentsPerProject) {
                reader throws(Problem) in
                try reader.environmentName()
            },
            kinds: kinds.map(Set.init),
            keys: try members.list("keys", max: Limits.operationsPerChange) { reader throws(Problem) in
                try reader.key()
            },
            flags: try members.list("flags", max: Limits.operationsPerChange) { reader throws(Problem) in
                try reader.flagKey()
            })
        let proposal = try await platform.rollback(
            caller, request.scope(), to: moment, scope: scope, message: try members["message"]?.string())
        return PlannedWrite(proposal: proposal)
    }

    private static func promote(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> PlannedWrite {
        try request.refuseEntityTags()
        let members = try BodyReader(parsing: request.body).members(
            ["from", "to", "keys", "flags", "mode", "message"], of: "A promotion")
        let mode = try members["mode"]?.choice(of: WriteMode.self) ?? .merge
        let proposal = try platform.promotion(
            caller, in: request.project(), from: members.required("from").environmentName(),
            to: members.required("to").environmentName(),
            keys: try members.list("keys", max: Limits.operationsPerChange) { reader throws(Problem) in
                try reader.key()
            },
            flags: try members.list("flags", max: Limits.operationsPerChange) { reader throws(Problem) in
                try reader.flagKey()
            },
            mode: mode, message: members["message"]?.string())
        return PlannedWrite(proposal: proposal)
    }
}

extension IncomingRequest {
    /// Where a write is of many items, entity tags can stand for none of them; to overlook one would be to overlook a
    /// precondition.
    func refuseEntityTags() throws(Problem) {
        for (name, header) in [("If-Match", fields[.ifMatch]), ("If-None-Match", fields[.ifNoneMatch])]
        where header != nil {
            throw Problem(
                .invalidRequest, "\(name) belongs to single items. Put 'expect' in the operations of a change instead.",
                violations: [Violation("Not taken here.", keyword: name)])
        }
    }
}
