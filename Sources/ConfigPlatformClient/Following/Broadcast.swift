import Synchronization

/// A value that changes, and all who want to see it change. Who is slow misses what lay between, never the newest.
final class Broadcast<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var receivers: [UInt64: AsyncStream<Value>.Continuation] = [:]
        var nextID: UInt64 = 0
        var isFinished = false
    }

    private let state: Mutex<State>
    private let observer: (@Sendable (Value) -> Void)?

    /// - Parameter observer: is told of every update before the receivers are; must not call back.
    init(_ value: Value, observer: (@Sendable (Value) -> Void)? = nil) {
        state = Mutex(State(value: value))
        self.observer = observer
    }

    var value: Value { state.withLock { $0.value } }

    /// Alters the value and hands it to all; `change` must not call back.
    @discardableResult
    func update<Result: Sendable>(_ change: (inout Value) -> Result) -> Result {
        state.withLock { state in
            let result = change(&state.value)
            observer?(state.value)
            // In the lock, so that no receiver sees an older value after a newer one. Yielding never waits.
            for receiver in state.receivers.values { receiver.yield(state.value) }
            return result
        }
    }

    /// The value as it is, then each as it becomes. Ends with ``finish()``.
    func values() -> AsyncStream<Value> {
        let (stream, continuation) = AsyncStream<Value>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state -> UInt64 in
            state.nextID += 1
            continuation.yield(state.value)
            if state.isFinished {
                continuation.finish()
            } else {
                state.receivers[state.nextID] = continuation
            }
            return state.nextID
        }
        continuation.onTermination = { [weak self] _ in
            // Not in the lock: a receiver that ends while a value is handed out would lock twice.
            self?.remove(id)
        }
        return stream
    }

    func finish() {
        let receivers = state.withLock { state in
            state.isFinished = true
            defer { state.receivers = [:] }
            return state.receivers
        }
        for receiver in receivers.values { receiver.finish() }
    }

    private func remove(_ id: UInt64) {
        _ = state.withLock { $0.receivers.removeValue(forKey: id) }
    }
}
