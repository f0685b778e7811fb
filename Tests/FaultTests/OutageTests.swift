import ConfigPlatformModel
import Foundation
import Synchronization
import TestSupport
import Testing

/// PostgreSQL goes away under a server that is in use, and comes back.
@Suite(.serialized, .enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)"))
struct OutageTests {
    @Test func `a server rides out that PostgreSQL is killed, and acknowledges nothing it did not store`() async throws
    {
        try await Self.interrupt(refusesSoon: true) { database in
            try database.kill9()
        } end: { database in
            try database.start()
        }
    }

    @Test func `a server rides out that PostgreSQL stands still`() async throws {
        try await Self.interrupt(refusesSoon: false) { database in
            database.pause()
        } end: { database in
            database.resume()
        }
    }

    /// - Parameter refusesSoon: whether writers learn at once that the database is gone.
    private static func interrupt(
        refusesSoon: Bool, _ begin: (PostgreSQLServer) throws -> Void, end: (PostgreSQLServer) throws -> Void
    ) async throws {
        var random = FaultRounds.random()
        let database = try PostgreSQLServer()
        let server = try await CfgProcess(.init(databaseURL: database.url()))
        let load = CounterLoad(writers: 4)
        var ledger = CounterLedger()
        try await CounterLoad.prepare(server.client)
        let client = server.client
        for round in 1...FaultRounds.count(short: 1, share: 10) {
            let comment = "round \(round), \(random)"
            let reader = Reader(server.client)
            let writing = Task { await load.run { _ in client } }
            let reading = Task { await reader.run() }
            let goal = load.acknowledgedCount + random.int(in: 10...60)
            try await eventually("\(goal) acknowledged") { load.acknowledgedCount >= goal }
            let refusedBefore = load.refusedCount
            try begin(database)
            do {
                try await eventually("reads say since when they are stale; \(reader.summary)") { reader.isStale }
                // A server that stands still is given the time of the longest statement, which is long.
                if refusesSoon || FaultRounds.areLong {
                    try await eventually("a writer is refused; \(load.unexpected)") {
                        load.refusedCount > refusedBefore
                    }
                }
            } catch {
                try? end(database)
                throw error
            }
            try end(database)
            let after = load.acknowledgedCount
            try await eventually("writes succeed again, without a restart; \(server.log.suffix(2_000))") {
                load.acknowledgedCount >= after + 20
            }
            try await eventually("reads are fresh again") { !reader.isStale }
            load.stop()
            await writing.value
            reader.stop()
            await reading.value
            #expect(reader.failures.isEmpty, "\(reader.failures.prefix(3)); \(comment)")
            let newest = try #require(load.acknowledged.max { $0.revision < $1.revision })
            try await ledger.verify(
                load, on: server.client, random: &random, headers: [("X-Minimum-Revision", newest.token)], comment)
        }
        try await server.stop()
        try await server.expectSoundStore("\(random)")
        // A server that starts afresh has it all, too.
        try await server.start()
        var afresh = CounterLedger()
        try await afresh.verify(load, on: server.client, random: &random, "started afresh, \(random)")
        try await server.stop()
        try database.stop()
    }
}

/// Reads a document over and over, which must be answered always.
private final class Reader: Sendable {
    private struct State {
        var isStopping = false
        var isStale = false
        var answers = 0
        var failures: [String] = []
    }

    private let client: WireClient
    private let state = Mutex(State())

    init(_ client: WireClient) { self.client = client }

    /// Whether the last answer said so.
    var isStale: Bool { state.withLock { $0.isStale } }
    var failures: [String] { state.withLock { $0.failures } }
    var summary: String { state.withLock { "\($0.answers) answers, stale: \($0.isStale), \($0.failures.prefix(2))" } }

    func stop() { state.withLock { $0.isStopping = true } }

    func run() async {
        while !state.withLock({ $0.isStopping }) {
            do {
                let answer = try await client.get("/api/v1/projects/counters/environments/east/settings")
                state.withLock { state in
                    state.answers += 1
                    state.isStale = answer.header("X-Stale-Since") != nil
                    if answer.status != 200 { state.failures.append("\(answer)") }
                }
                try await Task.sleep(for: .milliseconds(5))
            } catch {
                state.withLock { $0.failures.append("\(error)") }
                return
            }
        }
    }
}
