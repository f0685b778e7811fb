import HTTPTypes
import Metrics
import Synchronization

/// Counts and times requests. Labels are the matched route's pattern, one of the known methods and the status, so that
/// no caller can make series at will.
final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        /// -1 where no route matched.
        let route: Int
        let method: String
        let status: Int
    }

    private let factory: any MetricsFactory
    private let patterns: [String]
    private let counters = Mutex<[Key: Counter]>([:])
    /// The last is for requests that no route matched.
    private let timers: [Timer]

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    private static let otherMethod = "other"

    init(_ routes: [Route], factory: any MetricsFactory) {
        self.factory = factory
        patterns = routes.map(\.pattern)
        timers = (patterns + ["unmatched"]).map { pattern in
            Timer(label: "cfg_http_request_duration_seconds", dimensions: [("route", pattern)], factory: factory)
        }
    }

    /// What was answered without having been understood as a request.
    func recordUnreadable(status: Int) { counter(Self.otherMethod, route: nil, status: status).increment() }

    func record(_ method: HTTPRequest.Method, route: Int?, status: Int, nanoseconds: Int64) {
        let name = Self.methods.contains(method.rawValue) ? method.rawValue : Self.otherMethod
        counter(name, route: route, status: status).increment()
        timers[route ?? timers.count - 1].recordNanoseconds(nanoseconds)
    }

    private func counter(_ method: String, route: Int?, status: Int) -> Counter {
        let key = Key(route: route ?? -1, method: method, status: status)
        return counters.withLock { counters in
            if let known = counters[key] { return known }
            let counter = Counter(
                label: "cfg_http_requests_total",
                dimensions: [
                    ("method", method), ("route", route.map { patterns[$0] } ?? "unmatched"),
                    ("status", String(status)),
                ],
                factory: factory)
            counters[key] = counter
            return counter
        }
    }
}
