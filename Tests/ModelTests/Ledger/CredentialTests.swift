import ConfigPlatformModel
import Testing

@Suite struct CredentialTests {
    private func credential(expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil) throws -> Credential {
        Credential(
            id: "c1", name: try TokenName(parsing: "deploy-bot"), purpose: .access, hash: Digest.of([]),
            createdAt: LedgerFixture.start, createdBy: .system, expiresAt: expiresAt, revokedAt: revokedAt)
    }

    @Test func `a token lives until it expires, and not at that moment`() throws {
        let expiry = LedgerFixture.start.adding(seconds: 60)
        let expiring = try credential(expiresAt: expiry)
        #expect(expiring.isLive(at: Timestamp(microseconds: expiry.microseconds - 1)))
        #expect(!expiring.isLive(at: expiry))
        #expect(try credential().isLive(at: expiry.adding(seconds: 1_000_000_000)))
    }

    @Test func `a token that was revoked is dead at once, by whatever clock, and for ever`() throws {
        let revoked = try credential(expiresAt: LedgerFixture.start.adding(seconds: 60), revokedAt: LedgerFixture.start)
        #expect(!revoked.isLive(at: LedgerFixture.start))
        #expect(!revoked.isLive(at: LedgerFixture.start.adding(seconds: -3600)), "a clock that is behind")
        #expect(try !credential(revokedAt: LedgerFixture.start).isLive(at: LedgerFixture.start.adding(seconds: 1)))
    }

    @Test func `what a token does is done in its name`() throws {
        #expect(try credential().principal.rawValue == "token:deploy-bot")
        #expect(
            Credential.Purpose.allCases.map(\.rawValue) == [
                "access", "bootstrap", "development", "session", "password",
            ])
    }
}
