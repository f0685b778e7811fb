/// What a flag came to for one context.
package struct Resolution: Sendable {
    /// Nil where the caller's own default is the value.
    package let variant: Variant?
    package let reason: Reason
    /// Where the reason is `error`.
    package let error: ErrorCode?
    /// Index, among the flag's experiments, of the one whose split gave the variant; -1 where none did.
    package let experiment: Int

    /// OpenFeature's reasons, as far as flagd's evaluation gives them.
    package enum Reason: String, Sendable, CaseIterable {
        /// The flag has no rules.
        case `static` = "STATIC"
        /// No rule matched.
        case `default` = "DEFAULT"
        case targetingMatch = "TARGETING_MATCH"
        case disabled = "DISABLED"
        case error = "ERROR"
    }

    /// OpenFeature's error codes.
    package enum ErrorCode: String, Sendable, CaseIterable {
        case flagNotFound = "FLAG_NOT_FOUND"
        case parseError = "PARSE_ERROR"
        case typeMismatch = "TYPE_MISMATCH"
        case targetingKeyMissing = "TARGETING_KEY_MISSING"
        case invalidContext = "INVALID_CONTEXT"
        case general = "GENERAL"
    }

    @inline(__always)
    init(_ variant: Variant?, _ reason: Reason, experiment: Int = -1) {
        self.variant = variant
        self.reason = reason
        self.experiment = experiment
        error = nil
    }

    package init(_ error: ErrorCode) {
        variant = nil
        reason = .error
        experiment = -1
        self.error = error
    }
}
