import ConfigPlatformModel
import ControlPlane
import Foundation
import Logging
import ServiceLifecycle
import Store
import TestSupport
import Testing

/// A whole platform on a real SQLite file, with a clock that stands still unless it is moved. The one helper through which these suites
/// touch the operations.
final class PlatformUnderTest: Sendable {
    let platform: Platform
    let store: any Store
    let caller: Caller
    let clock: ManualWorld
    let project: ProjectName

    /// Runs `body` with a fresh platform, verifies every invariant of its ledger afterwards, and removes it.
    static func run(
        webhooks: Webhooks = Webhooks(key: nil), _ body: (PlatformUnderTest) async throws -> Void
    ) async throws {
        let directory = NSTemporaryDirectory() + "cfg-test-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try SQLiteStore.open(directory: directory, mode: .readWrite, platformID: { "plt_test" })
        try await serve(store, webhooks) { test in
            try await body(test)
            let faults = try await LedgerCheck.run(test.store) { _ in }
            #expect(faults == [])
        }
    }

    /// The same with two platforms on one store, as two servers on one database.
    static func runTwo(_ body: (PlatformUnderTest, PlatformUnderTest) async throws -> Void) async throws {
        let directory = NSTemporaryDirectory() + "cfg-test-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try SQLiteStore.open(directory: directory, mode: .readWrite, platformID: { "plt_test" })
        try await serve(store) { first in
            try await serve(store) { second in
                try await body(first, second)
                // Whichever stops first closes the store.
                let faults = try await LedgerCheck.run(store) { _ in }
                #expect(faults == [])
            }
        }
    }

    /// Serves a platform on the store while `body` runs, and stops it.
    static func serve(
        _ store: any Store, _ webhooks: Webhooks = Webhooks(key: nil), clock: ManualWorld = ManualWorld(),
        rollouts: RolloutSettings = RolloutSettings(), _ body: (PlatformUnderTest) async throws -> Void
    ) async throws {
        let test = try await PlatformUnderTest(store: store, webhooks, clock, rollouts)
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(services: [test.platform, test.platform.watches], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body(test)) } catch { result = .failure(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    private init(
        store: any Store, _ webhooks: Webhooks, _ clock: ManualWorld, _ rollouts: RolloutSettings
    ) async throws {
        self.store = store
        self.clock = clock
        project = try ProjectName(parsing: "shop")
        caller = Caller(
            subject: Subject(principal: try Principal(parsing: "token:tester"), grants: [.everything]),
            means: .credential(id: "tok_test", .access), sourceAddress: "127.0.0.1", requestID: "req-1")
        platform = try await Platform(
            store: store, world: clock.world, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            webhooks: webhooks, rollouts: rollouts)
    }

    var revision: Int64 { platform.state.revision.number }

    @discardableResult
    func write(
        _ operations: [Operation], dryRun: Bool = false, key: String? = nil, request: String = "request"
    ) async throws -> WriteOutcome {
        let proposal = Proposal(project: project, by: Author(caller.subject), message: "test", operations: operations)
        return try await platform.write(
            caller,
            WriteRequest(
                proposal: proposal, isDryRun: dryRun, idempotencyKey: key, requestDigest: Digest.of(Array(request.utf8))
            ))
    }

    /// A project with `base` and `production` above it.
    func makeShop() async throws {
        try await write([
            Operation(.putProject(try ProjectBody())), environment("base", []), environment("production", ["base"]),
        ])
    }

    func environment(_ name: String, _ inherits: [String]) throws -> Operation {
        Operation(
            .putEnvironment(try self.name(name), try EnvironmentBody(inherits: inherits.map { try self.name($0) })))
    }

    func put(_ key: String, _ value: JSONValue, in environment: String, expecting: Operation.Expectation? = nil) throws
        -> Operation
    {
        Operation(
            .putSetting(try ConfigKey(parsing: key), try name(environment), try SettingBody(value, references: .live)),
            expecting: expecting)
    }

    func delete(_ key: String, in environment: String) throws -> Operation {
        Operation(.deleteSetting(try ConfigKey(parsing: key), try name(environment)))
    }

    func name(_ text: String) throws -> EnvironmentName { try EnvironmentName(parsing: text) }

    /// The resolved document, as text.
    func document(_ environment: String, at moment: Moment = .now) async throws -> String {
        let reading = try await platform.read(caller, try name(environment), of: project, at: moment)
        return String(decoding: reading.environment.document.bytes, as: UTF8.self)
    }

    /// Expects the problem, and that nothing was written.
    func expect(
        _ code: Problem.Code, _ location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
    ) async {
        let before = revision
        do {
            try await body()
            Issue.record("expected \(code.rawValue)", sourceLocation: location)
        } catch let problem as Problem {
            #expect(problem.code == code, sourceLocation: location)
        } catch {
            Issue.record("expected \(code.rawValue), got \(error)", sourceLocation: location)
        }
        #expect(revision == before, sourceLocation: location)
    }
}
