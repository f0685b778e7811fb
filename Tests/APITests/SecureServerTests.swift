import API
import AsyncHTTPClient
import ConfigPlatformModel
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import TestSupport
import Testing

/// TLS, HTTP/2, and certificates that are replaced while the server runs.
@Suite struct SecureServerTests {
    private static let document = "\(ServerUnderTest.shop)/environments/production/settings"

    /// A self-signed certificate for 127.0.0.1 and its key, in files.
    private struct Identity {
        let certificate: String
        let key: String

        init(_ name: String, in folder: TemporaryFolder) async throws {
            certificate = folder.path("\(name).pem")
            key = folder.path("\(name).key")
            try await CommandRun.run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=\(name)",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
                ]
            ).succeeded()
        }

        /// Puts this one's files in the place of another's.
        func replace(_ other: Identity) throws {
            for (from, to) in [(key, other.key), (certificate, other.certificate)] {
                try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to), options: .atomic)
            }
        }
    }

    private static func run(
        reloadSeconds: Double = 3_600, handshakeSeconds: Double = 10,
        _ body: (ServerUnderTest, _ served: Identity, _ other: Identity, TemporaryFolder) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let first = try await Identity("first", in: folder)
        let served = try await Identity("served", in: folder)
        let second = try await Identity("second", in: folder)
        try first.replace(served)
        try await ServerUnderTest.run(
            settings: {
                var settings = try ServerSettings(
                    listen: "127.0.0.1:0", tlsCertificate: served.certificate, tlsKey: served.key)
                settings.certificateReloadSeconds = reloadSeconds
                settings.handshakeSeconds = handshakeSeconds
                return settings
            }
        ) { test in
            try await body(test, served, second, folder)
        }
    }

    /// A client that trusts one certificate.
    private static func client<Result>(
        trusting path: String, http1Only: Bool = false, _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = http1Only ? .http1Only : .automatic
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(client)
            try await client.shutdown()
            return result
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    private static func request(
        _ test: ServerUnderTest, _ method: String, _ path: String, body: JSONValue? = nil
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "https://127.0.0.1:\(test.port)\(path)")
        request.method = .RAW(value: method)
        request.headers.add(name: "Authorization", value: "Bearer \(test.token)")
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.canonicalBytes()))
        }
        return request
    }

    private static func json(_ response: HTTPClientResponse) async throws -> JSONValue {
        try JSONValue(parsing: Array((try await response.body.collect(upTo: 4 << 20)).readableBytesView))
    }

    @Test(arguments: [false, true])
    func `reads, writes and problems travel over TLS`(http1Only: Bool) async throws {
        try await Self.run { test, served, _, _ in
            try await Self.client(trusting: served.certificate, http1Only: http1Only) { client in
                let made = try await client.execute(
                    Self.request(
                        test, "POST", "\(ServerUnderTest.shop)/changes",
                        body: [
                            "message": "m",
                            "operations": [
                                ["op": "put", "kind": "project", "value": [:]],
                                ["op": "put", "kind": "environment", "key": "production", "value": [:]],
                                ServerUnderTest.put("a", 1, in: "production"),
                            ],
                        ]), timeout: .seconds(60))
                #expect(made.status == .created)
                #expect(made.version == (http1Only ? .http1_1 : .http2))
                for _ in 1...3 {
                    let read = try await client.execute(Self.request(test, "GET", Self.document), timeout: .seconds(60))
                    #expect(try await Self.json(read) == ["a": 1])
                    #expect(read.headers.first(name: "X-Revision") == "1")
                }
                let problem = try await client.execute(
                    Self.request(test, "GET", "\(Self.document)/.."), timeout: .seconds(60))
                #expect(problem.status == .badRequest)
                #expect(try await Self.json(problem)["type"]?.stringValue?.hasSuffix("/invalid-name") == true)
                let large = try await client.execute(
                    Self.request(
                        test, "PUT", "\(Self.document)/b", body: .string(String(repeating: "x", count: 9 << 20))),
                    timeout: .seconds(60))
                #expect(large.status == .payloadTooLarge)
                #expect(test.revision == 1)
            }
        }
    }

    @Test func `a watch goes over HTTP 2, and ends when the server stops`() async throws {
        try await Self.run { test, served, _, _ in
            try await Self.client(trusting: served.certificate) { client in
                let made = try await client.execute(
                    Self.request(
                        test, "POST", "\(ServerUnderTest.shop)/changes",
                        body: [
                            "message": "m",
                            "operations": [
                                ["op": "put", "kind": "project", "value": [:]],
                                ["op": "put", "kind": "environment", "key": "production", "value": [:]],
                            ],
                        ]), timeout: .seconds(60))
                _ = try await made.body.collect(upTo: 1 << 20)
                let watch = try await client.execute(
                    Self.request(test, "GET", "\(ServerUnderTest.shop)/watch"), timeout: .seconds(60))
                #expect(watch.version == .http2)
                var text = ""
                var hasWritten = false
                var hasStopped = false
                for try await chunk in watch.body {
                    text += String(buffer: chunk)
                    if text.contains("event: snapshot"), !hasWritten {
                        hasWritten = true
                        let put = try await client.execute(
                            Self.request(test, "PUT", "\(Self.document)/a", body: 1), timeout: .seconds(60))
                        #expect(put.status == .created)
                        _ = try await put.body.collect(upTo: 1 << 20)
                    }
                    if text.contains("event: change"), !hasStopped {
                        hasStopped = true
                        await test.beginToStop()
                    }
                }
                #expect(hasStopped)
            }
        }
    }

    @Test func `a certificate is replaced without a restart, and a broken one is not taken`() async throws {
        try await Self.run { test, served, second, folder in
            func status(trusting path: String) async throws -> Int {
                try await Self.client(trusting: path) { client in
                    Int(
                        try await client.execute(Self.request(test, "GET", "/healthz"), timeout: .seconds(60)).status
                            .code)
                }
            }
            let first = folder.path("first.pem")
            #expect(try await status(trusting: first) == 200)
            await #expect(throws: (any Error).self) { try await status(trusting: second.certificate) }
            try second.replace(served)
            test.server.reload()
            #expect(try await status(trusting: second.certificate) == 200)
            await #expect(throws: (any Error).self) { try await status(trusting: first) }
            try folder.write("served.pem", "no certificate")
            test.server.reload()
            #expect(try await status(trusting: second.certificate) == 200)
            #expect(test.log.all.contains { $0.hasPrefix("error the certificate could not be read") })
        }
    }

    @Test func `a certificate that changes on disk is noticed`() async throws {
        try await Self.run(reloadSeconds: 0.05) { test, served, second, _ in
            try second.replace(served)
            var isTaken = false
            for _ in 1...2_000 where !isTaken {
                isTaken =
                    (try? await Self.client(trusting: second.certificate) { client in
                        try await client.execute(Self.request(test, "GET", "/healthz"), timeout: .seconds(60)).status
                            == .ok
                    }) ?? false
            }
            #expect(isTaken)
        }
    }

    @Test func `files that are no certificate and key stop the start, by name`() async throws {
        let folder = try TemporaryFolder()
        let identity = try await Identity("a", in: folder)
        let other = try await Identity("b", in: folder)
        for (certificate, key) in [
            (folder.path("none.pem"), identity.key), (identity.certificate, other.key),
            (identity.key, identity.certificate),
        ] {
            let refusal = await #expect(throws: InvalidSetting.self) {
                try await ServerUnderTest.run(
                    settings: { try ServerSettings(listen: "127.0.0.1:0", tlsCertificate: certificate, tlsKey: key) }) {
                        _ in
                    }
            }
            #expect(refusal?.name == "tls-certificate")
        }
    }

    @Test func `a client that never shakes hands is given up`() async throws {
        try await Self.run(handshakeSeconds: 0.2) { test, _, _, _ in
            let connection = try HTTPConnection(port: test.port)
            await #expect(throws: (any Error).self) { try await connection.answer() }
        }
    }
}
