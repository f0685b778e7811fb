import ExactJSON

/// `==`, `!=`, `===` and `!==`.
final class Equality: Predicate {
    private let arguments: [any Expression]
    private let isStrict: Bool
    private let expected: Bool

    init(_ arguments: [any Expression], isStrict: Bool, expected: Bool) {
        self.arguments = arguments
        self.isStrict = isStrict
        self.expected = expected
    }

    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool {
        try evaluation.step()
        let left = try arguments.value(0, in: &evaluation)
        let right = try arguments.value(1, in: &evaluation)
        try arguments.evaluateRest(after: 2, in: &evaluation)
        let isEqual = isStrict ? left.isSame(as: right) : left.isLooselyEqual(to: right)
        return isEqual == expected
    }
}

/// The same between an attribute and a text written out, the commonest of all rules.
final class AttributeEqualsText: Predicate {
    private let path: VariablePath
    private let text: String
    private let isStrict: Bool
    private let expected: Bool

    init(_ path: VariablePath, _ text: String, isStrict: Bool, expected: Bool) {
        self.path = path
        self.text = text
        self.isStrict = isStrict
        self.expected = expected
    }

    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool {
        try evaluation.step()
        if evaluation.scope == nil, let single = path.single,
            let isSame = evaluation.attribute(single.name, hash: single.hash, is: text)
        {
            return isSame == expected
        }
        switch path.value(in: evaluation) {
        case .string(let other): return text.hasSameBytes(as: other) == expected
        case .null: return !expected
        case let other: return (!isStrict && other.isLooselyEqual(to: .string(text))) == expected
        }
    }
}

/// `<`, `<=`, `>` and `>=`, of two values or, as "between", of three.
final class Ordering: Predicate {
    enum Relation: Sendable {
        case less, lessOrSame, greater, greaterOrSame

        func holds(_ order: FlagValue.Order) -> Bool {
            switch (self, order) {
            case (.less, .less), (.lessOrSame, .less), (.lessOrSame, .same): true
            case (.greater, .greater), (.greaterOrSame, .greater), (.greaterOrSame, .same): true
            default: false
            }
        }
    }

    private let relation: Relation
    private let arguments: [any Expression]

    init(_ relation: Relation, _ arguments: [any Expression]) {
        self.relation = relation
        self.arguments = arguments
    }

    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool {
        try evaluation.step()
        let first = try arguments.value(0, in: &evaluation)
        let second = try arguments.value(1, in: &evaluation)
        let third = try arguments.value(2, in: &evaluation)
        try arguments.evaluateRest(after: 3, in: &evaluation)
        guard relation.holds(FlagValue.looseOrder(first, second)) else { return false }
        if case .null = third { return true }
        return relation.holds(FlagValue.looseOrder(second, third))
    }
}

/// `in`: a member of a list, or a part of a text.
final class Membership: Predicate {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool {
        try evaluation.step()
        let needle = try arguments.value(0, in: &evaluation)
        let haystack = try arguments.value(1, in: &evaluation)
        try arguments.evaluateRest(after: 2, in: &evaluation)
        switch haystack {
        case .list(let elements):
            try evaluation.step(size: elements.count)
            return elements.contains { $0.isSame(as: needle) }
        case .string(let text):
            try evaluation.step(size: text.utf8.count)
            return text.containsBytes(of: needle.text)
        default:
            return false
        }
    }
}

/// `in` with a list written out: one lookup, however long it is.
final class ConstantMembership: Predicate {
    private let needle: any Expression
    private let texts: Set<ExactName>
    /// What in the list is no text.
    private let others: [FlagValue]

    init(_ needle: any Expression, _ list: [FlagValue]) {
        self.needle = needle
        var texts: Set<ExactName> = []
        var others: [FlagValue] = []
        for element in list {
            if case .string(let text) = element { texts.insert(ExactName(text)) } else { others.append(element) }
        }
        self.texts = texts
        self.others = others
    }

    func isTrue(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Bool {
        try evaluation.step()
        let value = try needle.value(in: &evaluation)
        if case .string(let text) = value { return texts.contains(ExactName(text)) }
        try evaluation.step(size: others.count)
        return others.contains { $0.isSame(as: value) }
    }
}

/// `starts_with` and `ends_with`: null where an argument is no text.
final class TextEnd: Expression {
    enum End { case start, end }

    private let end: End
    private let arguments: [any Expression]

    init(_ end: End, _ arguments: [any Expression]) {
        self.end = end
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        guard arguments.count == 2 else {
            try arguments.evaluateRest(after: 0, in: &evaluation)
            return .null
        }
        let text = try arguments[0].value(in: &evaluation)
        let part = try arguments[1].value(in: &evaluation)
        guard case .string(let text) = text, case .string(let part) = part else { return .null }
        return .bool(end == .start ? text.startsWithBytes(of: part) : text.endsWithBytes(of: part))
    }
}

/// `sem_ver`: null where an argument is no version, or the operator unknown.
final class VersionComparison: Expression {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        guard arguments.count == 3 else {
            try arguments.evaluateRest(after: 0, in: &evaluation)
            return .null
        }
        let left = try arguments[0].value(in: &evaluation)
        let relation = try arguments[1].value(in: &evaluation)
        let right = try arguments[2].value(in: &evaluation)
        guard let left = SemanticVersion(left), let right = SemanticVersion(right),
            case .string(let relation) = relation
        else { return .null }
        switch relation {
        case "=": return .bool(left.order(to: right) == 0)
        case "!=": return .bool(left.order(to: right) != 0)
        case "<": return .bool(left.order(to: right) < 0)
        case "<=": return .bool(left.order(to: right) <= 0)
        case ">": return .bool(left.order(to: right) > 0)
        case ">=": return .bool(left.order(to: right) >= 0)
        case "^": return .bool(left.major == right.major)
        case "~": return .bool(left.major == right.major && left.minor == right.minor)
        default: return .null
        }
    }
}
