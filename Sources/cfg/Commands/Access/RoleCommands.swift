import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel

struct RoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Roles: what whoever has one may do.",
        discussion: """
            A role is a list of permissions, each of which allows actions, or denies them, on what fits all that it names:

              {"permissions": [
                {"actions": ["read", "write"], "environments": ["staging", "dev*"]},
                {"actions": ["read"], "kinds": ["setting"], "keys": ["checkout"]},
                {"actions": ["write"], "tags": ["payment"], "effect": "deny"}]}

            Who has it, and where, is said by a binding: 'cfg binding add'.
            """,
        subcommands: [RoleListCommand.self, RoleShowCommand.self, RoleSetCommand.self, RoleDeleteCommand.self])
}

struct RoleListCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show all roles.", aliases: ["ls"])

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let found = try await session.working("Reading roles") {
            try await Pages.read { next, limit in try await session.client.roles(after: next, limit: limit) }
        }
        session.show(found.json) {
            Self.table(found.items, session.style).text(width: session.terminal.columns, style: session.style)
        }
    }

    static func table(_ roles: [RoleView], _ style: Style) -> Table {
        var table = Table([
            .init(title: "ROLE", style: style.cyan), .init(title: "MAY", isFlexible: true), .init(title: "REV"),
            .init(title: "DESCRIPTION", isFlexible: true),
        ])
        for role in roles {
            var actions: [String] = []
            for permission in role.permissions where permission["effect"]?.stringValue != "deny" {
                for action in permission["actions"]?.arrayValue ?? [] {
                    if let name = action.stringValue, !actions.contains(name) { actions.append(name) }
                }
            }
            table.add(
                role.name, actions.joined(separator: ", "), role.revision.map { String($0) } ?? "built in",
                FirstLine.of(role.description))
        }
        return table
    }
}

struct RoleShowCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Write a role's JSON, for an editor or a file.",
        discussion: """
            Example:
              cfg role show operator > deployer.json; $EDITOR deployer.json; cfg role set deployer deployer.json
            """)

    @Argument(help: "Its name.", completion: Completions.roles, transform: RoleName.argument) var name: RoleName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.role(name)
        session.show(answer) { _ in ItemBody.text(of: answer.json, RoleBody.members) }
    }
}

struct RoleSetCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Make a role of your own, or replace one.",
        discussion: """
            Refused where it would allow more than you may yourself.

            Examples:
              cfg role set deployer deployer.yaml
              echo '{"permissions": [{"actions": ["read"], "keys": ["checkout"]}]}' | cfg role set checkout-reader -
            """)

    @OptionGroup var write: CommitOptions

    @Argument(help: "Its name.", completion: Completions.roles, transform: RoleName.argument) var name: RoleName
    @Argument(help: "The file, in JSON or YAML; '-' for JSON on standard input.", completion: .file()) var file: String

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let body = ItemBody.written(try SchemaFiles.document(file))
        _ = try RoleBody(parsing: body)
        try await Session(connection).commit(
            [ItemOperation.put(.role, name.rawValue, body)], to: .platform, write, saying: "Set role \(name.rawValue)")
    }
}

struct RoleDeleteCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a role.",
        discussion: "Refused while somebody has it; 'cfg binding remove' takes it from them.")

    @OptionGroup var write: CommitOptions

    @Argument(help: "Its name.", completion: Completions.roles, transform: RoleName.argument) var name: RoleName

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let standing = try await session.client.role(name)
        try await session.commit(
            [ItemOperation.delete(.role, name.rawValue, expecting: standing.value.revision)], to: .platform, write,
            saying: "Delete role \(name.rawValue)")
    }
}

/// What an item says, apart from what the server says of the item.
enum ItemBody {
    /// As it can be written back.
    static func text(of json: JSONValue, _ members: Set<String>) -> String {
        guard let object = json.objectValue else { return json.prettyText() + "\n" }
        return JSONValue.object(object.filtered { members.contains($0) }).prettyText() + "\n"
    }

    /// What was written by hand or by ``text(of:_:)``, and perhaps from an answer as it came.
    static func written(_ json: JSONValue) -> JSONValue {
        guard let object = json.objectValue else { return json }
        return .object(object.filtered { !["builtIn", "name", "revision"].contains($0) })
    }
}

extension JSONObject {
    fileprivate func filtered(_ isKept: (String) -> Bool) -> JSONObject {
        var result: JSONObject = [:]
        for member in members where isKept(member.name) { result[member.name] = member.value }
        return result
    }
}
