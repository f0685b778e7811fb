import ConfigPlatformModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension PostgreSQLRow {
    func digest(_ column: Int, of what: @autoclosure () -> String) throws -> Digest {
        guard let digest = Digest(try bytes(column)) else {
            throw UnreadableRow("\(what()) has a digest that is not one")
        }
        return digest
    }

    func revision(_ column: Int) throws -> Revision {
        let number = try int64(column)
        return try UnreadableRow.decoding("a revision") { try Revision(number) }
    }

    func timestamp(_ column: Int) throws -> Timestamp { Timestamp(microseconds: try int64(column)) }

    func timestampOrNil(_ column: Int) throws -> Timestamp? {
        try optionalInt64(column).map { Timestamp(microseconds: $0) }
    }

    /// Whether the column, a text or bytes, holds exactly these bytes.
    func holds(_ column: Int, _ expected: [UInt8]) throws -> Bool {
        try withOptionalBytes(column) { found in
            found.count == expected.count
                && (expected.isEmpty
                    || expected.withUnsafeBytes { memcmp($0.baseAddress!, found.baseAddress!, $0.count) } == 0)
        } ?? false
    }

    /// The columns of ``PostgreSQLLedgerStatements/readHead``.
    func head() throws -> Head {
        Head(
            platformID: try text(0), revision: try revision(1), digest: try digest(2, of: "the head"),
            committedAt: try timestamp(3), auditSequence: try int64(4), credentialsVersion: try int64(5))
    }

    /// The value in one column, seen to have the digest in the next.
    func item(at address: ItemAddress, revision: Revision, value column: Int) throws -> StoredItem {
        guard let body = try optionalBytes(column), try holds(column + 1, Digest.of(body).bytes) else {
            throw UnreadableRow("\(address) of revision \(revision) does not have its digest")
        }
        return StoredItem(address: address, body: body, revision: revision)
    }

    /// The columns of ``PostgreSQLLedgerStatements/changesAfter``: the body, which is the record, and the columns that repeat parts of it.
    func change() throws -> ChangeRecord {
        let number = try int64(0)
        let body = try bytes(7)
        let record = try UnreadableRow.decoding("change \(number)") { try ChangeRecord(body: body) }
        let agrees =
            try record.revision.number == number && holds(1, Array(record.project.rawValue.utf8))
            && holds(2, Array(record.author.rawValue.utf8)) && record.committedAt == timestamp(3)
            && holds(4, Array(PostgreSQLText.storable(record.message).utf8)) && holds(5, record.digest.bytes)
            && holds(6, record.previousDigest.bytes)
        guard agrees else {
            throw UnreadableRow("change \(number) differs between its columns, its body and its digest")
        }
        return record
    }

    /// The columns sequence, body, salt and leaf hash.
    func auditLeaf() throws -> AuditLeaf {
        let sequence = try int64(0)
        let body = try bytes(1)
        let event = try UnreadableRow.decoding("audit event \(sequence)") { try AuditEvent(body: body) }
        let salt = try bytes(2)
        guard event.sequence == sequence, salt.count == AuditLeaf.saltBytes else {
            throw UnreadableRow("audit event \(sequence) differs between its columns and its body")
        }
        let leaf = AuditLeaf(event: event, salt: salt)
        guard try holds(3, leaf.leafHash.bytes) else {
            throw UnreadableRow("audit event \(sequence) does not have its leaf hash")
        }
        return leaf
    }

    /// The columns of ``PostgreSQLLedgerStatements/credentials``.
    func credential() throws -> Credential {
        let id = try text(0)
        let (name, purposeName, createdBy) = (try text(1), try text(2), try text(5))
        guard let purpose = Credential.Purpose(rawValue: purposeName) else {
            throw UnreadableRow("credential \(id) has the unknown purpose '\(purposeName)'")
        }
        let hash = try digest(3, of: "credential \(id)")
        let detail = try text(8)
        let (createdAt, expiresAt, revokedAt) = (try timestamp(4), try timestampOrNil(6), try timestampOrNil(7))
        return try UnreadableRow.decoding("credential \(id)") {
            try Credential(
                id: id, name: TokenName(parsing: name), purpose: purpose, hash: hash, createdAt: createdAt,
                createdBy: Principal(parsing: createdBy), expiresAt: expiresAt, revokedAt: revokedAt, detail: detail)
        }
    }

    /// The columns of ``PostgreSQLLedgerStatements/readIdempotencyRecord``.
    func idempotencyRecord() throws -> IdempotencyRecord {
        let principal = try text(0)
        return IdempotencyRecord(
            principal: try UnreadableRow.decoding("an idempotency record") { try Principal(parsing: principal) },
            key: try text(1), requestDigest: try digest(2, of: "an idempotency record"), revision: try revision(3),
            committed: try bool(4), expiresAt: try timestamp(5))
    }

    /// The columns of ``PostgreSQLLedgerStatements/readLease``.
    func lease() throws -> Lease {
        Lease(
            name: try text(0), holder: try text(1), number: try int64(2), takenAt: try timestamp(3),
            expiresAt: try timestamp(4))
    }
}

/// Reads addresses out of rows that come in their order, parsing again only the names that differ from the row before.
///
/// The first four columns are project, environment, kind and key.
struct PostgreSQLAddressReader {
    private var project: (bytes: [UInt8], name: ProjectName)?
    private var environment: (bytes: [UInt8], name: EnvironmentName?) = ([], nil)
    private var kind: (bytes: [UInt8], value: Kind)?

    mutating func address(_ row: PostgreSQLRow) throws -> ItemAddress {
        do {
            return ItemAddress(
                project: try projectName(row), environment: try environmentName(row), kind: try itemKind(row),
                key: try row.text(3))
        } catch let error as InvalidIdentifier {
            throw UnreadableRow("an item cannot be read: \(error.message)")
        }
    }

    private mutating func projectName(_ row: PostgreSQLRow) throws -> ProjectName {
        if let project, try row.holds(0, project.bytes) { return project.name }
        let name = try ProjectName(stored: row.text(0))
        project = (Array(name.rawValue.utf8), name)
        return name
    }

    private mutating func environmentName(_ row: PostgreSQLRow) throws -> EnvironmentName? {
        if try row.holds(1, environment.bytes) { return environment.name }
        let text = try row.text(1)
        environment = (Array(text.utf8), text.isEmpty ? nil : try EnvironmentName(parsing: text))
        return environment.name
    }

    private mutating func itemKind(_ row: PostgreSQLRow) throws -> Kind {
        if let kind, try row.holds(2, kind.bytes) { return kind.value }
        let text = try row.text(2)
        guard let value = Kind(rawValue: text) else { throw UnreadableRow("an item has the unknown kind '\(text)'") }
        kind = (Array(text.utf8), value)
        return value
    }
}

extension PostgreSQLResult {
    /// A page of changes, with the columns of ``PostgreSQLLedgerStatements/changesAfter``.
    func changes(limit: Int) throws -> LedgerPage<ChangeRecord> {
        var page = LedgerPage<ChangeRecord>()
        for row in self {
            guard page.elements.count < limit, !row.isNull(7) else {
                page.hasMore = true
                break
            }
            page.elements.append(try row.change())
        }
        return page
    }
}
