import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// `kill -9` at any moment under load. Short by itself; `make faults` does it 200 times on each engine.
@Suite(.serialized) struct KillTests {
    @Test func `whatever SQLite's server acknowledged is there after it was killed`() async throws {
        try await Self.killRepeatedly(try await CfgProcess())
    }

    @Test(.enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)"))
    func `whatever PostgreSQL's server acknowledged is there after it was killed`() async throws {
        try await Self.killRepeatedly(
            try await CfgProcess(.init(databaseURL: try PostgreSQLServer.shared.createDatabase())))
    }

    private static func killRepeatedly(_ server: CfgProcess) async throws {
        var random = FaultRounds.random()
        let load = CounterLoad(writers: 6)
        var ledger = CounterLedger()
        try await CounterLoad.prepare(server.client)
        let rounds = FaultRounds.count(short: 4)
        for round in 1...rounds {
            let comment = "round \(round), \(random)"
            let client = server.client
            let goal = load.acknowledgedCount + random.int(in: 0...60)
            let writing = Task { await load.run { _ in client } }
            try await eventually("\(goal) acknowledged; \(load.unexpected.prefix(1)) \(server.log.suffix(1_000))") {
                load.acknowledgedCount >= goal
            }
            try await Task.sleep(for: .microseconds(random.int(in: 0...20_000)))
            await server.kill()
            await writing.value
            try await server.start()
            try await ledger.verify(load, on: server.client, random: &random, comment)
            if rounds < 20 || round.isMultiple(of: 20) { try await server.expectSoundStore(comment) }
        }
        try await server.stop()
        try await server.expectSoundStore("at the end, \(random)")
    }

    @Test(.enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)"))
    func `when one of two servers on a database is killed the other has all, and the chain is whole`() async throws {
        var random = FaultRounds.random()
        let url = try PostgreSQLServer.shared.createDatabase()
        let one = try await CfgProcess(.init(databaseURL: url))
        let two = try await CfgProcess(.init(databaseURL: url), token: one.token)
        let load = CounterLoad(writers: 6)
        var ledger = CounterLedger()
        try await CounterLoad.prepare(one.client)
        try await eventually("the second server knows the project") {
            try await two.client.get("/api/v1/projects/counters/environments/west").status == 200
        }
        for round in 1...FaultRounds.count(short: 2, share: 4) {
            let comment = "round \(round), \(random)"
            let (victim, survivor) = random.chance(oneIn: 2) ? (one, two) : (two, one)
            let clients = [victim.client, survivor.client]
            let goal = load.acknowledgedCount + random.int(in: 10...60)
            let writing = Task { await load.run { clients[$0 % 2] } }
            try await eventually("\(goal) acknowledged") { load.acknowledgedCount >= goal }
            try await Task.sleep(for: .microseconds(random.int(in: 0...20_000)))
            await victim.kill()
            let after = load.acknowledgedCount
            try await eventually("the survivor goes on") { load.acknowledgedCount >= after + 10 }
            load.stop()
            await writing.value
            let newest = try #require(load.acknowledged.max { $0.revision < $1.revision })
            try await ledger.verify(
                load, on: survivor.client, random: &random, headers: [("X-Minimum-Revision", newest.token)], comment)
            try await victim.start()
        }
        try await one.stop()
        try await two.stop()
        try await one.expectSoundStore("\(random)")
    }
}
