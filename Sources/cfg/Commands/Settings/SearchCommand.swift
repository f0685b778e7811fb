import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct SearchCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find settings by key, value, description or tag.",
        discussion: "Looks through what each environment itself has, and makes no difference between a and A.")

    @OptionGroup var scope: ScopeOptions

    @Option(help: ArgumentHelp("So many at most.", valueName: "count")) var limit = 200

    @Argument(help: "The text to look for.")
    var text: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is at least 1.") }
        guard (1...Limits.searchBytes).contains(text.utf8.count) else {
            throw ValidationError("Give a text of 1 to \(Limits.searchBytes) bytes to look for.")
        }
    }

    func run() async throws {
        let (project, environment) = try scope.scope()
        let session = try Session(connection)
        let found = try await session.working("Searching \(project.rawValue)") {
            try await Pages.read("hits", limit: limit) { next, limit in
                try await session.client.search(text, in: environment, of: project, after: next, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else { return "Nothing found.\n" }
            let more = found.json["next"] == nil ? "" : "There is more; raise --limit.\n"
            return Self.table(found.items, session.style).text(width: session.terminal.columns, style: session.style)
                + more
        }
    }

    static func table(_ hits: [SearchHitView], _ style: Style) -> Table {
        var table = Table([
            .init(title: "ENVIRONMENT", style: style.cyan), .init(title: "KEY"),
            .init(title: "VALUE", isFlexible: true),
            .init(title: "REV", isNumber: true),
        ])
        for hit in hits { table.add(hit.environment, hit.key, ValueText.inline(hit.value), String(hit.revision)) }
        return table
    }
}
