/// `+`, `*`, `-`, `/`, `%`, `min` and `max`, on numbers or what is taken for them.
///
/// Integers stay integers where the result fits 64 bits, otherwise it is a double. `/` always gives a double; the sign of `%` is that of the
/// divisor.
final class Arithmetic: Expression {
    enum Operation { case add, multiply, subtract, divide, remainder, minimum, maximum }

    private let operation: Operation
    private let arguments: [any Expression]

    init(_ operation: Operation, _ arguments: [any Expression]) {
        self.operation = operation
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        let values = try arguments.values(in: &evaluation)
        switch operation {
        case .add: return values.reduce(.integer(0)) { Self.sum($0, $1.number) }
        case .multiply: return values.reduce(.integer(1)) { Self.product($0, $1.number) }
        case .subtract: return Self.difference(values)
        case .divide:
            let (left, right) = try Self.operands(values)
            return .double(left.double / right.double)
        case .remainder:
            let (left, right) = try Self.operands(values)
            return Self.remainder(left, right)
        case .minimum: return Self.extreme(values, .less)
        case .maximum: return Self.extreme(values, .greater)
        }
    }

    private static func sum(_ left: FlagValue, _ right: FlagValue) -> FlagValue {
        if let leftInteger = left.integer, let rightInteger = right.integer {
            let (result, overflow) = leftInteger.addingReportingOverflow(rightInteger)
            if !overflow { return .integer(result) }
        }
        return .double(left.double + right.double)
    }

    private static func product(_ left: FlagValue, _ right: FlagValue) -> FlagValue {
        if let leftInteger = left.integer, let rightInteger = right.integer {
            let (result, overflow) = leftInteger.multipliedReportingOverflow(by: rightInteger)
            if !overflow { return .integer(result) }
        }
        return .double(left.double * right.double)
    }

    private static func difference(_ values: [FlagValue]) -> FlagValue {
        let left = values.first?.number ?? .integer(0)
        if values.count > 1, case let right = values[1], !right.isNull {
            let right = right.number
            if let leftInteger = left.integer, let rightInteger = right.integer {
                let (result, overflow) = leftInteger.subtractingReportingOverflow(rightInteger)
                if !overflow { return .integer(result) }
            }
            return .double(left.double - right.double)
        }
        if let integer = left.integer, integer != .min { return .integer(-integer) }
        return .double(-left.double)
    }

    private static func operands(_ values: [FlagValue]) throws(EvaluationFailure) -> (FlagValue, FlagValue) {
        let left = values.first?.number ?? .integer(0)
        let right = values.count > 1 ? values[1].number : .integer(0)
        if right.double == 0 { throw .impossible("a division by zero") }
        return (left, right)
    }

    private static func remainder(_ left: FlagValue, _ right: FlagValue) -> FlagValue {
        if let leftInteger = left.integer, let rightInteger = right.integer {
            // -1 has no remainder, and would overflow with the smallest integer.
            if rightInteger == -1 { return .integer(0) }
            let result = leftInteger % rightInteger
            return .integer(result != 0 && (result < 0) != (rightInteger < 0) ? result + rightInteger : result)
        }
        let divisor = right.double
        let result = left.double.truncatingRemainder(dividingBy: divisor)
        return .double(result != 0 && (result < 0) != (divisor < 0) ? result + divisor : result)
    }

    private static func extreme(_ values: [FlagValue], _ order: FlagValue.Order) -> FlagValue {
        guard var extreme = values.first?.number else { return .double(.nan) }
        for value in values.dropFirst() {
            let number = value.number
            if FlagValue.order(number, extreme) == order { extreme = number }
        }
        return extreme
    }
}

extension FlagValue {
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }
}
