import ConfigPlatformModel
import TestSupport

@testable import API
@testable import ControlPlane

extension ServerUnderTest {
    /// Has the platform itself write what is to stand in the project `shop`, so that nobody's approval is asked for.
    func lay(_ operations: [JSONValue]) async throws {
        let body = try ChangeBody(parsing: JSONValue.object(["operations": .array(operations)]).canonicalBytes())
        let caller = Caller(
            subject: Subject(principal: .system, grants: [.everything]), means: .schedule, sourceAddress: nil,
            requestID: nil)
        let proposal = Proposal(
            project: try ProjectName(parsing: "shop"), by: .platform(), message: "m", operations: body.operations)
        _ = try await platform.write(caller, WriteRequest(proposal: proposal))
    }
}
