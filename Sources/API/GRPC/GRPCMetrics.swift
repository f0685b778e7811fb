import GRPCCore
import Metrics
import Synchronization

/// Counts and times calls by method and status. Only methods that there are come here, so that no caller can make series at will.
final class GRPCMetrics: Sendable {
    private struct Key: Hashable {
        let method: String
        let code: Int
    }

    private let factory: any MetricsFactory
    private let counters = Mutex<[Key: Counter]>([:])
    private let timers = Mutex<[String: Timer]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
    }

    /// - Parameter nanoseconds: For a stream, how long it was open.
    func record(_ method: String, code: Status.Code, nanoseconds: Int64) {
        counter(method, code).increment()
        timer(method).recordNanoseconds(nanoseconds)
    }

    private func counter(_ method: String, _ code: Status.Code) -> Counter {
        counters.withLock { counters in
            let key = Key(method: method, code: code.rawValue)
            if let known = counters[key] { return known }
            let counter = Counter(
                label: "cfg_grpc_requests_total", dimensions: [("method", method), ("status", "\(code)")],
                factory: factory)
            counters[key] = counter
            return counter
        }
    }

    private func timer(_ method: String) -> Timer {
        timers.withLock { timers in
            if let known = timers[method] { return known }
            let timer = Timer(
                label: "cfg_grpc_request_duration_seconds", dimensions: [("method", method)], factory: factory)
            timers[method] = timer
            return timer
        }
    }
}
