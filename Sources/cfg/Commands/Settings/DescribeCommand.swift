import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct DescribeCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show everything about one setting.",
        discussion: """
            Its value, the layer it comes from, what is said about the key, and the environment's own history of it.

            With --output json: {"setting": …, "history": […]}, each part as the server gives it.
            """)

    @OptionGroup var place: PlaceOptions

    @Option(help: ArgumentHelp("So many versions of the history.", valueName: "count")) var limit = 10

    @Argument(help: "The setting's key.", completion: Completions.keys, transform: ConfigKey.argument)
    var key: ConfigKey

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard (1...Pages.sizeMax).contains(limit) else { throw ValidationError("--limit is 1 to \(Pages.sizeMax).") }
    }

    func run() async throws {
        let (project, environment) = try place.place()
        let session = try Session(connection)
        let (setting, history) = try await session.working("Reading \(key)") {
            let setting = try await session.client.setting(key, of: environment, in: project, at: nil)
            // An encoded slash is refused in paths.
            let history =
                key.path.utf8.contains(UInt8(ascii: "/"))
                ? nil
                : try await session.client.history(of: key, in: environment, of: project, before: nil, limit: limit)
            return (setting, history)
        }
        let json: JSONValue = ["setting": setting.json, "history": history?.json["history"] ?? .array([])]
        session.show(json) {
            Self.text(
                setting.value, history?.value.items ?? [], environment: environment.rawValue, now: session.now,
                session.terminal.columns, session.style)
        }
    }

    static func text(
        _ setting: SettingView, _ history: [HistoryEntry], environment: String, now: Timestamp?, _ width: Int?,
        _ style: Style
    ) -> String {
        var text = ""
        func line(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            text += style.bold(Columns.padded(name, to: 13)) + value + "\n"
        }
        line("Key", SafeText.line(setting.key))
        line("Value", ValueText.inline(setting.value))
        line("Written as", setting.raw.map { ValueText.inline($0) })
        line("References", setting.references)
        line("Origin", "\(SafeText.line(setting.origin)), revision \(setting.revision)")
        line("Description", setting.description.map { SafeText.line($0) })
        line("Tags", setting.tags.map { SafeText.line($0) }.joined(separator: ", "))
        guard !history.isEmpty else {
            return text + "\nThe environment \(SafeText.line(environment)) itself never had a value for it.\n"
        }
        var table = Table([
            .init(title: "REV", isNumber: true), .init(title: "WHEN"), .init(title: "AUTHOR"),
            .init(title: "VALUE", isFlexible: true), .init(title: "MESSAGE", isFlexible: true),
        ])
        for entry in history {
            let value = entry.value == .absent ? "deleted" : ValueText.inline(entry.value)
            table.add(
                String(entry.revision), TimeText.shown(entry.committedAt, now: now), entry.author, value,
                FirstLine.of(entry.message))
        }
        return text + "\n" + table.text(width: width, style: style)
    }
}

/// The line of a message that stands for it in a table.
enum FirstLine {
    static func of(_ text: String) -> String {
        let line =
            text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: true).first.map(String.init) ?? ""
        return line.utf8.count < text.trimmingSuffix(while: { $0 == "\n" }).utf8.count ? line + " …" : line
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
        var result = self[...]
        while let last = result.last, isTrimmed(last) { result.removeLast() }
        return result
    }
}
