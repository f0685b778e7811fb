import Foundation
import TestSupport

/// How long the fault tests try: briefly by themselves, `CFG_FAULT_ROUNDS` times where that is set.
enum FaultRounds {
    private static let asked = ProcessInfo.processInfo.environment["CFG_FAULT_ROUNDS"].flatMap { Int($0) }

    /// - Parameter share: of the rounds asked for, for what takes longer than a kill.
    static func count(short: Int, share: Int = 1) -> Int { max(short, (asked ?? 0) / share) }

    static var areLong: Bool { asked != nil }

    /// The choices of a test: the same every time in the short form, others every time in the long one. The description names the seed and
    /// how to repeat it.
    static func random() -> SeededGenerator {
        let named = ProcessInfo.processInfo.environment["CFG_SEED"].flatMap { UInt64($0) }
        return SeededGenerator(seed: named ?? (areLong ? UInt64.random(in: 1...1_000_000) : 1))
    }
}

struct FaultTestFailure: Error, CustomStringConvertible {
    let description: String
}

/// Looks until it is so; a minute is taken for never.
func eventually(
    _ what: @autoclosure () -> String, _ isSo: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(60))
    while try await !isSo() {
        guard ContinuousClock.now < deadline else {
            throw FaultTestFailure(description: "for a minute it has not come to this: \(what())")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
