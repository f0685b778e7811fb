import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

@Suite("Starting", .timeLimit(.minutes(9)))
struct StartingTests {
    /// A start that must fail: with what, and what the one line says about it.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var arguments: [String]
        var environment: [String: String] = [:]
        /// The settings file, which is then named by `--config`.
        var file: (name: String, text: String)?
        let mentions: [String]

        var testDescription: String {
            (arguments + environment.map { "\($0)=\($1)" } + [file.map { "\($0.name): \($0.text)" }].compactMap { $0 })
                .joined(separator: " ")
        }
    }

    static let refusals: [Refusal] = [
        Refusal(arguments: [], mentions: ["--data", "--database-url"]),
        Refusal(arguments: ["--data", "d", "--listen", "8420"], mentions: ["--listen", "8420", "HOST:PORT"]),
        Refusal(arguments: ["--data", "d", "--listen", "127.0.0.1:70000"], mentions: ["--listen", "70000"]),
        Refusal(
            arguments: ["--data", "d", "--listen", "0.0.0.0:0"],
            mentions: ["0.0.0.0", "--tls-certificate", "--insecure"]),
        Refusal(arguments: ["--data", "d", "--listen", "[::]:0"], mentions: ["[::]", "--tls-certificate"]),
        Refusal(arguments: ["--data", "d", "--tls-certificate", "c.pem"], mentions: ["tls-key"]),
        Refusal(arguments: ["--data", "d", "--tls-key", "k.pem"], mentions: ["tls-certificate"]),
        Refusal(
            arguments: ["--data", "d", "--tls-certificate", "absent.pem", "--tls-key", "absent.key"],
            mentions: ["tls-certificate", "absent.pem"]),
        Refusal(arguments: ["--data", "d", "--log-level", "loud"], mentions: ["--log-level", "loud", "warning"]),
        Refusal(arguments: ["--data", "d", "--log-format", "xml"], mentions: ["--log-format", "xml", "json"]),
        Refusal(
            arguments: ["--data", "d", "--shutdown-grace-seconds", "soon"],
            mentions: ["--shutdown-grace-seconds", "soon"]),
        Refusal(
            arguments: ["--data", "d", "--trusted-proxies", "the-proxy"], mentions: ["--trusted-proxies", "the-proxy"]),
        Refusal(arguments: ["--database-url", "mysql://db/cfg"], mentions: ["--database-url", "postgres://"]),
        Refusal(arguments: ["--dev", "--database-url", "postgres://db/cfg"], mentions: ["--dev", "--data"]),
        Refusal(
            arguments: ["--database-url", "postgres://cfg:sesame@127.0.0.1:1/cfg"], mentions: ["database", "127.0.0.1"]),
        Refusal(
            arguments: ["--data", "d"], environment: ["CFG_SERVE_LISTEN": "nowhere"],
            mentions: ["CFG_SERVE_LISTEN", "nowhere"]),
        Refusal(
            arguments: ["--data", "d"], environment: ["CFG_SERVE_LISTN": "127.0.0.1:0"], mentions: ["CFG_SERVE_LISTN"]),
        Refusal(
            arguments: ["--data", "d"], environment: ["CFG_SERVE_DEV": "yes"],
            mentions: ["CFG_SERVE_DEV", "yes", "true"]),
        Refusal(
            arguments: ["--data", "d"], file: ("cfg.yaml", "listen: nowhere"),
            mentions: ["listen", "cfg.yaml", "nowhere"]),
        Refusal(
            arguments: ["--data", "d"], file: ("cfg.yaml", "lisen: 127.0.0.1:0"), mentions: ["lisen", "cfg.yaml"]),
        Refusal(arguments: ["--data", "d"], file: ("cfg.toml", "listen = "), mentions: ["cfg.toml", "line 1"]),
        Refusal(arguments: ["--data", "d"], file: ("cfg.ini", "listen = 1"), mentions: ["cfg.ini"]),
        Refusal(arguments: ["--data", "d", "--config", "absent.yaml"], mentions: ["absent.yaml"]),
        Refusal(arguments: ["--data", "/dev/null/d"], mentions: ["/dev/null/d"]),
    ]

    @Test(arguments: refusals)
    func `a setting that cannot be is refused in one line that names it`(refusal: Refusal) async throws {
        let folder = try TemporaryFolder()
        var arguments = ["serve"] + refusal.arguments
        if let file = refusal.file { arguments += ["--config", try folder.write(file.name, file.text)] }
        if !arguments.contains("--listen"), refusal.environment["CFG_SERVE_LISTEN"] == nil, refusal.file == nil {
            arguments += ["--listen", "127.0.0.1:0"]
        }
        let result = try await CfgProcess.run(arguments, environment: refusal.environment, directory: folder.root)
        #expect(result.status != 0, "\(result)")
        #expect(result.output.isEmpty, "\(result)")
        // Beside it there may be lines of the log.
        #expect(result.errors.split(separator: "\n").count { $0.hasPrefix("cfg serve: ") } == 1, "\(result)")
        for word in refusal.mentions { #expect(result.errors.contains(word), "no \(word) in \(result)") }
        #expect(!result.errors.contains("sesame"), "\(result)")
    }

    @Test(arguments: ["--lisen", "--tls-cert", "--verbose"])
    func `a flag that does not exist is refused by its name`(flag: String) async throws {
        let result = try await CfgProcess.run(["serve", "--data", "d", flag, "x"])
        #expect(result.status != 0)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains(flag), "\(result)")
    }

    @Test func `a flag wins over a variable, and a variable over the settings file`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("cfg.yaml", "dev: false\nlog-level: loud\nlisten: nowhere\n")
        let server = try await CfgProcess(
            .init(
                arguments: ["--config", file, "--log-level", "error"],
                environment: ["CFG_SERVE_LISTEN": "nowhere", "CFG_SERVE_LOG_LEVEL": "loud"]))
        try await server.client.call("GET", "/api/v1/whoami")
        try await server.stop()
        #expect(server.log.isEmpty, "the flag says error")
    }

    @Test func `the settings can all be given by a file`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("cfg.toml", "data = '\(folder.path("data"))'\nlisten = '127.0.0.1:0'\ndev = true\n")
        let process = try WatchedProcess(
            CfgProcess.binary, ["serve", "--config", file], environment: ["HOME": folder.root], directory: folder.root,
            errorFile: folder.path("log"))
        #expect(await process.line(after: "cfg is ready at http://127.0.0.1:") != nil, "\(process.errors)")
        #expect(FileManager.default.fileExists(atPath: folder.path("data/dev-token")))
        process.signal(SIGTERM)
        #expect(await process.end() == 0, "\(process.errors)")
    }

    @Test func `a second process on the same folder refuses in one line, and the first goes on`() async throws {
        let server = try await CfgProcess()
        let project = ProjectPath("shop")
        try await server.client.makeProject(project, environments: [("base", [])])
        for _ in 1...2 {
            let second = try await CfgProcess.run(["serve", "--dev", "--data", server.data, "--listen", "127.0.0.1:0"])
            #expect(second.status != 0, "\(second)")
            #expect(second.output.isEmpty, "\(second)")
            #expect(second.errors.split(separator: "\n").count == 1, "\(second)")
            #expect(second.errors.contains(server.data), "\(second)")
            try await server.client.put(1, "answer", "base", of: project)
        }
        await server.kill()
        // Whatever told the second apart must not outlive the first.
        try await server.start()
        #expect(try await server.client.document("base", of: project).json() == ["answer": 1])
        try await server.stop()
    }

    @Test func `a port that is taken is refused in one line`() async throws {
        let server = try await CfgProcess()
        let result = try await CfgProcess.run(["serve", "--dev", "--data", "d", "--listen", "127.0.0.1:\(server.port)"])
        #expect(result.status != 0, "\(result)")
        #expect(result.output.isEmpty, "\(result)")
        #expect(result.errors.contains("127.0.0.1:\(server.port)"), "\(result)")
        #expect(result.errors.split(separator: "\n").count { $0.hasPrefix("cfg serve: ") } == 1, "\(result)")
        try await server.stop()
    }

    @Test func `what lies in the folder and is no database of cfg is refused and left as it is`() async throws {
        let server = try await CfgProcess()
        try await server.stop()
        let files = try FileManager.default.contentsOfDirectory(atPath: server.data)
        let database = try #require(
            files.first { $0.hasSuffix(".db") || $0.hasSuffix(".sqlite") || $0.hasSuffix(".sqlite3") })
        let folder = try TemporaryFolder()
        let text = String(repeating: "This is no database. ", count: 500)
        let path = try folder.write(database, text)
        let result = try await CfgProcess.run(["serve", "--dev", "--data", folder.root, "--listen", "127.0.0.1:0"])
        #expect(result.status != 0, "\(result)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result)")
        #expect(result.errors.contains(path), "\(result)")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }

    @Test func `the sample project is made once, in an empty platform only`() async throws {
        let server = try await CfgProcess(.init(arguments: ["--sample"]))
        let listed = try await server.client.call("GET", "/api/v1/projects").json()
        #expect(listed["projects"]?.arrayValue?.map { $0["name"] } == ["shop"])
        let revision = try await server.client.call("GET", "/readyz").json()["revision"]
        let names = try await server.client.call("GET", "/api/v1/projects/shop/environments").json()["environments"]?
            .arrayValue
        #expect(names?.compactMap { $0["name"]?.stringValue } == ["base", "development", "production", "staging"])
        let production = try await server.client.document("production", of: ProjectPath("shop")).json()
        #expect(production["service"]?["url"] == "https://shop.example.com")
        try await server.restart()
        #expect(try await server.client.call("GET", "/readyz").json()["revision"] == revision)
        try await server.client.call("DELETE", "/api/v1/projects/shop")
        try await server.stop()
    }
}
