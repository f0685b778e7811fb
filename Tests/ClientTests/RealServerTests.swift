import Configuration
import ConfigurationTesting
import Foundation
import Logging
import TestSupport
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

/// The client against `cfg serve` itself.
@Suite(
    .timeLimit(.minutes(3)), .serialized,
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: CfgProcess.binary),
        "needs the program cfg beside the tests, or named by CFG_BINARY"))
struct RealServerTests {
    private let shop: ProjectName
    private let base: EnvironmentName
    private let production: EnvironmentName

    init() throws {
        shop = try ProjectName(parsing: "shop")
        base = try EnvironmentName(parsing: "base")
        production = try EnvironmentName(parsing: "production")
    }

    private func administration(_ server: CfgProcess) throws -> AdministrationClient {
        AdministrationClient(
            try Transport(
                server: ServerAddress(parsing: server.url), token: AccessToken(server.token ?? "")))
    }

    /// A server that keeps its port over restarts, with `shop/base` and `shop/production`, which inherits from it.
    private func withServer(_ body: (CfgProcess, AdministrationClient) async throws -> Void) async throws {
        let server = try await CfgProcess(CfgProcess.Options(listen: "127.0.0.1:\(try FreePort.find())"))
        let client = try administration(server)
        _ = try await client.putProject(shop, description: "A shop", isNew: true)
        _ = try await client.putEnvironment(base, of: shop, inherits: [], description: nil, isNew: true)
        _ = try await client.putEnvironment(production, of: shop, inherits: [base], description: "Live", isNew: true)
        do {
            try await body(server, client)
        } catch {
            await server.kill()
            throw error
        }
        await server.kill()
    }

    private func put(
        _ values: [String: JSONValue], in environment: EnvironmentName, _ client: AdministrationClient
    ) async throws {
        let operations = values.map { key, value -> JSONValue in
            [
                "op": "put", "kind": "setting", "environment": .string(environment.rawValue), "key": .string(key),
                "value": value,
            ]
        }
        _ = try await client.commit(operations, to: shop, message: "test", isDryRun: false)
    }

    private func follower(_ server: CfgProcess, file: String? = nil) throws -> ConfigPlatformClient {
        try StandInPlatform.client(of: server.url, token: AccessToken(server.token ?? ""), file: file)
    }

    @Test func `the compatibility suite of swift-configuration passes`() async throws {
        try await withServer { server, client in
            try await put(ProviderTests.compatibilityValues, in: base, client)
            let settings = try follower(server)
            try await settings.waitUntilReady()
            try await ProviderCompatTest(provider: ConfigPlatformProvider(settings)).runTest()
            await settings.shutdown()
        }
    }

    @Test func `a program follows through inheritance and over a restart of the server`() async throws {
        try await withServer { server, client in
            try await put(["checkout.timeout": 2000, "name": "shop"], in: base, client)
            let settings = try follower(server)
            #expect(try await settings.waitUntilReady().int("checkout.timeout", default: 0) == 2000)
            try await put(["checkout.timeout": 2500], in: base, client)
            try await settings.until { $0.snapshot.int("checkout.timeout", default: 0) == 2500 }
            await server.kill()
            try await settings.until { $0.lastFailure != nil }
            #expect(settings.snapshot.string("name", default: "") == "shop")
            try await server.start()
            try await put(["checkout.timeout": 3000], in: production, client)
            try await settings.until {
                $0.snapshot.int("checkout.timeout", default: 0) == 3000 && $0.status == .following
            }
            await settings.shutdown()
        }
    }

    @Test func `a program starts from its file while the server is down`() async throws {
        try await withTemporaryFolder { folder in
            try await withServer { server, client in
                try await put(["a.b": 1], in: base, client)
                let first = try follower(server, file: folder + "/settings.cfg")
                try await first.waitUntilReady()
                await first.shutdown()
                await server.kill()
                let second = try follower(server, file: folder + "/settings.cfg")
                let snapshot = try await second.waitUntilReady()
                #expect(snapshot.source == .lastKnownGood)
                #expect(snapshot.int("a.b", default: 0) == 1)
                try await server.start()
                try await put(["a.b": 2], in: base, client)
                try await second.until { $0.snapshot.int("a.b", default: 0) == 2 && $0.snapshot.source == .platform }
                await second.shutdown()
            }
        }
    }

    @Test func `a platform that was set back to an older state is noticed and read anew`() async throws {
        try await withTemporaryFolder { folder in
            try await withServer { server, client in
                try await put(["a": 1], in: base, client)
                try await server.stop()
                try FileManager.default.copyItem(atPath: server.data, toPath: folder + "/older")
                try await server.start()
                try await put(["a": 2, "lost": true], in: base, client)
                try await put(["a": 3], in: base, client)
                let settings = try follower(server)
                #expect(try await settings.waitUntilReady().int("a", default: 0) == 3)
                try await server.stop()
                try FileManager.default.removeItem(atPath: server.data)
                try FileManager.default.copyItem(atPath: folder + "/older", toPath: server.data)
                try await server.start()
                // As many revisions as before, with another content.
                let other = try administration(server)
                try await put(["a": 10], in: base, other)
                try await put(["a": 11], in: base, other)
                try await settings.until { $0.snapshot.int("a", default: 0) == 11 }
                #expect(!settings.snapshot.contains("lost"))
                await settings.shutdown()
            }
        }
    }

    @Test func `a deleted environment keeps its last settings until there is one of that name again`() async throws {
        try await withServer { server, client in
            try await put(["a": 1], in: production, client)
            let settings = try follower(server)
            try await settings.waitUntilReady()
            _ = try await client.deleteEnvironment(production, of: shop)
            try await settings.until { $0.lastFailure?.code == .notFound }
            #expect(settings.snapshot.int("a", default: 0) == 1)
            _ = try await client.putEnvironment(production, of: shop, inherits: [], description: nil, isNew: true)
            try await put(["b": 2], in: production, client)
            try await settings.until { $0.snapshot.int("b", default: 0) == 2 }
            #expect(!settings.snapshot.contains("a"))
            await settings.shutdown()
        }
    }

    @Test func `every route answers in the form the command line reads`() async throws {
        try await withServer { server, client in
            #expect(try await client.whoAmI().value.principal.hasPrefix("token:"))
            #expect(try await client.limits()["limits"]?["watchers"]?.int64Value ?? 0 > 0)
            #expect(try await client.projects(after: nil, limit: 10).value.items.map(\.name) == ["shop"])
            #expect(try await client.project(shop).value.environments == ["base", "production"])
            let environments = try await client.environments(of: shop, after: nil, limit: 10).value.items
            #expect(environments.map(\.name) == ["base", "production"])
            #expect(try await client.environment(production, of: shop).value.layers == ["base", "production"])

            let url = try ConfigKey(parsing: "url")
            try await put(["url": "http://${host}/", "host": "example.org"], in: base, client)
            let setting = try await client.setting(url, of: production, in: shop, at: nil).value
            #expect(setting.value == "http://example.org/")
            #expect(setting.raw == "http://${host}/")
            #expect(setting.origin == "base")
            let listing = try await client.settings(of: production, in: shop, at: nil).value
            #expect(listing.settings.map(\.key) == ["host", "url"])
            #expect(try await client.history(of: url, in: base, of: shop, before: nil, limit: 5).value.items.count == 1)
            #expect(
                try await client.search("EXAMPLE", in: nil, of: shop, after: nil, limit: 5).value.items.map(\.key) == [
                    "host"
                ])
            let document = try await client.document(of: production, in: shop, format: "json", at: nil)
            #expect(document.body == Array(#"{"host":"example.org","url":"http://example.org/"}"#.utf8))
            #expect(document.head.entityTag != nil)

            let order = AdministrationClient.ImportOrder(environment: production, format: "dotenv", replaces: false)
            let imported = try await client.importFile(Array("A=1\n???\n".utf8), into: shop, order, isDryRun: false)
                .value
            #expect(imported.settingsRead == 1)
            #expect(imported.notices.first?.line == 2)
            let exported = try await client.exportFile(of: production, in: shop, format: "dotenv", at: nil)
            #expect(String(decoding: exported.body, as: UTF8.self).contains("A=1"))

            let page = try await client.changes(of: shop, matching: .init(environment: production), limit: 1).value
            let newest = try #require(page.items.first)
            let change = try await client.change(Revision(newest.revision), of: shop).value
            #expect(change.operations.map(\.key) == ["A"])
            #expect(change.operations.first?.after == .value("1"))
            let before = String(newest.revision - 1)
            let difference = try await client.difference(of: shop, in: nil, from: before, to: nil).value
            #expect(difference.environments.map(\.environment) == ["production"])
            #expect(
                try await client.difference(of: shop, from: base, to: production, at: nil).value.changes.map(\.key) == [
                    "A"
                ])
            let promoted = try await client.promote(
                shop, from: production, to: base, keys: [], replaces: false, message: nil, isDryRun: true
            ).value
            #expect(promoted.isDryRun)
            #expect(promoted.environments.map(\.environment) == ["base"])
            var rollback = AdministrationClient.RollbackOrder(to: .revision(try Revision(newest.revision - 1)))
            rollback.environments = [production]
            #expect(try await client.rollBack(shop, rollback, isDryRun: false).value.operations.count == 1)

            let described: JSONValue = [
                "op": "put", "kind": "setting-definition", "key": "url", "value": ["description": "d", "tags": ["t"]],
            ]
            _ = try await client.commit([described], to: shop, message: "m", isDryRun: false)
            #expect(try await client.definitions(of: shop, after: nil, limit: 10).value.items.map(\.tags) == [["t"]])

            let made = try await client.createToken(TokenName(parsing: "bot"), expiresIn: 3_600).value
            #expect(made.expiresAt != nil)
            #expect(try await client.tokens().value.items.contains { $0.id == made.id && $0.isLive })
            try await client.revokeToken(made.id)
            #expect(try await client.tokens().value.items.contains { $0.id == made.id && !$0.isLive })
            let events = try await client.auditEvents(matching: .init(action: "token.revoke"), before: nil, limit: 5)
                .value
            #expect(events.items.map(\.target) == ["token/bot"])
            _ = try await client.deleteEnvironment(production, of: shop)
            #expect(try await client.deleteProject(shop).value.isChanged)
        }
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs openssl to make a certificate")
    )
    func `over TLS the server is trusted through the authority that is named, and through no other`() async throws {
        try await withTemporaryFolder { folder in
            for name in ["server", "other"] {
                try await CommandRun.run(
                    "openssl",
                    [
                        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        "\(folder)/\(name).key", "-out", "\(folder)/\(name).pem", "-days", "2", "-subj",
                        "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    ]
                ).succeeded()
            }
            let server = try await CfgProcess(
                CfgProcess.Options(arguments: [
                    "--tls-certificate", folder + "/server.pem", "--tls-key", folder + "/server.key",
                ]))
            func transport(_ authority: String?) throws -> Transport {
                try Transport(
                    server: ServerAddress(parsing: "https://localhost:\(server.port)"),
                    token: AccessToken(server.token ?? ""), certificateAuthorityFile: authority)
            }
            let client = AdministrationClient(try transport(folder + "/server.pem"))
            _ = try await client.putProject(shop, description: nil, isNew: true)
            _ = try await client.putEnvironment(production, of: shop, inherits: [], description: nil, isNew: true)
            try await put(["a": 1], in: production, client)
            let settings = try ConfigPlatformClient(
                server: "https://localhost:\(server.port)", token: AccessToken(server.token ?? ""), project: "shop",
                environment: "production",
                options: .init(certificateAuthorityFile: folder + "/server.pem", logger: .silent))
            #expect(try await settings.waitUntilReady().int("a", default: 0) == 1)
            try await put(["a": 2], in: production, client)
            try await settings.until { $0.snapshot.int("a", default: 0) == 2 }
            await settings.shutdown()
            for authority in [nil, folder + "/other.pem"] {
                let stranger = AdministrationClient(try transport(authority), policy: RetryPolicy(attempts: 1))
                let error = await #expect(throws: ConfigPlatformError.self) { try await stranger.whoAmI() }
                #expect(error?.code == .unreachable)
                #expect(error?.detail.contains("certificate") == true)
            }
            await server.kill()
        }
    }

    @Test func `a lost race names what is there now`() async throws {
        try await withServer { _, client in
            try await put(["a": 1], in: base, client)
            let operation: JSONValue = [
                "op": "put", "kind": "setting", "environment": "base", "key": "a", "value": 2, "expect": "absent",
            ]
            let error = await #expect(throws: ConfigPlatformError.self) {
                try await client.commit([operation], to: shop, message: "m", isDryRun: false)
            }
            #expect(error?.code == .revisionConflict)
            #expect(error?.status == 409)
            #expect(error?.document?["current"] != nil)
            #expect(error?.violations.first?.key == "a")
        }
    }
}
