import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgreSQL) struct PostgreSQLPipelineTests {
    /// Runs `body` on a session whose database has `head(revision)` at 0 and an empty `changes(revision, body)`.
    private func ledger(_ body: (PostgreSQLConnection) throws -> Void) throws {
        try Driver.session { connection in
            try connection.executeScript(
                """
                CREATE TABLE head (revision bigint NOT NULL); INSERT INTO head VALUES (0);
                CREATE TABLE changes (revision bigint PRIMARY KEY, body bytea NOT NULL)
                """)
            try body(connection)
        }
    }

    @Test func `a change is decided under the lock of the head and written in two round trips`() throws {
        try ledger { connection in
            for expected in 0..<3 as Range<Int64> {
                try connection.pipeline { pipeline in
                    try pipeline.enqueue("BEGIN")
                    try pipeline.enqueue("SELECT revision FROM head FOR UPDATE")
                    let head = try pipeline.sync()[1][0].int64(0)
                    #expect(head == expected)
                    try pipeline.enqueue("INSERT INTO changes VALUES ($1, $2)", [.int64(head + 1), .bytes([0])])
                    try pipeline.enqueue("UPDATE head SET revision = $1", [.int64(head + 1)])
                    try pipeline.enqueue("COMMIT")
                    #expect(try pipeline.sync().map(\.affectedRows) == [1, 1, 0])
                }
            }
            #expect(!connection.isInTransaction)
            #expect(try connection.query("SELECT count(*) FROM changes")[0].int64(0) == 3)
        }
    }

    @Test func `ten thousand large commands with large answers do not wait for each other`() throws {
        try Driver.session { connection in
            let payload = (0..<8192).map { UInt8(truncatingIfNeeded: $0) }
            let results = try connection.pipeline { pipeline in
                for number in 0..<10_000 as Range<Int64> {
                    try pipeline.enqueue("SELECT $1::bigint, $2::bytea", [.int64(number), .bytes(payload)])
                }
                return try pipeline.sync()
            }
            #expect(results.count == 10_000)
            for (number, result) in results.enumerated() {
                guard try result[0].int64(0) == number, try result[0].bytes(1) == payload else {
                    Issue.record("answer \(number) is not that of its command")
                    break
                }
            }
        }
    }

    @Test func `one command larger than every buffer passes`() throws {
        try Driver.session { connection in
            let payload = [UInt8](repeating: 7, count: 24 << 20)
            let echo = try connection.query("SELECT $1::bytea", [.bytes(payload)])[0].bytes(0)
            #expect(echo == payload)
        }
    }

    @Test func `parameters beyond the limit are refused and the session goes on`() throws {
        try Driver.session { connection in
            let many = [PostgreSQLValue](repeating: .int64(1), count: PostgreSQLParameters.countMax + 1)
            #expect(throws: PostgreSQLError.self) { try connection.query("SELECT 1", many) }
            let large = PostgreSQLValue.bytes([UInt8](repeating: 0, count: PostgreSQLParameters.bytesMax + 1))
            #expect(throws: PostgreSQLError.self) { try connection.query("SELECT $1::bytea", [large]) }
            let number = try connection.query("SELECT 2")[0].int64(0)
            #expect(number == 2)
        }
    }

    @Test func `the first error of a batch is thrown and what follows it is skipped`() throws {
        try ledger { connection in
            try connection.pipeline { pipeline in
                try pipeline.enqueue("BEGIN")
                for revision in [1, 2, 2, 1] as [Int64] {
                    try pipeline.enqueue("INSERT INTO changes VALUES ($1, '')", [.int64(revision)])
                }
                try pipeline.enqueue("SELECT 1 / 0")
                try pipeline.enqueue("COMMIT")
                let error = try #require(throws: PostgreSQLError.self) { try pipeline.sync() }
                #expect(error.isUniqueViolation)
                #expect(error.commandIndex == 3)
                #expect(!error.outcomeUnknown)
                #expect(connection.isInTransaction)
                try pipeline.enqueue("ROLLBACK")
                try pipeline.enqueue("SELECT count(*) FROM changes")
                #expect(try pipeline.sync()[1][0].int64(0) == 0)
            }
            // The statement whose preparation was skipped is prepared when it is next used.
            #expect(throws: PostgreSQLError.self) { try connection.query("SELECT 1 / 0") }
            #expect(try connection.execute("INSERT INTO changes VALUES ($1, '')", [.int64(1)]) == 1)
        }
    }

    @Test func `a statement that cannot be prepared fails alone`() throws {
        try Driver.session { connection in
            try connection.pipeline { pipeline in
                try pipeline.enqueue("SELECT 1")
                try pipeline.enqueue("SELECT no_such_column")
                try pipeline.enqueue("SELECT no_such_column")
                let error = try #require(throws: PostgreSQLError.self) { try pipeline.sync() }
                #expect(error.sqlState == "42703")
                #expect(error.commandIndex == 1)
                try pipeline.enqueue("SELECT 1")
                #expect(try pipeline.sync()[0][0].int64(0) == 1)
            }
            let again = try #require(throws: PostgreSQLError.self) { try connection.query("SELECT no_such_column") }
            #expect(again.sqlState == "42703")
        }
    }

    @Test func `an error at the implicit commit of a batch is thrown`() throws {
        try Driver.session { connection in
            try connection.executeScript("CREATE TABLE t (a bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            try connection.pipeline { pipeline in
                try pipeline.enqueue("INSERT INTO t VALUES (1)")
                try pipeline.enqueue("INSERT INTO t VALUES (1)")
                let error = try #require(throws: PostgreSQLError.self) { try pipeline.sync() }
                #expect(error.isUniqueViolation)
                try pipeline.enqueue("SELECT count(*) FROM t")
                #expect(try pipeline.sync()[0][0].int64(0) == 0)
            }
        }
    }

    @Test func `a COMMIT of a failed transaction is an error`() throws {
        try ledger { connection in
            try connection.execute("BEGIN")
            #expect(throws: PostgreSQLError.self) { try connection.query("SELECT 1 / 0") }
            let error = try #require(throws: PostgreSQLError.self) { try connection.execute("COMMIT") }
            #expect(error.sqlState == "25P02")
            #expect(!connection.isInTransaction)
        }
    }

    @Test func `what is queued when the body throws is not committed`() async throws {
        struct Refused: Error {}
        let url = try PostgreSQLServer.shared.createDatabase()
        try await Driver.withThread(url) { thread in
            try await thread.run { try $0.executeScript("CREATE TABLE t (a bigint)") }
            await #expect(throws: Refused.self) {
                try await thread.run { connection in
                    try connection.pipeline { pipeline in
                        for _ in 0..<5000 {
                            try pipeline.enqueue("INSERT INTO t VALUES ($1)", [.int64(1)])
                        }
                        throw Refused()
                    }
                }
            }
            let number = try await Driver.number("SELECT count(*) FROM t", on: thread)
            #expect(number == 0)
        }
    }

    @Test func `what is queued when the body returns is synced and its error thrown`() throws {
        try ledger { connection in
            try connection.pipeline { try $0.enqueue("INSERT INTO changes VALUES (1, '')") }
            #expect(throws: PostgreSQLError.self) {
                try connection.pipeline { try $0.enqueue("INSERT INTO changes VALUES (1, '')") }
            }
            #expect(try connection.query("SELECT count(*) FROM changes")[0].int64(0) == 1)
        }
    }
}
