import ConfigPlatformModel
import Store
import Synchronization

/// The state that readers are served from, replaced whole. The only thing of the ledger that changes in memory.
///
/// `steps` reach ``WatchHub`` exactly once and in order, whether this replica committed them or followed them.
final class Published: Sendable {
    struct Step: Sendable {
        let change: ChangeRecord
        let state: PlatformState
        let touched: Touched
    }

    private struct Current {
        var state: PlatformState
        var lastContact: Timestamp
        var waiters: [(revision: Revision, id: UInt64, continuation: CheckedContinuation<Void, Never>)] = []
        var nextWaiter: UInt64 = 0
        /// Digests of the newest revisions, for resume tokens.
        var digests: [Revision: Digest] = [:]

        mutating func take(_ step: Step) {
            state = step.state
            digests[step.change.revision] = step.change.digest
            if let old = try? Revision(step.change.revision.number - Published.digestsKept) { digests[old] = nil }
        }
    }

    private let current: Mutex<Current>
    /// Held while steps are published and delivered, and while a watch begins: readers wait for neither.
    private let order = Mutex(())
    private let hub: WatchHub
    private static let digestsKept: Int64 = 16_384

    init(_ state: PlatformState, contact: Timestamp, hub: WatchHub) {
        current = Mutex(Current(state: state, lastContact: contact, digests: [state.revision: state.digest]))
        self.hub = hub
    }

    var state: PlatformState { current.withLock { $0.state } }

    var lastContact: Timestamp { current.withLock { $0.lastContact } }

    func noteContact(_ time: Timestamp) {
        current.withLock { $0.lastContact = max($0.lastContact, time) }
    }

    func digest(of revision: Revision) -> Digest? { current.withLock { $0.digests[revision] } }

    /// Takes the steps that follow the current state; those that are known already are passed over.
    func publish(_ steps: [Step]) {
        order.withLock { _ in
            for step in steps {
                let before = current.withLock { current -> PlatformState? in
                    guard step.change.revision == current.state.revision.next else { return nil }
                    defer { current.take(step) }
                    return current.state
                }
                if let before { hub.deliver(step, before: before) }
            }
        }
        let ready = current.withLock { current in
            let reached = current.state.revision
            let ready = current.waiters.filter { $0.revision <= reached }
            current.waiters.removeAll { $0.revision <= reached }
            return ready.map(\.continuation)
        }
        ready.forEach { $0.resume() }
    }

    /// Runs `body` with the current state before any later one is delivered to watches.
    func betweenSteps<Result, Failure: Error>(_ body: (PlatformState) throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        try order.withLock { _ throws(Failure) in try body(state) }
    }

    /// Suspends until the revision is reached, the time has passed or the task is cancelled.
    func awaitRevision(_ revision: Revision, seconds: Double) async {
        let id = current.withLock { current -> UInt64 in
            current.nextWaiter += 1
            return current.nextWaiter
        }
        let timer = Task {
            try? await Task.sleep(for: .seconds(seconds))
            self.giveUp(id)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReached = current.withLock { current in
                    if current.state.revision >= revision || Task.isCancelled { return true }
                    current.waiters.append((revision, id, continuation))
                    return false
                }
                if isReached { continuation.resume() }
            }
        } onCancel: {
            giveUp(id)
        }
        timer.cancel()
    }

    private func giveUp(_ id: UInt64) {
        let waiter = current.withLock { current in
            current.waiters.firstIndex { $0.id == id }.map { current.waiters.remove(at: $0).continuation }
        }
        waiter?.resume()
    }
}
