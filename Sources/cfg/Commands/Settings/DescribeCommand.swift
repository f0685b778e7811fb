import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct DescribeCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show everything about one setting.",
        discussion: """
            Its value, the layer it comes from, what is said about the key and what schemas ask of it, and the environment's \
            own history of it.

            With --output json: {"setting": …, "schema": …, "history": […]}, each part as the server gives it; without \
            "setting" where only a schema knows the key.
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
        let (setting, said, history) = try await session.working("Reading \(key)") {
            let said = try await session.client.schemaDescription(of: key, in: environment, of: project)
            let setting: Answer<SettingView>?
            do {
                setting = try await session.client.setting(key, of: environment, in: project, at: nil)
            } catch let error as ConfigPlatformError where error.code == .notFound && said != nil {
                setting = nil
            }
            // An encoded slash is refused in paths.
            let history =
                key.path.utf8.contains(UInt8(ascii: "/"))
                ? nil
                : try await session.client.history(of: key, in: environment, of: project, before: nil, limit: limit)
            return (setting, said, history)
        }
        var json: JSONObject = ["history": history?.json["history"] ?? .array([])]
        json["setting"] = setting?.json
        json["schema"] = said?.json
        session.show(.object(json)) {
            Self.text(
                key, setting?.value, said?.value, history?.value.items ?? [], environment: environment.rawValue,
                now: session.now, session.terminal.columns, session.style)
        }
    }

    static func text(
        _ key: ConfigKey, _ setting: SettingView?, _ said: SchemaDescriptionView?, _ history: [HistoryEntry],
        environment: String, now: Timestamp?, _ width: Int?, _ style: Style
    ) -> String {
        var text = ""
        func line(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            text += style.bold(Columns.padded(name, to: 13)) + value + "\n"
        }
        line("Key", SafeText.line(setting?.key ?? key.text))
        line("Value", setting.map { ValueText.inline($0.value) } ?? "none")
        line("Default", said?.defaultValue.map { ValueText.inline($0) + style.dim(" (of the schema; not stored)") })
        line("Written as", setting?.raw.map { ValueText.inline($0) })
        line("References", setting?.references)
        line("Origin", setting.map { "\(SafeText.line($0.origin)), revision \($0.revision)" })
        line("Deprecated", said?.isDeprecated == true ? style.yellow("yes") : nil)
        line("Write-only", said?.isWriteOnly == true ? "yes: it belongs in a secret" : nil)
        line("Description", (setting?.description ?? said?.description ?? said?.title).map { SafeText.line($0) })
        line("Tags", setting?.tags.map { SafeText.line($0) }.joined(separator: ", "))
        for (name, value) in said?.rules ?? [:] { line(name, ValueText.inline(value)) }
        line("Examples", said?.examples.map { ValueText.inline($0) }.joined(separator: ", "))
        line("Schema", said?.schemas.map { SafeText.line($0) }.joined(separator: ", "))
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
