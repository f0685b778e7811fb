/// How long to wait before the next of several attempts: exponential, bounded, with full jitter, so that programs that
/// lost the platform together do not come back together.
struct Backoff: Sendable {
    var base: Duration
    let cap: Duration
    private var attempt = 0

    init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    mutating func reset() { attempt = 0 }

    /// Something between nothing and `base` × 2ⁿ, at most `cap`. Where the server said how long, that much and up to
    /// `base` more.
    ///
    /// - Parameter fraction: a random number from 0 up to 1.
    mutating func next(retryAfter: Duration? = nil, fraction: Double) -> Duration {
        let ceiling = min(cap, base * (1 << min(attempt, 20)))
        attempt += 1
        guard let retryAfter else { return ceiling * fraction }
        return max(.zero, retryAfter) + base * fraction
    }
}
