import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Groups of the platform's own, to bind roles to.",
        discussion: """
            Groups that an issuer vouches for, such as group:corp/sre, need not be made: bind a role to their name, and it is \
            had by whomever the issuer says is in them.
            """,
        subcommands: [
            GroupListCommand.self, GroupShowCommand.self, GroupSetCommand.self, GroupAddCommand.self,
            GroupRemoveCommand.self, GroupDeleteCommand.self,
        ])
}

struct GroupListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the platform's own groups.", aliases: ["ls"])

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let found = try await session.working("Reading groups") {
            try await Pages.read { next, limit in try await session.client.groups(after: next, limit: limit) }
        }
        session.show(found.json) {
            guard !found.items.isEmpty else { return "No groups yet. Make one: cfg group set NAME MEMBER…\n" }
            var table = Table([
                .init(title: "GROUP", style: session.style.cyan), .init(title: "MEMBERS", isFlexible: true),
                .init(title: "REV", isNumber: true), .init(title: "DESCRIPTION", isFlexible: true),
            ])
            for group in found.items {
                table.add(
                    group.name, group.members.joined(separator: ", "), String(group.revision),
                    FirstLine.of(group.description))
            }
            return table.text(width: session.terminal.columns, style: session.style)
        }
    }
}

struct GroupShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one group and who is in it.")

    @Argument(help: "Its name, such as sre.", completion: Completions.groups, transform: Principal.group)
    var name: Principal

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.group(name)
        session.show(answer) { group in
            Facts([
                ("Group", group.name), ("Description", group.description), ("Revision", String(group.revision)),
                ("Members", group.members.isEmpty ? "nobody" : nil),
            ]).text(session.style) + group.members.map { "  \(SafeText.line($0))\n" }.joined()
        }
    }
}

struct GroupSetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Make a group, or say anew who is in it.",
        discussion: """
            Example:
              cfg group set sre user:ada user:corp/grace@example.com --description "Who is on call"
            """)

    @OptionGroup var write: CommitOptions

    @Option(help: ArgumentHelp("What it is for.", valueName: "text")) var description: String?

    @Argument(help: "Its name, such as sre.", completion: Completions.groups, transform: Principal.group)
    var name: Principal

    @Argument(
        help: "All that are in it: users, workloads, certificates.", completion: Completions.identities,
        transform: Principal.identity)
    var members: [Principal] = []

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let body = try GroupBody(description: description ?? "", members: members)
        try await Session(connection).commit(
            [ItemOperation.put(.group, name.rawValue, body.json)], to: .platform, write,
            saying: "Set \(name.rawValue)")
    }
}

struct GroupAddCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Take somebody into a group.",
        discussion: """
            Example:
              cfg group add sre user:ada
            """)

    @OptionGroup var membership: MembershipOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        try await membership.run("Add", "to", connection) { standing, named in
            standing + named.filter { !standing.contains($0) }
        }
    }
}

struct GroupRemoveCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Let somebody go from a group.",
        discussion: """
            Example:
              cfg group remove sre user:ada
            """)

    @OptionGroup var membership: MembershipOptions

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        try await membership.run("Remove", "from", connection) { standing, named in
            standing.filter { !named.contains($0) }
        }
    }
}

/// Who comes into a group, or goes.
struct MembershipOptions: ParsableArguments {
    @OptionGroup var write: CommitOptions

    @Argument(help: "The group, such as sre.", completion: Completions.groups, transform: Principal.group)
    var group: Principal

    @Argument(
        help: "Users, workloads, certificates; a name alone is a user of the platform's own.",
        completion: Completions.identities, transform: Principal.identity)
    var members: [Principal]

    func run(
        _ verb: String, _ preposition: String, _ connection: ConnectionOptions,
        _ altered: ([Principal], [Principal]) -> [Principal]
    ) async throws {
        let session = try Session(connection)
        let standing = try await session.client.group(group).value
        let body = try GroupBody(
            description: standing.description,
            members: altered(try standing.members.map { try Principal(parsing: $0) }, members))
        let named = members.map(\.rawValue).joined(separator: ", ")
        try await session.commit(
            [ItemOperation.put(.group, group.rawValue, body.json, expecting: standing.revision)], to: .platform, write,
            saying: "\(verb) \(named) \(preposition) \(group.rawValue)")
    }
}

struct GroupDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a group; what is bound to it is had by nobody then.")

    @OptionGroup var write: CommitOptions

    @Argument(help: "Its name, such as sre.", completion: Completions.groups, transform: Principal.group)
    var name: Principal

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let standing = try await session.client.group(name)
        try await session.commit(
            [ItemOperation.delete(.group, name.rawValue, expecting: standing.value.revision)], to: .platform, write,
            saying: "Delete \(name.rawValue)")
    }
}
