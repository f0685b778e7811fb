import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct KillHookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook", abstract: "Let alerting systems kill flags, by a signed call.",
        discussion: """
            A hook belongs to an environment and names the flags, or tags of flags, that a call of it kills. Calls are signed as \
            Standard Webhooks 1.0 says, or carry a token of this hook alone, as Prometheus Alertmanager sends one. Nothing is \
            taken back by a call: 'cfg flag unkill' is for people.

            Whoever makes a hook must administer there and may kill there themselves.
            """,
        subcommands: [
            KillHookCreateCommand.self, KillHookListCommand.self, KillHookSetCommand.self, KillHookRotateCommand.self,
            KillHookDeleteCommand.self, KillHookTestCommand.self,
        ])
}

/// Which hook a command is about.
struct KillHookOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions

    @Argument(help: "The hook's name.", completion: Completions.killHooks, transform: KillHookName.argument)
    var name: KillHookName
}

/// What a hook is for, as far as it is said on the command line.
struct KillHookSayingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A flag that it kills; may be given again.", valueName: "key"),
        completion: Completions.flags)
    var flag: [String] = []

    @Option(
        help: ArgumentHelp("It kills every flag that has this tag then; may be given again.", valueName: "tag"))
    var tag: [String] = []

    @Option(help: ArgumentHelp("What everybody gets; '-' for the caller's default.", valueName: "variant"))
    var variant: String?

    @Option(help: ArgumentHelp("What it is for.", valueName: "text")) var description: String?

    /// What stands with what is said here laid over it.
    func said(over standing: JSONObject = [:]) -> JSONObject {
        var said = standing
        if !flag.isEmpty { said["flags"] = .array(flag.map { .string($0) }) }
        if !tag.isEmpty { said["tags"] = .array(tag.map { .string($0) }) }
        if let variant { said["variant"] = variant == "-" ? .null : .string(variant) }
        if let description { said["description"] = .string(description) }
        return said
    }
}

struct KillHookCreateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a kill hook, and print its secret this once.",
        discussion: """
            The secret alone goes to standard output, so that it can be kept where it belongs; what there is to say about it \
            goes to standard error. Where the environment is protected it is good once the change request is applied.

            Examples:
              cfg flag hook create pager -p shop -e production --tag checkout --variant off > hook-secret
              cfg flag hook create alertmanager -p shop -e production --flag new-checkout --token > hook-token
            """)

    @OptionGroup var hook: KillHookOptions
    @OptionGroup(title: "The hook") var saying: KillHookSayingOptions

    @ArgumentParser.Flag(help: "Calls carry a token instead of a signature: for systems that cannot sign.")
    var token = false

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard !saying.flag.isEmpty || !saying.tag.isEmpty else {
            throw ValidationError("What may it kill? Give --flag KEY or --tag TAG.")
        }
    }

    func run() async throws {
        let (project, environment) = try hook.place.place()
        let session = try Session(connection)
        var said = saying.said()
        if token { said["proof"] = "token" }
        let answer = try await session.client.makeKillHook(hook.name, in: environment, of: project, said)
        try session.show(answer, of: project, in: environment, saying: "Made kill hook \(hook.name.rawValue).")
    }
}

struct KillHookRotateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a kill hook another secret, and print it this once.",
        discussion: """
            The secret that it had is good for a day yet, or for --grace; after a leak give --grace 0s.

            Example:
              cfg flag hook rotate pager -p shop -e production --grace 1h > hook-secret
            """)

    @OptionGroup var hook: KillHookOptions

    @Option(
        help: ArgumentHelp("How long the old secret is good yet: 0s to 7d (default 1d).", valueName: "duration"),
        transform: Self.seconds)
    var grace: Int64 = 86_400

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    private static func seconds(_ text: String) throws -> Int64 {
        guard let seconds = DurationArgument.seconds(text), seconds <= Limits.killHookGraceSeconds else {
            throw ValidationError(
                "'\(InvalidIdentifier.shown(text))' is none: write a number and s, m, h or d, from 0s to 7d.")
        }
        return seconds
    }

    func run() async throws {
        let (project, environment) = try hook.place.place()
        let session = try Session(connection)
        let answer = try await session.client.rotateKillHook(
            hook.name, in: environment, of: project, graceSeconds: grace)
        let until = answer.value.formerUntil.map { " The one before is good until \($0)." } ?? ""
        try session.show(
            answer, of: project, in: environment, saying: "Rotated kill hook \(hook.name.rawValue).\(until)")
    }
}

struct KillHookListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the kill hooks of an environment, without their secrets.",
        aliases: ["ls"])

    @OptionGroup var place: PlaceOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try place.place()
        let session = try Session(connection)
        let answer = try await session.client.killHooks(in: environment, of: project)
        session.show(answer) { page in
            guard !page.items.isEmpty else { return "No kill hooks.\n" }
            var table = Table([
                .init(title: "HOOK", style: session.style.cyan), .init(title: "KILLS", isFlexible: true),
                .init(title: "TO"), .init(title: "PROVED BY"), .init(title: "STATE"),
                .init(title: "REV", isNumber: true),
            ])
            for hook in page.items {
                let kills = hook.flags + hook.tags.map { "tag \($0)" }
                table.add(
                    hook.name, kills.joined(separator: ", "), hook.variant ?? "the caller's default", hook.proof,
                    hook.isDisabled ? "disabled" : "live", String(hook.revision))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

struct KillHookSetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Say anew what a kill hook is for, or disable it; its secret stays.",
        discussion: """
            What is not given stays as it is. To take flags away or to disable a hook waits for no approval.

            Examples:
              cfg flag hook set pager -p shop -e production --flag new-checkout --flag new-search
              cfg flag hook set pager -p shop -e production --disable
            """)

    @OptionGroup var hook: KillHookOptions
    @OptionGroup(title: "The hook") var saying: KillHookSayingOptions

    @ArgumentParser.Flag(help: "Take its calls again.") var enable = false
    @ArgumentParser.Flag(help: "Refuse every call of it.") var disable = false
    @ArgumentParser.Flag(help: "Show what would happen; write nothing.") var dryRun = false

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard !(enable && disable) else { throw ValidationError("Give --enable or --disable, not both.") }
    }

    func run() async throws {
        let (project, environment) = try hook.place.place()
        let session = try Session(connection)
        let standing = try await session.client.killHook(hook.name, in: environment, of: project)
        var said = standing.json.objectValue ?? [:]
        for member in ["formerGeneration", "formerUntil", "generation", "name", "revision"] { said[member] = nil }
        said = saying.said(over: said)
        if enable { said["disabled"] = nil }
        if disable { said["disabled"] = true }
        let answer = try await session.client.setKillHook(
            hook.name, in: environment, of: project, said, isDryRun: dryRun)
        try session.show(answer, in: project)
    }
}

struct KillHookDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "End a kill hook; what it killed stays killed.")

    @OptionGroup var hook: KillHookOptions
    @OptionGroup var write: CommitOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try hook.place.place()
        try await Session(connection).commit(
            [ItemOperation.delete(.killHook, hook.name.rawValue, in: environment)], to: project, write,
            saying: "Delete kill hook \(hook.name.rawValue) in \(environment.rawValue)")
    }
}

extension Session {
    /// The secret to standard output, the rest to standard error.
    fileprivate func show(
        _ answer: Answer<NewKillHook>, of project: ProjectName, in environment: EnvironmentName, saying done: String
    ) throws {
        show(answer) { $0.secret + "\n" }
        if format == .text {
            let path = "/api/v1/projects/\(project.rawValue)/environments/\(environment.rawValue)/kill-hooks/"
            Output.writeError(
                "\(done) The secret is not shown again. Calls go to \(client.server)\(path)\(answer.value.name)\n")
        }
        guard let request = answer.value.changeRequest else { return }
        Output.writeError("It is good for nothing before the change request \(request) is approved and applied.\n")
        throw ExitCode(ExitStatus.approvalNeeded.rawValue)
    }
}
