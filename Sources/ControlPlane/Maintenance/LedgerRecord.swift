package import ConfigPlatformModel
package import Store

/// All that a store holds, one record at a time: what a backup file is made of, and what a copy carries over.
enum LedgerRecord: Sendable {
    case change(ChangeRecord)
    case event(AuditLeaf)
    case credential(Credential)
    case idempotency(IdempotencyRecord)
}

/// Reads a store as it stood at one head, in bounded pages, while it is being written to.
struct LedgerReader: Sendable {
    let store: any Store
    let head: Head
    private let credentials: [Credential]

    static let page = 1_000

    /// Fixes the head to read at. Changes and events up to it can no longer alter; credentials are read at the same version.
    init(_ store: any Store) async throws {
        self.store = store
        while true {
            let head = try await store.head()
            let credentials = try await store.credentials(after: nil)
            if try await store.head().credentialsVersion == head.credentialsVersion {
                self.head = head
                self.credentials = credentials
                return
            }
        }
    }

    /// Hands over every record, changes first and in order, in pages of at most ``page``.
    func forEachPage(now: Timestamp, _ body: ([LedgerRecord]) async throws -> Void) async throws {
        var revision = Revision.zero
        while revision < head.revision {
            let changes = try await store.changes(after: revision, limit: Self.page).filter {
                $0.revision <= head.revision
            }
            guard let last = changes.last else { throw StoreError.corrupted("revision \(revision.next) is missing") }
            try await body(changes.map { .change($0) })
            revision = last.revision
        }
        var sequence: Int64 = 0
        while sequence < head.auditSequence {
            let leaves = try await store.events(matching: EventQuery(after: sequence), limit: Self.page)
                .filter { $0.event.sequence <= head.auditSequence }
            guard let last = leaves.last else { throw StoreError.corrupted("audit event \(sequence + 1) is missing") }
            try await body(leaves.map { .event($0) })
            sequence = last.event.sequence
        }
        if !credentials.isEmpty { try await body(credentials.map { .credential($0) }) }
        // Usage is in no backup, so neither is what of it was counted.
        let records = try await store.idempotencyRecords(liveAt: now)
            .filter { $0.revision <= head.revision && $0.principal != .flagUsage }
        if !records.isEmpty { try await body(records.map { .idempotency($0) }) }
    }
}

/// Writes records into an empty store, a page a transaction.
struct LedgerWriter: Sendable {
    let store: any Store

    /// Makes the store that platform's. Throws ``StoreError/conflict(_:)`` where it is not empty.
    init(_ store: any Store, platformID: String) async throws {
        self.store = store
        try await store.write { try $0.adopt(platformID: platformID) }
    }

    func write(_ page: [LedgerRecord]) async throws {
        try await store.write { transaction in
            for record in page {
                switch record {
                case .change(let change): try transaction.append(change)
                case .event(let leaf): try transaction.append(leaf)
                case .credential(let credential): try transaction.insert(credential)
                case .idempotency(let record): try transaction.record(record)
                }
            }
        }
    }
}

/// Moves a whole platform from one store into another, empty one: every revision, event and credential, under the same identity.
package enum StoreCopy {
    /// Returns the head that was copied. The source must not be written to meanwhile: what came after would be missing.
    package static func run(
        from source: any Store, to target: any Store, now: Timestamp, progress: (String) -> Void
    ) async throws -> Head {
        let reader = try await LedgerReader(source)
        let writer = try await LedgerWriter(target, platformID: reader.head.platformID)
        var count = 0
        try await reader.forEachPage(now: now) { page in
            try await writer.write(page)
            count += page.count
            progress("\(count) records copied")
        }
        let (from, to) = (reader.head, try await target.head())
        guard from.revision == to.revision, from.digest == to.digest, from.auditSequence == to.auditSequence else {
            throw StoreError.fault("the copy ends at revision \(to.revision), the source at \(from.revision)")
        }
        return from
    }
}
