import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct IdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity", abstract: "People and programs that the platform knows.",
        discussion: """
            Who signs in at an issuer (user:corp/ada@example.com) is known from then on. Users of the platform's own (user:ada) \
            are created, and sign in with a password where the server was started with --local-users.
            """,
        subcommands: [
            IdentityListCommand.self, IdentityShowCommand.self, IdentityCreateCommand.self, IdentityDisableCommand.self,
            IdentityEnableCommand.self, IdentityPasswordCommand.self, IdentityDeleteCommand.self,
        ])
}

struct IdentityListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show whom the platform knows.", aliases: ["ls"])

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let found = try await session.working("Reading identities") {
            try await Pages.read { next, limit in try await session.client.identities(after: next, limit: limit) }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else {
                return "Nobody is known yet. Create a user: cfg identity create NAME; or let an issuer vouch for them: "
                    + "cfg issuer set NAME FILE\n"
            }
            return Self.table(found.items, session.style).text(width: session.terminal.columns, style: session.style)
        }
    }

    static func table(_ identities: [IdentityView], _ style: Style) -> Table {
        var table = Table([
            .init(title: "IDENTITY", style: style.cyan), .init(title: "NAME", isFlexible: true), .init(title: "STATE"),
            .init(title: "GROUPS OF THE ISSUER", isFlexible: true), .init(title: "REV", isNumber: true),
        ])
        for identity in identities {
            table.add(
                identity.name, identity.displayName, identity.isDisabled ? "disabled" : "enabled",
                identity.groups.joined(separator: ", "), String(identity.revision))
        }
        return table
    }
}

struct IdentityShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one identity.",
        discussion: "What it may do, 'cfg access what IDENTITY' shows.")

    @Argument(
        help: "Such as ada or user:corp/ada@example.com.", completion: Completions.identities,
        transform: Principal.identity)
    var name: Principal

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.identity(name)
        session.show(answer) { identity in
            Facts([
                ("Identity", identity.name), ("Name", identity.displayName),
                ("State", identity.isDisabled ? "disabled" : "enabled"),
                ("Groups", identity.groups.joined(separator: ", ")), ("Revision", String(identity.revision)),
            ]).text(session.style)
        }
    }
}

struct IdentityCreateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a user of the platform's own known.",
        discussion: """
            Example:
              cfg identity create ada --name "Ada Lovelace" && cfg identity password ada
            """)

    @OptionGroup var write: WriteOptions

    @Option(name: .customLong("name"), help: ArgumentHelp("The name that people know it by.", valueName: "text"))
    var displayName: String?

    @Argument(help: "Such as ada.", transform: Principal.identity) var identity: Principal

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await Creation.of("identity '\(identity.rawValue)'") {
            try await session.client.putIdentity(
                identity, displayName: displayName ?? "", isDisabled: false, expecting: nil, message: write.message,
                isDryRun: write.dryRun)
        }
        try session.show(answer, in: .platform) { change in
            "Created \(identity.rawValue) (revision \(change.revision)). Next: cfg identity password \(identity.name), and "
                + "cfg binding add --subject \(identity.rawValue) --role ROLE -p PROJECT\n"
        }
    }
}

struct IdentityDisableCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Let somebody do nothing any more, at once.",
        discussion: "Their sessions and personal tokens end with it, until 'cfg identity enable'.")

    @OptionGroup var state: IdentityStateOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws { try await state.run(isDisabled: true, connection) }
}

struct IdentityEnableCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Let somebody who was disabled do again what they may.")

    @OptionGroup var state: IdentityStateOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws { try await state.run(isDisabled: false, connection) }
}

struct IdentityStateOptions: ParsableArguments {
    @OptionGroup var write: WriteOptions

    @Argument(
        help: "Such as ada or user:corp/ada@example.com.", completion: Completions.identities,
        transform: Principal.identity)
    var name: Principal

    func run(isDisabled: Bool, _ connection: ConnectionOptions) async throws {
        let session = try Session(connection)
        let standing = try await session.client.identity(name).value
        let answer = try await session.client.putIdentity(
            name, displayName: standing.displayName, isDisabled: isDisabled, expecting: standing.revision,
            message: write.message, isDryRun: write.dryRun)
        try session.show(answer, in: .platform) { change in
            "\(isDisabled ? "Disabled" : "Enabled") \(name.rawValue) (revision \(change.revision)).\n"
        }
    }
}

struct IdentityPasswordCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "password", abstract: "Give a user of the platform's own a password.",
        discussion: """
            It is typed without being shown, or comes on standard input. Sessions that the old one began end. With --output \
            json: {"identity":"user:NAME"}.

            Example:
              cfg identity password ada < password
            """)

    @Argument(help: "Such as ada.", completion: Completions.identities, transform: Principal.identity)
    var name: Principal

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let password = try Prompt.secret("New password for \(name.rawValue): ")
        guard !password.isEmpty else { throw ValidationError("No password was given; nothing was done.") }
        if session.terminal.isInputTerminal, try Prompt.secret("The same again: ") != password {
            throw ValidationError("The two are not the same; nothing was done.")
        }
        try await session.client.setPassword(of: name, to: password)
        session.show(["identity": .string(name.rawValue)]) {
            "Set the password of \(name.rawValue). They sign in with: cfg login --user \(name.name)\n"
        }
    }
}

struct IdentityDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Forget somebody; 'cfg identity disable' is what keeps somebody out.")

    @OptionGroup var write: CommitOptions

    @Argument(
        help: "Such as ada or user:corp/ada@example.com.", completion: Completions.identities,
        transform: Principal.identity)
    var name: Principal

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let standing = try await session.client.identity(name)
        try await session.commit(
            [ItemOperation.delete(.identity, name.rawValue, expecting: standing.value.revision)], to: .platform, write,
            saying: "Delete \(name.rawValue)")
    }
}
