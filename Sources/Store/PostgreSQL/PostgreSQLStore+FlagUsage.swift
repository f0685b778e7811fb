package import ConfigPlatformModel

extension PostgreSQLStore {
    package func flagUsage(
        of flag: String, in environment: EnvironmentName?, of project: ProjectName, from: Int64, until: Int64,
        limit: Int
    ) async throws -> [FlagUsageRow] {
        try await read { connection in
            try connection.query(
                .flagUsage,
                [
                    .text(project.rawValue), .text(flag), .int64(from), .int64(until),
                    .text(environment?.rawValue ?? ""), .int64(Int64(limit)),
                ]
            ).map { try $0.flagUsage() }
        }
    }

    package func flagUsageSummaries(
        of project: ProjectName, recentFrom hour: Int64
    ) async throws -> [FlagUsageSummary] {
        try await read { connection in
            try connection.query(.flagUsageSummaries, [.text(project.rawValue), .int64(hour)]).map { row in
                let name = try row.text(1)
                return FlagUsageSummary(
                    flag: try row.text(0),
                    environment: try UnreadableRow.decoding("a count of evaluations") {
                        try EnvironmentName(parsing: name)
                    },
                    variant: try row.text(2), recentCount: try row.int64(3), lastAt: try row.timestamp(4))
            }
        }
    }
}

extension PostgreSQLRow {
    /// The columns of ``PostgreSQLLedgerStatements/flagUsage``.
    func flagUsage() throws -> FlagUsageRow {
        let (project, environment) = (try text(0), try text(2))
        let (flag, hour, client) = (try text(1), try int64(3), try text(4))
        let (variant, reason) = (try text(5), try text(6))
        let key = try UnreadableRow.decoding("a count of evaluations") {
            FlagUsageRow.Key(
                project: try ProjectName(parsing: project), environment: try EnvironmentName(parsing: environment),
                flag: flag, hour: hour, client: client, variant: variant, reason: reason)
        }
        return FlagUsageRow(key, count: try int64(7), lastAt: try timestamp(8))
    }
}
