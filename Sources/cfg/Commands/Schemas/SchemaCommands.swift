import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel
import JSONSchema

struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Schemas: what values must be like, before anything is written.",
        discussion: """
            A schema is judged against what programs read, in every environment that a change affects. It is for the whole \
            document, for what lies below a key (--prefix), for the value of one key (--key), or for other schemas to \
            refer to (--shared), as in {"$ref": "common#/$defs/port"}.
            """,
        subcommands: [
            SchemaListCommand.self, SchemaShowCommand.self, SchemaSetCommand.self, SchemaDeleteCommand.self,
            SchemaInferCommand.self,
        ])
}

struct SchemaListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show a project's schemas.", aliases: ["ls"])

    @OptionGroup var project: ProjectOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let found = try await session.working("Reading schemas") {
            try await Pages.read("schemas", limit: nil) { next, limit in
                try await session.client.schemas(of: project, after: next, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else {
                return "No schemas yet. Draft one from what there is: cfg schema infer -p \(project.rawValue)\n"
            }
            var table = Table([
                .init(title: "SCHEMA", style: session.style.cyan), .init(title: "FOR", isFlexible: true),
                .init(title: "ENVIRONMENTS", isFlexible: true), .init(title: "IF BROKEN"),
                .init(title: "REV", isNumber: true),
            ])
            for schema in found.items {
                table.add(
                    schema.name, schema.subject, schema.shownEnvironments,
                    schema.isShared ? "" : schema.isReportOnly ? "report" : "refuse", String(schema.revision))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

extension SchemaView {
    fileprivate var subject: String {
        if isShared { return "other schemas" }
        return key.map { "the value of \($0)" } ?? prefix.map { "\($0).*" } ?? "the whole document"
    }

    fileprivate var shownEnvironments: String {
        isShared ? "" : environments.isEmpty ? "all" : environments.joined(separator: ", ")
    }
}

struct SchemaShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Write a schema's JSON, for an editor or a file.")

    @OptionGroup var project: ProjectOptions

    @Option(help: "As it was then: a revision, a time, or how long ago.", transform: MomentArgument.argument)
    var at: MomentArgument?

    @Argument(help: "Its name.", transform: SchemaName.argument) var name: SchemaName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let answer = try await session.client.schema(name, of: project, at: at?.text)
        session.show(answer) { schema in (schema.schema ?? .null).prettyText() + "\n" }
    }
}

struct SchemaSetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Put a schema in force, or replace one.",
        discussion: """
            Refused, with everything that is wrong, where what programs read now does not fit; with --report-only it is \
            taken all the same, and 'cfg findings' shows what is wrong until it is mended.

            Examples:
              cfg schema set checkout --prefix checkout checkout.schema.json -p shop
              cfg schema set strict --environment production production.schema.json -p shop --dry-run
              cfg schema infer -p shop | cfg schema set shop - -p shop
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Option(help: "It is for the value of this key.", transform: ConfigKey.argument) var key: ConfigKey?
    @Option(help: "It is for what lies below this key.", transform: ConfigKey.argument) var prefix: ConfigKey?
    @Flag(help: "It is only for other schemas to refer to.") var shared = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Only in this environment; may be given again.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: [EnvironmentName] = []

    @Flag(help: "What it finds wrong is reported, not refused.") var reportOnly = false

    @Argument(help: "Its name.", transform: SchemaName.argument) var name: SchemaName
    @Argument(help: "The file, in JSON or YAML; '-' for JSON on standard input.", completion: .file()) var file: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard [key != nil, prefix != nil, shared].count(where: { $0 }) <= 1 else {
            throw ValidationError("Give one of --key, --prefix and --shared; none for the whole document.")
        }
    }

    func run() async throws {
        let project = try project.name()
        var body: JSONObject = ["schema": try SchemaFiles.document(file)]
        body["key"] = key.map { .string($0.text) }
        body["prefix"] = prefix.map { .string($0.text) }
        if shared { body["shared"] = true }
        if !environment.isEmpty { body["environments"] = .array(environment.map { .string($0.rawValue) }) }
        if reportOnly { body["reportOnly"] = true }
        try await Session(connection).commit(
            [ItemOperation.put(.schema, name.rawValue, .object(body))], to: project, write,
            saying: "Set schema \(name.rawValue)")
    }
}

struct SchemaDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Take a schema out of force; its history is kept.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var write: CommitOptions

    @Argument(help: "Its name.", transform: SchemaName.argument) var name: SchemaName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        try await Session(connection).commit(
            [ItemOperation.delete(.schema, name.rawValue)], to: project, write,
            saying: "Delete schema \(name.rawValue)")
    }
}

struct SchemaInferCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "infer", abstract: "Draft a schema from what the environments of a project read now.",
        discussion: """
            The draft fits all that it was made from. It is a beginning: read it, loosen what is too narrow, and put it in \
            force with 'cfg schema set'.
            """)

    @OptionGroup var project: ProjectOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Only from this environment; may be given again.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: [EnvironmentName] = []

    @Option(help: "Only from what lies below this key.", transform: ConfigKey.argument) var prefix: ConfigKey?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let documents = try await session.working("Reading the environments of \(project.rawValue)") {
            var names = environment
            if names.isEmpty {
                let found = try await Pages.read("environments", limit: nil) { next, limit in
                    try await session.client.environments(of: project, after: next, limit: limit)
                }
                // What no program reads need not be complete.
                names = try found.items.filter { !$0.isAbstract }.map { try EnvironmentName(parsing: $0.name) }
            }
            var documents: [JSONValue] = []
            for name in names {
                documents.append(
                    try await session.client.document(of: name, in: project, format: "json", at: nil).json())
            }
            return documents
        }
        let path = JSONPointer(tokens: prefix?.segments ?? [])
        let parts = documents.compactMap { $0[path] }
        guard !parts.isEmpty else {
            throw ValidationError(
                "There is nothing to draft from: no environment of '\(project.rawValue)' has a value\(prefix.map { " below '\($0)'" } ?? "")."
            )
        }
        let draft = SchemaDraft(of: parts).schema
        session.show(draft) { draft.prettyText() + "\n" }
    }
}

struct FindingsCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "findings", abstract: "Show what is not as it should be and was not refused.",
        discussion: """
            Values that a schema which only reports finds wrong, values under keys that a schema calls deprecated, and \
            values in plain text that look like credentials.

            Ends with 1 where something was found and --exit-code is given.
            """)

    enum FindingKind: String, CaseIterable, ExpressibleByArgument {
        case schema, deprecated
        case plaintextSecret = "plaintext-secret"
    }

    @OptionGroup var scope: ScopeOptions

    @Option(help: "Only findings of this kind.") var kind: FindingKind?
    @Flag(help: "End with 1 where something was found.") var exitCode = false

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try scope.scope()
        let session = try Session(connection)
        let answer = try await session.working("Looking at \(project.rawValue)") {
            try await session.client.findings(of: project, in: environment, kind: kind?.rawValue)
        }
        session.show(answer) { report in
            guard !report.findings.isEmpty else { return "Nothing was found.\n" }
            var table = Table([
                .init(title: "ENVIRONMENT", style: session.style.cyan), .init(title: "KIND"),
                .init(title: "FINDING", isFlexible: true),
            ])
            for finding in report.findings { table.add(finding.environment, finding.kind, finding.message) }
            return table.text(width: session.terminal.columns, style: session.style)
                + (report.isComplete ? "" : "… and more; mend these first.\n")
        }
        if exitCode, !answer.value.findings.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
