package import ExactJSON

/// That a unit got a variant of an experiment's split, and how often.
package struct Assignment: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        package let flag: ExactName
        package let experiment: String
        /// Of the split; see ``Experiment/version``.
        package let version: String
        package let unit: ExactName
        package let variant: ExactName

        package init(flag: String, experiment: String, version: String, unit: String, variant: String) {
            self.flag = ExactName(flag)
            self.experiment = experiment
            self.version = version
            self.unit = ExactName(unit)
            self.variant = ExactName(variant)
        }
    }

    package let key: Key
    /// Seconds since 1970.
    package private(set) var firstAt: Int64
    package private(set) var lastAt: Int64
    package private(set) var exposures: Int64
    /// Of the first of these exposures.
    package let attributes: JSONObject
    /// Which program was first to give it.
    package let client: String

    package static let unitBytes = 512
    package static let attributeBytes = 256

    package init(
        _ key: Key, firstAt: Int64, lastAt: Int64, exposures: Int64, attributes: JSONObject, client: String
    ) {
        self.key = key
        self.firstAt = firstAt
        self.lastAt = lastAt
        self.exposures = exposures
        self.attributes = attributes
        self.client = client
    }

    /// Whether the text may be written down as a unit: 1 to ``unitBytes``, without NUL, which databases do not keep.
    package static func isUnit(_ text: String) -> Bool {
        (1...unitBytes).contains(text.utf8.count) && !text.utf8.contains(0)
    }

    /// Whether the value may be written down with a unit: a text that is not too long, a number or a boolean.
    package static func isAttribute(_ value: JSONValue) -> Bool {
        switch value {
        case .bool, .number: true
        case .string(let text): text.utf8.count <= attributeBytes
        case .null, .array, .object: false
        }
    }

    fileprivate mutating func add(_ exposures: Int64, from first: Int64, until last: Int64) {
        self.exposures = self.exposures.addingSaturating(exposures)
        firstAt = min(firstAt, first)
        lastAt = max(lastAt, last)
    }
}

/// Assignments that are yet to be told or written: each once, with its exposures added up.
package struct AssignmentTable: Sendable {
    private var assignments: [Assignment.Key: Assignment] = [:]

    package init() {}

    package var count: Int { assignments.count }
    package var isEmpty: Bool { assignments.isEmpty }

    /// - Parameter mayGrow: whether one may be added that is not there yet.
    /// - Returns: false where there was no room for it.
    package mutating func add(_ assignment: Assignment, mayGrow: Bool) -> Bool {
        let isKnown: Void? = assignments[assignment.key]?.add(
            assignment.exposures, from: assignment.firstAt, until: assignment.lastAt)
        if isKnown != nil { return true }
        guard mayGrow else { return false }
        assignments[assignment.key] = assignment
        return true
    }

    /// All of them, in no order; none are left.
    package mutating func take() -> [Assignment] {
        defer { assignments = [:] }
        return Array(assignments.values)
    }
}

extension Flag {
    /// What is to be written down of an evaluation of this flag; nil where no experiment's split decided, or where the unit is not among
    /// those that are.
    package func assignment(
        _ resolution: Resolution, _ context: FlagContext, at timestamp: Int64, client: String
    ) -> Assignment? {
        guard resolution.experiment >= 0, let variant = resolution.variant else { return nil }
        let experiment = experiments[resolution.experiment]
        return Evaluation.run(flagKey: key, context: context, timestamp: timestamp) { evaluation in
            guard let unit = experiment.unit(in: evaluation), experiment.isLogged(unit, of: key) else { return nil }
            return Assignment(
                Assignment.Key(
                    flag: key, experiment: experiment.key, version: experiment.version, unit: unit,
                    variant: variant.name),
                firstAt: timestamp, lastAt: timestamp, exposures: 1, attributes: experiment.attributes(in: evaluation),
                client: client)
        }
    }
}
