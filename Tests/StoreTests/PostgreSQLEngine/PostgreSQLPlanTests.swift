import ConfigPlatformModel
import TestSupport
import Testing

@testable import Store

/// The plans of all statements, both of an empty database, where they may be made and kept, and of one with many rows.
@Suite(.needsPostgreSQL) struct PostgreSQLPlanTests {
    /// Read in order of their key, because all or the newest of it is asked for, or a page from a place in it.
    private static let readsWholeIndex: Set<PostgreSQLLedgerStatements> = [
        .standingItems, .pastItems, .credentials, .credentialUses, .leases,
    ]

    @Test(arguments: [false, true])
    func `every statement finds its rows by an index and in order`(_ isSeeded: Bool) async throws {
        let server = try PostgreSQLServer.shared
        let url = try server.createDatabase()
        try await Engine.withStore(url) { store in
            if isSeeded { try await seed(store, url) }
            try await Driver.withThread(url) { thread in
                for statement in PostgreSQLLedgerStatements.allCases where !statement.isCommand {
                    let sql = statement.rawValue
                    let plan = try await thread.run { try Self.plan(of: sql, on: $0) }
                    for scan in plan.scans {
                        #expect(scan.isIndexed, "\(statement) reads \(scan.relation) as \(scan.node)\n\(plan.text)")
                        if !Self.readsWholeIndex.contains(statement) || scan.relation != plan.scans.first?.relation {
                            #expect(scan.hasCondition, "\(statement) reads all of \(scan.relation)\n\(plan.text)")
                        }
                    }
                    if [.standingItems, .standingItemsOfProject, .pastItems, .pastItemsOfProject, .changesAfter]
                        .contains(statement)
                    {
                        #expect(!plan.nodes.contains("Sort"), "\(statement) sorts\n\(plan.text)")
                    }
                    #expect(
                        !plan.nodes.contains { $0.contains("Hash Join") || $0.contains("Merge Join") }, "\(plan.text)")
                }
            }
        }
    }

    @Test(arguments: [
        ChangeQuery(), ChangeQuery(project: "shop"), ChangeQuery(author: "token:ann"),
        ChangeQuery(project: "shop", author: "token:ann"),
        ChangeQuery(project: "shop", environment: "base"),
        ChangeQuery(project: "shop", environment: "base", kind: .setting),
        ChangeQuery(project: "shop", before: 500, after: 5, environment: "base"),
    ])
    func `a page of a search costs a page`(_ query: ChangeQuery) async throws {
        let url = try PostgreSQLServer.shared.createDatabase()
        try await Engine.withStore(url) { store in
            try await seed(store, url)
            let search = PostgreSQLSearch(query, limit: 20)
            try await Driver.withThread(url) { thread in
                let plan = try await thread.run { try Self.plan(of: search.sql, on: $0) }
                #expect(plan.scans.allSatisfy { $0.isIndexed }, "\(plan.text)")
                #expect(
                    !plan.nodes.contains { ["Sort", "HashAggregate", "Hash Join", "Merge Join"].contains($0) },
                    "\(plan.text)")
            }
        }
    }

    private func seed(_ store: PostgreSQLStore, _ url: String) async throws {
        for round in 0..<10 {
            try await store.write { transaction in
                for index in 0..<60 {
                    let environment: EnvironmentName = index % 2 == 0 ? "base" : "live"
                    try transaction.commit(
                        (0..<10).map { .put("key-\(index).\($0)", "\(round)", in: environment) },
                        of: "shop", by: index % 3 == 0 ? "token:ann" : "token:ben")
                    try transaction.record(.sample("key-\(round)-\(index)"))
                }
            }
        }
        try PostgreSQLServer.shared.execute("VACUUM ANALYZE", database: Engine.name(in: url))
    }

    private struct Plan {
        struct Scan {
            let node: String
            let relation: String
            let hasCondition: Bool
            var isIndexed: Bool { node.hasPrefix("Index") }
        }

        let text: String
        var nodes: [String] = []
        /// Of tables, in the order of the plan.
        var scans: [Scan] = []

        init(_ json: JSONValue, text: String) {
            self.text = text
            add(json)
        }

        private mutating func add(_ json: JSONValue) {
            let node = json["Node Type"]?.stringValue ?? ""
            nodes.append(node)
            if let relation = json["Relation Name"]?.stringValue, node.hasSuffix("Scan") {
                scans.append(Scan(node: node, relation: relation, hasCondition: json["Index Cond"] != nil))
            }
            for child in json["Plans"]?.arrayValue ?? [] { add(child) }
        }
    }

    /// The generic plan, which is the one that sessions of the store keep.
    private static func plan(of sql: String, on connection: PostgreSQLConnection) throws -> Plan {
        try PostgreSQLOpening.prepareSession(connection, .readWrite)
        let count = (1...20).last { sql.contains("$\($0)") } ?? 0
        let arguments = count == 0 ? "" : "(" + Array(repeating: "NULL", count: count).joined(separator: ", ") + ")"
        try connection.executeScript("PREPARE planned AS \(sql)")
        defer { try? connection.executeScript("DEALLOCATE planned") }
        let rows = try connection.query("EXPLAIN (FORMAT JSON) EXECUTE planned\(arguments)")
        let text = try rows.map { try $0.text(0) }.joined(separator: "\n")
        let json = try JSONValue(parsing: Array(text.utf8))
        let root = try #require(json.arrayValue?.first?["Plan"])
        return Plan(root, text: text)
    }
}

extension PostgreSQLLedgerStatements {
    /// Has no plan.
    fileprivate var isCommand: Bool {
        switch self {
        case .begin, .beginReading, .commit, .rollBack, .withoutTimeout, .listen: true
        default: false
        }
    }
}
