import Foundation
import Store
import TestSupport
import Testing

/// An engine that the conformance suite is run on.
struct StoreEngineUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Makes the place of one platform, in which there is nothing yet.
    let makeDatabase: @Sendable () async throws -> DatabaseUnderTest

    /// Every production engine that this machine can run.
    static let all: [StoreEngineUnderTest] = [.sqlite] + (PostgreSQLServer.isAvailable ? [.postgreSQL] : [])
}

@Suite struct StoreEngineTests {
    @Test(.enabled(if: PostgreSQLServer.isAvailable, Comment(rawValue: PostgreSQLServer.absence)))
    func `the conformance suite runs on both engines`() {
        #expect(StoreEngineUnderTest.all.map(\.testDescription) == ["SQLite", "PostgreSQL"])
    }
}

/// The place of one platform.
struct DatabaseUnderTest: Sendable {
    /// Opens the store that is there, or makes it with the given platform id.
    let open: @Sendable (_ platformID: String) async throws -> any Store
    let remove: @Sendable () async -> Void
}

extension StoreEngineUnderTest {
    static let sqlite = StoreEngineUnderTest(testDescription: "SQLite") {
        let directory = TemporaryDirectory()
        return DatabaseUnderTest(
            open: { platformID in
                try SQLiteStore.open(directory: directory.path, mode: .readWrite) { platformID }
            },
            remove: { directory.remove() })
    }

    static let postgreSQL = StoreEngineUnderTest(testDescription: "PostgreSQL") {
        let url = try PostgreSQLServer.shared.createDatabase()
        return DatabaseUnderTest(
            open: { platformID in try await PostgreSQLStore.open(url: url, mode: .readWrite) { platformID } },
            // It goes with the server.
            remove: {})
    }

    /// Runs `body` on a new, empty store.
    func withStore(_ body: (any Store) async throws -> Void) async throws {
        try await withDatabase { database in
            let store = try await database.open("platform")
            do {
                try await body(store)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    func withDatabase(_ body: (DatabaseUnderTest) async throws -> Void) async throws {
        let database = try await makeDatabase()
        do {
            try await body(database)
        } catch {
            await database.remove()
            throw error
        }
        await database.remove()
    }
}

/// A directory of its own, which does not exist yet, below the system's temporary one.
struct TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appending(path: "cfg-store-\(UUID().uuidString)").path()
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
