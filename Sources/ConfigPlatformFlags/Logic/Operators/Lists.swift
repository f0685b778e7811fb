/// `merge`: one list of the arguments and, where these are lists, of what is in them.
final class Merge: Expression {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        var merged: [FlagValue] = []
        for argument in arguments {
            switch try argument.value(in: &evaluation) {
            case .list(let elements): merged.append(contentsOf: elements)
            case let value: merged.append(value)
            }
            try evaluation.step(size: merged.count)
        }
        return .list(merged)
    }
}

/// `map`, `filter`, `all`, `some` and `none`: a rule for each element of a list, in which `var` looks into the element.
final class Quantifier: Expression {
    enum Form { case map, filter, all, some, none }

    private let form: Form
    private let list: any Expression
    private let rule: any Expression

    init(_ form: Form, _ list: any Expression, _ rule: any Expression) {
        self.form = form
        self.list = list
        self.rule = rule
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        let list = try list.value(in: &evaluation)
        guard case .list(let elements) = list else { return empty }
        switch form {
        case .map:
            var results: [FlagValue] = []
            for element in elements {
                results.append(
                    try evaluation.within(element) { (inner) throws(EvaluationFailure) in try rule.value(in: &inner) })
            }
            return .list(results)
        case .filter:
            var kept: [FlagValue] = []
            for element in elements where try holds(for: element, in: &evaluation) { kept.append(element) }
            return .list(kept)
        case .all:
            for element in elements where try !holds(for: element, in: &evaluation) { return .bool(false) }
            return .bool(!elements.isEmpty)
        case .some:
            for element in elements where try holds(for: element, in: &evaluation) { return .bool(true) }
            return .bool(false)
        case .none:
            for element in elements where try holds(for: element, in: &evaluation) { return .bool(false) }
            return .bool(true)
        }
    }

    /// What is given where there is no list.
    private var empty: FlagValue {
        switch form {
        case .map, .filter: .list([])
        case .all, .some: .bool(false)
        case .none: .bool(true)
        }
    }

    private func holds(
        for element: FlagValue, in evaluation: inout Evaluation
    ) throws(EvaluationFailure) -> Bool {
        try evaluation.within(element) { (inner) throws(EvaluationFailure) in try rule.isTrue(in: &inner) }
    }
}

/// `reduce`: a rule for each element, in which `var` finds `current` and `accumulator`.
final class Reduction: Expression {
    private let list: any Expression
    private let rule: any Expression
    private let start: FlagValue

    /// The start is taken as it is written, not evaluated.
    init(_ list: any Expression, _ rule: any Expression, from start: FlagValue) {
        self.list = list
        self.rule = rule
        self.start = start
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        let list = try list.value(in: &evaluation)
        guard case .list(let elements) = list else { return start }
        var accumulator = start
        for element in elements {
            var scope = FlagObject()
            scope["accumulator"] = accumulator
            scope["current"] = element
            accumulator = try evaluation.within(.object(scope)) { (inner) throws(EvaluationFailure) in
                try rule.value(in: &inner)
            }
        }
        return accumulator
    }
}

extension Evaluation {
    /// Runs a body in which `var` looks into the value.
    mutating func within<Result>(
        _ value: FlagValue, _ body: (inout Evaluation) throws(EvaluationFailure) -> Result
    ) throws(EvaluationFailure) -> Result {
        try step()
        let outer = scope
        scope = value
        defer { scope = outer }
        return try body(&self)
    }
}
