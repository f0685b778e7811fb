import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

struct LoginCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Check an access token and keep it for this user.",
        discussion: """
            The token is typed without being shown, or comes on standard input; never as an argument, where other \
            users of the machine could see it. It is kept in $XDG_CONFIG_HOME/cfg/credentials.json (else \
            ~/.config/cfg/credentials.json), readable by you alone, and only ever sent to this server.

            Examples:
              cfg login https://cfg.example.org
              cfg login http://127.0.0.1:8420 < data/dev-token
            """)

    @Argument(help: "The server's address; else --server or CFG_SERVER.") var address: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let variables = ProcessVariables.all
        let path = Credentials.path(variables)
        let known = try? Credentials.read(path)
        let choice = try ServerChoice(
            server: address ?? connection.server, caFile: connection.caFile, variables: variables, login: known)
        if !choice.server.isSecure, !choice.server.isLoopback {
            Output.writeError(
                Terminal.current.errorStyle.yellow("warning:")
                    + " \(choice.server) is not encrypted; whoever is on the way can read the token.\n")
        }
        let token = try Prompt.secret("Token for \(choice.server): ").trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty else { throw ValidationError("No token was given; nothing was stored.") }
        let session = try Session(choice, token: token, connection)
        let answer = try await session.working("Asking \(choice.server)") { try await session.client.whoAmI() }
        let caFile = choice.certificateAuthorityFile.map {
            URL(filePath: $0).standardizedFileURL.path(percentEncoded: false)
        }
        try Credentials(server: choice.server, token: token, certificateAuthorityFile: caFile).write(path)
        session.show(answer) { identity in
            "Logged in to \(choice.server) as \(SafeText.line(identity.principal)). Kept in \(path).\n"
        }
    }
}

struct LogoutCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Forget the token that login keeps.",
        discussion: """
            The token itself stays valid; 'cfg token revoke' ends it. With --output json: {"removed":true|false}.
            """)

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let path = Credentials.path(ProcessVariables.all)
        let wasThere = unlink(path) == 0
        if !wasThere, errno != ENOENT {
            throw ConfigPlatformError(
                .invalidUse, "'\(path)' cannot be removed: \(String(cString: strerror(errno)).lowercased()).")
        }
        switch connection.output {
        case .json: Output.write("{\"removed\":\(wasThere)}\n")
        case .text: Output.write(wasThere ? "Logged out; \(path) is gone.\n" : "Nobody was logged in.\n")
        }
    }
}

struct WhoAmICommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show who the token makes you, and on which server.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.whoAmI()
        session.show(answer) { identity in
            Facts([
                ("Principal", identity.principal), ("Purpose", identity.purpose),
                ("Server", session.client.server.text),
            ]).text(session.style)
        }
    }
}
