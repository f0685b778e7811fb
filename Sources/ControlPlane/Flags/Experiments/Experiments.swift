package import ConfigPlatformFlags
package import ConfigPlatformModel
import Store

/// What a client tells of units that experiments gave variants in its own evaluations.
package struct AssignmentReport: Sendable {
    package struct Told: Sendable {
        package let key: Assignment.Key
        package let firstAt: Timestamp
        package let lastAt: Timestamp
        package let exposures: Int64
        package let attributes: JSONObject

        package init(
            _ key: Assignment.Key, firstAt: Timestamp, lastAt: Timestamp, exposures: Int64, attributes: JSONObject
        ) {
            self.key = key
            self.firstAt = firstAt
            self.lastAt = lastAt
            self.exposures = exposures
            self.attributes = attributes
        }
    }

    package let client: String
    package let assignments: [Told]

    package init(client: String, assignments: [Told]) {
        self.client = client
        self.assignments = assignments
    }
}

/// How an experiment stands.
package struct ExperimentReading: Sendable {
    /// Units of one version of the split.
    package struct Version: Sendable {
        package let version: String
        package let units: Int64
        package let exposures: Int64
        package let firstAt: Timestamp
        package let lastAt: Timestamp
    }

    package let flag: FlagKey
    package let environment: EnvironmentName
    package let plan: ExperimentPlan
    package let split: Serve.Split
    package let version: String
    package let check: SplitCheck
    /// Units that got more than one variant: none, unless something is wrong.
    package let unitsOfSeveralVariants: Int64
    /// Nil where no unit is known yet.
    package let present: Version?
    /// Of other splits that the experiment had, newest first.
    package let others: [Version]

    /// Whether as many units are known as are kept, so that others are left out.
    package var isFull: Bool { present.map { $0.units >= Limits.assignmentsPerExperiment } ?? false }
}

/// A page of an experiment's assignments, in order of unit and variant.
package struct AssignmentPage: Sendable {
    package let flag: FlagKey
    package let plan: ExperimentPlan
    package let version: String
    package let entries: [Entry]
    /// Nil for the last.
    package let next: Mark?

    package struct Entry: Sendable {
        package let unit: String
        package let variant: String
        package let firstAt: Timestamp
        package let lastAt: Timestamp
        package let exposures: Int64
        package let attributes: JSONObject
        package let client: String

        fileprivate init(_ row: AssignmentRow) {
            unit = row.unit
            variant = row.variant
            firstAt = row.firstAt
            lastAt = row.lastAt
            exposures = row.exposures
            attributes = (try? JSONValue(parsing: Array(row.attributes.utf8)))?.objectValue ?? JSONObject()
            client = row.client
        }
    }

    /// Where a page ends.
    package struct Mark: Hashable, Sendable {
        package let unit: String
        package let variant: String

        package init(unit: String, variant: String) {
            self.unit = unit
            self.variant = variant
        }
    }
}

extension Platform {
    /// Adds what a client tells of experiments, splits and variants that there are now; the rest has gone meanwhile, or its units are not
    /// among those that are written down.
    package func take(
        _ report: AssignmentReport, _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName
    ) throws(Problem) {
        let reading = try flags(caller, environment, of: project)
        let now = world.now()
        let (oldest, newest) = (
            now.adding(seconds: -Limits.assignmentDays * 86_400), now.adding(seconds: Limits.flagUsageSkewSeconds)
        )
        var known: [ExactName: [Experiment]] = [:]
        var taken: [Assignment] = []
        for (index, told) in report.assignments.enumerated() {
            guard told.firstAt <= told.lastAt, told.firstAt >= oldest, told.lastAt <= newest else {
                let message =
                    "'firstAt' comes before 'lastAt', and both lie in the last \(Limits.assignmentDays) days."
                throw Problem(
                    .invalidRequest, "At /assignments/\(index): \(message)",
                    violations: [Violation(message, pointer: "/assignments/\(index)/firstAt", keyword: "range")])
            }
            let experiments = known[told.key.flag] ?? reading.experiments(of: told.key.flag.text)
            known[told.key.flag] = experiments
            guard
                let experiment = experiments.first(where: {
                    $0.key == told.key.experiment && $0.version == told.key.version
                }),
                reading.splits(told.key), experiment.isLogged(told.key.unit.text, of: told.key.flag.text)
            else { continue }
            let attributes = told.attributes.members.filter { member in
                experiment.attributes.contains { $0.hasSameBytes(as: member.name) }
            }
            taken.append(
                Assignment(
                    told.key, firstAt: told.firstAt.microseconds / 1_000_000,
                    lastAt: min(told.lastAt, now).microseconds / 1_000_000, exposures: told.exposures,
                    attributes: JSONObject(uniqueMembers: attributes.map { ($0.name, $0.value) }),
                    client: report.client))
        }
        for assignment in taken { assignments.add(assignment, in: environment, of: project) }
    }

    /// How an experiment stands, by the rule as it is or was: units of its split and whether they are as many as they were to be.
    package func experiment(
        _ caller: Caller, _ key: ExperimentKey, of flag: FlagKey, in environment: EnvironmentName,
        of project: ProjectName, at moment: Moment
    ) async throws(Problem) -> ExperimentReading {
        let view = try await view(caller, project, at: moment)
        let (plan, split) = try view.experiment(key, of: flag, in: environment)
        await recordAssignments()
        let place = ExperimentPlace(
            project: project, environment: environment, flag: flag.rawValue, experiment: key.rawValue)
        let summary = try await reading { () async throws in try await self.store.assignmentSummary(of: place) }
        let version = split.version(in: flag)
        let counts = summary.counts.filter { $0.version == version }
        let versions = Dictionary(grouping: summary.counts, by: \.version).map { version, counts in
            ExperimentReading.Version(
                version: version, units: counts.reduce(0) { $0 + $1.units },
                exposures: counts.reduce(0) { $0.addingSaturating($1.exposures) },
                firstAt: counts.map(\.firstAt).min() ?? now, lastAt: counts.map(\.lastAt).max() ?? now)
        }
        return ExperimentReading(
            flag: flag, environment: environment, plan: plan, split: split, version: version,
            check: SplitCheck(
                split,
                Dictionary(counts.map { (ExactName($0.variant), ($0.units, $0.exposures)) }) { first, _ in first }),
            unitsOfSeveralVariants: summary.unitsOfSeveralVariants[version] ?? 0,
            present: versions.first { $0.version == version },
            others: versions.filter { $0.version != version }.sorted {
                ($0.lastAt, $0.version) > ($1.lastAt, $1.version)
            })
    }

    /// The units of an experiment's split. They may be people: who asks needs `reveal` on rules of flags there, and each page leaves an event
    /// before it is handed out.
    package func exportAssignments(
        _ caller: Caller, _ key: ExperimentKey, of flag: FlagKey, in environment: EnvironmentName,
        of project: ProjectName, at moment: Moment, after mark: AssignmentPage.Mark?, limit: Int
    ) async throws(Problem) -> AssignmentPage {
        try viewpoint(caller, of: project, at: moment).require(.reveal, .flagRule, in: environment, at: moment)
        let view = try await view(caller, project, at: moment)
        let (plan, split) = try view.experiment(key, of: flag, in: environment)
        await recordAssignments()
        let place = ExperimentPlace(
            project: project, environment: environment, flag: flag.rawValue, experiment: key.rawValue)
        let version = split.version(in: flag)
        let rows = try await reading { () async throws in
            try await self.store.assignments(
                of: place, version: version, after: mark.map { AssignmentMark(unit: $0.unit, variant: $0.variant) },
                limit: limit + 1)
        }
        let page = rows.prefix(limit).map { AssignmentPage.Entry($0) }
        _ = try await submit(
            CommitJob(
                work: .event(
                    .success,
                    detail: [
                        "assignments": .int(page.count), "environment": .string(environment.rawValue),
                        "experiment": .string(key.rawValue), "flag": .string(flag.rawValue),
                        "version": .string(version),
                    ]), caller: caller, action: .experimentExport, target: project.rawValue))
        let next = rows.count > limit ? page.last.map { AssignmentPage.Mark(unit: $0.unit, variant: $0.variant) } : nil
        return AssignmentPage(flag: flag, plan: plan, version: version, entries: page, next: next)
    }
}

extension ProjectView {
    fileprivate func experiment(
        _ key: ExperimentKey, of flag: FlagKey, in environment: EnvironmentName
    ) throws(Problem) -> (plan: ExperimentPlan, split: Serve.Split) {
        let rule = try self.flag(flag, in: environment).rule
        if let found = rule?.body.experiment(key) { return found }
        let known = rule?.body.experiments(in: flag).map(\.key) ?? []
        throw Problem(
            .notFound,
            "The rule of '\(InvalidIdentifier.shown(flag.rawValue))' in '\(environment.rawValue)' has no experiment '\(key)'"
                + (known.isEmpty ? ". " : "; there are: \(known.joined(separator: ", ")). ")
                + "One that has ended is found by the time when it ran, 'at'.")
    }
}

extension FlagReading {
    /// By the rule that counts, whether or not it is in force at the moment.
    fileprivate func experiments(of flag: String) -> [Experiment] {
        guard let key = try? FlagKey(parsing: flag) else { return [] }
        return flags[key]?.rule?.body.experiments(in: key) ?? []
    }

    /// Whether the variant is among those that the experiment's split gives.
    fileprivate func splits(_ told: Assignment.Key) -> Bool {
        guard let flag = try? FlagKey(parsing: told.flag.text), let key = try? ExperimentKey(parsing: told.experiment),
            let split = flags[flag]?.rule?.body.experiment(key)?.split
        else { return false }
        return split.shares.contains { $0.variant.rawValue.hasSameBytes(as: told.variant.text) }
    }
}
