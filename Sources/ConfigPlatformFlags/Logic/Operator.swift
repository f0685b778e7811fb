import ExactJSON

/// What the operators of a rule are compiled to, by name.
///
/// Those of JsonLogic, and flagd's own: `fractional`, `sem_ver`, `starts_with`, `ends_with`. Operators whose arguments are not simply evaluated
/// (`reduce`, `fractional`, the quantifiers) are in `LogicCompiler`.
enum Operator {
    typealias Make = @Sendable ([any Expression]) -> any Expression

    static let all: [String: Make] = [
        "var": { arguments in
            if arguments.count <= 1, let constant = arguments.first as? Constant,
                case .string(let path) = constant.constant, !path.isEmpty
            {
                return Attribute(VariablePath(path))
            }
            return ComputedAttribute(arguments)
        },
        "missing": { Missing(.all, $0) },
        "missing_some": { Missing(.some, $0) },
        "if": choice,
        "?:": choice,
        "and": { Conjunction($0) },
        "or": { Disjunction($0) },
        "!": { Truth($0, is: false) },
        "!!": { Truth($0, is: true) },
        "==": { equality($0, isStrict: false, expected: true) },
        "!=": { equality($0, isStrict: false, expected: false) },
        "===": { equality($0, isStrict: true, expected: true) },
        "!==": { equality($0, isStrict: true, expected: false) },
        "<": { Ordering(.less, $0) },
        "<=": { Ordering(.lessOrSame, $0) },
        ">": { Ordering(.greater, $0) },
        ">=": { Ordering(.greaterOrSame, $0) },
        "in": { arguments in
            if arguments.count == 2, let constant = arguments[1] as? Constant, case .list(let list) = constant.constant
            {
                return ConstantMembership(arguments[0], list)
            }
            return Membership(arguments)
        },
        "+": { Arithmetic(.add, $0) },
        "-": { Arithmetic(.subtract, $0) },
        "*": { Arithmetic(.multiply, $0) },
        "/": { Arithmetic(.divide, $0) },
        "%": { Arithmetic(.remainder, $0) },
        "min": { Arithmetic(.minimum, $0) },
        "max": { Arithmetic(.maximum, $0) },
        "cat": { Concatenation($0) },
        "substr": { Excerpt($0) },
        "merge": { Merge($0) },
        "log": { Logged($0) },
        "starts_with": { TextEnd(.start, $0) },
        "ends_with": { TextEnd(.end, $0) },
        "sem_ver": { VersionComparison($0) },
    ]

    private static let choice: Make = { arguments in
        arguments.count == 3 ? Branch(arguments[0], arguments[1], arguments[2]) : Choice(arguments)
    }

    private static func equality(_ arguments: [any Expression], isStrict: Bool, expected: Bool) -> any Expression {
        if arguments.count == 2 {
            for (first, second) in [(arguments[0], arguments[1]), (arguments[1], arguments[0])] {
                if let attribute = first as? Attribute, let constant = second as? Constant,
                    case .string(let text) = constant.constant
                {
                    return AttributeEqualsText(attribute.path, text, isStrict: isStrict, expected: expected)
                }
            }
        }
        return Equality(arguments, isStrict: isStrict, expected: expected)
    }
}

/// `log`: its argument. A pure evaluator writes nothing.
final class Logged: Expression {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        let value = try arguments.value(0, in: &evaluation)
        try arguments.evaluateRest(after: 1, in: &evaluation)
        return value
    }
}
