import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// Two people and one environment that neither alters alone, told in commands.
@Suite("Approvals from the command line", .serialized, .timeLimit(.minutes(9)))
struct ApprovalStoryTests {
    private static let password = "seven wild horses"

    /// The one who has set everything up: a server with local users, and `production` of `shop`.
    private func prepare(_ arguments: [String] = [], people: [(name: String, role: String)]) async throws -> (
        admin: CfgProcess, people: [Person]
    ) {
        let server = try await CfgProcess(.init(arguments: ["--local-users"] + arguments))
        try await server.cli("project", "create", "shop").succeeded()
        try await server.cli("env", "create", "production", "-p", "shop").succeeded()
        try await server.cli("set", "checkout.timeout", "2000", "-p", "shop", "-e", "production").succeeded()
        let role = #"{"permissions": [{"actions": ["read", "break-glass"]}]}"#
        try await server.cli("role", "set", "on-call", "-", input: role).succeeded()
        var present: [Person] = []
        for (name, role) in people {
            try await server.cli("identity", "create", name).succeeded()
            try await server.cli("identity", "password", name, input: Self.password + "\n").succeeded()
            try await server.cli("binding", "add", "--subject", "user:\(name)", "--role", role, "-p", "shop")
                .succeeded()
            let person = try Person(at: server)
            try await person.logIn(as: name, password: Self.password).succeeded()
            present.append(person)
        }
        return (server, present)
    }

    private func request(in result: CommandResult) throws -> String {
        String(try #require(result.output.firstMatch(of: /cr_[0-9a-f]{16}/), "\(result)").output)
    }

    @Test func `a change of a protected environment is asked for by one, approved by the other, and applied`()
        async throws
    {
        let (server, people) = try await prepare(people: [("ada", "operator"), ("bob", "operator")])
        let (ada, bob) = (people[0], people[1])
        try await server.cli("protect", "production", "-p", "shop", "--approvals", "1").succeeded()

        let asked = try await ada.cfg(
            "set", "checkout.timeout", "2500", "-e", "production", "-m", "customers on trains")
        #expect(asked.status == 8, "\(asked)")
        let id = try request(in: asked)
        #expect(asked.output.contains("was opened. Nothing else was written."), "\(asked)")
        #expect(try await ada.cfg("get", "checkout.timeout", "-e", "production").succeeded().output == "2000\n")
        let again = try await ada.cfg("set", "checkout.timeout", "2500", "-e", "production", "--dry-run")
        #expect(again.status == 0, "a dry run opens nothing: \(again)")

        let own = try await ada.cfg("request", "approve", id, "--yes")
        #expect(own.status == 5, "\(own)")
        let early = try await ada.cfg("request", "apply", id)
        #expect(early.status == 8, "\(early)")
        let shown = try await bob.cfg("request", "show", id).succeeded().output
        for text in [
            "user:ada", "customers on trains", "checkout.timeout", "2000", "2500", "production needs 1 more approval",
        ] {
            #expect(shown.contains(text), "\(text) in \(shown)")
        }
        #expect(try await bob.cfg("request", "list").succeeded().output.contains(id))
        let unasked = try await bob.cfg("request", "approve", id)
        #expect(unasked.status == 2 && unasked.errors.contains("--yes"), "nobody can be asked: \(unasked)")
        let impact = try #require(shown.firstMatch(of: /Impact\s+([0-9a-f]{64})/), "\(shown)").output.1
        let other = try await bob.cfg("request", "approve", id, "--yes", "--impact", String(impact.reversed()))
        #expect(other.status == 4, "\(other)")
        let approved = try await bob.cfg(
            "request", "approve", id, "--yes", "--impact", String(impact), "-m", "looks right"
        ).succeeded()
        #expect(approved.output.contains("Nothing is missing: cfg request apply \(id)"), "\(approved)")
        try await ada.cfg("request", "apply", id).succeeded()
        #expect(try await bob.cfg("get", "checkout.timeout", "-e", "production").succeeded().output == "2500\n")
        #expect(try await ada.cfg("request", "apply", id).status == 4, "once")

        let log = try await server.cli("audit", "events", "--output", "json", "-n", "200").succeeded()
        let events = try JSONValue(parsing: log.standardOutput)["events"]?.arrayValue ?? []
        func count(_ actor: String, _ action: String, _ outcome: String) -> Int {
            events.count {
                $0["actor"] == .string(actor) && $0["action"] == .string(action) && $0["outcome"] == .string(outcome)
            }
        }
        #expect(count("user:ada", "request.create", "success") == 1, "\(log.output)")
        #expect(count("user:ada", "request.approve", "refused") == 1, "\(log.output)")
        #expect(count("user:bob", "request.approve", "success") == 1, "\(log.output)")
        #expect(count("user:ada", "request.apply", "success") == 1, "\(log.output)")
        let history = try await bob.cfg("log").succeeded().output
        #expect(history.contains("user:ada") && history.contains("customers on trains"), "\(history)")
        #expect(try await bob.cfg("audit", "events").status == 5, "an operator does not read what everybody did")
        try await server.stop()
    }

    @Test func `a change that alters under an approval asks anew, and a rejected one is over`() async throws {
        let (server, people) = try await prepare(people: [("ada", "operator"), ("bob", "operator")])
        let (ada, bob) = (people[0], people[1])
        try await server.cli("protect", "production", "-p", "shop").succeeded()
        let asked = try await ada.cfg("set", "checkout.timeout", "2500", "-e", "production")
        let id = try request(in: asked)
        try await bob.cfg("request", "approve", id, "--yes").succeeded()
        let change = try await ada.cfg("request", "show", id, "--as-change").succeeded().output
        let edited = change.replacing("2500", with: "9999")
        try await ada.cfg("request", "edit", id, "-", input: edited).succeeded()
        #expect(try await ada.cfg("request", "apply", id).status == 8, "what was approved is not what it is now")
        try await bob.cfg("request", "reject", id, "-m", "no").succeeded()
        #expect(try await ada.cfg("request", "apply", id).status == 4)
        #expect(try await bob.cfg("request", "show", id).succeeded().output.contains("rejected"))
        #expect(try await ada.cfg("get", "checkout.timeout", "-e", "production").succeeded().output == "2000\n")
        // The protection itself is not taken away by one either.
        let bared = try await server.cli("unprotect", "production", "-p", "shop")
        #expect(bared.status == 8, "\(bared)")
        try await server.stop()
    }

    @Test func `who breaks the glass writes at once, and whoever is to be alerted is told with a signature`()
        async throws
    {
        let receiver = try LoopbackServer { _ in .init(status: 204) }
        let folder = try TemporaryFolder()
        let key = String(repeating: "0123456789abcdef", count: 2)
        let (server, people) = try await prepare(
            [
                "--webhook-key-file", folder.write("key", key + "\n"), "--alert-url",
                "http://127.0.0.1:\(receiver.port)/alerts",
            ], people: [("carl", "on-call"), ("dora", "operator")])
        let (carl, dora) = (people[0], people[1])
        try await server.cli("protect", "production", "-p", "shop", "--approvals", "2").succeeded()
        #expect(try await carl.cfg("set", "checkout.timeout", "1", "-e", "production").status == 5)
        let reason = "checkout is down, nobody else awake"
        #expect(try await dora.cfg("access", "break-glass", "-e", "production", "--reason", reason).status == 5)
        #expect(receiver.requests.isEmpty, "nothing happened that anybody is to be told of")

        let broken = try await carl.cfg(
            "access", "break-glass", "-e", "production", "--reason", reason, "--for", "30m"
        ).succeeded()
        #expect(broken.output.contains("user:carl is operator in shop/production"), "\(broken)")
        try await carl.cfg("set", "checkout.timeout", "1", "-e", "production").succeeded()
        #expect(try await carl.cfg("get", "checkout.timeout", "-e", "production").succeeded().output == "1\n")

        #expect(try await soon(within: 60) { !receiver.requests.isEmpty })
        let alert = try #require(receiver.requests.first)
        #expect(receiver.requests.count == 1 && alert.method == "POST" && alert.target == "/alerts")
        let body = try JSONValue(parsing: alert.body)
        #expect(body["type"] == "glass-broken" && body["data"]?["actor"] == "user:carl")
        #expect(body["data"]?["reason"] == .string(reason) && body["data"]?["environments"] == ["production"])
        // Standard Webhooks 1.0: HMAC-SHA256 over ID.SECONDS.BODY.
        let id = try #require(alert.header("webhook-id"))
        let seconds = try #require(alert.header("webhook-timestamp").flatMap { Int64($0) })
        #expect(abs(Date().timeIntervalSince1970 - Double(seconds)) < 60)
        let code = SigningKey.hmac(Array("\(id).\(seconds).".utf8) + alert.body, Array(key.utf8))
        #expect(alert.header("webhook-signature") == "v1," + Data(code).base64EncodedString())

        let events = try await server.cli("audit", "events", "--action", "access.break-glass", "--output", "json")
        #expect(events.output.contains("user:carl") && events.output.contains("user:dora"), "\(events)")
        #expect(server.log.contains("glass-broken") && server.log.contains("critical"), "\(server.log)")
        let metrics = try await server.client.call("GET", "/metrics").text
        #expect(metrics.contains(#"cfg_alerts_total{type="glass-broken"} 1"#), "\(metrics)")

        // Ended early, by whoever administers.
        let bindings = try await server.cli("binding", "list", "-p", "shop", "--output", "json").succeeded().output
        let binding = try #require(bindings.firstMatch(of: /break-glass-[0-9a-f]{12}/)).output
        #expect(try await dora.cfg("binding", "remove", String(binding)).status == 5)
        try await server.cli("binding", "remove", String(binding), "-p", "shop").succeeded()
        #expect(try await carl.cfg("set", "checkout.timeout", "2", "-e", "production").status == 5)
        try await server.stop()
    }
}
