/// How many changes a project had on the day of the last of them, in UTC.
///
/// Part of the project's state, so that every replica counts alike and a change counts for those that are decided after it, in the same
/// group too. A project that is ended and made anew begins at zero.
package struct DayOfChanges: Hashable, Sendable {
    private let start: Timestamp
    private let number: Int

    /// - Parameters:
    ///   - time: some time of the day.
    ///   - count: changes of the day.
    init(_ time: Timestamp, count: Int) {
        start = time.startOfDay
        number = count
    }

    /// Before the first change.
    static let empty = DayOfChanges(Timestamp(microseconds: 0), count: 0)

    /// How many there were on the day of `time`, which is none before the last change's.
    package func count(on time: Timestamp) -> Int { time.startOfDay == start ? number : 0 }

    /// With one more.
    func following(_ time: Timestamp) -> DayOfChanges { DayOfChanges(time, count: count(on: time) + 1) }
}
