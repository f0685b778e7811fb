import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct IssuerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issuer", abstract: "Issuers: whose tokens are believed (OpenID Connect).",
        discussion: """
            For people, who sign in with 'cfg login':

              {"url": "https://login.example.com", "vouchesFor": "people", "clientId": "cfg", "groupsClaim": "groups"}

            For programs, which send a token of the issuer with every request:

              {"url": "https://token.actions.githubusercontent.com", "vouchesFor": "workloads",
               "audiences": ["https://cfg.example.com"], "claims": {"repository_owner": "acme"}}

            A client's secret, where the issuer asks for one, lies beside the server: 'cfg serve --help'.
            """,
        subcommands: [
            IssuerListCommand.self, IssuerShowCommand.self, IssuerSetCommand.self, IssuerDeleteCommand.self,
        ])
}

struct IssuerListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show all issuers.", aliases: ["ls"])

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let found = try await session.working("Reading issuers") {
            try await Pages.read { next, limit in try await session.client.issuers(after: next, limit: limit) }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else { return "No issuers yet. Name one: cfg issuer set NAME FILE\n" }
            var table = Table([
                .init(title: "ISSUER", style: session.style.cyan), .init(title: "VOUCHES FOR"),
                .init(title: "URL", isFlexible: true), .init(title: "AUDIENCES", isFlexible: true),
                .init(title: "REV", isNumber: true),
            ])
            for issuer in found.items {
                table.add(
                    issuer.name, issuer.vouchesFor, issuer.url, issuer.audiences.joined(separator: ", "),
                    String(issuer.revision))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

struct IssuerShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Write an issuer's JSON, for an editor or a file.")

    @Argument(help: "Its name.", completion: Completions.issuers, transform: IssuerName.argument) var name: IssuerName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.issuer(name)
        session.show(answer) { _ in ItemBody.text(of: answer.json, IssuerBody.members) }
    }
}

struct IssuerSetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Believe an issuer, or say anew what is believed of it.",
        discussion: """
            Example:
              cfg issuer set corp corp.json
            """)

    @OptionGroup var write: CommitOptions

    @Argument(
        help: "Its name, with which its people's and groups' names begin.", completion: Completions.issuers,
        transform: IssuerName.argument)
    var name: IssuerName
    @Argument(help: "The file, in JSON or YAML; '-' for JSON on standard input.", completion: .file()) var file: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let body = ItemBody.written(try SchemaFiles.document(file))
        _ = try IssuerBody(parsing: body)
        try await Session(connection).commit(
            [ItemOperation.put(.issuer, name.rawValue, body)], to: .platform, write,
            saying: "Set issuer \(name.rawValue)")
    }
}

struct IssuerDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Believe an issuer no more.")

    @OptionGroup var write: CommitOptions

    @Argument(help: "Its name.", completion: Completions.issuers, transform: IssuerName.argument) var name: IssuerName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let standing = try await session.client.issuer(name)
        try await session.commit(
            [ItemOperation.delete(.issuer, name.rawValue, expecting: standing.value.revision)], to: .platform, write,
            saying: "Delete issuer \(name.rawValue)")
    }
}
