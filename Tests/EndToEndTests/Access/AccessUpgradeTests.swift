import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// A database from before there were roles: made by this `cfg`, and taken back to what the schema's first migration makes.
@Suite("An upgrade to access control", .timeLimit(.minutes(9)))
struct AccessUpgradeTests {
    private let project = ProjectPath("shop")

    private static let python = FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")

    /// What the migrations after the first made, undone.
    private static let undone = [
        "CREATE INDEX changes_by_time ON changes (committed_at)", "DROP TABLE experiment_assignments",
        "DROP TABLE flag_usage", "DROP TABLE leases",
        "DROP INDEX credentials_by_version", "ALTER TABLE credentials DROP COLUMN version",
        "ALTER TABLE credentials DROP COLUMN detail", "DROP TABLE credential_uses",
        "DELETE FROM schema_migrations WHERE number >= 2",
    ]

    @Test(.enabled(if: python, "skipped: there is no python3 to take an SQLite database back with"))
    func `an embedded database of before opens, and its tokens can do everything as before`() async throws {
        let server = try await CfgProcess()
        let old = try await fill(server.client)
        try await server.stop()
        let script =
            "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\n"
            + "for statement in sys.argv[2:]: db.execute(statement)\ndb.commit()\n"
            + "print([column[1] for column in db.execute('PRAGMA table_info(credentials)')])\ndb.close()\n"
        let columns = try await CommandRun.run(
            "/usr/bin/python3", ["-c", script, server.data + "/cfg.sqlite"] + Self.undone
        ).succeeded().output
        #expect(
            columns
                == "['id', 'name', 'purpose', 'hash', 'created_at', 'created_by', 'expires_at', 'revoked_at']\n")
        try await server.start()
        try await expectEverything(old, server)
        #expect(try await server.client.whoAmI() == 200, "the development token, too")
        try await server.restart()
        #expect(try await server.client.with(token: old.bot).whoAmI() == 200)
        try await server.stop()
        try await CfgProcess.run(["store", "check", "--data", server.data]).succeeded()
    }

    @Test(.enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)"))
    func `a PostgreSQL database of before opens, and its tokens can do everything as before`() async throws {
        let url = try PostgreSQLServer.shared.createDatabase()
        let server = try await CfgProcess(.init(databaseURL: url))
        let made = try await server.client.call(
            "POST", "/api/v1/tokens", body: .json(["name": "admin", "role": "administrator"]))
        let old = try await fill(server.client.with(token: made.json()["token"]?.stringValue))
        try await server.stop()
        let name = try #require(url.split(separator: "/").last.map(String.init))
        for statement in Self.undone { try PostgreSQLServer.shared.execute(statement, database: name) }
        try await server.start()
        #expect(CfgProcess.tokens(in: server.process.output).isEmpty, "no second bootstrap token")
        #expect(try await server.client.whoAmI() == 401, "a bootstrap token that had ended stays so")
        try await expectEverything(old, server)
        try await server.stop()
        try await CfgProcess.run(["store", "check", "--database-url", url]).succeeded()
    }

    private struct Old {
        let bot: String
        let revoked: String
        let expiring: String
    }

    /// A ledger, and tokens as there were: live, revoked, and with an end.
    private func fill(_ client: WireClient) async throws -> Old {
        try await client.makeProject(project, environments: [("base", []), ("production", ["base"])])
        try await client.put("hello", "greeting", "base", of: project)
        func token(_ name: String, _ more: JSONObject = [:]) async throws -> JSONValue {
            var body: JSONObject = ["name": .string(name), "role": "administrator"]
            for (name, value) in more { body[name] = value }
            return try await client.call("POST", "/api/v1/tokens", body: .json(.object(body))).json()
        }
        let bot = try await token("bot")
        let gone = try await token("gone")
        let expiring = try await token("expiring", ["expiresIn": 3_600])
        let id = try #require(gone["id"]?.stringValue)
        try await client.call("DELETE", "/api/v1/tokens/\(id)", expecting: [204])
        return Old(
            bot: bot["token"]?.stringValue ?? "", revoked: gone["token"]?.stringValue ?? "",
            expiring: expiring["token"]?.stringValue ?? "")
    }

    private func expectEverything(_ old: Old, _ server: CfgProcess) async throws {
        #expect(try await server.client.with(token: old.revoked).whoAmI() == 401)
        #expect(try await server.client.with(token: old.expiring).whoAmI() == 200)
        let bot = server.client.with(token: old.bot)
        #expect(try await bot.call("GET", "/api/v1/whoami").json()["principal"] == "token:bot")
        #expect(try await bot.document("production", of: project).json() == ["greeting": "hello"])
        try await bot.put("hi", "greeting", "production", of: project)
        try await bot.call("PUT", "/api/v1/projects/other", body: .json([:]))
        try await bot.call("GET", "/api/v1/audit/events")
        try await bot.call("GET", "/metrics")
        let listed = try await bot.call("GET", "/api/v1/tokens").json()["tokens"]?.arrayValue ?? []
        let live = listed.filter { $0["live"] == true }
        #expect(live.allSatisfy { $0["grants"] == [["role": "administrator"]] }, "\(live)")
        // What there was not before.
        try await bot.call("PUT", "/api/v1/roles/reader", body: .json(["permissions": [["actions": ["read"]]]]))
        try await bot.bind("user:corp/ada", to: "reader", as: "ada", in: project)
        let made = try await bot.call(
            "POST", "/api/v1/tokens", body: .json(["name": "successor", "role": "evaluator", "project": "shop"]))
        let successor = server.client.with(token: try made.json()["token"]?.stringValue)
        #expect(try await successor.document("production", of: project).json() == ["greeting": "hi"])
        let id = try #require(listed.first { $0["name"] == "expiring" }?["id"]?.stringValue)
        try await bot.call("DELETE", "/api/v1/tokens/\(id)", expecting: [204])
        #expect(try await server.client.with(token: old.expiring).whoAmI() == 401)
    }
}
