package import ConfigPlatformModel

/// Whose assignments: those of one experiment of a flag in one environment.
package struct ExperimentPlace: Hashable, Sendable {
    package let project: ProjectName
    package let environment: EnvironmentName
    package let flag: String
    package let experiment: String

    package init(project: ProjectName, environment: EnvironmentName, flag: String, experiment: String) {
        self.project = project
        self.environment = environment
        self.flag = flag
        self.experiment = experiment
    }
}

/// That a unit got a variant of an experiment, and how often. What is known of it can be lost without loss of anything that was decided.
package struct AssignmentRow: Hashable, Sendable {
    package let place: ExperimentPlace
    /// Of the experiment's split.
    package let version: String
    package let unit: String
    package let variant: String
    package let firstAt: Timestamp
    package let lastAt: Timestamp
    package let exposures: Int64
    /// A JSON object.
    package let attributes: String
    package let client: String

    package init(
        _ place: ExperimentPlace, version: String, unit: String, variant: String, firstAt: Timestamp,
        lastAt: Timestamp, exposures: Int64, attributes: String, client: String
    ) {
        self.place = place
        self.version = version
        self.unit = unit
        self.variant = variant
        self.firstAt = firstAt
        self.lastAt = lastAt
        self.exposures = exposures
        self.attributes = attributes
        self.client = client
    }

    /// Days since 1970.
    package static func day(of time: Timestamp) -> Int64 { time.microseconds / 86_400_000_000 }
}

/// How many units one version of an experiment's split gave one variant.
package struct AssignmentCount: Hashable, Sendable {
    package let version: String
    package let variant: String
    package let units: Int64
    package let exposures: Int64
    package let firstAt: Timestamp
    package let lastAt: Timestamp

    package init(
        version: String, variant: String, units: Int64, exposures: Int64, firstAt: Timestamp, lastAt: Timestamp
    ) {
        self.version = version
        self.variant = variant
        self.units = units
        self.exposures = exposures
        self.firstAt = firstAt
        self.lastAt = lastAt
    }
}

/// How many units an experiment gave which variant.
package struct AssignmentSummary: Hashable, Sendable {
    /// In no order.
    package let counts: [AssignmentCount]
    /// By version of the split, units that were given more than one variant by it: none, unless something is wrong.
    package let unitsOfSeveralVariants: [String: Int64]

    package init(counts: [AssignmentCount], unitsOfSeveralVariants: [String: Int64]) {
        self.counts = counts
        self.unitsOfSeveralVariants = unitsOfSeveralVariants
    }
}

/// Where a page of assignments ends.
package struct AssignmentMark: Hashable, Sendable {
    package let unit: String
    package let variant: String

    package init(unit: String, variant: String) {
        self.unit = unit
        self.variant = variant
    }
}
