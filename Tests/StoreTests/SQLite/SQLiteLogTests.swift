import Foundation
import GRDB
import TestSupport
import Testing

@testable import Store

/// The write-ahead log as `CSQLite/log.c` writes it, with transactions larger than the cache, so that SQLite spills pages into the log, takes
/// them back, and writes over them.
@Suite struct SQLiteLogTests {
    @Test(arguments: ["FULL", "NORMAL", "OFF"], [1, 2, 3] as [UInt64])
    func `what is committed is what others read, and what a copy of the files holds`(
        _ synchronous: String, _ seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        try await SQLitePlace.with { place in
            // Makes sure that SQLite is prepared as the server has it.
            try await place.withStore { _ in }
            let path = place.directory.path + "/log.sqlite"
            let writer = try DatabaseQueue(path: path)
            try await writer.writeWithoutTransaction { database in
                try database.execute(
                    sql: """
                        PRAGMA journal_mode = WAL; PRAGMA synchronous = \(synchronous); PRAGMA wal_autocheckpoint = 300;
                        PRAGMA cache_size = 8; PRAGMA cache_spill = 8;
                        CREATE TABLE pages (id INTEGER PRIMARY KEY, value BLOB NOT NULL);
                        """)
            }
            var configuration = Configuration()
            configuration.readonly = true
            let reader = try DatabaseQueue(path: path, configuration: configuration)
            let other = try DatabaseQueue(path: path)
            var model: [Int64: Data] = [:]
            for round in 0..<60 {
                var draft = model
                let ends = random.chance(oneIn: 4)
                var steps: [(id: Int64, value: Data?, isUndone: Bool)] = []
                for _ in 0..<random.int(in: 1...80) {
                    let id = Int64(random.int(in: 1...60))
                    let value =
                        random.chance(oneIn: 6)
                        ? nil : Data(repeating: UInt8(random.int(in: 0...255)), count: random.int(in: 1...9_000))
                    steps.append((id, value, random.chance(oneIn: 5)))
                }
                for step in steps where !step.isUndone { draft[step.id] = step.value }
                let todo = steps
                // Then what is rolled back is read from the database, and what it spilled is still gathered.
                if random.chance(oneIn: 3) {
                    try await writer.writeWithoutTransaction {
                        try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                    }
                }
                try await writer.writeWithoutTransaction { database in
                    try database.execute(sql: "BEGIN IMMEDIATE")
                    for step in todo {
                        try database.execute(sql: "SAVEPOINT step")
                        if let value = step.value {
                            try database.execute(
                                sql: "INSERT OR REPLACE INTO pages VALUES (?, ?)", arguments: [step.id, value])
                        } else {
                            try database.execute(sql: "DELETE FROM pages WHERE id = ?", arguments: [step.id])
                        }
                        if step.isUndone { try database.execute(sql: "ROLLBACK TO step") }
                        try database.execute(sql: "RELEASE step")
                    }
                    try database.execute(sql: ends ? "ROLLBACK" : "COMMIT")
                }
                if !ends { model = draft }
                let comment = Comment(rawValue: "round \(round), seed \(seed)")
                if random.chance(oneIn: 3) {
                    // Over what was spilled and rolled back, if anything was.
                    let (id, value) = (
                        Int64(random.int(in: 1...60)), Data(repeating: 7, count: random.int(in: 1...9_000))
                    )
                    try await other.write {
                        try $0.execute(sql: "INSERT OR REPLACE INTO pages VALUES (?, ?)", arguments: [id, value])
                    }
                    model[id] = value
                    #expect(try await Self.contents(of: writer) == model, comment)
                }
                #expect(try await Self.contents(of: reader) == model, comment)
                if random.chance(oneIn: 10) {
                    // As a program finds it that starts after this one was killed.
                    let copy = place.directory.path + "/copy-\(round).sqlite"
                    for suffix in ["", "-wal"] {
                        try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
                    }
                    let found = try DatabaseQueue(path: copy)
                    #expect(try await Self.contents(of: found) == model, comment)
                    let verdict = try await found.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
                    #expect(verdict == "ok", comment)
                }
            }
        }
    }

    private static func contents(of queue: DatabaseQueue) async throws -> [Int64: Data] {
        let rows = try await queue.read { database in
            try Row.fetchAll(database, sql: "SELECT id, value FROM pages").map {
                ($0["id"] as Int64, $0["value"] as Data)
            }
        }
        // One that is there twice is a fault as well.
        return Dictionary(rows) { $0 + $1 }
    }
}
