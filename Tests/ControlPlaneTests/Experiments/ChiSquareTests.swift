import ConfigPlatformFlags
import ConfigPlatformModel
import Testing

@testable import ControlPlane

@Suite struct ChiSquareTests {
    /// Critical values as tables have them, to the last digit that they have.
    @Test(
        arguments: [
            (1, 0.05, 3.841458821), (1, 0.01, 6.634896601), (1, 0.001, 10.82756617), (2, 0.05, 5.991464547),
            (2, 0.001, 13.81551056), (3, 0.05, 7.814727903), (3, 0.95, 0.351846318), (5, 0.5, 4.351460191),
            (10, 0.05, 18.30703805), (10, 0.99, 2.558212160), (30, 0.001, 59.70306430), (100, 0.05, 124.3421134),
            (255, 0.05, 293.2478350),
        ])
    func `probabilities are those of the tables`(_ freedom: Int, _ probability: Double, _ statistic: Double) {
        let found = ChiSquare.probability(of: statistic, degreesOfFreedom: freedom)
        #expect(abs(found - probability) < probability * 1e-7, "\(found)")
    }

    /// With two degrees of freedom it is e^(−x/2), which is squared where x is doubled; with four that times 1 + x/2. So from one end to the
    /// other, on both sides of where the method changes.
    @Test func `probabilities are those of the closed forms`() {
        for x in stride(from: 0.0, through: 200, by: 0.25) {
            let (two, four) = (
                ChiSquare.probability(of: x, degreesOfFreedom: 2), ChiSquare.probability(of: x, degreesOfFreedom: 4)
            )
            #expect(abs(four - two * (1 + x / 2)) <= 1e-12 * max(four, 1e-300) + 1e-15, "\(x)")
            let half = ChiSquare.probability(of: x / 2, degreesOfFreedom: 2)
            #expect(abs(half * half - two) <= 1e-12 * max(two, 1e-300) + 1e-15, "\(x)")
        }
        #expect(ChiSquare.probability(of: 0, degreesOfFreedom: 7) == 1)
        #expect(ChiSquare.probability(of: .infinity, degreesOfFreedom: 7) == 0)
        #expect(ChiSquare.probability(of: 5_000, degreesOfFreedom: 1) < 1e-300)
        #expect(ChiSquare.probability(of: 0, degreesOfFreedom: 0) == 1)
    }

    @Test func `the statistic is Pearson's`() {
        let test = ChiSquare(observed: [44, 56], weights: [1, 1])
        #expect(abs(test.statistic - 1.44) < 1e-12 && test.degreesOfFreedom == 1)
        #expect(abs(test.probability - 0.230139340) < 1e-8)
        let dice = ChiSquare(observed: [5, 8, 9, 8, 10, 20], weights: [1, 1, 1, 1, 1, 1])
        #expect(abs(dice.statistic - 13.4) < 1e-12 && abs(dice.probability - 0.019905220) < 1e-8)
        #expect(ChiSquare(observed: [10, 0], weights: [1, 0]).statistic == 0)
        #expect(ChiSquare(observed: [10, 1], weights: [1, 0]).statistic == .infinity)
    }

    private static func check(_ weights: [(String, Int64)], _ units: [String: Int64]) throws -> SplitCheck {
        let shares = weights.map { name, weight -> JSONValue in
            ["variant": .string(name), "weight": .int(weight)]
        }
        guard case .split(let split) = try Serve(parsing: ["split": .array(shares)]) else { throw CancellationError() }
        return SplitCheck(
            split, Dictionary(uniqueKeysWithValues: units.map { (ExactName($0), ($1, $1 * 3)) }))
    }

    @Test func `a split is as expected, a mismatch, or not to be judged yet`() throws {
        let fair = try Self.check([("on", 50), ("off", 50)], ["on": 5_050, "off": 4_950])
        #expect(fair.verdict == .asExpected && fair.rows.map(\.units) == [5_050, 4_950])
        #expect(fair.rows.map(\.expected) == [5_000, 5_000] && fair.rows[0].exposures == 15_150)
        #expect(try Self.check([("on", 50), ("off", 50)], ["on": 5_200, "off": 4_800]).verdict == .mismatch)
        #expect(try Self.check([("on", 50), ("off", 50)], ["on": 9]).verdict == .tooFew)
        #expect(try Self.check([("on", 50), ("off", 50)], ["on": 1_000]).verdict == .mismatch)
        #expect(try Self.check([("on", 99), ("off", 1)], ["on": 490, "off": 9]).verdict == .tooFew)
        #expect(try Self.check([("on", 99), ("off", 1)], ["on": 990, "off": 10]).verdict == .asExpected)
        #expect(try Self.check([("on", 1)], ["on": 3]).verdict == .tooFew)
        #expect(try Self.check([("on", 1)], ["on": 30]).verdict == .asExpected)
        let none = try Self.check([("on", 1), ("off", 1)], [:])
        #expect(none.verdict == .tooFew && none.statistic == 0)
    }

    @Test func `shares of one variant count together, and what is to be given to nobody is a mismatch`() throws {
        let twice = try Self.check([("on", 1), ("off", 2), ("on", 1)], ["on": 500, "off": 500])
        #expect(twice.rows.map(\.variant) == ["on", "off"] && twice.verdict == .asExpected)
        let ended = try Self.check([("on", 1), ("off", 0)], ["on": 5, "off": 1])
        #expect(ended.verdict == .mismatch && ended.statistic == nil && ended.probability == 0)
        #expect(try Self.check([("on", 1), ("off", 0)], ["on": 50]).verdict == .asExpected)
    }
}
