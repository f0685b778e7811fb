import ExactJSON

/// What a guard came to when it was asked once.
package enum GuardrailAnswer: Hashable, Sendable {
    case value(Double)
    /// No number: it could not be reached, or answered something else. In words.
    case none(String)
}

/// What a guard has said since a step began, or since whoever watches it began to. It is kept in memory only: who takes over knows nothing
/// of it and begins anew, so that a step is never taken for good that nobody has watched for long enough.
package struct GuardrailRecord: Hashable, Sendable {
    /// Since when no answer has been bad; nil before the first good one.
    package private(set) var goodSince: FlagTime?
    package private(set) var lastGood: FlagTime?
    /// Bad answers in a row.
    package private(set) var bad: Int64 = 0
    package private(set) var lastValue: Double?
    /// Times in a row that there was no answer, since when, and why the last time.
    package private(set) var unanswered: Int64 = 0
    package private(set) var silentSince: FlagTime?
    package private(set) var silence: String?

    /// After so many times without an answer nothing is known any more of how good the step is.
    private static let unansweredMax: Int64 = 3

    package init() {}

    package mutating func note(
        _ answer: GuardrailAnswer, of guardrail: FlagRolloutBody.Guardrail, at now: FlagTime
    ) {
        switch answer {
        case .none(let reason):
            unanswered += 1
            silentSince = silentSince ?? now
            silence = reason
            if unanswered >= Self.unansweredMax { goodSince = nil }
            return
        case .value(let value):
            lastValue = value
            if guardrail.bound.isBroken(by: value) {
                bad += 1
                goodSince = nil
            } else {
                bad = 0
                goodSince = goodSince ?? now
                lastGood = now
            }
        }
        unanswered = 0
        silentSince = nil
        silence = nil
    }

    /// Whether the step has been good for as long as the guard asks, from one answer to another.
    func isBaked(by guardrail: FlagRolloutBody.Guardrail) -> Bool {
        guard let goodSince, let lastGood, bad == 0 else { return false }
        return lastGood.microseconds - goodSince.microseconds >= guardrail.bakeSeconds * 1_000_000
    }

    /// Whether bad answers have come as often in a row as the guard allows.
    func isBroken(by guardrail: FlagRolloutBody.Guardrail) -> Bool { bad >= guardrail.failures }

    /// Whether nothing has been heard for too long: ``FlagLimits/guardSilenceSeconds``, and three times in a row at least.
    func isSilent(at now: FlagTime) -> Bool {
        guard let silentSince, unanswered >= Self.unansweredMax else { return false }
        return now.microseconds - silentSince.microseconds >= FlagLimits.guardSilenceSeconds * 1_000_000
    }
}

extension FlagRolloutBody.Guardrail {
    /// `above 0.01`
    var boundText: String {
        switch bound {
        case .above(let limit): "above \(limit.canonicalText)"
        case .below(let limit): "below \(limit.canonicalText)"
        }
    }
}
