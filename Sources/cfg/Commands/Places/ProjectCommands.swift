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
                (
                    "Settings",
                    project.settings.map { count in
                        "\(count)" + (project.sizeBytes.map { ", \($0) bytes" } ?? "")
                    }
                ), ("Plain secrets", project.plaintextSecrets),
                ("Items", Self.used(project.items, of: .items, in: project)),
                ("Bytes", Self.used(project.bytes, of: .bytes, in: project)),
                ("Changes today", Self.used(project.changesToday, of: .changesPerDay, in: project)),
                ("Watchers", Self.used(nil, of: .watchers, in: project)),
            ]).text(session.style)
        }
    }

    /// How much of a quota is used; nil where neither is known.
    private static func used(_ count: Int64?, of quota: ProjectQuotas.Quota, in project: ProjectView) -> String? {
        let most = project.quotas[quota.rawValue]
        guard let count else { return most.map { "at most \($0)" } }
        return most.map { "\(count) of \($0)" } ?? String(count)
    }
}

struct ProjectUpdateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change what is said of a project, how it takes plain secrets, or its quotas.",
        discussion: """
            With --plaintext-secrets refuse, values that look like credentials are refused instead of warned about, unless \
            the key says why it may have them: cfg key set KEY --plaintext-reason "…".

            A quota is how much the project may have; those who administer the platform set it: --quota items=1000 \
            --quota changesPerDay=none. There are quotas of \(QuotaArgument.names).
            """)

    enum PlaintextSecrets: String, CaseIterable, ExpressibleByArgument {
        case warn, refuse
    }

    @OptionGroup var write: CommitOptions

    @Option(help: ArgumentHelp("What it is for.", valueName: "text")) var description: String?
    @Option(help: "What becomes of values that look like credentials: warn or refuse.")
    var plaintextSecrets: PlaintextSecrets?
    @Option(
        help: ArgumentHelp("A quota and its number, or none; may be repeated.", valueName: "name=number"),
        transform: QuotaArgument.argument)
    var quota: [QuotaArgument] = []
    @Argument(help: "Its name.", completion: Completions.projects, transform: ProjectName.argument) var name:
        ProjectName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard description != nil || plaintextSecrets != nil || !quota.isEmpty else {
            throw ValidationError("Nothing is to be changed; give --description, --plaintext-secrets or --quota.")
        }
    }

    func run() async throws {
        let session = try Session(connection)
        let standing = try await session.client.project(name).value
        var body: JSONObject = [:]
        let said = description ?? standing.description
        if !said.isEmpty { body["description"] = .string(said) }
        body["plaintextSecrets"] = (plaintextSecrets?.rawValue ?? standing.plaintextSecrets).map { .string($0) }
        var quotas = standing.quotas
        for argument in quota { quotas[argument.quota.rawValue] = argument.number }
        if !quotas.isEmpty {
            var members: JSONObject = [:]
            for (name, number) in quotas { members[name] = .int(number) }
            body["quotas"] = .object(members)
        }
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

/// `items=1000`, or `items=none` where the quota is to end.
struct QuotaArgument: Equatable {
    let quota: ProjectQuotas.Quota
    /// Nil where there is to be none.
    let number: Int64?

    static let names = ProjectQuotas.Quota.allCases.map(\.rawValue).joined(separator: ", ")

    static func argument(_ text: String) throws -> QuotaArgument {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let quota = ProjectQuotas.Quota(rawValue: parts[0]) else {
            throw ValidationError("'\(parts[0])' is no quota; there are quotas of \(names).")
        }
        let value = parts.count == 2 ? parts[1] : ""
        if value == "none" { return QuotaArgument(quota: quota, number: nil) }
        guard let number = Int64(value), (0...Limits.quota).contains(number) else {
            throw ValidationError(
                "'\(text)' sets no quota: write \(quota.rawValue)=NUMBER, from 0 to \(Limits.quota), or \(quota.rawValue)=none."
            )
        }
        return QuotaArgument(quota: quota, number: number)
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
