import ArgumentParser
import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

struct LoginCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Sign in, or check an access token, and keep what comes of it for this user.",
        discussion: """
            Where the server knows an issuer, its page is opened in a browser of this machine; with --device the browser may \
            be on any other. Users of the platform's own sign in with --user and a password. An access token is typed \
            without being shown, or comes on standard input; never as an argument, where other users of the machine could see it.

            What is kept is in $XDG_CONFIG_HOME/cfg/credentials.json (else ~/.config/cfg/credentials.json), readable by you \
            alone, and only ever sent to this server. A session ends by itself after some hours; 'cfg logout' ends it at once.

            Examples:
              cfg login https://cfg.example.org
              cfg login https://cfg.example.org --issuer corp --device
              cfg login --user ada
              cfg login http://127.0.0.1:8420 < data/dev-token
            """)

    @Option(help: ArgumentHelp("Sign in at this issuer, where there are several.", valueName: "name"))
    var issuer: String?

    @Flag(help: "Sign in with a browser on another machine: shows a code to enter there.") var device = false

    @Option(help: ArgumentHelp("Sign in with the password of this user of the platform's own.", valueName: "name"))
    var user: String?

    @Flag(help: "Take an access token, typed or on standard input; what is done where standard input is no terminal.")
    var withToken = false

    @Argument(help: "The server's address; else --server or CFG_SERVER.") var address: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        guard [withToken, user != nil, issuer != nil || device].count(where: { $0 }) <= 1 else {
            throw ValidationError("Give one of --with-token, --user and --issuer (which --device may go with).")
        }
        if let user { _ = try Principal.identity(user) }
        if let issuer { _ = try IssuerName.argument(issuer) }
    }

    func run() async throws {
        let variables = ProcessVariables.all
        let path = Credentials.path(variables)
        let known = try? Credentials.read(path)
        let choice = try ServerChoice(
            server: address ?? connection.server, caFile: connection.caFile, variables: variables, login: known)
        if !choice.server.isSecure, !choice.server.isLoopback {
            Output.writeError(
                Terminal.current.errorStyle.yellow("warning:")
                    + " \(choice.server) is not encrypted; whoever is on the way can read what you sign in with.\n")
        }
        let token = try await token(of: choice)
        let session = try Session(choice, token: token, connection)
        let answer = try await session.working("Asking \(choice.server)") { try await session.client.whoAmI() }
        let caFile = choice.certificateAuthorityFile.map {
            URL(filePath: $0).standardizedFileURL.path(percentEncoded: false)
        }
        let caller = answer.value
        try Credentials(
            server: choice.server, token: token, certificateAuthorityFile: caFile, principal: caller.principal,
            session: caller.purpose == "session" ? caller.credential : nil,
            expiresAt: caller.expiresAt.flatMap { try? Timestamp(parsing: $0) }
        ).write(path)
        session.show(answer) { caller in
            let ends = caller.expiresAt.map { " It ends \(TimeText.shown($0, now: session.now))." } ?? ""
            return "Logged in to \(choice.server) as \(SafeText.line(caller.principal)). Kept in \(path).\(ends)\n"
        }
    }

    private func token(of choice: ServerChoice) async throws -> String {
        let entrance = try Session(choice, token: nil, connection)
        switch try await way(entrance) {
        case .token:
            let token = try Prompt.secret("Token for \(choice.server): ").trimmingCharacters(
                in: .whitespacesAndNewlines)
            guard !token.isEmpty else { throw ValidationError("No token was given; nothing was stored.") }
            return token
        case .password(let user):
            let password = try Prompt.secret("Password of \(user) for \(choice.server): ")
            guard !password.isEmpty else { throw ValidationError("No password was given; nothing was stored.") }
            let answer = try await entrance.working("Signing in") {
                try await entrance.client.signIn(user: user, password: password)
            }
            return try Self.secret(answer.value)
        case .browser(let issuer): return try await BrowserSignIn.token(at: issuer, entrance)
        case .device(let issuer): return try await DeviceSignIn.token(at: issuer, entrance)
        }
    }

    private enum Way {
        case token
        case password(String)
        case browser(String)
        case device(String)
    }

    private func way(_ entrance: Session) async throws -> Way {
        if withToken { return .token }
        if let user { return .password(user) }
        let isNamed = device || issuer != nil
        // What has long been piped in is a token.
        guard isNamed || entrance.terminal.isInputTerminal else { return .token }
        let ways: SignInWaysView
        do {
            ways = try await entrance.working("Asking \(entrance.client.server)") {
                try await entrance.client.signInWays().value
            }
        } catch let error as ConfigPlatformError where error.code == .notFound && !isNamed {
            return .token
        }
        guard let issuer = try Self.issuer(issuer, of: ways, isNeeded: device) else {
            if ways.passwords { Output.writeError("A user with a password signs in with 'cfg login --user NAME'.\n") }
            return .token
        }
        return device ? .device(issuer) : .browser(issuer)
    }

    /// The issuer that is meant; nil where the server knows none, and none is needed.
    static func issuer(_ named: String?, of ways: SignInWaysView, isNeeded: Bool) throws -> String? {
        let known = ways.issuers.joined(separator: ", ")
        if let named {
            guard ways.issuers.contains(named) else {
                throw ValidationError(
                    ways.issuers.isEmpty
                        ? "The server knows no issuer to sign in at; 'cfg issuer set' names one."
                        : "The server knows no issuer '\(named)' to sign in at, but \(known).")
            }
            return named
        }
        guard ways.issuers.count <= 1 else {
            throw ValidationError("Where do you sign in? Give --issuer, one of: \(known).")
        }
        guard !ways.issuers.isEmpty || !isNeeded else {
            throw ValidationError("The server knows no issuer to sign in at; 'cfg issuer set' names one.")
        }
        return ways.issuers.first
    }

    static func secret(_ answer: SignInView) throws -> String {
        guard case .session(let session) = answer else {
            throw ConfigPlatformError(.invalidResponse, "The server began no session.")
        }
        return session.secret
    }
}

struct LogoutCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "End the session, and forget what login keeps.",
        discussion: """
            A session ends on the server. An access token stays valid; 'cfg token revoke' ends it. With --output json: \
            {"ended":true|false,"removed":true|false}.
            """)

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let path = Credentials.path(ProcessVariables.all)
        let credentials = try? Credentials.read(path)
        var hasEnded = false
        if let credentials, credentials.session != nil { hasEnded = await end(credentials) }
        let wasThere = unlink(path) == 0
        if !wasThere, errno != ENOENT {
            throw ConfigPlatformError(
                .invalidUse, "'\(path)' cannot be removed: \(String(cString: strerror(errno)).lowercased()).")
        }
        switch connection.output {
        case .json: Output.write("{\"ended\":\(hasEnded),\"removed\":\(wasThere)}\n")
        case .text:
            Output.write(
                !wasThere
                    ? "Nobody was logged in.\n"
                    : "Logged out\(hasEnded ? "; the session has ended" : ""). \(path) is gone.\n")
        }
    }

    /// Ends the session on its server; where that fails, says so and lets the rest be done.
    private func end(_ credentials: Credentials) async -> Bool {
        guard let id = credentials.session else { return false }
        do {
            let choice = try ServerChoice(
                server: credentials.server.text, caFile: connection.caFile, variables: [:], login: credentials)
            let session = try Session(choice, token: credentials.token, connection, silenceMax: .seconds(10))
            try await session.client.revokeSession(id)
            return true
        } catch let error as ConfigPlatformError where error.code == .unauthenticated || error.code == .notFound {
            return true
        } catch {
            let reason = (error as? ConfigPlatformError)?.detail ?? "\(error)"
            let end = credentials.expiresAt.map { " by itself at \($0)" } ?? " by itself"
            Output.writeError(
                Terminal.current.errorStyle.yellow("warning:")
                    + " The session could not be ended on the server, and ends\(end). \(SafeText.line(reason))\n")
            return false
        }
    }
}

struct WhoAmICommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show who you are to the server, in which groups, and until when.",
        discussion: "What you may do, 'cfg access what' shows.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let session = try Session(connection)
        let answer = try await session.client.whoAmI()
        session.show(answer) { caller in
            Self.text(caller, server: session.client.server.text, now: session.now, session.style)
        }
    }

    static func text(_ caller: CallerView, server: String, now: Timestamp?, _ style: Style) -> String {
        Facts([
            ("Principal", caller.principal), ("Owner", caller.owner == caller.principal ? nil : caller.owner),
            ("Groups", caller.groups.joined(separator: ", ")), ("Purpose", caller.purpose),
            ("Credential", caller.credential), ("Ends", caller.expiresAt.map { TimeText.shown($0, now: now) }),
            ("Server", server),
        ]).text(style)
    }
}
