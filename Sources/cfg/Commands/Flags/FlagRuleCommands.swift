import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct FlagRuleCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule", abstract: "Say who gets which variant of a flag in an environment.",
        discussion: """
            The whole rule is given as a file, or a simple one by options, which leave the rest as it stands. It replaces what the \
            environment inherits, whole.

            Examples:
              cfg flag rule new-checkout -p shop -e staging --default on
              cfg flag rule new-checkout -p shop -e production rule.json --dry-run
              cfg flag rule new-checkout -p shop -e production --disable -m "not yet"
              cfg flag rule button -p shop -e production --split red=50 --split blue=50 --experiment button-colour --log country
              cfg flag rule new-checkout -p shop -e production --show > rule.json
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var write: CommitOptions

    @Option(
        help: ArgumentHelp("What is served where no rule matches; '-' for the caller's default.", valueName: "variant"))
    var `default`: String?

    @OptionGroup(title: "A split, for whom no other rule matches") var split: SplitOptions

    @ArgumentParser.Flag(help: "Evaluate it.") var enable = false
    @ArgumentParser.Flag(help: "Everybody gets the caller's default.") var disable = false
    @ArgumentParser.Flag(help: "Write the rule that counts there; alter nothing.") var show = false

    @Argument(help: "The flag's key.", completion: Completions.flags) var key: String
    @Argument(help: "The rule, in JSON or YAML; '-' for JSON on standard input.", completion: .file()) var file: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard !(enable && disable) else { throw ValidationError("Give --enable or --disable, not both.") }
        let isAltering = file != nil || `default` != nil || enable || disable || split.isGiven
        guard isAltering != show else {
            throw ValidationError(
                show
                    ? "--show alters nothing; leave the rest out."
                    : "What should the rule say? Give a file, --default, --split, --enable or --disable.")
        }
    }

    func run() async throws {
        let (project, environment) = try place.place()
        let session = try Session(connection)
        let standing = try await session.client.flag(key, in: environment, of: project, at: nil).value.rule
        guard !show else {
            let body = standing.map { JSONValue.object($0.body) }
            guard let body else {
                throw ConfigPlatformError(
                    .notFound,
                    "The flag '\(InvalidIdentifier.shown(key))' has no rule in \(environment.rawValue), so it is DISABLED there."
                )
            }
            return session.show(body) { body.prettyText() + "\n" }
        }
        var body = standing?.body ?? [:]
        if let file {
            guard case .object(let members) = try SchemaFiles.document(file) else {
                throw ValidationError("\(file) is no rule: it is to hold an object.")
            }
            body = members
        }
        if let `default` { body["defaultVariant"] = `default` == "-" ? .null : .string(`default`) }
        if let rule = try split.rule() { body["rules"] = .array(SplitOptions.replacing(body["rules"], with: rule)) }
        if enable { body["state"] = nil }
        if disable { body["state"] = "DISABLED" }
        let own = standing.flatMap { $0.environment == environment.rawValue ? $0.revision : nil }
        try await session.commit(
            [ItemOperation.put(.flagRule, key, in: environment, .object(body), expecting: own ?? 0)], to: project,
            write, saying: "Rule flag \(key) in \(environment.rawValue)")
    }
}

struct FlagKillCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Override a flag in an environment at once, whatever its rules say.",
        discussion: """
            Everybody gets --variant, or without it the caller's own default, until 'cfg flag unkill'. It waits for no approval \
            where your role may kill.

            Examples:
              cfg flag kill new-checkout -p shop -e production --reason "payments fail"
              cfg flag kill new-checkout -p shop -e production --variant off --reason "payments fail"
            """)

    @OptionGroup var place: PlaceOptions

    @Option(help: ArgumentHelp("What everybody gets; else the caller's default.", valueName: "variant"))
    var variant: String?

    @Option(help: ArgumentHelp("Why; others will ask.", valueName: "text")) var reason: String

    @ArgumentParser.Flag(help: "Show what would happen; write nothing.") var dryRun = false

    @Argument(help: "The flag's key.", completion: Completions.flags) var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try place.place()
        let session = try Session(connection)
        let answer = try await session.client.kill(
            key, in: environment, of: project, variant: variant, reason: reason,
            message: "Kill \(key) in \(environment.rawValue): \(reason)", isDryRun: dryRun)
        try session.show(answer, in: project) { change in
            "Killed \(SafeText.line(key)) in \(environment.rawValue) (revision \(change.revision)). Undo: cfg flag unkill "
                + "\(SafeText.line(key)) -p \(project.rawValue) -e \(environment.rawValue)\n"
        }
    }
}

struct FlagUnkillCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "unkill", abstract: "Take a kill back, so that the flag's rules count again.",
        discussion: "An ordinary change, which needs approval where the environment is protected.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var write: CommitOptions

    @Argument(help: "The flag's key.", completion: Completions.flags) var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try place.place()
        let session = try Session(connection)
        let kill = try await session.client.flag(key, in: environment, of: project, at: nil).value.kill
        guard let kill else {
            throw ConfigPlatformError(
                .notFound,
                "The flag '\(InvalidIdentifier.shown(key))' is not killed in \(environment.rawValue); there is nothing to take back."
            )
        }
        guard kill.environment == environment.rawValue else {
            throw ConfigPlatformError(
                .notFound,
                "The flag '\(InvalidIdentifier.shown(key))' is killed in \(kill.environment), which \(environment.rawValue) inherits "
                    + "from: cfg flag unkill \(InvalidIdentifier.shown(key)) -e \(kill.environment)")
        }
        try await session.commit(
            [ItemOperation.delete(.flagKill, key, in: environment, expecting: kill.revision)], to: project, write,
            saying: "Unkill flag \(key) in \(environment.rawValue)")
    }
}
