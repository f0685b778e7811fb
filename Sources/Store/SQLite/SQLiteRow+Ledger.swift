import ConfigPlatformModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension SQLiteRow {
    func digest(_ column: Int32, of what: @autoclosure () -> String) throws -> Digest {
        guard let digest = Digest(bytes(column)) else { throw UnreadableRow("\(what()) has a digest that is not one") }
        return digest
    }

    func revision(_ column: Int32) throws -> Revision {
        try UnreadableRow.decoding("a revision") { try Revision(int64(column)) }
    }

    func timestamp(_ column: Int32) -> Timestamp { Timestamp(microseconds: int64(column)) }

    func timestampOrNil(_ column: Int32) -> Timestamp? { int64OrNil(column).map { Timestamp(microseconds: $0) } }

    func holds(_ column: Int32, _ expected: [UInt8]) -> Bool {
        withBytes(column) { found in
            found.count == expected.count
                && (expected.isEmpty
                    || expected.withUnsafeBytes { memcmp($0.baseAddress!, found.baseAddress!, $0.count) } == 0)
        }
    }

    /// The columns of ``SQLiteStatements/readHead``.
    func head() throws -> Head {
        try UnreadableRow.decoding("the head") {
            Head(
                platformID: text(0), revision: try revision(1), digest: try digest(2, of: "the head"),
                committedAt: timestamp(3), auditSequence: int64(4), credentialsVersion: int64(5))
        }
    }

    /// The value in one column, seen to have the digest in the next.
    func item(at address: ItemAddress, revision: Revision, value column: Int32) throws -> StoredItem {
        let body = bytes(column)
        guard holds(column + 1, Digest.of(body).bytes) else {
            throw UnreadableRow("\(address) of revision \(revision) does not have its digest")
        }
        return StoredItem(address: address, body: body, revision: revision)
    }

    /// How long the body of a change is, without reading what is in it.
    var changeBytes: Int { byteCount(7) }

    /// The columns of ``SQLiteStatements/changesAfter``: the body, which is the record, and the columns that repeat parts of it.
    func change() throws -> ChangeRecord {
        let number = int64(0)
        let record = try UnreadableRow.decoding("change \(number)") { try ChangeRecord(body: bytes(7)) }
        let agrees =
            record.revision.number == number && holds(1, Array(record.project.rawValue.utf8))
            && holds(2, Array(record.author.rawValue.utf8)) && record.committedAt == timestamp(3)
            && holds(4, Array(record.message.utf8)) && holds(5, record.digest.bytes)
            && holds(6, record.previousDigest.bytes)
        guard agrees else {
            throw UnreadableRow("change \(number) differs between its columns, its body and its digest")
        }
        return record
    }

    /// The columns sequence, body, salt and leaf hash.
    func auditLeaf() throws -> AuditLeaf {
        let sequence = int64(0)
        let event = try UnreadableRow.decoding("audit event \(sequence)") { try AuditEvent(body: bytes(1)) }
        let salt = bytes(2)
        guard event.sequence == sequence, salt.count == AuditLeaf.saltBytes else {
            throw UnreadableRow("audit event \(sequence) differs between its columns and its body")
        }
        let leaf = AuditLeaf(event: event, salt: salt)
        guard holds(3, leaf.leafHash.bytes) else {
            throw UnreadableRow("audit event \(sequence) does not have its leaf hash")
        }
        return leaf
    }

    /// The columns of ``SQLiteScans/credentials``.
    func credential() throws -> Credential {
        let id = text(0)
        guard let purpose = Credential.Purpose(rawValue: text(2)) else {
            throw UnreadableRow("credential \(id) has the unknown purpose '\(text(2))'")
        }
        return try UnreadableRow.decoding("credential \(id)") {
            try Credential(
                id: id, name: try TokenName(parsing: text(1)), purpose: purpose,
                hash: try digest(3, of: "credential \(id)"), createdAt: timestamp(4),
                createdBy: try Principal(parsing: text(5)), expiresAt: timestampOrNil(6), revokedAt: timestampOrNil(7),
                detail: text(8))
        }
    }

    /// The columns of ``SQLiteStatements/readIdempotencyRecord``.
    func idempotencyRecord() throws -> IdempotencyRecord {
        try UnreadableRow.decoding("an idempotency record") {
            IdempotencyRecord(
                principal: try Principal(parsing: text(0)), key: text(1),
                requestDigest: try digest(2, of: "an idempotency record"), revision: try revision(3),
                committed: int64(4) != 0, expiresAt: timestamp(5))
        }
    }

    /// The columns of ``SQLiteStatements/readLease``.
    func lease() throws -> Lease {
        Lease(name: text(0), holder: text(1), number: int64(2), takenAt: timestamp(3), expiresAt: timestamp(4))
    }
}

/// Reads addresses out of rows that come in their order, parsing again only the names that differ from the row before.
///
/// The first four columns are project, environment, kind and key.
struct ItemAddressReader {
    private var project: (bytes: [UInt8], name: ProjectName)?
    private var environment: (bytes: [UInt8], name: EnvironmentName?) = ([], nil)
    private var kind: (bytes: [UInt8], value: Kind)?

    mutating func address(_ row: SQLiteRow) throws -> ItemAddress {
        do {
            return ItemAddress(
                project: try projectName(row), environment: try environmentName(row), kind: try itemKind(row),
                key: row.text(3))
        } catch let error as InvalidIdentifier {
            throw UnreadableRow("an item cannot be read: \(error.message)")
        }
    }

    private mutating func projectName(_ row: SQLiteRow) throws -> ProjectName {
        if let project, row.holds(0, project.bytes) { return project.name }
        let name = try ProjectName(stored: row.text(0))
        project = (Array(name.rawValue.utf8), name)
        return name
    }

    private mutating func environmentName(_ row: SQLiteRow) throws -> EnvironmentName? {
        if row.holds(1, environment.bytes) { return environment.name }
        let text = row.text(1)
        environment = (Array(text.utf8), text.isEmpty ? nil : try EnvironmentName(parsing: text))
        return environment.name
    }

    private mutating func itemKind(_ row: SQLiteRow) throws -> Kind {
        if let kind, row.holds(2, kind.bytes) { return kind.value }
        let text = row.text(2)
        guard let value = Kind(rawValue: text) else { throw UnreadableRow("an item has the unknown kind '\(text)'") }
        kind = (Array(text.utf8), value)
        return value
    }
}
