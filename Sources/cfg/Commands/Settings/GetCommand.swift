import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct GetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print the value of a setting.",
        discussion: """
            A string is printed as its text, anything else as JSON. With --output json: where the value comes from, too.

            Examples:
              cfg get checkout.timeout -p shop -e production
              cfg get checkout.timeout --at 2h
            """)

    @OptionGroup var place: PlaceOptions

    @Option(
        help: ArgumentHelp("As it was at a revision, a time, or so long ago.", valueName: "moment"),
        transform: MomentArgument.argument)
    var at: MomentArgument?

    @Argument(help: "The setting's key.", completion: Completions.keys, transform: ConfigKey.argument)
    var key: ConfigKey

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try place.place()
        let session = try Session(connection)
        let answer = try await session.working("Reading \(key)") {
            try await session.client.setting(key, of: environment, in: project, at: at?.text)
        }
        session.show(answer) { setting in
            ValueText.bare(setting.value, isTerminal: session.terminal.isOutputTerminal) + "\n"
        }
    }
}
