import Testing

@testable import ConfigPlatformModel

/// What a kill hook may write, and what it takes to make one.
@Suite struct KillHookDecisionTests {
    private static let name: KillHookName = {
        guard let name = try? KillHookName(parsing: "alerts") else { preconditionFailure("'alerts' is a name") }
        return name
    }()

    /// `shop` with the flags `known` and `other`, and in `dev` a hook for `known` alone.
    private static func shop() throws -> AccessFixture {
        var fixture = try AccessFixture.shop()
        try fixture.lay(.flag("other"), .bind("root", "user:root", "administrator"))
        try fixture.lay(.killHook("alerts", in: "dev", ["flags": ["known"], "variant": "off"]))
        return fixture
    }

    private static func pulled(
        _ fixture: AccessFixture, _ operations: Operation..., by author: Author? = nil,
        as purpose: Proposal.Purpose? = nil
    ) -> Result<Decision, Problem> {
        do throws(Problem) {
            return .success(
                try fixture.state.decide(
                    Proposal(
                        project: "shop", by: author ?? .killHook(name, in: "dev", of: "shop"),
                        as: purpose ?? .pull(name, "dev"), message: "pulled"
                    ) { _ in operations }, at: AccessFixture.now))
        } catch {
            return .failure(error)
        }
    }

    private static func isForbidden(_ result: Result<Decision, Problem>) -> Bool {
        if case .failure(let problem) = result { problem.code == .forbidden } else { false }
    }

    private static let kill = Operation.kill("known", in: "dev", ["variant": "off", "reason": "It burns."])

    @Test func `a hook kills what it names, in its environment, as its item says, and nothing else`() throws {
        let fixture = try Self.shop()
        let decision = try Self.pulled(fixture, Self.kill).get()
        #expect(decision.change?.author.rawValue == "hook:shop/dev/alerts" && decision.unapproved.isEmpty)
        for operation in [
            Operation.kill("other", in: "dev", ["variant": "off"]),
            .kill("known", in: "production", ["variant": "off"]),
            .kill("known", in: "base", ["variant": "off"]), .kill("known", in: "dev", ["variant": "on"]),
            .kill("known", in: "dev", ["variant": .null]), .rule("known", in: "dev"),
            .delete(.kill("known", "dev")), try .put("c", 1, in: "dev"), try .bind("mine", "user:eve", "administrator"),
        ] {
            #expect(Self.isForbidden(Self.pulled(fixture, operation)), "\(operation)")
            #expect(Self.isForbidden(Self.pulled(fixture, Self.kill, operation)), "\(operation)")
        }
    }

    @Test func `nobody else pulls a hook, and a hook does nothing but be pulled`() throws {
        var fixture = try Self.shop()
        for author in [
            Author(Subject("user:root")), .platform(), .rollouts, .killHook(Self.name, in: "base", of: "shop"),
        ] {
            #expect(Self.isForbidden(Self.pulled(fixture, Self.kill, by: author)), "\(author)")
        }
        #expect(Self.isForbidden(Self.pulled(fixture, Self.kill, as: .change)))
        #expect(Self.isForbidden(Self.pulled(fixture, Self.kill, as: .pull(Self.name, "production"))))
        try fixture.lay(.killHook("alerts", in: "dev", ["flags": ["known"], "variant": "off", "disabled": true]))
        #expect(Self.isForbidden(Self.pulled(fixture, Self.kill)))
        try fixture.lay(Operation(.deleteAccess(.killHook(Self.name, in: "dev"))))
        #expect(Self.isForbidden(Self.pulled(fixture, Self.kill)))
    }

    @Test func `a hook ends with its environment, and is not there in one of that name made later`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.deleteEnvironment("dev"))
        try fixture.lay(.environment("dev", inherits: ["base"]))
        #expect(fixture.state.projects["shop"]?.access.killHook(Self.name, in: "dev") == nil)
        #expect(Self.isForbidden(Self.pulled(fixture, Self.kill)))
    }

    @Test func `nobody makes a hook who may not kill there themselves, or who does not administer there`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .role("guard", Permission(allowing: [.read, .administer])),
            .role("killer", Permission(allowing: [.read, .kill])),
            in: .platform)
        try fixture.lay(
            .bind("a", "user:guard", "guard"), .bind("b", "user:killer", "killer"), .bind("c", "user:op", "operator"))
        let hook = try Operation.killHook("new", in: "dev", ["flags": ["known"]])
        for who in ["guard", "killer", "op"] {
            #expect(fixture.refusal(Subject(try Principal(parsing: "user:\(who)")), hook)?.code == .forbidden, "\(who)")
        }
        #expect(fixture.refusal(Subject("user:root"), hook) == nil)
        // Whoever administers may take away what they could not give.
        let ended = Operation(.deleteAccess(.killHook(Self.name, in: "dev")))
        #expect(fixture.refusal(Subject("user:guard"), ended) == nil)
        #expect(fixture.refusal(Subject("user:killer"), ended)?.code == .forbidden)
    }

    @Test func `more of a hook needs the approvals of whatever reads its environment, less of it none`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .killHook("alerts", in: "base", ["flags": ["known"], "variant": "off"]), try .protect("dev"))
        func approvals(_ said: JSONValue, in environment: EnvironmentName, generation: Character = "0") throws -> Int {
            try fixture.decide(
                Subject("user:root"), .killHook("alerts", in: environment, said, generation: generation)
            ).unapproved.count
        }
        for environment in ["base", "dev"] as [EnvironmentName] {
            for more in [
                ["flags": ["known", "other"], "variant": "off"], ["flags": ["known"], "variant": "on"],
                ["flags": ["known"], "tags": ["x"], "variant": "off"],
                ["flags": ["known"], "variant": "off", "proof": "token"],
            ] as [JSONValue] {
                #expect(try approvals(more, in: environment) == 1, "\(more) in \(environment)")
            }
            #expect(try approvals(["flags": ["known"], "variant": "off", "disabled": true], in: environment) == 0)
            #expect(try approvals(["flags": ["known"], "variant": "off"], in: environment, generation: "1") == 0)
        }
        #expect(try approvals(["flags": ["known"]], in: "production") == 0)
        let ended = Operation(.deleteAccess(.killHook(Self.name, in: "dev")))
        #expect(try fixture.decide(Subject("user:root"), ended).unapproved.isEmpty)
    }

    @Test func `a body that is none is refused`() throws {
        let generation = JSONValue.string(String(repeating: "a", count: 32))
        let good: JSONObject = ["flags": ["known"], "generation": generation]
        #expect(throws: Never.self) { try KillHookBody(parsing: .object(good)) }
        let tooMany = JSONValue.array((0...Limits.killHookFlags).map { .string("flag-\($0)") })
        let faults: [(String, JSONValue?)] = [
            ("flags", nil), ("flags", []), ("flags", tooMany), ("flags", [".."]), ("flags", "known"),
            ("generation", nil), ("generation", "a"), ("generation", .string(String(repeating: "A", count: 32))),
            ("tags", [""]), ("proof", "none"), ("variant", 1), ("variant", ""), ("disabled", "yes"), ("secret", "s"),
            ("formerUntil", "2026-01-01T00:00:00Z"), ("formerGeneration", generation),
        ]
        for (name, value) in faults {
            var body = good
            body[name] = value
            #expect(throws: Problem.self, "\(name): \(value ?? "nothing")") {
                try KillHookBody(parsing: .object(body))
            }
        }
        var most = good
        most["flags"] = .array((1...Limits.killHookFlags).map { .string("flag-\($0)") })
        let body = try KillHookBody(parsing: .object(most))
        #expect(try KillHookBody(parsing: body.json) == body)
    }
}
