package import ConfigPlatformModel

extension SQLiteStore {
    package func flagUsage(
        of flag: String, in environment: EnvironmentName?, of project: ProjectName, from: Int64, until: Int64,
        limit: Int
    ) async throws -> [FlagUsageRow] {
        let name = environment?.rawValue ?? ""
        return try await read { database in
            try PreparedStatement(.flagUsage, on: database).all(
                .text(project.rawValue), .text(flag), .integer(from), .integer(until), .text(name), .text(name),
                .integer(Int64(limit)), decode: { try $0.flagUsage() })
        }
    }

    package func flagUsageSummaries(
        of project: ProjectName, recentFrom hour: Int64
    ) async throws -> [FlagUsageSummary] {
        try await read { database in
            var sums = FlagUsageSums(recentFrom: hour)
            try PreparedStatement(.flagUsageOfProject, on: database).forEach([.text(project.rawValue)]) { row in
                sums.add(try row.flagUsage())
                return true
            }
            return sums.summaries
        }
    }
}

/// Adds up what comes in order of flag.
private struct FlagUsageSums {
    private struct Name: Hashable {
        let environment: EnvironmentName
        let variant: String
    }

    private let recentFrom: Int64
    private var flag = ""
    private var sums: [Name: (recent: Int64, lastAt: Timestamp)] = [:]
    private var finished: [FlagUsageSummary] = []

    init(recentFrom: Int64) { self.recentFrom = recentFrom }

    mutating func add(_ row: FlagUsageRow) {
        if !row.key.flag.hasSameBytes(as: flag) { finish() }
        flag = row.key.flag
        let name = Name(environment: row.key.environment, variant: row.key.variant)
        let known = sums[name]
        let recent = row.key.hour >= recentFrom ? row.count : 0
        sums[name] = (
            (known?.recent ?? 0).addingSaturating(recent), max(known?.lastAt ?? row.lastAt, row.lastAt)
        )
    }

    private mutating func finish() {
        for (name, sum) in sums {
            finished.append(
                FlagUsageSummary(
                    flag: flag, environment: name.environment, variant: name.variant, recentCount: sum.recent,
                    lastAt: sum.lastAt))
        }
        sums = [:]
    }

    var summaries: [FlagUsageSummary] {
        var all = self
        all.finish()
        return all.finished
    }
}

extension SQLiteRow {
    /// The columns of ``SQLiteStatements/flagUsage``.
    func flagUsage() throws -> FlagUsageRow {
        try UnreadableRow.decoding("a count of evaluations") {
            FlagUsageRow(
                FlagUsageRow.Key(
                    project: try ProjectName(parsing: text(0)), environment: try EnvironmentName(parsing: text(2)),
                    flag: text(1), hour: int64(3), client: text(4), variant: text(5), reason: text(6)),
                count: int64(7), lastAt: timestamp(8))
        }
    }
}
