package import ExactJSON

/// What each part of a rule came to in one evaluation, in the order in which they ended.
package final class TraceRecorder {
    private(set) var steps: [TraceStep] = []
    fileprivate var depth = 0
    /// Steps kept; the rest is only counted.
    static let limit = 1_000
    private(set) var left = 0

    init() {}

    fileprivate func record(_ step: TraceStep) {
        if steps.count < Self.limit { steps.append(step) } else { left += 1 }
    }
}

/// One operator of a rule, and what it came to.
package struct TraceStep: Sendable {
    /// Where it is in the flag's targeting.
    package let pointer: JSONPointer
    package let `operator`: String
    /// Operators that this one is inside of.
    package let depth: Int
    package let value: FlagValue
    /// For `fractional`, how the share was found.
    package let bucket: Bucket?

    package struct Bucket: Sendable {
        package let key: FlagValue
        package let hash: UInt32
        package let bucket: Int64
        package let totalWeight: Int64
    }

    package var json: JSONValue {
        var object = JSONObject(uniqueMembers: [
            ("at", .string(pointer.text)), ("operator", .string(`operator`)), ("depth", .int(depth)),
            ("value", value.json),
        ])
        if let bucket {
            object["bucket"] = .object(
                JSONObject(uniqueMembers: [
                    ("key", bucket.key.json), ("hash", .int(Int(bucket.hash))), ("bucket", .int(bucket.bucket)),
                    ("totalWeight", .int(bucket.totalWeight)),
                ]))
        }
        return .object(object)
    }
}

/// An operator that tells the trace what it came to.
final class Traced: Expression {
    private let inner: any Expression
    private let name: String
    private let pointer: JSONPointer
    private let fractional: Fractional?

    init(_ inner: any Expression, _ name: String, at pointer: JSONPointer, fractional: Fractional? = nil) {
        self.inner = inner
        self.name = name
        self.pointer = pointer
        self.fractional = fractional
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        let depth = evaluation.trace?.depth ?? 0
        evaluation.trace?.depth += 1
        defer { evaluation.trace?.depth -= 1 }
        var bucket: TraceStep.Bucket?
        let value: FlagValue
        if let fractional {
            if let place = try fractional.place(in: &evaluation) {
                value = try fractional.value(at: place, in: &evaluation)
                bucket = TraceStep.Bucket(
                    key: place.key, hash: place.hash, bucket: place.bucket, totalWeight: place.total)
            } else {
                value = .null
            }
        } else {
            value = try inner.value(in: &evaluation)
        }
        evaluation.trace?.record(
            TraceStep(pointer: pointer, operator: name, depth: depth, value: value, bucket: bucket))
        return value
    }
}
