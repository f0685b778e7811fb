import ConfigPlatformModel

extension SQLiteStore {
    package func assignmentSummary(of place: ExperimentPlace) async throws -> AssignmentSummary {
        try await read { database in
            var sums = AssignmentSums()
            try PreparedStatement(.assignmentsOfExperiment, on: database).forEach([
                .text(place.project.rawValue), .text(place.flag), .text(place.environment.rawValue),
                .text(place.experiment),
            ]) { row in
                sums.add(
                    version: row.text(0), unit: row.text(1), variant: row.text(2), exposures: row.int64(3),
                    firstAt: row.timestamp(4), lastAt: row.timestamp(5))
                return true
            }
            return sums.summary
        }
    }

    package func assignments(
        of place: ExperimentPlace, version: String, after mark: AssignmentMark?, limit: Int
    ) async throws -> [AssignmentRow] {
        try await read { database in
            try PreparedStatement(.assignments, on: database).all(
                .text(place.project.rawValue), .text(place.flag), .text(place.environment.rawValue),
                .text(place.experiment), .text(version), .text(mark?.unit ?? ""), .text(mark?.variant ?? ""),
                .integer(Int64(limit)), decode: { $0.assignment(of: place, version: version) })
        }
    }
}

/// Adds up what comes in order of version and unit.
private struct AssignmentSums {
    private struct Name: Hashable {
        let version: String
        let variant: String

        static func == (a: Self, b: Self) -> Bool {
            a.variant.hasSameBytes(as: b.variant) && a.version.hasSameBytes(as: b.version)
        }

        func hash(into hasher: inout Hasher) {
            variant.hashBytes(into: &hasher)
            version.hashBytes(into: &hasher)
        }
    }

    private struct Sum {
        var units: Int64 = 0
        var exposures: Int64 = 0
        var firstAt = Timestamp(microseconds: .max)
        var lastAt = Timestamp(microseconds: 0)
    }

    private var sums: [Name: Sum] = [:]
    private var several: [String: Int64] = [:]
    private var version = ""
    private var unit = ""
    private var rowsOfUnit = 0

    mutating func add(
        version: String, unit: String, variant: String, exposures: Int64, firstAt: Timestamp, lastAt: Timestamp
    ) {
        if unit.hasSameBytes(as: self.unit), version == self.version {
            rowsOfUnit += 1
            if rowsOfUnit == 2 { several[version, default: 0] += 1 }
        } else {
            (self.version, self.unit, rowsOfUnit) = (version, unit, 1)
        }
        let name = Name(version: version, variant: variant)
        var sum = sums[name] ?? Sum()
        sum.units += 1
        sum.exposures = sum.exposures.addingSaturating(exposures)
        sum.firstAt = min(sum.firstAt, firstAt)
        sum.lastAt = max(sum.lastAt, lastAt)
        sums[name] = sum
    }

    var summary: AssignmentSummary {
        AssignmentSummary(
            counts: sums.map { name, sum in
                AssignmentCount(
                    version: name.version, variant: name.variant, units: sum.units, exposures: sum.exposures,
                    firstAt: sum.firstAt, lastAt: sum.lastAt)
            }, unitsOfSeveralVariants: several)
    }
}

extension SQLiteRow {
    fileprivate func assignment(of place: ExperimentPlace, version: String) -> AssignmentRow {
        AssignmentRow(
            place, version: version, unit: text(0), variant: text(1), firstAt: timestamp(2), lastAt: timestamp(3),
            exposures: int64(4), attributes: text(5), client: text(6))
    }
}
