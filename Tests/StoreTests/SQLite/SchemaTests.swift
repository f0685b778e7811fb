import ConfigPlatformModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Store

/// The schema after all migrations is that of the golden files. `CFG_UPDATE_GOLDEN=1 swift test --filter SchemaTests` writes them anew.
@Suite struct SchemaTests {
    private static let golden = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Golden")

    private func compare(_ schema: String, with name: String) throws {
        let file = Self.golden.appending(path: name)
        if ProcessInfo.processInfo.environment["CFG_UPDATE_GOLDEN"] == "1" {
            try Data(schema.utf8).write(to: file)
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(schema == expected, "\(name) differs; see the head of this file for how to write it anew")
    }

    @Test func `all migrations make the golden schema in SQLite`() async throws {
        try await SQLitePlace.with { place in
            let schema = try await place.withStore { store in
                try await store.pool.read { database in
                    let id = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
                    let statements = try String.fetchAll(
                        database,
                        sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name")
                    return "PRAGMA application_id = \(id);\n\n" + statements.map { $0 + ";\n" }.joined(separator: "\n")
                }
            }
            try compare(schema, with: "schema.sqlite.sql")
        }
    }

    @Test(.enabled(if: PostgreSQLServer.isAvailable, Comment(rawValue: PostgreSQLServer.absence)))
    func `all migrations make the golden schema in PostgreSQL`() throws {
        let server = try PostgreSQLServer.shared
        let database = try #require(server.createDatabase().split(separator: "/").last.map(String.init))
        for migration in Migration.all { try server.execute(migration.postgreSQL, database: database) }
        let schema = try server.execute(Self.postgreSQLSchema, database: database)
        try compare(schema.trimmingCharacters(in: .newlines) + "\n", with: "schema.postgresql.sql")
    }

    /// Columns, constraints, indexes and storage parameters of every table, a line each.
    private static let postgreSQLSchema = """
        SELECT line FROM (
            SELECT c.relname AS name, 0 AS part, 0 AS position,
                'TABLE ' || c.relname || coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '') AS line
            FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
            UNION ALL
            SELECT c.relname, 1, a.attnum,
                '    ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                    || CASE WHEN l.collname IS NULL OR l.collname = 'default' THEN '' ELSE ' COLLATE "' || l.collname || '"' END
                    || CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END
                    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_collation l ON l.oid = a.attcollation
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT c.relname, 2, row_number() OVER (PARTITION BY c.relname ORDER BY n.conname),
                '    ' || n.conname || ': ' || pg_get_constraintdef(n.oid)
            FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid WHERE c.relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT i.tablename, 3, row_number() OVER (PARTITION BY i.tablename ORDER BY i.indexname), '    ' || i.indexdef
            FROM pg_indexes i WHERE i.schemaname = 'public'
        ) AS schema ORDER BY name COLLATE "C", part, position
        """

    @Test func `migrations are numbered from one without gaps, each with a name and both engines' statements`() {
        #expect(Migration.all.map(\.number) == Array(1...Migration.newest))
        #expect(Set(Migration.all.map(\.name)).count == Migration.newest)
        #expect(Migration.all.allSatisfy { !$0.sqlite.isEmpty && !$0.postgreSQL.isEmpty })
    }

    @Test func `what is pending follows what was applied`() throws {
        let applied = Migration.all.map { Migration.Applied(number: $0.number, name: $0.name) }
        #expect(try Migration.pending(after: [], in: "here").map(\.number) == Migration.all.map(\.number))
        #expect(try Migration.pending(after: applied, in: "here").isEmpty)
        #expect(throws: StoreError.self) {
            try Migration.pending(after: [.init(number: 1, name: "another")], in: "here")
        }
        #expect(throws: StoreError.self) {
            try Migration.pending(after: [.init(number: 2, name: "ledger")], in: "here")
        }
    }

    @Test(arguments: [SQLiteStore.Mode.readWrite, .readOnly])
    func `a database that a newer cfg has written is refused`(_ mode: SQLiteStore.Mode) async throws {
        try await SQLitePlace.with { place in
            try await place.withStore { _ in }
            let database = try DatabaseQueue(path: place.files.database)
            try await database.write {
                try $0.execute(
                    sql: "INSERT INTO schema_migrations VALUES (?, 'from-the-future', 0)",
                    arguments: [Migration.newest + 1])
            }
            try database.close()
            let refusal = await place.refusal(mode)
            #expect(refusal.map { Failure($0) } == .cannotOpen)
            #expect(refusal?.message.contains("newer cfg") == true)
            #expect(refusal?.message.contains("from-the-future") == true)
        }
    }
}
