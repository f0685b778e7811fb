/// A compiled rule or part of one. Immutable, and free of the flag and context it is evaluated for.
///
/// To add an operator: a class of this kind, and its name in `Operator.all`.
protocol Expression: AnyObject, Sendable {
    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue
    /// Whether the value counts as true. The same as asking the value, without making it.
    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool
    /// What the flag comes to whose rule this is. The same as asking the value, without looking for the variant that a constant names.
    func decision(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Decision
}

/// What a rule says.
enum Decision {
    case variant(Variant)
    case value(FlagValue)
}

extension Expression {
    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool {
        try value(in: &evaluation).isTruthy
    }

    func decision(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Decision {
        .value(try value(in: &evaluation))
    }
}

/// An expression whose value is true or false.
protocol Predicate: Expression {}

extension Predicate {
    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        .bool(try isTrue(in: &evaluation))
    }
}

final class Constant: Expression {
    let constant: FlagValue
    /// The variant of that name, of the flag whose rule this is in.
    private let variant: Variant?

    init(_ constant: FlagValue, variant: Variant? = nil) {
        self.constant = constant
        self.variant = variant
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue { constant }
    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool { constant.isTruthy }

    func decision(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Decision {
        variant.map { .variant($0) } ?? .value(constant)
    }
}

/// `[expression, …]`: a list of what they give.
final class ListExpression: Expression {
    private let elements: [any Expression]

    init(_ elements: [any Expression]) {
        self.elements = elements
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step(size: elements.count)
        return .list(try elements.values(in: &evaluation))
    }
}

/// An operator that does not exist, or a reference to nothing: fails when it is reached.
final class UnknownOperator: Expression {
    private let name: String
    private let arguments: [any Expression]

    init(_ name: String, _ arguments: [any Expression]) {
        self.name = name
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        _ = try arguments.values(in: &evaluation)
        throw .unknownOperator(name)
    }
}

extension [any Expression] {
    func values(in evaluation: inout Evaluation) throws(EvaluationFailure) -> [FlagValue] {
        var values: [FlagValue] = []
        values.reserveCapacity(count)
        for expression in self { values.append(try expression.value(in: &evaluation)) }
        return values
    }

    /// The argument at an index; null where there are fewer.
    @inline(__always)
    func value(_ index: Int, in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        index < count ? try self[index].value(in: &evaluation) : .null
    }

    /// Evaluates those beyond the first few, whose values an operator does not use, for the failures they may hold.
    func evaluateRest(after used: Int, in evaluation: inout Evaluation) throws(EvaluationFailure) {
        guard count > used else { return }
        for expression in self[used...] { _ = try expression.value(in: &evaluation) }
    }
}
