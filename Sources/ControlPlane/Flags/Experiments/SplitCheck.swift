import ConfigPlatformFlags
import ConfigPlatformModel

/// Whether as many units got each variant as the split was to give them: a check of the sample ratio.
package struct SplitCheck: Sendable {
    package enum Verdict: String, CaseIterable, Sendable {
        /// The units are divided as the split says, as far as chance allows.
        case asExpected
        /// They are not: something is wrong with the split, with who evaluates it, or with what was told of it.
        case mismatch
        /// Fewer units than the test can judge.
        case tooFew
    }

    /// One variant of a split, whose shares may be several.
    package struct Row: Sendable {
        package let variant: String
        package let weight: Int64
        package let units: Int64
        package let exposures: Int64
        /// Units that were to be expected, of all that there are.
        package let expected: Double
    }

    /// In the order of the split.
    package let rows: [Row]
    package let verdict: Verdict
    /// Nil where a variant was given that is to be given to nobody: no number says how unlikely that is.
    package let statistic: Double?
    package let degreesOfFreedom: Int
    package let probability: Double

    /// Below this probability it is a mismatch. It is low because people look again and again while units come.
    package static let threshold = 0.001
    /// Units that each variant must be expected to have, for the test to hold.
    package static let expectedMin = 5.0

    /// - Parameter counts: by name of the variant.
    init(_ split: Serve.Split, _ counts: [ExactName: (units: Int64, exposures: Int64)]) {
        var weights: [(variant: String, weight: Int64)] = []
        for share in split.shares {
            let name = share.variant.rawValue
            if let index = weights.firstIndex(where: { $0.variant.hasSameBytes(as: name) }) {
                weights[index].weight += share.weight
            } else {
                weights.append((name, share.weight))
            }
        }
        let found = weights.map { counts[ExactName($0.variant)] ?? (0, 0) }
        let total = found.reduce(0.0) { $0 + Double($1.units) }
        let sum = weights.reduce(0.0) { $0 + Double($1.weight) }
        rows = zip(weights, found).map { weight, count in
            Row(
                variant: weight.variant, weight: weight.weight, units: count.units, exposures: count.exposures,
                expected: total * Double(weight.weight) / sum)
        }
        let test = ChiSquare(observed: found.map(\.units), weights: weights.map(\.weight))
        statistic = test.statistic.isFinite ? test.statistic : nil
        degreesOfFreedom = test.degreesOfFreedom
        probability = test.probability
        if test.statistic.isInfinite {
            verdict = .mismatch
        } else if rows.contains(where: { $0.weight > 0 && $0.expected < Self.expectedMin }) {
            verdict = .tooFew
        } else {
            verdict = test.probability < Self.threshold ? .mismatch : .asExpected
        }
    }
}
