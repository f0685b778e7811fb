import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

/// How answers are written.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    /// For people: tables and sentences.
    case text
    /// For programs: the server's JSON as it came, or the shape that the command's help names.
    case json
}

/// A command that talks to a server.
protocol PlatformCommand: AsyncParsableCommand {
    var connection: ConnectionOptions { get }
}

/// Where the server is and how answers are written: the same for every command.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The server; else CFG_SERVER, else the one of 'cfg login'.", valueName: "url"))
    var server: String?

    @Option(
        help: ArgumentHelp(
            "Certificate authorities to trust, in PEM form; else CFG_CA_FILE.", valueName: "file"),
        completion: .file())
    var caFile: String?

    @Option(
        name: .customLong("min-revision"),
        help: ArgumentHelp("Read nothing older than this revision or revision token.", valueName: "token"),
        transform: RevisionToken.argument)
    var minimumRevision: RevisionToken?

    @Option(name: .shortAndLong, help: "How to write the answer: text or json.")
    var output: OutputFormat = .text
}

/// The project a command is about.
struct ProjectOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, help: ArgumentHelp("The project; else CFG_PROJECT.", valueName: "project"),
        completion: Completions.projects, transform: ProjectName.argument)
    var project: ProjectName?

    func name(_ variables: [String: String] = ProcessVariables.all) throws -> ProjectName {
        if let project { return project }
        guard let text = variables["CFG_PROJECT"], !text.isEmpty else {
            throw ValidationError(
                "Which project? Give -p PROJECT or set CFG_PROJECT. 'cfg project list' shows what there is.")
        }
        return try ProcessVariables.parsed("CFG_PROJECT", text) { try ProjectName.argument($0) }
    }
}

/// The one environment a command is about.
struct PlaceOptions: ParsableArguments {
    @OptionGroup var project: ProjectOptions

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The environment; else CFG_ENVIRONMENT.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: EnvironmentName?

    func place(_ variables: [String: String] = ProcessVariables.all) throws -> (ProjectName, EnvironmentName) {
        let project = try project.name(variables)
        if let environment { return (project, environment) }
        guard let text = variables["CFG_ENVIRONMENT"], !text.isEmpty else {
            throw ValidationError(
                "Which environment? Give -e ENVIRONMENT or set CFG_ENVIRONMENT. 'cfg env list -p \(project.rawValue)' shows what "
                    + "there is.")
        }
        return (project, try ProcessVariables.parsed("CFG_ENVIRONMENT", text) { try EnvironmentName.argument($0) })
    }
}

/// One environment, or all of a project.
struct ScopeOptions: ParsableArguments {
    @OptionGroup var project: ProjectOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Only this environment; else CFG_ENVIRONMENT, else all.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: EnvironmentName?

    @Flag(name: [.customShort("A"), .long], help: "All environments, whatever CFG_ENVIRONMENT says.")
    var allEnvironments = false

    func validate() throws {
        guard environment == nil || !allEnvironments else {
            throw ValidationError("Give -e or --all-environments, not both.")
        }
    }

    func scope(_ variables: [String: String] = ProcessVariables.all) throws -> (ProjectName, EnvironmentName?) {
        let project = try project.name(variables)
        if allEnvironments { return (project, nil) }
        if let environment { return (project, environment) }
        guard let text = variables["CFG_ENVIRONMENT"], !text.isEmpty else { return (project, nil) }
        return (project, try ProcessVariables.parsed("CFG_ENVIRONMENT", text) { try EnvironmentName.argument($0) })
    }
}

/// A project, or the platform as a whole.
struct HomeOptions: ParsableArguments {
    @OptionGroup var project: ProjectOptions

    @Flag(help: "The platform as a whole, rather than a project; whatever CFG_PROJECT says.")
    var platform = false

    func validate() throws {
        guard project.project == nil || !platform else { throw ValidationError("Give -p or --platform, not both.") }
    }

    func name(_ variables: [String: String] = ProcessVariables.all) throws -> ProjectName {
        if platform { return .platform }
        guard project.project != nil || !variables["CFG_PROJECT", default: ""].isEmpty else {
            throw ValidationError(
                "Where? Give -p PROJECT, set CFG_PROJECT, or give --platform for the platform as a whole.")
        }
        return try project.name(variables)
    }
}

/// How a change that is sent whole is carried out.
struct CommitOptions: ParsableArguments {
    @OptionGroup var write: WriteOptions

    @Flag(help: "Open a change request even where no approval is needed.")
    var request = false

    var message: String? { write.message }
    var dryRun: Bool { write.dryRun }

    func validate() throws {
        guard !request || !write.dryRun else { throw ValidationError("Give --request or --dry-run, not both.") }
    }
}

/// How a write is carried out.
struct WriteOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Why, for the log.", valueName: "text"))
    var message: String?

    @Flag(help: "Show what would happen; write nothing.")
    var dryRun = false
}
