/// The split of an experiment: notes that the evaluation came there, and is otherwise what it is without.
final class ExperimentSplit: Expression {
    private let split: any Expression
    private let index: Int

    init(_ split: any Expression, index: Int) {
        self.split = split
        self.index = index
    }

    func value(in evaluation: inout Evaluation) throws(EvaluationFailure) -> FlagValue {
        evaluation.experiment = index
        return try split.value(in: &evaluation)
    }

    func decision(in evaluation: inout Evaluation) throws(EvaluationFailure) -> Decision {
        evaluation.experiment = index
        return try split.decision(in: &evaluation)
    }
}
