import ConfigPlatformClient
import ConfigPlatformModel
import Foundation

/// What `cfg login` keeps: one server and the token for it, in a file that only its owner can read.
struct Credentials: Hashable {
    let server: ServerAddress
    let token: String
    let certificateAuthorityFile: String?
    /// As whom; nil where an earlier version kept it.
    var principal: String?
    /// The id of the session; nil for an access token.
    var session: String?
    var expiresAt: Timestamp?

    private static let bytesMax = 64 << 10

    /// `$XDG_CONFIG_HOME/cfg/credentials.json`, or below `~/.config`.
    static func path(_ variables: [String: String]) -> String {
        let configured = variables["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = variables["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        return (configured ?? "\(home)/.config") + "/cfg/credentials.json"
    }

    /// Nil where nobody has logged in.
    static func read(_ path: String) throws -> Credentials? {
        let bytes: [UInt8]?
        do throws(DurableFile.Failure) {
            bytes = try DurableFile.read(path, bytesMax: bytesMax)
        } catch {
            throw ConfigPlatformError(.invalidUse, "The stored login is not used: \(error.description).")
        }
        guard let bytes else { return nil }
        guard let json = try? JSONValue(parsing: bytes), let server = json["server"]?.stringValue,
            let token = json["token"]?.stringValue, let address = try? ServerAddress(parsing: server)
        else {
            throw ConfigPlatformError(.invalidUse, "The stored login '\(path)' cannot be read. Run 'cfg login' again.")
        }
        return Credentials(
            server: address, token: token, certificateAuthorityFile: json["caFile"]?.stringValue,
            principal: json["principal"]?.stringValue, session: json["session"]?.stringValue,
            expiresAt: json["expiresAt"]?.stringValue.flatMap { try? Timestamp(parsing: $0) })
    }

    /// Why they are of no use any more; nil where they are.
    func fault(at now: Timestamp) -> ConfigPlatformError? {
        guard let expiresAt, expiresAt <= now else { return nil }
        let whose = principal.map { " of \($0)" } ?? ""
        return ConfigPlatformError(
            .unauthenticated,
            "The \(session == nil ? "token" : "session")\(whose) for \(server) ended \(TimeText.relative(expiresAt, to: now))."
        )
    }

    func write(_ path: String) throws {
        let folder = URL(filePath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var object: JSONObject = ["server": .string(server.text), "token": .string(token)]
        object["caFile"] = certificateAuthorityFile.map { .string($0) }
        object["principal"] = principal.map { .string($0) }
        object["session"] = session.map { .string($0) }
        object["expiresAt"] = expiresAt.map { .string($0.text) }
        try DurableFile.replace(path, with: Array(JSONValue.object(object).prettyText().utf8) + [0x0A])
    }
}

/// The server and the token that a command uses, and why those.
struct ServerChoice: Hashable {
    let server: ServerAddress
    /// Nil where none is known for that server.
    let token: String?
    let certificateAuthorityFile: String?
    /// The login that the token is of.
    let login: Credentials?

    static let defaultServer = "http://127.0.0.1:8420"

    /// A flag wins over a variable, a variable over the login. The token of a login is only ever sent to the server it
    /// was stored for.
    init(server flag: String?, caFile: String?, variables: [String: String], login: Credentials?) throws {
        let named = [flag, variables["CFG_SERVER"]].compactMap { $0 }.first { !$0.isEmpty }
        server =
            try named.map { text throws(ConfigPlatformError) in try ServerAddress(parsing: text) }
            ?? login?.server ?? ServerAddress(parsing: Self.defaultServer)
        let login = login?.server == server ? login : nil
        let given = variables["CFG_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        token = given ?? login?.token
        self.login = given == nil ? login : nil
        certificateAuthorityFile =
            [caFile, variables["CFG_CA_FILE"]].compactMap { $0 }.first { !$0.isEmpty }
            ?? login?.certificateAuthorityFile
    }
}
