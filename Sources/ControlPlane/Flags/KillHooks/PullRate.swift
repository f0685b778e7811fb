import ConfigPlatformModel
import Synchronization

/// How often each hook was pulled within the minute, on this server. Only calls that were proved are counted: nobody else can use up what a
/// hook may.
final class PullRate: Sendable {
    private struct Count {
        var minute: Int64
        var calls: Int
    }

    private let counts = Mutex<[Principal: Count]>([:])

    /// Counts a call. 0 where it may go on; otherwise the seconds until the next minute.
    func begin(_ hook: Principal, at now: Timestamp) -> Int {
        let seconds = now.microseconds / 1_000_000
        let minute = seconds / 60
        return counts.withLock { counts in
            // Hooks are made by administrators, so that there are never many of them.
            counts = counts.filter { $0.value.minute == minute }
            let calls = counts[hook]?.calls ?? 0
            guard calls < Limits.killHookPullsPerMinute else { return Int(60 - seconds % 60) }
            counts[hook] = Count(minute: minute, calls: calls + 1)
            return 0
        }
    }
}
