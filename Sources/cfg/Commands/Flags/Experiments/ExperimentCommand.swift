import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct ExperimentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract:
            "How many units the split of an experiment gave each variant, and whether that is what was asked for.",
        discussion: """
            A rule has an experiment where it serves a split and says {"experiment": {"key": NAME}}, or was written by \
            'cfg flag rule --split … --experiment NAME'. From then on it is written down which unit (a targeting key, unless the \
            split goes by something else) got which variant.

            Examples:
              cfg flag experiment new-checkout -p shop -e production
              cfg flag experiment export new-checkout -p shop -e production --format csv --file units.csv
            """,
        subcommands: [ExperimentShowCommand.self, ExperimentExportCommand.self],
        defaultSubcommand: ExperimentShowCommand.self)
}

/// Which experiments a command is about.
struct ExperimentOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions

    @Option(help: ArgumentHelp("Which one, where the flag has several.", valueName: "key")) var experiment: String?

    @Option(
        help: ArgumentHelp("As the rule was at a revision, a time, or so long ago.", valueName: "moment"),
        transform: MomentArgument.argument)
    var at: MomentArgument?

    @Argument(help: "The flag's key.", completion: Completions.flags) var key: String

    /// Those that the flag's rule has, or the one that was named.
    func names(_ session: Session, _ environment: EnvironmentName, _ project: ProjectName) async throws -> [String] {
        if let experiment { return [experiment] }
        let flag = try await session.client.flag(key, in: environment, of: project, at: at?.text).value
        let rules = flag.rule?.body["rules"]?.arrayValue ?? []
        let names = rules.compactMap { $0["experiment"]?["key"]?.stringValue }
        guard !names.isEmpty else {
            throw ConfigPlatformError(
                .notFound,
                "The flag '\(InvalidIdentifier.shown(key))' has no experiment in \(environment.rawValue). One that has ended is found "
                    + "with --at and a time when it ran.")
        }
        return names
    }
}

struct ExperimentShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show how the experiments of a flag stand.",
        discussion: """
            'mismatch' means that the units are not divided as the split says, which chance alone does once in a thousand times: \
            whatever is measured with them is not to be relied on until it is known why.
            """)

    @OptionGroup var options: ExperimentOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try options.place.place()
        let session = try Session(connection)
        var answers: [Answer<ExperimentView>] = []
        for name in try await options.names(session, environment, project) {
            answers.append(
                try await session.client.experiment(
                    name, of: options.key, in: environment, of: project, at: options.at?.text))
        }
        let texts = ExperimentText(style: session.style, width: session.terminal.columns, now: session.now)
        session.show(["experiments": .array(answers.map(\.json))]) {
            answers.map { texts.whole($0.value) }.joined(separator: "\n")
        }
    }
}

struct ExperimentExportCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the units of an experiment and the variants they got.",
        discussion: """
            Units may be people: it needs a role with 'reveal' on rules of flags, and leaves events in the audit log. In CSV a \
            text that a spreadsheet would take for a formula has an apostrophe before it.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument { case jsonl, csv }

    @OptionGroup var options: ExperimentOptions

    @Option(help: "jsonl or csv.") var format: Format = .jsonl

    @Option(help: "Where it is written; else standard output.", completion: .file()) var file: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    private static let pageSize = 10_000

    func run() async throws {
        let (project, environment) = try options.place.place()
        let session = try Session(connection)
        let names = try await options.names(session, environment, project)
        guard names.count == 1 else {
            throw ValidationError(
                "Which experiment? Give --experiment; there are: \(names.map(SafeText.line).joined(separator: ", ")).")
        }
        var whole: [UInt8] = []
        var mark: String?
        var isFirst = true
        repeat {
            let page = try await session.client.assignments(
                of: names[0], of: options.key, in: environment, of: project, as: format.rawValue, at: options.at?.text,
                after: mark, limit: Self.pageSize)
            var bytes = page.bytes[...]
            // One heading is enough.
            if format == .csv, !isFirst, let end = bytes.firstIndex(of: 0x0A) { bytes = bytes[(end + 1)...] }
            if file == nil { Output.write(Array(bytes)) } else { whole += bytes }
            isFirst = false
            mark = page.next
        } while mark != nil
        guard let file else { return }
        try DurableFile.replace(file, with: whole)
        Output.writeError("Wrote \(file): \(SafeText.line(names[0])) of \(SafeText.line(options.key)).\n")
    }
}
