import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "Sessions of people who signed in: list, revoke.",
        subcommands: [SessionListCommand.self, SessionRevokeCommand.self])
}

struct SessionListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show your sessions, and those of others that you may end.", aliases: ["ls"])

    @Flag(help: "Those that have ended, too.") var all = false

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.sessions()
        session.show(answer) { page in
            let shown = page.items.filter { all || $0.isLive }
            guard !shown.isEmpty else { return "No sessions. Sign in: cfg login\n" }
            return Self.table(shown, now: session.now, session.style)
                .text(width: session.terminal.columns, style: session.style)
        }
    }

    static func table(_ sessions: [TokenView], now: Timestamp?, _ style: Style) -> Table {
        var table = Table([
            .init(title: "ID"), .init(title: "OF", style: style.cyan), .init(title: "STATE"), .init(title: "SIGNED IN"),
            .init(title: "LAST USED"), .init(title: "ENDS"),
        ])
        for session in sessions {
            table.add(
                session.id, session.owner ?? "", session.state,
                session.createdAt.map { TimeText.shown($0, now: now) } ?? "",
                session.lastUsedAt.map { TimeText.shown($0, now: now) } ?? "",
                (session.revokedAt ?? session.expiresAt).map { TimeText.shown($0, now: now) } ?? "never")
        }
        return table
    }
}

struct SessionRevokeCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End a session at once.",
        discussion: "With --output json: {\"revoked\":ID}. Your own ends with 'cfg logout', too.")

    @Argument(help: "The session's id, as 'cfg session list' shows it.") var id: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        try await session.client.revokeSession(id)
        session.show(["revoked": .string(id)]) { "Ended session \(SafeText.line(id)).\n" }
    }
}
