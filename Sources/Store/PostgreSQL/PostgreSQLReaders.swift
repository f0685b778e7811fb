import Synchronization

/// The sessions that reads share: each read has one to itself, and those beyond their number wait their turn.
final class PostgreSQLReaders: Sendable {
    /// Reads that may wait before further ones are refused.
    static let waitingMax = 4_096

    private struct State {
        var idle: [PostgreSQLThread]
        var isClosed = false
        var waiting: [(id: Int, continuation: CheckedContinuation<PostgreSQLThread, any Error>)] = []
        var waitingCount = 0
    }

    private let threads: [PostgreSQLThread]
    private let state: Mutex<State>

    init(_ threads: [PostgreSQLThread]) {
        self.threads = threads
        state = Mutex(State(idle: threads.reversed()))
    }

    /// Runs `body` on a session that nobody else uses meanwhile. A cancelled task does not wait for one; work that has begun is finished.
    func run<Value: Sendable>(
        reconnectWithin limit: Duration, _ body: @escaping @Sendable (PostgreSQLConnection) throws -> Value
    ) async throws -> Value {
        let thread = try await acquire()
        defer { release(thread) }
        return try await thread.run(reconnectWithin: limit, body)
    }

    /// Ends the waits of those that have no session yet, lets the others finish, and returns when all sessions are closed.
    func close() async {
        let waiting = state.withLock { state in
            state.isClosed = true
            return exchange(&state.waiting, with: [])
        }
        for (_, continuation) in waiting { continuation.resume(throwing: StoreError.closed) }
        for thread in threads { await thread.close() }
    }

    private func acquire() async throws -> PostgreSQLThread {
        let id = state.withLock { state in
            state.waitingCount += 1
            return state.waitingCount
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<PostgreSQLThread, any Error>? = state.withLock { state in
                    if state.isClosed { return .failure(StoreError.closed) }
                    // Cancelled before this point: the handler below found nobody to wake.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if let thread = state.idle.popLast() { return .success(thread) }
                    guard state.waiting.count < Self.waitingMax else {
                        return .failure(
                            StoreError.unavailable("More than \(Self.waitingMax) reads wait for the database."))
                    }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let cancelled = state.withLock { state in
                state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0).continuation }
            }
            cancelled?.resume(throwing: CancellationError())
        }
    }

    private func release(_ thread: PostgreSQLThread) {
        let next = state.withLock { state -> CheckedContinuation<PostgreSQLThread, any Error>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst().continuation }
            state.idle.append(thread)
            return nil
        }
        next?.resume(returning: thread)
    }
}
