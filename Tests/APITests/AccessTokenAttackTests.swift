import ConfigPlatformModel
import ControlPlane
import Crypto
import Foundation
import TestSupport
import Testing

/// Tokens that are forged, borrowed, ended, or meant for somebody else.
@Suite struct AccessTokenAttackTests {
    private static let base = ServerUnderTest.base
    private static let shop = ServerUnderTest.shop
    private static let document = "\(shop)/environments/staging/settings"

    private static let issuer: JSONValue = [
        "url": "https://ci.example", "vouchesFor": "workloads", "audiences": ["cfg"], "groupsClaim": "groups",
    ]

    private static func withIssuer(
        _ body: (ServerUnderTest, StandInIssuer) async throws -> Void
    ) async throws {
        let issuer = StandInIssuer(of: "https://ci.example")
        try await ServerUnderTest.run(signIn: SignInSettings(fetch: issuer.fetch)) { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(base)/issuers/ci", body: Self.issuer)
            try await test.bind("deployer", "workload:ci/deployer", "operator", project: "shop")
            try await body(test, issuer)
        }
    }

    // MARK: Tokens of issuers

    @Test func `a token that the issuer signed, for us and in force, is taken; nothing like it is`() async throws {
        try await Self.withIssuer { test, issuer in
            let now = test.clock.now
            let seconds = now.microseconds / 1_000_000
            func payload(_ more: JSONObject = [:]) -> JSONObject {
                issuer.payload(subject: "deployer", now: now, more)
            }
            let good = try issuer.token(payload())
            let me = try await test.send("GET", "\(Self.base)/whoami", token: .other(good)).json()
            #expect(me["principal"] == "workload:ci/deployer")
            #expect(me["purpose"] == "issuer")
            #expect(try await test.send("PUT", "\(Self.document)/k", body: .json(1), token: .other(good)).status == 201)
            let other = P256.Signing.PrivateKey()
            let header: JSONObject = ["alg": "ES256", "kid": "key-1"]
            let point = Array(issuer.key.publicKey.rawRepresentation)
            var withoutEnd = payload()
            withoutEnd["exp"] = nil
            var forged: [(String, String)] = [
                ("none", StandInIssuer.token(payload(), header: ["alg": "none"]) { _ in [] }),
                (
                    "none with a key's name",
                    StandInIssuer.token(payload(), header: ["alg": "None", "kid": "key-1"]) { _ in [] }
                ),
                ("another key", try StandInIssuer.token(payload(), header: header, signedBy: other)),
                (
                    "a key of its own",
                    try StandInIssuer.token(
                        payload(), header: ["alg": "ES256", "jwk": StandInIssuer.published(other.publicKey)],
                        signedBy: other)
                ),
                (
                    "keys of its own elsewhere",
                    try StandInIssuer.token(
                        payload(), header: ["alg": "ES256", "kid": "key-1", "jku": "https://evil.example/keys"],
                        signedBy: other)
                ),
                (
                    "the public key as a secret",
                    StandInIssuer.token(payload(), header: ["alg": "HS256", "kid": "key-1"]) { bytes in
                        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: point)))
                    }
                ),
                ("another audience", try issuer.token(payload(["aud": "other"]))),
                ("no audience", try issuer.token(payload(["aud": .null]))),
                ("another issuer", try issuer.token(payload(["iss": "https://evil.example"]))),
                ("the issuer with a slash", try issuer.token(payload(["iss": "https://ci.example/"]))),
                ("expired", try issuer.token(payload(["exp": .int(seconds - 1)]))),
                ("expired within the skew", try issuer.token(payload(["exp": .int(seconds)]))),
                ("not yet", try issuer.token(payload(["nbf": .int(seconds + 120)]))),
                ("of tomorrow", try issuer.token(payload(["iat": .int(seconds + 120)]))),
                ("without an end", try issuer.token(withoutEnd)),
                (
                    "a logout token",
                    try issuer.token(payload(), header: ["alg": "ES256", "kid": "key-1", "typ": "logout+jwt"])
                ),
                ("an unknown key", try issuer.token(payload(), header: ["alg": "ES256", "kid": "key-2"])),
                (
                    "critical extensions",
                    try issuer.token(
                        payload(), header: ["alg": "ES256", "kid": "key-1", "crit": ["b64"], "b64": false])
                ),
                ("nobody", try issuer.token(payload(["sub": ""]))),
            ]
            let parts = good.split(separator: ".").map(String.init)
            let elsewhere = try issuer.token(payload(["sub": "root"])).split(separator: ".").map(String.init)
            forged += [
                ("another's body", "\(parts[0]).\(elsewhere[1]).\(parts[2])"),
                ("no signature", "\(parts[0]).\(parts[1])."),
                ("two parts", "\(parts[0]).\(parts[1])"), ("four parts", good + ".x"), ("a byte more", good + "A"),
                ("padding", good + "="),
            ]
            for (what, token) in forged {
                let answer = try await test.send("GET", "\(Self.base)/whoami", token: .other(token))
                #expect(answer.status == 401, "\(what): \(answer.text)")
            }
            // All of them in the words of a token that never was one.
            let words = Set(
                try await forged.prefix(8).map { $0.1 }.inOrder {
                    Told(try await test.send("GET", "\(Self.base)/whoami", token: .other($0))).description
                } + [Told(try await test.send("GET", "\(Self.base)/whoami", token: .other("cfg_x"))).description])
            #expect(words.count == 1)
            // A clock that is a little behind the issuer's is no reason to refuse.
            let ahead = try issuer.token(payload(["iat": .int(seconds + 30), "nbf": .int(seconds + 30)]))
            #expect(try await test.send("GET", "\(Self.base)/whoami", token: .other(ahead)).status == 200)
        }
    }

    @Test func `an issuer vouches for its own and for whom it is to vouch for`() async throws {
        try await Self.withIssuer { test, issuer in
            let people = StandInIssuer(of: "https://id.example")
            try await test.json(
                201, "PUT", "\(Self.base)/issuers/people",
                body: ["url": "https://id.example", "vouchesFor": "people", "clientId": "cfg"])
            let now = test.clock.now
            // An identity token of somebody who may sign in is no token of this platform.
            let identity = try people.token(
                people.payload(subject: "ada", now: now, ["email": "ada@example.com", "email_verified": true]))
            #expect(try await test.send("GET", "\(Self.base)/whoami", token: .other(identity)).status == 401)
            // Names that would be those of others, or of many.
            for subject in [
                "*", "../people/ada", "deployer*", "people/ada", "deployer\n", "%64eployer", "Deployer", " deployer",
            ] {
                let token = try issuer.token(issuer.payload(subject: subject, now: now))
                let answer = try await test.send("GET", "\(Self.base)/whoami", token: .other(token))
                if answer.status == 200 {
                    let principal = try answer.json()["principal"]?.stringValue ?? ""
                    #expect(principal.hasPrefix("workload:ci/") && !principal.hasSuffix("*"), "\(principal)")
                    #expect(try await test.send("GET", Self.shop, token: .other(token)).status == 404, "\(principal)")
                }
            }
            // Groups that a token names are its issuer's.
            try await test.json(201, "PUT", "\(Self.base)/groups/admins", body: ["members": ["user:pat"]])
            try await test.bind("admins", "group:admins", "administrator")
            try await test.bind("people-admins", "group:people/admins", "administrator")
            let grouped = try issuer.token(
                issuer.payload(
                    subject: "x", now: now, ["groups": ["admins", "people/admins", "../admins", "group:admins"]]))
            let me = try await test.send("GET", "\(Self.base)/whoami", token: .other(grouped)).json()
            for group in me["groups"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
                #expect(group.hasPrefix("group:ci/"), "\(group)")
            }
            #expect(try await test.send("GET", Self.shop, token: .other(grouped)).status == 404)
        }
    }

    @Test func `an issuer that is believed no more, and a workload that is disabled, end at once`() async throws {
        try await Self.withIssuer { test, issuer in
            let token = try issuer.token(issuer.payload(subject: "deployer", now: test.clock.now))
            let client = test.client.with(token: token)
            #expect(try await client.get(Self.document).status == 200)
            let named = try await test.send(
                "POST", "\(Self.base)/changes",
                body: .json([
                    "message": "m",
                    "operations": [
                        ["op": "put", "kind": "identity", "key": "workload:ci/deployer", "value": ["disabled": true]]
                    ],
                ]))
            #expect(named.status == 201)
            #expect(try await client.get(Self.document).status == 401)
            try await test.send(
                "POST", "\(Self.base)/changes",
                body: .json([
                    "message": "m",
                    "operations": [["op": "delete", "kind": "identity", "key": "workload:ci/deployer"]],
                ]))
            #expect(try await client.get(Self.document).status == 200)
            var other = Self.issuer.objectValue ?? [:]
            other["audiences"] = ["another"]
            try await test.json(201, "PUT", "\(Self.base)/issuers/ci", body: .object(other))
            #expect(try await client.get(Self.document).status == 401)
            try await test.json(201, "PUT", "\(Self.base)/issuers/ci", body: Self.issuer)
            #expect(try await client.get(Self.document).status == 200)
            test.clock.advance(seconds: 300)
            #expect(try await client.get(Self.document).status == 401)
        }
    }

    // MARK: Ways that go round the ordinary ones

    @Test func `what was laid out for one caller is not given to another`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.change([ServerUnderTest.put("canary", "canary", in: "staging")])
            let limited = try await test.restricted("limited", [["actions": ["read"], "keys": ["checkout"]]])
            let elsewhere = ServerUnderTest.Token.other(
                try await test.makeToken("e", "viewer", project: "shop", environments: ["base"]).text)
            let paths = [Self.document, "\(Self.document)/canary", "\(Self.document)/checkout.timeout"]
            for _ in 1...3 {
                for path in paths {
                    #expect(try await test.get(path).status == 200)
                    let part = try await test.send("GET", path, token: limited)
                    #expect(!part.text.contains("\"canary\":"))
                    #expect(part.status == (path.hasSuffix("/canary") ? 404 : 200))
                    #expect(try await test.send("GET", path, token: elsewhere).status == 404)
                    #expect(try await test.send("GET", path, token: .none).status == 401)
                    // What was laid out for the limited one is not given to who may see all either.
                    if path == Self.document { #expect(try await test.get(path).text.contains("canary")) }
                }
            }
            // The same on one connection, where the last token is remembered.
            let connection = try HTTPConnection(port: test.port)
            guard case .other(let text) = limited else { return }
            for token in [test.token, text, test.token, text] {
                try await connection.send(
                    Array(
                        "GET \(Self.document) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n"
                            .utf8))
                #expect(try await connection.answer().text.contains("canary") == (token == test.token))
            }
            // A role that takes a key away counts from the next request on.
            let reader = try await test.person("user:ada", "viewer", project: "shop")
            #expect(try await test.send("GET", Self.document, token: reader).text.contains("canary"))
            try await test.makeRole("deny", [["effect": "deny", "actions": ["read"], "keys": ["canary"]]])
            try await test.bind("deny", "user:ada", "deny", project: "shop")
            #expect(try await !test.send("GET", Self.document, token: reader).text.contains("canary"))
        }
    }

    @Test func `a change on the short way is its own caller's`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let viewer = try await test.makeToken("v", "viewer", project: "shop").text
            let body =
                #"{"message":"m","operations":[{"op":"put","kind":"setting","environment":"staging","key":"k","value":1}]}"#
            func post(_ token: String) -> String {
                "POST \(Self.shop)/changes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
                    + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            }
            let connection = try HTTPConnection(port: test.port)
            for (token, status) in [(test.token, 201), (viewer, 403), (test.token, 200), (viewer, 403), ("cfg_x", 401)]
            {
                try await connection.send(Array(post(token).utf8))
                #expect(try await connection.answer().status == status)
            }
        }
    }

    @Test func `a watch and a kept connection end with the token, its owner's disabling, and the rights`() async throws
    {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let base = "\(Self.shop)/environments/base/settings"
            try await test.bind("ada", "user:ada", "operator", project: "shop")
            let session = try await test.session(of: "user:ada")
            let personal = try await test.makeToken(
                "mine", "viewer", more: ["personal": true], by: .other(session.text))
            let service = try await test.makeToken("service", "viewer", project: "shop")
            let expiring = try await test.makeToken("short", "viewer", project: "shop", more: ["expiresIn": 60])
            func follow(_ text: String) async throws -> (client: WireClient, events: TestSupport.EventStream) {
                let client = test.client.with(token: text)
                let (_, events) = try await client.events("\(Self.shop)/watch", query: [("environment", "base")])
                #expect(try await events.nextChange()?.event == "snapshot")
                for _ in 1...3 { #expect(try await client.get(base).status == 200) }
                return (client, events)
            }
            var value = 0
            func ended(_ followed: (client: WireClient, events: TestSupport.EventStream), _ status: Int) async throws {
                value += 1
                #expect(try await followed.client.get(base).status == status)
                try await test.change([ServerUnderTest.put("k", .int(value), in: "base")])
                #expect(try await followed.events.nextChange() == nil)
            }
            let byService = try await follow(service.text)
            try await test.send("DELETE", "\(Self.base)/tokens/\(service.id)")
            try await ended(byService, 401)
            let byTime = try await follow(expiring.text)
            test.clock.advance(seconds: 60)
            try await ended(byTime, 401)
            let (bySession, byPersonal) = (try await follow(session.text), try await follow(personal.text))
            try await test.json(201, "PUT", "\(Self.base)/identities/user:ada", body: ["disabled": true])
            try await ended(bySession, 401)
            try await ended(byPersonal, 401)
            try await test.json(201, "PUT", "\(Self.base)/identities/user:ada", body: ["disabled": false])
            // Without the right to read nothing more is told, and with it again what happens then.
            let again = try await follow(session.text)
            try await test.json(201, "DELETE", "\(Self.shop)/bindings/ada")
            try await test.change([ServerUnderTest.put("hidden", 1, in: "base")])
            #expect(try await again.client.get(base).status == 404)
            try await test.bind("ada", "user:ada", "viewer", project: "shop")
            try await test.change([ServerUnderTest.put("shown", 1, in: "base")])
            let next = try #require(try await again.events.nextChange())
            #expect(next.data["changes"]?.arrayValue?.compactMap { $0["key"] } == ["shown"])
            again.events.close()
        }
    }

    // MARK: Tokens of tokens

    @Test func `a personal token may never do more than its owner, and ends with it`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let ada = try await test.person("user:ada", "operator", project: "shop", environments: ["staging"])
            let mine = try await test.makeToken("mine", "administrator", more: ["personal": true], by: ada)
            let token = ServerUnderTest.Token.other(mine.text)
            #expect(try await test.send("PUT", "\(Self.document)/k", body: .json(1), token: token).status == 201)
            for (method, path, body) in [
                ("PUT", "\(Self.shop)/environments/base/settings/k", 1), ("GET", "\(Self.shop)/environments/base", nil),
                ("PUT", "\(Self.base)/bindings/mine", ["subject": "user:ada", "role": "administrator"]),
                ("GET", "\(Self.base)/audit/events", nil), ("GET", "\(Self.base)/roles", nil),
                (
                    "POST", "\(Self.base)/tokens",
                    ["name": "service", "role": "operator", "project": "shop", "environments": ["staging"]]
                ),
                ("POST", "\(Self.shop)/break-glass", ["reason": "r"]),
            ] as [(String, String, JSONValue?)] {
                let answer = try await test.send(method, path, body: body.map { .json($0) }, token: token)
                #expect([403, 404].contains(answer.status), "\(method) \(path): \(answer.text)")
            }
            // A narrower one makes no wider one.
            let narrow = try await test.makeToken(
                "narrow", "viewer", project: "shop", environments: ["staging"], more: ["personal": true], by: ada)
            for role in ["operator", "administrator", "auditor"] {
                try await test.refused(
                    .forbidden, "POST", "\(Self.base)/tokens",
                    body: .json(["name": "wider", "role": .string(role), "personal": true]), token: .other(narrow.text))
            }
            #expect(
                try await test.send("PUT", "\(Self.document)/k", body: .json(2), token: .other(narrow.text)).status
                    == 403)
            // What its owner loses it loses.
            try await test.bind("ada", "user:ada", "viewer", project: "shop", environments: ["staging"])
            #expect(try await test.send("PUT", "\(Self.document)/k", body: .json(3), token: token).status == 403)
            try await test.json(201, "DELETE", "\(Self.shop)/bindings/ada")
            #expect(try await test.send("GET", Self.document, token: token).status == 404)
            try await test.json(201, "PUT", "\(Self.base)/identities/user:ada", body: ["disabled": true])
            #expect(try await test.send("GET", "\(Self.base)/whoami", token: token).status == 401)
        }
    }

    @Test func `a token that only reads ends none of its owner's others`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let ada = try await test.person("user:ada", "administrator")
            let session = try await test.session(of: "user:ada")
            let narrow = try await test.makeToken(
                "narrow", "evaluator", project: "shop", environments: ["staging"], more: ["personal": true], by: ada)
            let wide = try await test.makeToken("wide", "administrator", more: ["personal": true], by: ada)
            for path in ["tokens/\(wide.id)", "sessions/\(session.id)"] {
                let answer = try await test.send("DELETE", "\(Self.base)/\(path)", token: .other(narrow.text))
                #expect([403, 404].contains(answer.status), "\(path)")
            }
            #expect(try await test.send("DELETE", "\(Self.base)/tokens/\(wide.id)", token: ada).status == 204)
        }
    }

    @Test func `a token with an end makes none that outlives it`() async throws {
        try await Self.withIssuer { test, issuer in
            let short = ServerUnderTest.Token.other(
                try await test.makeToken("short", "administrator", more: ["expiresIn": 600]).text)
            for more in [[:], ["expiresIn": 601], ["expires": "2999-01-01T00:00:00Z"]] as [JSONObject] {
                var body: JSONObject = ["name": "long", "role": "viewer"]
                for (name, value) in more { body[name] = value }
                try await test.refused(
                    .forbidden, "POST", "\(Self.base)/tokens", body: .json(.object(body)), token: short)
            }
            let shorter = try await test.makeToken("shorter", "viewer", more: ["expiresIn": 599], by: short)
            #expect(!shorter.text.isEmpty)
            // Rights with an end give none without.
            let soon = test.clock.now.adding(seconds: 600).text
            try await test.json(
                201, "PUT", "\(Self.base)/bindings/eve",
                body: ["subject": "user:eve", "role": "administrator", "expiresAt": .string(soon)])
            let eve = ServerUnderTest.Token.other(try await test.session(of: "user:eve").text)
            for (method, path, body) in [
                ("POST", "\(Self.base)/tokens", ["name": "eves", "role": "administrator"]),
                ("PUT", "\(Self.base)/bindings/eve2", ["subject": "user:eve", "role": "administrator"]),
                ("PUT", "\(Self.base)/bindings/eve", ["subject": "user:eve", "role": "administrator"]),
                ("PUT", "\(Self.base)/roles/all", ["permissions": [["actions": ["administer"]]]]),
            ] as [(String, String, JSONValue)] {
                try await test.refused(.forbidden, method, path, body: .json(body), token: eve)
            }
            // Nor does what an issuer vouched for a few minutes.
            let workload = ServerUnderTest.Token.other(
                try issuer.token(issuer.payload(subject: "deployer", now: test.clock.now)))
            let personal = try await test.send(
                "POST", "\(Self.base)/tokens",
                body: .json(["name": "forever", "role": "operator", "project": "shop", "personal": true]),
                token: workload)
            #expect(personal.status == 403, "a token of five minutes makes one without end: \(personal.text)")
        }
    }
}

extension Sequence {
    fileprivate func inOrder<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
