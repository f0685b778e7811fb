import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgreSQL) struct PostgreSQLThreadTests {
    @Test func `work is done in the order it was handed in, on one session`() async throws {
        try await Driver.withThread(try PostgreSQLServer.shared.createDatabase()) { thread in
            let first = try await thread.run { try $0.backendProcessID }
            let seen = try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<100 { group.addTask { try await thread.run { try $0.backendProcessID } } }
                return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
            }
            #expect(seen == [first])
        }
    }

    @Test func `a transaction left open is rolled back`() async throws {
        try await Driver.withThread(try PostgreSQLServer.shared.createDatabase()) { thread in
            try await thread.run { try $0.executeScript("CREATE TABLE t (a bigint)") }
            await #expect(throws: PostgreSQLError.self) {
                try await thread.run { connection in
                    try connection.execute("BEGIN")
                    try connection.execute("INSERT INTO t VALUES (1)")
                }
            }
            let rows = try await thread.run { connection in
                #expect(!connection.isInTransaction)
                return try connection.query("SELECT count(*) FROM t")[0].int64(0)
            }
            #expect(rows == 0)
        }
    }

    @Test func `a session ended by the server while idle is replaced without an error`() async throws {
        let server = try PostgreSQLServer.shared
        try await Driver.withThread(try server.createDatabase()) { thread in
            let first = try await thread.run { try $0.backendProcessID }
            // Returns when the process has ended.
            try server.execute("SELECT pg_terminate_backend(\(first), 60000)")
            let second = try await thread.run { connection in
                try connection.query("SELECT $1::bigint", [.int64(1)])
                return try connection.backendProcessID
            }
            #expect(first != second)
        }
    }

    @Test func `every new session is prepared, and a refusal reaches the work that waits`() async throws {
        struct Unsafe: Error {}
        let connected = Mutex(0)
        let url = try PostgreSQLURL(parsing: try PostgreSQLServer.shared.createDatabase())
        let refusing = try PostgreSQLThread(url: url) { _ in
            connected.withLock { $0 += 1 }
            throw Unsafe()
        }
        await #expect(throws: Unsafe.self) { try await refusing.run { _ in } }
        await refusing.close()
        #expect(connected.withLock { $0 } == 1)

        let thread = try PostgreSQLThread(url: url) { connection in
            try connection.execute("SET application_name = 'prepared'")
            connected.withLock { $0 += 1 }
        }
        for _ in 0..<2 {
            let name = try await thread.run { connection in
                let name = try connection.query("SHOW application_name")[0].text(0)
                connection.close()
                return name
            }
            #expect(name == "prepared")
        }
        await thread.close()
        #expect(connected.withLock { $0 } == 3)
    }

    @Test func `accepted work is finished by close and later work is refused`() async throws {
        let url = try PostgreSQLURL(parsing: try PostgreSQLServer.shared.createDatabase())
        let thread = try PostgreSQLThread(url: url)
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        async let slow = thread.run { connection in
            beginning.finish()
            return try connection.query("SELECT 3::bigint FROM pg_sleep(0.2)")[0].int64(0)
        }
        for await _ in begun {}
        await thread.close()
        #expect(try await slow == 3)
        let error = await #expect(throws: PostgreSQLError.self) { try await thread.run { _ in } }
        #expect(error?.isClosed == true)
        await thread.close()
    }

    @Test func `a read-only server is left after the work that met it`() async throws {
        try await Driver.withThread(try PostgreSQLServer.shared.createDatabase()) { thread in
            let first = try await thread.run { try $0.backendProcessID }
            let error = await #expect(throws: PostgreSQLError.self) {
                try await thread.run { connection in
                    try connection.execute("SET default_transaction_read_only = on")
                    try connection.executeScript("CREATE TABLE t (a bigint)")
                }
            }
            #expect(error?.isReadOnly == true)
            let number = try await Driver.number("SELECT pg_backend_pid()", on: thread)
            #expect(number != Int64(first))
        }
    }

    @Test func `a table altered under a prepared statement costs one error at most`() async throws {
        try await Driver.withThread(try PostgreSQLServer.shared.createDatabase()) { thread in
            try await thread.run { connection in
                try connection.executeScript("CREATE TABLE t (a bigint)")
                #expect(try connection.query("SELECT * FROM t").isEmpty)
                try connection.executeScript("ALTER TABLE t ADD b bigint")
            }
            await #expect(throws: PostgreSQLError.self) { try await thread.run { _ = try $0.query("SELECT * FROM t") } }
            let number = try await Driver.number("SELECT count(*) FROM t", on: thread)
            #expect(number == 0)
            try await thread.run { try $0.query("SELECT * FROM t") }
        }
    }

    @Test func `a host that is down is passed over, and a standby is no home for writes`() async throws {
        let server = try PostgreSQLServer.shared
        let live = try #require(URLParts(try server.createDatabase()))
        let url =
            "postgres://postgres@127.0.0.1:1,127.0.0.1:\(server.port)/\(live.database)?target_session_attrs=read-write"
        try await Driver.withThread(url) { thread in
            let number = try await Driver.number("SELECT 1", on: thread)
            #expect(number == 1)
        }
        try server.execute("ALTER DATABASE \(live.database) SET default_transaction_read_only = on")
        try await Driver.withThread(url) { thread in
            let error = await #expect(throws: PostgreSQLError.self) {
                try await thread.run(reconnectWithin: .milliseconds(200)) { _ in }
            }
            #expect(error?.isConnectionLost == true)
            #expect(error?.message.contains("read-only") == true)
        }
    }

    private struct URLParts {
        let database: String
        init?(_ url: String) {
            guard let slash = url.lastIndex(of: "/") else { return nil }
            database = String(url[url.index(after: slash)...])
        }
    }
}
