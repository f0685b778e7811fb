import ConfigPlatformModel
import Synchronization

/// One receiver's end of a watch: an ordered, bounded queue of events. A receiver that falls ``Limits/watchBacklog`` events behind is
/// cut off with the token to resume from, and slows nobody.
package final class WatchSubscription: Sendable {
    private struct State {
        var queue: [WatchEvent] = []
        var taken = 0
        var waiter: CheckedContinuation<WatchEvent?, Never>?
        var isEnded = false
        /// What comes before the live events; until it is through, what happens is left to it. Nil from then on.
        var replay: WatchReplay?
        /// Up to where the receiver has seen everything.
        var delivered: RevisionToken

        mutating func take() -> WatchEvent? {
            guard replay == nil, taken < queue.count else { return nil }
            let event = queue[taken]
            taken += 1
            if taken == queue.count {
                queue.removeAll(keepingCapacity: false)
                taken = 0
            }
            if event.isComplete { delivered = event.token }
            return event
        }
    }

    let id: UInt64
    let topic: WatchTopic
    let project: ProjectName
    /// Nil to follow every environment of the project.
    let environment: EnvironmentName?
    private let state: Mutex<State>
    private let onEnd: @Sendable (WatchSubscription) -> Void

    init(
        id: UInt64, topic: WatchTopic, project: ProjectName, environment: EnvironmentName?, from token: RevisionToken,
        replay: WatchReplay, onEnd: @escaping @Sendable (WatchSubscription) -> Void
    ) {
        self.id = id
        self.topic = topic
        self.project = project
        self.environment = environment
        self.onEnd = onEnd
        state = Mutex(State(replay: replay, delivered: token))
    }

    /// The next event; nil once the watch has ended. Waits until there is one, or the task is cancelled, which ends the watch.
    package func next() async -> WatchEvent? {
        if let event = await replayed() { return event }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> WatchEvent?? in
                    if let event = state.take() { return .some(event) }
                    if state.isEnded || Task.isCancelled { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            end()
        }
    }

    /// The next event of the replay; nil where it is over. One that fails ends the watch: its receiver comes back with the token it has.
    private func replayed() async -> WatchEvent? {
        guard let replay = state.withLock({ $0.isEnded ? nil : $0.replay }) else { return nil }
        do {
            guard let event = try await replay.next({ self.state.withLock { $0.replay = nil } }) else { return nil }
            if event.isComplete { state.withLock { $0.delivered = event.token } }
            if event.kind == .deleted, environment != nil { end() }
            return event
        } catch {
            end()
            return nil
        }
    }

    /// Ends the watch from the receiver's side.
    package func end() {
        let waiter = state.withLock { state in
            state.isEnded = true
            state.queue = []
            state.taken = 0
            state.replay = nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
        onEnd(self)
    }

    /// Adds an event; a heartbeat only where nothing else waits.
    func push(_ event: WatchEvent) {
        let (waiter, next, isLast) = state.withLock {
            state -> (CheckedContinuation<WatchEvent?, Never>?, WatchEvent?, Bool) in
            guard !state.isEnded, state.replay == nil else { return (nil, nil, false) }
            if event.kind == .heartbeat, state.taken < state.queue.count { return (nil, nil, false) }
            if state.queue.count - state.taken >= Limits.watchBacklog {
                state.queue = [
                    .bare(.behind, in: environment, of: project, at: state.delivered)
                ]
                state.taken = 0
                state.isEnded = true
            } else {
                state.queue.append(event)
                if event.kind == .deleted, environment != nil { state.isEnded = true }
            }
            guard let waiter = state.waiter else { return (nil, nil, state.isEnded) }
            state.waiter = nil
            return (waiter, state.take(), state.isEnded)
        }
        waiter?.resume(returning: next)
        if isLast { onEnd(self) }
    }
}
