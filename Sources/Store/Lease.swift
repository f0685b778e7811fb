package import ConfigPlatformModel

/// Leave to do what only one replica is to do at a time, until it expires.
///
/// All leases of a store are taken under the head's lock, so there is one order of them. A lease alone keeps nobody from acting late: what
/// is written by leave of it names the ``Fence``, and the writer's transaction compares it with the row.
package struct Lease: Hashable, Sendable {
    package let name: String
    /// Unlike that of every other process.
    package let holder: String
    /// 1 and growing: one more whenever the lease begins anew.
    package let number: Int64
    package let takenAt: Timestamp
    package let expiresAt: Timestamp

    package init(name: String, holder: String, number: Int64, takenAt: Timestamp, expiresAt: Timestamp) {
        self.name = name
        self.holder = holder
        self.number = number
        self.takenAt = takenAt
        self.expiresAt = expiresAt
    }

    /// Which lease somebody holds, or held.
    package struct Fence: Hashable, Sendable {
        package let name: String
        package let number: Int64

        package init(name: String, number: Int64) {
            self.name = name
            self.number = number
        }
    }

    package var fence: Fence { Fence(name: name, number: number) }

    package func isLive(at now: Timestamp) -> Bool { now < expiresAt }

    /// What stands once `holder` has asked for the lease: renewed where it holds it, begun anew where nobody does, and as it is where
    /// another holds it. A clock that goes backward shortens nothing.
    package static func asked(
        for name: String, by holder: String, standing: Lease?, at now: Timestamp, seconds: Int64
    ) -> Lease {
        let end = now.adding(seconds: seconds)
        guard let standing else {
            return Lease(name: name, holder: holder, number: 1, takenAt: now, expiresAt: end)
        }
        guard standing.isLive(at: now) else {
            return Lease(name: name, holder: holder, number: standing.number + 1, takenAt: now, expiresAt: end)
        }
        guard standing.holder == holder else { return standing }
        return Lease(
            name: name, holder: holder, number: standing.number, takenAt: standing.takenAt,
            expiresAt: max(standing.expiresAt, end))
    }

    /// The same, given back.
    package func ended(at now: Timestamp) -> Lease {
        Lease(
            name: name, holder: holder, number: number, takenAt: takenAt,
            expiresAt: max(takenAt, min(expiresAt, now)))
    }
}

extension StoreError {
    /// A lease that another has taken over is not written.
    static func takenOver(_ lease: Lease) -> StoreError {
        .conflict("The lease '\(lease.name)' has been taken over since its number \(lease.number).")
    }
}

extension StoreTransaction {
    /// The time that leases go by: that of the writer, and no earlier than what the ledger has come to.
    private func time(_ now: Timestamp) -> Timestamp { max(now, head.committedAt) }

    /// Takes, takes over or renews the lease, where it is to be had. Returns the lease that stands then, which may be another's.
    package func takeLease(
        named name: String, by holder: String, at now: Timestamp, seconds: Int64
    ) throws -> Lease {
        let standing = try lease(named: name)
        let lease = Lease.asked(for: name, by: holder, standing: standing, at: time(now), seconds: seconds)
        if lease != standing { try put(lease) }
        return lease
    }

    /// Gives a lease back, so that another need not wait for its end. Nothing where it has been taken over.
    package func endLease(_ fence: Lease.Fence, at now: Timestamp) throws {
        guard let standing = try lease(named: fence.name), standing.fence == fence else { return }
        let ended = standing.ended(at: time(now))
        if ended != standing { try put(ended) }
    }

    /// Whether whoever holds that lease may still act by it.
    package func holds(_ fence: Lease.Fence, at now: Timestamp) throws -> Bool {
        guard let standing = try lease(named: fence.name) else { return false }
        return standing.fence == fence && standing.isLive(at: time(now))
    }
}
