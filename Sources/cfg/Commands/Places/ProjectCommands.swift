import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "Projects: list, create, show, update, delete.",
        subcommands: [
            ProjectListCommand.self, ProjectCreateCommand.self, ProjectShowCommand.self, ProjectUpdateCommand.self,
            ProjectDeleteCommand.self,
        ])
}

struct ProjectListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show all projects.", aliases: ["ls"])

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let found = try await session.working("Reading projects") {
            try await Pages.read("projects", limit: nil) { next, limit in
                try await session.client.projects(after: next, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else { return "No projects yet. Make one: cfg project create NAME\n" }
            var table = Table([
                .init(title: "PROJECT", style: session.style.cyan), .init(title: "ENVIRONMENTS", isNumber: true),
                .init(title: "REV", isNumber: true), .init(title: "DESCRIPTION", isFlexible: true),
            ])
            for project in found.items {
                table.add(
                    project.name, String(project.environmentCount), String(project.revision),
                    FirstLine.of(project.description))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

struct ProjectCreateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a project.")

    @Option(help: ArgumentHelp("What it is for.", valueName: "text")) var description: String?
    @Flag(help: "Show what would happen; write nothing.") var dryRun = false
    @Argument(help: "Its name, which cannot be changed later.", transform: ProjectName.argument) var name: ProjectName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await Creation.of("project '\(name.rawValue)'") {
            try await session.client.putProject(name, description: description, isNew: true, isDryRun: dryRun)
        }
        try session.show(answer, in: name) { change in
            "Created project \(name.rawValue) (revision \(change.revision)). Next: cfg env create NAME -p \(name.rawValue)\n"
        }
    }
}

struct ProjectShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one project.")

    @Argument(help: "Its name.", completion: Completions.projects, transform: ProjectName.argument) var name:
        ProjectName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.project(name)
        session.show(answer) { project in
            Facts([
                ("Project", project.name), ("Description", project.description), ("Revision", String(project.revision)),
                ("Environments", (project.environments ?? []).joined(separator: ", ")),
                ("Settings", project.settings.map { String($0) }),
                ("Plain secrets", project.plaintextSecrets), ("Size", project.sizeBytes.map { "\($0) bytes" }),
            ]).text(session.style)
        }
    }
}

struct ProjectUpdateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change what is said of a project, or how it takes plain secrets.",
        discussion: """
            With --plaintext-secrets refuse, values that look like credentials are refused instead of warned about, unless \
            the key says why it may have them: cfg key set KEY --plaintext-reason "…".
            """)

    enum PlaintextSecrets: String, CaseIterable, ExpressibleByArgument {
        case warn, refuse
    }

    @OptionGroup var write: CommitOptions

    @Option(help: ArgumentHelp("What it is for.", valueName: "text")) var description: String?
    @Option(help: "What becomes of values that look like credentials: warn or refuse.")
    var plaintextSecrets: PlaintextSecrets?
    @Argument(help: "Its name.", completion: Completions.projects, transform: ProjectName.argument) var name:
        ProjectName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard description != nil || plaintextSecrets != nil else {
            throw ValidationError("Nothing is to be changed; give --description or --plaintext-secrets.")
        }
    }

    func run() async throws {
        let session = try Session(connection)
        let standing = try await session.client.project(name).value
        var body: JSONObject = [:]
        let said = description ?? standing.description
        if !said.isEmpty { body["description"] = .string(said) }
        body["plaintextSecrets"] = (plaintextSecrets?.rawValue ?? standing.plaintextSecrets).map { .string($0) }
        try await session.commit(
            [ItemOperation.put(.project, nil, .object(body), expecting: standing.revision)], to: name, write,
            saying: "Update project \(name.rawValue)")
    }
}

struct ProjectDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a project; its history is kept.")

    @Flag(help: "Do not ask.") var yes = false
    @Flag(help: "Show what would happen; write nothing.") var dryRun = false
    @Argument(help: "Its name.", completion: Completions.projects, transform: ProjectName.argument) var name:
        ProjectName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        if !dryRun {
            try Prompt.confirm(
                "This deletes project \(name.rawValue) with all its environments and settings.", isConfirmed: yes)
        }
        let answer = try await session.client.deleteProject(name, isDryRun: dryRun)
        try session.show(answer, in: name) { change in
            "Deleted project \(name.rawValue) (revision \(change.revision)).\n"
        }
    }
}

/// Making what must not be there yet.
enum Creation {
    static func article(of word: String) -> String { "aeiou".contains(word.prefix(1)) ? "an" : "a" }

    /// A precondition that does not hold means that it is there already; said in those words.
    static func of<Result>(
        _ what: String, remedy: String? = nil, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch let error as ConfigPlatformError
            where error.code == .preconditionFailed || error.code == .revisionConflict
        {
            throw ConfigPlatformError(
                .alreadyExists, "There is \(article(of: what)) \(what) already." + (remedy.map { " " + $0 } ?? ""),
                status: error.status, requestID: error.requestID, document: error.document)
        }
    }
}

/// Names and values, one a line; what has no value is left out.
struct Facts {
    private let facts: [(name: String, value: String)]

    init(_ facts: [(String, String?)]) {
        self.facts = facts.compactMap { name, value in value.flatMap { $0.isEmpty ? nil : (name, $0) } }
    }

    func text(_ style: Style) -> String {
        let width = (facts.map { Columns.width(of: $0.name) }.max() ?? 0) + 2
        return facts.map { style.bold(Columns.padded($0.name, to: width)) + SafeText.line($0.value) + "\n" }.joined()
    }
}
