import Foundation

/// SplitMix64: a small generator whose whole sequence follows from its seed, for property tests that can be repeated.
///
/// A test runs its body through `runs`, and gives `"\(random)"` as the comment of its expectations; a failure then shows the
/// seed, and `CFG_SEED=…` in the environment runs that one case alone.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Runs the body `count` times with the seeds from `seed` on, or once with the seed of `CFG_SEED` where that is set. An
    /// error thrown inside comes out with its seed.
    package static func runs(
        _ count: Int, from seed: UInt64 = 1, _ body: (inout SeededGenerator) throws -> Void
    ) throws {
        let named = ProcessInfo.processInfo.environment["CFG_SEED"].flatMap { UInt64($0) }
        for offset in 0..<(named == nil ? count : 1) {
            var random = SeededGenerator(seed: named ?? seed &+ UInt64(offset))
            let description = random.description
            do {
                try body(&random)
            } catch {
                throw SeededFailure(seed: description, error: error)
            }
        }
    }

    /// Even enough for tests, and the same on every version of the standard library.
    package mutating func int(in range: ClosedRange<Int>) -> Int {
        let width = UInt64(bitPattern: Int64(range.upperBound)) &- UInt64(bitPattern: Int64(range.lowerBound)) &+ 1
        if width == 0 { return Int(truncatingIfNeeded: next()) }
        return range.lowerBound &+ Int(truncatingIfNeeded: next() % width)
    }

    /// True once in so many times.
    package mutating func chance(oneIn count: Int) -> Bool {
        int(in: 1...count) == 1
    }

    package mutating func element<Element>(of elements: [Element]) -> Element {
        elements[int(in: 0...elements.count - 1)]
    }
}

extension SeededGenerator: CustomStringConvertible {
    package var description: String { "seed \(seed); repeat with CFG_SEED=\(seed)" }
}

/// An error thrown in a run of a seeded test, with how to repeat that run.
package struct SeededFailure: Error, CustomStringConvertible {
    let seed: String
    let error: any Error

    package var description: String { "\(error) (\(seed))" }
}
