import Synchronization

/// How often one flag came to what. Counting does not wait.
package final class FlagTally: Sendable {
    package let flag: Flag
    /// For each reason, first where there was no variant, then for each variant of the flag.
    private nonisolated(unsafe) let counts: UnsafeMutablePointer<Atomic<Int>>
    private let columns: Int
    private static let reasons = Resolution.Reason.allCases

    package init(_ flag: Flag) {
        self.flag = flag
        columns = flag.variants.count + 1
        let size = columns * Self.reasons.count
        counts = .allocate(capacity: size)
        for index in 0..<size { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: columns * Self.reasons.count)
        counts.deallocate()
    }

    /// Counts one evaluation of the flag.
    package func count(_ resolution: Resolution) {
        let column = resolution.variant.map { $0.index &+ 1 } ?? 0
        guard column < columns else { return }
        (counts + (resolution.reason.row &* columns &+ column)).pointee.wrappingAdd(1, ordering: .relaxed)
    }

    package struct Count: Hashable, Sendable {
        /// Nil where the caller's default was the value.
        package let variant: String?
        package let reason: Resolution.Reason
        package let count: Int
    }

    /// What was counted since it was last asked; an evaluation is told of once.
    package func take() -> [Count] {
        var taken: [Count] = []
        for (row, reason) in Self.reasons.enumerated() {
            for column in 0..<columns {
                let count = (counts + (row * columns + column)).pointee.exchange(0, ordering: .relaxed)
                guard count > 0 else { continue }
                let variant = column == 0 ? nil : flag.variants[column - 1].name
                taken.append(Count(variant: variant, reason: reason, count: count))
            }
        }
        return taken
    }
}

extension Resolution.Reason {
    /// Its place among all reasons.
    fileprivate var row: Int {
        switch self {
        case .static: 0
        case .default: 1
        case .targetingMatch: 2
        case .disabled: 3
        case .error: 4
        }
    }
}
