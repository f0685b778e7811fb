import ArgumentParser
import Foundation

/// The program: the server, and the command line over its API.
@main
struct Cfg: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cfg",
        abstract: "Settings of your programs, per environment, with history.",
        discussion: """
            Every command takes --output json. -p and -e name the project and the environment.

            ENVIRONMENT VARIABLES
              CFG_SERVER       the server's address
              CFG_TOKEN        an access token
              CFG_CA_FILE      certificate authorities to trust
              CFG_PROJECT      the project, where -p is not given
              CFG_ENVIRONMENT  the environment, where -e is not given
              NO_COLOR         no colours

            EXIT STATUS
            \(ExitStatus.table)
            """,
        version: Version.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Settings",
                subcommands: [
                    GetCommand.self, SetCommand.self, UnsetCommand.self, DeleteCommand.self, ListCommand.self,
                    DescribeCommand.self, SearchCommand.self, ImportCommand.self, ExportCommand.self, WatchCommand.self,
                    RunCommand.self, KeyCommand.self,
                ]),
            CommandGroup(name: "Flags", subcommands: [FlagCommand.self]),
            CommandGroup(
                name: "Changes",
                subcommands: [
                    LogCommand.self, ShowCommand.self, DiffCommand.self, RollbackCommand.self, PromoteCommand.self,
                    RequestCommand.self, AuditCommand.self,
                ]),
            CommandGroup(
                name: "Schemas",
                subcommands: [
                    SchemaCommand.self, ValidateCommand.self, FindingsCommand.self, ValidatorCommand.self,
                ]),
            CommandGroup(name: "Places", subcommands: [ProjectCommand.self, EnvironmentCommand.self]),
            CommandGroup(
                name: "Access",
                subcommands: [
                    LoginCommand.self, LogoutCommand.self, WhoAmICommand.self, SessionCommand.self, TokenCommand.self,
                    AccessCommand.self, RoleCommand.self, BindingCommand.self, GroupCommand.self, IdentityCommand.self,
                    IssuerCommand.self, ProtectCommand.self, UnprotectCommand.self,
                ]),
            CommandGroup(name: "Server", subcommands: ServerCommands.all),
            CommandGroup(name: "This program", subcommands: [CompletionsCommand.self, VersionCommand.self]),
        ])

    static func main() async {
        var format = OutputFormat.text
        let arguments = Arguments.prepared(Array(CommandLine.arguments.dropFirst()))
        if let unknown = Arguments.unknownCommand(arguments, among: configuration.subcommands) {
            Foundation.exit(Failure.report(unknown: unknown.name, guess: unknown.guess))
        }
        do {
            var command = try await asyncParseAsRoot(arguments)
            if let platformCommand = command as? any PlatformCommand { format = platformCommand.connection.output }
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Foundation.exit(Failure.report(error, format: format))
        }
    }
}
