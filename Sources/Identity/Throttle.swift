import Synchronization

/// Counts failed attempts by key, a name or the address they come from, and makes those who fail often wait.
///
/// An attempt counts as a failure when it begins, until its success is told: attempts made at once gain nothing. Five are free; then the
/// wait is 1 s and doubles with each, up to 15 minutes. Attempts during a wait are refused, and not counted. Each 15 minutes since the last
/// one that was counted take one away.
///
/// At most 10,000 keys are known; the one that was counted longest ago goes first. Keys count by their first 256 bytes.
package final class Throttle: Sendable {
    private struct Record {
        var failures: Int
        var at: SecondsSince1970
        var number: UInt64
    }

    private struct State {
        var records: [String: Record] = [:]
        /// In the order they were counted; those with an older number than their key's are void.
        var order: [(key: String, number: UInt64)] = []
        var first = 0
        var number: UInt64 = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    package static let freeFailures = 5
    package static let longestWaitSeconds: Int64 = 15 * 60
    private static let forgetSeconds: Int64 = 15 * 60
    private static let keyBytes = 256
    /// More failures would not make the wait longer.
    private static let mostFailures = freeFailures + 11

    package init(capacity: Int = 10_000) {
        precondition(capacity > 0, "at least one key must be kept")
        self.capacity = capacity
    }

    /// Begins an attempt. 0 where it may be made, and it counts; otherwise the seconds to wait, at least 1.
    package func begin(_ key: String, at now: SecondsSince1970) -> Int64 {
        let key = Self.bounded(key)
        return state.withLock { state in
            let wait = Self.wait(state.records[key], now)
            if wait == 0 { count(key, now, in: &state) }
            return wait
        }
    }

    /// The seconds to wait until an attempt may begin; 0 where one may now.
    package func waitSeconds(_ key: String, at now: SecondsSince1970) -> Int64 {
        let key = Self.bounded(key)
        return state.withLock { Self.wait($0.records[key], now) }
    }

    /// An attempt succeeded: what was counted for the key is forgotten.
    package func succeeded(_ key: String) {
        let key = Self.bounded(key)
        state.withLock { _ = $0.records.removeValue(forKey: key) }
    }

    /// The attempt that began last succeeded: it is taken back, and no failure before it. For a key that others share, who must not get new
    /// attempts by somebody's success.
    package func takeBack(_ key: String) {
        let key = Self.bounded(key)
        state.withLock { state in
            guard let record = state.records[key] else { return }
            state.records[key]?.failures = max(0, record.failures - 1)
        }
    }

    package var keyCount: Int { state.withLock { $0.records.count } }

    private func count(_ key: String, _ now: SecondsSince1970, in state: inout State) {
        let failures = state.records[key].map { Self.remaining($0, now) } ?? 0
        state.number += 1
        state.records[key] = Record(failures: min(failures + 1, Self.mostFailures), at: now, number: state.number)
        state.order.append((key, state.number))
        while state.records.count > capacity, state.first < state.order.count {
            let oldest = state.order[state.first]
            state.first += 1
            if state.records[oldest.key]?.number == oldest.number { state.records[oldest.key] = nil }
        }
        if state.order.count > 2 * capacity + 16 {
            state.order = state.order[state.first...].filter { state.records[$0.key]?.number == $0.number }
            state.first = 0
        }
    }

    private static func wait(_ record: Record?, _ now: SecondsSince1970) -> Int64 {
        guard let record else { return 0 }
        let excess = record.failures - freeFailures
        guard excess > 0 else { return 0 }
        let wait = min(1 << Int64(excess - 1), longestWaitSeconds)
        // A clock that was set back makes nobody wait longer than the wait was.
        return max(0, wait - max(0, now - record.at))
    }

    private static func remaining(_ record: Record, _ now: SecondsSince1970) -> Int {
        max(0, record.failures - Int(clamping: max(0, now - record.at) / forgetSeconds))
    }

    private static func bounded(_ key: String) -> String {
        key.utf8.count <= keyBytes ? key : String(decoding: key.utf8.prefix(keyBytes), as: UTF8.self)
    }
}
