import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who did what, and what was refused.", subcommands: [AuditEventsCommand.self])
}

struct AuditEventsCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show audit events, newest first.",
        discussion: """
            Examples:
              cfg audit events --limit 20
              cfg audit events --actor token:deploy-bot --since 1d --output json
            """)

    @Option(help: ArgumentHelp("Only by this actor, such as token:deploy-bot.", valueName: "principal")) var actor:
        String?
    @Option(help: ArgumentHelp("Only this action, such as change or token.create.", valueName: "action")) var action:
        String?
    @Option(help: ArgumentHelp("Only on this target.", valueName: "target")) var target: String?

    @Option(
        help: ArgumentHelp("Only from this time on, or since so long ago.", valueName: "time"), transform: Self.time)
    var since: Timestamp?

    @Option(
        help: ArgumentHelp("Only up to this time, or so long ago.", valueName: "time"), transform: Self.time)
    var until: Timestamp?

    @Option(help: ArgumentHelp("Only events before this sequence number.", valueName: "sequence")) var before: Int64?
    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("So many at most.", valueName: "count")) var limit = 50

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    static func time(_ text: String) throws -> Timestamp {
        guard case .time(let time) = try MomentArgument.argument(text).point else {
            throw ValidationError("'\(text)' is no time: write 2026-11-23T06:00:00Z, or how long ago (15m, 2h, 3d).")
        }
        return time
    }

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is at least 1.") }
    }

    func run() async throws {
        let session = try Session(connection)
        let filter = AdministrationClient.AuditFilter(
            actor: actor, action: action, target: target, from: since?.text, to: until?.text)
        let found = try await session.working("Reading events") {
            try await Pages.read("events", limit: limit) { next, limit in
                try await session.client.auditEvents(
                    matching: filter, before: next ?? before.map { String($0) }, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else { return "No events.\n" }
            return Self.table(found.items, now: session.now, session.style)
                .text(width: session.terminal.columns, style: session.style)
        }
    }

    static func table(_ events: [AuditEventView], now: Timestamp?, _ style: Style) -> Table {
        var table = Table([
            .init(title: "SEQ", isNumber: true), .init(title: "WHEN"), .init(title: "ACTOR"), .init(title: "ACTION"),
            .init(title: "TARGET", isFlexible: true), .init(title: "OUTCOME"), .init(title: "REV", isNumber: true),
        ])
        for event in events {
            table.add(
                String(event.sequence), TimeText.shown(event.occurredAt, now: now), event.actor, event.action,
                event.target,
                event.outcome, event.revision.map { String($0) } ?? "")
        }
        return table
    }
}
