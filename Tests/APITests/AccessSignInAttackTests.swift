import ConfigPlatformModel
import ControlPlane
import Foundation
import TestSupport
import Testing

/// Guessing who there is, and what their password is.
@Suite struct AccessSignInAttackTests {
    private static let base = ServerUnderTest.base
    private static let session = "\(base)/sign-in/session"
    private static let password = "a password of somebody"

    /// A server with users of its own, and an issuer that refuses every code. Passwords are slow to hash: there are no more than needed.
    private static func run(
        users: [String] = ["ada"], _ body: (ServerUnderTest) async throws -> Void
    ) async throws {
        let issuer = StandInIssuer(of: "https://id.example")
        issuer.reply(to: "/token", status: 400, ["error": "invalid_grant"])
        try await ServerUnderTest.run(signIn: SignInSettings(allowsPasswords: true, fetch: issuer.fetch)) { test in
            for user in users {
                try await test.json(201, "PUT", "\(base)/identities/user:\(user)", body: [:])
                let answer = try await test.send(
                    "PUT", "\(base)/identities/user:\(user)/password", body: .json(["password": .string(password)]))
                #expect(answer.status == 204)
            }
            try await test.json(201, "PUT", "\(base)/identities/user:without", body: [:])
            try await test.json(
                201, "PUT", "\(base)/issuers/corp",
                body: ["url": "https://id.example", "vouchesFor": "people", "clientId": "cfg"])
            try await body(test)
        }
    }

    /// A guess that costs nothing to refuse.
    private static func guess(_ test: ServerUnderTest, headers: [(String, String)] = []) async throws -> Int {
        try await test.send(
            "POST", session, headers: headers,
            body: .json([
                "issuer": "corp", "code": "a guess", "codeVerifier": "v", "redirectUri": "http://127.0.0.1/",
                "nonce": "n",
            ]), token: .none
        ).status
    }

    private static func attempt(
        _ test: ServerUnderTest, _ user: String, _ password: String, headers: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        try await test.send(
            "POST", session, headers: headers,
            body: .json(["user": .string(user), "password": .string(password)]), token: .none)
    }

    @Test func `who there is cannot be told from what a failed sign-in says`() async throws {
        try await Self.run(users: ["ada", "gone"]) { test in
            try await test.json(201, "PUT", "\(Self.base)/identities/user:gone", body: ["disabled": true])
            var told: [Told] = []
            for (user, password) in [
                ("ada", "not the password"), ("nobody", "not the password"), ("gone", Self.password),
                ("without", "not the password"), ("nobody", ""),
            ] {
                told.append(Told(try await Self.attempt(test, user, password)))
                test.clock.advance(seconds: 3_600)
            }
            #expect(told[0].status == 401)
            #expect(Set(told.map(\.description)).count == 1, "\(told)")
            #expect(try await Self.attempt(test, "ada", Self.password).status == 201)
        }
    }

    @Test func `a user that is not there takes as long to refuse as a password that is wrong`() async throws {
        try await Self.run { test in
            let users = ["ada", "nobody", "without"]
            var shortest = [Double](repeating: .infinity, count: users.count)
            var areAlike: Bool { (shortest.max() ?? 0) < 4 * (shortest.min() ?? 0) }
            // By turns, and again where it does not hold: what else the machine does falls on all of them in the end.
            for round in 1...8 {
                for (index, user) in users.enumerated() {
                    let began = ContinuousClock.now
                    let status = try await Self.attempt(test, user, "not the password").status
                    #expect(status == 401)
                    shortest[index] = min(shortest[index], (ContinuousClock.now - began) / .seconds(1))
                    test.clock.advance(seconds: 3_600)
                }
                if round >= 2, areAlike { break }
            }
            // The slow hash is worked out for each of them: without it an answer takes a hundredth of the time.
            #expect(areAlike, "\(shortest)")
        }
    }

    @Test func `failures have to wait, of a user and of an address, whoever there is`() async throws {
        try await Self.run { test in
            for user in ["ada", "nobody"] {
                for _ in 1...5 { #expect(try await Self.attempt(test, user, "not the password").status == 401) }
                // The sixth is the last that is looked at; from then on even the right one waits.
                _ = try await Self.attempt(test, user, "not the password")
                let refused = try await Self.attempt(test, user, Self.password)
                #expect(refused.status == 429, "\(user): \(refused.text)")
                #expect(Int(refused.header("Retry-After") ?? "") ?? 0 > 0)
                test.clock.advance(seconds: 24 * 3_600)
            }
            // The same address with ever others that it makes up.
            var statuses: [Int] = []
            for index in 1...8 {
                statuses.append(
                    try await Self.guess(test, headers: [("X-Forwarded-For", "192.0.2.\(index)")]))
            }
            #expect(statuses.prefix(5).allSatisfy { $0 == 401 })
            #expect(statuses.last == 429, "\(statuses)")
            test.clock.advance(seconds: 24 * 3_600)
            #expect(try await Self.attempt(test, "ada", Self.password).status == 201)
        }
    }

    @Test func `somebody's own sign-in does not give an address new guesses at others`() async throws {
        try await Self.run { test in
            var statuses: [Int] = []
            for _ in 1...3 {
                for _ in 1...4 { statuses.append(try await Self.guess(test)) }
                _ = try await Self.attempt(test, "ada", Self.password)
            }
            #expect(statuses.contains(429), "twelve guesses, and none had to wait")
        }
    }

    @Test func `what a session is, and is not`() async throws {
        try await Self.run { test in
            let made = try await Self.attempt(test, "ada", Self.password).json()
            let token = ServerUnderTest.Token.other(try #require(made["token"]?.stringValue))
            #expect(made["principal"] == "user:ada")
            let me = try await test.send("GET", "\(Self.base)/whoami", token: token).json()
            #expect(me["purpose"] == "session")
            // A new password ends what the old one began, and the old one opens nothing.
            test.clock.advance(seconds: 3_600)
            let next = "another password of hers"
            let set = try await test.send(
                "PUT", "\(Self.base)/identities/user:ada/password", body: .json(["password": .string(next)]),
                token: token)
            #expect(set.status == 204)
            #expect(try await test.send("GET", "\(Self.base)/whoami", token: token).status == 401)
            #expect(try await Self.attempt(test, "ada", Self.password).status == 401)
            let again = ServerUnderTest.Token.other(
                try #require(try await Self.attempt(test, "ada", next).json()["token"]?.stringValue))
            // Of somebody else it is for who may be them.
            for user in ["without", "nobody"] {
                let answer = try await test.send(
                    "PUT", "\(Self.base)/identities/user:\(user)/password", body: .json(["password": .string(next)]),
                    token: again)
                #expect(answer.status == 403, "\(user)")
            }
            let personal = try await test.makeToken("mine", "administrator", more: ["personal": true], by: again)
            let byToken = try await test.send(
                "PUT", "\(Self.base)/identities/user:ada/password", body: .json(["password": "a third password"]),
                token: .other(personal.text))
            #expect(byToken.status == 403)
            #expect(try await !test.get("\(Self.base)/tokens").text.contains("password"))
        }
    }

    @Test func `a redirection leads back to where the browser is`() async throws {
        let issuer = StandInIssuer(of: "https://id.example")
        try await ServerUnderTest.run(signIn: SignInSettings(fetch: issuer.fetch)) { test in
            try await test.json(
                201, "PUT", "\(Self.base)/issuers/corp",
                body: ["url": "https://id.example", "vouchesFor": "people", "clientId": "cfg"])
            func url(_ redirect: String) async throws -> HTTPAnswer {
                try await test.send(
                    "POST", "\(Self.base)/sign-in/url",
                    body: .json([
                        "issuer": "corp", "redirectUri": .string(redirect), "state": "s", "nonce": "n",
                        "codeChallenge": "c",
                    ]), token: .none)
            }
            #expect(try await url("http://127.0.0.1:7777/").status == 200)
            for redirect in [
                "https://evil.example/", "http://127.0.0.1.evil.example/", "http://127.0.0.1:7777@evil.example/",
                "http://localhost.evil.example/", "http://localhost@evil.example/", "http://[::1].evil.example/",
                "http://127.0.0.1\\@evil.example/", "javascript:alert(1)", "http://127.0.0.1#@evil.example/",
                "//evil.example",
                "http://127.0.0.1:80:90/", "http://evil.example/?http://127.0.0.1/",
            ] {
                #expect(try await url(redirect).status == 400, "\(redirect)")
            }
            let unknown = try await test.send(
                "POST", "\(Self.base)/sign-in/url",
                body: .json([
                    "issuer": "other", "redirectUri": "http://127.0.0.1/", "state": "s", "nonce": "n",
                    "codeChallenge": "c",
                ]), token: .none)
            #expect(unknown.status == 404)
        }
    }
}
