import ConfigPlatformModel
import ControlPlane
import Store
import TestSupport
import Testing

@Suite struct TokenTests {
    @Test func `the bootstrap token is made once and ends when it has made another`() async throws {
        try await PlatformUnderTest.run { test in
            let bootstrap = try #require(try await test.platform.createBootstrapTokenIfFirst())
            #expect(try await test.platform.createBootstrapTokenIfFirst() == nil)
            let caller = try await test.platform.authenticate(
                Proofs(token: bootstrap.text), sourceAddress: nil, requestID: nil)
            #expect(caller.purpose == .bootstrap)
            let made = try await test.platform.createToken(
                caller, .administering(TokenName(parsing: "admin"), expiresAt: nil))
            await test.expect(.unauthenticated) {
                _ = try await test.platform.authenticate(
                    Proofs(token: bootstrap.text), sourceAddress: nil, requestID: nil)
            }
            let admin = try await test.platform.authenticate(
                Proofs(token: made.token.text), sourceAddress: nil, requestID: nil)
            #expect(admin.principal.rawValue == "token:admin")
        }
    }

    @Test func `a token ends when its time has come, or when it is revoked`() async throws {
        try await PlatformUnderTest.run { test in
            _ = try await test.platform.createBootstrapTokenIfFirst()
            let brief = try await test.platform.createToken(
                test.caller, .administering(TokenName(parsing: "brief"), expiresAt: test.clock.now.adding(seconds: 60)))
            let other = try await test.platform.createToken(
                test.caller, .administering(TokenName(parsing: "other"), expiresAt: nil))
            _ = try await test.platform.authenticate(
                Proofs(token: brief.token.text), sourceAddress: nil, requestID: nil)
            test.clock.advance(seconds: 61)
            await test.expect(.unauthenticated) {
                _ = try await test.platform.authenticate(
                    Proofs(token: brief.token.text), sourceAddress: nil, requestID: nil)
            }
            try await test.platform.revoke(test.caller, id: other.credential.id)
            await test.expect(.unauthenticated) {
                _ = try await test.platform.authenticate(
                    Proofs(token: other.token.text), sourceAddress: nil, requestID: nil)
            }
        }
    }

    @Test(arguments: [
        "", "cfg_", "cfg_00000000000000000000000000000000000000", "Bearer x", String(repeating: "a", count: 5_000),
    ])
    func `what is no token is refused in the same words as an unknown one`(text: String) async throws {
        try await PlatformUnderTest.run { test in
            await test.expect(.unauthenticated) {
                _ = try await test.platform.authenticate(Proofs(token: text), sourceAddress: "10.0.0.1", requestID: nil)
            }
        }
    }

    @Test func `no token's text is anywhere in the store`() async throws {
        try await PlatformUnderTest.run { test in
            let token = try #require(try await test.platform.createBootstrapTokenIfFirst())
            let folder = Temporary.folder()
            defer { Temporary.remove(folder) }
            _ = try await Backup.write(test.store, to: folder + "/backup", now: test.clock.now) { _ in }
            #expect(try !Temporary.contains(folder + "/backup", token.text))
        }
    }
}

extension TokenRequest {
    fileprivate static func administering(_ name: TokenName, expiresAt: Timestamp?) -> TokenRequest {
        TokenRequest(name: name, grants: [.everything], isPersonal: false, expiresAt: expiresAt)
    }
}
