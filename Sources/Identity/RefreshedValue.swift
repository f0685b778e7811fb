import Synchronization

/// Something an issuer publishes, kept for an hour.
///
/// It is asked for again when it is older, or when it lacks what is looked for; never twice within 30 s, whatever comes, and once for all
/// who wait. Where it cannot be had again, the one that is known serves for 24 hours.
final class RefreshedValue<Value: Sendable>: Sendable {
    private struct State {
        var kept: (value: Value, at: SecondsSince1970)?
        var askedAt: SecondsSince1970?
        var failure: IssuerFailure?
        var running: Task<Result<Value, IssuerFailure>, Never>?

        func kept(within seconds: Int64, of now: SecondsSince1970) -> Value? {
            kept.flatMap { now - $0.at < seconds ? $0.value : nil }
        }
    }

    private enum Step {
        case have(Value)
        case wait(Task<Result<Value, IssuerFailure>, Never>)
        case fail(IssuerFailure)
    }

    private let fetch: @Sendable (SecondsSince1970) async -> Result<Value, IssuerFailure>
    private let state = Mutex(State())

    private static var freshSeconds: Int64 { 60 * 60 }
    private static var pauseSeconds: Int64 { 30 }
    private static var usableSeconds: Int64 { 24 * 60 * 60 }

    init(_ fetch: @escaping @Sendable (SecondsSince1970) async throws(IssuerFailure) -> Value) {
        self.fetch = { now in
            do throws(IssuerFailure) {
                return .success(try await fetch(now))
            } catch {
                return .failure(error)
            }
        }
    }

    /// The value; one that lacks what is looked for, where a newer one cannot be had now.
    func value(
        at now: SecondsSince1970, lacks: (Value) -> Bool = { _ in false }
    ) async throws(IssuerFailure) -> Value {
        let task: Task<Result<Value, IssuerFailure>, Never>
        switch step(at: now, lacks: lacks) {
        case .have(let value): return value
        case .fail(let failure): throw failure
        case .wait(let running): task = running
        }
        switch await task.value {
        case .success(let value): return value
        case .failure(let failure):
            guard let known = state.withLock({ $0.kept(within: Self.usableSeconds, of: now) }) else { throw failure }
            return known
        }
    }

    private func step(at now: SecondsSince1970, lacks: (Value) -> Bool) -> Step {
        state.withLock { state in
            if let value = state.kept(within: Self.freshSeconds, of: now), !lacks(value) { return .have(value) }
            if let running = state.running { return .wait(running) }
            // A clock that was set back does not make the pause longer.
            if let askedAt = state.askedAt, (0..<Self.pauseSeconds).contains(now - askedAt) {
                if let known = state.kept(within: Self.usableSeconds, of: now) { return .have(known) }
                return .fail(state.failure ?? IssuerFailure(.unavailable, "The issuer was asked a moment ago."))
            }
            state.askedAt = now
            let task = Task {
                let result = await self.fetch(now)
                self.state.withLock { state in
                    state.running = nil
                    switch result {
                    case .success(let value): state.kept = (value, now)
                    case .failure(let failure): state.failure = failure
                    }
                }
                return result
            }
            state.running = task
            return .wait(task)
        }
    }
}
