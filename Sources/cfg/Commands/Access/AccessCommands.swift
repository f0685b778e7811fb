import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct AccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access", abstract: "Who may do what, and why; and what to do in an emergency.",
        subcommands: [
            AccessExplainCommand.self, AccessWhoCommand.self, AccessWhatCommand.self, BreakGlassCommand.self,
        ])
}

/// What somebody would do something to.
struct ResourceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What they would do.", valueName: "action")) var action: Action

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("To something of this project; else of the platform as a whole.", valueName: "project"),
        completion: Completions.projects, transform: ProjectName.argument)
    var project: ProjectName?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("In this environment of it.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: EnvironmentName?

    @Option(help: ArgumentHelp("To an item of this kind; else to a setting.", valueName: "kind")) var kind: Kind?

    @Option(
        help: ArgumentHelp("To this key.", valueName: "key"), completion: Completions.keys,
        transform: ConfigKey.argument)
    var key: ConfigKey?

    func validate() throws {
        guard project != nil || (environment == nil && key == nil) else {
            throw ValidationError("Environments and keys belong to a project; give -p too.")
        }
    }

    var question: AdministrationClient.AccessQuestion {
        .init(project: project, environment: environment, kind: kind, key: key)
    }

    /// `write checkout.timeout in shop/production`
    var text: String {
        let what = key?.text ?? "items of kind \((kind ?? .setting).rawValue)"
        let place =
            project.map { project in
                "in " + project.rawValue + (environment.map { "/" + $0.rawValue } ?? "")
            } ?? "of the platform"
        return "\(action.rawValue) \(what) \(place)"
    }
}

struct AccessExplainCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say whether somebody may do something, and why.",
        discussion: """
            Of yourself you may ask anything; of others, where you may administer or audit.

            Example:
              cfg access explain --subject user:ada --action write -p shop -e production --key checkout.timeout
            """)

    @Option(
        help: ArgumentHelp("Who, such as user:ada or token:deploy-bot.", valueName: "subject"),
        completion: Completions.identities, transform: Principal.argument)
    var subject: Principal

    @OptionGroup var resource: ResourceOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.explain(subject, resource.action, on: resource.question)
        session.show(answer) { Self.text($0, resource.text, now: session.now, session.style) }
    }

    static func text(_ verdict: AccessVerdictView, _ what: String, now: Timestamp?, _ style: Style) -> String {
        let may = verdict.isAllowed ? style.green("may") : style.red("may not")
        var text = "\(SafeText.line(verdict.subject)) \(may) \(what).\n"
        if verdict.isDisabled { text += "  disabled: it may do nothing\n" }
        if let owner = verdict.owner {
            text += "  it is of \(SafeText.line(owner)), and may never do more than that\n"
        }
        for rule in verdict.because {
            let effect = rule.effect == "deny" ? style.red("denied") : style.green("allowed")
            text += "  \(effect) by \(RuleText.source(rule, now: now))\n"
            let scope = RuleText.scope(rule)
            if !scope.isEmpty { text += "    \(scope)\n" }
        }
        if verdict.because.isEmpty { text += "  no role that it has allows it\n" }
        return text
    }
}

/// Rules as people read them.
enum RuleText {
    /// `role operator, bound to group:sre by oncall of shop`
    static func source(_ rule: AccessRuleView, now: Timestamp?) -> String {
        var text = "role \(rule.role)"
        if let binding = rule.binding {
            text += rule.subject.map { ", bound to \($0)" } ?? ""
            text += " by \(binding) of \(rule.bindingProject ?? "the platform")"
        } else {
            text += ", granted when the token was made"
        }
        if rule.isBreakGlass { text += ", glass broken" }
        if let end = rule.expiresAt { text += ", until \(TimeText.shown(end, now: now))" }
        return SafeText.line(text)
    }

    /// What it is for: `projects shop; environments production; keys checkout`; empty for everything.
    static func scope(_ rule: AccessRuleView) -> String {
        let parts = [
            ("projects", rule.projects), ("environments", rule.environments), ("kinds", rule.kinds),
            ("keys", rule.keys),
            ("tags", rule.tags),
        ]
        return SafeText.line(
            parts.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.joined(separator: ", "))" }.joined(separator: "; "))
    }
}

struct AccessWhoCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "who", abstract: "Show everybody who may do something.",
        discussion: """
            Example:
              cfg access who --action approve -p shop -e production
            """)

    @OptionGroup var resource: ResourceOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.whoCan(resource.action, on: resource.question)
        session.show(answer) { holders in
            guard !holders.subjects.isEmpty else { return "Nobody may \(resource.text).\n" }
            var table = Table([
                .init(title: "SUBJECT", style: session.style.cyan), .init(title: "BECAUSE OF", isFlexible: true),
            ])
            for holder in holders.subjects {
                for (index, rule) in holder.because.enumerated() {
                    table.add(index == 0 ? holder.subject : "", RuleText.source(rule, now: session.now))
                }
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

struct AccessWhatCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "what", abstract: "Show everything that somebody may do; by default you.",
        discussion: """
            Example:
              cfg access what user:ada
            """)

    @Argument(
        help: "Such as user:ada or token:deploy-bot.", completion: Completions.identities, transform: Principal.argument
    )
    var subject: Principal?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.whatCan(subject)
        session.show(answer) { rules in
            let head =
                (rules.isDisabled ? "\(SafeText.line(rules.subject)) is disabled, and may do nothing.\n" : "")
                + (rules.owner.map { "It is of \(SafeText.line($0)), and may never do more than that.\n" } ?? "")
            guard !rules.rules.isEmpty else { return head + "\(SafeText.line(rules.subject)) has no role anywhere.\n" }
            return head
                + Self.table(rules.rules, now: session.now, session.style)
                .text(width: session.terminal.columns, style: session.style)
        }
    }

    static func table(_ rules: [AccessRuleView], now: Timestamp?, _ style: Style) -> Table {
        var table = Table([
            .init(title: "EFFECT"), .init(title: "ACTIONS", isFlexible: true), .init(title: "ON", isFlexible: true),
            .init(title: "BECAUSE OF", isFlexible: true),
        ])
        for rule in rules {
            let scope = RuleText.scope(rule)
            table.add(
                rule.effect, rule.actions.joined(separator: ", "), scope.isEmpty ? "everything" : scope,
                RuleText.source(rule, now: now))
        }
        return table
    }
}

struct BreakGlassCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "break-glass", abstract: "In an emergency: take the rights of an operator at once, for a while.",
        discussion: """
            Your changes need no approval there meanwhile. It is recorded, and told to whoever is to be alerted. For those \
            alone who have a role with the action break-glass. 'cfg binding remove' ends it early.

            Example:
              cfg access break-glass -p shop -e production --reason "checkout is down, nobody else awake" --for 30m
            """)

    @OptionGroup var project: ProjectOptions

    @Option(help: ArgumentHelp("Why; it is recorded.", valueName: "text")) var reason: String

    @Option(
        name: .customLong("for"), help: ArgumentHelp("For so long; by default 1h.", valueName: "duration"),
        transform: DurationArgument.argument)
    var duration: DurationArgument?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Only in this environment; may be given again.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environment: [EnvironmentName] = []

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard !reason.allSatisfy(\.isWhitespace) else { throw ValidationError("Say why, with --reason.") }
    }

    func run() async throws {
        let project = try project.name()
        let session = try Session(connection)
        let answer = try await session.client.breakGlass(
            in: project, environments: environment, reason: reason, seconds: duration?.seconds ?? 3_600)
        session.show(answer) { glass in
            let places = environment.map { "\(project.rawValue)/\($0.rawValue)" }.joined(separator: ", ")
            return
                "The glass is broken: \(SafeText.line(glass.subject)) is \(SafeText.line(glass.role)) in "
                + "\(places.isEmpty ? project.rawValue : places) until \(TimeText.shown(glass.expiresAt, now: session.now)), and needs no "
                + "approvals there. End it early: cfg binding remove \(SafeText.line(glass.binding)) -p \(project.rawValue)\n"
        }
    }
}
