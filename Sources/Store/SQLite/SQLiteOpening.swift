import ConfigPlatformModel
import GRDB

/// What is asked of a database, and asked back from it, before anything is read or written.
enum SQLiteOpening {
    /// `CFGP`, in the header of every database of cfg.
    static let applicationID: Int64 = 0x4346_4750
    /// Pages of write-ahead log after which it is copied into the database: 16 MiB.
    static let checkpointPages = 4_096
    /// Bytes to which the log is cut back after it was longer.
    static let logBytesMax = 64 << 20
    static let writerCacheKiB = 64 << 10
    static let readerCacheKiB = 8 << 10
    static let readers = 4
    static let busySeconds = 5.0

    static func configuration(_ mode: SQLiteStore.Mode, _ files: SQLiteFiles) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = mode == .readOnly
        configuration.label = "cfg.store"
        // A transaction writes what its own rows refer to; 'cfg store check' looks whether all of it is there.
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(busySeconds)
        configuration.maximumReaderCount = readers
        configuration.persistentReadOnlyConnections = true
        configuration.prepareDatabase { database in
            // Before GRDB turns on the write-ahead log, which alters the file: it may be somebody else's.
            try checkApplication(database, files)
            let cacheKiB = database.configuration.readonly ? readerCacheKiB : writerCacheKiB
            try database.execute(
                sql: """
                    PRAGMA cache_size = \(-cacheKiB);
                    PRAGMA temp_store = MEMORY;
                    PRAGMA cell_size_check = ON;
                    PRAGMA trusted_schema = OFF;
                    """)
        }
        return configuration
    }

    private static func checkApplication(_ database: Database, _ files: SQLiteFiles) throws {
        let id = try PreparedStatement("PRAGMA application_id", on: database).first { $0.int64(0) }
        if id == applicationID { return }
        let table = try PreparedStatement("SELECT 1 FROM sqlite_master LIMIT 1", on: database).first { $0.int64(0) }
        guard table != nil else {
            throw StoreError.corrupted(
                "The database at \(files.database) is empty, which cfg never leaves it. Restore the newest backup with 'cfg restore', or "
                    + "remove the file to begin with an empty platform.")
        }
        throw StoreError.cannotOpen(
            "\(files.database) is an SQLite database of another program. Nothing was written to it; name another directory."
        )
    }

    /// Makes an empty platform under another name and then gives it its place: a database is there whole or not at all.
    static func create(_ files: SQLiteFiles, _ platformID: () -> String) throws {
        try files.makeDraft()
        let draft = try DatabaseQueue(path: files.draft)
        try draft.inDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try migrate(database, files)
            try database.inTransaction(.immediate) {
                try PreparedStatement(.insertHead, on: database).run(.text(platformID()), .bytes(Digest.zero.bytes))
                return .commit
            }
        }
        try draft.close()
        try files.placeDraft()
    }

    /// Makes the writer durable and sees that it is, brings the schema up to date, and returns the head.
    static func prepare(
        _ pool: DatabasePool, _ mode: SQLiteStore.Mode, _ settings: SQLiteStore.Settings, _ files: SQLiteFiles
    ) throws -> Head {
        switch mode {
        case .readOnly:
            return try pool.read { database in
                if let next = try Migration.pending(after: applied(database), in: files.database).first {
                    throw StoreError.cannotOpen(
                        "The database at \(files.database) lacks schema \(next.number) (\(next.name)). Start 'cfg serve' once; it adds it."
                    )
                }
                return try SQLiteStore.head(database)
            }
        case .readWrite:
            return try pool.writeWithoutTransaction { database in
                // GRDB opens with NORMAL, whatever it was told; hence here, and read back.
                try database.execute(
                    sql: """
                        PRAGMA synchronous = \(settings.synchronous);
                        -- Until 3.41, SQLite loses what follows a savepoint that was undone in a transaction that had spilled.
                        PRAGMA cache_spill = OFF;
                        PRAGMA wal_autocheckpoint = \(checkpointPages);
                        PRAGMA journal_size_limit = \(logBytesMax);
                        """)
                if let pages = settings.pagesMax { try database.execute(sql: "PRAGMA max_page_count = \(pages)") }
                try checkDurability(database, files)
                try migrate(database, files)
                return try SQLiteStore.head(database)
            }
        }
    }

    static func checkDurability(_ database: Database, _ files: SQLiteFiles) throws {
        func value(_ pragma: String) throws -> String? {
            try PreparedStatement("PRAGMA \(pragma)", on: database).first { $0.text(0) }
        }
        for (pragma, expected) in [("synchronous", "2"), ("journal_mode", "wal")] {
            let found = try value(pragma) ?? "nothing"
            guard found == expected else {
                throw StoreError.cannotOpen(
                    "SQLite answers \(found) for '\(pragma)' of \(files.database), where \(expected) was set: what is written could be lost. "
                        + "Put the data on a local file system.")
            }
        }
    }

    private static func applied(_ database: Database) throws -> [Migration.Applied] {
        let table = try PreparedStatement(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'", on: database)
        guard try table.first(decode: { $0.int64(0) }) != nil else { return [] }
        return try PreparedStatement("SELECT number, name FROM schema_migrations ORDER BY number", on: database)
            .all { Migration.Applied(number: Int($0.int64(0)), name: $0.text(1)) }
    }

    private static func migrate(_ database: Database, _ files: SQLiteFiles) throws {
        for migration in try Migration.pending(after: applied(database), in: files.database) {
            try database.inTransaction(.immediate) {
                try database.execute(sql: migration.sqlite)
                let record = try PreparedStatement(
                    """
                    INSERT INTO schema_migrations (number, name, applied_at)
                    VALUES (?, ?, CAST(strftime('%s', 'now') AS INTEGER) * 1000000)
                    """, on: database)
                try record.run(.integer(Int64(migration.number)), .text(migration.name))
                return .commit
            }
        }
    }

    /// Copies the log into the database, so that one file is the whole of it, and closes all connections.
    static func close(_ pool: DatabasePool, _ mode: SQLiteStore.Mode) {
        if mode == .readWrite {
            // Where it fails (a reader in another process, a full disk) the log stays and is read again at the next start.
            try? pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        }
        try? pool.close()
    }
}
