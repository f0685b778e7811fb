import ConfigPlatformModel
import Testing

@testable import Store

@Suite struct SQLitePlanTests {
    private func plan(_ sql: String, _ store: SQLiteStore) async throws -> [String] {
        try await store.read { try PreparedStatement("EXPLAIN QUERY PLAN " + sql, on: $0).all { $0.text(3) } }
    }

    /// A statement costs what it returns or alters, whatever the size of the tables, where SQLite seeks in each of them.
    @Test(arguments: SQLiteStatements.allCases)
    func `every statement of fixed text finds its rows by an index`(_ statement: SQLiteStatements) async throws {
        try await SQLitePlace.with { place in
            try await place.withStore { store in
                let steps = try await plan(statement.rawValue, store)
                // The row that the search for a time has come to, not a table.
                let scans = steps.filter { $0.hasPrefix("SCAN") }
                #expect(Set(scans).isSubset(of: statement == .revisionAt ? ["SCAN s", "SCAN search"] : []), "\(steps)")
                // Sorting what was found is for nobody but the few rows that say what ended with an environment or a project.
                let mayCollect = [SQLiteStatements.insertScopesOfEnvironment, .insertScopesOfProject].contains(
                    statement)
                #expect(mayCollect || steps.allSatisfy { !$0.contains("TEMP B-TREE") }, "\(steps)")
            }
        }
    }

    @Test(arguments: SQLiteScans.allCases)
    func `what reads a whole table reads it in the order asked for`(_ scan: SQLiteScans) async throws {
        try await SQLitePlace.with { place in
            try await place.withStore { store in
                let steps = try await plan(scan.rawValue, store)
                #expect(steps.allSatisfy { !$0.contains("TEMP B-TREE") }, "\(steps)")
                #expect(steps.dropFirst().allSatisfy { !$0.hasPrefix("SCAN") }, "\(steps)")
            }
        }
    }

    @Test(arguments: [
        ChangeQuery(), ChangeQuery(before: 9, after: 1), ChangeQuery(project: "shop"),
        ChangeQuery(project: "shop", before: 9),
        ChangeQuery(author: "token:ann"), ChangeQuery(project: "shop", author: "token:ann"),
        ChangeQuery(project: "shop", environment: "base"), ChangeQuery(project: "shop", before: 9, environment: "base"),
        ChangeQuery(project: "shop", author: "token:ann", environment: "base", kind: .setting),
        ChangeQuery(project: "shop", environment: "base", kind: .setting, key: "a"),
        ChangeQuery(project: "shop", key: "a"),
    ])
    func `a page of the usual searches for changes costs a page`(_ query: ChangeQuery) async throws {
        try await SQLitePlace.with { place in
            try await place.withStore { store in
                let steps = try await plan(SQLiteSearch(query).sql, store)
                // Read newest first until the page is full, or followed back from the item.
                let reads = steps.filter { $0.hasPrefix("SCAN") && $0 != "SCAN s" && $0 != "SCAN c" }
                #expect(reads.isEmpty, "\(steps)")
                #expect(steps.allSatisfy { !$0.contains("TEMP B-TREE") }, "\(steps)")
            }
        }
    }
}
