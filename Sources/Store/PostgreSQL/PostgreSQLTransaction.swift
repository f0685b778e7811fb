import ConfigPlatformModel

/// One transaction of the writer. Lives on the writer's thread, inside the closure that it is given to.
///
/// Rows that are appended are sent in batches without waiting for the answers; an answer that refuses them is met at the next read or at
/// the end, before anything is committed.
final class PostgreSQLTransaction: StoreTransaction {
    private(set) var head: Head
    private let pipeline: PostgreSQLPipeline
    private let failures: PostgreSQLFailure
    private let known: KnownItems<Int64>
    private let headBefore: Head
    private var batch = PostgreSQLBatch()
    /// Sent since the last answer was waited for, each with what its refusal means.
    private var awaited: [StoreError?] = []
    private var hasWritten = false
    private var isOpen = true
    /// The first failure after which rows of something unfinished may stand in the transaction; it must not be committed.
    private var failure: (any Error)?

    /// Begins a transaction and locks the head, in one round trip.
    init(on pipeline: PostgreSQLPipeline, _ failures: PostgreSQLFailure, _ known: KnownItems<Int64>) throws {
        self.pipeline = pipeline
        self.failures = failures
        self.known = known
        try pipeline.enqueue(.begin)
        try pipeline.enqueue(.lockHead)
        guard let row = try pipeline.sync().last?.first else { throw UnreadableRow("the head row is missing") }
        head = try row.head()
        headBefore = head
    }

    // MARK: The end

    /// Commits what was appended, in one round trip; nothing may be appended after it. Returns whether there was anything to commit.
    func commit() throws -> Bool {
        isOpen = false
        if let failure { throw failure }
        try flush()
        guard hasWritten || head != headBefore else {
            try send(.rollBack)
            try receive()
            return false
        }
        if head != headBefore {
            try send(
                .writeHead,
                [
                    .text(head.platformID), .int64(head.revision.number), .bytes(head.digest.bytes),
                    .int64(head.committedAt.microseconds), .int64(head.auditSequence), .int64(head.credentialsVersion),
                ])
            try send(.notify, [.text(HeadNotice(head).text)])
        }
        try send(.commit)
        try receive()
        return true
    }

    /// Waits for the answers to what was sent, whatever they are, so that the session can be used for the roll-back.
    func abandon() {
        isOpen = false
        if !awaited.isEmpty { _ = try? pipeline.sync() }
    }

    // MARK: Sending

    /// Sends what waits in the batch. `refusal` is what a violated constraint means.
    private func flush() throws {
        let batch = batch
        self.batch = PostgreSQLBatch()
        if !batch.changes.revisions.isEmpty { try send(.insertChanges, batch.changes.values) }
        if !batch.items.isEmpty {
            let numbers = try numbers(of: batch.items.met)
            try send(.insertVersions, batch.items.values(numbers), refusal: batch.items.refusal)
        }
        if !batch.scopes.revisions.isEmpty { try send(.insertScopes, batch.scopes.values) }
        if !batch.events.sequences.isEmpty { try send(.insertEvents, batch.events.values) }
        if !batch.records.keys.isEmpty {
            try send(.dropReplacedIdempotencyRecords, batch.records.replacedValues)
            try send(.insertIdempotencyRecords, batch.records.values, refusal: batch.records.refusal)
        }
    }

    /// The numbers of items, which those that begin here are given; zero for what was never there, and cannot end, as the table says.
    private func numbers(of items: [PostgreSQLBatch.Items.Met]) throws -> [Int64] {
        var numbers = items.map { known[$0.address] ?? 0 }
        let unknown = items.indices.filter { numbers[$0] == 0 }
        guard !unknown.isEmpty else { return numbers }
        let begun = unknown.map { items[$0] }.filter { !$0.ends }
        if !begun.isEmpty {
            try send(.insertItems, begun.addressValues + [.int64Array(begun.map(\.revision.number))])
        }
        try send(.findItems, unknown.map { items[$0] }.addressValues)
        guard let rows = try receive().last, rows.count == unknown.count else {
            throw UnreadableRow("the numbers of items that were asked for did not come")
        }
        for (row, place) in zip(rows, unknown) {
            guard let number = try row.optionalInt64(0) else { continue }
            numbers[place] = number
            known.add(number, at: items[place].address)
        }
        return numbers
    }

    private func flushIfLarge() throws {
        if batch.byteCount >= PostgreSQLBatch.bytesMax { try flush() }
    }

    private func send(
        _ statement: PostgreSQLLedgerStatements, _ values: [PostgreSQLValue] = [], refusal: StoreError? = nil
    ) throws {
        try pipeline.enqueue(statement, values)
        awaited.append(refusal)
        if statement.alters { hasWritten = true }
    }

    @discardableResult
    private func receive() throws -> [PostgreSQLResult] {
        let awaited = awaited
        self.awaited.removeAll(keepingCapacity: true)
        do {
            return try pipeline.sync()
        } catch let error as PostgreSQLError {
            if error.isConstraintViolation, let index = error.commandIndex, awaited.indices.contains(index),
                let refusal = awaited[index]
            {
                throw refusal
            }
            throw error
        }
    }

    // MARK: Changes

    func changes(after revision: Revision, limit: Int) throws -> [ChangeRecord] {
        try checkOpen()
        return try whole {
            try flush()
            try send(.changesAfter, PostgreSQLStore.after(revision, limit: limit))
            return try receive().last?.changes(limit: limit).elements ?? []
        }
    }

    func append(_ change: ChangeRecord) throws {
        try checkOpen()
        try head.requireNext(change)
        try whole {
            batch.append(change)
            try append(change.effects, of: change)
            try flushIfLarge()
        }
        head.revision = change.revision
        head.digest = change.digest
        head.committedAt = change.committedAt
    }

    /// Appends the versions that the effects make, in their order; what ends with its environment or project comes last.
    private func append(_ effects: [Effect], of change: ChangeRecord) throws {
        let project = change.project.rawValue
        var scopes: Set<Scope> = []
        for effect in effects {
            try batch.append(effect, of: change.revision)
            let scope = Scope(effect.address)
            if scopes.insert(scope).inserted {
                batch.appendScope(
                    project: project, environment: scope.environment, kind: scope.kind, revision: change.revision)
            }
            try flushIfLarge()
        }
        for effect in effects where effect.body == nil {
            switch effect.address.kind {
            case .environment:
                try flush()
                for statement in [PostgreSQLLedgerStatements.insertScopesOfEnvironment, .endItemsOfEnvironment] {
                    try send(statement, [.int64(change.revision.number), .text(project), .text(effect.address.key)])
                }
            case .project:
                try flush()
                for statement in [PostgreSQLLedgerStatements.insertScopesOfProject, .endItemsOfProject] {
                    try send(statement, [.int64(change.revision.number), .text(project)])
                }
            default: break
            }
        }
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
        try head.requireNext(leaf.event)
        try whole {
            batch.append(leaf)
            try flushIfLarge()
        }
        head.auditSequence = leaf.event.sequence
    }

    // MARK: Idempotency records, credentials and the platform's identity

    func idempotencyRecord(of principal: Principal, key: String) throws -> IdempotencyRecord? {
        try checkOpen()
        return try whole {
            try flush()
            try send(.readIdempotencyRecord, [.text(principal.rawValue), .text(key)])
            return try receive().last?.first.map { try $0.idempotencyRecord() }
        }
    }

    func record(_ record: IdempotencyRecord) throws {
        try checkOpen()
        try whole {
            // Two of one key in one statement would collide whatever their times.
            if batch.holdsRecord(of: record.principal, key: record.key) { try flush() }
            // The record's own time of recording: what had ended by then may be replaced.
            batch.append(record, recordedAt: record.expiresAt.adding(seconds: -Limits.idempotencySeconds))
            try flushIfLarge()
        }
    }

    func dropIdempotencyRecords(expiredAt now: Timestamp) throws {
        try checkOpen()
        try whole {
            try flush()
            try send(.dropIdempotencyRecords, [.int64(now.microseconds)])
        }
    }

    func insert(_ credential: Credential) throws {
        try checkOpen()
        try whole {
            try send(
                .insertCredential,
                [
                    .text(credential.id), .text(credential.name.rawValue), .text(credential.purpose.rawValue),
                    .bytes(credential.hash.bytes), .int64(credential.createdAt.microseconds),
                    .text(credential.createdBy.rawValue), .int64(credential.expiresAt?.microseconds),
                    .int64(credential.revokedAt?.microseconds), .text(credential.detail),
                    .int64(head.credentialsVersion + 1),
                ])
        }
        head.credentialsVersion += 1
    }

    func revokeCredential(id: String, at time: Timestamp) throws {
        try checkOpen()
        let revoked = try whole {
            try flush()
            try send(
                .revokeCredential, [.int64(time.microseconds), .int64(head.credentialsVersion + 1), .text(id)])
            return try receive().last?.affectedRows
        }
        guard revoked == 1 else { throw StoreError.conflict("There is no credential '\(id)'.") }
        head.credentialsVersion += 1
    }

    func dropSessions(ids: [String]) throws {
        try checkOpen()
        try whole {
            for id in ids {
                try send(.dropSession, [.text(id)])
                try send(.dropUse, [.text(id)])
            }
        }
    }

    func recordUses(_ uses: [String: Timestamp]) throws {
        try checkOpen()
        try whole {
            for (id, time) in uses { try send(.recordUse, [.text(id), .int64(time.microseconds)]) }
        }
    }

    func addFlagUsage(_ rows: [FlagUsageRow]) throws {
        try checkOpen()
        try whole {
            for row in rows {
                try send(
                    .addFlagUsage,
                    [
                        .text(row.key.project.rawValue), .text(PostgreSQLText.storable(row.key.flag)),
                        .text(row.key.environment.rawValue), .int64(row.key.hour),
                        .text(PostgreSQLText.storable(row.key.client)), .text(PostgreSQLText.storable(row.key.variant)),
                        .text(row.key.reason), .int64(row.count), .int64(row.lastAt.microseconds),
                    ])
            }
        }
    }

    func dropFlagUsage(before hour: Int64) throws {
        try checkOpen()
        try whole { try send(.dropFlagUsage, [.int64(hour)]) }
    }

    func addAssignments(_ rows: [AssignmentRow], onlyKnown: Bool) throws {
        try checkOpen()
        try whole {
            for row in rows {
                let key =
                    row.place.values + [
                        .text(row.version), .text(PostgreSQLText.storable(row.unit)),
                        .text(PostgreSQLText.storable(row.variant)),
                    ]
                let seen: [PostgreSQLValue] = [
                    .int64(row.firstAt.microseconds), .int64(row.lastAt.microseconds),
                    .int64(AssignmentRow.day(of: row.lastAt)), .int64(row.exposures),
                ]
                if onlyKnown {
                    try send(.addToKnownAssignment, key + seen)
                } else {
                    try send(
                        .addAssignment,
                        key + seen + [.text(row.attributes), .text(PostgreSQLText.storable(row.client))])
                }
            }
        }
    }

    func dropAssignments(before day: Int64) throws {
        try checkOpen()
        try whole { try send(.dropAssignments, [.int64(day)]) }
    }

    func lease(named name: String) throws -> Lease? {
        try checkOpen()
        return try whole {
            try flush()
            try send(.readLease, [.text(name)])
            return try receive().last?.first.map { try $0.lease() }
        }
    }

    func put(_ lease: Lease) throws {
        try checkOpen()
        let written = try whole {
            try flush()
            try send(
                .putLease,
                [
                    .text(lease.name), .text(lease.holder), .int64(lease.number), .int64(lease.takenAt.microseconds),
                    .int64(lease.expiresAt.microseconds),
                ])
            return try receive().last?.affectedRows
        }
        guard written == 1 else { throw StoreError.takenOver(lease) }
    }

    func adopt(platformID: String) throws {
        try checkOpen()
        guard head.revision == .zero, head.auditSequence == 0, head.credentialsVersion == 0 else {
            throw StoreError.conflict(
                "The database at \(failures.label) is not empty: it holds the platform \(head.platformID). Name an empty database."
            )
        }
        head.platformID = platformID
    }

    // MARK: Keeping it whole

    private func checkOpen() throws {
        guard isOpen else { throw StoreError.fault("A store's transaction was used after its end.") }
    }

    /// Runs work of which a part may stand when it throws: then nothing of the transaction may be committed, whatever its user does.
    private func whole<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            let error = failures.translating(error, .writing)
            if failure == nil { failure = error }
            throw error
        }
    }
}

extension PostgreSQLLedgerStatements {
    fileprivate var alters: Bool {
        switch self {
        case .rollBack, .commit, .changesAfter, .readIdempotencyRecord, .readLease: false
        default: true
        }
    }
}

extension PostgreSQLPipeline {
    func enqueue(_ statement: PostgreSQLLedgerStatements, _ values: [PostgreSQLValue] = []) throws {
        try enqueue(statement.rawValue, values)
    }
}

extension PostgreSQLConnection {
    @discardableResult
    func query(_ statement: PostgreSQLLedgerStatements, _ values: [PostgreSQLValue] = []) throws -> PostgreSQLResult {
        try query(statement.rawValue, values)
    }
}

extension PostgreSQLValue {
    static func int64(_ value: Int64?) -> PostgreSQLValue { value.map { .int64($0) } ?? .null }
}

extension PostgreSQLError {
    /// Class 23: a row that should be there is not, or one that should not be is.
    fileprivate var isConstraintViolation: Bool { sqlState?.hasPrefix("23") == true }
}

extension PostgreSQLBatch.Items {
    /// What it means when the table refuses one of these versions.
    fileprivate var refusal: StoreError? {
        let ended = met.filter(\.ends)
        guard let first = ended.first, let last = ended.last else { return nil }
        if ended.count == 1 { return .endOfNothing(first.address, first.revision) }
        return .conflict(
            "Changes \(first.revision) to \(last.revision) end \(ended.count) items, one of which does not stand (\(first.address) or a "
                + "later one). Nothing was written.")
    }
}

extension PostgreSQLBatch.Records {
    fileprivate var refusal: StoreError? {
        guard let principal = principals.first, let key = keys.first else { return nil }
        let others = keys.count == 1 ? "" : ", or one of \(keys.count - 1) recorded with it,"
        return .conflict("\(principal)\(others) has an answer under the idempotency key '\(key)' that still lives.")
    }
}
