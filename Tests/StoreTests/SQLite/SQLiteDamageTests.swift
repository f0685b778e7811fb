import ConfigPlatformModel
import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct SQLiteDamageTests {
    private static let pageBytes = 4_096

    /// A closed database with some history in it.
    private func fill(_ place: SQLitePlace) async throws {
        try await place.withStore { store in
            try await store.write { transaction in
                for number in 1...200 {
                    try transaction.commit([
                        .put("key-\(number % 40)", "\"value number \(number)\"", in: "base"),
                        .put("other-\(number)", "\"another value\"", in: "live"),
                    ])
                }
                try transaction.insert(.sample("one"))
                try transaction.record(.sample("k"))
            }
        }
    }

    private func alter(_ place: SQLitePlace, _ body: (inout Data) throws -> Void) throws {
        let url = URL(fileURLWithPath: place.files.database)
        var data = try Data(contentsOf: url)
        try body(&data)
        try data.write(to: url)
    }

    /// Reads all there is. How that failed, or what the engine found wrong; nil where all seemed well.
    private func outcome(_ place: SQLitePlace) async -> Failure? {
        await failure {
            try await place.withStore { store in
                let head = try await store.head()
                let changes = try await store.changes(after: .zero, limit: 1_000)
                let events = try await store.events(matching: EventQuery(), limit: 1_000)
                guard changes.count == head.revision.number, events.count == head.auditSequence else {
                    throw StoreError.corrupted("rows are missing")
                }
                _ = try await store.items()
                _ = try await store.items(at: 100)
                _ = try await store.allItemRows()
                _ = try await store.credentials(after: nil)
                _ = try await store.idempotencyRecords(liveAt: .start)
                if let fault = try await store.engineFaults().first { throw StoreError.corrupted(fault) }
            }
        }
    }

    @Test func `a file that is no database is refused, and the message says what to do`() async throws {
        try await SQLitePlace.with { place in
            try await fill(place)
            try alter(place) { $0.replaceSubrange(0..<100, with: Data(repeating: 0x5A, count: 100)) }
            let refusal = await place.refusal()
            #expect(refusal.map { Failure($0) } == .corrupted)
            #expect(refusal?.message.contains("cfg restore") == true)
            #expect(refusal?.message.contains(place.files.database) == true)
        }
    }

    @Test func `an empty file is not taken for a new platform`() async throws {
        try await SQLitePlace.with { place in
            try await fill(place)
            try alter(place) { $0 = Data() }
            #expect(await place.refusal().map { Failure($0) } == .corrupted)
        }
    }

    @Test func `a file that was cut off is found out`() async throws {
        try await SQLitePlace.with { place in
            try await fill(place)
            try alter(place) { $0 = $0.prefix($0.count / 2 + 1_000) }
            #expect(await outcome(place) == .corrupted)
        }
    }

    @Test func `a page of garbage is found out wherever it is`() async throws {
        try await SQLitePlace.with { place in
            try await fill(place)
            let sound = try Data(contentsOf: URL(fileURLWithPath: place.files.database))
            for page in 1..<sound.count / Self.pageBytes {
                try alter(place) { data in
                    data = sound
                    let start = page * Self.pageBytes
                    data.replaceSubrange(
                        start..<start + Self.pageBytes, with: Data(repeating: 0xA5, count: Self.pageBytes))
                }
                #expect(await outcome(place) == .corrupted, "page \(page + 1)")
            }
        }
    }

    @Test func `one altered byte of a value, a change or an event is found out when it is read`() async throws {
        try await SQLitePlace.with { place in
            try await fill(place)
            let sound = try Data(contentsOf: URL(fileURLWithPath: place.files.database))
            for text in ["{\"value\":\"value number 190\"}", "\"key\":\"other-77\"", "\"requestId\":\"request-33\""] {
                try alter(place) { data in
                    data = sound
                    let ranges = Self.ranges(of: Data(text.utf8), in: data)
                    try #require(!ranges.isEmpty)
                    for range in ranges { data[range.lowerBound + 4] ^= 0x01 }
                }
                #expect(await outcome(place) == .corrupted, "\(text)")
            }
        }
    }

    private static func ranges(of needle: Data, in data: Data) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var from = data.startIndex
        while let range = data.range(of: needle, in: from..<data.endIndex) {
            ranges.append(range)
            from = range.upperBound
        }
        return ranges
    }

    @Test func `tables of items that do not agree are engine faults`() async throws {
        let damages = [
            "UPDATE item_heads SET stands = 1 - stands WHERE item = 3",
            "UPDATE item_heads SET revision = 1 WHERE item = 3",
            "DELETE FROM item_versions WHERE revision = 2",
            "UPDATE item_versions SET previous_revision = NULL WHERE revision = 190",
            "PRAGMA foreign_keys = OFF; DELETE FROM items WHERE item = 3",
            "PRAGMA foreign_keys = OFF; DELETE FROM changes WHERE revision = 9",
        ]
        for damage in damages {
            try await SQLitePlace.with { place in
                try await fill(place)
                let database = try DatabaseQueue(path: place.files.database)
                try await database.writeWithoutTransaction { try $0.execute(sql: damage) }
                try database.close()
                #expect(try await place.withStore { try await $0.engineFaults() } != [], "\(damage)")
            }
        }
    }
}
