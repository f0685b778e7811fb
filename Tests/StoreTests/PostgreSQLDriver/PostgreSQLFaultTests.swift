import TestSupport
import Testing

@testable import Store

/// What a server does to its clients when it dies, hangs or fails over; each on a server that only this suite uses.
@Suite(.serialized, .needsPostgreSQL) struct PostgreSQLFaultTests {
    private static let started = Result { try PostgreSQLServer() }
    private let server: PostgreSQLServer

    init() throws { server = try Self.started.get() }

    @Test func `a thread rides out kill -9 and restart, and what was committed is there`() async throws {
        try await Driver.withThread(try server.createDatabase()) { thread in
            try await thread.run { connection in
                try connection.executeScript("CREATE TABLE t (a bigint)")
                try connection.execute("INSERT INTO t VALUES ($1)", [.int64(1)])
            }
            try server.kill9()
            let error = await #expect(throws: PostgreSQLError.self) {
                try await thread.run(reconnectWithin: .milliseconds(300)) { try $0.query("SELECT 1") }
            }
            #expect(error?.isConnectionLost == true)
            #expect(error?.outcomeUnknown == false)

            let waiting = Task {
                try await thread.run(reconnectWithin: .seconds(60)) { try $0.query("SELECT a FROM t")[0].int64(0) }
            }
            try server.start()
            #expect(try await waiting.value == 1)
            try await thread.run { _ = try $0.execute("INSERT INTO t VALUES ($1)", [.int64(2)]) }
        }
    }

    @Test func `a session killed in the middle of a transaction is lost, and nothing of it is in doubt`() async throws {
        let server = server
        try await Driver.withThread(try server.createDatabase()) { thread in
            let error = await #expect(throws: PostgreSQLError.self) {
                try await thread.run { connection in
                    try connection.executeScript("CREATE TABLE t (a bigint)")
                    try connection.execute("BEGIN")
                    try connection.execute("INSERT INTO t VALUES (1)")
                    try server.kill9()
                    try connection.execute("INSERT INTO t VALUES (2)")
                }
            }
            #expect(error?.isConnectionLost == true)
            #expect(error?.outcomeUnknown == false)
            try server.start()
            let number = try await Driver.number("SELECT count(*) FROM t", on: thread)
            #expect(number == 0)
        }
    }

    @Test func `a hanging server ends the call, and only a commit under way is in doubt`() async throws {
        let server = server
        try await Driver.withThread(try server.createDatabase()) { thread in
            try await thread.run { try $0.executeScript("CREATE TABLE t (a bigint)") }
            for last in ["INSERT INTO t VALUES (2)", "COMMIT"] {
                let error = await #expect(throws: PostgreSQLError.self) {
                    try await thread.run { connection in
                        defer { server.resume() }
                        try connection.pipeline { pipeline in
                            try pipeline.enqueue("BEGIN")
                            try pipeline.enqueue("INSERT INTO t VALUES (1)")
                            try pipeline.sync()
                            // For this session alone: the next one is as patient as before.
                            connection.responseTimeout = .milliseconds(300)
                            server.pause()
                            try pipeline.enqueue(last)
                            try pipeline.sync()
                        }
                    }
                }
                #expect(error?.isConnectionLost == true)
                #expect(error?.outcomeUnknown == (last == "COMMIT"))
                #expect(error?.message.contains("did not answer") == true)
            }
            // The commit had reached the server, which carried it out when it went on: that is what the doubt was about.
            var count: Int64 = 0
            while count == 0 { count = try await Driver.number("SELECT count(*) FROM t", on: thread) }
            #expect(count == 1)
        }
    }

    @Test func `a server that hangs while large commands are sent ends the call`() async throws {
        let server = server
        try await Driver.withThread(try server.createDatabase()) { thread in
            let error = await #expect(throws: PostgreSQLError.self) {
                try await thread.run { connection in
                    try connection.query("SELECT 1")
                    connection.responseTimeout = .milliseconds(300)
                    server.pause()
                    defer { server.resume() }
                    try connection.query("SELECT $1::bytea", [.bytes([UInt8](repeating: 0, count: 32 << 20))])
                }
            }
            #expect(error?.isConnectionLost == true)
        }
    }

    @Test func `a server that takes connections and says nothing is given up`() async throws {
        server.pause()
        defer { server.resume() }
        try await Driver.withThread(server.url()) { thread in
            let error = await #expect(throws: PostgreSQLError.self) {
                try await thread.run(reconnectWithin: .zero) { try $0.query("SELECT 1") }
            }
            #expect(error?.isConnectionLost == true)
            #expect(error?.message.contains("timeout") == true)
        }
    }

    @Test func `after a failover the new primary is found among the hosts of the URL`() async throws {
        let standby = try PostgreSQLServer.shared
        for machine in [server, standby] { try machine.execute("CREATE DATABASE failover") }
        try standby.execute("ALTER DATABASE failover SET default_transaction_read_only = on")
        let hosts = "127.0.0.1:\(standby.port),127.0.0.1:\(server.port)"
        try await Driver.withThread("postgres://postgres@\(hosts)/failover?target_session_attrs=read-write") { thread in
            let before = try await Driver.number("SELECT inet_server_port()", on: thread)
            #expect(before == Int64(server.port))
            try server.kill9()
            try standby.execute("ALTER DATABASE failover RESET default_transaction_read_only")
            let after = try await Driver.number("SELECT inet_server_port()", on: thread)
            #expect(after == Int64(standby.port))
        }
        try server.start()
    }

    @Test func `close does not wait for a server that is down`() async throws {
        try server.stop()
        let thread = try PostgreSQLThread(url: try PostgreSQLURL(parsing: server.url()))
        let waiting = Task { try await thread.run(reconnectWithin: .seconds(3600)) { try $0.query("SELECT 1") } }
        while thread.outage == nil { await Task.yield() }
        await thread.close()
        await #expect(throws: PostgreSQLError.self) { try await waiting.value }
        try server.start()
    }

    @Test func `a commit whose wait for the standbys was cancelled is in doubt`() async throws {
        try await Driver.withThread(try server.createDatabase()) { thread in
            let process = try await thread.run { connection in
                try connection.executeScript("CREATE TABLE t (a bigint)")
                return try connection.backendProcessID
            }
            try server.execute("ALTER SYSTEM SET synchronous_standby_names = 'absent'")
            try server.execute("SELECT pg_reload_conf()")
            let committing = Task {
                // Until one waits: the server may take the setting later than the first.
                while true {
                    try await thread.run { connection in
                        try connection.pipeline { pipeline in
                            try pipeline.enqueue("BEGIN")
                            try pipeline.enqueue("INSERT INTO t VALUES (1)")
                            try pipeline.enqueue("COMMIT")
                            try pipeline.sync()
                        }
                    }
                }
            }
            let cancel =
                "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE pid = \(process) AND wait_event = 'SyncRep'"
            while try server.execute(cancel) == "0" { await Task.yield() }
            let error = await #expect(throws: PostgreSQLError.self) { try await committing.value }
            #expect(error?.outcomeUnknown == true)
            #expect(error?.isConnectionLost == false)
            try server.execute("ALTER SYSTEM RESET synchronous_standby_names")
            try server.execute("SELECT pg_reload_conf()")
        }
    }
}
