import ConfigPlatformFlags
import Foundation
import Synchronization

/// What all evaluations of one client share: whose flags they are, what is laid around them, and where they are counted.
final class FlagSurface: Sendable {
    let place: FollowedPlace
    /// Nil where evaluations are not counted.
    let counts: FlagUsageCounts?
    /// Nil where the platform is not told which units experiments gave which variants.
    let assignments: FlagAssignments?
    /// What counts for all clients of the program.
    let program: FlagScope
    let scope = FlagScope()
    private let now: @Sendable () -> Date
    private let current = Mutex(FlagDefinitions.empty)
    /// Why there are no flags yet.
    private let obstacle = Mutex<ConfigPlatformError?>(nil)

    init(
        _ place: FollowedPlace, counts: FlagUsageCounts?, assignments: FlagAssignments?, program: FlagScope,
        now: @escaping @Sendable () -> Date
    ) {
        self.place = place
        self.program = program
        self.counts = counts
        self.assignments = assignments
        self.now = now
    }

    /// The newest flags.
    var definitions: FlagDefinitions { current.withLock { $0 } }

    func take(_ state: ClientState<FlagDefinitions>) {
        current.withLock { $0 = state.followed.content }
        obstacle.withLock { $0 = state.followed.isLoaded ? nil : state.lastFailure }
    }

    /// Seconds since 1970.
    func seconds() -> Int64 { Int64(now().timeIntervalSince1970.rounded(.down)) }

    /// Whether nothing but the context of the evaluation itself counts.
    var isPlain: Bool {
        scope.isEmpty && program.isEmpty && FlagClient.transactionContext == nil
    }

    func merged(_ context: FlagContext?) -> FlagContext {
        var merged = program.context
        if let transaction = FlagClient.transactionContext { merged = merged.merging(transaction) }
        let own = scope.context
        if !own.isEmpty { merged = merged.merging(own) }
        return context.map { merged.merging($0) } ?? merged
    }

    /// From the least specific to the most.
    var hooks: [any FlagHook] { program.hooks + scope.hooks }

    /// What evaluations are told while there are no flags; nil where that is all there is.
    func unready() -> (FlagErrorCode, String)? {
        if definitions !== FlagDefinitions.empty { return nil }
        let failure = obstacle.withLock { $0 }
        guard let failure else { return (.providerNotReady, "The client has no flags yet.") }
        return (failure.isDefinite ? .providerFatal : .providerNotReady, "The client has no flags: \(failure.detail)")
    }
}
