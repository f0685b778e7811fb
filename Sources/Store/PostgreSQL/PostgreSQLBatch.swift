import ConfigPlatformModel

/// Rows of one transaction that were appended and not yet sent, a column an array.
struct PostgreSQLBatch {
    /// So many bytes of rows are sent while the next are still being made.
    static let bytesMax = 128 << 10

    private(set) var changes = Changes()
    private(set) var scopes = Scopes()
    private(set) var items = Items()
    private(set) var events = Events()
    private(set) var records = Records()
    private(set) var byteCount = 0

    struct Changes {
        var revisions: [Int64] = []
        var projects: [String] = []
        var authors: [String] = []
        var committedAt: [Int64] = []
        var messages: [String] = []
        var digests: [[UInt8]] = []
        var previousDigests: [[UInt8]] = []
        var bodies: [[UInt8]] = []

        var values: [PostgreSQLValue] {
            [
                .int64Array(revisions), .textArray(projects), .textArray(authors), .int64Array(committedAt),
                .textArray(messages), .bytesArray(digests), .bytesArray(previousDigests), .bytesArray(bodies),
            ]
        }
    }

    struct Scopes {
        var projects: [String] = []
        var environments: [String] = []
        var revisions: [Int64] = []
        var kinds: [String] = []

        var values: [PostgreSQLValue] {
            [.textArray(projects), .textArray(environments), .int64Array(revisions), .textArray(kinds)]
        }
    }

    struct Events {
        var sequences: [Int64] = []
        var occurredAt: [Int64] = []
        var actors: [String] = []
        var actions: [String] = []
        var targets: [String] = []
        var outcomes: [String] = []
        var revisions: [Int64] = []
        var bodies: [[UInt8]] = []
        var salts: [[UInt8]] = []
        var leafHashes: [[UInt8]] = []

        var values: [PostgreSQLValue] {
            [
                .int64Array(sequences), .int64Array(occurredAt), .textArray(actors), .textArray(actions),
                .textArray(targets),
                .textArray(outcomes), .int64Array(revisions), .bytesArray(bodies), .bytesArray(salts),
                .bytesArray(leafHashes),
            ]
        }
    }

    struct Records {
        var principals: [String] = []
        var keys: [String] = []
        var requestDigests: [[UInt8]] = []
        var revisions: [Int64] = []
        var committed: [Int64] = []
        var expiresAt: [Int64] = []
        var recordedAt: [Int64] = []

        var replacedValues: [PostgreSQLValue] { [.textArray(principals), .textArray(keys), .int64Array(recordedAt)] }

        var values: [PostgreSQLValue] {
            [
                .textArray(principals), .textArray(keys), .bytesArray(requestDigests), .int64Array(revisions),
                .int64Array(committed), .int64Array(expiresAt),
            ]
        }
    }

    mutating func append(_ change: ChangeRecord) {
        changes.revisions.append(change.revision.number)
        changes.projects.append(change.project.rawValue)
        changes.authors.append(change.author.rawValue)
        changes.committedAt.append(change.committedAt.microseconds)
        changes.messages.append(PostgreSQLText.storable(change.message))
        changes.digests.append(change.digest.bytes)
        changes.previousDigests.append(change.previousDigest.bytes)
        changes.bodies.append(change.body)
        byteCount += change.body.count + change.message.utf8.count + 192
    }

    mutating func append(_ leaf: AuditLeaf) {
        let event = leaf.event
        events.sequences.append(event.sequence)
        events.occurredAt.append(event.occurredAt.microseconds)
        events.actors.append(event.actor.rawValue)
        events.actions.append(event.action.rawValue)
        events.targets.append(PostgreSQLText.storable(event.target))
        events.outcomes.append(event.outcome.rawValue)
        events.revisions.append(event.revision?.number ?? 0)
        events.bodies.append(event.body)
        events.salts.append(leaf.salt)
        events.leafHashes.append(leaf.leafHash.bytes)
        byteCount += event.body.count + event.target.utf8.count + 192
    }

    mutating func appendScope(project: String, environment: String, kind: Kind, revision: Revision) {
        scopes.projects.append(project)
        scopes.environments.append(environment)
        scopes.revisions.append(revision.number)
        scopes.kinds.append(kind.rawValue)
        byteCount += project.utf8.count + environment.utf8.count + 32
    }

    /// Throws ``StoreError`` where what is waiting to be sent already shows that the table would refuse the version.
    mutating func append(_ effect: Effect, of revision: Revision) throws {
        byteCount += try items.append(effect, of: revision)
    }

    mutating func append(_ record: IdempotencyRecord, recordedAt: Timestamp) {
        records.principals.append(record.principal.rawValue)
        records.keys.append(record.key)
        records.requestDigests.append(record.requestDigest.bytes)
        records.revisions.append(record.revision.number)
        records.committed.append(record.committed ? 1 : 0)
        records.expiresAt.append(record.expiresAt.microseconds)
        records.recordedAt.append(recordedAt.microseconds)
        byteCount += record.key.utf8.count + record.principal.rawValue.utf8.count + 96
    }

    func holdsRecord(of principal: Principal, key: String) -> Bool {
        records.keys.indices.contains { index in
            records.keys[index].hasSameBytes(as: key) && records.principals[index] == principal.rawValue
        }
    }
}

extension PostgreSQLBatch {
    /// Versions of items. Those of one item in one batch name each other; the first of them follows what the database holds.
    struct Items {
        /// An item, and what it was met with first.
        struct Met {
            let address: ItemAddress
            let revision: Revision
            /// Whether it must stand in the database already.
            let ends: Bool
        }

        /// The items of the versions, each once.
        private(set) var met: [Met] = []
        private var newest: [ItemAddress: (place: Int, revision: Revision, stands: Bool)] = [:]
        /// Where the item of each version is among those that were met.
        private var places: [Int] = []
        private var revisions: [Int64] = []
        private var previousRevisions: [Int64] = []
        private var bodies: [[UInt8]] = []
        private var digests: [[UInt8]] = []

        var isEmpty: Bool { bodies.isEmpty }

        /// - Parameter numbers: of the items that were met, in their order; zero for none.
        func values(_ numbers: [Int64]) -> [PostgreSQLValue] {
            [
                .int64Array(places.map { numbers[$0] }), .int64Array(revisions), .int64Array(previousRevisions),
                .bytesArray(bodies), .bytesArray(digests),
            ]
        }

        /// Returns how many bytes it takes.
        mutating func append(_ effect: Effect, of revision: Revision) throws -> Int {
            let address = effect.address
            let before = newest[address]
            if let before {
                guard before.revision < revision else {
                    throw StoreError.conflict("Change \(revision) alters \(address) twice. Nothing was written.")
                }
                guard before.stands || effect.body != nil else { throw StoreError.endOfNothing(address, revision) }
            } else {
                met.append(Met(address: address, revision: revision, ends: effect.body == nil))
            }
            let place = before?.place ?? met.count - 1
            newest[address] = (place, revision, effect.body != nil)
            places.append(place)
            revisions.append(revision.number)
            previousRevisions.append(before?.revision.number ?? 0)
            bodies.append(effect.body ?? [])
            digests.append(effect.body.map { Digest.of($0).bytes } ?? [])
            return 2 * address.key.utf8.count + (effect.body?.count ?? 0) + 192
        }
    }
}

extension [PostgreSQLBatch.Items.Met] {
    /// Their addresses, a column an array.
    var addressValues: [PostgreSQLValue] {
        [
            .textArray(map(\.address.project.rawValue)), .textArray(map { $0.address.environment?.rawValue ?? "" }),
            .textArray(map(\.address.kind.rawValue)), .textArray(map(\.address.key)),
        ]
    }
}

extension StoreError {
    static func endOfNothing(_ address: ItemAddress, _ revision: Revision) -> StoreError {
        .conflict("Change \(revision) ends \(address), which does not stand. Nothing was written.")
    }
}

/// PostgreSQL's text holds every character but U+0000.
enum PostgreSQLText {
    /// The text for a column that repeats, for searching, what the body beside it has exactly.
    static func storable(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(text.unicodeScalars.lazy.map { $0 == "\0" ? "\u{FFFD}" : Character($0) })
    }
}
