package import ConfigPlatformModel
package import ControlPlane
import Synchronization

/// A clock that stands still unless it is moved, and chance that follows from a seed.
package final class ManualWorld: Sendable {
    private let time: Mutex<Timestamp>
    private let random: Mutex<SeededGenerator>

    package init(_ start: Timestamp = Timestamp(microseconds: 1_790_000_000_000_000), seed: UInt64 = 7) {
        time = Mutex(start)
        random = Mutex(SeededGenerator(seed: seed))
    }

    package var now: Timestamp { time.withLock { $0 } }

    package func advance(seconds: Int64) {
        time.withLock { $0 = $0.adding(seconds: seconds) }
    }

    package var world: World {
        World(
            now: { self.now },
            randomBytes: { count in
                self.random.withLock { random in (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
            })
    }
}
