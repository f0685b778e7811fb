import ConfigPlatformModel
import TestSupport
import Testing

@testable import Store

/// What the engine finds wrong with a database that was tampered with.
@Suite(.needsPostgreSQL) struct PostgreSQLCheckTests {
    @Test(arguments: [
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'changes_by_author'::regclass",
            "changes_by_author is not valid"
        ),
        ("ALTER TABLE items DROP CONSTRAINT items_pkey", "items has no primary key"),
        ("DROP TABLE change_scopes", "change_scopes is missing"),
        (
            "ALTER TABLE changes ADD CONSTRAINT extra CHECK (revision < 9) NOT VALID",
            "the constraint extra of changes is not validated"
        ),
        ("DELETE FROM item_versions WHERE revision = 3", "is said to be at revision 3"),
        ("DELETE FROM item_versions WHERE revision = 2", "lacks version 2"),
        ("UPDATE item_heads SET stands = NOT stands WHERE revision = 3", "is said to be at revision 3"),
        ("UPDATE item_heads SET revision = 1 WHERE revision = 3", "has versions above revision 1"),
        ("DELETE FROM items WHERE key = 'a'", "has no address"),
        ("DELETE FROM item_heads WHERE revision = 3", "has no head"),
    ])
    func `a damaged catalogue or table of items is found`(_ damage: String, _ expected: String) async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try await Engine.withStore(url) { store in
            for value in 1...3 { try await store.commit([.put("a", "\(value)", in: "base")]) }
            #expect(try await store.engineFaults() == [])
            try server.execute(damage, database: Engine.name(in: url))
            let faults = try await store.engineFaults()
            #expect(faults.contains { $0.contains(expected) }, "\(faults)")
        }
    }

    @Test func `an index that lacks an entry is found where the extension amcheck is there`() async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        let name = Engine.name(in: url)
        try await Engine.withStore(url) { store in
            #expect(try await store.engineCheck() == .catalogueOnly)
            try server.execute("CREATE EXTENSION amcheck", database: name)
            #expect(try await store.engineCheck() == .everyIndexEntry)
            try await store.commit([.put("a", "1", in: "base")])
            #expect(try await store.engineFaults() == [])
            // A row that is written while the index is not kept up is missing in it for ever.
            try server.execute(
                """
                UPDATE pg_index SET indisready = false WHERE indexrelid = 'changes_by_author'::regclass;
                INSERT INTO changes SELECT 99, project, author, committed_at, message, digest, previous_digest, body FROM changes;
                UPDATE pg_index SET indisready = true WHERE indexrelid = 'changes_by_author'::regclass
                """, database: name)
            let faults = try await store.engineFaults()
            #expect(faults.contains { $0.hasPrefix("amcheck: the index changes_by_author") }, "\(faults)")
        }
    }

    @Test(arguments: [
        "UPDATE changes SET message = 'other' WHERE revision = 1",
        "UPDATE changes SET digest = sha256('x') WHERE revision = 1",
        "UPDATE changes SET body = convert_to(replace(convert_from(body, 'UTF8'), 'ann', 'eve'), 'UTF8') WHERE revision = 1",
        "UPDATE changes SET body = 'x' WHERE revision = 1",
        "UPDATE audit_events SET salt = sha256('x') WHERE sequence = 1",
        "UPDATE audit_events SET leaf_hash = sha256('x') WHERE sequence = 1",
        "UPDATE item_versions SET value = '{}' WHERE revision = 1",
        "UPDATE items SET kind = 'unknown'",
        "DROP TABLE items",
    ])
    func `a row that was tampered with is not served`(_ damage: String) async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try await Engine.withStore(url) { store in
            try await store.commit([.put("a", "1", in: "base")])
            try server.execute(damage, database: Engine.name(in: url))
            let told = [
                await failure { try await store.changes(after: .zero, limit: 9) },
                await failure { try await store.events(matching: EventQuery(), limit: 9) },
                await failure { try await store.items() },
            ]
            #expect(told.compactMap { $0 } == [.corrupted])
        }
    }
}
