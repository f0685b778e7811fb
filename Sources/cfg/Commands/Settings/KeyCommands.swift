import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Say what keys mean: descriptions and tags.",
        subcommands: [KeyListCommand.self, KeySetCommand.self, KeyDeleteCommand.self])
}

struct KeyListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the keys that something is said about.")

    @OptionGroup var project: ProjectOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let found = try await session.working("Reading keys") {
            try await Pages.read("keys", limit: nil) { next, limit in
                try await session.client.definitions(of: project, after: next, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else { return "Nothing is said about any key of \(project.rawValue).\n" }
            var table = Table([
                .init(title: "KEY"), .init(title: "DESCRIPTION", isFlexible: true),
                .init(title: "TAGS", isFlexible: true),
            ])
            for item in found.items {
                table.add(item.key, FirstLine.of(item.description), item.tags.joined(separator: ", "))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

struct KeySetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Say what a key means; replaces what was said before.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Option(help: ArgumentHelp("What the setting does.", valueName: "text")) var description: String?
    @Option(help: ArgumentHelp("A tag; may be given again.", valueName: "tag")) var tag: [String] = []

    @Option(
        help: ArgumentHelp(
            "Why its values may lie in plain text although they look like credentials.", valueName: "text"))
    var plaintextReason: String?

    @Argument(help: "The key.", transform: ConfigKey.argument) var key: ConfigKey

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        var value: JSONObject = [:]
        value["description"] = description.map { .string($0) }
        value["plaintextReason"] = plaintextReason.map { .string($0) }
        if !tag.isEmpty { value["tags"] = .array(tag.map { .string($0) }) }
        let project = try project.name()
        try await Session(connection).commit(
            [ItemOperation.put(.settingDefinition, key.text, .object(value))], to: project, write,
            saying: "Describe \(key)")
    }
}

struct KeyDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Take back what is said about a key; its values stay.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Argument(help: "The key.", transform: ConfigKey.argument) var key: ConfigKey

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        try await Session(connection).commit(
            [ItemOperation.delete(.settingDefinition, key.text)], to: project, write, saying: "Undescribe \(key)")
    }
}
