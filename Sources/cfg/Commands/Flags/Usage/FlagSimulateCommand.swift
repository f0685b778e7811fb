import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformFlags
import ConfigPlatformModel

struct FlagSimulateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Say whom another rule would give another variant, before it is made.",
        discussion: """
            The rule is a file as 'cfg flag rule' takes it, or one variant for everybody. It is evaluated beside the one that stands, \
            for contexts of your own (one JSON object a line) or for ones that are made up from what both rules look at.

            Ends with 1 where more than --fail-above percent of the contexts would come to something else.

            Examples:
              cfg flag simulate new-checkout -p shop -e production --file rule.json --generate 10000
              cfg flag simulate new-checkout -p shop -e production --serve on --contexts users.jsonl --fail-above 5
            """)

    @OptionGroup var place: PlaceOptions

    @Option(help: ArgumentHelp("Everybody gets this variant.", valueName: "variant")) var serve: String?

    @Option(
        help: ArgumentHelp("The rule, in JSON or YAML; '-' for JSON on standard input.", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(
        help: ArgumentHelp("Contexts, one JSON object a line; '-' for standard input.", valueName: "file"),
        completion: .file())
    var contexts: String?

    @Option(
        help: ArgumentHelp(
            "Make up so many contexts, \(GeneratedContexts.countMax) at most (default 1000).", valueName: "n"))
    var generate: Int64?

    @Option(help: ArgumentHelp("Fail where more contexts than that move.", valueName: "percent"))
    var failAbove: Double?

    @Argument(help: "The flag's key.", completion: Completions.flags) var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard (serve == nil) != (file == nil) else {
            throw ValidationError("Which rule? Give --serve VARIANT or --file FILE.")
        }
        guard contexts == nil || generate == nil else {
            throw ValidationError("Give --contexts or --generate, not both.")
        }
        guard contexts != "-" || file != "-" else {
            throw ValidationError("Standard input holds the rule or the contexts, not both.")
        }
        if let generate, !(1...Int64(GeneratedContexts.countMax)).contains(generate) {
            throw ValidationError("--generate is a whole number from 1 to \(GeneratedContexts.countMax).")
        }
        if let failAbove, !(0...100).contains(failAbove) {
            throw ValidationError("--fail-above is a percentage from 0 to 100.")
        }
    }

    func run() async throws {
        let (project, environment) = try place.place()
        let (rule, contexts) = (try rule(), try asked())
        let session = try Session(connection)
        let answer = try await session.working("Simulating") {
            try await session.client.simulate(key, rule: rule, for: contexts, in: environment, of: project)
        }
        session.show(answer) { text(of: $0, session.style, width: session.terminal.columns) }
        if let failAbove, Self.isAbove(failAbove, answer.value) { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    static func isAbove(_ percent: Double, _ simulation: SimulationView) -> Bool {
        Double(simulation.moved) * 100 > percent * Double(simulation.contexts)
    }

    private func rule() throws -> JSONObject {
        if let serve { return ["defaultVariant": .string(serve)] }
        guard let file, case .object(let members) = try SchemaFiles.document(file) else {
            throw ValidationError("\(file ?? "") is no rule: it is to hold an object.")
        }
        return members
    }

    private func asked() throws -> JSONObject {
        guard let contexts else { return ["generate": .int(generate ?? 1_000)] }
        return ["contexts": .array(try Self.contexts(in: InputFile.bytes(of: contexts), named: contexts))]
    }

    /// One JSON object a line; empty lines are passed over.
    static func contexts(in bytes: [UInt8], named name: String) throws -> [JSONValue] {
        var contexts: [JSONValue] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
        where line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) {
            let context: JSONValue
            do throws(JSONParseError) {
                context = try JSONValue(parsing: Array(line))
            } catch {
                throw ValidationError("\(name), line \(index + 1): this is not JSON: \(error.message)")
            }
            guard context.objectValue != nil else {
                throw ValidationError(
                    "\(name), line \(index + 1): a context is a JSON object, such as {\"targetingKey\": \"user-7\"}.")
            }
            contexts.append(context)
        }
        guard (1...GeneratedContexts.countMax).contains(contexts.count) else {
            throw ValidationError(
                "\(name) holds \(contexts.count) contexts; give 1 to \(GeneratedContexts.countMax), one a line.")
        }
        return contexts
    }

    private func text(of simulation: SimulationView, _ style: Style, width: Int?) -> String {
        let share = FlagUsageText.percent(Double(simulation.moved) / Double(max(1, simulation.contexts)))
        let sum = "\(simulation.moved) of \(simulation.contexts) contexts (\(share)) would come to something else.\n"
        guard simulation.moved > 0 else { return sum }
        var table = Table([
            .init(title: "FROM", style: style.red), .init(title: "TO", style: style.green),
            .init(title: "CONTEXTS", isNumber: true), .init(title: "SHARE", isNumber: true),
        ])
        for move in simulation.moves {
            table.add(
                move.from.text, move.to.text, String(move.contexts),
                FlagUsageText.percent(Double(move.contexts) / Double(max(1, simulation.contexts))))
        }
        return table.text(width: width, style: style) + sum
    }
}
