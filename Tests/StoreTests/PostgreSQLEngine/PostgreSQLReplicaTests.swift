import ConfigPlatformModel
import TestSupport
import Testing

@testable import Store

/// Several processes on one database.
@Suite(.needsPostgreSQL) struct PostgreSQLReplicaTests {
    @Test(.timeLimit(.minutes(5)))
    func `replicas that write groups at once make one chain without gaps, and each follows the others`() async throws {
        try await Engine.withReplicas(3, of: try PostgreSQLServer.shared.createDatabase()) { replicas in
            let ledger = Ledger()
            let groups = 25
            let total = Int64(replicas.count * (0..<groups).reduce(0) { $0 + 1 + $1 % 7 })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, replica) in replicas.enumerated() {
                    group.addTask {
                        for index in 0..<groups {
                            try await ledger.write(1 + index % 7, named: "\(number)-\(index)", to: replica)
                        }
                    }
                    // Follows by nothing but movements: it would wait an hour for one that was missed.
                    group.addTask {
                        var seen: [Int64] = []
                        while seen.count < Int(total) {
                            let head = try await replica.head()
                            let last = try Revision(seen.last ?? 0)
                            if head.revision > last {
                                seen += try await replica.changes(after: last, limit: 10).map(\.revision.number)
                            } else {
                                try await replica.awaitMovement(past: head, seconds: 3600)
                            }
                        }
                        #expect(seen == Array(1...total))
                    }
                }
                try await group.waitForAll()
            }
            #expect(ledger.writtenCount == replicas.count * groups)
            try await ledger.compare(with: replicas[0])
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a replica is woken by another's change, event and credential`() async throws {
        let writes: [@Sendable (any StoreTransaction) throws -> Void] = [
            { try $0.commit([.put("a", "1", in: "base")]) },
            { try $0.append($0.leaf(.authenticate, on: "-")) },
            { try $0.insert(.sample("one")) },
            { try $0.revokeCredential(id: "one", at: .start) },
        ]
        try await Engine.withReplicas(2, of: try PostgreSQLServer.shared.createDatabase()) { replicas in
            for write in writes {
                let head = try await replicas[1].head()
                let waiting = Task { try await replicas[1].awaitMovement(past: head, seconds: 3600) }
                try await replicas[0].write(write)
                try await waiting.value
                try await replicas[1].awaitMovement(past: head, seconds: 3600)
            }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `what is committed while nobody listens is told when the listener is back`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try await Engine.withReplicas(2, of: url) { replicas in
            let listening = """
                SELECT pid FROM pg_stat_activity WHERE datname = '\(Engine.name(in: url))' AND query IN ('LISTEN cfg_head',
                    '\(PostgreSQLLedgerStatements.readHead.rawValue)') AND state = 'idle'
                """
            for round in 0..<5 {
                let head = try await replicas[1].head()
                let waiting = Task { try await replicas[1].awaitMovement(past: head, seconds: 3600) }
                try server.execute("SELECT pg_terminate_backend(pid, 60000) FROM (\(listening)) AS listeners")
                try await replicas[0].commit([.put("a", "\(round)", in: "base")])
                try await waiting.value
            }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a commit that no notification told of is found by asking`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try await Engine.withStore(url) { store in
            let head = try await store.head()
            let waiting = Task { try await store.awaitMovement(past: head, seconds: 3600) }
            try server.execute("UPDATE head SET credentials_version = 7", database: Engine.name(in: url))
            try await waiting.value
            #expect(try await store.head().credentialsVersion == 7)
        }
    }

    @Test func `a fold sees one state while another replica writes`() async throws {
        try await Engine.withReplicas(2, of: try PostgreSQLServer.shared.createDatabase()) { replicas in
            try await replicas[0].commit((0..<300).map { .put("key-\($0)", "0", in: "base") })
            let writing = Task {
                for round in 1...40 {
                    try await replicas[1].commit((0..<300).map { .put("key-\($0)", "\(round)", in: "base") })
                }
            }
            for _ in 0..<20 {
                let (head, values) = try await replicas[0].foldItems(at: nil, of: nil, into: Set<String>()) {
                    values, item in
                    values.insert("\(item.revision) \(String(decoding: item.body, as: UTF8.self))")
                }
                #expect(values == ["\(head.revision) {\"value\":\(head.revision.number - 1)}"])
            }
            try await writing.value
        }
    }

    @Test func `reads that are more than the sessions wait their turn, and leave when they are cancelled`() async throws
    {
        var settings = PostgreSQLStore.Settings()
        settings.readers = 2
        try await Engine.withStore(try PostgreSQLServer.shared.createDatabase(), settings) { store in
            try await store.commit((0..<100).map { .put("key-\($0)", "0", in: "base") })
            let reads = (0..<200).map { _ in Task { try await store.items().count } }
            for (index, read) in reads.enumerated() where index % 3 == 0 { read.cancel() }
            for (index, read) in reads.enumerated() {
                switch await read.result {
                case .success(let count): #expect(count == 100)
                case .failure(let error): #expect(error is CancellationError && index % 3 == 0)
                }
            }
            #expect(try await store.items().count == 100)
        }
    }
}
