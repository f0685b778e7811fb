import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Access tokens: create, list, revoke.",
        subcommands: [TokenCreateCommand.self, TokenListCommand.self, TokenRevokeCommand.self])
}

struct TokenCreateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make an access token, and print it this once.",
        discussion: """
            The token alone goes to standard output, so that it can be kept where it belongs; what there is to say \
            about it goes to standard error.

            Examples:
              cfg token create deploy-bot --role operator --project shop --expires-in 90d > /run/secrets/cfg-token
              cfg token create shop-production --role evaluator --project shop --environment production
              cfg token create laptop --personal --role viewer
            """)

    @Option(
        help: ArgumentHelp(
            "What it may do: administrator, operator, viewer, auditor, evaluator, or a role of your own.",
            valueName: "role"),
        completion: Completions.roles, transform: RoleName.argument)
    var role: RoleName

    @Option(
        name: .shortAndLong, help: ArgumentHelp("In this project alone.", valueName: "project"),
        completion: Completions.projects, transform: ProjectName.argument)
    var project: ProjectName?

    @Option(
        name: [.customShort("e"), .customLong("environment")],
        help: ArgumentHelp("In this environment of it alone; may be given again.", valueName: "environment"),
        completion: Completions.environments, transform: EnvironmentName.argument)
    var environments: [EnvironmentName] = []

    @Flag(help: "Your own: never more than you may yourself, and over when you are.") var personal = false

    @Option(
        help: ArgumentHelp("It ends after this: 12h, 30d, 4w.", valueName: "duration"),
        transform: DurationArgument.argument)
    var expiresIn: DurationArgument?

    @Argument(help: "What it is called in the log: token:NAME.", transform: TokenName.argument) var name: TokenName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let grant = try Grant(
            role: role, project: project, environments: environments.isEmpty ? nil : environments)
        let answer = try await session.client.createToken(
            name, grant, isPersonal: personal, expiresIn: expiresIn?.seconds)
        session.show(answer) { $0.secret + "\n" }
        guard session.format == .text else { return }
        let ends = answer.value.expiresAt.map { " It ends \($0)." } ?? ""
        Output.writeError("Created token \(answer.value.name) (\(answer.value.id)). It is not shown again.\(ends)\n")
    }
}

struct TokenListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the access tokens that you have a say in, without their secrets.",
        discussion: """
            MAY is what a token may do: a role everywhere, or a role@project, or a role@project/environment. What is \
            somebody's own (OWNER) may never more than that somebody.
            """, aliases: ["ls"])

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.tokens()
        session.show(answer) { page in
            Self.table(page.items, now: session.now, session.style)
                .text(width: session.terminal.columns, style: session.style)
        }
    }

    static func table(_ tokens: [TokenView], now: Timestamp?, _ style: Style) -> Table {
        var table = Table([
            .init(title: "ID"), .init(title: "NAME", style: style.cyan), .init(title: "OWNER"),
            .init(title: "MAY", isFlexible: true), .init(title: "STATE"), .init(title: "LAST USED"),
            .init(title: "CREATED"), .init(title: "BY"), .init(title: "ENDS"),
        ])
        for token in tokens {
            table.add(
                token.id, token.name, token.owner ?? "", token.grants.map(\.text).joined(separator: ", "), token.state,
                token.lastUsedAt.map { TimeText.shown($0, now: now) } ?? "",
                token.createdAt.map { TimeText.shown($0, now: now) } ?? "", token.createdBy ?? "",
                (token.revokedAt ?? token.expiresAt).map { TimeText.shown($0, now: now) } ?? "never")
        }
        return table
    }
}

extension TokenView {
    var state: String { isLive ? "live" : revokedAt == nil ? "expired" : "revoked" }
}

extension GrantView {
    /// `operator@shop/production,staging`; a role alone is one everywhere.
    var text: String {
        guard let project else { return role }
        return "\(role)@\(project)" + (environments.isEmpty ? "" : "/" + environments.joined(separator: ","))
    }
}

struct TokenRevokeCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End an access token at once.",
        discussion: """
            With --output json: {"revoked":ID}.

            Examples:
              cfg token revoke deploy-bot
              cfg token revoke tok_0f1e2d3c4b5a6978
            """)

    @Argument(help: "The name of a live token, or a token's id, as 'cfg token list' shows them.") var token: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let id = try Self.id(of: token, among: await session.client.tokens().value.items)
        try await session.client.revokeToken(id)
        let shown = id == token ? SafeText.line(id) : "\(SafeText.line(token)) (\(SafeText.line(id)))"
        session.show(["revoked": .string(id)]) { "Revoked token \(shown).\n" }
    }

    /// The id of the token that is meant: of the live one of that name; or what was given itself, which the server knows or not.
    static func id(of named: String, among tokens: [TokenView]) throws -> String {
        let ids = Set(tokens.filter { $0.id == named || ($0.isLive && $0.name == named) }.map(\.id))
        guard ids.count <= 1 else {
            throw ConfigPlatformError(
                .invalidUse,
                "'\(InvalidIdentifier.shown(named))' is the id of one token and the name of another: \(ids.sorted().joined(separator: ", ")). End "
                    + "the other first, by its id.")
        }
        return ids.first ?? named
    }
}
