import ConfigPlatformModel
import Store
import Testing

@Suite struct SearchTests {
    /// Nine changes: revisions 1–9.
    private func fill(_ store: any Store) async throws {
        try await store.commit(
            [.put(project: "shop"), .put(environment: "base"), .put(environment: "live")], at: .after(10))
        try await store.commit([.put("a", "1", in: "base")], by: "token:ben", at: .after(20))
        try await store.commit([.put("a", "1", in: "live"), .put("b", "1", in: "live")], at: .after(20))
        try await store.commit([.put(definition: "a", "text")], by: "token:ben", at: .after(20))
        try await store.commit(
            [.put(project: "bank"), .put(environment: "live", of: "bank")], of: "bank", at: .after(30))
        try await store.commit([.put("a", "1", in: "live", of: "bank")], of: "bank", by: "token:ben", at: .after(40))
        try await store.commit([.end("b", in: "live"), .put("a", "2", in: "base")], at: .after(50))
        try await store.commit([.end(environment: "live")], at: .after(60))
        try await store.commit([.put("c", "1", in: "base")], by: "token:ben", at: .after(70))
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `changes are found by every part of a query, newest first`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            try await fill(store)
            func found(_ query: ChangeQuery, limit: Int = 100) async throws -> [Int64] {
                try await store.changes(matching: query, limit: limit).elements.map(\.revision.number)
            }
            #expect(try await found(ChangeQuery()) == [9, 8, 7, 6, 5, 4, 3, 2, 1])
            #expect(try await found(ChangeQuery(), limit: 2) == [9, 8])
            #expect(try await found(ChangeQuery(), limit: 0) == [])
            #expect(try await found(ChangeQuery(before: 4)) == [3, 2, 1])
            #expect(try await found(ChangeQuery(before: 7, after: 4)) == [6, 5])
            #expect(try await found(ChangeQuery(project: "bank")) == [6, 5])
            #expect(try await found(ChangeQuery(project: "none")) == [])
            #expect(try await found(ChangeQuery(author: "token:ben")) == [9, 6, 4, 2])
            #expect(try await found(ChangeQuery(project: "shop", author: "token:ben")) == [9, 4, 2])
            #expect(try await found(ChangeQuery(project: "shop", environment: "base")) == [9, 7, 2])
            // The end of an environment alters what it owned.
            #expect(try await found(ChangeQuery(project: "shop", environment: "live")) == [8, 7, 3])
            #expect(try await found(ChangeQuery(project: "shop", environment: "live"), limit: 1) == [8])
            #expect(try await found(ChangeQuery(project: "shop", before: 8, environment: "live")) == [7, 3])
            #expect(try await found(ChangeQuery(project: "shop", after: 3, environment: "live")) == [8, 7])
            #expect(try await found(ChangeQuery(environment: "live")) == [8, 7, 6, 3])
            #expect(try await found(ChangeQuery(project: "shop", kind: .environment)) == [8, 1])
            #expect(try await found(ChangeQuery(kind: .settingDefinition)) == [4])
            #expect(try await found(ChangeQuery(project: "shop", environment: "live", kind: .environment)) == [])
            #expect(try await found(ChangeQuery(project: "shop", environment: "live", kind: .setting)) == [8, 7, 3])
            #expect(
                try await found(ChangeQuery(project: "shop", environment: "live", kind: .setting, key: "a")) == [8, 3])
            #expect(
                try await found(ChangeQuery(project: "shop", environment: "live", kind: .setting, key: "b")) == [7, 3])
            #expect(try await found(ChangeQuery(project: "shop", kind: .setting, key: "a")) == [8, 7, 3, 2])
            #expect(try await found(ChangeQuery(project: "shop", kind: .setting, key: "a"), limit: 3) == [8, 7, 3])
            #expect(try await found(ChangeQuery(project: "shop", key: "a")) == [8, 7, 4, 3, 2])
            #expect(try await found(ChangeQuery(project: "shop", author: "token:ben", key: "a")) == [4, 2])
            #expect(try await found(ChangeQuery(project: "shop", before: 7, after: 2, key: "a")) == [4, 3])
            #expect(try await found(ChangeQuery(key: "a")) == [8, 7, 6, 4, 3, 2])
            #expect(try await found(ChangeQuery(kind: .environment, key: "live")) == [8, 5, 1])
            #expect(try await found(ChangeQuery(key: "none")) == [])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `changes after a revision come oldest first, in pages`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            try await fill(store)
            #expect(try await store.changes(after: 0, limit: 3).map(\.revision) == [1, 2, 3])
            #expect(try await store.changes(after: 3, limit: 100).map(\.revision) == [4, 5, 6, 7, 8, 9])
            #expect(try await store.changes(after: 9, limit: 100) == [])
            #expect(try await store.changes(after: 99, limit: 100) == [])
            #expect(try await store.changes(after: 0, limit: 0) == [])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a page of what is large ends early, and the next goes on after it`(_ engine: StoreEngineUnderTest)
        async throws
    {
        let half = "\"" + String(repeating: "x", count: Limits.pageBytes / 2) + "\""
        try await engine.withStore { store in
            for number in 1...4 {
                try await store.commit([.put("large", half, in: "base"), .put("n", "\(number)", in: "base")])
            }
            try await store.commit([.end("large", in: "base")])
            #expect(try await store.changes(after: 0, limit: 100).map(\.revision) == [1, 2])
            #expect(try await store.changes(after: 2, limit: 100).map(\.revision) == [3, 4])
            #expect(try await store.changes(after: 4, limit: 100).map(\.revision) == [5])
            let within = try await store.write { try $0.changes(after: 1, limit: 100).map(\.revision) }
            #expect(within == [2, 3])
            for query in [ChangeQuery(), ChangeQuery(project: "shop", environment: "base"), ChangeQuery(key: "n")] {
                func page(before: Revision?) async throws -> LedgerPage<Revision> {
                    var query = query
                    query.before = before
                    let page = try await store.changes(matching: query, limit: 100)
                    return LedgerPage(page.elements.map(\.revision), hasMore: page.hasMore)
                }
                let newest: [Revision] = query.key == nil ? [5, 4, 3] : [4, 3]
                #expect(try await page(before: nil) == LedgerPage(newest, hasMore: true), "\(query)")
                #expect(try await page(before: 3) == LedgerPage([2, 1], hasMore: false), "\(query)")
            }
            func versions(before: Revision?) async throws -> LedgerPage<Revision> {
                let page = try await store.versions(of: .raw("large", in: "base"), before: before, limit: 100)
                return LedgerPage(page.elements.map(\.revision), hasMore: page.hasMore)
            }
            #expect(try await versions(before: nil) == LedgerPage([5, 4, 3], hasMore: true))
            #expect(try await versions(before: 3) == LedgerPage([2, 1], hasMore: false))
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a time names the last revision that was committed by then`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            try await fill(store)
            func revision(_ seconds: Int64, _ microseconds: Int64 = 0) async throws -> Int64 {
                let time = Timestamp(microseconds: Timestamp.after(seconds).microseconds + microseconds)
                return try await store.revision(at: time).number
            }
            #expect(try await revision(-100) == 0)
            #expect(try await revision(10, -1) == 0)
            #expect(try await revision(10) == 1)
            #expect(try await revision(20, -1) == 1)
            #expect(try await revision(20) == 4)
            #expect(try await revision(29) == 4)
            #expect(try await revision(70) == 9)
            #expect(try await revision(1_000_000) == 9)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `the changes of projects between two revisions are counted`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            try await fill(store)
            func counts(
                _ projects: ProjectName..., after: Revision, through: Revision
            ) async throws -> [ProjectName: Int] {
                try await store.changeCounts(of: projects, after: after, through: through)
            }
            #expect(try await counts("shop", "bank", "none", after: 0, through: 9) == ["shop": 7, "bank": 2])
            #expect(try await counts("shop", "bank", after: 4, through: 5) == ["bank": 1])
            #expect(try await counts("shop", after: 6, through: 8) == ["shop": 2])
            #expect(try await counts("shop", after: 9, through: 9) == [:])
            #expect(try await counts(after: 0, through: 9) == [:])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `events are found by every part of a query, in both directions`(_ engine: StoreEngineUnderTest) async throws {
        try await engine.withStore { store in
            let leaves = try await store.write { transaction in
                var leaves: [AuditLeaf] = []
                func add(
                    _ actor: Principal, _ action: AuditEvent.Action, _ target: String, _ seconds: Int64,
                    _ outcome: AuditEvent.Outcome = .success
                ) throws {
                    let leaf = transaction.leaf(by: actor, action, on: target, at: .after(seconds), outcome)
                    try transaction.append(leaf)
                    leaves.append(leaf)
                }
                try add("system", .platformInitialize, "platform", 10)
                try add("token:ann", .change, "shop", 20)
                try add("token:ann", .change, "shop/production/setting/a", 30)
                try add("token:ben", .change, "shopping", 30, .refused)
                try add("token:ben", .rollback, "shop/production", 25)
                try add("token:ann", .tokenCreate, "shop/production-2/setting/a", 40)
                try add("token:ann", .change, "shop/", 50)
                try add("token:ann", .change, "shop-eu/production", 60)
                return leaves
            }
            func found(_ query: EventQuery, limit: Int = 100) async throws -> [Int64] {
                let found = try await store.events(matching: query, limit: limit)
                #expect(found.allSatisfy { $0 == leaves[Int($0.event.sequence) - 1] })
                return found.map(\.event.sequence)
            }
            #expect(try await found(EventQuery()) == [8, 7, 6, 5, 4, 3, 2, 1])
            #expect(try await found(EventQuery(), limit: 2) == [8, 7])
            #expect(try await found(EventQuery(), limit: 0) == [])
            #expect(try await found(EventQuery(before: 3)) == [2, 1])
            #expect(try await found(EventQuery(after: 0), limit: 3) == [1, 2, 3])
            #expect(try await found(EventQuery(after: 6)) == [7, 8])
            #expect(try await found(EventQuery(after: 3, before: 6)) == [4, 5])
            #expect(try await found(EventQuery(actor: "token:ben")) == [5, 4])
            #expect(try await found(EventQuery(after: 0, action: .change), limit: 3) == [2, 3, 4])
            #expect(try await found(EventQuery(target: "shop")) == [7, 6, 5, 3, 2])
            #expect(try await found(EventQuery(target: "shop/production")) == [5, 3])
            #expect(try await found(EventQuery(target: "shop/production/setting/a")) == [3])
            #expect(try await found(EventQuery(target: "sho")) == [])
            #expect(try await found(EventQuery(target: "shop%")) == [])
            // From a time on, up to but without another.
            #expect(try await found(EventQuery(from: .after(30))) == [8, 7, 6, 4, 3])
            #expect(try await found(EventQuery(to: .after(30))) == [5, 2, 1])
            #expect(try await found(EventQuery(from: .after(20), to: .after(40))) == [5, 4, 3, 2])
            #expect(
                try await found(
                    EventQuery(actor: "token:ann", action: .change, target: "shop", from: .after(25), to: .after(60)))
                    == [7, 3])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `an event comes back with its salt, its leaf and all that was said in it`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            let change = try await store.commit([.put("a", "1", in: "base")])
            let event = AuditEvent(
                sequence: 2, occurredAt: Timestamp(microseconds: 1_700_000_000_123_456), actor: "token:ann",
                action: .rollback,
                target: "shop/ß/\u{1F600}", outcome: .refused, revision: change.revision, changeDigest: change.digest,
                sourceAddress: "2001:db8::1", requestID: "abc", detail: ["code": "invalid-change", "count": 3])
            let leaf = AuditLeaf(event: event, salt: Array(0..<32))
            try await store.write { try $0.append(leaf) }
            let found = try await store.events(matching: EventQuery(after: 1), limit: 10)
            #expect(found == [leaf])
            #expect(found.first?.leafHash == leaf.leafHash)
            #expect(try await store.head().auditSequence == 2)
        }
    }
}
