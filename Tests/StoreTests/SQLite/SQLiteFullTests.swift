import ConfigPlatformModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Store

@Suite struct SQLiteFullTests {
    /// Writes until there is no room, sees that nothing of the last write is there and reads go on, makes room, and writes again.
    private func fillUp(_ store: SQLiteStore, makeRoom: () async throws -> Void) async throws {
        let value = "\"\(String(repeating: "x", count: 20_000))\""
        var written: Int64 = 0
        var refusal: StoreError?
        while refusal == nil, written < 10_000 {
            do {
                try await store.commit([
                    .put("key-\(written)", value, in: "base"), .put("last", "\(written)", in: "base"),
                ])
                written += 1
            } catch {
                refusal = error as? StoreError
            }
        }
        #expect(refusal.map { Failure($0) } == .full)
        #expect(refusal?.message.contains("no space left") == true)
        #expect(written > 3)
        for _ in 0..<3 {
            #expect(await failure { try await store.commit([.put("more", value, in: "base")]) } == .full)
            #expect(try await store.head().revision.number == written)
            #expect(try await store.items().count == written + 1)
            let newest = try await store.changes(matching: ChangeQuery(), limit: 1).elements.first
            #expect(newest?.revision.number == written)
        }
        try await makeRoom()
        #expect(try await store.commit([.put("more", value, in: "base")]).revision.number == written + 1)
        #expect(try await store.engineFaults() == [])
    }

    @Test func `a database that may not grow refuses writes, reads on, and writes again when it may`() async throws {
        try await SQLitePlace.with { place in
            let store = try place.open(settings: .init(pagesMax: 300))
            try await fillUp(store) {
                try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 3000") }
            }
            await store.close()
            #expect(try await place.withStore { try await $0.engineFaults() } == [])
        }
    }

    @Test(
        .enabled("a small file system cannot be mounted here: that takes root and the mount command") {
            SmallFileSystem.isPossible
        })
    func `a full disk refuses writes, reads on, and recovers without a restart when there is room again`() async throws
    {
        let disk = try SmallFileSystem(megabytes: 6)
        defer { disk.remove() }
        let filler = disk.path + "/filler"
        try Data(count: 2 << 20).write(to: URL(fileURLWithPath: filler))
        let store = try SQLiteStore.open(directory: disk.path + "/data", mode: .readWrite) { "platform" }
        try await fillUp(store) { try FileManager.default.removeItem(atPath: filler) }
        let head = try await store.head()
        await store.close()
        let again = try SQLiteStore.open(directory: disk.path + "/data", mode: .readWrite) { "platform" }
        #expect(try await again.head() == head)
        await again.close()
    }

    @Test(
        .enabled("a small file system cannot be mounted here: that takes root and the mount command") {
            SmallFileSystem.isPossible
        })
    func `a new platform is not made on a full disk, and nothing of it is left in the way`() async throws {
        let disk = try SmallFileSystem(megabytes: 1)
        defer { disk.remove() }
        let filler = disk.path + "/filler"
        try? Data(count: (1 << 20) - 8_192).write(to: URL(fileURLWithPath: filler))
        let refusal = await failure {
            try SQLiteStore.open(directory: disk.path + "/data", mode: .readWrite) { "platform" }
        }
        #expect(refusal == .full)
        try FileManager.default.removeItem(atPath: filler)
        let store = try SQLiteStore.open(directory: disk.path + "/data", mode: .readWrite) { "platform" }
        #expect(try await store.head().revision == .zero)
        await store.close()
    }
}

/// A file system in memory of so many megabytes, mounted on a directory of its own.
struct SmallFileSystem {
    let path: String

    static let isPossible: Bool = {
        guard geteuid() == 0, let disk = try? SmallFileSystem(megabytes: 1) else { return false }
        disk.remove()
        return true
    }()

    init(megabytes: Int) throws {
        path = TemporaryDirectory().path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        do {
            try Self.run("/bin/mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path)
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    func remove() {
        try? Self.run("/bin/umount", "-l", path)
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func run(_ arguments: String...) throws {
        struct Failed: Error {}
        let nothing = try Descriptor("/dev/null", O_RDWR)
        let process = try ChildProcess(
            arguments[0], Array(arguments.dropFirst()), environment: ProcessInfo.processInfo.environment,
            directory: "/", input: nothing.value, output: nothing.value, errors: nothing.value)
        guard process.wait() == 0 else { throw Failed() }
    }
}
