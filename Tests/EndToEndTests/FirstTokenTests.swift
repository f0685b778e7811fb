import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

@Suite("The first tokens", .timeLimit(.minutes(9)))
struct FirstTokenTests {
    @Test func `the first start prints one bootstrap token, which works, and a restart prints none`() async throws {
        let server = try await CfgProcess(.init(isDevelopment: false))
        #expect(CfgProcess.tokens(in: server.output).count == 1)
        #expect(!FileManager.default.fileExists(atPath: server.data + "/dev-token"))
        let caller = try await server.client.call("GET", "/api/v1/whoami").json()
        #expect(caller["purpose"] == "bootstrap")
        try await server.restart()
        #expect(CfgProcess.tokens(in: server.process.output).isEmpty)
        try await server.client.call("GET", "/api/v1/whoami")
        try await server.stop()
    }

    @Test func `the bootstrap token ends with the first token it makes, also over a restart`() async throws {
        let server = try await CfgProcess(.init(isDevelopment: false))
        let made = try await server.client.call(
            "POST", "/api/v1/tokens", body: .json(["name": "admin", "role": "administrator"]), expecting: [201]
        ).json()
        let admin = try #require(made["token"]?.stringValue)
        for _ in 1...2 {
            let refused = try await server.client.call("GET", "/api/v1/whoami", expecting: [401])
            #expect(refused.problemCode == "unauthenticated")
            #expect(refused.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
            #expect(
                try await server.client.with(token: admin).call("GET", "/api/v1/whoami").json()["principal"]
                    == "token:admin")
            try await server.restart()
        }
        #expect(CfgProcess.tokens(in: server.process.output).isEmpty)
        try await server.stop()
    }

    @Test func `a development server keeps its token over restarts in a file that its owner alone reads`() async throws
    {
        let server = try await CfgProcess()
        let path = server.data + "/dev-token"
        let token = try String(contentsOfFile: path, encoding: .utf8)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(CfgProcess.tokens(in: server.output) == [token.trimmingCharacters(in: .newlines)])
        try await server.restart()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == token)
        try await server.client.call("GET", "/api/v1/whoami")
        try await server.stop()
    }

    @Test func `without a token there are only the two answers about health`() async throws {
        let server = try await CfgProcess()
        let stranger = server.client.with(token: nil)
        #expect(try await stranger.call("GET", "/healthz").json()["status"] == "ok")
        let ready = try await stranger.call("GET", "/readyz").json()
        #expect(ready["ready"] == true)
        #expect(ready["revision"] == 0)
        for path in ["/metrics", "/api/v1/whoami", "/api/v1/limits", "/api/v1/projects", "/api/v1/tokens"] {
            #expect(try await stranger.send("GET", path).status == 401, "\(path)")
        }
        try await server.stop()
    }
}
