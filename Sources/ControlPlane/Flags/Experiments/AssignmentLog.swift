import ConfigPlatformFlags
import ConfigPlatformModel
import Logging
import Store
import Synchronization

/// Which units experiments gave which variants: gathered in memory, from this server's own evaluations and from what clients tell of
/// theirs, and written now and then.
package final class AssignmentLog: Sendable {
    /// One version of an experiment's split.
    struct SplitKey: Hashable, Sendable {
        let place: ExperimentPlace
        let version: String
    }

    private struct Room {
        /// Not fewer than are written.
        var units: Int64
        var fullUntil: Timestamp?
    }

    private struct State {
        var tables: [FlagsPlace: AssignmentTable] = [:]
        var count = 0
        var leftOut = 0
        var room: [SplitKey: Room] = [:]
    }

    private let state = Mutex(State())
    let writing = Turns()
    private static let roomsMax = 10_000

    func add(_ assignment: Assignment, in environment: EnvironmentName, of project: ProjectName) {
        state.withLock { Self.add(assignment, FlagsPlace(project: project, environment: environment), to: &$0) }
    }

    private static func add(_ assignment: Assignment, _ place: FlagsPlace, to state: inout State) {
        let before = state.tables[place]?.count ?? 0
        if state.tables[place, default: AssignmentTable()].add(
            assignment, mayGrow: state.count < Limits.assignmentsPending)
        {
            state.count += (state.tables[place]?.count ?? 0) - before
        } else {
            state.leftOut += 1
        }
    }

    /// Whether so much has come together that it is better written now.
    var isFilling: Bool { state.withLock { $0.count > Limits.assignmentsPending / 4 } }

    /// What was gathered since it was last asked, and how many evaluations there was no room for.
    func drain() -> (assignments: [(FlagsPlace, Assignment)], leftOut: Int) {
        state.withLock { state in
            var drained: [(FlagsPlace, Assignment)] = []
            drained.reserveCapacity(state.count)
            for place in Array(state.tables.keys) {
                drained += (state.tables[place]?.take() ?? []).map { (place, $0) }
            }
            defer { (state.tables, state.count, state.leftOut) = ([:], 0, 0) }
            return (drained, state.leftOut)
        }
    }

    /// Takes back what could not be written.
    func takeBack(_ assignments: [(FlagsPlace, Assignment)]) {
        state.withLock { state in
            for (place, assignment) in assignments { Self.add(assignment, place, to: &state) }
        }
    }

    // MARK: How much there is

    enum Space {
        case enough, none
        /// As far as is known in memory there may be too little.
        case unknown
    }

    func space(for count: Int, in key: SplitKey, at now: Timestamp) -> Space {
        state.withLock { state in
            guard let room = state.room[key] else { return .unknown }
            if let until = room.fullUntil, now < until { return .none }
            return room.units + Int64(count) <= Limits.assignmentsPerExperiment ? .enough : .unknown
        }
    }

    /// Notes how many units are written. One that is full is looked at again after an hour, for old ones are forgotten.
    func found(_ units: Int64, in key: SplitKey, isFull: Bool, at now: Timestamp) {
        state.withLock { state in
            if state.room.count >= Self.roomsMax { state.room = [:] }
            state.room[key] = Room(units: units, fullUntil: isFull ? now.adding(seconds: 3_600) : nil)
        }
    }

    func wrote(_ count: Int, in key: SplitKey) { state.withLock { $0.room[key]?.units += Int64(count) } }
}

extension Platform {
    func keepAssignments() async {
        var waited = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            waited += 1
            guard !Task.isCancelled, waited >= 60 || assignments.isFilling else { continue }
            waited = 0
            await recordAssignments()
        }
    }

    /// Writes what was gathered.
    func recordAssignments() async {
        await assignments.writing.take { await self.writeAssignments() }
    }

    private func writeAssignments() async {
        let (drained, leftOut) = assignments.drain()
        if leftOut > 0 {
            logger.warning("assignments of experiments were left out", metadata: ["evaluations": "\(leftOut)"])
        }
        let groups = Dictionary(grouping: drained) { place, assignment in
            AssignmentLog.SplitKey(
                place: ExperimentPlace(
                    project: place.project, environment: place.environment, flag: assignment.key.flag.text,
                    experiment: assignment.key.experiment), version: assignment.key.version)
        }
        for (key, group) in groups {
            let isFull = await isFull(key, for: group.count)
            for start in stride(from: 0, to: group.count, by: Limits.assignmentsPerWrite) {
                let part = group[start..<min(start + Limits.assignmentsPerWrite, group.count)]
                let day = AssignmentRow.day(of: world.now()) - Limits.assignmentDays
                do {
                    _ = try await submit(
                        CommitJob(
                            work: .recordAssignments(
                                part.map { AssignmentRow($0.1, of: key) }, onlyKnown: isFull, droppingBefore: day),
                            caller: nil, action: .change, target: "platform"))
                    if !isFull { assignments.wrote(part.count, in: key) }
                } catch {
                    assignments.takeBack(Array(part))
                }
            }
        }
    }

    /// Whether an experiment has as many units as are kept, so that no others are added.
    private func isFull(_ key: AssignmentLog.SplitKey, for count: Int) async -> Bool {
        let now = world.now()
        switch assignments.space(for: count, in: key, at: now) {
        case .enough: return false
        case .none: return true
        case .unknown: break
        }
        guard let summary = try? await store.assignmentSummary(of: key.place) else { return false }
        let units = summary.counts.filter { $0.version == key.version }.reduce(0) { $0 + $1.units }
        let isFull = units + Int64(count) > Limits.assignmentsPerExperiment
        assignments.found(units, in: key, isFull: isFull, at: now)
        return isFull
    }
}

extension AssignmentRow {
    fileprivate init(_ assignment: Assignment, of split: AssignmentLog.SplitKey) {
        self.init(
            split.place, version: split.version, unit: assignment.key.unit.text, variant: assignment.key.variant.text,
            firstAt: Timestamp(seconds: assignment.firstAt), lastAt: Timestamp(seconds: assignment.lastAt),
            exposures: assignment.exposures,
            attributes: JSONValue.object(assignment.attributes).canonicalText,
            client: assignment.client)
    }
}

extension Timestamp {
    /// Seconds since 1970, as far as a time can be.
    fileprivate init(seconds: Int64) {
        let (microseconds, isTooMuch) = seconds.multipliedReportingOverflow(by: 1_000_000)
        self.init(microseconds: isTooMuch ? 0 : max(0, microseconds))
    }
}
