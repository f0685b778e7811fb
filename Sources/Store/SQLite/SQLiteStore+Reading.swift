package import ConfigPlatformModel
import GRDB

extension SQLiteStore {
    package func head() async throws -> Head {
        try await read { try Self.head($0) }
    }

    static func head(_ database: Database) throws -> Head {
        guard let head = try PreparedStatement(.readHead, on: database).first(decode: { try $0.head() }) else {
            throw UnreadableRow("the head row is missing")
        }
        return head
    }

    // MARK: Changes

    package func changes(after revision: Revision, limit: Int) async throws -> [ChangeRecord] {
        try await read { database in try Self.changes(after: revision, limit: limit, on: database) }
    }

    static func changes(after revision: Revision, limit: Int, on database: Database) throws -> [ChangeRecord] {
        let statement = try PreparedStatement(.changesAfter, on: database)
        return try changes(statement, [.integer(revision.number)], limit: limit).elements
    }

    package func changes(matching query: ChangeQuery, limit: Int) async throws -> LedgerPage<ChangeRecord> {
        let search = SQLiteSearch(query)
        return try await read { database in
            try Self.changes(PreparedStatement(search.sql, on: database), search.parameters, limit: limit)
        }
    }

    /// A page of what a statement finds, with the columns of ``SQLiteStatements/changesAfter``.
    private static func changes(
        _ statement: PreparedStatement, _ parameters: [SQLiteValue], limit: Int
    ) throws -> LedgerPage<ChangeRecord> {
        var page = LedgerPage<ChangeRecord>()
        var end = PageEnd(limit: limit)
        var last: Int64?
        try statement.forEach(parameters) { row in
            // A change that matches in several ways comes several times, one after the other.
            guard row.int64(0) != last else { return true }
            last = row.int64(0)
            guard end.admits(bytes: row.changeBytes) else {
                page.hasMore = true
                return false
            }
            page.elements.append(try row.change())
            return true
        }
        return page
    }

    package func revision(at time: Timestamp) async throws -> Revision {
        try await read { database in
            try PreparedStatement(.revisionAt, on: database).first(.integer(time.microseconds)) { try $0.revision(0) }
                ?? .zero
        }
    }

    package func changeCounts(
        of projects: [ProjectName], after revision: Revision, through last: Revision
    ) async throws -> [ProjectName: Int] {
        try await read { database in
            var counts: [ProjectName: Int] = [:]
            for project in projects {
                let count = try PreparedStatement(.changeCount, on: database).first(
                    .text(project.rawValue), .integer(revision.number), .integer(last.number)
                ) { Int($0.int64(0)) }
                if let count, count > 0 { counts[project] = count }
            }
            return counts
        }
    }

    // MARK: Events, credentials, idempotency records

    package func events(matching query: EventQuery, limit: Int) async throws -> [AuditLeaf] {
        guard limit > 0 else { return [] }
        let search = SQLiteSearch(query)
        return try await read { database in
            var leaves: [AuditLeaf] = []
            try PreparedStatement(search.sql, on: database).forEach(search.parameters) { row in
                leaves.append(try row.auditLeaf())
                return leaves.count < limit
            }
            return leaves
        }
    }

    package func credentials(after version: Int64?) async throws -> [Credential] {
        try await read { database in
            guard let version else {
                return try PreparedStatement(SQLiteScans.credentials.rawValue, on: database).all { try $0.credential() }
            }
            return try PreparedStatement(.credentialsAfter, on: database).all(.integer(version)) { try $0.credential() }
        }
    }

    package func credentialUses() async throws -> [String: Timestamp] {
        let uses = try await read { database in
            try PreparedStatement(SQLiteScans.credentialUses.rawValue, on: database).all {
                ($0.text(0), $0.timestamp(1))
            }
        }
        return Dictionary(uses, uniquingKeysWith: max)
    }

    package func idempotencyRecords(liveAt now: Timestamp) async throws -> [IdempotencyRecord] {
        try await read { database in
            try PreparedStatement(.liveIdempotencyRecords, on: database).all(
                .integer(now.microseconds), decode: { try $0.idempotencyRecord() })
        }
    }

    package func leases() async throws -> [Lease] {
        try await read { database in
            try PreparedStatement(SQLiteScans.leases.rawValue, on: database).all { try $0.lease() }
        }
    }

    // MARK: The engine's own checks

    package func engineFaults() async throws -> [String] {
        do {
            return try await read { database in
                var faults = try PreparedStatement("PRAGMA integrity_check", on: database).all { $0.text(0) }
                faults.removeAll { $0 == "ok" }
                let orphans = try PreparedStatement("PRAGMA foreign_key_check", on: database).all { row in
                    "a row of \(row.text(0)) refers to a row of \(row.text(2)) that does not exist"
                }
                let items = try SQLiteItemChecks.allCases.flatMap { check in
                    try PreparedStatement(check.rawValue, on: database).all { $0.text(0) }
                }
                return faults + orphans + items
            }
        } catch StoreError.corrupted(let message) {
            return [message]
        }
    }
}
