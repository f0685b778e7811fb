import ConfigPlatformModel
import Foundation
import GRDB
import Testing

@testable import Store

/// An SQLite store in a directory of its own, and that directory after it.
struct SQLitePlace {
    let directory = TemporaryDirectory()
    var files: SQLiteFiles { SQLiteFiles(directory: directory.path) }

    func open(
        _ mode: SQLiteStore.Mode = .readWrite, settings: SQLiteStore.Settings = SQLiteStore.Settings()
    ) throws -> SQLiteStore {
        try SQLiteStore.open(directory: directory.path, mode: mode, settings: settings) { "platform" }
    }

    /// Opens, runs and closes.
    func withStore<Value>(
        _ mode: SQLiteStore.Mode = .readWrite, _ body: (SQLiteStore) async throws -> Value
    ) async throws -> Value {
        let store = try open(mode)
        do {
            let value = try await body(store)
            await store.close()
            return value
        } catch {
            await store.close()
            throw error
        }
    }

    static func with(_ body: (SQLitePlace) async throws -> Void) async throws {
        let place = SQLitePlace()
        defer { place.directory.remove() }
        try await body(place)
    }

    /// What opening says when it refuses; nil where it does not.
    func refusal(_ mode: SQLiteStore.Mode = .readWrite, settings: SQLiteStore.Settings = SQLiteStore.Settings()) async
        -> StoreError?
    {
        do {
            await (try open(mode, settings: settings)).close()
            return nil
        } catch {
            return error as? StoreError
        }
    }
}

extension StoreError {
    var message: String {
        switch self {
        case .unavailable(let text), .outcomeUnknown(let text), .full(let text), .corrupted(let text),
            .cannotOpen(let text),
            .conflict(let text), .fault(let text):
            text
        }
    }
}

@Suite struct SQLiteOpeningTests {
    @Test func `the writer's synchronous reads back as FULL, its journal as a write-ahead log`() async throws {
        try await SQLitePlace.with { place in
            for _ in 0..<2 {
                try await place.withStore { store in
                    let answers = try await store.pool.writeWithoutTransaction { database in
                        try ["synchronous", "journal_mode"].map {
                            try String.fetchOne(database, sql: "PRAGMA \($0)")
                        }
                    }
                    #expect(answers == ["2", "wal"])
                }
            }
        }
    }

    @Test(arguments: ["NORMAL", "OFF"])
    func `a database that would not be as durable as it must be is not served`(_ synchronous: String) async throws {
        try await SQLitePlace.with { place in
            try await place.withStore { _ in }
            let refusal = await place.refusal(settings: .init(synchronous: synchronous))
            #expect(refusal.map { Failure($0) } == .cannotOpen)
            #expect(refusal?.message.contains("'synchronous'") == true)
            #expect(await place.refusal() == nil)
        }
    }

    @Test func `directories are made for their owner alone, and so are all files`() async throws {
        try await SQLitePlace.with { place in
            let nested = SQLiteFiles(directory: place.directory.path + "/a/b/")
            let store = try SQLiteStore.open(directory: nested.directory, mode: .readWrite) { "platform" }
            try await store.commit([.put("a", "1", in: "base")])
            func mode(_ path: String) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            }
            for directory in [place.directory.path, place.directory.path + "/a", nested.directory] {
                #expect(try mode(directory) == 0o700)
            }
            for file in [nested.database, nested.database + "-wal", nested.database + "-shm", nested.lock] {
                #expect(try mode(file) == 0o600, "\(file)")
            }
            await store.close()
        }
    }

    @Test func `a database that was closed is whole in its one file`() async throws {
        try await SQLitePlace.with { place in
            try await place.withStore { _ = try await $0.commit([.put("a", "1", in: "base")]) }
            let log = try? FileManager.default.attributesOfItem(atPath: place.files.database + "-wal")[.size] as? Int
            #expect((log ?? 0) == 0)
            let copy = SQLitePlace()
            defer { copy.directory.remove() }
            try FileManager.default.createDirectory(atPath: copy.directory.path, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: place.files.database, toPath: copy.files.database)
            #expect(try await copy.withStore { try await $0.head().revision } == 1)
        }
    }

    @Test func `a second writer is refused and told who the first is`() async throws {
        try await SQLitePlace.with { place in
            try await place.withStore { store in
                let refusal = await place.refusal()
                #expect(refusal.map { Failure($0) } == .cannotOpen)
                #expect(refusal?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
                // The first goes on.
                let change = try await store.commit([.put("a", "1", in: "base")])
                #expect(change.revision == 1)
            }
            #expect(await place.refusal() == nil)
        }
    }

    @Test func `the lock of a process that is gone does not stand in the way`() async throws {
        try await SQLitePlace.with { place in
            try await place.withStore { _ in }
            try Data("1\n".utf8).write(to: URL(fileURLWithPath: place.files.lock))
            #expect(await place.refusal() == nil)
        }
    }

    @Test func `a reader opens beside the writer, follows it, and cannot write`() async throws {
        try await SQLitePlace.with { place in
            #expect(await place.refusal(.readOnly).map { Failure($0) } == .cannotOpen)
            try await place.withStore { writer in
                try await writer.commit([.put("a", "1", in: "base")])
                try await place.withStore(.readOnly) { reader in
                    let head = try await reader.head()
                    #expect(head.revision == 1)
                    let waiting = Task { try await reader.awaitMovement(past: head, seconds: 3600) }
                    try await writer.commit([.put("a", "2", in: "base")])
                    try await waiting.value
                    #expect(try await reader.head().revision == 2)
                    #expect(try await reader.engineFaults() == [])
                    #expect(await failure { try await reader.commit([.put("a", "3", in: "base")]) } == .fault)
                }
            }
            // And without one.
            #expect(try await place.withStore(.readOnly) { try await $0.items().count } == 1)
        }
    }

    @Test func `a database of another program is refused and left as it is`() async throws {
        try await SQLitePlace.with { place in
            try place.files.makeDirectory()
            let other = try DatabaseQueue(path: place.files.database)
            try await other.write { try $0.execute(sql: "CREATE TABLE somebody (elses INTEGER)") }
            try other.close()
            let before = try Data(contentsOf: URL(fileURLWithPath: place.files.database))
            let refusal = await place.refusal()
            #expect(refusal.map { Failure($0) } == .cannotOpen)
            #expect(refusal?.message.contains("another program") == true)
            #expect(await place.refusal(.readOnly).map { Failure($0) } == .cannotOpen)
            #expect(try Data(contentsOf: URL(fileURLWithPath: place.files.database)) == before)
        }
    }

    @Test func `a database that was being made when the power went is made anew`() async throws {
        try await SQLitePlace.with { place in
            try place.files.makeDirectory()
            try Data("half".utf8).write(to: URL(fileURLWithPath: place.files.draft))
            try Data("half".utf8).write(to: URL(fileURLWithPath: place.files.draft + "-journal"))
            #expect(try await place.withStore { try await $0.head().platformID } == "platform")
            #expect(!FileManager.default.fileExists(atPath: place.files.draft))
        }
    }

    @Test func `a path that is not a directory is refused by name`() async throws {
        try await SQLitePlace.with { place in
            try Data().write(to: URL(fileURLWithPath: place.directory.path))
            let refusal = await place.refusal()
            #expect(refusal.map { Failure($0) } == .cannotOpen)
            #expect(refusal?.message.contains("is not a directory") == true)
        }
    }
}
