import ExactJSON
import Testing

@testable import Identity

/// Against a stand-in: what is sent, and what answers are taken for. `OpenIDProviderTests` are against real servers.
@Suite struct SignInTests {
    private let server = StandInIssuer(keys: [.rsaA])
    private let now = StandInIssuer.now

    private func idToken(_ members: (String, JSONValue?)...) throws -> String {
        var payload = server.payload(("aud", "console"), ("nonce", "n-1"))
        for (name, value) in members { payload[name] = value }
        return try TestToken.make(.rsaA, "RS256", payload)
    }

    private func exchange(_ issuer: Issuer) async throws(IssuerFailure) -> Claims {
        try await issuer.exchange(
            code: "c/1", codeVerifier: "v-1", redirectURI: "https://config.example/back?x=1&y", nonce: "n-1", at: now)
    }

    private func failure(_ body: () async throws -> some Any) async throws -> IssuerFailure.Reason? {
        do {
            _ = try await body()
            return nil
        } catch let failure as IssuerFailure {
            return failure.reason
        }
    }

    @Test func `the authorization URL holds every parameter, encoded`() async throws {
        let url = try await server.issuer().authorizationURL(
            redirectURI: "https://config.example/back?x=1&y", state: "s&1", nonce: "n 1", codeChallenge: "c-1", at: now)
        #expect(
            url == "https://issuer.example/authorize?response_type=code&client_id=console"
                + "&redirect_uri=https%3A%2F%2Fconfig.example%2Fback%3Fx%3D1%26y&scope=openid%20profile%20email"
                + "&state=s%261&nonce=n%201&code_challenge=c-1&code_challenge_method=S256")
    }

    @Test func `an endpoint that has a query keeps it`() async throws {
        server.reply(
            "/.well-known/openid-configuration",
            [
                "authorization_endpoint": "https://issuer.example/authorize?policy=p1", "issuer": .string(server.url),
                "jwks_uri": .string(server.url + "/keys"),
            ])
        let url = try await server.issuer().authorizationURL(
            redirectURI: "r", state: "s", nonce: "n", codeChallenge: "c", at: now)
        #expect(url.hasPrefix("https://issuer.example/authorize?policy=p1&response_type=code&"))
    }

    @Test func `a public client names itself in the form, one with a secret in the header`() async throws {
        server.reply("/token", ["id_token": .string(try idToken())])
        #expect(try await exchange(server.issuer()).subject == "ada")
        #expect(try await exchange(server.issuer(clientSecret: "a secret: of 100 %")).subject == "ada")
        let calls = server.calls("/token")
        let bodies = calls.map { String(decoding: $0.body, as: UTF8.self) }
        let form =
            "grant_type=authorization_code&code=c%2F1"
            + "&redirect_uri=https%3A%2F%2Fconfig.example%2Fback%3Fx%3D1%26y&code_verifier=v-1"
        #expect(bodies == [form + "&client_id=console", form])
        let authorizations = calls.map { $0.headers.first { $0.0 == "Authorization" }?.1 }
        #expect(
            authorizations == [nil, "Basic " + Base64.padded(Array("console:a%20secret%3A%20of%20100%20%25".utf8))])
        #expect(calls.allSatisfy { $0.method == "POST" })
    }

    @Test func `an ID token that proves nothing is refused, with the reason`() async throws {
        for (member, reason): ((String, JSONValue?), InvalidToken.Reason) in [
            (("nonce", "n-2"), .nonce), (("nonce", nil), .nonce), (("aud", "config"), .audience),
            (("exp", .int(now - 60)), .expired), (("iss", "https://other.example"), .issuer),
        ] {
            server.reply("/token", ["id_token": .string(try idToken(member))])
            #expect(
                try await failure { try await exchange(server.issuer()) }
                    == .invalidToken(reason))
        }
    }

    @Test func `answers of the token endpoint are told apart`() async throws {
        let issuer = try server.issuer()
        for (status, body, reason): (Int, JSONObject, IssuerFailure.Reason) in [
            (400, ["error": "invalid_grant"], .refused("invalid_grant")),
            (401, ["error": "invalid_client"], .refused("invalid_client")), (400, [:], .invalidAnswer),
            (400, ["error": "a b\nc"], .invalidAnswer), (404, [:], .invalidAnswer), (500, [:], .unavailable),
            (302, [:], .unavailable), (200, [:], .invalidAnswer), (200, ["id_token": 1], .invalidAnswer),
            (200, ["id_token": "x"], .invalidToken(.malformed)), (200, ["access_token": "x"], .invalidAnswer),
        ] {
            server.reply("/token", status: status, body)
            #expect(
                try await failure { try await exchange(issuer) } == reason,
                "\(status) \(body)")
        }
        server.reply("/token", HTTPReply(status: 200, body: [UInt8](repeating: 0x20, count: HTTPReply.maxBytes + 1)))
        #expect(try await failure { try await exchange(issuer) } == .invalidAnswer)
        server.setDown(true)
        #expect(try await failure { try await exchange(issuer) } == .unavailable)
    }

    @Test func `without a client ID nobody signs in`() async throws {
        let issuer = try server.issuer(clientID: nil)
        #expect(try await failure { try await exchange(issuer) } == .unsupported)
        #expect(
            try await failure { try await issuer.startDevice(at: now) } == .unsupported)
    }

    @Test func `a sign-in on a device begins with what the issuer says, within bounds`() async throws {
        let issuer = try server.issuer()
        let answer: JSONObject = [
            "device_code": "d-1", "expires_in": 1_800, "user_code": "WDJB-MJHT",
            "verification_uri": "https://issuer.example/enter",
        ]
        server.reply("/device", answer)
        let plain = try await issuer.startDevice(at: now)
        #expect(plain.intervalSeconds == 5 && plain.verificationURIComplete == nil && plain.userCode == "WDJB-MJHT")
        #expect(!"\(plain)".contains("d-1"))
        for (name, value) in [
            ("device_code", nil), ("device_code", ""), ("user_code", "a\u{1B}[2J"), ("user_code", nil),
            ("verification_uri", "javascript:alert(1)"), ("verification_uri", "http://issuer.example/enter"),
            ("verification_uri_complete", "file:///etc/passwd"), ("expires_in", nil), ("expires_in", 0),
            ("expires_in", 1e9), ("interval", 0), ("interval", -1), ("interval", "5"),
        ] as [(String, JSONValue?)] {
            var damaged = answer
            damaged[name] = value
            server.reply("/device", damaged)
            let reason = try await failure { try await issuer.startDevice(at: now) }
            #expect(reason == .invalidAnswer, "\(name)")
        }
        server.reply("/device", status: 400, ["error": "unauthorized_client"])
        let reason = try await failure { try await issuer.startDevice(at: now) }
        #expect(reason == .refused("unauthorized_client"))
    }

    @Test func `how a sign-in on a device stands is told in all five ways`() async throws {
        let issuer = try server.issuer()
        for (code, progress): (String, DeviceProgress) in [
            ("authorization_pending", .pending), ("slow_down", .slowDown), ("access_denied", .denied),
            ("expired_token", .expired),
        ] {
            server.reply("/token", status: 400, ["error": .string(code)])
            #expect(try await issuer.pollDevice("d 1", at: now) == progress)
        }
        server.reply("/token", ["id_token": .string(try idToken(("nonce", nil)))])
        guard case .signedIn(let claims) = try await issuer.pollDevice("d 1", at: now) else {
            Issue.record("not signed in")
            return
        }
        #expect(claims.subject == "ada")
        let body = server.calls("/token").last.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(
            body
                == "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d%201&client_id=console"
        )
        server.reply("/token", status: 400, ["error": "invalid_grant"])
        let reason = try await failure { try await issuer.pollDevice("d 1", at: now) }
        #expect(reason == .refused("invalid_grant"))
    }

    @Test func `no failure holds a code, a verifier or a secret`() async throws {
        let issuer = try server.issuer(clientSecret: "canary-secret")
        for status in [200, 302, 400, 500] {
            server.reply("/token", status: status, ["id_token": "canary-token", "error": "invalid_grant"])
            do throws(IssuerFailure) {
                _ = try await issuer.exchange(
                    code: "canary-code", codeVerifier: "canary-verifier", redirectURI: "r", nonce: "canary-nonce",
                    at: now)
                Issue.record("taken")
            } catch {
                #expect(!"\(error) \(error.text)".contains("canary"))
            }
        }
    }
}
