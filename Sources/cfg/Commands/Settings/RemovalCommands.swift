import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct UnsetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Mask settings: programs of the environment do not read them.",
        discussion: """
            Also hides what would be inherited, here and in all environments that inherit from this one. To remove \
            only the environment's own value, and so show the inherited one again, use 'cfg delete'.
            """)

    @OptionGroup var removal: RemovalOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws { try await removal.run("unset", "Unset", connection) }
}

struct DeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove an environment's own settings.",
        discussion: """
            What the environment inherits shows again; a mask that 'cfg unset' made goes away, too. History keeps every value.
            """)

    @OptionGroup var removal: RemovalOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws { try await removal.run("delete", "Delete", connection) }
}

/// Several keys, in one change.
struct RemovalOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions
    @OptionGroup var write: CommitOptions

    @Option(
        help: ArgumentHelp(
            "Only if the environment's own value was last written at this revision, or is absent.",
            valueName: "revision|absent"),
        transform: ExpectationArgument.argument)
    var expect: ExpectationArgument?

    @Argument(help: "The settings' keys.", completion: Completions.keys, transform: ConfigKey.argument)
    var keys: [ConfigKey]

    func run(_ operation: String, _ verb: String, _ connection: ConnectionOptions) async throws {
        let (project, environment) = try place.place()
        let operations = keys.map { key -> JSONValue in
            var json: JSONObject = [
                "op": .string(operation), "kind": "setting", "environment": .string(environment.rawValue),
                "key": .string(key.text),
            ]
            json["expect"] = expect?.json
            return .object(json)
        }
        let shown =
            keys.prefix(3).map(\.text).joined(separator: ", ") + (keys.count > 3 ? " and \(keys.count - 3) more" : "")
        try await Session(connection).commit(operations, to: project, write, saying: "\(verb) \(shown)")
    }
}
