/// `cat`: the arguments as texts, one after the other.
final class Concatenation: Expression {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        var text = ""
        for argument in arguments {
            let value = try argument.value(in: &evaluation)
            if case .string(let part) = value { text += part } else { text += value.text }
            try evaluation.step(size: text.utf8.count)
        }
        return .string(text)
    }
}

/// `substr`: from a place, counted in Unicode scalars and from the end where negative; of a length, or up to a negative one from the end.
final class Excerpt: Expression {
    private let arguments: [any Expression]

    init(_ arguments: [any Expression]) {
        self.arguments = arguments
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        try evaluation.step()
        let text = try arguments.value(0, in: &evaluation).text
        let start = try arguments.value(1, in: &evaluation).number.double
        let length = try arguments.value(2, in: &evaluation)
        try arguments.evaluateRest(after: 3, in: &evaluation)
        let scalars = Array(text.unicodeScalars)
        try evaluation.step(size: scalars.count)

        var from = 0
        if start < 0 {
            from = -start >= Double(scalars.count) ? 0 : scalars.count - (try Self.whole(-start))
        } else if start > 0 {
            from = min(try Self.whole(start), scalars.count)
        }
        var until = scalars.count
        if !length.isNull {
            let length = length.number.double
            if length.isNaN {
                until = from
            } else {
                let whole = try Self.whole(length)
                until = whole < 0 ? max(from, scalars.count + whole) : min(scalars.count, from + whole)
            }
        }
        var result = String.UnicodeScalarView()
        if from < until { result.append(contentsOf: scalars[from..<until]) }
        return .string(String(result))
    }

    /// Toward zero, within what any text can have.
    private static func whole(_ value: Double) throws(EvaluationFailure) -> Int {
        guard value.isFinite else { throw .impossible("substr with a place that is not finite") }
        return Int(max(-0x1p40, min(0x1p40, value)))
    }
}
