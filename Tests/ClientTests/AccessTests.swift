import Foundation
import TestSupport
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

/// Who may do what, against `cfg serve` itself: by the client, and by the command line as its users type it.
@Suite(
    .timeLimit(.minutes(3)), .serialized,
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: CfgProcess.binary),
        "needs the program cfg beside the tests, or named by CFG_BINARY"))
struct AccessTests {
    private let shop: ProjectName
    private let staging: EnvironmentName
    private let production: EnvironmentName

    init() throws {
        shop = try ProjectName(parsing: "shop")
        staging = try EnvironmentName(parsing: "staging")
        production = try EnvironmentName(parsing: "production")
    }

    private static func password(of name: String) -> String { "correct horse \(name) battery" }

    /// A server with `shop/staging` and `shop/production`, and whoever administers it.
    private func withServer(_ body: (CfgProcess, AdministrationClient) async throws -> Void) async throws {
        let server = try await CfgProcess(CfgProcess.Options(arguments: ["--local-users"]))
        do {
            let client = try administration(server, server.token)
            _ = try await client.putProject(shop, description: nil, isNew: true)
            for name in [staging, production] {
                _ = try await client.putEnvironment(name, of: shop, inherits: [], description: nil, isNew: true)
            }
            try await body(server, client)
        } catch {
            await server.kill()
            throw error
        }
        await server.kill()
    }

    private func administration(_ server: CfgProcess, _ token: String?) throws -> AdministrationClient {
        AdministrationClient(
            try Transport(server: ServerAddress(parsing: server.url), token: token.map { AccessToken($0) }))
    }

    /// A user of the platform's own with a role in the shop, signed in; the session's token.
    private func signedIn(
        _ name: String, as role: String, in environments: [EnvironmentName] = [], _ server: CfgProcess,
        _ administrator: AdministrationClient
    ) async throws -> NewSession {
        let user = try Principal(parsing: "user:" + name)
        _ = try await administrator.putIdentity(
            user, displayName: "", isDisabled: false, expecting: nil, message: nil, isDryRun: false)
        try await administrator.setPassword(of: user, to: Self.password(of: name))
        var binding: JSONObject = ["role": .string(role), "subject": .string(user.rawValue)]
        if !environments.isEmpty { binding["environments"] = .array(environments.map { .string($0.rawValue) }) }
        let operation: JSONValue = [
            "op": "put", "kind": "binding", "key": .string(name), "value": .object(binding), "expect": "absent",
        ]
        _ = try await administrator.commit([operation], to: shop, message: "bind", isDryRun: false)
        let answer = try await administration(server, nil).signIn(user: name, password: Self.password(of: name)).value
        guard case .session(let session) = answer else { throw ConfigPlatformError(.invalidResponse, "no session") }
        return session
    }

    private func put(_ value: JSONValue, in environment: EnvironmentName) -> JSONValue {
        ["op": "put", "kind": "setting", "environment": .string(environment.rawValue), "key": "a", "value": value]
    }

    /// The command line of somebody.
    private func run(
        _ server: CfgProcess, _ session: NewSession?, _ line: String, input: String = ""
    ) async throws -> CommandResult {
        try await CfgProcess.run(
            line.split(separator: " ").map(String.init),
            environment: [
                "CFG_SERVER": server.url, "CFG_TOKEN": session?.secret ?? server.token ?? "", "CFG_PROJECT": "shop",
            ], input: input)
    }

    @Test func `a viewer is refused what it sees, and told of nothing that it does not see`() async throws {
        try await withServer { server, administrator in
            let session = try await signedIn("vic", as: "viewer", in: [staging], server, administrator)
            let client = try administration(server, session.secret)
            let refused = await #expect(throws: ConfigPlatformError.self) {
                try await client.commit([put(1, in: staging)], to: shop, message: "m", isDryRun: false)
            }
            #expect(refused?.code == .forbidden)
            #expect(refused?.status == 403)
            #expect(refused?.detail.contains("user:vic may not write") == true)
            let hidden = await #expect(throws: ConfigPlatformError.self) {
                try await client.settings(of: production, in: shop, at: nil)
            }
            #expect(hidden?.code == .notFound)
            #expect(
                try await client.environments(of: shop, after: nil, limit: 9).value.items.map(\.name) == ["staging"])

            let set = try await run(server, session, "set a 1 -e staging")
            #expect(set.status == 5)
            #expect(set.errors.contains("user:vic may not write"))
            let list = try await run(server, session, "list -e production")
            #expect(list.status == 3)
            #expect(list.errors.contains("production"))
            let whoami = try await run(server, session, "whoami")
            #expect(whoami.output.contains("user:vic"))
            #expect(whoami.output.contains(session.id))
        }
    }

    @Test func `a protected environment alters once somebody else has approved`() async throws {
        try await withServer { server, administrator in
            let ada = try await signedIn("ada", as: "operator", server, administrator)
            let grace = try await signedIn("grace", as: "operator", server, administrator)
            let protect = try await run(server, nil, "protect production --approvals 1 --approver role:operator")
            #expect(protect.status == 0, "\(protect)")
            #expect(try await administrator.protection(of: production, in: shop)?.value.approvers == ["role:operator"])
            #expect(try await administrator.protection(of: staging, in: shop) == nil)

            let dryRun = try await run(server, ada, "set a 1 -e production --dry-run")
            #expect(dryRun.status == 0)
            #expect(dryRun.output.contains("production: 1 approval"))
            let set = try await run(server, ada, "set a 1 -e production -m why")
            #expect(set.status == 8, "\(set)")
            #expect(set.output.hasPrefix("production needs 1 approval: change request cr_"))
            let id = try #require(set.output.firstMatch(of: /cr_[0-9a-f]{16}/)).output
            #expect(set.output.contains("cfg request approve \(id) -p shop"))
            #expect(try await administrator.settings(of: production, in: shop, at: nil).value.settings.isEmpty)

            let early = try await run(server, ada, "request apply \(id)")
            #expect(early.status == 8)
            let own = try await run(server, ada, "request approve \(id) --yes")
            #expect(own.status == 5)
            #expect(own.errors.contains("somebody else must approve it"))
            let unasked = try await run(server, grace, "request approve \(id)")
            #expect(unasked.status == 2)
            let other = String(repeating: "0", count: 64)
            #expect(try await run(server, grace, "request approve \(id) --yes --impact \(other)").status == 4)
            let shown = try await run(server, grace, "request show \(id)")
            #expect(shown.output.contains("production needs 1 more approval."))
            let impact = try #require(shown.output.firstMatch(of: /Impact +([0-9a-f]{64})/)).output.1

            async let watched = run(server, ada, "request watch \(id)")
            let approved = try await run(server, grace, "request approve \(id) --yes --impact \(impact) -m fine")
            #expect(approved.status == 0, "\(approved)")
            #expect(approved.output.contains("Nothing is missing: cfg request apply \(id) -p shop"))
            let applied = try await run(server, ada, "request apply \(id)")
            #expect(applied.status == 0, "\(applied)")
            #expect(applied.output.contains("+ a  1"))
            let watch = try await watched
            #expect(watch.status == 0)
            #expect(watch.output.hasSuffix("\(id)  applied  by user:ada\n"))
            #expect(
                try await administrator.settings(of: production, in: shop, at: nil).value.settings.map(\.value) == [1])
            #expect(try await run(server, ada, "request list").output == "No change requests are open.\n")
            #expect(try await run(server, ada, "request list --state applied").output.contains(id))
        }
    }

    @Test func `a request is edited, commented, scheduled, rejected and withdrawn`() async throws {
        try await withServer { server, administrator in
            let ada = try await signedIn("ada", as: "operator", server, administrator)
            let grace = try await signedIn("grace", as: "operator", server, administrator)
            _ = try await run(server, nil, "protect production").succeeded()
            let (author, reviewer) = (
                try administration(server, ada.secret), try administration(server, grace.secret)
            )
            let change = try await author.commit([put(1, in: production)], to: shop, message: "m", isDryRun: false)
                .value
            let id = try ChangeRequestID(parsing: try #require(change.changeRequest))
            #expect(change.approvals.map(\.required) == [1])
            let first = try await reviewer.changeRequest(id, of: shop).value
            let impact = try #require(first.impact.flatMap { Digest(hexadecimal: $0) })
            #expect(try await reviewer.approve(id, of: shop, impact: impact, comment: nil).value.isApproved)

            let asChange = try await run(server, ada, "request show \(id.rawValue) --as-change")
            let edited = try await run(
                server, ada, "request edit \(id.rawValue) -",
                input: asChange.output.replacing("\"value\": 1", with: "\"value\": 2"))
            #expect(edited.status == 0, "\(edited)")
            let second = try await reviewer.changeRequest(id, of: shop).value
            #expect(second.environments.first?.changes.first?.after == .value(2))
            #expect(second.approvals.map(\.isVoid) == [true])
            #expect(!second.isApproved)
            let stale = await #expect(throws: ConfigPlatformError.self) {
                try await reviewer.approve(id, of: shop, impact: impact, comment: nil)
            }
            #expect(stale?.code == .revisionConflict)

            #expect(try await reviewer.comment(on: id, of: shop, "why?").value.comments.map(\.text) == ["why?"])
            let scheduled = try await run(server, ada, "request schedule \(id.rawValue) --at 2h")
            #expect(scheduled.output.contains("with your rights"))
            #expect(try await author.schedule(id, of: shop, at: nil).value.scheduledFor == nil)
            #expect(try await run(server, grace, "request reject \(id.rawValue) -m no").status == 0)
            #expect(try await author.changeRequest(id, of: shop).value.state == "rejected")
            #expect(try await run(server, ada, "request watch \(id.rawValue)").status == 1)

            let asked = try await run(server, ada, "set a 3 -e staging --request")
            #expect(asked.status == 0)
            #expect(asked.output.contains("it needs no approval"))
            let other = try #require(asked.output.firstMatch(of: /cr_[0-9a-f]{16}/)).output
            #expect(try await run(server, ada, "request withdraw \(other)").status == 0)
        }
    }

    @Test func `glass is broken by somebody who may, for a while`() async throws {
        try await withServer { server, administrator in
            let ada = try await signedIn("ada", as: "administrator", server, administrator)
            let eve = try await signedIn("eve", as: "operator", server, administrator)
            _ = try await run(server, nil, "protect production").succeeded()
            #expect(try await run(server, ada, "set a 1 -e production").status == 8)
            #expect(try await run(server, eve, "access break-glass --reason down").status == 5)
            let glass = try await run(server, ada, "access break-glass -e production --reason down --for 5m")
            #expect(glass.status == 0, "\(glass)")
            #expect(glass.output.hasPrefix("The glass is broken: user:ada is operator in shop/production until "))
            #expect(try await run(server, ada, "set a 2 -e production").status == 0)
            let bindings = try await administrator.bindings(of: shop, after: nil, limit: nil).value.items
            #expect(bindings.contains { $0.isBreakGlass && $0.description == "down" })
        }
    }

    @Test func `roles, groups, identities, issuers and bindings are made, shown and taken back`() async throws {
        try await withServer { server, administrator in
            func succeeds(_ line: String, input: String = "") async throws -> String {
                try await run(server, nil, line, input: input).succeeded().output
            }
            _ = try await succeeds(
                "role set reader -", input: #"{"permissions":[{"actions":["read"],"keys":["checkout"]}]}"#)
            let role = try await succeeds("role show reader")
            _ = try await succeeds("role set reader -", input: role)
            #expect(try await administrator.role(RoleName(parsing: "reader")).value.permissions.count == 1)
            #expect(try await succeeds("role list").contains("built in"))

            _ = try await succeeds("identity create ada --name Ada")
            #expect(try await run(server, nil, "identity create ada").status == 4)
            _ = try await succeeds("identity password ada", input: Self.password(of: "ada") + "\n")
            _ = try await succeeds("group set sre ada")
            _ = try await succeeds("group add sre user:bob")
            _ = try await succeeds("group remove sre ada")
            #expect(try await succeeds("group show sre").hasSuffix("  user:bob\n"))

            _ = try await succeeds("binding add --subject group:sre --role reader -e staging --for 8h")
            #expect(try await run(server, nil, "binding add --subject group:sre --role reader -e staging").status == 4)
            #expect(try await succeeds("binding show reader-group-sre-staging").contains("group:sre"))
            _ = try await succeeds("binding add everywhere --subject user:ada --role viewer --platform")
            #expect(try await succeeds("binding list --platform").contains("everywhere"))
            #expect(try await succeeds("log --platform").contains("Bind user:ada to viewer"))
            let explained = try await succeeds("access explain --subject user:ada --action read -p shop -e production")
            #expect(explained.hasPrefix("user:ada may read"))
            #expect(explained.contains("bound to user:ada by everywhere of the platform"))
            #expect(try await succeeds("access who --action read -p shop").contains("user:ada"))
            #expect(try await succeeds("access what user:ada").contains("everything"))

            _ = try await succeeds("identity disable ada")
            #expect(try await succeeds("identity show ada").contains("disabled"))
            _ = try await succeeds("identity enable ada")
            _ = try await succeeds(
                "issuer set corp -",
                input: #"{"url":"https://login.example.com","vouchesFor":"people","clientId":"cfg"}"#)
            #expect(try await succeeds("issuer list").contains("https://login.example.com"))
            #expect(try await administration(server, nil).signInWays().value.issuers == ["corp"])
            for line in [
                "binding remove reader-group-sre-staging", "binding remove everywhere --platform", "group delete sre",
                "role delete reader", "issuer delete corp", "identity delete ada",
            ] { _ = try await succeeds(line) }
            #expect(try await run(server, nil, "role show reader").status == 3)
        }
    }

    @Test func `tokens say whose they are and what they may, and a personal one no more than its owner`() async throws {
        try await withServer { server, administrator in
            let ada = try await signedIn("ada", as: "viewer", server, administrator)
            _ = try await run(server, nil, "token create bot --role operator -p shop -e staging").succeeded()
            let personal = try await run(server, ada, "token create laptop --personal --role operator -p shop")
                .succeeded()
            let list = try await run(server, nil, "token list").output
            #expect(list.contains("operator@shop/staging"))
            let own = try await run(server, ada, "token list").output
            #expect(own.contains("user:ada"))
            #expect(!own.contains("bot"))
            let laptop = try administration(
                server, personal.output.trimmingCharacters(in: .whitespacesAndNewlines))
            #expect(try await laptop.whoAmI().value.owner == "user:ada")
            let error = await #expect(throws: ConfigPlatformError.self) {
                try await laptop.commit([put(1, in: staging)], to: shop, message: "m", isDryRun: false)
            }
            #expect(error?.code == .forbidden)
            #expect(try await administrator.tokens().value.items.contains { $0.lastUsedAt != nil })
        }
    }

    @Test func `a program follows with a session, and says so when it has ended`() async throws {
        try await withServer { server, administrator in
            let ada = try await signedIn("ada", as: "operator", server, administrator)
            let writer = try administration(server, ada.secret)
            _ = try await writer.commit([put(1, in: production)], to: shop, message: "m", isDryRun: false)
            let settings = try StandInPlatform.client(of: server.url, token: AccessToken(ada.secret))
            #expect(try await settings.waitUntilReady().int("a", default: 0) == 1)
            _ = try await writer.commit([put(2, in: production)], to: shop, message: "m", isDryRun: false)
            try await settings.until { $0.snapshot.int("a", default: 0) == 2 }
            try await writer.revokeSession(ada.id)
            let state = try await settings.until { $0.lastFailure?.code == .unauthenticated }
            #expect(state.snapshot.int("a", default: 0) == 2)
            #expect(state.lastFailure?.detail.contains("expired") == true)
            await settings.shutdown()
        }
    }

    @Test func `a user signs in, is somebody, and signs out`() async throws {
        try await withServer { server, administrator in
            _ = try await signedIn("ada", as: "viewer", server, administrator)
            let folder = try TemporaryFolder()
            func cfg(_ line: String, input: String = "") async throws -> CommandResult {
                try await CfgProcess.run(
                    line.split(separator: " ").map(String.init), environment: ["XDG_CONFIG_HOME": folder.root],
                    input: input)
            }
            let wrong = try await cfg("login \(server.url) --user ada", input: "guess\n")
            #expect(wrong.status == 5)
            let login = try await cfg("login \(server.url) --user ada", input: Self.password(of: "ada") + "\n")
            #expect(login.status == 0, "\(login)")
            #expect(login.output.contains("as user:ada"))
            #expect(login.output.contains("It ends "))
            #expect(try await cfg("whoami").output.contains("session"))
            #expect(try await cfg("session list").output.contains("user:ada"))
            let kept = try String(contentsOfFile: folder.path("cfg/credentials.json"), encoding: .utf8)
            let token = try #require(CfgProcess.tokens(in: kept).first)
            let logout = try await cfg("logout")
            #expect(logout.output.hasPrefix("Logged out; the session has ended."))
            let ended = try administration(server, token)
            let error = await #expect(throws: ConfigPlatformError.self) { try await ended.whoAmI() }
            #expect(error?.code == .unauthenticated)
            #expect(try await cfg("whoami").status == 5)
            #expect(try await cfg("logout").output == "Nobody was logged in.\n")
        }
    }
}
