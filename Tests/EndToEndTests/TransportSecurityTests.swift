import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// TLS as curl sees it: the server's own client and server are one library, and would agree with one another in any case.
@Suite("TLS", .enabled(if: Certificate.canBeMade, "skipped: openssl or curl is not installed"), .timeLimit(.minutes(9)))
struct TransportSecurityTests {
    @Test(arguments: [(flag: "--http1.1", version: "1.1"), (flag: "--http2", version: "2")])
    func `a client that trusts the certificate is served over either version of HTTP`(flag: String, version: String)
        async throws
    {
        let certificate = try await Certificate("one")
        let server = try await Self.serve(certificate)
        #expect(server.url.hasPrefix("https://127.0.0.1:"))
        let ready = try await certificate.curl(server, "/readyz", flag)
        #expect(ready.output.hasSuffix("\n\(version) 200"), "\(ready)")
        let caller = try await certificate.curl(
            server, "/api/v1/whoami", flag, "--header", "Authorization: Bearer \(server.token ?? "")")
        #expect(caller.output.hasSuffix("\n\(version) 200"), "\(caller)")
        #expect(caller.output.contains(#""purpose":"development""#), "\(caller)")
        let stranger = try await certificate.curl(server, "/api/v1/whoami", flag)
        #expect(stranger.output.hasSuffix("\n\(version) 401"), "\(stranger)")
        try await server.stop()
    }

    @Test func `a change is made and followed over HTTP/2`() async throws {
        let certificate = try await Certificate("one")
        let server = try await Self.serve(certificate)
        let authorization = [
            "--header", "Authorization: Bearer \(server.token ?? "")", "--header", "Content-Type: application/json",
        ]
        for (path, body) in [
            ("", "{}"), ("/environments/base", "{}"), ("/environments/base/settings/greeting", #""hello""#),
        ] {
            let made = try await certificate.curl(
                server, "/api/v1/projects/shop\(path)", ["--http2", "--request", "PUT", "--data", body] + authorization)
            #expect(made.output.hasSuffix("\n2 201"), "\(made)")
        }
        let read = try await certificate.curl(
            server, "/api/v1/projects/shop/environments/base/settings", ["--http2"] + authorization)
        #expect(read.output == "{\"greeting\":\"hello\"}\n2 200")
        try await server.stop()
    }

    @Test func `plain HTTP, an unknown authority and another name are refused`() async throws {
        let certificate = try await Certificate("one")
        let other = try await Certificate("two")
        let server = try await Self.serve(certificate)
        #expect(try await other.curl(server, "/readyz").status == 60, "curl does not trust it")
        let named = try await certificate.curl(server, "/readyz", host: "elsewhere.example.com")
        #expect(named.status == 60, "\(named)")
        await #expect(throws: (any Error).self) { try await server.client.send("GET", "/readyz") }
        #expect(try await certificate.curl(server, "/readyz").status == 0, "and it serves on")
        try await server.stop()
    }

    @Test func `SIGHUP takes a new certificate for new connections, without a restart`() async throws {
        let first = try await Certificate("one")
        let second = try await Certificate("two")
        let server = try await Self.serve(first)
        let authorization = [
            "--header", "Authorization: Bearer \(server.token ?? "")", "--header", "Content-Type: application/json",
        ]
        for path in ["", "/environments/base"] {
            try await first.curl(
                server, "/api/v1/projects/shop\(path)", ["--request", "PUT", "--data", "{}"] + authorization
            ).succeeded()
        }
        let folder = try TemporaryFolder()
        let address = "https://127.0.0.1:\(server.port)/api/v1/projects/shop/watch?environment=base"
        let watch = try WatchedProcess(
            "/usr/bin/curl", ["--silent", "--no-buffer", "--cacert", first.authority, address] + authorization,
            environment: [:],
            directory: folder.root, errorFile: folder.path("errors"))
        #expect(await watch.line(after: "event: snapshot") != nil, "\(watch.errors)")

        try first.replace(by: second)
        server.process.signal(SIGHUP)
        while try await second.curl(server, "/readyz").status != 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try await first.curl(server, "/readyz").status == 60, "the old one is no longer shown")
        try await second.curl(
            server, "/api/v1/projects/shop/environments/base/settings/greeting",
            ["--request", "PUT", "--data", #""hello""#] + authorization
        ).succeeded()
        #expect(await watch.line(after: "event: change") != nil, "a connection made before goes on")
        try await server.stop()
        #expect(await watch.end() == 0, "and its stream ends in order")
    }

    @Test func `a certificate that cannot be read leaves the one before in use`() async throws {
        let certificate = try await Certificate("one")
        let server = try await Self.serve(certificate)
        try Data("no certificate".utf8).write(to: URL(filePath: certificate.certificate))
        server.process.signal(SIGHUP)
        while !server.log.contains("stays in use") { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try await certificate.curl(server, "/readyz").status == 0)
        try await server.stop()
    }

    @Test func `a certificate that does not belong to the key is refused at the start`() async throws {
        let first = try await Certificate("one")
        let second = try await Certificate("two")
        let result = try await CfgProcess.run([
            "serve", "--data", "d", "--listen", "127.0.0.1:0", "--tls-certificate", first.certificate, "--tls-key",
            second.key,
        ])
        #expect(result.status != 0, "\(result)")
        #expect(result.errors.contains(first.certificate), "\(result)")
        #expect(result.errors.split(separator: "\n").count { $0.hasPrefix("cfg serve: ") } == 1, "\(result)")
    }

    private static func serve(_ certificate: Certificate) async throws -> CfgProcess {
        try await CfgProcess(
            .init(arguments: ["--tls-certificate", certificate.certificate, "--tls-key", certificate.key]))
    }
}

/// An authority of its own, and a certificate for this machine that it has signed.
private struct Certificate: Sendable {
    let certificate: String
    let key: String
    /// What a client has to trust.
    let authority: String
    private let folder: TemporaryFolder

    static let canBeMade = ["/usr/bin/openssl", "/usr/bin/curl"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    init(_ name: String) async throws {
        folder = try TemporaryFolder()
        certificate = folder.path("certificate.pem")
        key = folder.path("key.pem")
        authority = folder.path("authority.pem")
        try folder.write("names", "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n")
        let ellipticKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try await CommandRun.run(
            "openssl",
            ["req", "-x509"] + ellipticKey + [
                "-days", "2", "-subj", "/CN=authority \(name)", "-keyout", folder.path("authority.key"), "-out",
                authority,
            ]
        ).succeeded()
        try await CommandRun.run(
            "openssl",
            ["req"] + ellipticKey + ["-subj", "/CN=localhost", "-keyout", key, "-out", folder.path("request.pem")]
        ).succeeded()
        try await CommandRun.run(
            "openssl",
            [
                "x509", "-req", "-in", folder.path("request.pem"), "-CA", authority, "-CAkey",
                folder.path("authority.key"),
                "-CAcreateserial", "-days", "1", "-extfile", folder.path("names"), "-out", certificate,
            ]
        ).succeeded()
    }

    /// Puts the other's files in the place of these, as a renewal does: the key first.
    func replace(by other: Certificate) throws {
        for (new, old) in [(other.key, key), (other.certificate, certificate)] {
            let copy = old + ".new"
            try FileManager.default.copyItem(atPath: new, toPath: copy)
            guard rename(copy, old) == 0 else { throw POSIXError(.EIO) }
        }
    }

    /// What curl says that trusts this authority alone: the body, and a line with the version of HTTP and the status.
    func curl(_ server: CfgProcess, _ path: String, _ arguments: String..., host: String = "127.0.0.1") async throws
        -> CommandResult
    {
        try await curl(server, path, arguments, host: host)
    }

    func curl(
        _ server: CfgProcess, _ path: String, _ arguments: [String], host: String = "127.0.0.1"
    ) async throws -> CommandResult {
        try await CommandRun.run(
            "curl",
            [
                "--silent", "--show-error", "--max-time", "60", "--cacert", authority, "--write-out",
                "\n%{http_version} %{http_code}",
                "--resolve", "\(host):\(server.port):127.0.0.1",
            ] + arguments + ["https://\(host):\(server.port)\(path)"])
    }
}
