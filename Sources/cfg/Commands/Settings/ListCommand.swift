import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct ListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show an environment's settings and where each comes from.",
        discussion: """
            ORIGIN is the layer whose value it is, REV the revision that wrote it there.

            Examples:
              cfg list -p shop -e production
              cfg list checkout -e production --output json | jq '.settings[] | select(.environment == "base")'
            """, aliases: ["ls"])

    @OptionGroup var place: PlaceOptions

    @Option(
        help: ArgumentHelp("As it was at a revision, a time, or so long ago.", valueName: "moment"),
        transform: MomentArgument.argument)
    var at: MomentArgument?

    @Argument(
        help: "Only this key and those below it.", completion: Completions.keys, transform: ConfigKey.argument)
    var prefix: ConfigKey?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try place.place()
        let session = try Session(connection)
        let answer = try await session.working("Reading \(environment.rawValue)") {
            try await session.client.settings(of: environment, in: project, at: at?.text)
        }
        let listing = answer.value
        guard let prefix else {
            session.show(answer) {
                Self.text($0.settings, place: "\(project.rawValue)/\(environment.rawValue)", session)
            }
            return
        }
        let isBelow = { (text: String?) in
            guard let key = text.flatMap({ try? ConfigKey(parsing: $0) }) else { return false }
            return key == prefix || prefix.isStrictPrefix(of: key)
        }
        var json = answer.json.objectValue ?? [:]
        json["settings"] = .array((json["settings"]?.arrayValue ?? []).filter { isBelow($0["key"]?.stringValue) })
        session.show(.object(json)) {
            Self.text(
                listing.settings.filter { isBelow($0.key) },
                place: "\(project.rawValue)/\(environment.rawValue) below \(prefix)",
                session)
        }
    }

    private static func text(_ settings: [SettingView], place: String, _ session: Session) -> String {
        guard !settings.isEmpty else { return "No settings in \(place).\n" }
        return table(settings, session.style).text(width: session.terminal.columns, style: session.style)
    }

    static func table(_ settings: [SettingView], _ style: Style) -> Table {
        var table = Table([
            .init(title: "KEY"), .init(title: "VALUE", isFlexible: true), .init(title: "ORIGIN", style: style.cyan),
            .init(title: "REV", isNumber: true),
        ])
        for setting in settings {
            table.add(setting.key, ValueText.inline(setting.value), setting.origin, String(setting.revision))
        }
        return table
    }
}
