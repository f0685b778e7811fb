import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgreSQL) struct PostgreSQLConnectionTests {
    @Test func `values come back as they were bound`() throws {
        try Driver.session { connection in
            let long = String(repeating: "größer ", count: 100_000)
            let row = try #require(
                try connection.query(
                    "SELECT $1::bigint, $2::bigint, $3::text, $4::text, $5::bytea, $6::bytea, $7::bool, $8::bool, $9::int, $10::text",
                    [
                        .int64(.max), .int64(.min), .text(""), .text(long), .bytes([]), .bytes([0, 1, 0, 255]),
                        .bool(true),
                        .bool(false), .int64(-7), .null,
                    ]
                ).first)
            #expect(try row.int64(0) == .max)
            #expect(try row.int64(1) == .min)
            #expect(try row.text(2) == "")
            #expect(try row.text(3) == long)
            #expect(try row.bytes(4) == [])
            #expect(try row.bytes(5) == [0, 1, 0, 255])
            #expect(try row.bool(6))
            #expect(try !row.bool(7))
            #expect(try row.int64(8) == -7)
            #expect(row.isNull(9))
            #expect(try row.optionalText(9) == nil)
            #expect(row.columnCount == 10)
        }
    }

    @Test func `arrays are bound whole and keep their order`() throws {
        try Driver.session { connection in
            let rows = try connection.query(
                "SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[])",
                [.int64Array([1, .min, .max]), .textArray(["a,b", "", "{\"}"]), .bytesArray([[0], [], [255, 0]])])
            #expect(try rows.map { try $0.int64(0) } == [1, .min, .max])
            #expect(try rows.map { try $0.text(1) } == ["a,b", "", "{\"}"])
            #expect(try rows.map { try $0.bytes(2) } == [[0], [], [255, 0]])
            #expect(try connection.query("SELECT 1 WHERE 'x' = ANY($1)", [.textArray([])]).isEmpty)
        }
    }

    @Test func `a zero byte in a text is refused rather than ending the text`() throws {
        try Driver.session { connection in
            let error = try #require(throws: PostgreSQLError.self) {
                try connection.query("SELECT $1::text", [.text("a\u{0}b")])
            }
            #expect(error.sqlState == "22021")
            #expect(try connection.query("SELECT $1::text", [.text("ab")])[0].text(0) == "ab")
        }
    }

    @Test func `reading a column as what it is not is an error that names it`() throws {
        try Driver.session { connection in
            let row = try connection.query("SELECT 1.5::numeric AS price, NULL::bigint AS count, 'x'::text AS name")[0]
            for (read, name) in [
                ({ _ = try row.int64(0) }, "price"), ({ _ = try row.int64(1) }, "count"),
                ({ _ = try row.int64(2) }, "name"),
                ({ _ = try row.bytes(3) }, "column 3"),
            ] as [(() throws -> Void, String)] {
                let error = try #require(throws: PostgreSQLError.self) { try read() }
                #expect(error.message.contains(name))
            }
        }
    }

    @Test func `one SQL text bound with different types keeps the types apart`() throws {
        try Driver.session { connection in
            let sql = "SELECT pg_typeof($1)::text, $1 IS NULL"
            #expect(try connection.query(sql, [.int64(0x6162_6364_6566_6768)])[0].text(0) == "bigint")
            #expect(try connection.query(sql, [.text("abcdefgh")])[0].text(0) == "text")
            #expect(try connection.query(sql, [.null])[0].bool(1))
            #expect(try connection.query(sql, [.bytes([1])])[0].text(0) == "bytea")
            let prepared = try connection.query(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement = $1", [.text(sql)])
            #expect(try prepared[0].int64(0) == 3)
        }
    }

    @Test func `more SQL texts than are kept prepared all work`() throws {
        try Driver.session { connection in
            for number in 0..<(PostgreSQLStatements.countMax + 20) {
                #expect(
                    try connection.query("SELECT \(number)::bigint + $1", [.int64(1)])[0].int64(0) == Int64(number + 1))
            }
            let prepared = try connection.query("SELECT count(*) FROM pg_prepared_statements")
            #expect(try prepared[0].int64(0) <= Int64(PostgreSQLStatements.countMax))
        }
    }

    @Test func `the number of affected rows is told`() throws {
        try Driver.session { connection in
            try connection.executeScript("CREATE TABLE t (a bigint PRIMARY KEY); CREATE TABLE u (b text)")
            #expect(try connection.execute("INSERT INTO t SELECT generate_series(1, 10)") == 10)
            #expect(try connection.execute("DELETE FROM t WHERE a > $1", [.int64(7)]) == 3)
            #expect(try connection.execute("UPDATE t SET a = a WHERE false") == 0)
        }
    }

    @Test func `an error has its SQLSTATE and constraint and keeps stored values out of its text`() throws {
        try Driver.session { connection in
            try connection.executeScript("CREATE TABLE t (a text CONSTRAINT one_each UNIQUE)")
            try connection.execute("INSERT INTO t VALUES ($1)", [.text("stored-value")])
            let error = try #require(throws: PostgreSQLError.self) {
                try connection.execute("INSERT INTO t VALUES ($1)", [.text("stored-value")])
            }
            #expect(error.isUniqueViolation)
            #expect(error.constraint == "one_each")
            #expect(!error.isConnectionLost)
            #expect(!error.outcomeUnknown)
            #expect(!"\(error)".contains("stored-value"))
        }
    }

    @Test func `a failed script changes nothing and the session goes on`() throws {
        try Driver.session { connection in
            let error = try #require(throws: PostgreSQLError.self) {
                try connection.executeScript("CREATE TABLE t (a bigint); SELECT 1/0; CREATE TABLE u (a bigint)")
            }
            #expect(error.sqlState == "22012")
            #expect(try connection.query("SELECT to_regclass('t') IS NULL")[0].bool(0))
            #expect(throws: PostgreSQLError.self) { try connection.executeScript("SELECT 1; \u{0} SELECT 2") }
            #expect(throws: Never.self) { try connection.executeScript("") }
        }
    }

    @Test func `a session is set up as asked`() async throws {
        var options = PostgreSQLSessionOptions()
        options.statementTimeout = .milliseconds(1500)
        options.lockTimeout = .seconds(2)
        options.idleInTransactionTimeout = .seconds(3)
        try await Driver.withThread(try PostgreSQLServer.shared.createDatabase(), options: options) { thread in
            try await thread.run { connection in
                for (name, value) in [
                    "statement_timeout": "1500ms", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "3s",
                    "application_name": "cfg", "client_encoding": "UTF8",
                ] {
                    #expect(try connection.query("SELECT current_setting($1)", [.text(name)])[0].text(0) == value)
                }
                let error = try #require(throws: PostgreSQLError.self) { try connection.query("SELECT pg_sleep(30)") }
                #expect(error.isStatementTimeout)
                #expect(!error.isConnectionLost)
            }
        }
    }

    @Test func `a million rows of one kilobyte are read without being held`() throws {
        try Driver.session { connection in
            let before = try Driver.residentBytes()
            var peak = 0
            var sum: Int64 = 0
            try connection.forEachRow("SELECT i, repeat('x', 1000) FROM generate_series(1, $1) i", [.int64(1_000_000)])
            { row in
                let number = try row.int64(0)
                sum += number
                if number % 50_000 == 0 { peak = max(peak, try Driver.residentBytes()) }
            }
            #expect(sum == 500_000_500_000)
            // A gigabyte passes; other tests of the process have their own memory meanwhile.
            #expect(peak - before < 600 << 20)
            #expect(try connection.query("SELECT 1::bigint")[0].int64(0) == 1)
        }
    }

    @Test func `an error after the first rows reaches the reader of rows`() throws {
        try Driver.session { connection in
            var count = 0
            let error = try #require(throws: PostgreSQLError.self) {
                try connection.forEachRow("SELECT 1 / (5000 - i) FROM generate_series(1, 10000) i") { _ in count += 1 }
            }
            #expect(error.sqlState == "22012")
            #expect(count == 4999)
            #expect(connection.isOpen)
        }
    }

    @Test func `a reader of rows may stop and the thread takes further work`() async throws {
        struct Enough: Error {}
        try await Driver.withThread(try PostgreSQLServer.shared.createDatabase()) { thread in
            await #expect(throws: Enough.self) {
                try await thread.run { connection in
                    try connection.forEachRow("SELECT generate_series(1, 10000000)") { _ in throw Enough() }
                }
            }
            let number = try await Driver.number("SELECT 5", on: thread)
            #expect(number == 5)
        }
    }

    @Test func `results and errors are released`() throws {
        try Driver.session { connection in
            let sql = "SELECT repeat('x', 100000), 1 / $1"
            func exercise(_ times: Int) throws {
                for _ in 0..<times {
                    #expect(try connection.query(sql, [.int64(1)])[0].text(0).utf8.count == 100_000)
                    #expect(throws: PostgreSQLError.self) { try connection.query(sql, [.int64(0)]) }
                }
            }
            try exercise(100)
            let before = try Driver.residentBytes()
            try exercise(16_000)
            // 1.6 GB pass; other tests of the process have their own memory meanwhile.
            #expect(try Driver.residentBytes() - before < 800 << 20)
        }
    }
}
