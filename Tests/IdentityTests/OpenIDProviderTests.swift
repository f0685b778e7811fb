import ExactJSON
import Foundation
import Identity
import Synchronization
import TestSupport
import Testing

/// Against OpenID providers that share no code with this one: django-oauth-toolkit, and oidc-provider-mock.
@Suite(.enabled(OpenIDServer.absence) { try await OpenIDServer.areInstalled() })
struct OpenIDProviderTests {
    private static let redirectURI = "http://127.0.0.1:9/back"
    /// Asked for each time: a test may last longer than the difference of clocks that is let pass.
    private var now: SecondsSince1970 { SecondsSince1970(Date().timeIntervalSince1970) }
    private let pkce = PKCE(randomBytes: (0..<32).map { _ in .random(in: 0...255) })

    private func django(
        clientID: String = "config-console", clientSecret: String? = "a secret: of 100 %",
        fetch: @escaping Fetch = Wire.fetch
    ) async throws -> Issuer {
        Issuer(
            try IssuerSettings(
                url: "http://127.0.0.1:\(try await OpenIDServer.django().port)/o", audiences: [clientID],
                clientID: clientID, clientSecret: clientSecret, scopes: ["openid", "groups"]), fetch: fetch)
    }

    /// Enters name and password, and agrees; returns the code that the browser is sent back with.
    private func signIn(to issuer: Issuer, _ browser: Browser = Browser()) async throws -> String {
        let url = try await issuer.authorizationURL(
            redirectURI: Self.redirectURI, state: "s&1", nonce: "n-1", codeChallenge: pkce.challenge, at: now)
        let login = try await browser.follow(browser.get(try #require(URL(string: url))))
        #expect(login.url.absoluteString.contains("/accounts/login/?"))
        let consent = try await enterPassword(login, browser)
        #expect(consent.answer.status == 200, "\(consent.answer)")
        return try code(try await browser.post(consent.url, consent.fields))
    }

    private func enterPassword(_ login: Browser.Page, _ browser: Browser) async throws -> Browser.Page {
        let page = try await browser.post(
            login.url, login.fields + [("username", "ada"), ("password", "analytical engine")])
        return try await browser.follow(page)
    }

    private func code(_ page: Browser.Page) throws -> String {
        let location = try #require(page.location, "\(page.answer)")
        #expect(location.absoluteString.hasPrefix(Self.redirectURI + "?"))
        let items = URLComponents(url: location, resolvingAgainstBaseURL: false)?.queryItems ?? []
        #expect(items.first { $0.name == "state" }?.value == "s&1")
        return try #require(items.first { $0.name == "code" }?.value, "\(location)")
    }

    private func exchange(
        _ code: String, _ issuer: Issuer, verifier: String? = nil, nonce: String = "n-1"
    ) async throws(IssuerFailure) -> Claims {
        try await issuer.exchange(
            code: code, codeVerifier: verifier ?? pkce.verifier, redirectURI: Self.redirectURI, nonce: nonce, at: now)
    }

    private func failure(_ body: () async throws -> some Any) async throws -> IssuerFailure.Reason? {
        do {
            _ = try await body()
            return nil
        } catch let failure as IssuerFailure {
            return failure.reason
        }
    }

    @Test(arguments: [("config-console", "a secret: of 100 %"), ("config-cli", nil)])
    func `somebody signs in with a code and PKCE, at a client with a secret and at one without`(
        clientID: String, secret: String?
    ) async throws {
        let issuer = try await django(clientID: clientID, clientSecret: secret)
        let before = now
        let claims = try await exchange(signIn(to: issuer), issuer)
        #expect(claims.issuer == issuer.settings.url)
        #expect(claims.subject == "1")
        #expect(claims.strings(at: "groups") == ["editors", "releases"])
        #expect(claims.string(at: "aud") == clientID)
        let issuedAt = try #require(claims.issuedAt)
        #expect((before - 5...now + 5).contains(issuedAt))
        #expect((299...301).contains(claims.expiresAt - issuedAt))
    }

    @Test func `another verifier than the challenge's is refused`() async throws {
        let issuer = try await django()
        let code = try await signIn(to: issuer)
        let other = PKCE(randomBytes: [UInt8](repeating: 7, count: 32)).verifier
        #expect(try await failure { try await exchange(code, issuer, verifier: other) } == .refused("invalid_grant"))
        #expect(
            try await failure { try await exchange(code, issuer, verifier: pkce.challenge) }
                == .refused("invalid_grant"))
    }

    @Test func `a code serves once, and a wrong secret never`() async throws {
        let issuer = try await django()
        let code = try await signIn(to: issuer)
        let stranger = try await django(clientSecret: "another secret")
        #expect(try await failure { try await exchange(code, stranger) } == .refused("invalid_client"))
        #expect(try await failure { try await exchange(code, issuer) } == nil)
        #expect(try await failure { try await exchange(code, issuer) } == .refused("invalid_grant"))
    }

    @Test func `the answer to another request is refused by its nonce`() async throws {
        let issuer = try await django()
        let code = try await signIn(to: issuer)
        #expect(try await failure { try await exchange(code, issuer, nonce: "n-2") } == .invalidToken(.nonce))
    }

    @Test func `whoever is refused at the issuer comes back without a code`() async throws {
        let issuer = try await django()
        let browser = Browser()
        let url = try await issuer.authorizationURL(
            redirectURI: Self.redirectURI, state: "s&1", nonce: "n-1", codeChallenge: pkce.challenge, at: now)
        let login = try await browser.follow(browser.get(try #require(URL(string: url))))
        let consent = try await enterPassword(login, browser)
        let page = try await browser.post(consent.url, consent.fields.filter { $0.0 != "allow" })
        #expect(page.location?.query()?.contains("error=access_denied") == true)
    }

    @Test func `a token of the issuer is verified by the key set it publishes, and no other`() async throws {
        let replies = Mutex<[HTTPReply]>([])
        let issuer = try await django { call in
            let reply = try await Wire.fetch(call)
            replies.withLock { $0.append(reply) }
            return reply
        }
        _ = try await exchange(signIn(to: issuer), issuer)
        let answers = replies.withLock { $0.compactMap { try? JSONValue(parsing: $0.body) } }
        let tokens = answers.compactMap { $0["id_token"]?.stringValue }
        let token = try #require(tokens.first)
        #expect(try await issuer.verify(token, at: now).subject == "1")
        await #expect(throws: InvalidToken.self) { try await issuer.verify(token, at: now + 3_600) }
        let mock = try await OpenIDServer.mock()
        let swapped = Issuer(
            try IssuerSettings(
                url: issuer.settings.url, audiences: ["config-console"], jwksURL: "http://127.0.0.1:\(mock.port)/jwks"),
            fetch: Wire.fetch)
        do throws(InvalidToken) {
            _ = try await swapped.verify(token, at: now)
            Issue.record("verified by the keys of another")
        } catch {
            #expect(error.reason == .unknownKey)
        }
    }

    @Test func `somebody signs in on a device, once the code is entered and agreed to`() async throws {
        let issuer = try await django(clientID: "config-device", clientSecret: nil)
        let device = try await issuer.startDevice(at: now)
        #expect(device.intervalSeconds == 5 && device.expiresInSeconds == 1_800)
        #expect(try await issuer.pollDevice(device.deviceCode, at: now) == .pending)
        try await answer(device, "accept")
        guard case .signedIn(let claims) = try await issuer.pollDevice(device.deviceCode, at: now) else {
            Issue.record("not signed in")
            return
        }
        #expect(claims.subject == "1")
        #expect(claims.strings(at: "groups") == ["editors", "releases"])
    }

    @Test func `a sign-in on a device that is denied is told so, and one that nobody began is refused`() async throws {
        let issuer = try await django(clientID: "config-device", clientSecret: nil)
        let device = try await issuer.startDevice(at: now)
        try await answer(device, "deny")
        #expect(try await issuer.pollDevice(device.deviceCode, at: now) == .denied)
        let reason = try await failure { try await issuer.pollDevice("made up", at: now) }
        #expect(reason == .refused("device_not_found"))
    }

    /// Enters the device's code in a browser, and answers.
    private func answer(_ device: DeviceAuthorization, _ action: String) async throws {
        let browser = Browser()
        let login = try await browser.follow(browser.get(try #require(URL(string: device.verificationURI))))
        let entry = try await enterPassword(login, browser)
        let fields = entry.fields.filter { $0.0 != "user_code" } + [("user_code", device.userCode)]
        let confirmation = try await browser.follow(browser.post(entry.url, fields))
        let csrf = confirmation.fields.filter { $0.0 == "csrfmiddlewaretoken" }
        let done = try await browser.post(confirmation.url, csrf + [("action", action)])
        #expect(done.answer.status == 302, "\(done.answer)")
    }

    @Test func `a second provider, known by its discovery document alone, signs in as well`() async throws {
        let server = try await OpenIDServer.mock()
        let issuer = Issuer(
            try IssuerSettings(
                url: "http://127.0.0.1:\(server.port)", audiences: ["config"], clientID: "config", clientSecret: "any"),
            fetch: Wire.fetch)
        let browser = Browser()
        let url = try await issuer.authorizationURL(
            redirectURI: Self.redirectURI, state: "s&1", nonce: "n-1", codeChallenge: pkce.challenge, at: now)
        let form = try await browser.get(try #require(URL(string: url)))
        let code = try code(try await browser.post(form.url, [("sub", "ada@example.com")]))
        let claims = try await exchange(code, issuer)
        #expect(claims.subject == "ada@example.com")
        #expect(claims.string(at: "email") == "ada@example.com")
        #expect(try await failure { try await issuer.startDevice(at: now) } == .unsupported)
    }
}
