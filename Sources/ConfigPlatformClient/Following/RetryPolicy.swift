/// How often a request is tried, and how long is waited between.
package struct RetryPolicy: Sendable {
    let attempts: Int
    let base: Duration
    let cap: Duration
    /// A server that asks for a longer wait than this is not waited for.
    let retryAfterMax: Duration

    package init(
        attempts: Int = 4, base: Duration = .milliseconds(200), cap: Duration = .seconds(5),
        retryAfterMax: Duration = .seconds(10)
    ) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
        self.retryAfterMax = retryAfterMax
    }

    /// Runs `body` until it succeeds, fails for good, or has been tried often enough.
    ///
    /// - Parameter isRepeatable: whether it may be repeated after a failure that leaves open whether it had an effect.
    func run<Result>(
        isRepeatable: Bool, _ surroundings: Surroundings, _ body: () async throws -> Result
    ) async throws -> Result {
        var backoff = Backoff(base: base, cap: cap)
        var attempt = 1
        while true {
            do {
                return try await body()
            } catch let error as ConfigPlatformError where error.isTransient && attempt < attempts {
                // Refused before anything was done, where there is a status; otherwise nobody knows.
                guard isRepeatable || error.status == 429 || error.status == 503 else { throw error }
                guard error.retryAfter ?? .zero <= retryAfterMax else { throw error }
                attempt += 1
                try await surroundings.sleep(
                    backoff.next(retryAfter: error.retryAfter, fraction: surroundings.fraction()))
            }
        }
    }
}
