import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct EnvironmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Environments: list, create, show, update, delete.",
        subcommands: [
            EnvironmentListCommand.self, EnvironmentCreateCommand.self, EnvironmentShowCommand.self,
            EnvironmentUpdateCommand.self, EnvironmentDeleteCommand.self,
        ], aliases: ["environment"])
}

struct EnvironmentListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show a project's environments.", aliases: ["ls"])

    @OptionGroup var project: ProjectOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let found = try await session.working("Reading environments") {
            try await Pages.read("environments", limit: nil) { next, limit in
                try await session.client.environments(of: project, after: next, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else {
                return "No environments yet. Make one: cfg env create NAME -p \(project.rawValue)\n"
            }
            return Self.table(found.items, session.style).text(width: session.terminal.columns, style: session.style)
        }
    }

    static func table(_ environments: [EnvironmentView], _ style: Style) -> Table {
        var table = Table([
            .init(title: "ENVIRONMENT", style: style.cyan), .init(title: "INHERITS", isFlexible: true),
            .init(title: "OWN", isNumber: true), .init(title: "SETTINGS", isNumber: true),
            .init(title: "REV", isNumber: true), .init(title: "DESCRIPTION", isFlexible: true),
        ])
        for environment in environments {
            table.add(
                environment.name, environment.inherits.joined(separator: ", "),
                environment.own.map { String($0) } ?? "",
                environment.settings.map { String($0) } ?? "", String(environment.revision),
                FirstLine.of(environment.description))
        }
        return table
    }
}

struct EnvironmentCreateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make an environment.",
        discussion: """
            Examples:
              cfg env create base -p shop
              cfg env create production -p shop --inherits base --inherits eu
            """)

    @OptionGroup var project: ProjectOptions

    @Option(
        name: .customLong("inherits"),
        help: ArgumentHelp(
            "An environment whose settings it starts from; given again, the later wins.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var inherits: [EnvironmentName] = []

    @Option(help: ArgumentHelp("What it is for.", valueName: "text")) var description: String?
    @Flag(help: "It is only there to inherit from: no program reads it, and schemas leave it alone.")
    var abstract = false
    @Flag(help: "Show what would happen; write nothing.") var dryRun = false
    @Argument(help: "Its name, which cannot be changed later.", transform: EnvironmentName.argument)
    var name: EnvironmentName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let answer = try await Creation.of("environment '\(name.rawValue)' in project '\(project.rawValue)'") {
            try await session.client.putEnvironment(
                name, of: project, inherits: inherits, description: description, isAbstract: abstract, isNew: true,
                isDryRun: dryRun)
        }
        try session.show(answer, in: project) { change in
            "Created environment \(name.rawValue) in \(project.rawValue) (revision \(change.revision)).\n"
        }
    }
}

struct EnvironmentShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one environment.")

    @OptionGroup var project: ProjectOptions

    @Argument(help: "Its name.", completion: Completions.environments, transform: EnvironmentName.argument)
    var name: EnvironmentName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let answer = try await session.client.environment(name, of: project)
        session.show(answer) { environment in
            Facts([
                ("Environment", "\(project.rawValue)/\(environment.name)"), ("Description", environment.description),
                ("Inherits", environment.inherits.joined(separator: ", ")),
                ("Abstract", environment.isAbstract ? "yes" : nil),
                ("Layers", environment.layers.joined(separator: " < ")), ("Revision", String(environment.revision)),
                ("Settings", environment.settings.map { String($0) }), ("Own", environment.own.map { String($0) }),
            ]).text(session.style)
        }
    }
}

struct EnvironmentUpdateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change what an environment inherits, or what is said of it.",
        discussion: """
            What is not given stays as it is.

            Examples:
              cfg env update base -p shop --abstract
              cfg env update production -p shop --inherits base --inherits eu
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: WriteOptions

    @Option(
        name: .customLong("inherits"),
        help: ArgumentHelp("All that it inherits from, the later winning.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var inherits: [EnvironmentName] = []

    @Option(help: ArgumentHelp("What it is for.", valueName: "text")) var description: String?
    @Flag(inversion: .prefixedNo, help: "Whether it is only there to inherit from.") var abstract: Bool?
    @Argument(help: "Its name.", completion: Completions.environments, transform: EnvironmentName.argument)
    var name: EnvironmentName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard !inherits.isEmpty || description != nil || abstract != nil else {
            throw ValidationError("Nothing is to be changed; give --inherits, --description or --abstract.")
        }
    }

    func run() async throws {
        let project = try project.name()
        var patch: JSONObject = [:]
        if !inherits.isEmpty { patch["inherits"] = .array(inherits.map { .string($0.rawValue) }) }
        patch["description"] = description.map { .string($0) }
        patch["abstract"] = abstract.map { .bool($0) }
        let session = try Session(connection)
        let answer = try await session.client.patchEnvironment(
            name, of: project, patch, message: write.message, isDryRun: write.dryRun)
        try session.show(answer, in: project)
    }
}

struct EnvironmentDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete an environment; its history is kept.",
        discussion: "Refused while another environment inherits from it.")

    @OptionGroup var project: ProjectOptions

    @Flag(help: "Do not ask.") var yes = false
    @Flag(help: "Show what would happen; write nothing.") var dryRun = false
    @Argument(help: "Its name.", completion: Completions.environments, transform: EnvironmentName.argument)
    var name: EnvironmentName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        if !dryRun {
            try Prompt.confirm(
                "This deletes environment \(name.rawValue) of \(project.rawValue) with its own settings.",
                isConfirmed: yes)
        }
        let answer = try await session.client.deleteEnvironment(name, of: project, isDryRun: dryRun)
        try session.show(answer, in: project) { change in
            "Deleted environment \(name.rawValue) of \(project.rawValue) (revision \(change.revision)).\n"
        }
    }
}
