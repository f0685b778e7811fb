/// Why a rule gave no result.
enum EvaluationFailure: Error, Sendable {
    /// An operator that does not exist, or a reference to nothing.
    case unknownOperator(String)
    /// A division by zero, a key that is asked of something without any, an operator with arguments it cannot take.
    case impossible(String)
    /// More steps than one evaluation may take.
    case tooManySteps
}

/// One evaluation under way.
struct Evaluation {
    /// What one evaluation may cost: each operator counts one step, and what makes lists and texts counts by their size.
    static let stepLimit = 1_000_000

    let flagKey: String
    /// Seconds since 1970.
    let timestamp: Int64
    let context: FlagContext
    /// What `var` looks into inside `map`, `filter` and the like; nil outside, where it is the context.
    var scope: FlagValue?
    var steps = Evaluation.stepLimit
    var trace: TraceRecorder?

    init(flagKey: String, context: FlagContext, timestamp: Int64, trace: TraceRecorder? = nil) {
        self.flagKey = flagKey
        self.context = context
        self.timestamp = timestamp
        self.trace = trace
    }

    @inline(__always)
    mutating func step() throws(EvaluationFailure) {
        steps &-= 1
        if steps < 0 { throw .tooManySteps }
    }

    /// Counts the making of something of that size.
    mutating func step(size: Int) throws(EvaluationFailure) {
        steps &-= 1 &+ size / 16
        if steps < 0 { throw .tooManySteps }
    }

    /// Everything `var` can look into here, as one value.
    var data: FlagValue {
        if let scope { return scope }
        var all = context.attributes
        all["$flagd"] = .object(platformAttributes)
        if case nil = all["targetingKey"] { all["targetingKey"] = .null }
        return .object(all)
    }

    var platformAttributes: FlagObject {
        var object = FlagObject()
        object["flagKey"] = .string(flagKey)
        object["timestamp"] = .integer(timestamp)
        return object
    }
}
