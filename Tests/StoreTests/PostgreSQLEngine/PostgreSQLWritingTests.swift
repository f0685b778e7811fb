import ConfigPlatformModel
import Dispatch
import TestSupport
import Testing

@testable import Store

@Suite(.needsPostgreSQL) struct PostgreSQLWritingTests {
    @Test func `a group of many batches is stored as one change after the other would be`() async throws {
        try await Engine.withStore(try PostgreSQLServer.shared.createDatabase()) { store in
            var random = SeededGenerator(seed: 1)
            var model = LedgerModel()
            for _ in 0..<3 {
                let plan = (0..<400).map { _ in random.int(in: 0...29) }
                let changes = try await store.write { [model] transaction in
                    var model = model
                    for number in plan {
                        let address = ItemAddress.raw("key-\(number)", in: "base")
                        let stands = model.states[model.states.count - 1][address] != nil
                        let body = String(repeating: "x", count: 100 * number)
                        model.apply(
                            try transaction.commit(
                                stands && number % 3 == 0
                                    ? [.end("key-\(number)", in: "base")]
                                    : [.put("key-\(number)", "\"\(body)\"", in: "base"), .put("all", "1", in: "base")]))
                    }
                    return model
                }
                model = changes
            }
            #expect(try await store.items() == model.items(at: 1_200))
            #expect(try await store.items(at: 600) == model.items(at: 600))
            #expect(try await store.allItemRows(page: 500) == model.rows)
            #expect(try await store.engineFaults() == [])
        }
    }

    @Test func `a row that is refused at the end takes all that was sent before with it, and the session lives`()
        async throws
    {
        let url = try PostgreSQLServer.shared.createDatabase()
        try await Engine.withStore(url) { store in
            try await store.write { try $0.insert(.sample("one")) }
            let sessions = try await Self.sessions(of: url)
            let error = await #expect(throws: StoreError.self) {
                try await store.write { transaction in
                    try transaction.insert(.sample("one"))
                    // More than one batch follows the row that will be refused.
                    for number in 0..<2_000 { try transaction.commit([.put("key-\(number)", "1", in: "base")]) }
                }
            }
            #expect(Failure(try #require(error)) == .conflict)
            #expect(try await store.head().revision == 0)
            #expect(try await store.changes(after: .zero, limit: 1) == [])
            #expect(try await store.itemRows(after: nil, limit: 1) == [])
            #expect(try await store.commit([.put("a", "1", in: "base")]).revision == 1)
            #expect(try await Self.sessions(of: url).isSuperset(of: sessions))
        }
    }

    @Test func `the end of what does not stand is refused by its address`() async throws {
        try await Engine.withStore(try PostgreSQLServer.shared.createDatabase()) { store in
            try await store.commit([.put("ended", "1", in: "base"), .put("there", "1", in: "base")])
            try await store.commit([.end("ended", in: "base")])
            for key in ["ended", "never"] {
                let error = await #expect(throws: StoreError.self) {
                    try await store.commit([.put("there", "2", in: "base"), .end(key, in: "base")])
                }
                guard case .conflict(let message) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(message.contains("Change 3 ends shop/base/setting/\(key), which does not stand"))
            }
            #expect(try await store.head().revision == 2)
        }
    }

    @Test func `an answer that still lives is named when it is recorded again`() async throws {
        try await Engine.withStore(try PostgreSQLServer.shared.createDatabase()) { store in
            try await store.write { try $0.record(.sample("retry")) }
            let error = await #expect(throws: StoreError.self) {
                try await store.write { try $0.record(.sample("retry")) }
            }
            guard case .conflict(let message) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(message == "token:ann has an answer under the idempotency key 'retry' that still lives.")
        }
    }

    @Test func `a character that PostgreSQL's text cannot hold is kept in the record`() async throws {
        try await Engine.withStore(try PostgreSQLServer.shared.createDatabase()) { store in
            let change = try await store.commit([.put("a", "1", in: "base")], message: "zero \0 byte")
            let leaf = try await store.write { transaction in
                let leaf = transaction.leaf(.change, on: "shop/\0")
                try transaction.append(leaf)
                return leaf
            }
            #expect(try await store.changes(after: .zero, limit: 1) == [change])
            #expect(try await store.changes(after: .zero, limit: 1).first?.message == "zero \0 byte")
            #expect(try await store.events(matching: EventQuery(target: "shop/\0"), limit: 9) == [leaf])
            #expect(try await store.changes(matching: ChangeQuery(key: "\0"), limit: 9).elements == [])
        }
    }

    /// PostgreSQL's codes for what can happen to a commit, raised by the server in the middle of one.
    @Test(arguments: [
        ("53100", Failure.full), ("53200", .unavailable), ("25006", .unavailable), ("40001", .unavailable),
        ("40P01", .unavailable),
        ("55P03", .unavailable), ("57014", .unavailable), ("58030", .unavailable), ("23514", .conflict),
        ("XX001", .corrupted),
        ("XX002", .corrupted), ("XX000", .fault), ("22000", .fault), ("42501", .fault),
    ])
    func `what the server says is told as what it means, and nothing is written`(_ code: String, _ expected: Failure)
        async throws
    {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try await Engine.withStore(url) { store in
            try server.execute(
                """
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'said by the test' USING ERRCODE = '\(code)'; END $$;
                CREATE TRIGGER fail BEFORE UPDATE ON head EXECUTE FUNCTION fail()
                """, database: Engine.name(in: url))
            let error = await #expect(throws: StoreError.self) { try await store.commit([.put("a", "1", in: "base")]) }
            #expect(error.map { Failure($0) } == expected)
            #expect(code == "53100" || "\(error!)".contains("said by the test"))
            try server.execute("DROP TRIGGER fail ON head", database: Engine.name(in: url))
            #expect(try await store.items() == [])
            #expect(try await store.commit([.put("a", "1", in: "base")]).revision == 1)
        }
    }

    @Test func `a lock that another process keeps makes a write fail, and the next one succeeds`() async throws {
        var settings = PostgreSQLStore.Settings()
        settings.session.lockTimeout = .milliseconds(200)
        try await Engine.withReplicas(2, of: try PostgreSQLServer.shared.createDatabase(), settings) { replicas in
            let (begun, beginning) = AsyncStream<Void>.makeStream()
            let release = DispatchSemaphore(value: 0)
            let holding = Task {
                try await replicas[0].write { _ in
                    beginning.finish()
                    release.wait()
                }
            }
            for await _ in begun {}
            #expect(await failure { try await replicas[1].commit([.put("a", "1", in: "base")]) } == .unavailable)
            #expect(try await replicas[1].head().revision == 0)
            release.signal()
            try await holding.value
            #expect(try await replicas[1].commit([.put("a", "1", in: "base")]).revision == 1)
        }
    }

    private static func sessions(of url: String) async throws -> Set<String> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = '\(Engine.name(in: url))'"
        return Set(try PostgreSQLServer.shared.execute(sql).split(separator: "\n").map(String.init))
    }
}
