import ConfigPlatformModel
import Store
import Testing

@Suite struct AppendingTests {
    @Test(arguments: StoreEngineUnderTest.all)
    func `a new store is empty and has the platform id it was made with`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            let empty = Head(
                platformID: "platform", revision: 0, digest: .zero, committedAt: Timestamp(microseconds: 0),
                auditSequence: 0,
                credentialsVersion: 0)
            let head = try await store.head()
            #expect(head == empty)
            #expect(try await store.items() == [])
            #expect(try await store.changes(after: .zero, limit: 10) == [])
            #expect(try await store.itemRows(after: nil, limit: 10) == [])
            #expect(try await store.revision(at: .start) == .zero)
            #expect(try await store.engineFaults() == [])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `what is appended together is there together, in the transaction and after it`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            let (first, second, inside) = try await store.write { transaction in
                let first = try transaction.commit([.put(project: "shop"), .put(environment: "base")])
                let second = try transaction.commit([.put("a", "1", in: "base"), .put("b", "2", in: "base")])
                #expect(transaction.head.revision == 2)
                #expect(transaction.head.digest == second.digest)
                #expect(transaction.head.auditSequence == 2)
                return (first, second, try transaction.changes(after: .zero, limit: 10))
            }
            #expect(inside == [first, second])
            #expect(try await store.changes(after: .zero, limit: 10) == [first, second])
            #expect(try await store.items().map(\.revision) == [1, 1, 2, 2])
            let head = try await store.head()
            #expect(head.revision == 2)
            #expect(head.digest == second.digest)
            #expect(head.committedAt == second.committedAt)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a change comes back with all it was written with`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            let source: JSONValue = ["operation": "promote", "from": "staging"]
            let change = try await store.commit(
                [.put("a", "\"\u{1F600} \\\"x\\\" \\u0000\"", in: "base"), .put(definition: "a", "deutsch: ß")],
                message: "first line\nsecond 'line' — \u{1F680}", source: source)
            let found = try await store.changes(after: .zero, limit: 1)
            #expect(found == [change])
            #expect(found.first?.message == change.message)
            #expect(found.first?.source == source)
            #expect(found.first?.effects == change.effects)
            #expect(found.first?.body == change.body)
        }
    }

    enum Fault: CaseIterable {
        case revisionSkipped, revisionAgain, otherPredecessor, earlier, otherProject, endOfNothing, addressTwice
        case putInWhatEnds, eventSkipped, eventAgain
    }

    @Test(arguments: StoreEngineUnderTest.all, Fault.allCases)
    func `what does not follow the head is refused and nothing of the transaction is written`(
        _ engine: StoreEngineUnderTest, _ fault: Fault
    ) async throws {
        try await engine.withStore { store in
            try await store.commit([.put(project: "shop"), .put(environment: "base"), .put("a", "1", in: "base")])
            let before = try await (store.head(), store.items(), store.allItemRows())
            let refusal = await failure {
                try await store.write { transaction in
                    try transaction.commit([.put("good", "1", in: "base")])
                    try Self.append(fault, to: transaction)
                }
            }
            #expect(refusal == .conflict)
            let after = try await (store.head(), store.items(), store.allItemRows())
            #expect(after == before)
            #expect(try await store.changes(after: .zero, limit: 10).count == 1)
            #expect(try await store.events(matching: EventQuery(), limit: 10).count == 1)
            #expect(try await store.engineFaults() == [])
            // And the store goes on.
            #expect(try await store.commit([.put("a", "2", in: "base")]).revision == 2)
        }
    }

    private static func append(_ fault: Fault, to transaction: any StoreTransaction) throws {
        let head = transaction.head
        func change(
            revision: Revision? = nil, previous: Digest? = nil, at time: Timestamp? = nil, _ effects: [Effect] = []
        ) -> ChangeRecord {
            ChangeRecord(
                revision: revision ?? head.revision.next, project: "shop", author: "token:ann",
                committedAt: time ?? head.committedAt, message: "", source: nil,
                effects: effects.isEmpty ? [.put("b", "1", in: "base")] : effects,
                previousDigest: previous ?? head.digest)
        }
        switch fault {
        case .revisionSkipped: try transaction.append(change(revision: head.revision.next.next))
        case .revisionAgain: try transaction.append(change(revision: head.revision))
        case .otherPredecessor: try transaction.append(change(previous: .of([1])))
        case .earlier: try transaction.append(change(at: Timestamp(microseconds: head.committedAt.microseconds - 1)))
        case .otherProject: try transaction.append(change([.put("b", "1", in: "base", of: "bank")]))
        case .endOfNothing: try transaction.append(change([.put("b", "1", in: "base"), .end("never", in: "base")]))
        case .addressTwice: try transaction.append(change([.put("a", "2", in: "base"), .put("a", "3", in: "base")]))
        case .putInWhatEnds: try transaction.append(change([.end(environment: "base"), .put("a", "2", in: "base")]))
        case .eventSkipped:
            let event = AuditEvent(
                sequence: head.auditSequence + 2, occurredAt: .start, actor: "system", action: .authenticate,
                target: "-",
                outcome: .refused)
            try transaction.append(AuditLeaf(event: event, salt: [UInt8](repeating: 1, count: AuditLeaf.saltBytes)))
        case .eventAgain:
            let event = AuditEvent(
                sequence: head.auditSequence, occurredAt: .start, actor: "system", action: .authenticate, target: "-",
                outcome: .refused)
            try transaction.append(AuditLeaf(event: event, salt: [UInt8](repeating: 1, count: AuditLeaf.saltBytes)))
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a failure that is swallowed inside still writes nothing`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            try await store.commit([.put("a", "1", in: "base")])
            let refusal = await failure {
                try await store.write { transaction in
                    // The first effect may be written by the time the second is refused.
                    _ = try? transaction.commit([.put("b", "1", in: "base"), .end("never", in: "base")])
                }
            }
            #expect(refusal == .conflict)
            #expect(try await store.head().revision == 1)
            #expect(try await store.items().map(\.address.key) == ["a"])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `an error thrown inside comes out as it is and nothing is written`(_ engine: StoreEngineUnderTest) async throws
    {
        struct Refused: Error {}
        try await engine.withStore { store in
            await #expect(throws: Refused.self) {
                try await store.write { transaction in
                    try transaction.commit([.put("a", "1", in: "base")])
                    try transaction.insert(.sample("one"))
                    try transaction.record(.sample("key"))
                    throw Refused()
                }
            }
            let head = try await store.head()
            #expect(head.revision == .zero)
            #expect(head.credentialsVersion == 0)
            #expect(try await store.items() == [])
            #expect(try await store.credentials(after: nil) == [])
            #expect(try await store.idempotencyRecords(liveAt: .start) == [])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a write of nothing leaves the head as it was`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            try await store.commit([.put("a", "1", in: "base")])
            let head = try await store.head()
            #expect(try await store.write { $0.head } == head)
            #expect(try await store.head() == head)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `writers at once are one after the other and none is lost`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for _ in 0..<10 { try await store.commit([.put("w\(writer)", "1", in: "base")]) }
                    }
                }
                try await group.waitForAll()
            }
            let changes = try await store.changes(after: .zero, limit: 100)
            #expect(changes.map(\.revision.number) == Array(1...80))
            #expect(zip(changes, changes.dropFirst()).allSatisfy { $0.digest == $1.previousDigest })
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a platform id is adopted by an empty store only`(_ engine: StoreEngineUnderTest) async throws {
        let fillings: [@Sendable (any StoreTransaction) throws -> Void] = [
            { try $0.commit([.put("a", "1", in: "base")]) },
            { try $0.append($0.leaf(.platformInitialize, on: "-")) },
            { try $0.insert(.sample("one")) },
        ]
        for fill in fillings {
            try await engine.withDatabase { database in
                let store = try await database.open("platform")
                try await store.write { transaction in
                    try transaction.adopt(platformID: "restored")
                    #expect(transaction.head.platformID == "restored")
                }
                #expect(try await store.head().platformID == "restored")
                try await store.write(fill)
                #expect(await failure { try await store.write { try $0.adopt(platformID: "again") } } == .conflict)
                await store.close()
                let reopened = try await database.open("platform")
                #expect(try await reopened.head().platformID == "restored")
                await reopened.close()
            }
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a change of five thousand effects and a value of 256 KiB are stored whole`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            let large = "\"\(String(repeating: "x", count: Limits.valueBytes - 2))\""
            let effects =
                (0..<5_000).map { Effect.put("key-\($0)", "\($0)", in: "base") } + [.put("large", large, in: "base")]
            let change = try await store.commit(effects)
            #expect(try await store.changes(after: .zero, limit: 1) == [change])
            let items = try await store.items()
            #expect(items.count == 5_001)
            #expect(Set(items.map { Effect(address: $0.address, body: $0.body) }) == Set(effects))
        }
    }
}
