import Crypto
import ExactJSON
import Foundation
import Testing

@testable import Identity

@Suite struct TokenTests {
    private let server = StandInIssuer(keys: [.rsaA, .p256, .ed25519])
    private let now = StandInIssuer.now

    @Test(arguments: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
    func `a token that an RSA key signed is taken`(algorithm: String) async throws {
        let token = try TestToken.make(.rsaA, algorithm, server.payload())
        #expect(try await server.issuer().verify(token, at: now).subject == "ada")
    }

    @Test(arguments: [
        (TestKey.p256, "ES256"), (TestKey.ecdsa384("p384"), "ES384"), (TestKey.ecdsa521("p521"), "ES512"),
        (TestKey.ed25519, "EdDSA"),
    ])
    func `a token that a key on a curve signed is taken`(key: TestKey, algorithm: String) async throws {
        server.publish([key])
        let token = try TestToken.make(key, algorithm, server.payload())
        #expect(try await server.issuer().verify(token, at: now).subject == "ada")
    }

    @Test func `the claims are those of the token, numbers exactly as they were written`() async throws {
        let token = try TestToken.make(
            .p256, "ES256",
            server.payload(("exp", 1_790_000_300.75), ("big", try JSONValue(parsing: "12345678901234567890123"))))
        let claims = try await server.issuer().verify(token, at: now)
        #expect(claims.issuer == server.url)
        #expect(claims.expiresAt == now + 300)
        #expect(claims.issuedAt == now)
        #expect(claims.payload["big"]?.numberValue?.canonicalText == "1.2345678901234567890123e+22")
    }

    @Test func `a token without a key's name is taken where one key alone fits it`() async throws {
        server.publish([.rsaA.publishing(("kid", nil)), .p256.publishing(("kid", nil))])
        let key = TestKey.rsaA.publishing(("kid", nil))
        let token = try TestToken.make(key, "RS256", server.payload())
        #expect(await refusal(token, by: try server.issuer()) == nil)

        server.publish([.rsaA, .rsaB])
        #expect(await refusal(token, by: try server.issuer())?.reason == .unknownKey)
    }

    @Test func `an unsigned token is refused, however none is written`() async throws {
        for name in ["none", "None", "NONE", "nOnE", ""] {
            for signature in ["", "AA"] {
                let header = Base64.url.encode(#"{"alg":"\#(name)","kid":"rsa-a"}"#.utf8)
                let token = header + "." + Base64.url.encode(TestToken.text(server.payload()).utf8) + "." + signature
                #expect(await refusal(token, by: try server.issuer())?.reason == .algorithm)
            }
        }
    }

    @Test func `a token without a signature is refused`() async throws {
        let token = try TestToken.make(.rsaA, "RS256", server.payload())
        let bare = token.split(separator: ".").dropLast().joined(separator: ".")
        #expect(await refusal(bare + ".", by: try server.issuer())?.reason == .malformed)
        #expect(await refusal(bare, by: try server.issuer())?.reason == .malformed)
    }

    @Test(arguments: ["HS256", "HS384", "HS512"])
    func `a token signed with the public key as a shared secret is refused`(name: String) async throws {
        let modulus = try #require(TestKey.rsaA.jwk["n"]?.stringValue.flatMap { Base64.url.decode($0) })
        for secret in [modulus, Array(TestToken.text(TestKey.rsaA.jwk).utf8)] {
            let token = TestToken.make(#"{"alg":"\#(name)","kid":"rsa-a"}"#, TestToken.text(server.payload())) {
                Array(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: secret)))
            }
            #expect(await refusal(token, by: try server.issuer())?.reason == .algorithm)
        }
    }

    @Test func `a token signed with a symmetric key that the issuer publishes is refused`() async throws {
        let secret = Array("a secret that should not be here".utf8)
        let published = TestKey.rsaA.publishing(
            ("kty", "oct"), ("k", .string(Base64.url.encode(secret))), ("kid", "shared"), ("n", nil), ("e", nil))
        server.publish([published])
        for name in ["HS256", "RS256"] {
            let token = TestToken.make(#"{"alg":"\#(name)","kid":"shared"}"#, TestToken.text(server.payload())) {
                Array(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: secret)))
            }
            #expect(
                await refusal(token, by: try server.issuer())?.reason == (name == "HS256" ? .algorithm : .unknownKey))
        }
    }

    @Test func `a token altered after it was signed is refused, in every part`() async throws {
        let issuer = try server.issuer()
        for (key, algorithm) in [(TestKey.rsaA, "RS256"), (.rsaA, "PS256"), (.p256, "ES256"), (.ed25519, "EdDSA")] {
            let token = try TestToken.make(key, algorithm, server.payload())
            let parts = token.split(separator: ".").map(String.init)
            let other = Base64.url.encode(TestToken.text(server.payload(("sub", "eve"))).utf8)
            #expect(await refusal("\(parts[0]).\(other).\(parts[2])", by: issuer)?.reason == .signature)
            let header = Base64.url.encode(#"{"alg":"\#(algorithm)","kid":"\#(key.id!)","typ":"JWT"}"#.utf8)
            #expect(await refusal("\(header).\(parts[1]).\(parts[2])", by: issuer)?.reason == .signature)
            var signature = try #require(Base64.url.decode(parts[2]))
            for index in [0, signature.count / 2, signature.count - 1] {
                signature[index] ^= 1
                let altered = "\(parts[0]).\(parts[1]).\(Base64.url.encode(signature))"
                #expect(await refusal(altered, by: issuer)?.reason == .signature)
                signature[index] ^= 1
            }
            let shorter = Base64.url.encode(signature.dropLast())
            #expect(await refusal("\(parts[0]).\(parts[1]).\(shorter)", by: issuer)?.reason == .signature)
            let longer = Base64.url.encode(signature + [0])
            #expect(await refusal("\(parts[0]).\(parts[1]).\(longer)", by: issuer)?.reason == .signature)
        }
    }

    @Test func `a signature of zeros fits no key on a curve`() async throws {
        for (key, algorithm) in [(TestKey.p256, "ES256"), (.ed25519, "EdDSA")] {
            let token = TestToken.make(
                #"{"alg":"\#(algorithm)","kid":"\#(key.id!)"}"#, TestToken.text(server.payload())
            ) { _ in [UInt8](repeating: 0, count: 64) }
            #expect(await refusal(token, by: try server.issuer())?.reason == .signature)
        }
    }

    @Test func `another key under the name of the issuer's is refused`() async throws {
        let forger = TestKey.rsa("rsa-a")
        let token = try TestToken.make(forger, "RS256", server.payload())
        #expect(await refusal(token, by: try server.issuer())?.reason == .signature)
    }

    @Test func `a key that the token brings along is never looked at`() async throws {
        let forger = TestKey.rsa("rsa-a")
        for header: JSONObject in [
            ["jwk": .object(forger.jwk)], ["jku": "https://evil.example/keys"], ["x5u": "https://evil.example/cert"],
            ["jwk": .object(forger.jwk), "kid": "mine"],
        ] {
            let token = try TestToken.make(forger, "RS256", header: header, server.payload())
            let reason = await refusal(token, by: try server.issuer())?.reason
            #expect(reason == (header["kid"] == nil ? .signature : .unknownKey))
        }
        #expect(server.calls("/keys").count == 4, "each of the issuers asked its own key set, and no other address")
    }

    @Test func `a token of one issuer is refused by another, whichever of them it names`() async throws {
        let other = StandInIssuer("https://other.example", keys: [.rsaB.publishing(("kid", "rsa-a"))])
        let ours = try server.issuer()
        let honest = try TestToken.make(.rsaB.publishing(("kid", "rsa-a")), "RS256", other.payload())
        #expect(await refusal(honest, by: try other.issuer()) == nil)
        #expect(await refusal(honest, by: ours)?.reason == .issuer)
        let swapped = try TestToken.make(.rsaB.publishing(("kid", "rsa-a")), "RS256", server.payload())
        #expect(await refusal(swapped, by: ours)?.reason == .signature)
    }

    @Test func `an algorithm that does not fit the type of the key is refused`() async throws {
        let issuer = try server.issuer()
        for (id, name) in [
            ("rsa-a", "ES256"), ("rsa-a", "EdDSA"), ("p256", "RS256"), ("p256", "ES384"), ("p256", "EdDSA"),
            ("ed25519", "ES256"),
        ] {
            let token = TestToken.make(#"{"alg":"\#(name)","kid":"\#(id)"}"#, TestToken.text(server.payload())) { _ in
                [UInt8](repeating: 1, count: 64)
            }
            #expect(await refusal(token, by: issuer)?.reason == .unknownKey, "\(name) with \(id)")
        }
    }

    @Test func `a key that states its algorithm is for that alone`() async throws {
        server.publish([.rsaA.publishing(("alg", "RS256"))])
        let issuer = try server.issuer()
        #expect(await refusal(try TestToken.make(.rsaA, "RS256", server.payload()), by: issuer) == nil)
        for name in ["RS512", "PS256"] {
            let token = try TestToken.make(.rsaA, name, server.payload())
            #expect(await refusal(token, by: issuer)?.reason == .unknownKey)
        }
    }

    @Test func `an algorithm that the settings leave out is refused`() async throws {
        let issuer = try server.issuer(algorithms: [.es256])
        #expect(
            await refusal(try TestToken.make(.rsaA, "RS256", server.payload()), by: issuer)?.reason == .algorithm)
        #expect(await refusal(try TestToken.make(.p256, "ES256", server.payload()), by: issuer) == nil)
    }

    @Test(
        arguments: [
            ("use", "enc"), ("use", ["sig"]), ("key_ops", ["encrypt"]), ("alg", "RSA-OAEP"), ("alg", "HS256"),
            ("alg", 1),
            ("kty", "oct"), ("crv", "P-256"), ("kid", 7), ("n", "AQAB"), ("e", "!"),
            ("e", "AQ"), ("e", "Ag"), ("e", ""), ("n", .string(String(repeating: "_", count: 1_368))),
        ] as [(String, JSONValue)])
    func `a key that is not for signatures, or damaged, is passed over`(name: String, value: JSONValue) async throws {
        server.publish([.rsaA.publishing((name, value))])
        let token = try TestToken.make(.rsaA, "RS256", server.payload())
        #expect(await refusal(token, by: try server.issuer())?.reason == .unknownKey)
    }

    @Test func `an RSA key of less than 2,048 bits is passed over, and so is one dressed up as longer`() async throws {
        let small = TestKey.rsa("small", bits: 1_024)
        let modulus = try #require(small.jwk["n"]?.stringValue.flatMap { Base64.url.decode($0) })
        let padded = Base64.url.encode([UInt8](repeating: 0, count: 128) + modulus)
        for key in [small, small.publishing(("n", .string(padded)))] {
            server.publish([key])
            let token = try TestToken.make(small, "RS256", server.payload())
            #expect(await refusal(token, by: try server.issuer())?.reason == .unknownKey)
        }
    }

    @Test func `a point whose coordinates have other lengths is passed over`() async throws {
        let x = try #require(TestKey.p256.jwk["x"]?.stringValue.flatMap { Base64.url.decode($0) })
        let y = try #require(TestKey.p256.jwk["y"]?.stringValue.flatMap { Base64.url.decode($0) })
        server.publish([
            .p256.publishing(
                ("x", .string(Base64.url.encode(x.dropLast()))), ("y", .string(Base64.url.encode([x[31]] + y))))
        ])
        let token = try TestToken.make(.p256, "ES256", server.payload())
        #expect(await refusal(token, by: try server.issuer())?.reason == .unknownKey)
    }

    @Test(arguments: [
        "../../../../dev/null", "/dev/null", "rsa-a\u{0}", "rsa-a' OR '1'='1", "RSA-A", " rsa-a", "rsa-a/../rsa-a", "",
        "https://evil.example/keys", String(repeating: "k", count: 8_000), "ключ",
    ])
    func `the name of a key is compared, and nothing else is done with it`(name: String) async throws {
        let token = try TestToken.make(.rsaA, "RS256", header: ["kid": .string(name)], server.payload())
        let refusal = try #require(await refusal(token, by: try server.issuer()))
        #expect(refusal.reason == .unknownKey)
        #expect(refusal.text.utf8.count < 300 && refusal.text.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect(server.calls("/keys").count == 1)
    }

    @Test func `a token of more than 16 KiB is refused before anything is read, and one of just as much is not`()
        async throws
    {
        let issuer = try server.issuer()
        func token(padding: Int) throws -> String {
            try TestToken.make(.p256, "ES256", server.payload(("pad", .string(String(repeating: "x", count: padding)))))
        }
        let bare = try token(padding: 0).utf8.count
        var padding = (16_384 - bare) * 3 / 4
        while try token(padding: padding).utf8.count > 16_384 { padding -= 1 }
        #expect(try token(padding: padding).utf8.count >= 16_380)
        #expect(await refusal(try token(padding: padding), by: issuer) == nil)
        #expect(await refusal(try token(padding: padding + 3), by: issuer)?.reason == .tooLong)
        #expect(await refusal(String(repeating: ".", count: 16_385), by: issuer)?.reason == .tooLong)
    }

    @Test func `what has not three parts is refused`() async throws {
        let issuer = try server.issuer()
        let token = try TestToken.make(.rsaA, "RS256", server.payload())
        for text in [
            "", ".", "..", "...", token + ".", token + "." + token, "." + token, "a.b.c", " " + token, token + "\n",
        ] {
            #expect(await refusal(text, by: issuer)?.reason == .malformed, "\(text.prefix(20))")
        }
    }

    @Test func `base64url is read strictly: no padding, no other alphabet, no bits to spare`() async throws {
        let issuer = try server.issuer()
        let parts = try TestToken.make(.p256, "ES256", server.payload()).split(separator: ".").map(String.init)
        #expect(await refusal("\(parts[0]).\(parts[1]).\(parts[2])==", by: issuer)?.reason == .malformed)
        #expect(await refusal("\(parts[0]).\(parts[1])\n.\(parts[2])", by: issuer)?.reason == .malformed)
        // 64 bytes end in a letter with four bits to spare.
        let last = try #require(parts[2].last)
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let next = letters[try #require(letters.firstIndex(of: last)) + 1]
        #expect(
            await refusal("\(parts[0]).\(parts[1]).\(parts[2].dropLast())\(next)", by: issuer)?.reason == .malformed)
    }

    @Test(
        arguments: [
            (#"{"alg":"RS256","kid":"rsa-a","kid":"p256"}"#, nil),
            (#"{"alg":"RS256","alg":"none","kid":"rsa-a"}"#, nil),
            (#"{"alg":"RS256","\u0061lg":"none","kid":"rsa-a"}"#, nil),
            (nil, #"{"aud":"config","exp":1790000300,"iss":"https://issuer.example","sub":"ada","sub":"root"}"#),
            (nil, #"{"aud":"config","exp":1790000300,"iss":"https://issuer.example","sub":"ada","x":{"y":1,"y":2}}"#),
            (nil, #"{"aud":"other","aud":"config","exp":1790000300,"iss":"https://issuer.example","sub":"ada"}"#),
        ] as [(String?, String?)])
    func `a member that occurs twice is refused, though the signature fits`(header: String?, payload: String?)
        async throws
    {
        let token = try TestToken.make(
            header ?? #"{"alg":"RS256","kid":"rsa-a"}"#, payload ?? TestToken.text(server.payload())
        ) { try TestKey.rsaA.sign($0, "RS256") }
        #expect(await refusal(token, by: try server.issuer())?.reason == .duplicateMember)
    }

    @Test(
        arguments: [
            (#"[]"#, nil), (#"{"alg":"RS256""#, nil), (#"{"alg":"RS256","kid":1}"#, nil),
            (#"{"alg":"RS256","typ":[]}"#, nil),
            (nil, "[]"), (nil, ""), (nil, "null"), (nil, #"{"sub":"ada"}x"#), (nil, "{\"sub\":\"\u{FEFF}\"} {}"),
            (nil, String(repeating: #"{"a":"#, count: 40) + "1" + String(repeating: "}", count: 40)),
        ] as [(String?, String?)])
    func `what is no JSON object of the kind is refused`(header: String?, payload: String?) async throws {
        let token = try TestToken.make(
            header ?? #"{"alg":"RS256","kid":"rsa-a"}"#, payload ?? TestToken.text(server.payload())
        ) { try TestKey.rsaA.sign($0, "RS256") }
        #expect(await refusal(token, by: try server.issuer())?.reason == .malformed)
    }

    @Test(arguments: [["exp"], ["b64"], [], "exp"] as [JSONValue])
    func `a header that must be understood is refused, whatever it is`(value: JSONValue) async throws {
        let token = try TestToken.make(
            .rsaA, "RS256", header: ["b64": true, "crit": value], server.payload())
        #expect(await refusal(token, by: try server.issuer())?.reason == .criticalHeader)
    }

    @Test func `a token made for another purpose is refused by its type`() async throws {
        let issuer = try server.issuer()
        for (type, isBearer, isSignIn) in [
            ("JWT", true, true), ("jwt", true, true), ("at+jwt", true, false), ("application/at+jwt", true, false),
            ("logout+jwt", false, false), ("dpop+jwt", false, false), ("", false, false),
        ] {
            let payload = server.payload(("aud", ["config", "console"]))
            let token = try TestToken.make(.rsaA, "RS256", header: ["typ": .string(type)], payload)
            #expect(await refusal(token, by: issuer)?.reason == (isBearer ? nil : .type), "\(type)")
            #expect(
                await refusal(token, by: issuer, as: .signIn(nonce: nil))?.reason == (isSignIn ? nil : .type), "\(type)"
            )
        }
    }

    @Test(
        arguments: [
            "https://issuer.example/", "https://issuer.exampl", "HTTPS://issuer.example", "http://issuer.example",
            "https://issuer.example.evil", "https://other.example", "", nil, 1, ["https://issuer.example"],
        ] as [JSONValue?])
    func `the issuer must be written alike`(value: JSONValue?) async throws {
        let token = try TestToken.make(.rsaA, "RS256", server.payload(("iss", value)))
        #expect(await refusal(token, by: try server.issuer())?.reason == .issuer)
        #expect(server.keyFetches == 0, "the tokens of others cost no request")
    }

    @Test func `the audience must hold one of ours`() async throws {
        let issuer = try server.issuer(audiences: ["config", "api://config"])
        for (audience, isTaken) in [
            ("config", true), ("api://config", true), (["x", "api://config"], true), (["config"], true),
            ("Config", false), ("config ", false), ("configx", false), ("", false), ([], false), (["x"], false),
            (nil, false), (1, false), (["config", 1], false), ([["config"]], false), (["config": true], false),
        ] as [(JSONValue?, Bool)] {
            let token = try TestToken.make(.rsaA, "RS256", server.payload(("aud", audience)))
            #expect(await refusal(token, by: issuer)?.reason == (isTaken ? nil : .audience), "\(audience as Any)")
        }
    }

    @Test func `names are compared byte for byte`() async throws {
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        let issuer = try server.issuer(audiences: [composed], clientID: composed)
        server.publish([.rsaA.publishing(("kid", .string(composed)))])
        for (aud, azp, kid, reason) in [
            (composed, composed, composed, nil), (decomposed, composed, composed, .audience),
            (composed, decomposed, composed, .authorizedParty), (composed, composed, decomposed, .unknownKey),
        ] as [(String, String, String, InvalidToken.Reason?)] {
            let payload = server.payload(("aud", [.string(aud), "other"]), ("azp", .string(azp)))
            let token = try TestToken.make(.rsaA, "RS256", header: ["kid": .string(kid)], payload)
            #expect(await refusal(token, by: issuer, as: .signIn(nonce: nil))?.reason == reason)
        }
    }

    @Test func `which issuer a token names is told before anything is proved`() throws {
        let token = try TestToken.make(.rsaB, "RS256", server.payload(("iss", "https://other.example")))
        #expect(try Issuer.named(in: token) == "https://other.example")
        let nameless = try TestToken.make(.rsaB, "RS256", server.payload(("iss", nil)))
        #expect(throws: InvalidToken.self) { try Issuer.named(in: nameless) }
        #expect(throws: InvalidToken.self) { try Issuer.named(in: String(repeating: "x", count: 20_000)) }
    }

    @Test func `an ID token is for the client, not for the audiences of bearer tokens`() async throws {
        let issuer = try server.issuer(audiences: ["config"], clientID: "console")
        let idToken = try TestToken.make(.rsaA, "RS256", server.payload(("aud", "console")))
        let bearer = try TestToken.make(.rsaA, "RS256", server.payload())
        #expect(await refusal(idToken, by: issuer, as: .signIn(nonce: nil)) == nil)
        #expect(await refusal(idToken, by: issuer)?.reason == .audience)
        #expect(await refusal(bearer, by: issuer, as: .signIn(nonce: nil))?.reason == .audience)
        let without = try server.issuer(clientID: nil)
        #expect(await refusal(idToken, by: without, as: .signIn(nonce: nil))?.reason == .audience)
    }

    @Test func `of several audiences the authorized party must be the client`() async throws {
        let issuer = try server.issuer()
        for (party, isTaken) in [("console", true), (nil, true), ("other", false), (1, false)] as [(JSONValue?, Bool)] {
            let token = try TestToken.make(
                .rsaA, "RS256", server.payload(("aud", ["console", "other"]), ("azp", party)))
            let reason = await refusal(token, by: issuer, as: .signIn(nonce: nil))?.reason
            #expect(reason == (isTaken ? nil : .authorizedParty))
        }
    }

    @Test func `an expired token is refused, and the clocks may be a minute apart`() async throws {
        let issuer = try server.issuer()
        let token = try TestToken.make(.rsaA, "RS256", server.payload(("exp", .int(now))))
        #expect(await refusal(token, by: issuer, at: now - 1) == nil)
        #expect(await refusal(token, by: issuer, at: now + 59) == nil)
        #expect(await refusal(token, by: issuer, at: now + 60)?.reason == .expired)
        #expect(await refusal(token, by: issuer, at: now + 86_400)?.reason == .expired)
    }

    @Test(arguments: ["nbf", "iat"])
    func `a token from the future is refused, and the clocks may be a minute apart`(name: String) async throws {
        let issuer = try server.issuer()
        let token = try TestToken.make(
            .rsaA, "RS256", server.payload(("iat", nil), (name, .int(now)), ("exp", .int(now + 900))))
        #expect(await refusal(token, by: issuer, at: now - 60) == nil)
        #expect(await refusal(token, by: issuer, at: now - 61)?.reason == .notYetValid)
    }

    @Test(arguments: [nil, "1790000300", true, [], 1e300, -1e300, 9.1e15] as [JSONValue?])
    func `an end that is absent or no time is refused`(value: JSONValue?) async throws {
        let token = try TestToken.make(.rsaA, "RS256", server.payload(("exp", value)))
        #expect(await refusal(token, by: try server.issuer())?.reason == .claim)
        let other = try TestToken.make(.rsaA, "RS256", server.payload(("nbf", value ?? "soon")))
        #expect(await refusal(other, by: try server.issuer())?.reason == .claim)
    }

    @Test func `a time long ago or far ahead is no trap`() async throws {
        for value in [-9_007_199_254_740_992, 0] as [Int64] {
            let token = try TestToken.make(.rsaA, "RS256", server.payload(("exp", .int(value))))
            #expect(await refusal(token, by: try server.issuer())?.reason == .expired)
        }
        let token = try TestToken.make(.rsaA, "RS256", server.payload(("exp", .int(9_007_199_254_740_992 as Int64))))
        #expect(await refusal(token, by: try server.issuer()) == nil)
    }

    @Test(
        arguments: [nil, "", 1, ["ada"], "ada\n", "a\u{0}da", .string(String(repeating: "a", count: 1_025))]
            as [JSONValue?])
    func `a subject that names nobody is refused`(value: JSONValue?) async throws {
        let token = try TestToken.make(.rsaA, "RS256", server.payload(("sub", value)))
        #expect(await refusal(token, by: try server.issuer())?.reason == .claim)
    }

    @Test func `the nonce that was sent must come back`() async throws {
        let issuer = try server.issuer()
        for (nonce, isTaken) in [("n-1", true), ("n-2", false), ("n-", false), ("", false), (nil, false), (1, false)]
            as [(JSONValue?, Bool)]
        {
            let token = try TestToken.make(.rsaA, "RS256", server.payload(("aud", "console"), ("nonce", nonce)))
            let reason = await refusal(token, by: issuer, as: .signIn(nonce: "n-1"))?.reason
            #expect(reason == (isTaken ? nil : .nonce))
        }
    }

    @Test func `a claim is found by its path, names with dots included`() async throws {
        let token = try TestToken.make(
            .rsaA, "RS256",
            server.payload(
                ("realm_access", ["roles": ["editor", "viewer"]]), ("group", "one"), ("mixed", ["a", 1]),
                ("https://example.com/roles", ["x"]),
                ("resource_access", ["my.client": ["roles": ["deploy"]], "my": ["client": ["other": "y"]]])))
        let claims = try await server.issuer().verify(token, at: now)
        #expect(claims.strings(at: "realm_access.roles") == ["editor", "viewer"])
        #expect(claims.strings(at: "https://example.com/roles") == ["x"])
        #expect(claims.strings(at: "resource_access.my.client.roles") == ["deploy"])
        #expect(claims.string(at: "resource_access.my.client.other") == "y")
        #expect(claims.strings(at: "group") == ["one"] && claims.string(at: "group") == "one")
        #expect(claims.string(at: "realm_access.roles") == nil)
        for path in ["mixed", "realm_access", "realm_access.role", "roles", "", ".", "realm_access.", "..roles", "exp"]
        {
            #expect(claims.strings(at: path) == nil, "\(path)")
        }
    }

    @Test func `no refusal holds a part of the token`() async throws {
        let issuer = try server.issuer()
        let good = try TestToken.make(.rsaA, "RS256", server.payload(("aud", "console")))
        let parts = good.split(separator: ".").map(String.init)
        let tokens = [
            good, good + "=", "\(parts[0]).\(parts[1])", "\(parts[0])x.\(parts[1]).\(parts[2])",
            "\(parts[0]).\(parts[1])x.\(parts[2])", try TestToken.make(.rsaB, "RS256", server.payload()),
            try TestToken.make(.rsaA, "RS256", server.payload(("exp", 1))),
            try TestToken.make(.rsa("rsa-a"), "RS256", server.payload()),
        ]
        for token in tokens {
            let refusal = try #require(await refusal(token, by: issuer))
            for part in token.split(separator: ".") {
                #expect(!"\(refusal) \(refusal.text)".contains(part.prefix(12)))
            }
            #expect(refusal.text.hasSuffix("."))
        }
    }
}
