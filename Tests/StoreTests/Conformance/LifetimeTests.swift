import ConfigPlatformModel
import Store
import Testing

@Suite struct LifetimeTests {
    @Test(arguments: StoreEngineUnderTest.all)
    func `a store that is opened again is as it was left`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withDatabase { database in
            let store = try await database.open("platform")
            try await store.commit([.put(project: "shop"), .put(environment: "base"), .put("a", "1", in: "base")])
            try await store.write { transaction in
                try transaction.insert(.sample("one"))
                try transaction.record(.sample("k"))
            }
            let before = try await (
                store.head(), store.items(), store.credentials(after: nil), store.idempotencyRecords(liveAt: .start)
            )
            let events = try await store.events(matching: EventQuery(), limit: 10)
            await store.close()
            let again = try await database.open("not this one")
            let after = try await (
                again.head(), again.items(), again.credentials(after: nil), again.idempotencyRecords(liveAt: .start)
            )
            #expect(before == after)
            #expect(try await again.events(matching: EventQuery(), limit: 10) == events)
            #expect(try await again.commit([.put("a", "2", in: "base")]).revision == 2)
            await again.close()
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a closed store refuses everything, and closing it again does nothing`(_ engine: StoreEngineUnderTest)
        async throws
    {
        try await engine.withDatabase { database in
            let store = try await database.open("platform")
            try await store.commit([.put("a", "1", in: "base")])
            let head = try await store.head()
            await store.close()
            await store.close()
            #expect(await failure { try await store.head() } == .unavailable)
            #expect(await failure { try await store.write { $0.head } } == .unavailable)
            #expect(await failure { try await store.items() } == .unavailable)
            #expect(await failure { try await store.changes(after: .zero, limit: 1) } == .unavailable)
            #expect(await failure { try await store.changes(matching: ChangeQuery(), limit: 1) } == .unavailable)
            #expect(
                await failure { try await store.versions(of: .raw("a", in: "base"), before: nil, limit: 1) }
                    == .unavailable)
            #expect(await failure { try await store.revision(at: .start) } == .unavailable)
            #expect(
                await failure { try await store.changeCounts(of: ["shop"], after: .zero, through: 1) } == .unavailable)
            #expect(await failure { try await store.events(matching: EventQuery(), limit: 1) } == .unavailable)
            #expect(await failure { try await store.credentials(after: nil) } == .unavailable)
            #expect(await failure { try await store.idempotencyRecords(liveAt: .start) } == .unavailable)
            #expect(await failure { try await store.itemRows(after: nil, limit: 1) } == .unavailable)
            #expect(await failure { try await store.engineFaults() } == .unavailable)
            #expect(await failure { try await store.awaitMovement(past: head, seconds: 3600) } == .unavailable)
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: StoreEngineUnderTest.all)
    func `who waits is woken by the next commit, of a change, an event or a credential`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        let writes: [@Sendable (any StoreTransaction) throws -> Void] = [
            { try $0.commit([.put("a", "1", in: "base")]) },
            { try $0.append($0.leaf(.authenticate, on: "-")) },
            { try $0.insert(.sample("one")) },
        ]
        try await engine.withStore { store in
            for write in writes {
                let head = try await store.head()
                let waiting = (0..<3).map { _ in Task { try await store.awaitMovement(past: head, seconds: 3600) } }
                try await store.write(write)
                for task in waiting { try await task.value }
                // What has moved already is not waited for.
                try await store.awaitMovement(past: head, seconds: 3600)
            }
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: StoreEngineUnderTest.all)
    func `a wait ends with its time, its task or its store`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            let head = try await store.head()
            try await store.awaitMovement(past: head, seconds: 0)
            try await store.awaitMovement(past: head, seconds: 0.01)
            let cancelled = Task { try await store.awaitMovement(past: head, seconds: 3600) }
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            let left = Task { try await store.awaitMovement(past: head, seconds: 3600) }
            await store.close()
            #expect(await failure { try await left.value } == .unavailable)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a write that was begun is whole even where the task that asked for it is cancelled`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            for _ in 0..<50 {
                let before = try await store.head().revision
                let writing = Task { try await store.commit([.put("a", "1", in: "base")]) }
                writing.cancel()
                let result = await writing.result
                let after = try await store.head().revision
                // Whoever was told that it failed finds nothing; whoever was told that it is done finds it.
                switch result {
                case .success(let change): #expect(after == change.revision)
                case .failure: #expect(after == before)
                }
            }
        }
    }
}
