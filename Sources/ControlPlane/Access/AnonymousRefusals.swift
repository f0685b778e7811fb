import ConfigPlatformModel
import Synchronization

/// Refusals of callers who are nobody, counted by source and minute, so that a flood of them costs one event a minute and source.
final class AnonymousRefusals: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    /// Sources counted by name; the rest are counted together.
    private static let sourcesMax = 1_000

    func count(from source: String?) {
        counts.withLock { counts in
            let name = source ?? "unknown"
            counts[counts[name] != nil || counts.count < Self.sourcesMax ? name : "others", default: 0] += 1
        }
    }

    /// What was counted since the last call.
    func drain() -> [(source: String, count: Int)] {
        counts.withLock { counts in
            defer { counts = [:] }
            return counts.map { ($0.key, $0.value) }.sorted { $0.source < $1.source }
        }
    }
}
