import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct FlagListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show a project's flags, or how they stand in an environment.",
        discussion: """
            Examples:
              cfg flag list -p shop
              cfg flag list -p shop -e production --tag checkout
              cfg flag list -p shop --lifecycle archived --output json
            """, aliases: ["ls"])

    @OptionGroup var scope: ScopeOptions

    @Option(help: "Only flags with this tag.") var tag: String?
    @Option(help: "Only flags of this owner.") var owner: String?
    @Option(help: "Only draft, active, inactive or archived ones.", completion: .list(FlagWords.lifecycles))
    var lifecycle: String?
    @Option(
        help: "Only flags for release, experiment, operational or permission.", completion: .list(FlagWords.purposes))
    var purpose: String?

    @Option(help: "As it was then: a revision, a time, or how long ago.", transform: MomentArgument.argument)
    var at: MomentArgument?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try scope.scope()
        let session = try Session(connection)
        let filter = AdministrationClient.FlagFilter(tag: tag, owner: owner, lifecycle: lifecycle, purpose: purpose)
        guard let environment else { return try await all(of: project, filter, session) }
        let found = try await session.working("Reading flags") {
            try await Pages.read("flags", limit: nil) { next, limit in
                try await session.client.flags(
                    in: environment, of: project, matching: filter, at: at?.text, after: next, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else { return FlagText.none(in: project) }
            var table = Table([
                .init(title: "FLAG", style: session.style.cyan), .init(title: "TYPE"), .init(title: "STATE"),
                .init(title: "DEFAULT", isFlexible: true), .init(title: "ROLLOUT"), .init(title: "REMARK"),
            ])
            for flag in found.items {
                table.add(
                    flag.key ?? "", flag.type ?? "", flag.state ?? "", flag.defaultVariant ?? "", flag.rollout ?? "",
                    FlagText.remark(flag))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }

    private func all(
        of project: ProjectName, _ filter: AdministrationClient.FlagFilter, _ session: Session
    ) async throws {
        let found = try await session.working("Reading flags") {
            try await Pages.read("flags", limit: nil) { next, limit in
                try await session.client.flags(
                    of: project, matching: filter, at: at?.text, after: next, limit: limit)
            }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else { return FlagText.none(in: project) }
            var table = Table([
                .init(title: "FLAG", style: session.style.cyan), .init(title: "TYPE"), .init(title: "LIFECYCLE"),
                .init(title: "VARIANTS", isFlexible: true), .init(title: "OWNER", isFlexible: true),
                .init(title: "TAGS", isFlexible: true), .init(title: "REV", isNumber: true),
            ])
            for flag in found.items {
                table.add(
                    flag.key, flag.type, flag.lifecycle, flag.variants.names.joined(separator: ", "), flag.owner ?? "",
                    flag.tags.joined(separator: ", "), String(flag.revision))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

struct FlagGetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show a flag, or all that counts for it in an environment.",
        discussion: """
            With --definition the flag as programs get it is written, in flagd's format.

            Examples:
              cfg flag get new-checkout -p shop
              cfg flag get new-checkout -p shop -e production
              cfg flag get new-checkout -p shop -e production --definition
            """)

    @OptionGroup var scope: ScopeOptions

    @Option(help: "As it was then: a revision, a time, or how long ago.", transform: MomentArgument.argument)
    var at: MomentArgument?

    @ArgumentParser.Flag(help: "Write what it comes to, in flagd's format; needs an environment.") var definition =
        false

    @Argument(help: "The flag's key.", completion: Completions.flags) var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let (project, environment) = try scope.scope()
        guard environment != nil || !definition else {
            throw ValidationError("What a flag comes to depends on the environment; give -e.")
        }
        let session = try Session(connection)
        guard let environment else {
            let answer = try await session.client.flag(key, of: project, at: at?.text)
            return session.show(answer) { FlagText.text($0, session) }
        }
        let answer = try await session.client.flag(key, in: environment, of: project, at: at?.text)
        guard definition else {
            return session.show(answer) { FlagText.text($0, of: key, in: environment, session) }
        }
        guard let lowered = answer.value.definition else {
            throw ConfigPlatformError(
                .notFound,
                "The flag '\(InvalidIdentifier.shown(key))' comes to nothing in \(environment.rawValue): it is archived."
            )
        }
        session.show(lowered) { lowered.prettyText() + "\n" }
    }
}

struct FlagHistoryCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show what a flag was, or what an environment said of it, newest first.")

    @OptionGroup var scope: ScopeOptions

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Only so many.", valueName: "count"))
    var limit: Int = 20

    @Argument(help: "The flag's key.", completion: Completions.flags) var key: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is a number above zero.") }
    }

    func run() async throws {
        let (project, environment) = try scope.scope()
        let session = try Session(connection)
        let found = try await session.working("Reading history") {
            try await Pages.read("history", limit: limit) { next, limit in
                try await session.client.flagHistory(
                    of: key, in: environment, of: project, before: next, limit: limit)
            }
        }
        session.show(found.json) { FlagText.history(found.items, session) }
    }
}

/// Words of the API that are completed.
enum FlagWords {
    static let lifecycles = ["draft", "active", "inactive", "archived"]
    static let purposes = ["release", "experiment", "operational", "permission"]
    static let types = ["boolean", "string", "integer", "double", "object"]
}

/// Flags as people read them.
enum FlagText {
    static func none(in project: ProjectName) -> String {
        "No such flags in \(project.rawValue). Make one: cfg flag create KEY -p \(project.rawValue)\n"
    }

    /// What of a flag somebody should know who looks at it.
    static func remark(_ flag: FlagStandingView) -> String {
        if flag.isKilled { return "killed" }
        if let lifecycle = flag.lifecycle, lifecycle != "active" { return lifecycle }
        return flag.isRuled ? "" : "no rule"
    }

    static func text(_ flag: FlagView, _ session: Session) -> String {
        let variants = flag.variants.members.map { "\($0.name) = \($0.value.canonicalText)" }
        var text = Facts([
            ("Flag", flag.key), ("Description", flag.description), ("Type", flag.type), ("Lifecycle", flag.lifecycle),
            ("Variants", variants.joined(separator: ", ")), ("Default", flag.defaultVariant), ("Owner", flag.owner),
            ("Tags", flag.tags.joined(separator: ", ")), ("Purpose", flag.purpose),
            ("Lifetime", flag.expectedLifetimeDays.map { "\($0) days" }), ("Revision", String(flag.revision)),
        ]).text(session.style)
        guard !flag.environments.isEmpty else { return text }
        var table = Table([
            .init(title: "ENVIRONMENT", style: session.style.cyan), .init(title: "STATE"),
            .init(title: "DEFAULT", isFlexible: true), .init(title: "ROLLOUT"), .init(title: "REMARK"),
        ])
        for standing in flag.environments {
            table.add(
                standing.environment ?? "", standing.state ?? "", standing.defaultVariant ?? "",
                standing.rollout ?? "", remark(standing))
        }
        text += "\n" + table.text(width: session.terminal.columns, style: session.style)
        return text
    }

    static func text(
        _ flag: EnvironmentFlagView, of key: String, in environment: EnvironmentName, _ session: Session
    ) -> String {
        let standing = flag.standing
        var text = Facts([
            ("Flag", key), ("Environment", environment.rawValue), ("Type", standing.type),
            ("Lifecycle", standing.lifecycle), ("State", standing.state), ("Default", standing.defaultVariant),
        ]).text(session.style)
        for (title, said) in [("Kill", flag.kill), ("Rule", flag.rule), ("Rollout", flag.rollout)] {
            guard let said else { continue }
            let origin = said.environment == environment.rawValue ? "" : " from \(said.environment)"
            text += "\n" + session.style.bold(title) + SafeText.line("\(origin) (revision \(said.revision))") + "\n"
            text += JSONValue.object(said.body).prettyText() + "\n"
        }
        if flag.rule == nil {
            text +=
                "\nThere is no rule, so the flag is DISABLED. Give it one: cfg flag rule \(SafeText.line(key)) --default VARIANT\n"
        }
        return text
    }

    static func history(_ versions: [FlagVersionView], _ session: Session) -> String {
        guard !versions.isEmpty else { return "Nothing was ever said of it there.\n" }
        var table = Table([
            .init(title: "REV", isNumber: true), .init(title: "DATE"), .init(title: "AUTHOR"), .init(title: "KIND"),
            .init(title: "VALUE", isFlexible: true), .init(title: "MESSAGE", isFlexible: true),
        ])
        for version in versions {
            let date = session.now.map { TimeText.shown(version.committedAt, now: $0) } ?? version.committedAt
            table.add(
                String(version.revision), date, version.author, version.kind,
                version.value?.canonicalText ?? "deleted", FirstLine.of(version.message))
        }
        return table.text(width: session.terminal.columns, style: session.style)
    }
}
