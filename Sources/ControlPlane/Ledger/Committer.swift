import ConfigPlatformModel
import Logging
import Metrics
import Store

/// The one door to the ledger. Jobs that wait together are committed together: one transaction, one flush to disk, each decided
/// against its predecessors in the group.
final class Committer: Sendable {
    private let store: any Store
    private let published: Published
    private let world: World
    private let logger: Logger
    private let queue: CommitQueue
    /// Where groups are committed: a store that waits for its disk holds up no other task there.
    private let executor = WriterExecutor()
    private let groupSizes = Recorder(label: "cfg_commit_group_changes", aggregate: true)
    private let commits = Counter(label: "cfg_commits_total")
    private let duration = Metrics.Timer(label: "cfg_commit_duration_seconds")

    init(store: any Store, published: Published, world: World, logger: Logger) {
        self.store = store
        self.published = published
        self.world = world
        self.logger = logger
        queue = CommitQueue(published: published, world: world)
    }

    /// Runs the job as part of some group. Returns when what it wrote is durable and readable on this replica.
    func submit(_ job: CommitJob) async throws(Problem) -> CommitJob.Outcome {
        try await withCheckedContinuation { continuation in
            queue.submit(job) { continuation.resume(returning: $0) }
        }.get()
    }

    /// The same, for whoever cannot wait: `completion` is told on a thread that it must not hold up.
    func submit(_ job: CommitJob, then completion: @escaping @Sendable (Result<CommitJob.Outcome, Problem>) -> Void) {
        queue.submit(job, then: completion)
    }

    /// Commits group after group until ``close()``, and then what is still waiting.
    func run() async {
        await withTaskExecutorPreference(executor) {
            while let group = await queue.nextGroup() {
                queue.finishedGroup(asDecided: await commit(group))
            }
        }
    }

    /// Whether a group is being committed now.
    var isCommitting: Bool { queue.isCommitting }

    /// Refuses further jobs and lets ``run()`` finish.
    func close() { queue.close() }

    /// Commits the group, and what is decided meanwhile where that `isOpen`. Returns whether all of it stands as it was decided ahead.
    private func commit(_ members: [CommitQueue.Entry], isOpen: Bool = true) async -> Bool {
        let start = ContinuousClock.now
        let session = GroupSession(members, base: published.state, now: world.now(), world: world) { [queue] room in
            isOpen ? queue.more(atMost: room) : []
        }
        let result = await attempt(session)
        let group = session.group
        switch result {
        case .success(let outcome):
            groupSizes.record(group.count)
            commits.increment(by: group.count)
            duration.recordNanoseconds((ContinuousClock.now - start).nanoseconds)
            for (entry, result) in zip(group, outcome.results) { entry.completion(result) }
            return outcome.isAsDecided
        case .failure(let error) where group.count > 1 && error.mayConcernOneJob:
            logger.warning(
                "a group was not committed; its changes are tried one by one", metadata: ["error": "\(error)"])
            var isAsDecided = true
            for entry in group where await !commit([entry], isOpen: false) { isAsDecided = false }
            return isAsDecided
        case .failure(let error):
            logger.error("a change was not committed", metadata: ["error": "\(error)"])
            for entry in group { entry.completion(.failure(Problem(error))) }
            return false
        }
    }

    /// One transaction for all of the group. Where the connection was lost during the commit, finds out whether it happened.
    private func attempt(_ session: GroupSession) async -> Result<GroupSession.Outcome, StoreError> {
        do {
            let outcome = try await store.write { transaction in try session.run(transaction) }
            published.noteContact(world.now())
            published.publish(outcome.steps)
            return .success(outcome)
        } catch StoreError.outcomeUnknown(let message) {
            return await settle(session, message)
        } catch let error as StoreError {
            return .failure(error)
        } catch {
            return .failure(.fault("\(error)"))
        }
    }

    /// The head's row stays locked until the lost transaction has ended, so a new writer sees for certain what became of it.
    private func settle(_ session: GroupSession, _ message: String) async -> Result<GroupSession.Outcome, StoreError> {
        let attempt = session.lastAttempt
        for delay in [0.05, 0.2, 0.5, 1, 2, 4] {
            do {
                let head = try await store.write { $0.head }
                published.noteContact(world.now())
                guard let attempt, head.auditSequence >= attempt.auditSequence else {
                    return .failure(.unavailable("the database lost the connection before the commit"))
                }
                let leaf = try await store.events(
                    matching: EventQuery(after: attempt.auditSequence - 1), limit: 1
                ).first
                guard leaf == attempt.lastLeaf else {
                    return .failure(.unavailable("the database lost the connection before the commit"))
                }
                published.publish(attempt.outcome.steps)
                return .success(attempt.outcome)
            } catch {
                logger.warning("the outcome of a commit is not known yet", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(delay))
            }
        }
        return .failure(.outcomeUnknown(message))
    }
}

extension StoreError {
    /// Whether the fault may lie in one change of a group rather than in the database.
    fileprivate var mayConcernOneJob: Bool {
        switch self {
        case .unavailable, .outcomeUnknown, .corrupted, .cannotOpen: false
        case .full, .conflict, .fault: true
        }
    }
}

extension Problem {
    /// What a caller is told of a store that failed. The store's own words go to the log only.
    init(_ error: StoreError) {
        switch error {
        case .unavailable:
            self.init(
                .unavailable, "The database cannot be reached. Nothing was written; try again shortly.",
                retryAfterSeconds: 2)
        case .outcomeUnknown:
            self.init(
                .unavailable,
                "The database was lost while the change was being committed, so it may or may not have been saved. Read what is "
                    + "there now, or repeat the request with the same Idempotency-Key.", retryAfterSeconds: 2)
        case .full:
            self.init(
                .storageFull, "The database has no space left. Nothing was written; free some space and try again.",
                retryAfterSeconds: 30)
        case .corrupted, .cannotOpen, .conflict, .fault:
            self.init(
                .fault,
                "The database refused the change. Nothing was written; the server's log says why under this request's id."
            )
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
