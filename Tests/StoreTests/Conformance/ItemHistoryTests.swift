import ConfigPlatformModel
import Store
import Testing

@Suite struct ItemHistoryTests {
    @Test(arguments: StoreEngineUnderTest.all)
    func `an item stands from the change that put it until the one that ends or replaces it`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            try await store.commit([.put("a", "1", in: "base")])
            try await store.commit([.put("b", "1", in: "base")])
            try await store.commit([.put("a", "2", in: "base")])
            try await store.commit([.end("a", in: "base")])
            try await store.commit([.put("a", "3", in: "base")])
            func values(_ revision: Revision?) async throws -> [String] {
                try await store.items(at: revision).map {
                    "\($0.address.key)=\(String(decoding: $0.body, as: UTF8.self)) \($0.revision)"
                }
            }
            #expect(try await values(0) == [])
            #expect(try await values(1) == [#"a={"value":1} 1"#])
            #expect(try await values(2) == [#"a={"value":1} 1"#, #"b={"value":1} 2"#])
            #expect(try await values(3) == [#"a={"value":2} 3"#, #"b={"value":1} 2"#])
            #expect(try await values(4) == [#"b={"value":1} 2"#])
            #expect(try await values(5) == [#"a={"value":3} 5"#, #"b={"value":1} 2"#])
            #expect(try await values(nil) == values(5))
            #expect(try await values(99) == values(5))
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `the end of an environment ends what it owns, and a new one of that name begins empty`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            try await store.commit([.put(project: "shop"), .put(environment: "base"), .put(environment: "base-2")])
            try await store.commit([
                .put("a", "1", in: "base"), .put("b", "1", in: "base"), .put("a", "1", in: "base-2"),
            ])
            try await store.commit([.put("base", "1", in: "base-2"), .end("b", in: "base")])
            try await store.commit([.end(environment: "base")])
            try await store.commit([.put(environment: "base")])
            let address = ItemAddress.raw("a", in: "base")
            let now = try await store.items()
            #expect(!now.contains { $0.address.environment == "base" })
            #expect(now.filter { $0.address.environment == "base-2" }.map(\.address.key) == ["a", "base"])
            #expect(try await store.versions(of: address, before: nil, limit: 9).elements.map(\.revision) == [4, 2])
            #expect(
                try await store.versions(of: address, before: nil, limit: 9).elements.map { $0.body == nil } == [
                    true, false,
                ])
            // What had ended before has no second end.
            #expect(
                try await store.versions(of: .raw("b", in: "base"), before: nil, limit: 9).elements.map(\.revision) == [
                    3, 2,
                ])
            #expect(try await store.items(at: 3).contains { $0.address == address })
            #expect(
                try await store.itemRows(after: nil, limit: 99).filter { $0.item.address == address }.map(\.endRevision)
                    == [4])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `the end of a project ends all that is in it and nothing beside it`(_ engine: StoreEngineUnderTest)
        async throws
    {
        try await engine.withStore { store in
            for project in ["shop", "shop-eu"] as [ProjectName] {
                try await store.commit(
                    [
                        .put(project: project), .put(environment: "base", of: project),
                        .put("a", "1", in: "base", of: project),
                        .put(definition: "a", "text", of: project),
                    ], of: project)
            }
            try await store.commit([.end(project: "shop")])
            #expect(try await store.items().allSatisfy { $0.address.project == "shop-eu" })
            #expect(try await store.items().count == 4)
            #expect(try await store.items(of: "shop") == [])
            #expect(try await store.items(at: 2, of: "shop").count == 4)
            try await store.commit([.put(project: "shop")])
            #expect(try await store.items(of: "shop").map(\.address.kind) == [.project])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `items come in order of the bytes of project, environment, kind and key`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            let keys = ["b", "B", "a.b", "a", "\u{E000}", "\u{1F600}", "é", "e\u{301}", "a-b", "10", "9", "Z", "ä"]
            for project in ["b", "a", "a-1", "a.1"] as [ProjectName] {
                try await store.commit(
                    [
                        .put(project: project), .put(environment: "x", of: project),
                        .put(definition: "k", "d", of: project),
                    ]
                        + keys.map { .put($0, "1", in: "x", of: project) }, of: project)
            }
            let found = try await store.items().map { item in
                [
                    item.address.project.rawValue, item.address.environment?.rawValue ?? "", item.address.kind.rawValue,
                    item.address.key,
                ]
                .map { Array($0.utf8) }
            }
            #expect(found.count == 4 * (3 + keys.count))
            #expect(
                zip(found, found.dropFirst()).allSatisfy {
                    $0.lexicographicallyPrecedes($1) { $0.lexicographicallyPrecedes($1) }
                })
            #expect(try await store.allItemRows(page: 3).map(\.item) == store.items())
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `keys are told apart and kept byte by byte`(_ engine: StoreEngineUnderTest) async throws {
        let keys = [
            "\u{E9}", "e\u{301}", "a'b", "a\"b\"", "a\\b", "%", "_", "a%b", "A", "a", " a", "a ",
            "\u{1F468}\u{200D}\u{1F469}",
            "'; DROP TABLE head; --", "null", "{a,b}", String(repeating: "k", count: 512),
            String(repeating: "\u{1F600}", count: 128),
        ]
        try await engine.withStore { store in
            for (index, key) in keys.enumerated() { try await store.commit([.put(key, "\(index)", in: "base")]) }
            for (index, key) in keys.enumerated() {
                let versions = try await store.versions(of: .raw(key, in: "base"), before: nil, limit: 9).elements
                #expect(versions.map(\.revision.number) == [Int64(index + 1)], "\(key)")
                #expect(versions.first?.body == Array("{\"value\":\(index)}".utf8), "\(key)")
                let query = ChangeQuery(project: "shop", environment: "base", kind: .setting, key: key)
                #expect(
                    try await store.changes(matching: query, limit: 9).elements.map(\.revision.number) == [
                        Int64(index + 1)
                    ],
                    "\(key)")
            }
            #expect(Set(try await store.items().map { Array($0.address.key.utf8) }) == Set(keys.map { Array($0.utf8) }))
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `versions come newest first, in pages, with who wrote them, when and why`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            for number in 1...9 {
                try await store.commit(
                    number % 4 == 0 ? [.end("a", in: "base")] : [.put("a", "\(number)", in: "base")],
                    by: number.isMultiple(of: 2) ? "token:ann" : "token:ben", message: "change \(number)",
                    at: .after(Int64(number)))
            }
            try await store.commit([.put("other", "1", in: "base")])
            let address = ItemAddress.raw("a", in: "base")
            let all = try await store.versions(of: address, before: nil, limit: 100).elements
            #expect(all.map(\.revision.number) == Array((1...9).reversed()))
            #expect(all.map { $0.body == nil }.enumerated().filter(\.element).map { 9 - $0.offset } == [8, 4])
            #expect(
                all.last
                    == ItemVersion(
                        revision: 1, body: Array(#"{"value":1}"#.utf8), author: "token:ben", committedAt: .after(1),
                        message: "change 1"))
            var paged: [ItemVersion] = []
            while true {
                let page = try await store.versions(of: address, before: paged.last?.revision, limit: 2).elements
                paged += page
                if page.count < 2 { break }
            }
            #expect(paged == all)
            #expect(try await store.versions(of: address, before: 1, limit: 9).elements == [])
            #expect(try await store.versions(of: address, before: 99, limit: 3).elements == Array(all.prefix(3)))
            #expect(try await store.versions(of: address, before: nil, limit: 0).elements == [])
            #expect(try await store.versions(of: .raw("never", in: "base"), before: nil, limit: 9).elements == [])
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `a fold sees the state of exactly the head it returns, while a writer goes on`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            // Every change writes its own revision to two items; whoever sees them differ has seen half a change.
            @Sendable func step(_ transaction: any StoreTransaction) throws {
                let next = transaction.head.revision.next
                try transaction.commit([.put("a", "\(next)", in: "base"), .put("z", "\(next)", in: "base")])
            }
            try await store.write(step)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<60 { try await store.write { for _ in 0..<3 { try step($0) } } }
                }
                for _ in 0..<3 {
                    group.addTask {
                        var last = Revision.zero
                        while last.number < 181 {
                            let (head, items) =
                                try await store.foldItems(at: nil, of: nil, into: []) { $0.append($1) }
                                as (Head, [StoredItem])
                            #expect(items.map(\.revision) == [head.revision, head.revision])
                            #expect(
                                items.map(\.body)
                                    == Array(repeating: Array("{\"value\":\(head.revision)}".utf8), count: 2))
                            #expect(head.revision >= last)
                            last = head.revision
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `an error thrown while folding ends the fold and comes out as it is`(_ engine: StoreEngineUnderTest)
        async throws
    {
        struct Enough: Error {}
        try await engine.withStore { store in
            try await store.commit([.put("a", "1", in: "base"), .put("b", "1", in: "base")])
            for revision in [nil, 1] as [Revision?] {
                await #expect(throws: Enough.self) {
                    _ = try await store.foldItems(at: revision, of: nil, into: 0) { count, _ in
                        count += 1
                        if count == 1 { throw Enough() }
                    }
                }
            }
            #expect(try await store.items().count == 2)
        }
    }

    @Test(arguments: StoreEngineUnderTest.all)
    func `rows of the item table come in order of address and revision, in pages of any size`(
        _ engine: StoreEngineUnderTest
    ) async throws {
        try await engine.withStore { store in
            for number in 1...7 { try await store.commit([.put("a", "\(number)", in: "base")]) }
            try await store.commit([.end("a", in: "base"), .put("b", "1", in: "base")])
            try await store.commit([.put("a", "9", in: "base")])
            let rows = try await store.itemRows(after: nil, limit: 100)
            #expect(rows.map(\.item.address.key) == Array(repeating: "a", count: 8) + ["b"])
            #expect(rows.map(\.item.revision.number) == [1, 2, 3, 4, 5, 6, 7, 9, 8])
            #expect(rows.map(\.endRevision?.number) == [2, 3, 4, 5, 6, 7, 8, nil, nil])
            #expect(rows.allSatisfy { $0.digest == .of($0.item.body) })
            for page in 1...10 { #expect(try await store.allItemRows(page: page) == rows) }
            #expect(try await store.itemRows(after: nil, limit: 0) == [])
        }
    }
}
