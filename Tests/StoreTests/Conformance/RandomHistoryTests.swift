import ConfigPlatformModel
import Foundation
import Store
import TestSupport
import Testing

/// Seeded histories compared with a model; `CFG_SEED=…` runs one seed alone.
@Suite struct RandomHistoryTests {
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["CFG_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...6)

    @Test(arguments: StoreEngineUnderTest.all, seeds)
    func `every past state, history, row and search of a random ledger is that of the model`(
        _ engine: StoreEngineUnderTest, _ seed: UInt64
    ) async throws {
        try await engine.withDatabase { database in
            let store = try await database.open("platform")
            var history = RandomHistory(seed: seed)
            while history.model.changes.count < 80 {
                // One or more changes a transaction.
                let count = history.random.int(in: 1...5)
                history = try await store.write { [history] transaction in
                    var history = history
                    for _ in 0..<count { try history.next(in: transaction) }
                    return history
                }
            }
            try await compare(store, &history)
            await store.close()
            let reopened = try await database.open("another")
            try await compare(reopened, &history)
            await reopened.close()
        }
    }

    private func compare(_ store: any Store, _ history: inout RandomHistory) async throws {
        let model = history.model
        let comment = Comment(rawValue: history.random.description)
        let last = model.changes.count
        let head = try await store.head()
        #expect(head.revision.number == Int64(last), comment)
        #expect(head.digest == model.changes[last - 1].digest, comment)
        #expect(head.auditSequence == Int64(last), comment)
        #expect(head.platformID == "platform", comment)

        for number in 0...last {
            let revision = try Revision(Int64(number))
            #expect(try await store.items(at: revision) == model.items(at: number), comment)
            let project = history.random.element(of: ["shop", "shop-eu", "bank"] as [ProjectName])
            #expect(try await store.items(at: revision, of: project) == model.items(at: number, of: project), comment)
        }
        #expect(try await store.items() == model.items(at: last), comment)
        #expect(try await store.items(of: "shop") == model.items(at: last, of: "shop"), comment)
        #expect(try await store.changes(after: .zero, limit: 1_000) == model.changes, comment)
        #expect(try await store.allItemRows(page: history.random.int(in: 1...30)) == model.rows, comment)
        #expect(try await store.engineFaults() == [], comment)

        for address in model.addresses {
            let versions = model.versions(of: address)
            #expect(try await store.versions(of: address, before: nil, limit: 1_000).elements == versions, comment)
            let before = try Revision(Int64(history.random.int(in: 0...last + 1)))
            let limit = history.random.int(in: 1...4)
            let below = versions.filter { $0.revision < before }
            #expect(
                try await store.versions(of: address, before: before, limit: limit)
                    == LedgerPage(Array(below.prefix(limit)), hasMore: below.count > limit), comment)
        }
        for _ in 0..<60 {
            let query = history.query()
            let limit = history.random.int(in: 1...20)
            let matching = model.changes(matching: query)
            #expect(
                try await store.changes(matching: query, limit: limit)
                    == LedgerPage(Array(matching.prefix(limit)), hasMore: matching.count > limit),
                "\(query), \(comment)")
        }
        for change in model.changes {
            let asOf = model.changes.last { $0.committedAt <= change.committedAt }
            #expect(try await store.revision(at: change.committedAt) == asOf?.revision, comment)
        }
    }
}
