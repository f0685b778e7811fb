import ConfigPlatformModel
import GRDB

/// One transaction of the writer. Lives on the writer's queue, inside the closure that it is given to.
final class SQLiteTransaction: StoreTransaction {
    private(set) var head: Head
    private let database: Database
    private let path: String
    private let known: KnownItems<StandingItem>
    private let headBefore: Head
    private var isOpen = true
    /// The first failure after which rows of something unfinished may stand in the transaction; it must not be committed.
    private var failure: (any Error)?

    private lazy var insertChange = Result { try PreparedStatement(.insertChange, on: database) }
    private lazy var insertScope = Result { try PreparedStatement(.insertScope, on: database) }
    private lazy var findItem = Result { try PreparedStatement(.findItem, on: database) }
    private lazy var insertItemHead = Result { try PreparedStatement(.insertItemHead, on: database) }
    private lazy var insertItem = Result { try PreparedStatement(.insertItem, on: database) }
    private lazy var moveItemHead = Result { try PreparedStatement(.moveItemHead, on: database) }
    private lazy var insertVersion = Result { try PreparedStatement(.insertVersion, on: database) }
    private lazy var insertEvent = Result { try PreparedStatement(.insertEvent, on: database) }
    private lazy var putIdempotencyRecord = Result { try PreparedStatement(.putIdempotencyRecord, on: database) }

    init(on database: Database, path: String, known: KnownItems<StandingItem>) throws {
        self.database = database
        self.path = path
        self.known = known
        guard let head = try PreparedStatement(.readHead, on: database).first(decode: { try $0.head() }) else {
            throw UnreadableRow("the head row is missing")
        }
        self.head = head
        headBefore = head
    }

    /// Writes what is written once a transaction. Nothing may be appended after it.
    func finish() throws {
        isOpen = false
        if let failure { throw failure }
        guard head != headBefore else { return }
        try PreparedStatement(.writeHead, on: database).run(
            .text(head.platformID), .integer(head.revision.number), .bytes(head.digest.bytes),
            .integer(head.committedAt.microseconds), .integer(head.auditSequence), .integer(head.credentialsVersion))
    }

    func end() { isOpen = false }

    func adopt(platformID: String) throws {
        try checkOpen()
        guard head.revision == .zero, head.auditSequence == 0, head.credentialsVersion == 0 else {
            throw StoreError.conflict(
                "The database at \(path) is not empty: it holds the platform \(head.platformID). Name an empty directory."
            )
        }
        head.platformID = platformID
    }

    // MARK: Changes

    func changes(after revision: Revision, limit: Int) throws -> [ChangeRecord] {
        try checkOpen()
        return try reading { try SQLiteStore.changes(after: revision, limit: limit, on: database) }
    }

    func append(_ change: ChangeRecord) throws {
        try checkOpen()
        try head.requireNext(change)
        try whole {
            try insertChange.get().run(
                .integer(change.revision.number), .text(change.project.rawValue), .text(change.author.rawValue),
                .integer(change.committedAt.microseconds), .text(change.message), .bytes(change.digest.bytes),
                .bytes(change.previousDigest.bytes), .bytes(change.body))
            try write(change.effects, of: change)
        }
        head.revision = change.revision
        head.digest = change.digest
        head.committedAt = change.committedAt
    }

    /// Appends the versions that the effects make, in their order; what ends with its environment or project comes last.
    private func write(_ effects: [Effect], of change: ChangeRecord) throws {
        let revision = SQLiteValue.integer(change.revision.number)
        let project = SQLiteValue.text(change.project.rawValue)
        var scopes: Set<Scope> = []
        var last: Scope?
        for effect in effects {
            try write(effect, of: change)
            let scope = Scope(effect.address)
            guard scope != last, scopes.insert(scope).inserted else { continue }
            last = scope
            try insertScope.get().run(project, .text(scope.environment), revision, .text(scope.kind.rawValue))
        }
        for effect in effects where effect.body == nil {
            switch effect.address.kind {
            case .environment:
                known.forget()
                for sql in [
                    SQLiteStatements.insertScopesOfEnvironment, .endVersionsOfEnvironment, .endHeadsOfEnvironment,
                ] {
                    try PreparedStatement(sql, on: database).run(revision, project, .text(effect.address.key))
                }
            case .project:
                known.forget()
                for sql in [SQLiteStatements.insertScopesOfProject, .endVersionsOfProject, .endHeadsOfProject] {
                    try PreparedStatement(sql, on: database).run(revision, project)
                }
            default: break
            }
        }
    }

    private func write(_ effect: Effect, of change: ChangeRecord) throws {
        let revision = SQLiteValue.integer(change.revision.number)
        let standing = try item(at: effect.address)
        guard let body = effect.body else {
            guard let standing, standing.stands else {
                throw StoreError.conflict(
                    "Change \(change.revision) ends \(effect.address), which does not stand. Nothing was written.")
            }
            try moveItemHead.get().run([revision, .integer(0), standing.number])
            try insertVersion.get().run([revision, standing.number, standing.revision, .null, .null])
            standing.note(revision, stands: false)
            return
        }
        let item: StandingItem
        if let standing {
            item = standing
            try moveItemHead.get().run([revision, .integer(1), item.number])
        } else {
            try insertItemHead.get().run([revision])
            item = StandingItem(number: .integer(database.lastInsertedRowID), revision: .null, stands: false)
            try insertItem.get().run(effect.address.columns + [item.number])
            known.add(item, at: effect.address)
        }
        try insertVersion.get().run([
            revision, item.number, item.revision, .bytes(body), .bytes(Digest.of(body).bytes),
        ])
        item.note(revision, stands: true)
    }

    private func item(at address: ItemAddress) throws -> StandingItem? {
        if let item = known[address] { return item }
        let item = try findItem.get().first(address.columns) { row in
            StandingItem(number: .integer(row.int64(0)), revision: .integer(row.int64(1)), stands: row.int64(2) != 0)
        }
        if let item { known.add(item, at: address) }
        return item
    }

    private struct Scope: Hashable {
        let environment: String
        let kind: Kind

        init(_ address: ItemAddress) {
            environment = address.environment?.rawValue ?? ""
            kind = address.kind
        }
    }

    // MARK: Audit events

    func append(_ leaf: AuditLeaf) throws {
        try checkOpen()
        let event = leaf.event
        try head.requireNext(event)
        try whole {
            try insertEvent.get().run(
                .integer(event.sequence), .integer(event.occurredAt.microseconds), .text(event.actor.rawValue),
                .text(event.action.rawValue), .text(event.target), .text(event.outcome.rawValue),
                .integer(event.revision?.number), .bytes(event.body), .bytes(leaf.salt), .bytes(leaf.leafHash.bytes))
        }
        head.auditSequence = event.sequence
    }

    // MARK: Idempotency records and credentials

    func idempotencyRecord(of principal: Principal, key: String) throws -> IdempotencyRecord? {
        try checkOpen()
        return try reading {
            try PreparedStatement(.readIdempotencyRecord, on: database).first(
                .text(principal.rawValue), .text(key), decode: { try $0.idempotencyRecord() })
        }
    }

    func record(_ record: IdempotencyRecord) throws {
        try checkOpen()
        // The record's own time of recording: what had ended by then may be replaced.
        let recordedAt = record.expiresAt.adding(seconds: -Limits.idempotencySeconds)
        let written = try whole {
            try putIdempotencyRecord.get().run(
                .text(record.principal.rawValue), .text(record.key), .bytes(record.requestDigest.bytes),
                .integer(record.revision.number), .integer(record.committed ? 1 : 0),
                .integer(record.expiresAt.microseconds), .integer(recordedAt.microseconds))
        }
        guard written == 1 else {
            throw StoreError.conflict(
                "\(record.principal.rawValue) has an answer under the idempotency key '\(record.key)' that still lives."
            )
        }
    }

    func dropIdempotencyRecords(expiredAt now: Timestamp) throws {
        try checkOpen()
        try whole { try PreparedStatement(.dropIdempotencyRecords, on: database).run(.integer(now.microseconds)) }
    }

    func insert(_ credential: Credential) throws {
        try checkOpen()
        try whole {
            try PreparedStatement(.insertCredential, on: database).run(
                .text(credential.id), .text(credential.name.rawValue), .text(credential.purpose.rawValue),
                .bytes(credential.hash.bytes), .integer(credential.createdAt.microseconds),
                .text(credential.createdBy.rawValue), .integer(credential.expiresAt?.microseconds),
                .integer(credential.revokedAt?.microseconds), .text(credential.detail),
                .integer(head.credentialsVersion + 1))
        }
        head.credentialsVersion += 1
    }

    func revokeCredential(id: String, at time: Timestamp) throws {
        try checkOpen()
        let revoked = try whole {
            try PreparedStatement(.revokeCredential, on: database).run(
                .integer(time.microseconds), .integer(head.credentialsVersion + 1), .text(id))
        }
        guard revoked == 1 else { throw StoreError.conflict("There is no credential '\(id)'.") }
        head.credentialsVersion += 1
    }

    func dropSessions(ids: [String]) throws {
        try checkOpen()
        try whole {
            for id in ids {
                try PreparedStatement(.dropSession, on: database).run(.text(id))
                try PreparedStatement(.dropUse, on: database).run(.text(id))
            }
        }
    }

    func recordUses(_ uses: [String: Timestamp]) throws {
        try checkOpen()
        try whole {
            for (id, time) in uses {
                try PreparedStatement(.recordUse, on: database).run(.text(id), .integer(time.microseconds))
            }
        }
    }

    func addFlagUsage(_ rows: [FlagUsageRow]) throws {
        try checkOpen()
        try whole {
            for row in rows {
                try PreparedStatement(.addFlagUsage, on: database).run(
                    .text(row.key.project.rawValue), .text(row.key.flag), .text(row.key.environment.rawValue),
                    .integer(row.key.hour), .text(row.key.client), .text(row.key.variant), .text(row.key.reason),
                    .integer(row.count), .integer(row.lastAt.microseconds))
            }
        }
    }

    func dropFlagUsage(before hour: Int64) throws {
        try checkOpen()
        try whole { try PreparedStatement(.dropFlagUsage, on: database).run(.integer(hour)) }
    }

    func addAssignments(_ rows: [AssignmentRow], onlyKnown: Bool) throws {
        try checkOpen()
        try whole {
            for row in rows {
                let key: [SQLiteValue] = [
                    .text(row.place.project.rawValue), .text(row.place.flag), .text(row.place.environment.rawValue),
                    .text(row.place.experiment), .text(row.version), .text(row.unit), .text(row.variant),
                ]
                let seen: [SQLiteValue] = [
                    .integer(row.firstAt.microseconds), .integer(row.lastAt.microseconds),
                    .integer(AssignmentRow.day(of: row.lastAt)), .integer(row.exposures),
                ]
                if onlyKnown {
                    try PreparedStatement(.addToKnownAssignment, on: database).run(key + seen)
                } else {
                    try PreparedStatement(.addAssignment, on: database).run(
                        key + seen + [.text(row.attributes), .text(row.client)])
                }
            }
        }
    }

    func dropAssignments(before day: Int64) throws {
        try checkOpen()
        try whole { try PreparedStatement(.dropAssignments, on: database).run(.integer(day)) }
    }

    // MARK: Leases

    func lease(named name: String) throws -> Lease? {
        try checkOpen()
        return try reading {
            try PreparedStatement(.readLease, on: database).first(.text(name), decode: { try $0.lease() })
        }
    }

    func put(_ lease: Lease) throws {
        try checkOpen()
        let written = try whole {
            try PreparedStatement(.putLease, on: database).run(
                .text(lease.name), .text(lease.holder), .integer(lease.number), .integer(lease.takenAt.microseconds),
                .integer(lease.expiresAt.microseconds))
        }
        guard written == 1 else { throw StoreError.takenOver(lease) }
    }

    // MARK: Keeping it whole

    private func checkOpen() throws {
        guard isOpen else { throw StoreError.fault("A store's transaction was used after its end.") }
    }

    private func reading<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw StoreError.translating(error, .reading, path: path)
        }
    }

    /// Runs a write of which a part may stand when it throws: then nothing of the transaction may be committed, whatever its user does.
    @discardableResult
    private func whole<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            let error = StoreError.translating(error, .writing, path: path)
            if failure == nil { failure = error }
            throw error
        }
    }
}
