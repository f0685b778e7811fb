import ConfigPlatformModel
import Synchronization

/// The newest head that this process committed, and those who wait for the next.
final class HeadMovement: Sendable {
    private struct State {
        var head: Head
        var isClosed = false
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
        var waiterCount = 0
    }

    private let state: Mutex<State>

    init(at head: Head) {
        state = Mutex(State(head: head))
    }

    /// As published last.
    var head: Head { state.withLock { $0.head } }

    func publish(_ head: Head) {
        let waiters = state.withLock { state in
            state.head = head
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Ends all waits, present and to come, with an error.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(throwing: StoreError.closed) }
    }

    /// Returns when the head has moved past `head`, or after so many seconds.
    func wait(past head: Head, seconds: Double) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.wait(past: head) }
            group.addTask { try await Task.sleep(for: .seconds(max(0, seconds))) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func wait(past head: Head) async throws {
        let id = state.withLock { state in
            state.waiterCount += 1
            return state.waiterCount
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if state.isClosed { return .failure(StoreError.closed) }
                    if state.head.isPast(head) { return .success(()) }
                    // Cancelled before this point: the handler below found nobody to wake.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiters[id] = continuation
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }
}

extension Head {
    /// Whether something was committed between `other` and this.
    func isPast(_ other: Head) -> Bool {
        revision > other.revision || auditSequence > other.auditSequence
            || credentialsVersion > other.credentialsVersion
    }
}

extension StoreError {
    static let closed = StoreError.unavailable("The store is closed.")
}
