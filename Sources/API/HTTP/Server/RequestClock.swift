import NIOCore

/// What a connection, or one stream of a multiplexed one, is doing, and when it will have done nothing for too long.
/// Pure: times come in, what is due comes out.
struct RequestClock {
    struct Patience: Sendable {
        let idle: TimeAmount
        let request: TimeAmount
        let stall: TimeAmount

        /// No deadline comes sooner than this after what starts it.
        var shortest: TimeAmount { min(idle, request, stall) }
    }

    enum Due: Equatable {
        /// Nothing before then.
        case nothing(until: NIODeadline)
        /// Nobody asks anything: close.
        case closeIdle
        /// The client takes nothing of its answer: close.
        case closeStalled
        /// A request has not been answered in time; where it is `isReading` it has not even arrived.
        case refuse(isReading: Bool)
    }

    private let patience: Patience
    /// Requests that have begun and are not answered to the end.
    private(set) var inFlight = 0
    /// Whether a request has begun and not ended.
    private(set) var isReading = false
    /// Whether the answer to the oldest request has begun.
    private(set) var hasAnswered = false
    /// Whether that answer is a watch, which lasts.
    private(set) var isStreaming = false
    private var oldestBegan: NIODeadline
    private var lastActive: NIODeadline
    private var unwritableSince: NIODeadline?

    init(_ patience: Patience, now: NIODeadline) {
        self.patience = patience
        oldestBegan = now
        lastActive = now
    }

    mutating func requestBegan(at now: NIODeadline) {
        if inFlight == 0 { oldestBegan = now }
        inFlight += 1
        isReading = true
    }

    mutating func requestEnded() { isReading = false }

    mutating func answerBegan(isStreaming: Bool) {
        hasAnswered = true
        self.isStreaming = isStreaming
    }

    mutating func answerEnded(at now: NIODeadline) {
        inFlight -= 1
        hasAnswered = false
        isStreaming = false
        oldestBegan = now
        lastActive = now
    }

    mutating func writabilityChanged(_ isWritable: Bool, at now: NIODeadline) {
        unwritableSince = isWritable ? nil : unwritableSince ?? now
    }

    /// - Parameter elsewhere: when the connection was last busy with what this clock does not see.
    func due(at now: NIODeadline, elsewhere: NIODeadline) -> Due {
        var next = now + patience.shortest
        if let unwritableSince {
            let deadline = unwritableSince + patience.stall
            if deadline <= now { return .closeStalled }
            next = min(next, deadline)
        }
        if inFlight == 0 {
            let deadline = max(lastActive, elsewhere) + patience.idle
            if deadline <= now { return .closeIdle }
            next = min(next, deadline)
        } else if !hasAnswered {
            let deadline = oldestBegan + patience.request
            if deadline <= now { return .refuse(isReading: isReading) }
            next = min(next, deadline)
        }
        return .nothing(until: next)
    }
}
