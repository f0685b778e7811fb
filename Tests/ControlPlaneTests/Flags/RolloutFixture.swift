import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import Foundation
import Store
import Synchronization
import TestSupport
import Testing

/// An engine with a place for one platform, which several servers may share and which outlives them.
struct RolloutEngine: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let open: @Sendable () async throws -> any Store
    /// Whether several stores may be open at once; otherwise servers share one.
    let isShared: Bool
    let remove: @Sendable () -> Void

    static let names = ["SQLite"] + (PostgreSQLServer.isAvailable ? ["PostgreSQL"] : [])

    static func named(_ name: String) throws -> RolloutEngine {
        if name == "SQLite" {
            let directory = Temporary.folder()
            return RolloutEngine(
                testDescription: name,
                open: {
                    try SQLiteStore.open(directory: directory + "/data", mode: .readWrite, platformID: { "plt_test" })
                }, isShared: false, remove: { Temporary.remove(directory) })
        }
        let url = try PostgreSQLServer.shared.createDatabase()
        return RolloutEngine(
            testDescription: name,
            open: { try await PostgreSQLStore.open(url: url, mode: .readWrite) { "plt_test" } }, isShared: true,
            remove: {})
    }

    static func with(_ name: String, _ body: (RolloutEngine) async throws -> Void) async throws {
        let engine = try named(name)
        defer { engine.remove() }
        try await body(engine)
        let store = try await engine.open()
        let faults = try await LedgerCheck.run(store) { _ in }
        #expect(faults == [])
        await store.close()
    }

    func serve(
        _ clock: ManualWorld, _ metric: Metric = Metric(), webhooks: Webhooks = Webhooks(key: nil),
        leaseSeconds: Int64 = 1_000_000, on shared: (any Store)? = nil,
        _ body: (PlatformUnderTest) async throws -> Void
    ) async throws {
        let store: any Store
        if let shared { store = shared } else { store = try await open() }
        let settings = RolloutSettings(lookSeconds: 0.01, leaseSeconds: leaseSeconds) { try metric.answer($0) }
        try await PlatformUnderTest.serve(store, webhooks, clock: clock, rollouts: settings, body)
    }
}

/// What guards ask, and are answered.
final class Metric: Sendable {
    private struct State {
        var value: Double? = 0
        var asked: [String] = []
    }
    private let state = Mutex(State())

    /// Nil for no answer at all.
    var value: Double? {
        get { state.withLock { $0.value } }
        set { state.withLock { $0.value = newValue } }
    }
    var asked: [String] { state.withLock { $0.asked } }

    func answer(_ call: OutboundCall) throws -> WebhookReply {
        let value = state.withLock { state in
            state.asked.append("\(call.method) \(call.url)")
            return state.value
        }
        guard let value else { throw Problem(.unavailable, "the line is dead") }
        return WebhookReply(
            status: 200,
            body: Array(
                #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"\#(value)"]}]}}"#
                    .utf8))
    }
}

extension PlatformUnderTest {
    static let flag = try! FlagKey(parsing: "checkout")

    func rolloutPlace(_ environment: String = "production") throws -> FlagPlace {
        .rollout(Self.flag, try name(environment))
    }

    /// A project with a flag that is served in `production`.
    func makeFlag() async throws {
        try await makeShop()
        let flag: JSONValue = [
            "type": "boolean", "variants": ["on": true, "off": false], "defaultVariant": "off",
        ]
        try await write([
            Operation(.putFlag(.flag(Self.flag), try FlagItemBody(.flag, parsing: flag))),
            Operation(.putFlag(.rule(Self.flag, try name("production")), try FlagItemBody(.flagRule, parsing: [:]))),
        ])
    }

    func putRollout(_ json: JSONValue, in environment: String = "production") throws -> Operation {
        Operation(.putFlag(try rolloutPlace(environment), try FlagItemBody(.flagRollout, parsing: json)))
    }

    func kill(in environment: String = "production") throws -> Operation {
        Operation(
            .putFlag(
                .kill(Self.flag, try name(environment)),
                try FlagItemBody(.flagKill, parsing: ["variant": "off", "reason": "fire"])))
    }

    var rollout: FlagRolloutBody? {
        guard let place = try? rolloutPlace(),
            case .rollout(let body)? = platform.state.projects[project]?.flagItem(place)?.body
        else { return nil }
        return body
    }

    /// Waits until it is so; records an issue where it does not come to that.
    func eventually(
        _ what: String, _ location: SourceLocation = #_sourceLocation, _ isSo: () async throws -> Bool
    ) async throws {
        for _ in 0..<12_000 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(
            "it never came to this: \(what); the rollout is \(String(describing: rollout?.json))",
            sourceLocation: location)
        throw CancellationError()
    }

    func expectStep(
        _ step: Int, _ state: FlagRolloutBody.State = .running, _ location: SourceLocation = #_sourceLocation
    )
        async throws
    {
        try await eventually("step \(step), \(state)", location) {
            self.rollout?.step == step && self.rollout?.state == state && self.rollout?.stepBegan != nil
        }
    }

    /// Long enough for the schedulers to have looked many times.
    func settle() async throws { try await Task.sleep(for: .milliseconds(150)) }

    func steps() async throws -> [ChangeRecord] {
        try await store.changes(matching: ChangeQuery(author: .rollouts), limit: 100).elements.reversed()
    }

    func refusals() async throws -> [AuditEvent] {
        try await store.events(matching: EventQuery(after: 0), limit: 1_000).map(\.event).filter {
            $0.outcome == .refused
        }
    }

    func order(
        _ order: Platform.RolloutOrder, as caller: Caller, reason: String? = nil
    ) async throws -> WriteOutcome {
        try await platform.write(
            caller,
            WriteRequest(
                proposal: platform.rolloutOrder(
                    caller, order, of: Self.flag, in: try name("production"), of: project, reason: reason,
                    precondition: { _ throws(Problem) in }), action: order.action))
    }
}
