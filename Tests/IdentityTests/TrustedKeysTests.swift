import ExactJSON
import Testing

@testable import Identity

@Suite struct TrustedKeysTests {
    private let now = StandInIssuer.now

    @Test func `a token that a key signed is verified without asking again for an hour`() async throws {
        let server = StandInIssuer(keys: [.rsaA])
        let issuer = try server.issuer()
        let token = try TestToken.make(.rsaA, "RS256", server.payload(("exp", .int(now + 90_000))))
        for seconds: Int64 in [0, 1, 3_599] { #expect(await refusal(token, by: issuer, at: now + seconds) == nil) }
        #expect(server.keyFetches == 1)
        #expect(await refusal(token, by: issuer, at: now + 3_600) == nil)
        #expect(server.keyFetches == 2)
        #expect(server.calls("/.well-known/openid-configuration").count == 2)
    }

    @Test func `a configured key set is asked without discovery`() async throws {
        let server = StandInIssuer(keys: [.rsaA])
        let issuer = try server.issuer(jwksURL: server.url + "/keys")
        #expect(await refusal(try TestToken.make(.rsaA, "RS256", server.payload()), by: issuer) == nil)
        #expect(server.calls("/.well-known/openid-configuration").isEmpty)
    }

    @Test func `a flood of unknown keys buys one request in 30 seconds`() async throws {
        let server = StandInIssuer(keys: [.rsaA])
        let issuer = try server.issuer()
        #expect(await refusal(try TestToken.make(.rsaA, "RS256", server.payload()), by: issuer) == nil)
        for second: Int64 in 30..<90 {
            for attempt in 0..<5 {
                let token = try TestToken.make(
                    .p256, "ES256", header: ["kid": .string("unknown-\(second)-\(attempt)")], server.payload())
                #expect(await refusal(token, by: issuer, at: now + second)?.reason == .unknownKey)
            }
        }
        #expect(server.keyFetches == 3, "at 0, 30 and 60 s")
        #expect(server.calls("/.well-known/openid-configuration").count == 1)
    }

    @Test func `a token without a key's name never asks anew`() async throws {
        let server = StandInIssuer(keys: [.rsaA, .rsaB])
        let issuer = try server.issuer()
        let token = try TestToken.make(.rsaA.publishing(("kid", nil)), "RS256", server.payload())
        for second: Int64 in [0, 40, 80] {
            #expect(await refusal(token, by: issuer, at: now + second)?.reason == .unknownKey)
        }
        #expect(server.keyFetches == 1)
    }

    @Test func `callers at once share one request`() async throws {
        let server = StandInIssuer(keys: [.p256])
        server.setSlow(true)
        let issuer = try server.issuer()
        let token = try TestToken.make(.p256, "ES256", server.payload())
        let refusals = await withTaskGroup(of: InvalidToken?.self) { group in
            for _ in 0..<50 { group.addTask { await refusal(token, by: issuer) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refusals.count == 50 && refusals.allSatisfy { $0 == nil })
        #expect(server.keyFetches == 1)
        #expect(server.calls("/.well-known/openid-configuration").count == 1)
    }

    @Test func `a new key is found by its name, and one that was withdrawn is refused`() async throws {
        let server = StandInIssuer(keys: [.rsaA])
        let issuer = try server.issuer()
        let old = try TestToken.make(.rsaA, "RS256", server.payload())
        let new = try TestToken.make(.rsaB, "RS256", server.payload())
        #expect(await refusal(old, by: issuer) == nil)
        server.publish([.rsaB])
        #expect(await refusal(old, by: issuer, at: now + 29) == nil, "nobody asked yet")
        #expect(await refusal(new, by: issuer, at: now + 29)?.reason == .unknownKey, "too soon to ask")
        #expect(await refusal(new, by: issuer, at: now + 30) == nil)
        #expect(await refusal(old, by: issuer, at: now + 61)?.reason == .unknownKey)
    }

    @Test func `while an issuer is down its keys serve for a day, and it is asked every 30 seconds`() async throws {
        let server = StandInIssuer(keys: [.rsaA])
        let issuer = try server.issuer()
        let token = try TestToken.make(.rsaA, "RS256", server.payload(("exp", .int(now + 900_000))))
        #expect(await refusal(token, by: issuer) == nil)
        server.setDown(true)
        for seconds: Int64 in [3_600, 3_601, 3_629] {
            #expect(await refusal(token, by: issuer, at: now + seconds) == nil)
        }
        #expect(server.calls("/.well-known/openid-configuration").count == 2)
        #expect(await refusal(token, by: issuer, at: now + 3_630) == nil)
        #expect(server.calls("/.well-known/openid-configuration").count == 3)
        #expect(await refusal(token, by: issuer, at: now + 86_399) == nil)
        let late = await refusal(token, by: issuer, at: now + 86_430)
        #expect(late?.reason == .keysUnavailable)
        server.setDown(false)
        #expect(await refusal(token, by: issuer, at: now + 86_460) == nil)
    }

    @Test func `an issuer that was never reached is asked again after 30 seconds`() async throws {
        let server = StandInIssuer(keys: [.rsaA])
        server.setDown(true)
        let issuer = try server.issuer()
        let token = try TestToken.make(.rsaA, "RS256", server.payload())
        for seconds: Int64 in [0, 1, 29] {
            #expect(await refusal(token, by: issuer, at: now + seconds)?.reason == .keysUnavailable)
        }
        #expect(server.calls("/.well-known/openid-configuration").count == 1)
        server.setDown(false)
        #expect(await refusal(token, by: issuer, at: now + 30) == nil)
    }

    @Test func `a clock that is set back does not stop the asking`() async throws {
        let server = StandInIssuer(keys: [.rsaA])
        server.setDown(true)
        let issuer = try server.issuer()
        let token = try TestToken.make(.rsaA, "RS256", server.payload(("iat", nil)))
        #expect(await refusal(token, by: issuer, at: now)?.reason == .keysUnavailable)
        server.setDown(false)
        #expect(await refusal(token, by: issuer, at: now - 100) == nil)
    }

    @Test(
        arguments: [
            "https://issuer.example/", "https://other.example", "http://issuer.example", nil, 1,
        ] as [JSONValue?])
    func `a discovery document of another issuer is refused`(value: JSONValue?) async throws {
        let server = StandInIssuer(keys: [.rsaA])
        var document: JSONObject = ["jwks_uri": .string(server.url + "/keys")]
        document["issuer"] = value
        server.reply("/.well-known/openid-configuration", document)
        let token = try TestToken.make(.rsaA, "RS256", server.payload())
        #expect(await refusal(token, by: try server.issuer())?.reason == .keysUnavailable)
        #expect(server.keyFetches == 0)
    }

    @Test(
        arguments: [
            nil, "http://issuer.example/keys", "http://127.0.0.1/keys", "file:///etc/passwd", "//issuer.example/keys",
            "https://user@issuer.example/keys", 1,
        ] as [JSONValue?])
    func `a key set elsewhere than https is not asked for`(value: JSONValue?) async throws {
        let server = StandInIssuer(keys: [.rsaA])
        var document: JSONObject = ["issuer": .string(server.url)]
        document["jwks_uri"] = value
        server.reply("/.well-known/openid-configuration", document)
        let token = try TestToken.make(.rsaA, "RS256", server.payload())
        #expect(await refusal(token, by: try server.issuer())?.reason == .keysUnavailable)
    }

    @Test func `answers that are no key set are refused, and the keys that are known go on serving`() async throws {
        let server = StandInIssuer(keys: [.rsaA])
        let issuer = try server.issuer()
        let token = try TestToken.make(.rsaA, "RS256", server.payload(("exp", .int(now + 90_000))))
        #expect(await refusal(token, by: issuer) == nil)
        let large = Array(#"{"keys":[],"pad":"\#(String(repeating: "x", count: HTTPReply.maxBytes))"}"#.utf8)
        for (index, reply) in [
            HTTPReply(status: 200, body: []), HTTPReply(status: 200, body: Array("<html>".utf8)),
            HTTPReply(status: 200, body: Array(#"{"keys":{}}"#.utf8)), HTTPReply(status: 200, body: large),
            HTTPReply(status: 302, body: Array(#"{"keys":[]}"#.utf8)), HTTPReply(status: 500, body: []),
            HTTPReply(status: 200, body: Array(#"{"keys":[],"keys":[]}"#.utf8)),
        ].enumerated() {
            server.reply("/keys", reply)
            #expect(await refusal(token, by: issuer, at: now + 4_000 + Int64(index) * 31) == nil)
            let fresh = try server.issuer()
            #expect(await refusal(token, by: fresh)?.reason == .keysUnavailable)
        }
    }

    @Test func `of very many keys a hundred are read`() async throws {
        let filling = (0..<100).map { TestKey.p256.publishing(("kid", .string("k\($0)"))) }
        let server = StandInIssuer(keys: filling + [.rsaA])
        let issuer = try server.issuer()
        #expect(await refusal(try TestToken.make(filling[99], "ES256", server.payload()), by: issuer) == nil)
        let beyond = try TestToken.make(.rsaA, "RS256", server.payload())
        #expect(await refusal(beyond, by: issuer)?.reason == .unknownKey)
    }

    @Test func `two keys of one name are told apart by the algorithm, and not at all where both fit`() async throws {
        let server = StandInIssuer(keys: [.rsaA.publishing(("kid", "k")), .p256.publishing(("kid", "k"))])
        let token = try TestToken.make(.p256.publishing(("kid", "k")), "ES256", server.payload())
        #expect(await refusal(token, by: try server.issuer()) == nil)
        server.publish([.p256.publishing(("kid", "k")), .ecdsa("k")])
        #expect(await refusal(token, by: try server.issuer())?.reason == .unknownKey)
    }
}
