package import ConfigPlatformModel

/// Where the ledger is kept. Two engines, one contract, one conformance suite: ``SQLiteStore`` and ``PostgreSQLStore``.
///
/// Reads run in one consistent view of committed data each and may run beside each other and beside a write. All of them throw
/// ``StoreError``. When `write` has returned, what it wrote survives the loss of the process and of the machine's power.
package protocol Store: Sendable {
    /// As in a `--database-url`, without credentials; for messages and logs.
    var location: String { get }

    /// The newest committed state of the counters.
    func head() async throws -> Head

    /// Runs `body` as the only writer, in one transaction: all it appended is committed when this returns, or nothing if it throws.
    ///
    /// `body` runs on the caller's thread or the engine's own, either of which may wait for a disk meanwhile; it must not block on anything
    /// but the transaction it is given.
    func write<Result: Sendable>(_ body: @escaping @Sendable (any StoreTransaction) throws -> Result) async throws
        -> Result

    /// Folds every item that stood at `revision` (nil: now), in order of project, environment, kind and key, over `initial`.
    /// Returns the head that the fold is consistent with. Nothing of more than a page is held in memory besides the accumulator.
    func foldItems<Accumulator: Sendable>(
        at revision: Revision?, of project: ProjectName?, into initial: Accumulator,
        _ body: @escaping @Sendable (inout Accumulator, StoredItem) throws -> Void
    ) async throws -> (Head, Accumulator)

    /// At most `limit` changes with a revision above `revision`, oldest first, and none after ``Limits/pageBytes`` of them.
    func changes(after revision: Revision, limit: Int) async throws -> [ChangeRecord]

    /// At most `limit` changes that match, newest first, and none after ``Limits/pageBytes`` of them.
    func changes(matching query: ChangeQuery, limit: Int) async throws -> LedgerPage<ChangeRecord>

    /// At most `limit` versions of one item below `before` (nil: all), newest first, the ends of the item included, and none after
    /// ``Limits/pageBytes`` of them.
    func versions(of address: ItemAddress, before: Revision?, limit: Int) async throws -> LedgerPage<ItemVersion>

    /// The last revision committed at or before `time`; zero where there is none.
    func revision(at time: Timestamp) async throws -> Revision

    /// How many changes each of these projects had above one revision and up to another; those that had none are left out.
    func changeCounts(
        of projects: [ProjectName], after revision: Revision, through last: Revision
    ) async throws -> [ProjectName: Int]

    /// At most `limit` audit events that match: oldest first where the query has `after`, newest first otherwise.
    func events(matching query: EventQuery, limit: Int) async throws -> [AuditLeaf]

    /// Every credential, the ended ones too; with `version` those only that were written since the head's `credentialsVersion` was that.
    func credentials(after version: Int64?) async throws -> [Credential]

    /// When credentials were used last, by id; those that never were are left out.
    func credentialUses() async throws -> [String: Timestamp]

    func idempotencyRecords(liveAt now: Timestamp) async throws -> [IdempotencyRecord]

    /// Every lease that ever was taken, the ended ones too, in order of name.
    func leases() async throws -> [Lease]

    /// How often a flag came to what in these hours since 1970, both included: at most `limit` rows, newest hour first. All environments
    /// where none is given.
    func flagUsage(
        of flag: String, in environment: EnvironmentName?, of project: ProjectName, from: Int64, until: Int64,
        limit: Int
    ) async throws -> [FlagUsageRow]

    /// The same of all flags of a project, added up; in no order.
    ///
    /// - Parameter recentFrom: the hour since 1970 from which on evaluations are counted.
    func flagUsageSummaries(of project: ProjectName, recentFrom hour: Int64) async throws -> [FlagUsageSummary]

    /// How many units each version of an experiment's split gave each variant.
    func assignmentSummary(of place: ExperimentPlace) async throws -> AssignmentSummary

    /// At most `limit` assignments of one version of an experiment's split, in order of unit and variant, from after `mark` on.
    func assignments(
        of place: ExperimentPlace, version: String, after mark: AssignmentMark?, limit: Int
    ) async throws -> [AssignmentRow]

    /// At most `limit` rows of the item table after the given one in primary key order: what `cfg store check` compares with a replay.
    func itemRows(after: ItemRow?, limit: Int) async throws -> [ItemRow]

    /// What the database itself finds wrong with its files, indexes and constraints; empty where it finds nothing.
    func engineFaults() async throws -> [String]

    /// Suspends until the head may have moved past `head` because of this or another process, or `seconds` have passed.
    func awaitMovement(past head: Head, seconds: Double) async throws

    /// Finishes what runs and closes all connections. Calls after it throw.
    func close() async
}

/// The writer's view. Valid only inside the closure it is given to, on that closure's thread.
package protocol StoreTransaction {
    /// The head as it stands in this transaction, everything appended so far included.
    var head: Head { get }
    func changes(after revision: Revision, limit: Int) throws -> [ChangeRecord]
    func idempotencyRecord(of principal: Principal, key: String) throws -> IdempotencyRecord?
    /// Gives an empty store the identity of the platform that is about to be restored into it. Throws ``StoreError/conflict(_:)`` where
    /// the store holds a change, an event or a credential.
    func adopt(platformID: String) throws
    /// Appends the change that follows the head: its revision, its predecessor's digest and its time are checked against the head.
    func append(_ change: ChangeRecord) throws
    /// Appends the event that follows the head.
    func append(_ leaf: AuditLeaf) throws
    /// Records an answer; one whose time has passed and that has the same principal and key is replaced.
    func record(_ record: IdempotencyRecord) throws
    /// Forgets answers whose time has passed.
    func dropIdempotencyRecords(expiredAt now: Timestamp) throws
    func insert(_ credential: Credential) throws
    /// Throws ``StoreError/conflict(_:)`` where there is none of that id.
    func revokeCredential(id: String, at time: Timestamp) throws
    /// Forgets sessions that have ended.
    func dropSessions(ids: [String]) throws
    /// Notes when credentials were used last; an earlier time than the one that is known is passed over.
    func recordUses(_ uses: [String: Timestamp]) throws
    /// Adds to how often flags came to what.
    func addFlagUsage(_ rows: [FlagUsageRow]) throws
    /// Forgets what is of hours before that one.
    func dropFlagUsage(before hour: Int64) throws
    /// Adds to what is known of assignments; of one that is there already attributes and client stay.
    ///
    /// - Parameter onlyKnown: whether those are left out that are not there yet.
    func addAssignments(_ rows: [AssignmentRow], onlyKnown: Bool) throws
    /// Forgets assignments that were last seen on days before that one.
    func dropAssignments(before day: Int64) throws
    func lease(named name: String) throws -> Lease?
    /// Writes the lease in the place of the one of its name. Throws ``StoreError/conflict(_:)`` where that one has a greater number.
    func put(_ lease: Lease) throws
}

/// The counters of the one row that every writer locks.
package struct Head: Hashable, Sendable {
    /// Drawn once per platform; the same after restore and copy.
    package var platformID: String
    package var revision: Revision
    package var digest: Digest
    package var committedAt: Timestamp
    /// The newest audit event's sequence.
    package var auditSequence: Int64
    /// Grows with every change of a credential.
    package var credentialsVersion: Int64

    package init(
        platformID: String, revision: Revision, digest: Digest, committedAt: Timestamp, auditSequence: Int64,
        credentialsVersion: Int64
    ) {
        self.platformID = platformID
        self.revision = revision
        self.digest = digest
        self.committedAt = committedAt
        self.auditSequence = auditSequence
        self.credentialsVersion = credentialsVersion
    }
}

/// An item as it stands, and since when.
package struct StoredItem: Hashable, Sendable {
    package let address: ItemAddress
    package let body: [UInt8]
    package let revision: Revision

    package init(address: ItemAddress, body: [UInt8], revision: Revision) {
        self.address = address
        self.body = body
        self.revision = revision
    }
}

/// A row of the item table: one version of one item and the revisions between which it stood.
package struct ItemRow: Hashable, Sendable {
    package let item: StoredItem
    /// The revision that ended it; nil while it stands.
    package let endRevision: Revision?
    /// SHA-256 of the body.
    package let digest: Digest

    package init(item: StoredItem, endRevision: Revision?, digest: Digest) {
        self.item = item
        self.endRevision = endRevision
        self.digest = digest
    }
}

/// How a store fails. Messages never hold credentials.
package enum StoreError: Error, Hashable, Sendable {
    /// The database cannot be reached, or did not answer in time. Nothing was written.
    case unavailable(String)
    /// The connection was lost while the commit was under way: it may or may not have been written.
    case outcomeUnknown(String)
    /// No space left. Nothing was written.
    case full(String)
    /// The database's files or rows are not what they must be; the message says what to do.
    case corrupted(String)
    /// The store cannot be opened as it is; the message says why and what to do.
    case cannotOpen(String)
    /// A row that should be there is not, or one that should not be is.
    case conflict(String)
    /// Anything else.
    case fault(String)
}
