import ConfigPlatformModel
import DequeModule
import Dispatch
import Synchronization

/// What waits for the writer. While the writer writes a group, the changes that come after it are decided here, against the state that
/// is there once all before them are written: one at a time, by the thread that hands one in where it is light, and by a thread for that
/// where it is not.
///
/// A decision made ahead is only a guess at what it will meet: under the writer's lock it counts where that is the state it was decided
/// against, and is made again where it is not. After a guess that failed no more are made until what was guessed on is through.
final class CommitQueue: Sendable {
    struct Entry: Sendable {
        let job: CommitJob
        /// Nil where there is nothing to decide.
        fileprivate(set) var decided: DecidedAhead?
        /// Told once; on whatever thread, which it must not hold up.
        let completion: @Sendable (Result<CommitJob.Outcome, Problem>) -> Void
    }

    private struct State {
        /// Not decided yet, oldest first.
        var waiting: Deque<Entry> = []
        /// Decided, and to be written next. All of them before all that are waiting.
        var decided: Deque<Entry> = []
        /// What the ledger comes to once everything decided is written; nil where nothing is under way: what is published then.
        var tip: PlatformState?
        var isClosed = false
        var isCommitting = false
        /// Whether a turn of the decider is scheduled or under way.
        var isDeciding = false
        /// Whether the tip is known to be wrong.
        var isHeld = false

        /// Takes so many of those that are decided, the oldest first.
        mutating func take(_ count: Int) -> [Entry] {
            defer { decided.removeFirst(count) }
            return Array(decided.prefix(count))
        }

        /// Whether a turn of the decider is to be scheduled; notes that it is.
        mutating func startsDeciding() -> Bool {
            if decided.isEmpty, !isCommitting, !isDeciding {
                tip = nil
                isHeld = false
            }
            guard !waiting.isEmpty, !isDeciding, !isHeld else { return false }
            isDeciding = true
            return true
        }
    }

    private let state = Mutex(State())
    private let published: Published
    private let world: World
    /// A thread of its own: to decide a large change takes seconds, which no request should wait for.
    private let decider = DispatchQueue(label: "cfg.decider", qos: .userInitiated)
    private let wake: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    init(published: Published, world: World) {
        self.published = published
        self.world = world
        (wake, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether a group is being committed now.
    var isCommitting: Bool { state.withLock { $0.isCommitting } }

    func submit(_ job: CommitJob, then completion: @escaping @Sendable (Result<CommitJob.Outcome, Problem>) -> Void) {
        let answer = state.withLock { state -> Result<Bool, Problem> in
            if state.isClosed {
                return .failure(
                    Problem(.unavailable, "The server is stopping; send the request again.", retryAfterSeconds: 1))
            }
            guard state.waiting.count + state.decided.count < Limits.queuedChanges else {
                return .failure(
                    Problem(
                        .tooManyRequests,
                        "\(Limits.queuedChanges) changes are waiting to be written; try again shortly.",
                        retryAfterSeconds: 1))
            }
            state.waiting.append(Entry(job: job, completion: completion))
            return .success(state.startsDeciding())
        }
        switch answer {
        case .success(let starts): if starts { decideHere() }
        case .failure(let refusal): completion(.failure(refusal))
        }
    }

    /// The next group, once there is one; nil after ``close()`` and the last.
    func nextGroup() async -> [Entry]? {
        var wakes = wake.makeAsyncIterator()
        while true {
            let (group, isOver) = state.withLock { state in
                let group = state.take(min(state.decided.count, Limits.groupChanges))
                state.isCommitting = !group.isEmpty
                return (group, state.isClosed && state.waiting.isEmpty && !state.isDeciding)
            }
            if !group.isEmpty { return group }
            if isOver { return nil }
            // Where the task is cancelled: what was taken in is written all the same.
            if await wakes.next() == nil {
                close()
                await Task.yield()
            }
        }
    }

    /// What else was decided meanwhile, at most so many: the group last taken grows by it. Nothing that takes long to write, for all of the
    /// group waits for that.
    func more(atMost count: Int) -> [Entry] {
        state.withLock { state in
            let quick = state.decided.prefix(count).prefix { ($0.decided?.effectCount ?? 0) <= Self.joiningEffectsMax }
            return state.take(quick.count)
        }
    }

    private static let joiningEffectsMax = 100

    /// Says that the group last taken is through, and whether all of it stands as it was decided ahead.
    func finishedGroup(asDecided: Bool) {
        let starts = state.withLock { state in
            state.isCommitting = false
            if !asDecided { state.isHeld = true }
            return state.startsDeciding()
        }
        if starts { scheduleDeciding() }
    }

    /// Refuses further jobs.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeUp.yield()
    }

    private func scheduleDeciding() {
        decider.async { self.decideWaiting() }
    }

    private func decideWaiting() {
        while let (entry, tip) = nextToDecide() { decide(entry, tip) }
    }

    /// Decides what is light where it comes in, which spares the waking of a thread, and leaves the rest to the decider.
    private func decideHere() {
        for _ in 0..<Self.decidedHereMax {
            guard let (entry, tip) = nextToDecide() else { return }
            guard entry.job.isLight(at: tip ?? published.state) else {
                return decider.async {
                    self.decide(entry, tip)
                    self.decideWaiting()
                }
            }
            decide(entry, tip)
        }
        scheduleDeciding()
    }

    /// For so many at most a thread that has others to serve is held up.
    private static let decidedHereMax = 4

    private func decide(_ entry: Entry, _ tip: PlatformState?) {
        var entry = entry
        if case .change(let proposal, _) = entry.job.work {
            entry.decided = DecidedAhead(proposal, against: tip ?? published.state, at: world.now(), world.offsets)
        }
        state.withLock { state in
            state.tip = entry.decided?.after ?? tip
            state.decided.append(entry)
        }
        wakeUp.yield()
    }

    private func nextToDecide() -> (Entry, tip: PlatformState?)? {
        let (next, isOver) = state.withLock { state -> ((Entry, tip: PlatformState?)?, Bool) in
            if state.isHeld || state.waiting.isEmpty {
                state.isDeciding = false
                // What was held back may go on at once where nothing is under way any more.
                guard state.startsDeciding() else { return (nil, state.isClosed) }
            }
            return ((state.waiting.removeFirst(), state.tip), false)
        }
        if isOver { wakeUp.yield() }
        return next
    }
}

/// What a change comes to against the state that is expected before it.
final class DecidedAhead: Sendable {
    private let revision: Revision
    private let digest: Digest
    private let result: Result<Decision, Problem>
    /// The state that the change leaves behind.
    let after: PlatformState

    init(_ proposal: Proposal, against state: PlatformState, at now: Timestamp, _ offsets: UTCOffsets) {
        revision = state.revision
        digest = state.digest
        do throws(Problem) {
            let decision = try state.decide(proposal, at: now, offsets: offsets)
            result = .success(decision)
            after = decision.unapproved.isEmpty ? decision.state : state
        } catch {
            result = .failure(error)
            after = state
        }
    }

    /// How much there is to write.
    var effectCount: Int { (try? result.get())?.change?.effects.count ?? 0 }

    /// The decision, where it was made against this state.
    func result(at state: PlatformState) -> Result<Decision, Problem>? {
        state.revision == revision && state.digest == digest ? result : nil
    }
}
