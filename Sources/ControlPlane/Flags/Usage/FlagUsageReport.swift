package import ConfigPlatformFlags
package import ConfigPlatformModel
import Store

/// What a client tells of its own evaluations in one stretch of time.
package struct FlagUsageReport: Sendable {
    package struct Count: Sendable {
        package let flag: String
        package let variant: String?
        package let reason: Resolution.Reason
        package let count: Int64

        package init(flag: String, variant: String?, reason: Resolution.Reason, count: Int64) {
            self.flag = flag
            self.variant = variant
            self.reason = reason
            self.count = count
        }
    }

    package let client: String
    /// What the client calls it, the same however often it is told; nil where each time counts.
    package let name: String?
    package let from: Timestamp
    package let until: Timestamp
    package let counts: [Count]

    package init(client: String, name: String? = nil, from: Timestamp, until: Timestamp, counts: [Count]) {
        self.client = client
        self.name = name
        self.from = from
        self.until = until
        self.counts = counts
    }
}

/// How often a flag came to what, by hour.
package struct FlagUse: Sendable {
    package struct Hour: Sendable {
        package let startsAt: Timestamp
        package let environment: EnvironmentName
        package let client: String
        package let variant: String?
        package let reason: String
        package let count: Int64
        package let lastAt: Timestamp
    }

    package let from: Timestamp
    package let until: Timestamp
    /// In order of hour, environment, client, variant and reason.
    package let hours: [Hour]
    /// Whether there are more than ``Limits/flagUsageHoursShown``; then the oldest are left out.
    package let isCut: Bool

    package var last: Hour? { hours.max { $0.lastAt < $1.lastAt } }
}

/// A flag that may have had its day, and why.
package struct StaleFlag: Sendable {
    package enum Reason: Sendable, Hashable {
        /// Older than it was said to become, in days.
        case beyondLifetime(expectedDays: Int64)
        /// In this environment it came to one thing only, as often as that, in the days that were asked for.
        case oneVariant(String?, in: EnvironmentName, count: Int64)
        /// As far as is known, within ``Limits/flagUsageDays``.
        case neverEvaluated
    }

    package let flag: StoredFlag
    package let createdAt: Timestamp?
    package let lastEvaluatedAt: Timestamp?
    package let reasons: [Reason]
}

extension Platform {
    /// Counts what a client tells of flags and variants that there are; the rest has gone meanwhile.
    package func take(
        _ report: FlagUsageReport, _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName
    ) throws(Problem) {
        let reading = try flags(caller, environment, of: project)
        let now = world.now()
        let oldest = now.adding(seconds: -Limits.flagUsageDays * 86_400)
        guard report.from <= report.until, report.until <= now.adding(seconds: Limits.flagUsageSkewSeconds) else {
            throw Problem(.invalidRequest, "'from' comes before 'until', and neither lies ahead.")
        }
        guard report.from >= oldest, report.until <= report.from.adding(seconds: Limits.flagUsageReportSeconds) else {
            throw Problem(
                .invalidRequest,
                "A report tells of at most \(Limits.flagUsageReportSeconds) seconds of the last \(Limits.flagUsageDays) days."
            )
        }
        let counts = report.counts.filter { count in
            guard let key = try? FlagKey(parsing: count.flag), let flag = reading.flags[key] else { return false }
            return count.variant.map { flag.flag.body.variants[$0] != nil } ?? true
        }
        // Of one caller and place: nobody can make another's count for nothing.
        let identity = report.name.map { name in
            Digest.of(Array("\(project.rawValue)/\(environment.rawValue) \(caller.principal.rawValue) \(name)".utf8))
        }
        let isCounted = usage.add(
            counts.map { ($0.flag, $0.variant, $0.reason.rawValue, $0.count) }, in: environment, of: project,
            by: report.client, at: min(report.until, now), during: FlagUsage.hour(of: report.from), named: identity)
        guard isCounted else {
            throw Problem(.unavailable, "Too much usage waits to be written; tell it again.", retryAfterSeconds: 60)
        }
    }

    /// How often a flag came to what, in the environments that the caller may read.
    package func use(
        _ caller: Caller, of flag: FlagKey, in environment: EnvironmentName?, of project: ProjectName, from: Timestamp?,
        until: Timestamp?
    ) async throws(Problem) -> FlagUse {
        let view = try await view(caller, project)
        _ = try view.flag(flag)
        if let environment { try view.viewpoint.requireEnvironment(environment) }
        await recordFlagUsage()
        let until = until ?? world.now()
        let from = from ?? until.adding(seconds: -86_400)
        let rows = try await reading { () async throws in
            try await self.store.flagUsage(
                of: flag.rawValue, in: environment, of: project, from: FlagUsage.hour(of: from),
                until: FlagUsage.hour(of: until), limit: Limits.flagUsageHoursShown + 1)
        }
        let hours = rows.prefix(Limits.flagUsageHoursShown)
            .filter { view.viewpoint.permits(.read, .flagRule, in: $0.key.environment) }
            .map { row in
                FlagUse.Hour(
                    startsAt: Timestamp(microseconds: row.key.hour * 3_600_000_000), environment: row.key.environment,
                    client: row.key.client, variant: row.key.variant.isEmpty ? nil : row.key.variant,
                    reason: row.key.reason, count: row.count, lastAt: row.lastAt)
            }
        return FlagUse(
            from: from, until: until, hours: hours.reversed(), isCut: rows.count > Limits.flagUsageHoursShown)
    }

    /// Flags that may have had their day, in order of key.
    ///
    /// - Parameter days: How long one variant alone, or none, must have been served.
    package func staleFlags(_ caller: Caller, of project: ProjectName, days: Int64) async throws(Problem) -> [StaleFlag]
    {
        let view = try await view(caller, project)
        let flags = try view.flags(matching: FlagFilter(), after: nil).filter { $0.body.lifecycle != .archived }
        await recordFlagUsage()
        let now = world.now()
        let since = now.adding(seconds: -days * 86_400)
        let summaries = try await reading { () async throws in
            try await self.store.flagUsageSummaries(of: project, recentFrom: FlagUsage.hour(of: since))
        }
        let byFlag = Dictionary(grouping: summaries, by: \.flag)
        var stale: [StaleFlag] = []
        for flag in flags {
            let known = byFlag[flag.order] ?? []
            let createdAt = try await createdAt(flag, of: project)
            var reasons: [StaleFlag.Reason] = []
            if let days = flag.body.expectedLifetimeDays, let createdAt, createdAt.adding(seconds: days * 86_400) < now
            {
                reasons.append(.beyondLifetime(expectedDays: days))
            }
            let isOld = createdAt.map { $0 <= since } ?? true
            if isOld {
                if known.isEmpty { reasons.append(.neverEvaluated) }
                let readable = known.filter {
                    $0.recentCount > 0 && view.viewpoint.permits(.read, .flagRule, in: $0.environment)
                }
                for (environment, summaries) in Dictionary(grouping: readable, by: \.environment)
                    .sorted(by: { $0.key < $1.key })
                where summaries.count == 1 {
                    let variant = summaries[0].variant
                    reasons.append(
                        .oneVariant(variant.isEmpty ? nil : variant, in: environment, count: summaries[0].recentCount))
                }
            }
            if !reasons.isEmpty {
                stale.append(
                    StaleFlag(
                        flag: flag, createdAt: createdAt, lastEvaluatedAt: known.map(\.lastAt).max(), reasons: reasons))
            }
        }
        return stale
    }

    /// When the flag was first there, or there again after it was deleted; nil where its history is longer than is looked at.
    private func createdAt(_ flag: StoredFlag, of project: ProjectName) async throws(Problem) -> Timestamp? {
        guard let key = try? FlagKey(parsing: flag.order) else { return nil }
        let address = FlagPlace.flag(key).address(in: project)
        let versions = try await reading { () async throws in
            try await self.store.versions(of: address, before: nil, limit: Limits.flagVersions)
        }
        let standing = versions.elements.prefix { $0.body != nil }
        guard standing.count < versions.elements.count || !versions.hasMore else { return nil }
        return standing.last?.committedAt
    }

    // MARK: Writing

    func keepFlagUsage() async {
        while !Task.isCancelled {
            let now = world.now()
            let untilHour = 3_600 - now.microseconds / 1_000_000 % 3_600
            try? await Task.sleep(for: .seconds(min(60, untilHour)))
            if !Task.isCancelled { await recordFlagUsage() }
        }
    }

    /// Writes what was counted.
    func recordFlagUsage() async {
        await usage.writing.take { await self.writeFlagUsage() }
    }

    private func writeFlagUsage() async {
        let now = world.now()
        var left = usage.drain(at: now)
        let oldest = FlagUsage.hour(of: now) - Limits.flagUsageDays * 24
        // A few reports at a time, for each is looked up while others wait to write.
        while !left.isEmpty {
            let written = left.first(reports: 100)
            do {
                _ = try await submit(
                    CommitJob(
                        work: .recordFlagUsage(written, droppingBefore: oldest), caller: nil, action: .change,
                        target: "platform"))
            } catch {
                usage.takeBack(left)
                return
            }
            left.remove(written)
        }
    }
}
