import Foundation
import Synchronization

/// An OS thread with one PostgreSQL session of its own, to which work is handed in order.
///
/// The session is opened by the first work and replaced when it was lost; work itself is never repeated. Ends with ``close()``.
final class PostgreSQLThread: Sendable {
    /// Work waiting for its turn beyond this is refused.
    static let waitingMax = 1024

    private let queue: PostgreSQLJobQueue
    private let reconnectLimit: Duration

    /// `reconnectLimit`: how long work waits for a session unless it says otherwise. `onConnect` prepares every new session; what it
    /// throws goes to the work that is waiting, at once unless it says `isConnectionLost`.
    init(
        url: PostgreSQLURL, options: PostgreSQLSessionOptions = .init(), name: String = "postgresql",
        reconnectLimit: Duration = .seconds(10),
        onConnect: @escaping @Sendable (PostgreSQLConnection) throws -> Void = { _ in }
    ) throws {
        let queue = try PostgreSQLJobQueue(waitingMax: Self.waitingMax)
        self.queue = queue
        self.reconnectLimit = reconnectLimit
        let thread = Thread {
            Thread.current.name = name
            let worker = PostgreSQLWorker(queue: queue, url: url, options: options, onConnect: onConnect)
            worker.run()
        }
        thread.start()
    }

    deinit { queue.close() }

    /// Runs `body` on the thread after all work handed in before.
    ///
    /// When there is no session one is sought for `limit` from now, at least once unless an attempt failed just before and the time to
    /// the next is longer than that; zero is a single attempt. A transaction that `body` leaves open is rolled back, which is an error if
    /// `body` succeeded. Cancelling the task does not interrupt it: a commit under way has to be seen through.
    @discardableResult
    func run<T: Sendable>(
        reconnectWithin limit: Duration? = nil, _ body: @escaping @Sendable (PostgreSQLConnection) throws -> T
    ) async throws -> T {
        let deadline = ContinuousClock.now.advanced(by: limit ?? reconnectLimit)
        return try await withCheckedThrowingContinuation { continuation in
            let job = PostgreSQLJob(deadline: deadline) { session in
                let outcome = session.flatMap { connection in
                    let outcome = Result { try body(connection) }
                    let wasOpen = connection.rollBackIfOpen()
                    guard wasOpen, case .success = outcome else { return outcome }
                    return .failure(PostgreSQLError("work left its transaction open; it was rolled back"))
                }
                continuation.resume(with: outcome)
            }
            if let refusal = queue.append(job) { job.body(.failure(refusal)) }
        }
    }

    /// Why the last attempt to connect failed, until one succeeds; nil as long as none was needed.
    var outage: (any Error)? { queue.outage }

    /// Refuses new work, lets what was accepted finish, interrupts a wait for notifications or for the next attempt to connect, and
    /// returns when the session is closed.
    func close() async {
        queue.close()
        await queue.ended()
    }
}

/// Work and the instant until which a session is sought for it.
struct PostgreSQLJob: Sendable {
    let deadline: ContinuousClock.Instant
    let body: @Sendable (Result<PostgreSQLConnection, any Error>) -> Void
}

/// The work of one thread, and the pipes that wake it.
final class PostgreSQLJobQueue: Sendable {
    private struct State {
        var jobs: [PostgreSQLJob] = []
        var isClosed = false
        var hasEnded = false
        var outage: (any Error)?
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    /// Readable when work was added to an empty queue.
    let arrivals: WakePipe
    /// Readable for good once the queue is closed.
    let closure: WakePipe
    private let waitingMax: Int
    private let state = Mutex(State())

    init(waitingMax: Int) throws {
        self.waitingMax = waitingMax
        arrivals = try WakePipe()
        closure = try WakePipe()
    }

    /// Returns why the job is not taken, if it is not.
    func append(_ job: PostgreSQLJob) -> PostgreSQLError? {
        state.withLock { state in
            if state.isClosed { return .closed }
            if state.jobs.count >= waitingMax {
                return PostgreSQLError("more than \(waitingMax) calls are waiting for one PostgreSQL session")
            }
            state.jobs.append(job)
            if state.jobs.count == 1 { arrivals.signal() }
            return nil
        }
    }

    /// The next job, if there is one; `isLast` when there will not be another.
    func next() -> (job: PostgreSQLJob?, isLast: Bool) {
        state.withLock { state in
            state.jobs.isEmpty ? (nil, state.isClosed) : (state.jobs.removeFirst(), false)
        }
    }

    var outage: (any Error)? {
        get { state.withLock { $0.outage } }
        set { state.withLock { $0.outage = newValue } }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            closure.signal()
            arrivals.signal()
        }
    }

    func end() {
        let closers = state.withLock { state in
            state.hasEnded = true
            return exchange(&state.closers, with: [])
        }
        for closer in closers { closer.resume() }
    }

    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.closers.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}

/// What runs on the thread: takes work, sees to a session, does the work.
private final class PostgreSQLWorker {
    private let queue: PostgreSQLJobQueue
    private let url: PostgreSQLURL
    private let options: PostgreSQLSessionOptions
    private let onConnect: @Sendable (PostgreSQLConnection) throws -> Void
    private var connection: PostgreSQLConnection?
    private var backoff = ReconnectBackoff() {
        didSet { queue.outage = backoff.failure }
    }

    init(
        queue: PostgreSQLJobQueue, url: PostgreSQLURL, options: PostgreSQLSessionOptions,
        onConnect: @escaping @Sendable (PostgreSQLConnection) throws -> Void
    ) {
        self.queue = queue
        self.url = url
        self.options = options
        self.onConnect = onConnect
    }

    func run() {
        while true {
            let (job, isLast) = queue.next()
            if let job {
                job.body(Result { try session(by: job.deadline) })
                dropIfUnfit()
            } else if isLast {
                break
            } else {
                waitForWork()
            }
        }
        connection?.close()
        queue.end()
    }

    private func waitForWork() {
        var descriptors = [(descriptor: queue.arrivals.readDescriptor, isWriting: false)]
        if let socket = connection?.link.socket { descriptors.append((socket, false)) }
        guard let readiness = (try? Readiness.wait(descriptors, timeout: nil)) ?? nil else { return }
        if readiness[0].isReadable { queue.arrivals.drain() }
        if readiness.count > 1, readiness[1].isReadable {
            connection?.link.absorbInput()
            dropIfUnfit()
        }
    }

    private func dropIfUnfit() {
        guard let present = connection, !present.isOpen || present.isRetired else { return }
        present.close()
        connection = nil
    }

    /// A session that was alive a moment ago: a server that went away while nothing was asked is noticed here, before work begins.
    private func session(by deadline: ContinuousClock.Instant) throws -> PostgreSQLConnection {
        connection?.link.absorbInput()
        dropIfUnfit()
        if let connection {
            connection.responseTimeout = options.responseTimeout
            return connection
        }
        while true {
            if let failure = backoff.failure, let next = backoff.nextAttempt {
                guard next <= deadline, !isInterrupted(until: next) else { throw failure }
            }
            do {
                let opened = try connect(by: deadline)
                backoff = ReconnectBackoff()
                connection = opened
                return opened
            } catch var error as PostgreSQLError where error.isConnectionLost {
                error.outcomeUnknown = false
                backoff.fail(error)
            } catch {
                backoff.fail(error)
                throw error
            }
        }
    }

    private func connect(by deadline: ContinuousClock.Instant) throws -> PostgreSQLConnection {
        let remaining = Int(ContinuousClock.now.duration(to: deadline).components.seconds)
        let seconds = url.connectTimeoutSeconds ?? options.connectTimeoutSeconds
        let opened = try PostgreSQLConnection(
            to: url, options: options, attemptSeconds: max(2, min(seconds, remaining / url.hostCount)),
            interruption: queue.closure)
        do {
            try onConnect(opened)
            opened.rollBackIfOpen()
        } catch {
            opened.close()
            throw error
        }
        opened.responseTimeout = options.responseTimeout
        return opened
    }

    private func isInterrupted(until instant: ContinuousClock.Instant) -> Bool {
        let descriptor = (descriptor: queue.closure.readDescriptor, isWriting: false)
        let remaining = max(.zero, ContinuousClock.now.duration(to: instant))
        return ((try? Readiness.wait([descriptor], timeout: remaining)) ?? nil) != nil
    }
}

/// Waits between attempts to connect: doubling from 50 ms to 2 s, each shortened by up to half at random so that the replicas of a
/// platform do not return to a server all at once.
struct ReconnectBackoff {
    static let firstMilliseconds = 50.0
    static let longestMilliseconds = 2_000.0

    private(set) var failure: (any Error)?
    private(set) var nextAttempt: ContinuousClock.Instant?
    private var failures = 0

    mutating func fail(_ error: any Error) {
        let whole = min(Self.longestMilliseconds, Self.firstMilliseconds * Double(1 << min(failures, 16)))
        failures += 1
        failure = error
        nextAttempt = ContinuousClock.now.advanced(by: .milliseconds(whole * Double.random(in: 0.5...1)))
    }
}
