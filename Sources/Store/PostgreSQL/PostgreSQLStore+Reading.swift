package import ConfigPlatformModel

extension PostgreSQLStore {
    package func head() async throws -> Head {
        try await read { connection in
            // One row, by its key: a server that takes longer than this hangs.
            connection.responseTimeout = .seconds(3)
            return try Self.head(connection.query(.readHead))
        }
    }

    static func head(_ result: PostgreSQLResult) throws -> Head {
        guard let row = result.first else { throw UnreadableRow("the head row is missing") }
        return try row.head()
    }

    // MARK: Changes

    package func changes(after revision: Revision, limit: Int) async throws -> [ChangeRecord] {
        try await read { connection in
            try connection.query(.changesAfter, Self.after(revision, limit: limit)).changes(limit: limit).elements
        }
    }

    /// The parameters of ``PostgreSQLLedgerStatements/changesAfter``.
    static func after(_ revision: Revision, limit: Int) -> [PostgreSQLValue] {
        [.int64(revision.number), .int64(Int64(max(0, limit))), .int64(Int64(Limits.pageBytes))]
    }

    package func changes(matching query: ChangeQuery, limit: Int) async throws -> LedgerPage<ChangeRecord> {
        let search = PostgreSQLSearch(query, limit: limit + 1)
        return try await read { connection in
            try connection.query(search.sql, search.values).changes(limit: limit)
        }
    }

    package func revision(at time: Timestamp) async throws -> Revision {
        try await read { connection in
            try connection.query(.revisionAt, [.int64(time.microseconds)]).first.map { try $0.revision(0) } ?? .zero
        }
    }

    package func changeCounts(
        of projects: [ProjectName], after revision: Revision, through last: Revision
    ) async throws -> [ProjectName: Int] {
        let rows = try await read { connection in
            try connection.query(
                .changeCounts,
                [.textArray(projects.map(\.rawValue)), .int64(revision.number), .int64(last.number)]
            ).map { (try ProjectName(stored: $0.text(0)), Int(try $0.int64(1))) }
        }
        return Dictionary(rows.filter { $0.1 > 0 }, uniquingKeysWith: max)
    }

    // MARK: Events, credentials, idempotency records

    package func events(matching query: EventQuery, limit: Int) async throws -> [AuditLeaf] {
        guard limit > 0 else { return [] }
        let search = PostgreSQLSearch(query, limit: limit)
        return try await read { connection in
            try connection.query(search.sql, search.values).map { try $0.auditLeaf() }
        }
    }

    package func credentials(after version: Int64?) async throws -> [Credential] {
        try await read { connection in
            let rows = try version.map { try connection.query(.credentialsAfter, [.int64($0)]) }
            return try (rows ?? connection.query(.credentials)).map { try $0.credential() }
        }
    }

    package func credentialUses() async throws -> [String: Timestamp] {
        let uses = try await read { connection in
            try connection.query(.credentialUses).map { (try $0.text(0), try $0.timestamp(1)) }
        }
        return Dictionary(uses, uniquingKeysWith: max)
    }

    package func leases() async throws -> [Lease] {
        try await read { connection in try connection.query(.leases).map { try $0.lease() } }
    }

    package func idempotencyRecords(liveAt now: Timestamp) async throws -> [IdempotencyRecord] {
        try await read { connection in
            try connection.query(.liveIdempotencyRecords, [.int64(now.microseconds)]).map { try $0.idempotencyRecord() }
        }
    }
}
