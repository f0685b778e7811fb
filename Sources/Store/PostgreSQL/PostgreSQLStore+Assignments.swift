import ConfigPlatformModel

extension PostgreSQLStore {
    package func assignmentSummary(of place: ExperimentPlace) async throws -> AssignmentSummary {
        try await read { connection in
            let counts = try connection.query(.assignmentCounts, place.values).map { row in
                AssignmentCount(
                    version: try row.text(0), variant: try row.text(1), units: try row.int64(2),
                    exposures: try row.int64(3), firstAt: try row.timestamp(4), lastAt: try row.timestamp(5))
            }
            let several = try connection.query(.unitsOfSeveralVariants, place.values).map { row in
                (try row.text(0), try row.int64(1))
            }
            return AssignmentSummary(
                counts: counts, unitsOfSeveralVariants: Dictionary(several) { first, _ in first })
        }
    }

    package func assignments(
        of place: ExperimentPlace, version: String, after mark: AssignmentMark?, limit: Int
    ) async throws -> [AssignmentRow] {
        try await read { connection in
            try connection.query(
                .assignments,
                place.values + [
                    .text(version), .text(PostgreSQLText.storable(mark?.unit ?? "")),
                    .text(PostgreSQLText.storable(mark?.variant ?? "")), .int64(Int64(limit)),
                ]
            ).map { row in
                AssignmentRow(
                    place, version: version, unit: try row.text(0), variant: try row.text(1),
                    firstAt: try row.timestamp(2), lastAt: try row.timestamp(3), exposures: try row.int64(4),
                    attributes: try row.text(5), client: try row.text(6))
            }
        }
    }
}

extension ExperimentPlace {
    /// Its columns, in the order of the primary key.
    var values: [PostgreSQLValue] {
        [
            .text(project.rawValue), .text(PostgreSQLText.storable(flag)), .text(environment.rawValue),
            .text(experiment),
        ]
    }
}
