import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

struct FlagUsageCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "Show how often a flag came to what, when last, and for whom.",
        discussion: """
            Evaluations are kept for 90 days, by hour; those of programs that evaluate by themselves come in once a minute.

            Examples:
              cfg flag usage new-checkout -p shop
              cfg flag usage new-checkout -p shop -e production --since 12h --by hour
              cfg flag usage new-checkout -p shop --by client
            """)

    enum Grouping: String, CaseIterable, ExpressibleByArgument {
        case variant, client, hour
    }

    @OptionGroup var scope: ScopeOptions

    @Option(
        help: ArgumentHelp("How far back: 12h, 7d (the default), 90d at most.", valueName: "duration"),
        transform: Self.duration)
    var since = DurationArgument(seconds: 7 * 86_400)

    @Option(help: "What to count by: variant, client or hour.") var by: Grouping = .variant

    @Argument(help: "The flag's key.", completion: Completions.flags) var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    private static func duration(_ text: String) throws -> DurationArgument {
        let duration = try DurationArgument.argument(text)
        guard duration.seconds <= Limits.flagUsageDays * 86_400 else {
            throw ValidationError("Usage is kept for \(Limits.flagUsageDays) days; ask for no more.")
        }
        return duration
    }

    func run() async throws {
        let (project, environment) = try scope.scope()
        let session = try Session(connection)
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let answer = try await session.client.usage(
            of: key, in: environment, of: project, from: now.adding(seconds: -since.seconds).text)
        session.show(answer) { FlagUsageText(session: session, grouping: by).whole($0) }
    }
}

/// How often a flag came to what, for people.
struct FlagUsageText {
    let session: Session
    let grouping: FlagUsageCommand.Grouping

    func whole(_ use: FlagUsageView) -> String {
        guard !use.hours.isEmpty else {
            return "Not evaluated since \(TimeText.shown(use.from, now: session.now)), as far as is known.\n"
        }
        var text = table(use.hours).text(width: session.terminal.columns, style: session.style)
        if let last = use.lastEvaluatedAt {
            text += session.style.dim(
                "Evaluated last \(TimeText.shown(last, now: session.now)) by \(SafeText.line(use.lastClient ?? "somebody"))."
            )
            text += "\n"
        }
        if use.isCut {
            text += session.style.yellow("There is more than is shown; ask for less with --since or -e.") + "\n"
        }
        return text
    }

    private func table(_ hours: [FlagUsageView.Hour]) -> Table {
        let style = session.style
        var table = Table([
            .init(title: heading), .init(title: "VARIANT", style: style.cyan), .init(title: "COUNT", isNumber: true),
            .init(title: "SHARE", isNumber: true), .init(title: "LAST"),
        ])
        var sums: [Row: (count: Int64, lastAt: String)] = [:]
        var totals: [String: Int64] = [:]
        for hour in hours {
            let row = Row(group: group(of: hour), variant: hour.variant ?? "the caller's default")
            let known = sums[row] ?? (0, "")
            sums[row] = (known.count + hour.count, max(known.lastAt, hour.lastAt))
            totals[row.group, default: 0] += hour.count
        }
        for (row, sum) in sums.sorted(by: { $0.key < $1.key }) {
            let share = Double(sum.count) / Double(max(1, totals[row.group] ?? 1))
            table.add(
                row.group, row.variant, String(sum.count), Self.percent(share),
                TimeText.shown(sum.lastAt, now: session.now))
        }
        return table
    }

    private struct Row: Hashable, Comparable {
        let group: String
        let variant: String

        static func < (a: Row, b: Row) -> Bool { (a.group, a.variant) < (b.group, b.variant) }
    }

    private var heading: String {
        switch grouping {
        case .variant: "ENVIRONMENT"
        case .client: "CLIENT"
        case .hour: "HOUR"
        }
    }

    private func group(of hour: FlagUsageView.Hour) -> String {
        switch grouping {
        case .variant: hour.environment
        case .client: "\(hour.client) (\(hour.environment))"
        case .hour: "\(hour.hour.prefix(13)):00Z \(hour.environment)"
        }
    }

    /// `12.5%`
    static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1_000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
    }
}
