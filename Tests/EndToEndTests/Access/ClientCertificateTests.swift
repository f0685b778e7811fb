import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// Clients that prove who they are by a certificate, as curl does it.
@Suite(
    "Certificates of clients", .enabled(if: Authority.canBeMade, "skipped: openssl or curl is not installed"),
    .timeLimit(.minutes(9)))
struct ClientCertificateTests {
    private static let spiffe = "spiffe://acme.example/shop"

    /// A server with TLS that believes the certificates of one authority, and what clients need for it.
    private struct Ground {
        let clients: Authority
        let server: CfgProcess
        private let servers: Authority

        init() async throws {
            clients = try await Authority("clients")
            servers = try await Authority("servers")
            let own = try await servers.certificate("localhost", names: "IP:127.0.0.1")
            server = try await CfgProcess(
                .init(arguments: [
                    "--tls-certificate", own.certificate, "--tls-key", own.key, "--client-ca", clients.certificate,
                ]))
            for command in [
                ["project", "create", "shop"], ["env", "create", "production"],
                ["set", "greeting", "hello", "-e", "production"],
                ["binding", "add", "--subject", "certificate:shop", "--role", "evaluator"],
                ["binding", "add", "--subject", "certificate:\(ClientCertificateTests.spiffe)", "--role", "viewer"],
            ] { try await cfg(command).succeeded() }
        }

        func cfg(_ arguments: [String]) async throws -> CommandResult {
            try await CfgProcess.run(
                arguments,
                environment: [
                    "CFG_SERVER": server.url, "CFG_TOKEN": server.token ?? "", "CFG_PROJECT": "shop",
                    "CFG_CA_FILE": servers.certificate,
                ])
        }

        /// What curl asks with, and for.
        func arguments(_ path: String, _ flag: String, _ shown: Authority.Certificate?, token: String?) -> [String] {
            var arguments = ["--silent", "--max-time", "60", "--cacert", servers.certificate, flag]
            if let shown { arguments += ["--cert", shown.certificate, "--key", shown.key] }
            if let token { arguments += ["--header", "Authorization: Bearer \(token)"] }
            return arguments + ["https://127.0.0.1:\(server.port)\(path)"]
        }

        /// The status, 0 where there was no answer, and the body.
        func get(
            _ path: String, _ flag: String = "--http1.1", by shown: Authority.Certificate?, token: String? = nil
        ) async throws -> (status: Int, body: String, version: String) {
            let result = try await CommandRun.run(
                "curl",
                ["--write-out", "\n%{http_version} %{http_code}"]
                    + arguments(path, flag, shown, token: token))
            let end = try #require(result.output.lastIndex(of: "\n"), "\(result)")
            let words = result.output[end...].split(whereSeparator: \.isWhitespace)
            #expect((result.status == 0) == (words[1] != "000"), "\(result)")
            return (Int(words[1]) ?? 0, String(result.output[..<end]), String(words[0]))
        }

        func principal(
            _ flag: String = "--http1.1", by shown: Authority.Certificate?, token: String? = nil
        ) async throws -> JSONValue? {
            let answer = try await get("/api/v1/whoami", flag, by: shown, token: token)
            return answer.status == 200 ? try JSONValue(parsing: answer.body)["principal"] : .int(answer.status)
        }

        /// A watch of production by curl.
        func watch(_ flag: String, by shown: Authority.Certificate, in folder: TemporaryFolder) throws -> WatchedProcess
        {
            try WatchedProcess(
                "/usr/bin/curl",
                ["--no-buffer"]
                    + arguments(
                        "/api/v1/projects/shop/watch?environment=production", flag, shown, token: nil),
                environment: [:], directory: folder.root, errorFile: folder.path("errors"))
        }
    }

    private static let settings = "/api/v1/projects/shop/environments/production/settings"

    @Test(arguments: [(flag: "--http1.1", version: "1.1"), (flag: "--http2", version: "2")])
    func `a certificate says who calls, by its URI or its common name, over either version of HTTP`(
        flag: String, version: String
    ) async throws {
        let ground = try await Ground()
        let named = try await ground.clients.certificate("shop")
        let spiffe = try await ground.clients.certificate("not this name", names: "DNS:x.example,URI:\(Self.spiffe)")
        let odd = try await ground.clients.certificate("Ada Lovelace*")
        let caller = try JSONValue(parsing: try await ground.get("/api/v1/whoami", flag, by: named).body)
        #expect(caller["principal"] == "certificate:shop" && caller["purpose"] == "certificate")
        #expect(try await ground.principal(flag, by: spiffe) == .string("certificate:\(Self.spiffe)"))
        #expect(
            try await ground.principal(flag, by: odd) == "certificate:Ada%20Lovelace%2A", "no pattern, and no spaces")
        for _ in 1...2 {
            let read = try await ground.get(Self.settings, flag, by: named)
            #expect(read.status == 200 && read.body == #"{"greeting":"hello"}"# && read.version == version, "\(read)")
        }
        #expect(try await ground.get(Self.settings, flag, by: spiffe).status == 200)
        #expect(try await ground.get(Self.settings, flag, by: odd).status == 404, "who is nobody's friend")
        #expect(try await ground.get("/api/v1/tokens", flag, by: named).status == 200)
        #expect(try await ground.get("/api/v1/projects/shop/bindings", flag, by: named).status == 403)

        // Without one, tokens count; and where there is a token, it alone does.
        #expect(try await ground.principal(flag, by: nil) == 401)
        #expect(try await ground.get(Self.settings, flag, by: nil).status == 401)
        let admin = try #require(ground.server.token)
        let alone = try #require(try await ground.principal(flag, by: nil, token: admin)?.stringValue)
        #expect(alone.hasPrefix("token:dev-"))
        #expect(try await ground.principal(flag, by: named, token: admin) == .string(alone))
        #expect(
            try await ground.principal(flag, by: named, token: "cfg_nothing") == 401, "not as the certificate instead")
        try await ground.server.stop()
    }

    @Test(arguments: ["--http1.1", "--http2"])
    func `a certificate of another authority or out of its time ends the handshake`(flag: String) async throws {
        let ground = try await Ground()
        let strangers = try await Authority("clients")
        for shown in [
            try await strangers.certificate("shop"), try await ground.clients.certificate("shop", days: -1),
        ] {
            #expect(try await ground.get("/readyz", flag, by: shown).status == 0, "not even that")
            #expect(try await ground.get(Self.settings, flag, by: shown, token: ground.server.token).status == 0)
        }
        #expect(try await ground.get("/readyz", flag, by: nil).status == 200)
        try await ground.server.stop()
    }

    @Test(arguments: ["--http1.1", "--http2"])
    func `a watch by a certificate goes on until its identity is disabled, which ends the rest, too`(flag: String)
        async throws
    {
        let ground = try await Ground()
        let shown = try await ground.clients.certificate("shop")
        let folder = try TemporaryFolder()
        let watch = try ground.watch(flag, by: shown, in: folder)
        #expect(await watch.line(after: "event: snapshot") != nil, "\(watch.errors)")
        try await ground.cfg(["set", "greeting", "hi", "-e", "production"]).succeeded()
        #expect(await watch.line(after: "event: change") != nil, "\(watch.errors)")
        try await ground.cfg(["identity", "create", "certificate:shop"]).succeeded()
        #expect(try await ground.get(Self.settings, flag, by: shown).status == 200)
        try await ground.cfg(["identity", "disable", "certificate:shop"]).succeeded()
        #expect(try await ground.get(Self.settings, flag, by: shown).status == 401)
        try await ground.cfg(["set", "greeting", "secret", "-e", "production"]).succeeded()
        #expect(await watch.end() == 0, "its stream ends in order")
        #expect(!watch.output.contains("secret"))
        try await ground.cfg(["identity", "enable", "certificate:shop"]).succeeded()
        #expect(try await ground.get(Self.settings, flag, by: shown).status == 200)
        try await ground.server.stop()
    }

    @Test func `authorities that cannot be read, or without TLS, are refused at the start`() async throws {
        let folder = try TemporaryFolder()
        let text = try folder.write("none.pem", "no certificate")
        for arguments in [["--client-ca", text], ["--client-ca", folder.path("absent")]] {
            let result = try await CfgProcess.run(
                ["serve", "--data", "d", "--listen", "127.0.0.1:0"] + arguments)
            #expect(result.status != 0 && result.errors.contains("client-ca"), "\(result)")
        }
    }
}
