import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// The text of a token is shown to whoever it is made for, once, and is nowhere else: not in a log, not in the database, not in a backup.
@Suite("Tokens stay with their owners", .timeLimit(.minutes(9)))
struct TokenCanaryTests {
    @Test(arguments: ["text", "json"])
    func `no token is in the log, the database or a backup of an embedded platform`(logFormat: String) async throws {
        let server = try await CfgProcess(
            .init(isDevelopment: false, arguments: ["--log-level", "trace", "--log-format", logFormat]))
        let tokens = try await Self.use(server)
        let folder = try TemporaryFolder()
        try await CfgProcess.run(["backup", "--data", server.data, folder.path("backup")]).succeeded()
        try await Self.expectAbsence(of: tokens, in: server.data, "while it is served")
        try await server.stop()
        #expect(!server.log.isEmpty)
        for token in tokens { #expect(!server.log.contains(token)) }
        try await Self.expectAbsence(of: tokens, in: server.data, "at rest")
        try await Self.expectAbsence(of: tokens, in: folder.root, "in the backup")
        let printed = CfgProcess.tokens(in: server.output)
        #expect(printed == [try #require(server.token)], "standard output has shown the first one, and no other")
    }

    @Test(.enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)"))
    func `no token is in the log or the database of a platform on PostgreSQL, nor the password in the log`()
        async throws
    {
        let database = try PostgreSQLServer.shared
        let plain = try database.createDatabase()
        let name = try #require(plain.split(separator: "/").last.map(String.init))
        try database.execute("CREATE ROLE \(name)_owner LOGIN PASSWORD 'open-sesame' IN ROLE with_password")
        try database.execute("ALTER DATABASE \(name) OWNER TO \(name)_owner")
        let url = "postgres://\(name)_owner:open-sesame@127.0.0.1:\(database.port)/\(name)"
        let server = try await CfgProcess(.init(databaseURL: url, arguments: ["--log-level", "trace"]))
        let tokens = try await Self.use(server)
        try await server.stop()
        #expect(!server.log.contains("open-sesame"))
        for token in tokens { #expect(!server.log.contains(token)) }
        let tables = try database.execute(
            "SELECT string_agg(quote_ident(tablename), ' ') FROM pg_tables WHERE schemaname = 'public'", database: name)
        try #require(!tables.isEmpty)
        for table in tables.split(separator: " ") {
            let rows = try database.execute("SELECT t::text FROM \(table) t", database: name)
            for token in tokens {
                #expect(!rows.contains(token), "in \(table)")
                #expect(!rows.contains(Self.hexadecimal(token)), "in \(table)")
            }
        }
    }

    /// Makes, uses, mistypes and revokes tokens in every way there is; returns all their texts.
    private static func use(_ server: CfgProcess) async throws -> [String] {
        var tokens = [try #require(server.token)]
        let project = ProjectPath("shop")
        let made = try await server.client.call(
            "POST", "/api/v1/tokens", body: .json(["name": "admin", "role": "administrator"]), expecting: [201]
        ).json()
        tokens.append(try #require(made["token"]?.stringValue))
        let admin = server.client.with(token: tokens[1])
        try await admin.makeProject(project, environments: [("base", [])])
        let bot = try await CfgProcess.run(
            ["token", "create", "bot", "--role", "administrator"],
            environment: ["CFG_SERVER": server.url, "CFG_TOKEN": tokens[1]]
        ).succeeded()
        tokens.append(try #require(CfgProcess.tokens(in: bot.output).first))
        let botClient = server.client.with(token: tokens[2])
        try await botClient.put("value", "key", "base", of: project)
        // Refusals are where texts like to slip into logs.
        for token in tokens {
            #expect(try await server.client.with(token: token).send("GET", "/api/v1/nothing").status >= 400)
        }
        let forged = "cfg_" + String(repeating: "Canary7", count: 6).prefix(38)
        tokens.append(String(forged))
        #expect(try await server.client.with(token: String(forged)).send("GET", "/api/v1/whoami").status == 401)
        #expect(try await admin.send("GET", "/api/v1/projects", query: [("token", tokens[2])]).status == 400)
        #expect(
            try await admin.send(
                "POST", "/api/v1/tokens", body: .json(["name": .string(tokens[2]), "role": "administrator"])
            ).status == 400)
        let (_, watch) = try await botClient.events(project.root + "/watch")
        #expect(try await watch.next()?.event == "snapshot")
        let listed = try await admin.call("GET", "/api/v1/tokens").json()["tokens"]?.arrayValue
        let id = try #require(listed?.first { $0["name"] == "bot" }?["id"]?.stringValue)
        try await admin.call("DELETE", "/api/v1/tokens/\(id)", expecting: [204])
        #expect(try await botClient.send("GET", "/api/v1/whoami").status == 401)
        watch.close()
        return tokens
    }

    private static func expectAbsence(of tokens: [String], in folder: String, _ when: Comment) async throws {
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder)
        try #require(!files.isEmpty)
        for file in files {
            guard let content = FileManager.default.contents(atPath: folder + "/" + file) else { continue }
            for token in tokens { #expect(content.range(of: Data(token.utf8)) == nil, "\(file), \(when)") }
        }
    }

    private static func hexadecimal(_ text: String) -> String {
        text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
