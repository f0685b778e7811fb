import TestSupport
import Testing

@testable import Store

@Suite struct PostgreSQLURLTests {
    private static let password = "Hunter2-correct"

    @Test func `hosts and database make the label; user, password and parameters do not`() throws {
        let text =
            "postgres://me:\(Self.password)@db1:6432,db2:6433/cfg?target_session_attrs=read-write&connect_timeout=7"
        let url = try PostgreSQLURL(parsing: text)
        #expect(url.label == "db1:6432,db2:6433/cfg")
        #expect(url.hostCount == 2)
        #expect(url.connectTimeoutSeconds == 7)
        var dumped = ""
        dump(url, to: &dumped)
        for printed in ["\(url)", String(reflecting: url), dumped, "\([url])"] {
            #expect(!printed.contains(Self.password))
        }
    }

    @Test(arguments: [
        "", "db.example.org/cfg", "mysql://h/d", "host=h password=\(password)", "postgres://me:\(password)%zz@h/d",
        "postgres://me:\(password)@[::1/d", "postgres://me:\(password)@[::1]x/d",
        "postgres://me@h/d?password=\(password)=x",
        "postgres://me@h/d?password=\(password)&\(password)", "postgres://me:a?\(password)&\(password)@h/d?x=1",
        "postgres://me:%00\(password)@h/d", "postgresql://h/d?\(password)=1",
    ])
    func `what is no URL is refused without repeating a password`(text: String) throws {
        let error = try #require(throws: PostgreSQLURL.Invalid.self) { try PostgreSQLURL(parsing: text) }
        #expect(error.reason.contains("database URL"))
        #expect(!error.reason.contains(Self.password))
    }

    @Test func `a zero byte in a URL is refused`() {
        #expect(throws: PostgreSQLURL.Invalid.self) {
            try PostgreSQLURL(parsing: "postgres://me:\(Self.password)\u{0}@h/d")
        }
    }

    @Test func `an unknown parameter is named`() throws {
        let error = try #require(throws: PostgreSQLURL.Invalid.self) {
            try PostgreSQLURL(parsing: "postgres://me:secret@h/d?sslmode=require&sslmod=x")
        }
        #expect(error.reason == "the database URL has an unknown parameter \"sslmod\"")
    }

    @Test(.needsPostgreSQL) func `a refused password is not in the error`() async throws {
        let server = try PostgreSQLServer.shared
        try server.execute("CREATE ROLE someone LOGIN IN ROLE with_password PASSWORD 'right-password'")
        for (password, isRight) in [("right-password", true), (Self.password, false)] {
            let url = "postgres://someone:\(password)@127.0.0.1:\(server.port)/postgres"
            try await Driver.withThread(url) { thread in
                do {
                    try await thread.run(reconnectWithin: .zero) { _ in }
                    #expect(isRight)
                } catch {
                    #expect(!isRight)
                    #expect("\(error)".contains("someone"))
                    #expect(!String(reflecting: error).contains(Self.password))
                    #expect((error as? PostgreSQLError)?.isConnectionLost == true)
                }
            }
        }
    }

    @Test func `a password is struck out wherever a message repeats it`() throws {
        let url = try PostgreSQLURL(parsing: "postgres://me:%53ecret@h/d")
        #expect(url.redacting("no Secret, and no SecretSecret") == "no [redacted], and no [redacted][redacted]")
    }
}
