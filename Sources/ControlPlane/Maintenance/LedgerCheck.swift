import ConfigPlatformModel
package import Store

/// Verifies every invariant of a store: what `cfg store check` runs.
///
/// The chain of changes is replayed from the beginning; the item table must hold exactly what the replay makes, row by row; the audit log
/// must be gap-free, every leaf must commit to its event, and every change must have its event. Holds one entry a row in memory.
package enum LedgerCheck {
    package static func run(_ store: any Store, progress: (String) -> Void) async throws -> [String] {
        var check = Check(store: store)
        check.faults += try await store.engineFaults()
        let reader = try await LedgerReader(store)
        try await check.replay(to: reader.head, progress: progress)
        try await check.compareItems(progress: progress)
        try await check.followEvents(to: reader.head, progress: progress)
        check.compareCredentials(try await store.credentials(after: nil))
        check.compareLeases(try await store.leases())
        return check.faults
    }

    private struct Check {
        let store: any Store
        var faults: [String] = []
        private var state = PlatformState.empty
        private var rows: [RowKey: (end: Revision?, digest: Digest)] = [:]
        private var standing: [ItemAddress: Revision] = [:]
        private var digests: [Revision: Digest] = [:]

        private struct RowKey: Hashable {
            let address: ItemAddress
            let revision: Revision
        }

        init(store: any Store) { self.store = store }

        mutating func replay(to head: Head, progress: (String) -> Void) async throws {
            while state.revision < head.revision {
                let changes = try await store.changes(after: state.revision, limit: LedgerReader.page)
                guard !changes.isEmpty else {
                    faults.append("revision \(state.revision.next) is missing; the head says \(head.revision)")
                    return
                }
                for change in changes where change.revision <= head.revision {
                    guard change.revision == state.revision.next else {
                        faults.append(
                            "revision \(state.revision.next) is missing: \(change.revision) follows \(state.revision)")
                        return
                    }
                    guard change.previousDigest == state.digest else {
                        faults.append("revision \(change.revision) does not name the digest of its predecessor")
                        return
                    }
                    if change.committedAt < state.committedAt {
                        faults.append("revision \(change.revision) was committed before its predecessor")
                    }
                    do {
                        state = try state.applying(change).state
                    } catch {
                        faults.append("revision \(change.revision) cannot be applied: \(error)")
                        return
                    }
                    digests[change.revision] = change.digest
                    expectRows(of: change)
                }
                progress("replayed to revision \(state.revision)")
            }
            if state.digest != head.digest {
                faults.append("the head's digest is not that of revision \(head.revision)")
            }
        }

        private mutating func expectRows(of change: ChangeRecord) {
            for effect in change.effects {
                end(effect.address, at: change.revision)
                if let body = effect.body {
                    rows[RowKey(address: effect.address, revision: change.revision)] = (nil, Digest.of(body))
                    standing[effect.address] = change.revision
                } else if effect.address.kind == .environment {
                    endAll(at: change.revision) {
                        $0.project == effect.address.project && $0.environment?.rawValue == effect.address.key
                    }
                } else if effect.address.kind == .project {
                    endAll(at: change.revision) { $0.project == effect.address.project }
                }
            }
        }

        private mutating func end(_ address: ItemAddress, at revision: Revision) {
            guard let since = standing.removeValue(forKey: address) else { return }
            rows[RowKey(address: address, revision: since)]?.end = revision
        }

        private mutating func endAll(at revision: Revision, where matches: (ItemAddress) -> Bool) {
            for address in standing.keys.filter(matches) { end(address, at: revision) }
        }

        mutating func compareItems(progress: (String) -> Void) async throws {
            var last: ItemRow?
            var count = 0
            while true {
                let page = try await store.itemRows(after: last, limit: LedgerReader.page)
                guard !page.isEmpty else { break }
                for row in page {
                    let key = RowKey(address: row.item.address, revision: row.item.revision)
                    guard let expected = rows.removeValue(forKey: key) else {
                        if row.item.revision <= state.revision {
                            faults.append(
                                "\(row.item.address.shown) has a row of revision \(row.item.revision) that no change made"
                            )
                        }
                        continue
                    }
                    let end = row.endRevision.flatMap { $0 <= state.revision ? $0 : nil }
                    if end != expected.end {
                        faults.append(
                            "\(row.item.address.shown) of revision \(row.item.revision) does not end where the changes end it"
                        )
                    }
                    if row.digest != expected.digest || Digest.of(row.item.body) != expected.digest {
                        faults.append(
                            "\(row.item.address.shown) of revision \(row.item.revision) is not what the change wrote")
                    }
                }
                last = page.last
                count += page.count
                progress("compared \(count) rows")
            }
            for key in rows.keys.prefix(20) {
                faults.append("\(key.address.shown) of revision \(key.revision) is missing from the item table")
            }
        }

        mutating func followEvents(to head: Head, progress: (String) -> Void) async throws {
            var sequence: Int64 = 0
            while sequence < head.auditSequence {
                let page = try await store.events(matching: EventQuery(after: sequence), limit: LedgerReader.page)
                guard !page.isEmpty else {
                    faults.append("audit event \(sequence + 1) is missing; the head says \(head.auditSequence)")
                    return
                }
                for leaf in page where leaf.event.sequence <= head.auditSequence {
                    if leaf.event.sequence != sequence + 1 { faults.append("audit event \(sequence + 1) is missing") }
                    if AuditLeaf(event: leaf.event, salt: leaf.salt).leafHash != leaf.leafHash {
                        faults.append("audit event \(leaf.event.sequence) is not what its leaf commits to")
                    }
                    sequence = leaf.event.sequence
                    if let revision = leaf.event.revision, revision <= state.revision {
                        if digests.removeValue(forKey: revision) != leaf.event.changeDigest {
                            faults.append("audit event \(sequence) names another digest than revision \(revision) has")
                        }
                    }
                }
                progress("followed the audit log to event \(sequence)")
            }
            for revision in digests.keys.sorted().prefix(20) {
                faults.append("revision \(revision) has no audit event")
            }
        }

        mutating func compareLeases(_ leases: [Lease]) {
            for lease in leases where lease.number < 1 || lease.expiresAt < lease.takenAt {
                faults.append("the lease '\(lease.name)' ends before it began, or has no number")
            }
        }

        mutating func compareCredentials(_ credentials: [Credential]) {
            for credential in credentials {
                if let revokedAt = credential.revokedAt, revokedAt < credential.createdAt {
                    faults.append("token \(credential.id) ended before it began")
                }
            }
        }
    }
}
