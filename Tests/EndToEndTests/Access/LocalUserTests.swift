import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// Users of the platform's own, with passwords.
private enum LocalUsers {
    static let password = "seven wild horses"

    /// A server that takes the word of a proxy on this machine for who calls, so that attempts can come from several addresses.
    static func serve(_ users: String..., arguments: [String] = []) async throws -> CfgProcess {
        let server = try await CfgProcess(
            .init(arguments: ["--local-users", "--trusted-proxies", "127.0.0.1"] + arguments))
        for user in users {
            try await server.client.call("PUT", "/api/v1/identities/user:\(user)", body: .json([:]))
            try await setPassword(of: user, password, server.client)
        }
        return server
    }

    static func setPassword(of user: String, _ password: String, _ client: WireClient) async throws {
        // On a busy machine the hash may take longer than a request may.
        for attempt in 1...5 {
            let answer = try await client.call(
                "PUT", "/api/v1/identities/user:\(user)/password", body: .json(["password": .string(password)]),
                expecting: attempt < 5 ? [204, 503] : [204])
            if answer.status == 204 { return }
        }
    }

    static func signIn(
        _ user: String, _ password: String, from address: String = "192.0.2.1", at server: CfgProcess
    ) async throws -> HTTPAnswer {
        try await server.client.with(token: nil).send(
            "POST", "/api/v1/sign-in/session", headers: [("X-Forwarded-For", address)],
            body: .json(["user": .string(user), "password": .string(password)]))
    }

    /// With the right password; again where the hashes of others, which come first, take longer than a request may.
    static func signIn(_ user: String, from address: String, at server: CfgProcess) async throws -> HTTPAnswer {
        for _ in 1..<5 {
            let answer = try await signIn(user, password, from: address, at: server)
            if answer.status != 503 { return answer }
        }
        return try await signIn(user, password, from: address, at: server)
    }
}

@Suite("Local users", .serialized, .timeLimit(.minutes(9)))
struct LocalUserTests {
    @Test func `are switched off by default: a password is taken from nobody, and answered as a wrong one is`()
        async throws
    {
        let off = try await CfgProcess()
        let on = try await LocalUsers.serve("ada")
        try await off.client.call("PUT", "/api/v1/identities/user:ada", body: .json([:]))
        let refused = try await off.client.send(
            "PUT", "/api/v1/identities/user:ada/password", body: .json(["password": .string(LocalUsers.password)]))
        #expect(refused.status == 400 && refused.text.contains("--local-users"), "\(refused)")
        let answer = try await LocalUsers.signIn("ada", LocalUsers.password, at: off)
        let wrong = try await LocalUsers.signIn("ada", "another password", at: on)
        #expect(answer.status == 401 && wrong.status == 401)
        #expect(try answer.problemWithoutInstance == wrong.problemWithoutInstance)
        #expect(try await off.client.call("GET", "/api/v1/sign-in").json()["passwords"] == false)
        #expect(try await on.client.call("GET", "/api/v1/sign-in").json()["passwords"] == true)
        let ada = try Person(at: off)
        #expect(try await ada.logIn(as: "ada", password: LocalUsers.password).status == 5)
        #expect(ada.login == nil)
        try await off.stop()
        try await on.stop()
    }

    @Test func `sign in with cfg login, and keep the session of their own until they log out`() async throws {
        let server = try await LocalUsers.serve("ada")
        let ada = try Person(at: server)
        let wrong = try await ada.logIn(as: "ada", password: LocalUsers.password + ".")
        #expect(wrong.status == 5 && ada.login == nil, "\(wrong)")
        let done = try await ada.logIn(as: "ada", password: LocalUsers.password).succeeded()
        #expect(done.output.contains("as user:ada."), "\(done)")
        let caller = try JSONValue(parsing: try await ada.cfg("whoami", "--output", "json").succeeded().standardOutput)
        #expect(caller["principal"] == "user:ada" && caller["purpose"] == "session")
        let token = try #require(ada.login?["token"]?.stringValue)
        try await ada.cfg("logout").succeeded()
        #expect(try await server.client.with(token: token).whoAmI() == 401)
        try await server.stop()
    }

    @Test func `a new password ends the sessions of the old one, and only that`() async throws {
        let server = try await LocalUsers.serve("ada", "grace")
        func session(_ user: String) async throws -> WireClient {
            let answer = try await LocalUsers.signIn(user, LocalUsers.password, at: server)
            return server.client.with(token: try #require(try answer.json()["token"]?.stringValue, "\(answer)"))
        }
        let (one, two, grace) = (try await session("ada"), try await session("ada"), try await session("grace"))
        let personal = try await one.call(
            "POST", "/api/v1/tokens", body: .json(["name": "laptop", "role": "viewer", "personal": true]))
        let laptop = server.client.with(token: try personal.json()["token"]?.stringValue)
        let foreign = try await one.send(
            "PUT", "/api/v1/identities/user:grace/password", body: .json(["password": "not hers to give"]))
        #expect(foreign.status == 403 || foreign.status == 404, "\(foreign)")
        try await LocalUsers.setPassword(of: "ada", "eight tame horses", two)
        #expect(try await one.whoAmI() == 401)
        #expect(try await two.whoAmI() == 401)
        #expect(try await grace.whoAmI() == 200)
        #expect(try await laptop.whoAmI() == 200, "a token has an end of its own")
        #expect(try await LocalUsers.signIn("ada", LocalUsers.password, at: server).status == 401)
        #expect(try await LocalUsers.signIn("ada", "eight tame horses", at: server).status == 201)
        for weak in ["feeble", "user:ada", String(repeating: "x", count: 5_000)] {
            let answer = try await server.client.send(
                "PUT", "/api/v1/identities/user:ada/password", body: .json(["password": .string(weak)]))
            #expect(answer.status == 400, "\(weak.prefix(10)): \(answer)")
            #expect(!answer.text.contains(weak))
        }
        try await server.stop()
    }

    @Test func `no password and no token of a session is in the log, the database, a backup or the audit`() async throws
    {
        let server = try await LocalUsers.serve("ada", arguments: ["--log-level", "trace"])
        var secrets = [LocalUsers.password, "a mistyped canary", "a second canary", "canary user name"]
        let ada = try Person(at: server)
        try await ada.logIn(as: "ada", password: LocalUsers.password).succeeded()
        secrets.append(try #require(ada.login?["token"]?.stringValue))
        _ = try await LocalUsers.signIn("ada", secrets[1], at: server)
        _ = try await LocalUsers.signIn("nobody", secrets[1], at: server)
        #expect(try await LocalUsers.signIn(secrets[3], secrets[1], at: server).status >= 400)
        #expect(try await ada.cfg("identity", "password", "ada", input: secrets[2] + "\n").status == 0)
        let answer = try await LocalUsers.signIn("ada", secrets[2], at: server)
        secrets.append(try #require(try answer.json()["token"]?.stringValue, "\(answer)"))
        let events = try await server.cli("audit", "events", "--output", "json", "-n", "1000").succeeded().output
        #expect(events.contains("password.set") && events.contains("session.create"))
        let folder = try TemporaryFolder()
        try await CfgProcess.run(["backup", "--data", server.data, folder.path("backup")]).succeeded()
        try await server.stop()
        #expect(!server.log.isEmpty)
        for secret in secrets {
            #expect(!server.log.contains(secret))
            #expect(!events.contains(secret))
            #expect(!server.output.contains(secret))
        }
        for root in [server.data, folder.root] {
            let files = try FileManager.default.subpathsOfDirectory(atPath: root)
            #expect(!files.isEmpty)
            for file in files {
                guard let content = FileManager.default.contents(atPath: root + "/" + file) else { continue }
                for secret in secrets { #expect(content.range(of: Data(secret.utf8)) == nil, "\(file)") }
            }
        }
    }
}

@Suite("Passwords that are guessed", .serialized, .timeLimit(.minutes(9)))
struct PasswordGuessingTests {
    /// Wrong passwords all at once.
    private func burst(_ attempts: [(user: String, address: String)], at server: CfgProcess) async throws
        -> [HTTPAnswer]
    {
        try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
            for (user, address) in attempts {
                group.addTask { try await LocalUsers.signIn(user, "a wrong password", from: address, at: server) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Five failures are free, and with the sixth the waiting begins: a second, then two, then four, which are long enough to be looked at
    /// however busy the machine is.
    ///
    /// - Returns: an instant until which the wait lasts at least; what is asked after it may be tried out.
    private func failUntilTheWaitIsLong(
        at server: CfgProcess, _ attempt: (Int) -> (user: String, address: String)
    ) async throws -> ContinuousClock.Instant {
        let answers = try await burst((1...10).map(attempt), at: server)
        // On a busy machine the last of those that were tried out may take longer than a request may.
        let tried = answers.filter { $0.status == 401 || $0.status == 503 }
        #expect((6...8).contains(tried.count), "\(answers.map(\.status))")
        for answer in answers where answer.status != 401 && answer.status != 503 {
            #expect(answer.status == 429 && answer.problemCode == "too-many-requests", "\(answer)")
        }
        for number in 11...30 {
            let (user, address) = attempt(number)
            let sent = ContinuousClock.now
            let answer = try await LocalUsers.signIn(user, "a wrong password", from: address, at: server)
            guard answer.status == 429 else { continue }
            let seconds = try #require(answer.header("Retry-After").flatMap { Int($0) }, "\(answer)")
            if seconds >= 3 { return sent + .seconds(seconds - 1) }
            try await Task.sleep(for: .seconds(seconds))
        }
        throw UnexpectedAnswer(description: "the wait does not get longer")
    }

    @Test func `who fails five times waits, by name from wherever, and by address under whatever name`() async throws {
        let server = try await LocalUsers.serve("ada", "grace")
        var until = try await failUntilTheWaitIsLong(at: server) { ("ada", "192.0.2.\($0)") }
        let right = try await LocalUsers.signIn("ada", LocalUsers.password, from: "192.0.2.99", at: server)
        #expect(right.status == 429 || ContinuousClock.now >= until, "the right one is not tried out either: \(right)")
        #expect(try await LocalUsers.signIn("grace", from: "192.0.2.98", at: server).status == 201)

        until = try await failUntilTheWaitIsLong(at: server) { ("nobody-\($0)", "198.51.100.1") }
        let other = try await LocalUsers.signIn("grace", LocalUsers.password, from: "198.51.100.1", at: server)
        let isRefused = other.status == 429 && other.header("Retry-After") != nil
        #expect(isRefused || ContinuousClock.now >= until, "\(other)")
        #expect(try await LocalUsers.signIn("grace", from: "198.51.100.2", at: server).status == 201)
        // The wait ends by itself.
        #expect(
            try await soon(within: 60) {
                try await LocalUsers.signIn("ada", LocalUsers.password, from: "192.0.2.97", at: server).status == 201
            })
        try await server.stop()
    }

    @Test func `who fails does not get free attempts by asking how a device stands meanwhile`() async throws {
        // Stands in for an issuer with a device that nobody ever approves.
        let issuer = try LoopbackServer { request in
            let url = "http://\(request.header("Host") ?? "")"
            switch request.target {
            case "/.well-known/openid-configuration":
                let answer: JSONValue = [
                    "issuer": .string(url), "jwks_uri": .string(url + "/keys"),
                    "authorization_endpoint": .string(url + "/authorize"), "token_endpoint": .string(url + "/token"),
                    "device_authorization_endpoint": .string(url + "/device"),
                ]
                return .init(body: answer.canonicalBytes())
            case "/token": return .init(status: 400, body: Array(#"{"error":"authorization_pending"}"#.utf8))
            default: return .init(status: 404)
            }
        }
        let server = try await LocalUsers.serve()
        let url = JSONValue.string("http://127.0.0.1:\(issuer.port)")
        try await server.client.call(
            "PUT", "/api/v1/issuers/corp", body: .json(["url": url, "vouchesFor": "people", "clientId": "cfg"]))
        let source = "203.0.113.1"
        func poll() async throws -> HTTPAnswer {
            try await server.client.with(token: nil).send(
                "POST", "/api/v1/sign-in/session", headers: [("X-Forwarded-For", source)],
                body: .json(["issuer": "corp", "deviceCode": "d"]))
        }
        for _ in 1...20 { #expect(try await poll().status == 202, "to wait for a device is no failure") }
        for number in 1...5 {
            #expect(try await LocalUsers.signIn("user-\(number)", "wrong", from: source, at: server).status == 401)
            #expect(try await poll().status == 202)
        }
        // One more may be made, and not five.
        let answers = try await burst((1...8).map { ("nobody-\($0)", source) }, at: server)
        #expect(answers.count { $0.status == 429 } >= 4, "\(answers.map(\.status))")
        try await server.stop()
    }

    @Test func `an unknown user and a wrong password are answered alike, and in like time`() async throws {
        let server = try await LocalUsers.serve("ada")
        var attempts = 0
        func attempt(_ user: String) async throws -> (time: Duration, answer: HTTPAnswer) {
            attempts += 1
            let began = ContinuousClock.now
            let answer = try await server.client.with(token: nil).send(
                "POST", "/api/v1/sign-in/session",
                headers: [("X-Forwarded-For", "192.0.2.\(attempts)"), ("X-Request-ID", "the-same")],
                body: .json(["user": .string(user), "password": "a wrong password"]))
            return (ContinuousClock.now - began, answer)
        }
        // What else the machine does falls on both alike, but for chance: whoever is unlucky tries again.
        for round in 1...8 {
            var (known, unknown): ([Duration], [Duration]) = ([], [])
            for number in 1...5 {
                let (one, other) = (try await attempt("ada"), try await attempt("nobody-\(round)-\(number)"))
                #expect(one.answer.status == 401 && one.answer.body == other.answer.body, "\(one) \(other)")
                #expect(one.answer.headers.map(\.name) == other.answer.headers.map(\.name))
                known.append(one.time)
                unknown.append(other.time)
            }
            let (a, b) = (known.sorted()[2], unknown.sorted()[2])
            #expect(b > .milliseconds(20), "a hash that is not slow could be guessed")
            if a < b * 2, b < a * 2 { break }
            #expect(round < 8, "\(a) for users, \(b) for nobody")
            #expect(
                try await LocalUsers.signIn("ada", LocalUsers.password, from: "203.0.113.\(round)", at: server).status
                    == 201)
        }
        try await server.stop()
    }
}
