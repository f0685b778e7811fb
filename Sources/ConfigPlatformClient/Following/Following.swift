import ServiceLifecycle
import Synchronization

/// A follower at work in the background, with whatever else its client does meanwhile. Ends with ``shutdown()`` or with
/// the last reference.
final class Following<Content: FollowedContent>: Sendable {
    let follower: Follower<Content>
    private let companion: (@Sendable () async -> Void)?
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// - Parameter companion: runs beside the follower, and ends when its task is cancelled.
    init(_ follower: Follower<Content>, companion: (@Sendable () async -> Void)? = nil) {
        self.follower = follower
        self.companion = companion
    }

    deinit {
        task.withLock { $0?.cancel() }
    }

    /// Calling it again does nothing.
    func start() { _ = started() }

    private func started() -> Task<Void, Never> {
        task.withLock { task in
            if let task { return task }
            // Not this object: it would never go.
            let (follower, companion) = (follower, companion)
            let new = Task {
                await withTaskGroup { group in
                    if let companion { group.addTask { await companion() } }
                    await follower.run()
                    group.cancelAll()
                }
            }
            task = new
            return new
        }
    }

    func shutdown() async {
        let task = started()
        task.cancel()
        await task.value
    }

    /// Follows until the task is cancelled or the service group shuts down.
    func run() async {
        let task = started()
        await withTaskCancellationOrGracefulShutdownHandler {
            await task.value
        } onCancelOrGracefulShutdown: {
            task.cancel()
        }
    }

    private enum Signal: Sendable {
        case ready(Followed<Content>)
        case refused(ConfigPlatformError)
        case preferenceEnded, timeEnded
    }

    /// Starts, and waits until there is something to serve: the platform's, or what the file has where the platform does
    /// not answer or takes longer than the options prefer.
    ///
    /// Throws ``ConfigPlatformError`` if there is nothing: at once if only another token or place would help, otherwise
    /// when the time is over.
    func waitUntilReady(timeout: Duration) async throws -> Followed<Content> {
        start()
        let follower = follower
        let surroundings = follower.surroundings
        let freshnessWait = min(follower.options.freshnessWait, timeout)
        return try await withThrowingTaskGroup(of: Signal.self) { group in
            group.addTask {
                for await state in follower.state.values() {
                    if state.followed.isLoaded, state.isCaughtUp || state.lastFailure != nil {
                        return .ready(state.followed)
                    }
                    if !state.followed.isLoaded, let failure = state.lastFailure, failure.isDefinite {
                        return .refused(failure)
                    }
                }
                try Task.checkCancellation()
                return .refused(
                    ConfigPlatformError(
                        .invalidUse, "The client was shut down before it had any \(Content.noun)."))
            }
            group.addTask {
                try await surroundings.sleep(freshnessWait)
                return .preferenceEnded
            }
            group.addTask {
                try await surroundings.sleep(timeout)
                return .timeEnded
            }
            defer { group.cancelAll() }
            while let signal = try await group.next() {
                let state = follower.state.value
                switch signal {
                case .ready(let followed): return followed
                case .refused(let error): throw error
                case .preferenceEnded, .timeEnded:
                    if state.followed.isLoaded { return state.followed }
                    guard case .timeEnded = signal else { continue }
                    throw state.lastFailure
                        ?? ConfigPlatformError(
                            .timedOut,
                            "No \(Content.noun) arrived from \(follower.place.server) within \(timeout).")
                }
            }
            throw CancellationError()
        }
    }
}
