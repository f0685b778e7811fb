import ConfigPlatformFlags
package import ConfigPlatformModel
import Store
import Synchronization

/// How often flags came to what: counted in memory, by this server's own evaluations and by what clients tell of theirs, and written now
/// and then.
package final class FlagUsage: Sendable {
    private struct State {
        var meters: [MeterKey: FlagUsageMeter] = [:]
        var rows: [FlagUsageRow.Key: (count: Int64, lastAt: Timestamp)] = [:]
        /// Reports that have a name, each as it was told first.
        var reports: [Digest: [FlagUsageRow]] = [:]
        /// Rows of all reports.
        var reportRows = 0
        /// Clients of the present hour, for each environment.
        var clients: [FlagsPlace: Set<String>] = [:]
        var hour: Int64 = 0
        var since: Timestamp
    }

    private struct MeterKey: Hashable {
        let place: FlagsPlace
        let client: String
    }

    private let state: Mutex<State>
    let writing = Turns()
    private static let microsecondsPerHour: Int64 = 3_600_000_000
    /// Under which clients beyond ``Limits/flagUsageClients`` are counted.
    private static let others = "(others)"

    init(since now: Timestamp) { state = Mutex(State(since: now)) }

    package static func hour(of time: Timestamp) -> Int64 { time.microseconds / microsecondsPerHour }

    /// Where evaluations for one client are counted.
    func meter(_ project: ProjectName, _ environment: EnvironmentName, for client: String) -> FlagUsageMeter? {
        state.withLock { state in
            let key = MeterKey(place: FlagsPlace(project: project, environment: environment), client: client)
            if let known = state.meters[key] { return known }
            guard state.meters.count < Limits.flagUsageMeters else { return nil }
            let made = FlagUsageMeter()
            state.meters[key] = made
            return made
        }
    }

    /// Counts what a client tells of an hour.
    ///
    /// - Parameters:
    ///   - time: When the last of it happened.
    ///   - identity: of the report, which counts once; nil where it has no name.
    /// - Returns: False where there is no room for it.
    func add(
        _ counts: [(flag: String, variant: String?, reason: String, count: Int64)], in environment: EnvironmentName,
        of project: ProjectName, by client: String, at time: Timestamp, during hour: Int64, named identity: Digest?
    ) -> Bool {
        state.withLock { state in
            if let identity {
                if counts.isEmpty || state.reports[identity] != nil { return true }
                guard state.reports.count < Limits.flagUsageReports,
                    state.reportRows + counts.count <= Limits.flagUsageRows
                else { return false }
            }
            let rows = counts.map { count in
                FlagUsageRow(
                    Self.key(
                        count.flag, count.variant, count.reason, in: environment, of: project, by: client, hour: hour,
                        &state), count: count.count, lastAt: time)
            }
            guard let identity else {
                for row in rows { Self.add(row, to: &state) }
                return true
            }
            state.reports[identity] = rows
            state.reportRows += rows.count
            return true
        }
    }

    /// Under which name something is counted: beyond ``Limits/flagUsageClients`` clients are not told apart.
    private static func key(
        _ flag: String, _ variant: String?, _ reason: String, in environment: EnvironmentName, of project: ProjectName,
        by client: String, hour: Int64, _ state: inout State
    ) -> FlagUsageRow.Key {
        if hour > state.hour {
            state.hour = hour
            state.clients = [:]
        }
        let place = FlagsPlace(project: project, environment: environment)
        var client = client
        if state.clients[place]?.contains(client) != true {
            if state.clients[place]?.count ?? 0 < Limits.flagUsageClients {
                state.clients[place, default: []].insert(client)
            } else {
                client = others
            }
        }
        return FlagUsageRow.Key(
            project: project, environment: environment, flag: flag, hour: hour, client: client, variant: variant ?? "",
            reason: reason)
    }

    private static func add(_ row: FlagUsageRow, to state: inout State) {
        if let known = state.rows[row.key] {
            state.rows[row.key] = (known.count.addingSaturating(row.count), max(known.lastAt, row.lastAt))
        } else if state.rows.count < Limits.flagUsageRows {
            state.rows[row.key] = (row.count, row.lastAt)
        }
    }

    /// What was counted since it was last asked.
    func drain(at now: Timestamp) -> CountedUsage {
        state.withLock { state in
            // What was counted lately belongs to the hour in which counting began: asked once a minute, that is nearly exact.
            let hour = Self.hour(of: state.since)
            let time = min(now, Timestamp(microseconds: (hour + 1) * Self.microsecondsPerHour - 1))
            state.since = now
            for key in Array(state.meters.keys) {
                let counts = state.meters[key]?.take() ?? []
                // One that a request still holds may yet count.
                if counts.isEmpty, isKnownUniquelyReferenced(&state.meters[key]) { state.meters[key] = nil }
                for (flag, count) in counts {
                    let name = Self.key(
                        flag, count.variant, count.reason.rawValue, in: key.place.environment,
                        of: key.place.project, by: key.client, hour: hour, &state)
                    Self.add(FlagUsageRow(name, count: Int64(count.count), lastAt: time), to: &state)
                }
            }
            defer { (state.rows, state.reports, state.reportRows) = ([:], [:], 0) }
            return CountedUsage(
                rows: state.rows.map { FlagUsageRow($0.key, count: $0.value.count, lastAt: $0.value.lastAt) },
                reports: state.reports)
        }
    }

    /// Takes back what could not be written.
    func takeBack(_ usage: CountedUsage) {
        state.withLock { state in
            for row in usage.rows { Self.add(row, to: &state) }
            for (identity, rows) in usage.reports where state.reports[identity] == nil {
                state.reports[identity] = rows
                state.reportRows += rows.count
            }
        }
    }
}

/// What was counted and is to be written.
struct CountedUsage: Sendable {
    private(set) var rows: [FlagUsageRow]
    /// Of reports that may have been told before, to whichever server.
    private(set) var reports: [Digest: [FlagUsageRow]]

    init(rows: [FlagUsageRow], reports: [Digest: [FlagUsageRow]]) {
        self.rows = rows
        self.reports = reports
    }

    var isEmpty: Bool { rows.isEmpty && reports.isEmpty }

    /// All rows, and as many reports at most.
    func first(reports count: Int) -> CountedUsage {
        CountedUsage(rows: rows, reports: Dictionary(uniqueKeysWithValues: reports.prefix(count).map { ($0, $1) }))
    }

    mutating func remove(_ written: CountedUsage) {
        rows = []
        for identity in written.reports.keys { reports[identity] = nil }
    }
}

/// Counts evaluations of one environment's flags for one client.
package final class FlagUsageMeter: Sendable {
    private let tallies = Mutex<[ObjectIdentifier: FlagTally]>([:])

    func count(_ flag: Flag, _ resolution: Resolution) {
        tallies.withLock { tallies in
            let identity = ObjectIdentifier(flag)
            if let tally = tallies[identity] {
                tally.count(resolution)
            } else {
                // It keeps the flag, whose identity so remains its own.
                let tally = FlagTally(flag)
                tally.count(resolution)
                tallies[identity] = tally
            }
        }
    }

    /// What was counted since it was last asked. Flags that were not are forgotten: they may be gone.
    func take() -> [(flag: String, count: FlagTally.Count)] {
        tallies.withLock { tallies in
            var taken: [(flag: String, count: FlagTally.Count)] = []
            for (identity, tally) in tallies {
                let counts = tally.take()
                if counts.isEmpty { tallies[identity] = nil }
                taken += counts.map { (tally.flag.key, $0) }
            }
            return taken
        }
    }
}
