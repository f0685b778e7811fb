/// `if` (and `?:`): the value after the first condition that is true, else the last.
final class Choice: Expression {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        var index = 0
        while index &+ 1 < arguments.count {
            if try arguments[index].isTrue(in: &evaluation) { return try arguments[index &+ 1].value(in: &evaluation) }
            index &+= 2
        }
        return index < arguments.count ? try arguments[index].value(in: &evaluation) : .null
    }
}

/// `if` with one condition and two outcomes, the commonest.
final class Branch: Expression {
    private let condition: any Expression
    private let consequence: any Expression
    private let alternative: any Expression

    init(_ condition: any Expression, _ consequence: any Expression, _ alternative: any Expression) {
        self.condition = condition
        self.consequence = consequence
        self.alternative = alternative
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        return try condition.isTrue(in: &evaluation)
            ? consequence.value(in: &evaluation) : alternative.value(in: &evaluation)
    }

    func decision(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Decision {
        try evaluation.step()
        return try condition.isTrue(in: &evaluation)
            ? consequence.decision(in: &evaluation) : alternative.decision(in: &evaluation)
    }
}

/// `and`: the first that is false, else the last.
final class Conjunction: Expression {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        var last = FlagValue.null
        for argument in arguments {
            last = try argument.value(in: &evaluation)
            if !last.isTruthy { return last }
        }
        return last
    }

    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool {
        try evaluation.step()
        var index = 0
        while index < arguments.count {
            if try !arguments[index].isTrue(in: &evaluation) { return false }
            index &+= 1
        }
        return index > 0
    }
}

/// `or`: the first that is true, else the last.
final class Disjunction: Expression {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        var last = FlagValue.null
        for argument in arguments {
            last = try argument.value(in: &evaluation)
            if last.isTruthy { return last }
        }
        return last
    }

    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool {
        try evaluation.step()
        var index = 0
        while index < arguments.count {
            if try arguments[index].isTrue(in: &evaluation) { return true }
            index &+= 1
        }
        return false
    }
}

/// `!` and `!!`.
final class Truth: Predicate {
    private let arguments: [any Expression]
    private let expected: Bool

    init(_ arguments: [any Expression], is expected: Bool) {
        self.arguments = arguments
        self.expected = expected
    }

    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool {
        try evaluation.step()
        guard let first = arguments.first else { return !expected }
        let isTrue = try first.isTrue(in: &evaluation)
        try arguments.evaluateRest(after: 1, in: &evaluation)
        return isTrue == expected
    }
}
