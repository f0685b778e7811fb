import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

@Suite("schemas from the command line", .timeLimit(.minutes(9)))
struct SchemaEnforcementTests {
    @Test func `drafted, put in force, obeyed, and loosened`() async throws {
        let folder = try TemporaryFolder()
        let server = try await CfgProcess(.init(arguments: ["--sample"]))
        let draft = try await server.cli("schema", "infer", "-p", "shop").succeeded()
        let file = try folder.write("shop.json", draft.output)
        try await server.cli("schema", "set", "shop", file, "-p", "shop").succeeded()
        let misspelt = try await server.cli("set", "checkout.retrys", "5", "-p", "shop", "-e", "base")
        #expect(misspelt.status == 1)
        #expect(misspelt.errors.contains("did you mean \"retries\"?"), "\(misspelt)")
        #expect(misspelt.errors.contains("production"), "\(misspelt)")
        let described = try await server.cli("describe", "service.port", "-p", "shop", "-e", "production")
        #expect(described.output.contains("65535"), "\(described)")
        let tight = try folder.write("tight.json", #"{"properties":{"timeout":{"maximum":2000}}}"#)
        let refused = try await server.cli("schema", "set", "tight", tight, "--prefix", "checkout", "-p", "shop")
        #expect(refused.status == 1 && refused.errors.contains("staging"), "\(refused)")
        try await server.cli("schema", "set", "tight", tight, "--prefix", "checkout", "-p", "shop", "--report-only")
            .succeeded()
        let findings = try await server.cli("findings", "-p", "shop", "--exit-code")
        #expect(findings.status == 1 && findings.output.contains("must be at most 2000"), "\(findings)")
        try await server.cli("schema", "delete", "tight", "-p", "shop").succeeded()
        try await server.cli("findings", "-p", "shop", "--exit-code").succeeded()
        // A rollback of everything takes the schema with it.
        try await server.cli("rollback", "1", "-p", "shop", "--all-environments").succeeded()
        try await server.cli("set", "checkout.retrys", "5", "-p", "shop", "-e", "base").succeeded()
        try await server.stop()
    }

    @Test(.enabled(if: SharedData.path(history) != nil, "the folder real-input/opentelemetry-demo/history is absent"))
    func `the passwords of a real file are warned about, and refused where the project wants that`() async throws {
        let name = try #require(SharedData.fileNames(in: Self.history).last { Int($0) != nil }) + "/demo.env"
        let file = try #require(SharedData.path("\(Self.history)/\(name)"))
        let text = String(decoding: try SharedData.bytes("\(Self.history)/\(name)"), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("POSTGRES_PASSWORD=") })
        let value = line.dropFirst("POSTGRES_PASSWORD=".count)
        let server = try await CfgProcess()
        try await server.cli("project", "create", "demo").succeeded()
        try await server.cli("env", "create", "base", "-p", "demo").succeeded()
        let taken = try await server.cli("import", file, "-p", "demo", "-e", "base", "-f", "dotenv").succeeded()
        #expect(taken.errors.contains("'POSTGRES_PASSWORD' stands under a name that says password"), "\(taken)")
        let report = try await server.cli("findings", "-p", "demo", "--kind", "plaintext-secret")
        #expect(report.output.contains("POSTGRES_PASSWORD"))
        #expect(!report.output.contains(" \(value) "), "a report never holds the value")
        try await server.cli("project", "update", "demo", "--plaintext-secrets", "refuse").succeeded()
        let refused = try await server.cli("set", "POSTGRES_PASSWORD", "another-one", "-p", "demo", "-e", "base")
        #expect(refused.status == 1 && refused.errors.contains("--plaintext-reason"), "\(refused)")
        #expect(!refused.errors.contains("another-one"))
        try await server.cli(
            "key", "set", "POSTGRES_PASSWORD", "--plaintext-reason", "public in the demo", "-p", "demo"
        ).succeeded()
        try await server.cli("set", "POSTGRES_PASSWORD", "another-one", "-p", "demo", "-e", "base").succeeded()
        try await server.stop()
    }

    private static let history = "real-input/opentelemetry-demo/history"

    @Test func `a validator over the network refuses, times out, and is asked with a signature it can check`()
        async throws
    {
        let folder = try TemporaryFolder()
        let key = try folder.write("key", "0123456789abcdef0123456789abcdef\n")
        let script = try folder.write("validator.py", Self.validator)
        let validator = try WatchedProcess(
            "/usr/bin/env", ["python3", script], environment: ProcessInfo.processInfo.environment,
            directory: folder.root, errorFile: folder.path("errors"))
        let port = try #require(await validator.line(after: "listening at "), "python3 did not serve")
        let server = try await CfgProcess(.init(arguments: ["--sample", "--webhook-key-file", key]))
        try await server.cli(
            "validator", "set", "limits", "http://127.0.0.1:\(port)/", "-p", "shop", "--timeout", "5"
        ).succeeded()
        func set(_ value: String) async throws -> CommandResult {
            try await server.cli("set", "checkout.timeout", value, "-p", "shop", "-e", "production")
        }
        try await set("2600").succeeded()
        let refused = try await set("666")
        #expect(refused.status == 1 && refused.errors.contains("not that number"), "\(refused)")
        let late = try await set("777")
        #expect(late.status != 0 && late.errors.contains("did not answer within 5 seconds"), "\(late)")
        let log = try await server.cli("audit", "events", "--output", "json")
        #expect(log.output.contains("not that number"), "\(log)")
        try await server.stop()
        validator.signal(SIGKILL)
    }

    /// Checks the signature as the specification says, refuses 666 and sleeps over 777.
    private static let validator = """
        import base64, hashlib, hmac, http.server, json, sys, time
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = (self.headers["Webhook-Id"] + "." + self.headers["Webhook-Timestamp"] + ".").encode() + body
                code = base64.b64encode(hmac.new(b"0123456789abcdef0123456789abcdef", signed, hashlib.sha256).digest()).decode()
                text = json.dumps(json.loads(body)["operations"])
                if "777" in text: time.sleep(20)
                allow = "666" not in text and self.headers["Webhook-Signature"] == "v1," + code
                answer = json.dumps({"allow": allow, "message": "not that number"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print("listening at", server.server_port, flush=True)
        server.serve_forever()
        """
}
