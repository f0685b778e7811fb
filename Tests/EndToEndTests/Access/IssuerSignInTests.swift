import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// People of a company sign in at its OpenID provider, which shares no code with the platform.
@Suite(
    "Signing in at an issuer", .enabled(Company.absence) { try await Company.isInstalled() }, .serialized,
    .timeLimit(.minutes(9)))
struct IssuerSignInTests {
    private let project = ProjectPath("shop")

    /// A server that believes the company, with a project in which its group `checkout` may look.
    private func serve(_ company: Company) async throws -> CfgProcess {
        let secrets = try TemporaryFolder()
        try secrets.write("corp", Company.client.secret + "\n")
        let server = try await CfgProcess(
            .init(arguments: ["--issuer-secrets", secrets.root, "--log-level", "trace"]))
        try await prepare(server.client, company)
        return server
    }

    private func prepare(_ admin: WireClient, _ company: Company) async throws {
        try await admin.call("PUT", "/api/v1/issuers/corp", body: .json(company.issuer))
        try await admin.makeProject(project, environments: [("production", [])])
        try await admin.put("hello", "greeting", "production", of: project)
        try await admin.bind("group:corp/checkout", to: "viewer", as: "checkout", in: project)
    }

    @Test func `cfg login opens a session, which cfg uses until cfg logout ends it`() async throws {
        let company = try await Company.shared()
        try await company.put("alan", groups: ["checkout", "everybody"])
        let server = try await serve(company)
        try await server.client.bind("user:corp/alan@example.com", to: "operator", as: "alan", in: project)
        let alan = try Person(at: server)
        let login = try await alan.beginLogin("--issuer", "corp")
        #expect(login.url.absoluteString.hasPrefix(company.url + "/authorize/?"))
        let back = try await company.signIn("alan", at: login.url)
        let page = try await Browser().get(back)
        #expect(page.answer.status == 200 && page.answer.text.contains("You may close this page"), "\(page.answer)")
        #expect(await login.process.end() == 0, "\(login.process.errors)")
        #expect(login.process.output.contains("as user:corp/alan@example.com."), "\(login.process.output)")

        #expect(try FileManager.default.attributesOfItem(atPath: alan.loginPath)[.posixPermissions] as? Int == 0o600)
        let token = try #require(alan.login?["token"]?.stringValue)
        let caller = try JSONValue(parsing: try await alan.cfg("whoami", "--output", "json").succeeded().standardOutput)
        #expect(caller["principal"] == "user:corp/alan@example.com" && caller["purpose"] == "session")
        #expect(caller["groups"] == ["group:corp/checkout", "group:corp/everybody"])
        #expect(try await alan.cfg("get", "greeting", "-e", "production").succeeded().output == "hello\n")
        try await alan.cfg("set", "greeting", "hi", "-e", "production").succeeded()
        let binding = try await alan.cfg("binding", "add", "--subject", "user:corp/eve@example.com", "--role", "viewer")
        #expect(binding.status == 5, "an operator administers nothing: \(binding)")
        let sessions = try await alan.cfg("session", "list").succeeded()
        #expect(sessions.output.contains("user:corp/alan@example.com"))

        let session = server.client.with(token: token)
        #expect(try await session.whoAmI() == 200)
        try await alan.cfg("logout").succeeded()
        #expect(alan.login == nil)
        #expect(try await session.whoAmI() == 401)
        #expect(try await alan.cfg("whoami").status == 5)

        let events = try await server.cli("audit", "events", "--output", "json").succeeded().output
        for action in ["session.create", "session.revoke"] { #expect(events.contains(action)) }
        let code = try #require(back.value(of: "code"))
        for secret in [token, code, Company.client.secret, login.state] {
            #expect(!server.log.contains(secret) && !events.contains(secret))
        }
        try await server.stop()
    }

    @Test func `cfg login --device signs in whoever enters the code in another browser`() async throws {
        let company = try await Company.shared()
        try await company.put("dora", groups: ["checkout"])
        let server = try await CfgProcess()
        try await server.client.call("PUT", "/api/v1/issuers/field", body: .json(company.deviceIssuer))
        let dora = try Person(at: server)
        let login = try await dora.beginLogin("--device")
        let code = try #require(login.text.firstMatch(of: /enter the code  (\S+)/)).output.1
        try await company.approve(String(code), by: "dora", at: login.url)
        #expect(await login.process.end() == 0, "\(login.process.errors)")
        let caller = try JSONValue(parsing: try await dora.cfg("whoami", "--output", "json").succeeded().standardOutput)
        #expect(caller["principal"] == "user:field/dora@example.com")
        #expect(caller["groups"] == ["group:field/checkout"])
        try await dora.cfg("logout").succeeded()
        #expect(try await dora.cfg("whoami").status == 5)
        try await server.stop()
    }

    @Test func `a browser that comes back with another state, a refusal or a foreign code signs nobody in`()
        async throws
    {
        let company = try await Company.shared()
        try await company.put("mallory", groups: [])
        let server = try await serve(company)
        let victim = try Person(at: server)
        let foreign = try await CodeSignIn().code(of: "mallory", server.client.with(token: nil), company)

        let refused = try await victim.beginLogin("--issuer", "corp")
        for query in ["code=\(foreign)&state=another", "code=\(foreign)", "state=\(refused.state)x&code=\(foreign)"] {
            let page = try await refused.comeBack(query)
            #expect(page.status == 400 && page.text.contains("not the sign-in"), "\(page)")
        }
        #expect(!refused.process.hasEnded, "it waits on for the right one")
        #expect(try await refused.comeBack("error=access_denied&state=\(refused.state)").status == 400)
        #expect(await refused.process.end() == 5)
        #expect(refused.process.errors.contains("access_denied"), "\(refused.process.errors)")
        #expect(victim.login == nil)

        // A login that somebody else's browser is made to finish: the code is of a sign-in with another proof key and address.
        let swapped = try await victim.beginLogin("--issuer", "corp")
        #expect(try await swapped.comeBack("code=\(foreign)&state=\(swapped.state)").status == 200)
        #expect(await swapped.process.end() == 5, "\(swapped.process.errors)")
        #expect(victim.login == nil)
        let sessions = try await server.client.call("GET", "/api/v1/sessions").json()
        #expect(sessions["sessions"] == [])
        try await server.stop()
    }

    @Test func `a code serves once, for its own address, verifier and nonce, and whatever fails is answered alike`()
        async throws
    {
        let company = try await Company.shared()
        try await company.put("grace", groups: [])
        let server = try await serve(company)
        let stranger = server.client.with(token: nil)
        func attempt() async throws -> (CodeSignIn, String) {
            let signIn = CodeSignIn()
            return (signIn, try await signIn.code(of: "grace", stranger, company))
        }
        var refusals: [HTTPAnswer] = []
        let (one, first) = try await attempt()
        refusals.append(try await one.finish(first, stranger, redirectURI: "http://127.0.0.1:10/callback"))
        let (two, second) = try await attempt()
        refusals.append(try await two.finish(second, stranger, verifier: CodeSignIn.random()))
        let (three, third) = try await attempt()
        refusals.append(try await three.finish(third, stranger, nonce: CodeSignIn.random()))
        let (four, fourth) = try await attempt()
        let taken = try await four.finish(fourth, stranger)
        #expect(taken.status == 201, "\(taken)")
        refusals.append(try await four.finish(fourth, stranger))
        refusals.append(try await four.finish("never-issued", stranger))
        for refusal in refusals {
            #expect(refusal.status == 401, "\(refusal)")
            #expect(try refusal.problemWithoutInstance == refusals[0].problemWithoutInstance)
        }
        let sessions = try await server.client.call("GET", "/api/v1/sessions").json()["sessions"]?.arrayValue
        #expect(sessions?.map { $0["id"] } == [try taken.json()["id"]])
        for uri in ["https://evil.example/", "http://127.0.0.1.evil.example/", "http://127.0.0.1@evil.example/"] {
            let answer = try await stranger.send(
                "POST", "/api/v1/sign-in/url",
                body: .json([
                    "issuer": "corp", "redirectUri": .string(uri), "state": "s", "nonce": "n", "codeChallenge": "c",
                ]))
            #expect(answer.status == 400, "\(uri): \(answer)")
        }
        try await server.stop()
    }

    @Test func `an address that the issuer does not vouch for is nobody's`() async throws {
        let company = try await Company.shared()
        try await company.put("eve", groups: ["checkout"], isEmailVerified: false)
        let server = try await serve(company)
        let stranger = server.client.with(token: nil)
        let signIn = CodeSignIn()
        let code = try await signIn.code(of: "eve", stranger, company)
        #expect(try await signIn.finish(code, stranger).status == 401)
        try await company.put("eve", groups: ["checkout"])
        let token = try await CodeSignIn.session(of: "eve", server, company)
        #expect(try await server.client.with(token: token).whoAmI() == 200)
        try await server.stop()
    }

    @Test func `groups that change at the issuer change rights with the next sign-in`() async throws {
        let company = try await Company.shared()
        try await company.put("linus", groups: ["checkout"])
        let server = try await serve(company)
        func read(_ token: String) async throws -> Int {
            try await server.client.with(token: token).send("GET", project.settings("production")).status
        }
        let first = try await CodeSignIn.session(of: "linus", server, company)
        #expect(try await read(first) == 200)
        try await company.put("linus", groups: ["else"])
        #expect(try await read(first) == 200, "the platform is not told in between")
        let second = try await CodeSignIn.session(of: "linus", server, company)
        #expect(try await read(second) == 404)
        #expect(try await read(first) == 404, "what an issuer says is of somebody, not of one session")
        try await company.put("linus", groups: ["checkout", "else"])
        let third = try await CodeSignIn.session(of: "linus", server, company)
        for token in [first, second, third] { #expect(try await read(token) == 200) }
        let identity = try await server.cli("identity", "show", "user:corp/linus@example.com", "--output", "json")
        let shown = try JSONValue(parsing: identity.succeeded().standardOutput)
        #expect(shown["groups"] == ["group:corp/checkout", "group:corp/else"] && shown["displayName"] == "Linus")
        try await server.stop()
    }

    @Test(.enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)"))
    func `disabling somebody ends sessions, personal tokens and watches at once, on both servers of a database`()
        async throws
    {
        let company = try await Company.shared()
        try await company.put("joan", groups: ["checkout"])
        let secrets = try TemporaryFolder()
        try secrets.write("corp", Company.client.secret)
        let options = CfgProcess.Options(
            databaseURL: try PostgreSQLServer.shared.createDatabase(), arguments: ["--issuer-secrets", secrets.root])
        let one = try await CfgProcess(options)
        let two = try await CfgProcess(options, token: one.token)
        let made = try await one.client.call(
            "POST", "/api/v1/tokens", body: .json(["name": "admin", "role": "administrator"]))
        let token = try #require(made.json()["token"]?.stringValue)
        let admin = one.client.with(token: token)
        try await prepare(admin, company)
        try await admin.bind("user:corp/joan@example.com", to: "operator", as: "joan", in: project)
        let session = try await CodeSignIn.session(of: "joan", one, company)
        let personal = try await one.client.with(token: session).call(
            "POST", "/api/v1/tokens",
            body: .json(["name": "laptop", "role": "viewer", "project": "shop", "personal": true]))
        let held = [session, try #require(personal.json()["token"]?.stringValue)]
        func statuses(_ server: CfgProcess) async throws -> [Int] {
            var statuses: [Int] = []
            for token in held { statuses.append(try await server.client.with(token: token).whoAmI()) }
            return statuses
        }
        #expect(try await statuses(one) == [200, 200])
        #expect(try await soon(within: 30) { try await statuses(two) == [200, 200] })
        let (answer, watch) = try await two.client.with(token: held[1]).events(
            project.root + "/watch", query: [("environment", "production")])
        #expect(answer.status == 200)
        #expect(try await watch.next()?.event == "snapshot")

        try await one.setDisabled(true, "user:corp/joan@example.com", token: token)
        #expect(try await statuses(one) == [401, 401], "at once where it was said")
        #expect(try await soon(within: 30) { try await statuses(two) == [401, 401] })
        try await admin.put("secret", "greeting", "production", of: project)
        #expect(try await watch.rest().isEmpty, "a watch ends, and tells of nothing before")
        let signIn = CodeSignIn()
        let code = try await signIn.code(of: "joan", one.client.with(token: nil), company)
        #expect(try await signIn.finish(code, one.client.with(token: nil)).status == 401)

        // What they held ends only as long as they are disabled.
        try await one.setDisabled(false, "user:corp/joan@example.com", token: token)
        #expect(try await statuses(one) == [200, 200])
        try await one.stop()
        try await two.stop()
    }
}
