extension PostgreSQLStore {
    /// Which checks ``engineFaults()`` can make: every entry of every index where the database has the extension `amcheck` and the role
    /// may use it (`CREATE EXTENSION amcheck`, as superuser), otherwise the catalogue's own word for them.
    package enum EngineCheck: Sendable {
        case everyIndexEntry, catalogueOnly
    }

    package func engineCheck() async throws -> EngineCheck {
        try await read { try Self.checkFunction($0) == nil ? .catalogueOnly : .everyIndexEntry }
    }

    /// Each fault says which check found it. Also holds the tables of items against each other, which takes as long as reading them.
    package func engineFaults() async throws -> [String] {
        try checkOpen()
        var options = settings.session
        options.statementTimeout = .zero
        options.responseTimeout = .seconds(3_600)
        let thread = try PostgreSQLThread(url: url, options: options, name: "postgresql-check") { connection in
            try connection.executeScript("SET default_transaction_read_only = on; SET jit = off")
        }
        let faults: Result<[String], any Error>
        do {
            faults = .success(
                try await thread.run(reconnectWithin: .seconds(settings.readingSeconds)) { connection in
                    try Self.catalogueFaults(connection) + Self.indexFaults(connection) + Self.itemFaults(connection)
                })
        } catch {
            faults = .failure(failures.translating(error, .reading))
        }
        await thread.close()
        do {
            return try faults.get()
        } catch StoreError.corrupted(let message) {
            return [message]
        }
    }

    private static let tables = PostgreSQLOpening.tables + ["schema_migrations"]

    /// The oid of each of the store's tables that is there.
    private static let relations = "SELECT to_regclass(quote_ident(name)) FROM unnest($1::text[]) AS name"

    private static func catalogueFaults(_ connection: PostgreSQLConnection) throws -> [String] {
        let queries = [
            """
            SELECT 'catalogue: the table ' || name || ' is missing' FROM unnest($1::text[]) AS name
            WHERE to_regclass(quote_ident(name)) IS NULL
            """,
            """
            SELECT 'catalogue: the index ' || indexrelid::regclass || ' is not valid' FROM pg_index
            WHERE indrelid IN (\(relations)) AND NOT (indisvalid AND indisready AND indislive)
            """,
            """
            SELECT 'catalogue: the constraint ' || conname || ' of ' || conrelid::regclass || ' is not validated' FROM pg_constraint
            WHERE conrelid IN (\(relations)) AND NOT convalidated
            """,
            """
            SELECT 'catalogue: the table ' || name || ' has no primary key' FROM unnest($1::text[]) AS name
            WHERE to_regclass(quote_ident(name)) IS NOT NULL AND NOT EXISTS (
                SELECT FROM pg_index WHERE indrelid = to_regclass(quote_ident(name)) AND indisprimary)
            """,
            """
            SELECT 'catalogue: the server found ' || checksum_failures || ' pages of the database with a wrong checksum' FROM pg_stat_database
            WHERE datname = current_database() AND checksum_failures > 0 AND cardinality($1::text[]) > 0
            """,
        ]
        return try queries.flatMap { sql in
            try connection.query(sql, [.textArray(tables)]).map { try $0.text(0) }
        }
    }

    /// `bt_index_check` with the schema it is in; nil where the role cannot call it.
    private static func checkFunction(_ connection: PostgreSQLConnection) throws -> String? {
        try connection.query(
            """
            SELECT quote_ident(n.nspname) || '.bt_index_check'
            FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
                JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = 'bt_index_check' AND p.pronargs = 2
            WHERE e.extname = 'amcheck' AND has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE')
            """
        ).first?.text(0)
    }

    private static func indexFaults(_ connection: PostgreSQLConnection) throws -> [String] {
        guard let function = try checkFunction(connection) else { return [] }
        let indexes = try connection.query(
            """
            SELECT indexrelid::bigint, indexrelid::regclass::text FROM pg_index
            WHERE indrelid IN (\(relations)) AND indisvalid AND indisready ORDER BY 2
            """, [.textArray(tables)]
        ).map { (oid: try $0.int64(0), name: try $0.text(1)) }
        var faults: [String] = []
        for index in indexes {
            do {
                try connection.query("SELECT \(function)($1::bigint::regclass, true)", [.int64(index.oid)])
            } catch let error as PostgreSQLError where error.sqlState?.hasPrefix("XX") == true {
                faults.append("amcheck: the index \(index.name): \(error.message)")
            }
        }
        return faults
    }

    /// What the tables of items must agree on and no constraint says.
    private static func itemFaults(_ connection: PostgreSQLConnection) throws -> [String] {
        let queries = [
            """
            SELECT 'item ' || h.item || ' is said to be at revision ' || h.revision || ', where it has no such version'
            FROM item_heads AS h LEFT JOIN item_versions AS v ON v.revision = h.revision AND v.item = h.item
            WHERE v.item IS NULL OR (v.value IS NOT NULL) <> h.stands
            """,
            """
            SELECT 'item ' || item || ' lacks version ' || coalesce(previous_revision::text, 'none') || ', which version ' || revision
                || ' is said to follow'
            FROM (
                SELECT item, revision, previous_revision, lag(revision) OVER (PARTITION BY item ORDER BY revision) AS found
                FROM item_versions) AS v
            WHERE previous_revision IS DISTINCT FROM found
            """,
            """
            SELECT 'item ' || coalesce(h.item, v.item) || ' has versions above revision ' || coalesce(h.revision, 0) || ', its newest'
            FROM (SELECT item, max(revision) AS revision FROM item_versions GROUP BY item) AS v LEFT JOIN item_heads AS h ON h.item = v.item
            WHERE h.revision IS DISTINCT FROM v.revision
            """,
            """
            SELECT 'item ' || h.item || ' has no address' FROM item_heads AS h LEFT JOIN items AS i ON i.item = h.item
            WHERE i.item IS NULL
            """,
            """
            SELECT 'the address of item ' || i.item || ' has no head' FROM items AS i LEFT JOIN item_heads AS h ON h.item = i.item
            WHERE h.item IS NULL
            """,
        ]
        return try queries.flatMap { sql in
            // A damaged table may have as many faults as rows.
            try connection.query(sql + " LIMIT 100").map { try $0.text(0) }
        }
    }
}
