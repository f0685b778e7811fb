import ConfigPlatformModel
import ControlPlane
import Testing

extension PlatformUnderTest {
    /// Somebody who may do what the roles bound here say, and nothing else.
    func person(_ name: String) throws -> Caller { person(try Principal(parsing: "user:" + name)) }

    func person(_ principal: Principal) -> Caller {
        Caller(
            subject: Subject(principal: principal), means: .credential(id: "ses_\(principal.name)", .session),
            sourceAddress: "127.0.0.1", requestID: "req-2")
    }

    /// Binds a role, on the platform or in the project of the test.
    func bind(
        _ name: String, _ role: RoleName, in environments: [String]? = nil, everywhere: Bool = false,
        until: Timestamp? = nil
    ) async throws {
        let body = try BindingBody(
            subject: try Principal(parsing: "user:" + name), role: role,
            environments: try environments?.map { try self.name($0) }, expiresAt: until)
        let place = AccessPlace.binding(try BindingName(parsing: "\(name)-\(role.rawValue)"))
        try await administer([Operation(.putAccess(place, .binding(body)))], everywhere: everywhere)
    }

    func administer(_ operations: [Operation], everywhere: Bool = true) async throws {
        let proposal = Proposal(
            project: everywhere ? .platform : project, by: .platform(), message: "test", operations: operations)
        _ = try await platform.write(caller, WriteRequest(proposal: proposal))
    }

    func protect(_ environment: String, _ json: JSONValue) async throws {
        let place = AccessPlace.protection(of: try name(environment))
        let body = AccessBody.protection(try ProtectionBody(parsing: json))
        try await administer([Operation(.putAccess(place, body))], everywhere: false)
    }

    @discardableResult
    func write(_ operations: [Operation], as caller: Caller, dryRun: Bool = false) async throws -> WriteOutcome {
        try await platform.write(
            caller,
            WriteRequest(
                proposal: Proposal(
                    project: project, by: Author(caller.subject), message: "test", operations: operations),
                isDryRun: dryRun))
    }

    /// The request that a write came to.
    func request(_ operations: [Operation], as caller: Caller) async throws -> ChangeRequestID {
        let outcome = try await write(operations, as: caller)
        guard case .requested(let id) = outcome.kind else {
            throw Problem(.fault, "the write came to \(outcome.kind), not to a request")
        }
        return id
    }

    func approve(_ id: ChangeRequestID, as caller: Caller) async throws {
        let seen = try await platform.changeRequest(caller, id, in: project)
        let impact = try #require(seen.outlook?.digest)
        _ = try await platform.approve(caller, id, in: project, impact: impact, comment: nil)
    }

    @discardableResult
    func apply(_ id: ChangeRequestID, as caller: Caller) async throws -> WriteOutcome {
        try await platform.write(
            caller,
            WriteRequest(
                proposal: try platform.application(caller, of: id, in: project), action: .requestApply))
    }
}
