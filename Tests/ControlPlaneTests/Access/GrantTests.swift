import ConfigPlatformModel
import ControlPlane
import TestSupport
import Testing

@Suite struct GrantTests {
    private func request(
        _ name: String, _ role: RoleName, in environments: [String]? = nil, of test: PlatformUnderTest? = nil,
        isPersonal: Bool = false, expiresAt: Timestamp? = nil
    ) throws -> TokenRequest {
        TokenRequest(
            name: try TokenName(parsing: name),
            grants: [
                try Grant(
                    role: role, project: test?.project,
                    environments: try environments?.map { try EnvironmentName(parsing: $0) })
            ], isPersonal: isPersonal, expiresAt: expiresAt)
    }

    private func caller(_ token: TokenText, _ test: PlatformUnderTest) async throws -> Caller {
        try await test.platform.authenticate(Proofs(token: token.text), sourceAddress: nil, requestID: nil)
    }

    @Test func `a token reads where it was granted that, and elsewhere there is nothing`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let made = try await test.platform.createToken(
                test.caller, request("bot", .evaluator, in: ["production"], of: test))
            let bot = try await caller(made.token, test)
            _ = try test.platform.read(bot, test.name("production"), of: test.project)
            await test.expect(.notFound) { _ = try test.platform.read(bot, test.name("base"), of: test.project) }
            await test.expect(.forbidden) { try await test.write([test.put("a", 1, in: "production")], as: bot) }
            await test.expect(.notFound) { try await test.write([test.put("a", 1, in: "base")], as: bot) }
        }
    }

    @Test func `nobody makes a token of the platform without administering there, nor with more than they hold`()
        async throws
    {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.bind("olga", .operator)
            try await test.bind("paul", .administrator)
            let (olga, paul) = (try test.person("olga"), try test.person("paul"))
            await test.expect(.forbidden) {
                _ = try await test.platform.createToken(olga, request("a", .viewer, of: test))
            }
            _ = try await test.platform.createToken(paul, request("b", .operator, of: test))
            await test.expect(.forbidden) { _ = try await test.platform.createToken(paul, request("c", .viewer)) }
            // Who administers and may not reveal cannot let a token reveal.
            let clerk = try RoleBody(permissions: [Permission(allowing: [.read, .administer])])
            try await test.administer([Operation(.putAccess(.role(try RoleName(parsing: "clerk")), .role(clerk)))])
            try await test.bind("carl", try RoleName(parsing: "clerk"))
            let carl = try test.person("carl")
            _ = try await test.platform.createToken(carl, request("d", .viewer, of: test))
            await test.expect(.forbidden) {
                _ = try await test.platform.createToken(carl, request("e", .operator, of: test))
            }
        }
    }

    @Test func `a personal token does what both it and its owner may, and ends with its owner`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.bind("olga", .operator)
            let olga = try test.person("olga")
            let wide = try await test.platform.createToken(olga, request("wide", .administrator, isPersonal: true))
            let narrow = try await test.platform.createToken(
                olga, request("narrow", .viewer, of: test, isPersonal: true))
            let (wideCaller, narrowCaller) = (try await caller(wide.token, test), try await caller(narrow.token, test))
            try await test.write([test.put("a", 1, in: "base")], as: wideCaller)
            await test.expect(.forbidden) { try await test.write([test.put("a", 2, in: "base")], as: narrowCaller) }
            await test.expect(.forbidden) {
                try await test.write(
                    [test.environment("new", [])].map { _ in Operation(.deleteProject) }, as: wideCaller)
            }
            // A narrow token does not make a wider one of the same owner.
            await test.expect(.forbidden) {
                _ = try await test.platform.createToken(
                    narrowCaller, request("again", .operator, of: test, isPersonal: true))
            }
            try await test.administer([
                Operation(
                    .putAccess(.identity(olga.principal), .identity(try IdentityBody(isDisabled: true))))
            ])
            await test.expect(.unauthenticated) { _ = try await caller(wide.token, test) }
            #expect(!test.platform.isLive(wideCaller, tokenHash: wide.token.hash))
        }
    }

    @Test func `a token that ends makes none that outlives it`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let end = test.clock.now.adding(seconds: 600)
            let made = try await test.platform.createToken(
                test.caller, request("brief", .administrator, expiresAt: end))
            let brief = try await caller(made.token, test)
            await test.expect(.forbidden) { _ = try await test.platform.createToken(brief, request("a", .viewer)) }
            await test.expect(.forbidden) {
                _ = try await test.platform.createToken(
                    brief, request("b", .viewer, expiresAt: end.adding(seconds: 1)))
            }
            _ = try await test.platform.createToken(brief, request("c", .viewer, expiresAt: end))
        }
    }

    @Test func `a grant that is for a while is over at its end`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.bind("olga", .operator, until: test.clock.now.adding(seconds: 60))
            let olga = try test.person("olga")
            try await test.write([test.put("a", 1, in: "base")], as: olga)
            test.clock.advance(seconds: 59)
            try await test.write([test.put("a", 2, in: "base")], as: olga)
            test.clock.advance(seconds: 1)
            await test.expect(.notFound) { try await test.write([test.put("a", 3, in: "base")], as: olga) }
        }
    }

    @Test func `a revoked token and a disabled identity are shut out of another server within a second`() async throws {
        try await PlatformUnderTest.runTwo { first, second in
            try await first.makeShop()
            let made = try await first.platform.createToken(first.caller, request("bot", .viewer))
            try await eventually { (try? await caller(made.token, second)) != nil }
            try await first.platform.revoke(first.caller, id: made.credential.id)
            try await eventually { (try? await caller(made.token, second)) == nil }
        }
    }

    @Test func `when a token was used last is known, and written down`() async throws {
        try await PlatformUnderTest.run { test in
            let made = try await test.platform.createToken(test.caller, request("bot", .viewer))
            #expect(test.platform.tokens(test.caller, purposes: [.access]).first?.usedAt == nil)
            test.clock.advance(seconds: 5)
            _ = try await caller(made.token, test)
            #expect(test.platform.tokens(test.caller, purposes: [.access]).first?.usedAt == test.clock.now)
        }
    }

    private func eventually(_ isSo: () async throws -> Bool) async throws {
        for _ in 0..<1_500 {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("it did not come about in thirty seconds")
    }
}
