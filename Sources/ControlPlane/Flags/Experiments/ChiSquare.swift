import Foundation

/// Pearson's test of whether counts are those that were expected.
struct ChiSquare: Hashable, Sendable {
    /// Σ (observed − expected)² ÷ expected; infinite where something was observed that cannot be.
    let statistic: Double
    let degreesOfFreedom: Int
    /// How likely counts are that lie as far from what was expected, or farther, if chance alone is at work.
    let probability: Double

    /// - Parameters:
    ///   - observed: how often each came.
    ///   - weights: how often each was to come, in proportion; at least one is above zero.
    init(observed: [Int64], weights: [Int64]) {
        let total = observed.reduce(0.0) { $0 + Double($1) }
        let sum = weights.reduce(0.0) { $0 + Double($1) }
        var statistic = 0.0
        for (count, weight) in zip(observed, weights) {
            let expected = total * Double(weight) / sum
            if expected > 0 {
                let distance = Double(count) - expected
                statistic += distance * distance / expected
            } else if count > 0 {
                statistic = .infinity
            }
        }
        self.statistic = statistic
        degreesOfFreedom = max(0, weights.count { $0 > 0 } - 1)
        probability = Self.probability(of: statistic, degreesOfFreedom: degreesOfFreedom)
    }

    /// How likely a statistic of that size or a larger one is: Q(k/2, x/2), the upper regularized incomplete gamma function. Without any
    /// degree of freedom there is only one outcome, whose statistic is 0.
    static func probability(of statistic: Double, degreesOfFreedom: Int) -> Double {
        if statistic.isInfinite { return 0 }
        guard degreesOfFreedom > 0 else { return statistic > 0 ? 0 : 1 }
        return IncompleteGamma.upper(Double(degreesOfFreedom) / 2, statistic / 2)
    }
}

/// The regularized incomplete gamma functions: P by its series where that converges fast, Q by its continued fraction (modified Lentz)
/// elsewhere.
enum IncompleteGamma {
    /// Q(a, x) = Γ(a, x) ÷ Γ(a), for a > 0 and x ≥ 0; within 1e-12 of it.
    static func upper(_ a: Double, _ x: Double) -> Double {
        if x <= 0 { return 1 }
        return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x)
    }

    private static let tolerance = 1e-16
    /// Enough for some ten thousand degrees of freedom; a split has fewer than 256.
    private static let roundsMax = 10_000

    /// xᵃ e⁻ˣ ÷ Γ(a)
    private static func factor(_ a: Double, _ x: Double) -> Double { exp(a * log(x) - x - logGamma(a)) }

    private static func lowerSeries(_ a: Double, _ x: Double) -> Double {
        var term = 1 / a
        var sum = term
        for round in 1...roundsMax {
            term *= x / (a + Double(round))
            sum += term
            if term < sum * tolerance { break }
        }
        return sum * factor(a, x)
    }

    private static func upperFraction(_ a: Double, _ x: Double) -> Double {
        let smallest = 1e-300
        var b = x + 1 - a
        var c = 1 / smallest
        var d = 1 / b
        var fraction = d
        for round in 1...roundsMax {
            let n = Double(round)
            let numerator = -n * (n - a)
            b += 2
            d = numerator * d + b
            if abs(d) < smallest { d = smallest }
            c = b + numerator / c
            if abs(c) < smallest { c = smallest }
            d = 1 / d
            let step = d * c
            fraction *= step
            if abs(step - 1) < tolerance * 10 { break }
        }
        return fraction * factor(a, x)
    }

    /// ln Γ(a), by Stirling's series after moving the argument up to where it is exact.
    private static func logGamma(_ a: Double) -> Double {
        var shift = 0.0
        var z = a
        while z < 15 {
            shift += log(z)
            z += 1
        }
        let r = 1 / (z * z)
        let series = (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r / 1188)))) / z
        return (z - 0.5) * log(z) - z + 0.5 * log(2 * Double.pi) + series - shift
    }
}
