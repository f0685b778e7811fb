import ConfigPlatformModel
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Store

/// Opens stores of the PostgreSQL engine for a test, and closes them.
enum Engine {
    /// Limits so short that a test of a server that does not answer is soon over, and so long that a server which answers does so in time.
    static var impatient: PostgreSQLStore.Settings {
        var settings = PostgreSQLStore.Settings()
        settings.openingSeconds = 0.2
        settings.writingSeconds = 0.2
        settings.readingSeconds = 0.2
        settings.session = PostgreSQLStore.session(response: .seconds(4))
        return settings
    }

    static func open(
        _ url: String, _ mode: PostgreSQLStore.Mode = .readWrite, _ settings: PostgreSQLStore.Settings = .init(),
        platformID: String = "platform"
    ) async throws -> PostgreSQLStore {
        try await PostgreSQLStore.open(url: url, mode: mode, settings: settings) { platformID }
    }

    /// Runs `body` with so many stores on one database, each as a replica of its own would have it.
    static func withReplicas<Value>(
        _ count: Int, of url: String, _ settings: PostgreSQLStore.Settings = .init(),
        _ body: ([PostgreSQLStore]) async throws -> Value
    ) async throws -> Value {
        var stores: [PostgreSQLStore] = []
        for _ in 0..<count { stores.append(try await open(url, .readWrite, settings)) }
        let result: Result<Value, any Error>
        do { result = .success(try await body(stores)) } catch { result = .failure(error) }
        for store in stores { await store.close() }
        return try result.get()
    }

    static func withStore<Value>(
        _ url: String, _ settings: PostgreSQLStore.Settings = .init(), _ body: (PostgreSQLStore) async throws -> Value
    ) async throws -> Value {
        try await withReplicas(1, of: url, settings) { try await body($0[0]) }
    }

    /// Why a database was not opened; nil where it was.
    static func refusal(_ url: String, _ mode: PostgreSQLStore.Mode = .readWrite) async throws -> String? {
        do {
            let store = try await open(url, mode, impatient)
            await store.close()
            return nil
        } catch StoreError.cannotOpen(let message) {
            return message
        }
    }

    /// The name of the database in a URL of a test's server.
    static func name(in url: String) -> String { String(url[url.index(after: url.lastIndex(of: "/")!)...]) }
}

/// What writers were told, to be held against what is there in the end.
final class Ledger: Sendable {
    private struct Told {
        /// Messages of changes, a group each.
        var written: [[String]] = []
        var unknown: [[String]] = []
        var refused: [[String]] = []
    }

    private let told = Mutex(Told())
    private let isEnded = Atomic(false)

    /// Whether writers should stop.
    var isComplete: Bool { isEnded.load(ordering: .relaxed) }

    func complete() { isEnded.store(true, ordering: .relaxed) }

    var writtenCount: Int { told.withLock { $0.written.count } }
    var unknownCount: Int { told.withLock { $0.unknown.count } }
    var refusedCount: Int { told.withLock { $0.refused.count } }

    /// Writes a group of changes whose messages are `name` and a number each, and notes what came of it.
    func write(_ count: Int, named name: String, to store: any Store, keys: Int = 40) async throws {
        let messages = (0..<count).map { "\(name)-\($0)" }
        do {
            try await store.write { transaction in
                for (index, message) in messages.enumerated() {
                    let key = Int(transaction.head.revision.number) % keys
                    try transaction.commit(
                        [
                            .put("key-\(key)", "\"\(message)\"", in: "base"),
                            .put("key-\(key)", "\(index)", in: "live"),
                            .put("own-\(message)", "1", in: "live"),
                        ], message: message)
                }
            }
            told.withLock { $0.written.append(messages) }
        } catch StoreError.outcomeUnknown {
            told.withLock { $0.unknown.append(messages) }
        } catch StoreError.unavailable {
            told.withLock { $0.refused.append(messages) }
        }
    }

    /// Every revision is there once, the chain is whole, each group is there wholly or not at all, and as its writer was told.
    func compare(with store: any Store) async throws {
        var changes: [ChangeRecord] = []
        while true {
            let next = try await store.changes(after: changes.last?.revision ?? .zero, limit: 1_000)
            if next.isEmpty { break }
            changes += next
        }
        var previous = Digest.zero
        for (index, change) in changes.enumerated() {
            #expect(change.revision.number == Int64(index + 1))
            #expect(change.previousDigest == previous)
            previous = change.digest
        }
        let head = try await store.head()
        #expect(head.revision.number == Int64(changes.count))
        #expect(head.digest == previous)
        #expect(head.auditSequence == Int64(changes.count))
        let found = changes.map(\.message)
        #expect(Set(found).count == found.count)
        let told = told.withLock { $0 }
        for group in told.written { #expect(Set(group).isSubset(of: found), "acknowledged and lost: \(group)") }
        for group in told.refused { #expect(Set(group).isDisjoint(with: found), "refused and written: \(group)") }
        for group in told.unknown {
            let there = Set(group).intersection(found)
            #expect(there.isEmpty || there.count == group.count, "half of a group: \(there)")
        }
        let all = Set((told.written + told.unknown).joined())
        #expect(all.isSuperset(of: found))

        var items: [ItemAddress: StoredItem] = [:]
        for change in changes {
            for effect in change.effects {
                items[effect.address] = effect.body.map {
                    StoredItem(address: effect.address, body: $0, revision: change.revision)
                }
            }
        }
        #expect(try await store.items() == items.values.sorted { $0.address.isBefore($1.address) })
        #expect(try await store.engineFaults() == [])
    }
}
