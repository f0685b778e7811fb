import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct FlagStaleCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "stale", abstract: "Show flags that may have had their day, why, and what to do next.",
        discussion: """
            A flag is named that is older than it was said to become, that was never evaluated as far as is known, or that came \
            to one thing only in an environment for so many days.

            Examples:
              cfg flag stale -p shop
              cfg flag stale -p shop --days 14 --output json
            """)

    @OptionGroup var project: ProjectOptions

    @Option(help: ArgumentHelp("For how long one variant alone, or none: 1 to 90 (default 30).", valueName: "days"))
    var days: Int64 = 30

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard (1...Limits.flagUsageDays).contains(days) else {
            throw ValidationError("--days is a whole number from 1 to \(Limits.flagUsageDays).")
        }
    }

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let answer = try await session.working("Reading usage") {
            try await session.client.staleFlags(of: project, days: days)
        }
        session.show(answer) { stale in
            guard !stale.flags.isEmpty else { return "No flag looks as if it had had its day.\n" }
            return stale.flags.map { Self.text(of: $0, days: stale.days, project, session) }.joined(separator: "\n")
        }
    }

    private static func text(
        of flag: StaleFlagsView.Flag, days: Int64, _ project: ProjectName, _ session: Session
    ) -> String {
        let style = session.style
        let said = [
            flag.owner.map { "owner \(SafeText.line($0))" },
            flag.createdAt.map { "made \(TimeText.shown($0, now: session.now))" },
            flag.lastEvaluatedAt.map { "evaluated last \(TimeText.shown($0, now: session.now))" },
        ].compactMap { $0 }.joined(separator: ", ")
        var lines = [style.cyan(SafeText.line(flag.key)) + (said.isEmpty ? "" : "  " + style.dim(said))]
        for reason in flag.reasons {
            lines.append("  " + SafeText.line(why(reason, days)))
            lines.append("    " + style.dim("next:") + " " + SafeText.line(next(reason, flag, project)))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func why(_ reason: StaleFlagsView.Reason, _ days: Int64) -> String {
        switch reason.reason {
        case "beyond-lifetime": "older than the \(reason.expectedLifetimeDays ?? 0) days it was said to live"
        case "never-evaluated": "never evaluated, as far as is known"
        case "one-variant":
            "\(reason.variant ?? "the caller's default") alone in \(reason.environment ?? "") for \(days) days "
                + "(\(reason.count ?? 0) evaluations)"
        default: reason.reason
        }
    }

    static func next(_ reason: StaleFlagsView.Reason, _ flag: StaleFlagsView.Flag, _ project: ProjectName) -> String {
        let archive = "cfg flag archive \(flag.key) -p \(project.rawValue) --references DIR"
        switch reason.reason {
        case "beyond-lifetime":
            return "\(archive), or cfg flag set \(flag.key) -p \(project.rawValue) --expected-days N"
                + (flag.owner.map { "; \($0) should know" } ?? "")
        case "one-variant":
            return "put what '\(reason.variant ?? "the default")' does into the sources for good, then \(archive)"
        default: return archive
        }
    }
}
