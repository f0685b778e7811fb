package import ConfigPlatformModel
import Logging
import Store

/// When a read is about.
package enum Moment: Hashable, Sendable {
    case now
    case revision(Revision)
    /// The last revision committed at or before it.
    case time(Timestamp)

    /// In words; nil where it is the present.
    var shown: String? {
        switch self {
        case .now: nil
        case .revision(let revision): "at revision \(revision)"
        case .time(let time): "at \(time)"
        }
    }
}

extension Platform {
    /// Refuses a moment that is still to come.
    func checkPast(_ moment: Moment) throws(Problem) {
        let current = try servedState()
        switch moment {
        case .now: break
        case .revision(let asked):
            guard asked <= current.revision else {
                throw Problem(
                    .notFound, "Revision \(asked) does not exist yet; the newest is \(current.revision)."
                ).lacking(Missing.revision(asked))
            }
        case .time(let time):
            guard time <= max(world.now(), current.committedAt) else {
                throw Problem(.invalidRequest, "\(time) is in the future; ask for a time that has passed.")
            }
        }
    }

    /// The state at a moment. For a past one it holds this project only.
    package func state(of project: ProjectName, at moment: Moment) async throws(Problem) -> PlatformState {
        try checkPast(moment)
        let current = try servedState()
        let revision: Revision
        switch moment {
        case .now: return current
        case .revision(let asked): revision = asked
        case .time(let time):
            revision = try await reading { () async throws in try await self.store.revision(at: time) }
        }
        guard revision < current.revision else { return current }
        return try await reading { () async throws in try await self.past.state(of: project, at: revision) }
    }

    /// The newest state, unless the store has been out of reach for too long to answer for it.
    package func servedState() throws(Problem) -> PlatformState {
        if let stale = staleSince, stale.adding(seconds: Limits.staleServingSeconds) < world.now() {
            throw Problem(
                .unavailable,
                "The database has not answered since \(stale), longer than reads may be served without it.",
                retryAfterSeconds: 5)
        }
        return state
    }

    /// Waits until this replica has the revision of a token, and refuses one of another ledger.
    package func awaitRevision(_ token: RevisionToken) async throws(Problem) {
        if state.revision < token.revision {
            try await checkExistence(of: token)
            await published.awaitRevision(token.revision, seconds: Double(Limits.minimumRevisionWaitSeconds))
        }
        guard state.revision >= token.revision else {
            throw Problem(
                .revisionNotReached,
                "This server has revision \(state.revision), and \(token.revision) did not arrive within "
                    + "\(Limits.minimumRevisionWaitSeconds) seconds. Try again; if the token came from another platform, drop it.",
                retryAfterSeconds: 1)
        }
        try await checkLineage(of: token)
    }

    /// Refuses a token of a revision that was given out and is not in the ledger: committed revisions do not go away.
    private func checkExistence(of token: RevisionToken) async throws(Problem) {
        guard token.digestPrefix != nil else { return }
        let head = try await reading { () async throws in try await self.store.head() }
        if head.revision < token.revision { throw Self.diverged(token.revision) }
    }

    private static func diverged(_ revision: Revision) -> Problem {
        Problem(
            .ledgerDiverged,
            "Revision \(revision) of this ledger is not the one the token came from: a backup was restored, or a failover lost data. "
                + "Drop what was kept and read everything anew.")
    }

    /// Refuses a token whose revision has another digest in this ledger than it had when the token was given out.
    func checkLineage(of token: RevisionToken) async throws(Problem) {
        guard let prefix = token.digestPrefix, token.revision > .zero else { return }
        var digest = published.digest(of: token.revision)
        if digest == nil {
            digest = try await reading { () async throws in
                try await self.store.changes(after: Revision(token.revision.number - 1), limit: 1).first?.digest
            }
        }
        guard let digest, digest.hexadecimal.hasPrefix(prefix) else {
            throw Self.diverged(token.revision)
        }
    }

    /// Runs a read of the store; its failures become problems.
    func reading<Result>(
        _ body: () async throws -> Result
    ) async throws(Problem) -> Result {
        do {
            return try await body()
        } catch let error as Problem {
            throw error
        } catch StoreError.unavailable {
            throw Problem(
                .unavailable, "The database cannot be reached, and this is not in memory. Try again shortly.",
                retryAfterSeconds: 2)
        } catch {
            logger.error("the store could not be read", metadata: ["error": "\(error)"])
            throw Problem(.fault, "The store could not be read; the server's log says why under this request's id.")
        }
    }
}
