import ConfigPlatformModel
import Foundation
import Synchronization
import TestSupport
import Testing

/// A real OpenID provider (django-oauth-toolkit) with people in groups, a process of its own on loopback.
struct Company: Sendable {
    static let absence: Comment = """
        skipped: the OpenID provider to sign in at is not installed, for there is no python3 with venv, or PyPI cannot be reached \
        (Tests/IdentityTests/Servers/setup.sh says which)
        """
    static let password = "correct horse"
    /// The client of the platform that signs people in by a code, and its secret.
    static let client = (id: "cfg", secret: "a client's secret: 100 %")
    /// The client that signs people in on a device; it has no secret.
    static let deviceClient = "config-device"

    let port: Int
    private let process: WatchedProcess
    private let folder: TemporaryFolder

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let tools = tests.deletingLastPathComponent().appending(path: ".tools/openid")
        .path(percentEncoded: false)

    private static let installation = Task { () async throws -> Bool in
        let script = tests.appending(path: "IdentityTests/Servers/setup.sh").path(percentEncoded: false)
        let result = try await CommandRun.run("/bin/sh", [script, tools])
        guard result.status == 0 || result.status == 69 else { throw CommandFailure(result: result) }
        return result.status == 0
    }

    /// Whether there is a provider to sign in at; installs it at the first question.
    static func isInstalled() async throws -> Bool { try await installation.value }

    private static let company = Task { try await Company() }

    /// The one that all tests share; each has people of its own.
    static func shared() async throws -> Company { try await company.value }

    private init() async throws {
        folder = try TemporaryFolder()
        let script = Self.tests.appending(path: "EndToEndTests/Oracles/openid_company.py").path(percentEncoded: false)
        process = try WatchedProcess(
            Self.tools + "/venv/bin/python", [script], environment: ["PYTHONDONTWRITEBYTECODE": "1"],
            directory: folder.root, errorFile: folder.path("errors"))
        guard let port = await process.line(after: "listening at ").flatMap({ Int($0) }) else {
            throw UnexpectedAnswer(description: "the OpenID provider did not serve: \(process.errors)")
        }
        self.port = port
    }

    var url: String { "http://127.0.0.1:\(port)/o" }

    /// The item that says to believe it.
    var issuer: JSONValue {
        [
            "url": .string(url), "vouchesFor": "people", "clientId": .string(Self.client.id),
            "groupsClaim": "groups",
        ]
    }

    /// The same for devices.
    var deviceIssuer: JSONValue {
        [
            "url": .string(url), "vouchesFor": "people", "clientId": .string(Self.deviceClient),
            "groupsClaim": "groups",
        ]
    }

    /// Makes somebody, or moves them to other groups.
    func put(_ name: String, groups: [String], isEmailVerified: Bool = true) async throws {
        let page = try await Browser().post(
            try #require(URL(string: "http://127.0.0.1:\(port)/test/person")),
            [
                ("name", name), ("groups", groups.joined(separator: ",")), ("verified", "\(isEmailVerified)"),
            ])
        #expect(page.answer.status == 204, "\(page.answer)")
    }

    /// What somebody does in the browser at the page that a sign-in leads to: enters name and password, and agrees. Returns where the
    /// browser is sent then; it is not gone to.
    func signIn(_ name: String, at url: URL) async throws -> URL {
        let browser = Browser()
        let consent = try await enterPassword(name, at: url, browser)
        let page = try await browser.post(consent.url, consent.fields)
        return try #require(page.location, "\(page.answer)")
    }

    /// The same on the page for devices: enters the code, too.
    func approve(_ code: String, by name: String, at url: URL) async throws {
        let browser = Browser()
        let entry = try await enterPassword(name, at: url, browser)
        let fields = entry.fields.filter { $0.0 != "user_code" } + [("user_code", code)]
        let confirmation = try await browser.follow(browser.post(entry.url, fields))
        let token = confirmation.fields.filter { $0.0 == "csrfmiddlewaretoken" }
        let done = try await browser.post(confirmation.url, token + [("action", "accept")])
        #expect(done.answer.status == 302, "\(done.answer)")
    }

    private func enterPassword(_ name: String, at url: URL, _ browser: Browser) async throws -> Browser.Page {
        let login = try await browser.follow(browser.get(url))
        #expect(login.url.path().hasSuffix("/accounts/login/"), "\(login.answer)")
        let page = try await browser.post(
            login.url, login.fields + [("username", name), ("password", Self.password)])
        return try await browser.follow(page)
    }
}

/// One sign-in with a code over the API, step by step.
struct CodeSignIn: Sendable {
    let issuer: String
    let verifier = Self.random()
    let nonce = Self.random()
    let redirectURI = "http://127.0.0.1:9/callback"
    private let state = Self.random()

    init(at issuer: String = "corp") { self.issuer = issuer }

    /// The code that somebody comes back from the company with.
    func code(of name: String, _ client: WireClient, _ company: Company) async throws -> String {
        let challenge = SigningKey.base64(Digest.of(Array(verifier.utf8)).bytes)
        let begun = try await client.call(
            "POST", "/api/v1/sign-in/url",
            body: .json([
                "issuer": .string(issuer), "redirectUri": .string(redirectURI), "state": .string(state),
                "nonce": .string(nonce), "codeChallenge": .string(challenge),
            ])
        ).json()
        let url = try #require(begun["url"]?.stringValue.flatMap { URL(string: $0) })
        let back = try await company.signIn(name, at: url)
        #expect(back.absoluteString.hasPrefix(redirectURI + "?") && back.value(of: "state") == state, "\(back)")
        return try #require(back.value(of: "code"), "\(back)")
    }

    func finish(
        _ code: String, _ client: WireClient, verifier: String? = nil, nonce: String? = nil, redirectURI: String? = nil
    ) async throws -> HTTPAnswer {
        try await client.send(
            "POST", "/api/v1/sign-in/session",
            body: .json([
                "issuer": .string(issuer), "code": .string(code), "codeVerifier": .string(verifier ?? self.verifier),
                "redirectUri": .string(redirectURI ?? self.redirectURI), "nonce": .string(nonce ?? self.nonce),
            ]))
    }

    /// The token of a session that begins.
    static func session(of name: String, _ server: CfgProcess, _ company: Company) async throws -> String {
        let stranger = server.client.with(token: nil)
        let signIn = CodeSignIn()
        let answer = try await signIn.finish(signIn.code(of: name, stranger, company), stranger)
        return try #require(try answer.json()["token"]?.stringValue, "\(answer)")
    }

    static func random() -> String {
        SigningKey.base64((0..<32).map { _ in .random(in: 0...255) })
    }
}

extension URL {
    func value(of name: String) -> String? {
        URLComponents(url: self, resolvingAgainstBaseURL: false)?.queryItems?.first { $0.name == name }?.value
    }
}
