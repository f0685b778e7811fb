import ExactJSON

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
struct Evaluation: ~Copyable {
    /// What one evaluation may cost: each operator counts one step, and what makes lists and texts counts by their size.
    static let stepLimit = 1_000_000

    let flagKey: String
    /// Seconds since 1970.
    let timestamp: Int64
    /// Those of the context, which outlives the evaluation: looked into without taking hold of them.
    private let attributes: UnsafeBufferPointer<FlagObject.Member>
    /// What `var` looks into inside `map`, `filter` and the like; nil outside, where it is the context.
    var scope: FlagValue?
    var steps = Evaluation.stepLimit
    var trace: TraceRecorder?
    /// Index of the experiment whose split was come to last; -1 before any.
    var experiment = -1

    private init(
        _ flagKey: String, _ attributes: UnsafeBufferPointer<FlagObject.Member>, _ timestamp: Int64,
        _ trace: TraceRecorder?
    ) {
        self.flagKey = flagKey
        self.attributes = attributes
        self.timestamp = timestamp
        self.trace = trace
    }

    /// Runs one evaluation.
    @inline(__always)
    static func run<Result>(
        flagKey: String, context: FlagContext, timestamp: Int64, trace: TraceRecorder? = nil,
        _ body: (inout Evaluation) -> Result
    ) -> Result {
        context.attributes.members.withUnsafeBufferPointer { attributes in
            var evaluation = Evaluation(flagKey, attributes, timestamp, trace)
            return body(&evaluation)
        }
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

    /// The attribute of the context of that name; null where there is none.
    @inline(__always)
    func attribute(_ name: String, hash: UInt64) -> FlagValue {
        attributeIndex(name, hash: hash).map { attributes[$0].value } ?? .null
    }

    /// Whether the attribute is this very text; nil where it is something else than a text.
    @inline(__always)
    func attribute(_ name: String, hash: UInt64, is text: String) -> Bool? {
        guard let index = attributeIndex(name, hash: hash), case .string(let other) = attributes[index].value else {
            return nil
        }
        return text.hasSameBytes(as: other)
    }

    @inline(__always)
    private func attributeIndex(_ name: String, hash: UInt64) -> Int? {
        var index = 0
        while index < attributes.count {
            if attributes[index].hash == hash, attributes[index].name.hasSameBytes(as: name) { return index }
            index &+= 1
        }
        return nil
    }

    /// Everything `var` can look into here, as one value.
    var data: FlagValue {
        if let scope { return scope }
        var all = FlagObject(members: Array(attributes))
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
