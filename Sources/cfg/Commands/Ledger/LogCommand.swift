import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct LogCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Show a project's changes, newest first.",
        discussion: """
            Examples:
              cfg log -p shop
              cfg log -p shop -e production --key checkout.timeout
              cfg log -p shop --author token:deploy-bot --limit 5 --output json
              cfg log --platform
            """)

    @OptionGroup var scope: ScopeOptions

    @Flag(help: "Changes of the platform as a whole: who may do what.") var platform = false

    @Option(
        help: ArgumentHelp("Only changes of this key.", valueName: "key"), completion: Completions.keys,
        transform: ConfigKey.argument)
    var key: ConfigKey?

    @Option(help: ArgumentHelp("Only changes by this author, such as token:deploy-bot.", valueName: "principal"))
    var author: String?

    @Option(help: ArgumentHelp("Only changes of this kind of item, such as setting or environment.", valueName: "kind"))
    var kind: String?

    @Option(
        help: ArgumentHelp("Only changes before this revision.", valueName: "revision"), transform: Revision.argument)
    var before: Revision?

    @Option(
        help: ArgumentHelp("Only changes after this revision.", valueName: "revision"), transform: Revision.argument)
    var after: Revision?

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("So many at most.", valueName: "count")) var limit = 30

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is at least 1.") }
        guard !platform || (scope.project.project == nil && scope.environment == nil && key == nil) else {
            throw ValidationError("--platform goes with neither -p nor -e nor --key.")
        }
    }

    func run() async throws {
        let (project, environment) = platform ? (.platform, nil) : try scope.scope()
        let session = try Session(connection)
        let filter = AdministrationClient.ChangeFilter(environment: environment, kind: kind, key: key, author: author)
        let found = try await session.working("Reading the log") {
            try await Pages.read("changes", limit: limit) { next, limit in
                try await session.client.changes(
                    of: project, matching: filter, after: after.map { String($0.number) },
                    before: next ?? before.map { String($0.number) }, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else { return "No changes.\n" }
            return Self.table(found.items, now: session.now, session.style)
                .text(width: session.terminal.columns, style: session.style)
        }
    }

    static func table(_ changes: [ChangeSummary], now: Timestamp?, _ style: Style) -> Table {
        var table = Table([
            .init(title: "REVISION", isNumber: true, style: style.yellow), .init(title: "WHEN"), .init(title: "AUTHOR"),
            .init(title: "MESSAGE", isFlexible: true),
        ])
        for change in changes {
            table.add(
                String(change.revision), TimeText.shown(change.committedAt, now: now), change.author,
                FirstLine.of(change.message))
        }
        return table
    }
}

struct ShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one change: who, when, why, and what it did.")

    @OptionGroup var home: HomeOptions

    @Argument(help: "The revision.", transform: Revision.argument) var revision: Revision

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try home.name()
        let session = try Session(connection)
        let answer = try await session.working("Reading revision \(revision)") {
            try await session.client.change(revision, of: project)
        }
        session.show(answer) { session.changes.whole($0) }
    }
}
