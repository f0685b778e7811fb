import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct ValidatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validator", abstract: "External validators: who outside may refuse a change.",
        discussion: """
            Before a change is committed, each validator of its project is sent what it would do, signed with the server's \
            webhook key (Standard Webhooks 1.0), and answers {"allow": true} or {"allow": false, "message": "…"}. What it \
            said is kept in the audit event.
            """,
        subcommands: [ValidatorListCommand.self, ValidatorSetCommand.self, ValidatorDeleteCommand.self])
}

struct ValidatorListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show a project's validators.", aliases: ["ls"])

    @OptionGroup var project: ProjectOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let found = try await session.client.validators(of: project)
        session.show(found.json) {
            guard !found.value.items.isEmpty else { return "No validators.\n" }
            var table = Table([
                .init(title: "VALIDATOR", style: session.style.cyan), .init(title: "URL", isFlexible: true),
                .init(title: "ENVIRONMENTS", isFlexible: true), .init(title: "TIMEOUT"),
                .init(title: "IF IT FAILS"), .init(title: "REV", isNumber: true),
            ])
            for validator in found.value.items {
                table.add(
                    validator.name, validator.url,
                    validator.environments.isEmpty ? "all" : validator.environments.joined(separator: ", "),
                    "\(validator.timeoutSeconds) s", validator.onFailure, String(validator.revision))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

struct ValidatorSetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Put a validator in force, or replace one.",
        discussion: """
            Example:
              cfg validator set limits https://checks.example.com/config -p shop --environment production
            """)

    enum OnFailure: String, CaseIterable, ExpressibleByArgument {
        case refuse, accept
    }

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Ask only about changes to what these read; may be given again.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: [EnvironmentName] = []

    @Option(help: "Seconds it may take, 1 to 10.") var timeout: Int64 = 5
    @Option(help: "What becomes of a change it gives no answer to: refuse or accept.") var onFailure: OnFailure =
        .refuse

    @Argument(help: "Its name.", transform: ValidatorName.argument) var name: ValidatorName
    @Argument(help: "Where it is asked.") var url: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        var body: JSONObject = [
            "url": .string(url), "timeoutSeconds": .int(timeout), "onFailure": .string(onFailure.rawValue),
        ]
        if !environment.isEmpty { body["environments"] = .array(environment.map { .string($0.rawValue) }) }
        try await Session(connection).commit(
            [ItemOperation.put(.validator, name.rawValue, .object(body))], to: project, write,
            saying: "Set validator \(name.rawValue)")
    }
}

struct ValidatorDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Ask a validator no more.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Argument(help: "Its name.", transform: ValidatorName.argument) var name: ValidatorName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        try await Session(connection).commit(
            [ItemOperation.delete(.validator, name.rawValue)], to: project, write,
            saying: "Delete validator \(name.rawValue)")
    }
}
