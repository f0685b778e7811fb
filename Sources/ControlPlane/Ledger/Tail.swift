import ConfigPlatformModel
import Logging
import Store

/// Follows the ledger: what other replicas commit, and which credentials there are. One thin loop; all it knows is in ``Published`` and
/// ``CredentialSet``.
struct Tail: Sendable {
    let store: any Store
    let published: Published
    let committer: Committer
    let credentials: CredentialSet
    let world: World
    let logger: Logger

    /// Longest time between two looks at the head, but for what the tail leaves a replica that commits: what bounds how long a revoked token
    /// lives, and how soon lost contact is noticed.
    private static let pollSeconds = 0.5
    /// How long the tail leaves a replica that commits to itself, and how often it looks whether that still commits: what it commits it
    /// publishes, and with it what others did.
    private static let yieldMilliseconds = 100
    private static let lookMilliseconds = 20

    func run() async {
        var head: Head?
        var isLost = false
        while !Task.isCancelled {
            do {
                if let head {
                    try await store.awaitMovement(past: head, seconds: Self.pollSeconds)
                    let end = ContinuousClock.now + .milliseconds(Self.yieldMilliseconds)
                    while committer.isCommitting, ContinuousClock.now < end {
                        try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
                    }
                }
                let newest = try await store.head()
                try await catchUp(to: newest)
                try await credentials.catchUp(with: store, to: newest)
                published.noteContact(world.now())
                if isLost { logger.info("the database answers again") }
                isLost = false
                head = newest
            } catch is CancellationError {
                return
            } catch {
                if !isLost { logger.error("the database does not answer", metadata: ["error": "\(error)"]) }
                isLost = true
                try? await Task.sleep(for: .seconds(Self.pollSeconds))
            }
        }
    }

    private func catchUp(to head: Head) async throws {
        var state = published.state
        while state.revision < head.revision {
            let changes = try await store.changes(after: state.revision, limit: 500)
            guard !changes.isEmpty else { return }
            var steps: [Published.Step] = []
            for change in changes {
                let (next, touched) = try state.applying(change)
                steps.append(Published.Step(change: change, state: next, touched: touched))
                state = next
            }
            published.publish(steps)
            // Another path may have published further meanwhile.
            state = published.state
        }
    }
}
