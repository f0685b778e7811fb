import ConfigPlatformModel
import Store
import Testing

@Suite struct LeaseTests {
    private func take(
        _ store: any Store, by holder: String, at seconds: Int64, for length: Int64 = 10, named name: String = "work"
    ) async throws -> Lease {
        try await store.write { try $0.takeLease(named: name, by: holder, at: .after(seconds), seconds: length) }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a lease is one holder's until it expires, and each further one has a greater number`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            let first = try await take(store, by: "a", at: 0)
            #expect(
                first
                    == Lease(name: "work", holder: "a", number: 1, takenAt: .start, expiresAt: .after(10)))
            #expect(try await take(store, by: "b", at: 9) == first, "another's lease stands")
            let renewed = try await take(store, by: "a", at: 9)
            #expect(renewed.fence == first.fence && renewed.takenAt == .start && renewed.expiresAt == .after(19))
            #expect(try await take(store, by: "b", at: 18).holder == "a")
            let second = try await take(store, by: "b", at: 19)
            #expect(second.holder == "b" && second.number == 2 && second.takenAt == .after(19))
            #expect(try await store.leases() == [second])
            #expect(try await store.head().revision == .zero)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `only the holder of the newest lease may act by it, and not after its end`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            func holds(_ fence: Lease.Fence, at seconds: Int64) async throws -> Bool {
                try await store.write { try $0.holds(fence, at: .after(seconds)) }
            }
            let first = try await take(store, by: "a", at: 0).fence
            #expect(try await holds(first, at: 9))
            #expect(try await !holds(first, at: 10))
            let second = try await take(store, by: "b", at: 10).fence
            #expect(try await !holds(first, at: 10))
            #expect(try await holds(second, at: 10))
            #expect(try await !holds(Lease.Fence(name: "other", number: 1), at: 10))
            // The same holder, whose lease had lapsed: what it began by the old one is over.
            let third = try await take(store, by: "b", at: 30).fence
            #expect(third.number == 3)
            #expect(try await !holds(second, at: 30))
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a lease that is given back can be had at once, unless it was taken over`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            let first = try await take(store, by: "a", at: 0)
            try await store.write { try $0.endLease(first.fence, at: .after(2)) }
            #expect(try await store.leases().map(\.expiresAt) == [.after(2)])
            let second = try await take(store, by: "b", at: 2)
            #expect(second.number == 2)
            try await store.write { try $0.endLease(first.fence, at: .after(3)) }
            #expect(try await store.leases() == [second])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a clock that goes backward shortens no lease, and time does not stand before the ledger's`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            let first = try await take(store, by: "a", at: 100)
            #expect(try await take(store, by: "a", at: 50) == first)
            _ = try await store.write { try $0.commit([.put("key", "1", in: "base")], of: "shop", at: .after(200)) }
            // For whoever's clock is slow it is the ledger's time.
            let second = try await take(store, by: "b", at: 60)
            #expect(second.holder == "b" && second.takenAt == .after(200))
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `leases are told apart by name, and survive the process`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withDatabase { database in
            var store = try await database.open("platform")
            let names = ["b", "a", "ä", "B"]
            for name in names { _ = try await take(store, by: "x", at: 0, named: name) }
            #expect(try await store.leases().map(\.name) == ["B", "a", "b", "ä"])
            await store.close()
            store = try await database.open("platform")
            #expect(try await take(store, by: "y", at: 5, named: "a").holder == "x")
            #expect(try await take(store, by: "y", at: 10, named: "a").number == 2)
            await store.close()
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a lease of a smaller number is not written over a greater one`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            @Sendable func lease(_ number: Int64) -> Lease {
                Lease(name: "work", holder: "a", number: number, takenAt: .start, expiresAt: .after(9))
            }
            try await store.write { try $0.put(lease(5)) }
            #expect(await failure { try await store.write { try $0.put(lease(4)) } } == .conflict)
            #expect(try await store.leases() == [lease(5)])
        }
    }
}
