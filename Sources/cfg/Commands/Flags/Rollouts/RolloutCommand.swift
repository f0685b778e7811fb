import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct RolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "Give a variant to more and more, step by step, and take it back when a metric is bad.",
        discussion: """
            A rollout is a plan that goes on by itself: each step begins at a time, some time after the step before, or when \
            somebody says so. A guard asks a metric while it runs; where that is bad the rollout takes itself back.

            Pausing and reverting need no approval of whoever may kill flags.
            """,
        subcommands: [
            RolloutSetCommand.self, RolloutShowCommand.self, RolloutPauseCommand.self, RolloutResumeCommand.self,
            RolloutAdvanceCommand.self, RolloutRevertCommand.self, RolloutWatchCommand.self,
        ])
}

/// Which rollout a command is about.
struct RolloutOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions

    @Argument(help: "The flag's key.") var flag: String
}

struct RolloutSetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Begin a rollout, or give it another plan.",
        discussion: """
            The plan is a file as the API takes it, or is put together from options. A rollout that is there already begins \
            anew with its first step.

            Examples:
              cfg flag rollout set new-checkout --variant on --percent 1 --percent 5 --percent 25 --percent 100 --every 1h \\
                --prometheus https://prometheus.example --query 'sum(rate(errors[5m]))' --above 0.5 --bake 30m -e production
              cfg flag rollout set new-checkout --variant on --percent 10 --percent 100 -e staging
              cfg flag rollout set new-checkout --file plan.json -e production --dry-run
            """)

    @OptionGroup var rollout: RolloutOptions
    @OptionGroup var write: CommitOptions

    @Option(help: "The whole plan as JSON; '-' for standard input.", completion: .file()) var file: String?

    @Option(help: "The variant that is given.") var variant: String?
    @Option(help: ArgumentHelp("A step; give it once for each.", valueName: "0…100")) var percent: [String] = []
    @Option(
        help: ArgumentHelp(
            "How long each step lasts, such as 1h; else the next one begins by hand.", valueName: "time"),
        transform: DurationArgument.argument)
    var every: DurationArgument?
    @Option(help: ArgumentHelp("What decides who is in the share (default targetingKey).", valueName: "attribute"))
    var by: String?

    @Option(help: ArgumentHelp("Prometheus, which is asked --query.", valueName: "url")) var prometheus: String?
    @Option(help: ArgumentHelp("In PromQL, with one sample as its answer.", valueName: "query")) var query: String?
    @Option(help: ArgumentHelp("A service that answers {\"value\": NUMBER}.", valueName: "url")) var webhook: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Bad is what is above.", valueName: "number"))
    var above: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Bad is what is below.", valueName: "number"))
    var below: String?
    @Option(
        help: ArgumentHelp("How long a step must have been good before the next, such as 30m.", valueName: "time"),
        transform: DurationArgument.argument)
    var bake: DurationArgument?
    @Option(
        help: ArgumentHelp("How often the metric is asked for (default 60s).", valueName: "time"),
        transform: DurationArgument.argument)
    var interval: DurationArgument?
    @Option(help: ArgumentHelp("Bad answers in a row that take the rollout back (default 1).", valueName: "n"))
    var failures: Int64?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        if file != nil {
            guard variant == nil, percent.isEmpty, !isGuarded else {
                throw ValidationError("Give the plan as a file, or by options; not both.")
            }
            return
        }
        guard variant != nil, !percent.isEmpty else {
            throw ValidationError("Give --variant and at least one --percent, or --file.")
        }
        guard isGuarded else { return }
        guard (prometheus == nil) != (webhook == nil), (prometheus == nil) == (query == nil) else {
            throw ValidationError("A guard asks --prometheus URL --query QUERY, or --webhook URL.")
        }
        guard (above == nil) != (below == nil) else {
            throw ValidationError("What is bad? Give --above NUMBER or --below NUMBER.")
        }
    }

    private var isGuarded: Bool {
        [prometheus, query, webhook, above, below].contains { $0 != nil } || bake != nil || interval != nil
            || failures != nil
    }

    func run() async throws {
        let (project, environment) = try rollout.place.place()
        let plan = try plan()
        try await Session(connection).commit(
            [ItemOperation.put(.flagRollout, rollout.flag, in: environment, plan)], to: project, write,
            saying: "Set the rollout of \(rollout.flag) in \(environment.rawValue)")
    }

    func plan() throws -> JSONValue {
        if let file {
            do {
                return try JSONValue(parsing: InputFile.bytes(of: file))
            } catch let error as JSONParseError {
                throw ValidationError("'\(file)' is not JSON: \(error)")
            }
        }
        var plan = JSONObject()
        plan["variant"] = variant.map { .string($0) }
        plan["by"] = by.map { .string($0) }
        plan["steps"] = .array(
            try percent.enumerated().map { index, text in
                var step: JSONObject = ["percent": try Self.number(text, of: "--percent")]
                if let every, index > 0 { step["afterSeconds"] = .int(every.seconds) }
                return .object(step)
            })
        if isGuarded { plan["guard"] = .object(try guardrail()) }
        return .object(plan)
    }

    private func guardrail() throws -> JSONObject {
        var guardrail = JSONObject()
        if let prometheus, let query {
            guardrail["prometheus"] = ["query": .string(query), "url": .string(prometheus)]
        }
        guardrail["webhook"] = webhook.map { ["url": .string($0)] }
        guardrail["above"] = try above.map { try Self.number($0, of: "--above") }
        guardrail["below"] = try below.map { try Self.number($0, of: "--below") }
        guardrail["bakeSeconds"] = bake.map { .int($0.seconds) }
        guardrail["intervalSeconds"] = interval.map { .int($0.seconds) }
        guardrail["failures"] = failures.map { .int($0) }
        return guardrail
    }

    private static func number(_ text: String, of option: String) throws -> JSONValue {
        guard let value = try? JSONValue(parsing: text), value.numberValue != nil else {
            throw ValidationError("\(option): '\(InvalidIdentifier.shown(text))' is no number.")
        }
        return value
    }
}

struct RolloutShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show how far a rollout has come.")

    @OptionGroup var rollout: RolloutOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try rollout.place.place()
        let session = try Session(connection)
        let answer = try await session.client.rollout(of: rollout.flag, in: environment, of: project)
        session.show(answer) { RolloutText(session: session).whole($0) }
    }
}

struct RolloutWatchCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show what becomes of a rollout, until it is over.",
        discussion: """
            Ends with 0 once it is completed, and with 1 where it was reverted. With --output json each line is the rollout as \
            it is then.

            Example:
              cfg flag rollout watch new-checkout -p shop -e production && echo everybody has it
            """)

    @OptionGroup var rollout: RolloutOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try rollout.place.place()
        let session = try Session(connection)
        let texts = RolloutText(session: session)
        var last: JSONValue?
        var interruptions = 0
        while true {
            do {
                let answer = try await session.client.rollout(of: rollout.flag, in: environment, of: project)
                interruptions = 0
                if answer.json != last {
                    switch session.format {
                    case .json: Output.write(answer.json.canonicalText + "\n")
                    case .text: Output.write(texts.line(answer.value))
                    }
                    last = answer.json
                }
                if answer.value.isOver {
                    guard answer.value.state != "reverted" else { throw ExitCode(ExitStatus.failed.rawValue) }
                    return
                }
                try await Task.sleep(for: .seconds(1))
            } catch let error as ConfigPlatformError where error.isTransient {
                interruptions += 1
                let seconds = min(30, interruptions * 2)
                Output.writeError("\(error.detail) Trying again in \(seconds) s.\n")
                try await Task.sleep(for: .seconds(seconds))
            }
        }
    }
}
