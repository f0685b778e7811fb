import ConfigPlatformModel
import Foundation
import Synchronization
import TestSupport
import Testing

/// Programs prove who they are by a token of an issuer. The issuer is a stand-in: a server of this process with keys of its own, whose
/// tokens look like those of GitHub Actions.
@Suite("Tokens of workloads", .timeLimit(.minutes(9)))
struct WorkloadTokenTests {
    private let project = ProjectPath("shop")
    private let workload = "workload:github/repo:acme/shop:ref:refs/heads/main"

    /// A server that believes the issuer of its repositories at `acme`, one of which is bound to read production.
    private func serve(_ issuer: StandInIssuer) async throws -> CfgProcess {
        let server = try await CfgProcess(.init(arguments: ["--log-level", "trace"]))
        let admin = server.client
        try await admin.makeProject(project, environments: [("production", []), ("staging", [])])
        try await admin.put("hello", "greeting", "production", of: project)
        try await admin.call("PUT", "/api/v1/issuers/github", body: .json(issuer.item))
        try await admin.call(
            "PUT", project.root + "/bindings/ci",
            body: .json([
                "subject": "workload:github/repo:acme/shop:*", "role": "evaluator", "environments": ["production"],
            ]))
        return server
    }

    private func read(_ token: String, _ server: CfgProcess, _ environment: String = "production") async throws -> Int {
        try await server.client.with(token: token).send("GET", project.settings(environment)).status
    }

    @Test func `a token of a CI reads what its repository is bound to, and nothing else is there`() async throws {
        let issuer = try StandInIssuer()
        let server = try await serve(issuer)
        let token = try issuer.token()
        for _ in 1...3 {
            let answer = try await server.client.with(token: token).document("production", of: project)
            #expect(answer.status == 200 && answer.text == #"{"greeting":"hello"}"#, "\(answer)")
        }
        #expect(issuer.keyRequests == 1, "a token that was verified is not verified each time")
        let caller = try await server.client.with(token: token).call("GET", "/api/v1/whoami").json()
        #expect(caller["principal"] == .string(workload) && caller["purpose"] == "issuer" && caller["expiresAt"] != nil)
        #expect(try await read(token, server, "staging") == 404)
        let write = try await server.client.with(token: token).send(
            "PUT", project.setting("greeting", "production"), body: .json("hi"))
        #expect(write.status == 403)
        for subject in [
            "repo:acme/shop-evil:ref:refs/heads/main", "repo:acme/other:ref:refs/heads/main", "repo:acme/shop",
        ] {
            let other = try issuer.token(("sub", .string(subject)))
            #expect(try await server.client.with(token: other).whoAmI() == 200)
            #expect(try await read(other, server) == 404, "\(subject)")
        }
        let signature = try #require(token.split(separator: ".").last)
        #expect(!server.log.contains(signature), "no log can be used to be somebody")
        try await server.stop()
    }

    @Test func `a token that proves nothing is refused, whatever is wrong with it in the same words`() async throws {
        let issuer = try StandInIssuer()
        let other = try StandInIssuer()
        let server = try await serve(issuer)
        try await server.client.call("PUT", "/api/v1/issuers/other", body: .json(other.item))
        let now = Int64(Date().timeIntervalSince1970)
        let good = issuer.claims()
        let parts = try issuer.token().split(separator: ".").map(String.init)
        #expect(try await read(issuer.token(), server) == 200)
        #expect(try await read(issuer.token(("nbf", .int(now + 30))), server) == 200, "clocks differ by up to 60 s")
        let published = try #require(issuer.key.published["x"]?.stringValue)
        let refused: [(String, String)] = [
            ("no signature, and says so", SigningKey.token(good, header: ["alg": "none", "typ": "JWT"]) { _ in [] }),
            (
                "none in other letters",
                SigningKey.token(good, header: ["alg": "None", "kid": .string(issuer.key.id)]) { _ in [] }
            ),
            (
                "HS256 with what is published as secret",
                SigningKey.token(good, header: ["alg": "HS256", "kid": .string(issuer.key.id)]) {
                    SigningKey.hmac($0, Array(published.utf8))
                }
            ),
            ("another audience", try issuer.token(("aud", "https://elsewhere.example.com"))),
            ("no audience", try issuer.token(("aud", nil))),
            ("another issuer's name", try issuer.token(("iss", "https://token.actions.githubusercontent.com"))),
            ("no issuer's name", try issuer.token(("iss", nil))),
            ("expired beyond the skew", try issuer.token(("exp", .int(now - 61)))),
            ("no end", try issuer.token(("exp", nil))),
            ("of the future", try issuer.token(("nbf", .int(now + 120)))),
            ("issued in the future", try issuer.token(("iat", .int(now + 120)))),
            ("the key of another issuer", try other.key.token(good)),
            ("the name of another issuer", try issuer.key.token(other.claims())),
            ("a required claim is missing", try issuer.token(("repository_owner", nil))),
            ("a required claim is another", try issuer.token(("repository_owner", "evil"))),
            ("a required claim is almost it", try issuer.token(("repository_owner", "acme "))),
            ("no subject", try issuer.token(("sub", nil))),
            (
                "altered after it was signed",
                [parts[0], SigningKey.base64(Array(#"{"sub":"x"}"#.utf8)), parts[2]].joined(separator: ".")
            ),
            ("cut off", parts[0] + "." + parts[1] + "."), ("three dots", "..."),
            (
                "a key of its own in its head",
                SigningKey.token(
                    good, header: ["alg": "ES256", "jwk": other.key.published, "kid": .string(other.key.id)]
                ) { _ in [UInt8](repeating: 1, count: 64) }
            ),
        ]
        let words = try await server.client.with(token: "nonsense").send("GET", "/api/v1/whoami")
        for (what, token) in refused {
            let answer = try await server.client.with(token: token).send("GET", "/api/v1/whoami")
            #expect(answer.status == 401, "\(what): \(answer)")
            #expect(try answer.problemWithoutInstance == words.problemWithoutInstance, "\(what)")
        }
        #expect(server.log.contains("a token of an issuer is refused"), "the log says why")
        try await server.stop()
    }

    @Test func `a token of people's issuer is no bearer token`() async throws {
        let issuer = try StandInIssuer()
        let server = try await serve(issuer)
        try await server.client.call(
            "PUT", "/api/v1/issuers/github",
            body: .json([
                "url": .string(issuer.url), "vouchesFor": "people", "clientId": .string(StandInIssuer.audience),
                "principalClaim": "sub",
            ]))
        #expect(try await server.client.with(token: issuer.token()).whoAmI() == 401)
        try await server.stop()
    }

    @Test
    func
        `an issuer that is believed no more ends its tokens and their watches at once, and one believed otherwise those it bars`()
        async throws
    {
        let issuer = try StandInIssuer()
        let server = try await serve(issuer)
        let token = try issuer.token()
        #expect(try await read(token, server) == 200)
        func watch() async throws -> EventStream {
            let (answer, events) = try await server.client.with(token: token).events(
                project.root + "/watch", query: [("environment", "production")])
            #expect(answer.status == 200)
            #expect(try await events.next()?.event == "snapshot")
            return events
        }
        let followed = try await watch()
        try await server.client.call("DELETE", "/api/v1/issuers/github")
        #expect(try await read(token, server) == 401, "although it was verified before")
        try await server.client.put("secret", "greeting", "production", of: project)
        #expect(try await followed.rest().isEmpty)

        // An item that was altered judges anew, also what it has judged before.
        try await server.client.call("PUT", "/api/v1/issuers/github", body: .json(issuer.item))
        #expect(try await read(token, server) == 200)
        let again = try await watch()
        var tight = issuer.item
        if case .object(var members) = tight {
            members["claims"] = ["repository_owner": "acme", "environment": "production"]
            tight = .object(members)
        }
        try await server.client.call("PUT", "/api/v1/issuers/github", body: .json(tight))
        #expect(try await read(token, server) == 401)
        try await server.client.put("secret too", "greeting", "production", of: project)
        #expect(try await again.rest().isEmpty, "a watch is no way around it")
        var wide = issuer.item
        if case .object(var members) = wide {
            members["audiences"] = ["https://another.example.com", .string(StandInIssuer.audience)]
            wide = .object(members)
        }
        try await server.client.call("PUT", "/api/v1/issuers/github", body: .json(wide))
        #expect(try await read(token, server) == 200, "a token that fits is not held against")
        try await server.stop()
    }

    @Test func `a workload that is disabled can do nothing, and its watch ends`() async throws {
        let issuer = try StandInIssuer()
        let server = try await serve(issuer)
        let token = try issuer.token()
        let (_, events) = try await server.client.with(token: token).events(
            project.root + "/watch", query: [("environment", "production")])
        #expect(try await events.next()?.event == "snapshot")
        try await server.cli("identity", "create", workload).succeeded()
        try await server.setDisabled(true, workload)
        #expect(try await read(token, server) == 401)
        #expect(try await read(issuer.token(), server) == 401, "nor with another token")
        try await server.client.put("secret", "greeting", "production", of: project)
        #expect(try await events.rest().isEmpty)
        let other = try issuer.token(("sub", "repo:acme/shop:ref:refs/tags/v1"))
        #expect(try await read(other, server) == 200)
        try await server.setDisabled(false, workload)
        #expect(try await read(token, server) == 200)
        try await server.stop()
    }

    @Test
    func `a new key is taken after it is published, and a withdrawn one refused, also for tokens verified before`()
        async throws
    {
        let issuer = try StandInIssuer()
        let server = try await serve(issuer)
        let old = issuer.key
        let before = try issuer.token()
        #expect(try await read(before, server) == 200)
        issuer.publish(SigningKey("key-2"))
        // The issuer is asked for its keys no more often than every 30 s.
        #expect(try await soon(within: 90) { try await read(issuer.token(), server) == 200 })
        #expect(try await read(old.token(issuer.claims()), server) == 401)
        #expect(
            try await soon(within: 30) { try await read(before, server) == 401 },
            "a stolen key dies with its withdrawal"
        )
        try await server.stop()
    }
}

/// Stands in for an issuer of workloads: publishes keys, and signs what it is told to.
final class StandInIssuer: Sendable {
    static let audience = "https://cfg.example.com"

    private let server: LoopbackServer
    private let current: Current

    private final class Current: Sendable {
        let key = Mutex(SigningKey("key-1"))
    }

    init() throws {
        let current = Current()
        self.current = current
        server = try LoopbackServer { request in
            let url = "http://\(request.header("Host") ?? "")"
            let answers: [String: JSONValue] = [
                "/.well-known/openid-configuration": [
                    "issuer": .string(url), "jwks_uri": .string(url + "/keys"),
                    "authorization_endpoint": .string(url + "/authorize"), "token_endpoint": .string(url + "/token"),
                ],
                "/keys": ["keys": [current.key.withLock { $0.published }]],
            ]
            guard let answer = answers[request.target] else { return .init(status: 404) }
            return .init(body: answer.canonicalBytes())
        }
    }

    var url: String { "http://127.0.0.1:\(server.port)" }
    var key: SigningKey { current.key.withLock { $0 } }
    var keyRequests: Int { server.requests.count { $0.target == "/keys" } }

    /// Publishes this key, and the one before no more.
    func publish(_ key: SigningKey) { current.key.withLock { $0 = key } }

    /// The item that says to believe it.
    var item: JSONValue {
        [
            "url": .string(url), "vouchesFor": "workloads", "audiences": [.string(Self.audience)],
            "claims": ["repository_owner": "acme"],
        ]
    }

    /// What a good token says, but for these members.
    func claims(_ members: (String, JSONValue?)...) -> JSONObject { claims(members) }

    func token(_ members: (String, JSONValue?)...) throws -> String { try key.token(claims(members)) }

    private func claims(_ members: [(String, JSONValue?)]) -> JSONObject {
        let now = Int64(Date().timeIntervalSince1970)
        var claims: JSONObject = [
            "iss": .string(url), "aud": .string(Self.audience), "sub": "repo:acme/shop:ref:refs/heads/main",
            "repository": "acme/shop", "repository_owner": "acme", "ref": "refs/heads/main", "iat": .int(now),
            "nbf": .int(now), "exp": .int(now + 300),
        ]
        for (name, value) in members { claims[name] = value }
        return claims
    }
}
