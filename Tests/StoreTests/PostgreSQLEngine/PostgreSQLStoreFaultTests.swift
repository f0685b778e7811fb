import ConfigPlatformModel
import Dispatch
import TestSupport
import Testing

@testable import Store

/// Servers and sessions that die under a store, on a server that only this suite uses. The long form of these is `make faults`.
@Suite(.serialized, .needsPostgreSQL) struct PostgreSQLStoreFaultTests {
    private static let started = Result { try PostgreSQLServer() }
    private let server: PostgreSQLServer

    init() throws { server = try Self.started.get() }

    @Test(.timeLimit(.minutes(5)))
    func `a server that is killed under load has all that was acknowledged and nothing by halves`() async throws {
        let server = server
        try await Engine.withReplicas(2, of: try server.createDatabase()) { replicas in
            let ledger = Ledger()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, replica) in replicas.enumerated() {
                    group.addTask {
                        var index = 0
                        while !ledger.isComplete {
                            try await ledger.write(1 + index % 9, named: "\(number)-\(index)", to: replica)
                            index += 1
                        }
                    }
                }
                group.addTask {
                    var random = SystemRandomNumberGenerator()
                    for _ in 0..<5 {
                        // Somewhere in the work that follows the next few commits.
                        let commits = ledger.writtenCount + Int.random(in: 1...30, using: &random)
                        while ledger.writtenCount < commits { await Task.yield() }
                        try server.kill9()
                        try server.start()
                    }
                    let commits = ledger.writtenCount + 5
                    while ledger.writtenCount < commits { await Task.yield() }
                    ledger.complete()
                }
                try await group.waitForAll()
            }
            try await ledger.compare(with: replicas[0])
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `sessions that are ended at random moments leave every group whole and its writer rightly told`() async throws
    {
        let server = server
        let url = try server.createDatabase()
        try await Engine.withReplicas(2, of: url) { replicas in
            let ledger = Ledger()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, replica) in replicas.enumerated() {
                    group.addTask {
                        var index = 0
                        while !ledger.isComplete {
                            try await ledger.write(1 + index % 9, named: "\(number)-\(index)", to: replica)
                            index += 1
                        }
                    }
                }
                group.addTask {
                    try await Driver.withThread(url) { killer in
                        for _ in 0..<200 {
                            try await killer.run { connection in
                                _ = try connection.query(
                                    """
                                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                                    ORDER BY random() LIMIT 2
                                    """)
                            }
                            let commits = ledger.writtenCount + 1
                            while ledger.writtenCount < commits { await Task.yield() }
                        }
                    }
                    ledger.complete()
                }
                try await group.waitForAll()
            }
            #expect(ledger.refusedCount + ledger.unknownCount > 0)
            try await ledger.compare(with: replicas[0])
        }
    }

    @Test func `a server that hangs at the commit leaves the writer in doubt, before it in none`() async throws {
        let server = server
        let url = try server.createDatabase()
        for (pausesAtCommit, expected) in [(true, Failure.outcomeUnknown), (false, .unavailable)] {
            try await Engine.withStore(url, Engine.impatient) { store in
                // The item has its number from here on, which would have to be asked for before the commit.
                try await store.commit([.put("a", "0", in: "base")], message: "before")
                let told = await failure {
                    try await store.write { transaction in
                        if !pausesAtCommit { server.pause() }
                        try transaction.commit([.put("a", "1", in: "base")], message: "\(expected)")
                        if !pausesAtCommit { _ = try transaction.changes(after: .zero, limit: 1) }
                        server.pause()
                    }
                }
                #expect(told == expected)
                #expect(await failure { try await store.head() } == .unavailable)
                #expect(await failure { try await store.commit([.put("b", "1", in: "base")]) } == .unavailable)
                server.resume()
            }
        }
        // What had reached the server was carried out; what was refused was not.
        try await Engine.withStore(url) { store in
            while try await store.head().revision < 3 {}
            let messages = try await store.changes(after: .zero, limit: 9).map(\.message)
            #expect(messages == ["before", "outcomeUnknown", "before"])
        }
    }

    @Test func `a session that is lost before the commit writes nothing, and the next write has another`() async throws
    {
        let url = try server.createDatabase()
        try await Engine.withStore(url) { store in
            let server = server
            let told = await failure {
                try await store.write { transaction in
                    try transaction.commit([.put("a", "1", in: "base")])
                    _ = try transaction.changes(after: .zero, limit: 1)
                    try server.execute(
                        """
                        SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
                        WHERE datname = '\(Engine.name(in: url))' AND state = 'idle in transaction'
                        """)
                    try transaction.commit([.put("b", "1", in: "base")])
                    _ = try transaction.changes(after: .zero, limit: 1)
                }
            }
            #expect(told == .unavailable)
            let next = try await store.commit([.put("a", "1", in: "base")])
            #expect(next.revision == 1)
        }
    }

    @Test func `a commit that the standbys did not confirm is in doubt`() async throws {
        let url = try server.createDatabase()
        try await Engine.withStore(url) { store in
            try server.execute("ALTER SYSTEM SET synchronous_standby_names = 'absent'")
            try server.execute("SELECT pg_reload_conf()")
            // The session takes note of it when it is next idle.
            let told = Task {
                var told: Failure?
                while told == nil { told = await failure { try await store.commit([.put("a", "1", in: "base")]) } }
                return told
            }
            let cancel = """
                SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
                WHERE datname = '\(Engine.name(in: url))' AND wait_event = 'SyncRep'
                """
            while try server.execute(cancel) == "0" { await Task.yield() }
            #expect(await told.value == .outcomeUnknown)
            try server.execute("ALTER SYSTEM RESET synchronous_standby_names")
            try server.execute("SELECT pg_reload_conf()")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `waits and closing do not depend on a server that is gone`() async throws {
        let store = try await Engine.open(try server.createDatabase())
        let head = try await store.head()
        try server.stop()
        try await store.awaitMovement(past: head, seconds: 0.01)
        let left = Task { try await store.awaitMovement(past: head, seconds: 3600) }
        await store.close()
        #expect(await failure { try await left.value } == .unavailable)
        try server.start()
    }

    @Test(.timeLimit(.minutes(5)))
    func `a fold that is cancelled ends, and its session goes with it`() async throws {
        try await Engine.withStore(try server.createDatabase()) { store in
            try await store.commit((0..<200).map { .put("key-\($0)", "1", in: "base") })
            let (begun, beginning) = AsyncStream<Void>.makeStream()
            let release = DispatchSemaphore(value: 0)
            let folding = Task {
                try await store.foldItems(at: nil, of: nil, into: 0) { count, _ in
                    if count == 0 {
                        beginning.finish()
                        release.wait()
                    }
                    count += 1
                }
            }
            for await _ in begun {}
            folding.cancel()
            release.signal()
            await #expect(throws: CancellationError.self) { try await folding.value }
            #expect(try await store.items().count == 200)
        }
    }
}
