import ConfigPlatformModel

/// What is asked of a server, and asked back from it, before anything is read or written.
enum PostgreSQLOpening {
    static let serverVersionMin: Int64 = 130_000
    /// Taken while the schema is brought up to date, so that replicas may be started together: `cfgschem`.
    static let migrationLock: Int64 = 0x6366_6773_6368_656D
    /// What the first migration makes; in a database without `schema_migrations` they are somebody else's.
    static let tables = [
        "head", "changes", "change_scopes", "items", "item_heads", "item_versions", "audit_events", "credentials",
        "idempotency_records",
    ]

    /// Limits of the session that opens: a migration may take its time, and waits for another replica's.
    static var session: PostgreSQLSessionOptions {
        var options = PostgreSQLSessionOptions()
        options.statementTimeout = .seconds(300)
        options.lockTimeout = .seconds(300)
        options.responseTimeout = .seconds(305)
        return options
    }

    /// Sets what every session of the store works under.
    ///
    /// Each statement is written for one plan, by index and in order, that stays right as tables grow from nothing; the planner would
    /// choose by statistics that a young table does not have yet, and keep the choice. The keep-alives let the server notice that the
    /// machine of a replica that holds the head's lock is gone.
    static func prepareSession(_ connection: PostgreSQLConnection, _ mode: PostgreSQLStore.Mode) throws {
        try connection.executeScript(
            """
            SET plan_cache_mode = force_generic_plan;
            SET enable_seqscan = off;
            SET enable_bitmapscan = off;
            SET enable_hashjoin = off;
            SET enable_mergejoin = off;
            SET max_parallel_workers_per_gather = 0;
            SET jit = off;
            SET tcp_keepalives_idle = 5;
            SET tcp_keepalives_interval = 3;
            SET tcp_keepalives_count = 3;
            SET default_transaction_read_only = \(mode == .readOnly ? "on" : "DEFAULT")
            """)
    }

    /// Makes sure of the server, brings the schema up to date, and returns the head.
    static func prepare(
        _ connection: PostgreSQLConnection, _ mode: PostgreSQLStore.Mode, _ label: String, _ platformID: String
    ) throws -> Head {
        try requireServer(connection, label)
        switch mode {
        case .readOnly:
            let pending = try Migration.pending(after: applied(connection, label), in: label)
            if let next = pending.first {
                throw StoreError.cannotOpen(
                    next.number == 1
                        ? "There is no database of cfg at \(label): name the one that 'cfg serve --database-url' has."
                        : "The database at \(label) lacks schema \(next.number) (\(next.name)). Start 'cfg serve' once; it adds it."
                )
            }
        case .readWrite:
            try requireWritable(connection, label)
            try requireDurability(connection, label)
            try migrate(connection, label, platformID)
            try requirePermanence(connection, label)
        }
        guard let row = try connection.query(.readHead).first else { throw UnreadableRow("the head row is missing") }
        return try row.head()
    }

    // MARK: The server

    private static func requireServer(_ connection: PostgreSQLConnection, _ label: String) throws {
        let row = try connection.query(
            "SELECT current_setting('server_version_num')::bigint, current_setting('server_version'), current_setting('server_encoding')"
        )[0]
        guard try row.int64(0) >= serverVersionMin else {
            throw PostgreSQLRefusal(
                reason:
                    "The server at \(label) is PostgreSQL \(try row.text(1)); cfg needs version \(serverVersionMin / 10_000) or later."
            )
        }
        guard try row.text(2) == "UTF8" else {
            throw PostgreSQLRefusal(
                reason:
                    "The database at \(label) has the encoding \(try row.text(2)), which cannot hold every text. Make one with "
                    + "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and name that.")
        }
    }

    /// Sees that the server loses nothing that it has confirmed, as things stand for this very session.
    static func requireDurability(_ connection: PostgreSQLConnection, _ label: String) throws {
        let row = try connection.query(
            """
            SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
                current_setting('transaction_read_only') <> 'off', pg_is_in_recovery()
            """)[0]
        for (column, setting) in ["fsync", "full_page_writes"].enumerated() where try row.text(column) != "on" {
            throw PostgreSQLRefusal(
                reason:
                    "The server at \(label) has \(setting) = \(try row.text(column)): a crash could lose or damage what was written. "
                    + "Set \(setting) = on in postgresql.conf and reload the server.")
        }
        guard try row.text(2) != "off" else {
            throw PostgreSQLRefusal(
                reason:
                    "The server at \(label) has synchronous_commit = off here: a crash could lose what was confirmed. Set it to on in "
                    + "postgresql.conf, or take it back where it was set for the role or the database (ALTER ROLE or ALTER DATABASE … "
                    + "RESET synchronous_commit).")
        }
        // After a failover another primary is sought, as long as the call may wait.
        if try row.bool(3) || row.bool(4) {
            throw PostgreSQLError("the server takes no writes", sqlState: "25006", isConnectionLost: true)
        }
    }

    private static func requireWritable(_ connection: PostgreSQLConnection, _ label: String) throws {
        let row = try connection.query(
            "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') <> 'off'")[0]
        if try row.bool(0) {
            throw PostgreSQLRefusal(
                reason:
                    "The server at \(label) is a standby, which takes no writes. Name the primary, or all servers with "
                    + "target_session_attrs=read-write in the URL.")
        }
        if try row.bool(1) {
            throw PostgreSQLRefusal(
                reason:
                    "The server at \(label) takes no writes from this role: default_transaction_read_only is on. Set it to off."
            )
        }
    }

    // MARK: The schema

    private static func applied(_ connection: PostgreSQLConnection, _ label: String) throws -> [Migration.Applied] {
        let columns = try connection.query(
            """
            SELECT to_regclass('schema_migrations') IS NOT NULL,
                (SELECT count(*) FROM pg_attribute
                 WHERE attrelid = to_regclass('schema_migrations') AND NOT attisdropped
                    AND attname IN ('number', 'name', 'applied_at'))
            """)[0]
        if try columns.bool(0) {
            guard try columns.int64(1) == 3 else { throw foreign(["schema_migrations"], label) }
            return try connection.query("SELECT number, name FROM schema_migrations ORDER BY number").map { row in
                Migration.Applied(number: Int(try row.int64(0)), name: try row.text(1))
            }
        }
        let taken = try connection.query(
            "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NOT NULL",
            [.textArray(tables)])
        guard taken.isEmpty else { throw foreign(try taken.map { try $0.text(0) }, label) }
        return []
    }

    private static func foreign(_ tables: [String], _ label: String) -> PostgreSQLRefusal {
        PostgreSQLRefusal(
            reason:
                "The database at \(label) has tables of another program that are named like those of cfg (\(tables.joined(separator: ", ")))"
                + ". Nothing was written to it; make a database of its own for cfg, or a schema of its own and the role's search_path."
        )
    }

    private static func migrate(_ connection: PostgreSQLConnection, _ label: String, _ platformID: String) throws {
        guard try !connection.query("SELECT current_schema() IS NULL")[0].bool(0) else {
            throw PostgreSQLRefusal(
                reason:
                    "The role that the URL of \(label) names has no schema on its search path that it may use. Make one: CREATE SCHEMA "
                    + "cfg AUTHORIZATION the role; ALTER ROLE … SET search_path = cfg.")
        }
        while try !isMigrated(connection, label, platformID) {}
    }

    /// Runs one migration, or sees that there is none left and a head.
    private static func isMigrated(
        _ connection: PostgreSQLConnection, _ label: String, _ platformID: String
    ) throws -> Bool {
        try connection.query(.begin)
        try connection.query("SELECT pg_advisory_xact_lock($1)", [.int64(migrationLock)])
        guard let migration = try Migration.pending(after: applied(connection, label), in: label).first else {
            try connection.query(.insertHead, [.text(platformID), .bytes(Digest.zero.bytes)])
            try connection.query(.commit)
            return true
        }
        try connection.executeScript(migration.postgreSQL)
        try connection.query(
            """
            INSERT INTO schema_migrations (number, name, applied_at)
            VALUES ($1, $2, (extract(epoch FROM now()) * 1000000)::bigint)
            """, [.int64(Int64(migration.number)), .text(migration.name)])
        try connection.query(.commit)
        return false
    }

    /// An unlogged table is emptied by a crash.
    private static func requirePermanence(_ connection: PostgreSQLConnection, _ label: String) throws {
        let names = try connection.query(
            """
            SELECT relname::text FROM pg_class
            WHERE oid IN (SELECT to_regclass(quote_ident(name)) FROM unnest($1::text[]) AS name) AND relpersistence <> 'p'
            """, [.textArray(tables)])
        guard let first = try names.first?.text(0) else { return }
        throw PostgreSQLRefusal(
            reason:
                "The table \(first) at \(label) is unlogged: a crash would empty it. Say ALTER TABLE \(first) SET LOGGED."
        )
    }
}
