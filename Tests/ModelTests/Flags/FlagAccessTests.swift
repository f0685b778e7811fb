import ConfigPlatformFlags
import Testing

@testable import ConfigPlatformModel

/// Who may say what of flags, and what of it somebody else must approve.
@Suite struct FlagAccessTests {
    private static let rob = Subject("user:rob")
    private static let eve = Subject("user:eve")
    private static let now = AccessFixture.now

    /// `shop` with `production` protected, flags, and a segment that a rule of `production` names.
    private static func shop(_ protection: JSONValue = [:]) throws -> AccessFixture {
        var fixture = try ProtectionPathTests.shop(protection)
        try fixture.lay(
            .flag("free"), .flag("ruled"), .flag("below"), .segment("people"), .segment("unused"),
            .rule("ruled", in: "base"), .rule("below", in: "base"),
            .rule(
                "free", in: "production",
                [
                    "prerequisites": [["flag": "below", "variants": ["on"]]],
                    "rules": [["when": [["segment": "people"]], "serve": "on"]],
                ]))
        return fixture
    }

    /// The environments whose approval the change needs.
    private func needed(_ fixture: AccessFixture, _ subject: Subject, _ operations: Operation...) throws -> [String] {
        try fixture.decide(subject, operations).unapproved.map(\.environment.rawValue)
    }

    // MARK: Approvals

    @Test func `what alters a protected environment's flags needs its approval`() throws {
        let fixture = try Self.shop()
        for operation in [
            Operation.flag("ruled", ["metadata": ["a": 1]]), .flag("ruled", ["lifecycle": "inactive"]),
            .rule("ruled", in: "base", ["defaultVariant": "off"]), .rule("ruled", in: "production"),
            .delete(.rule("free", "production")), .rollout("ruled", in: "base"), .segment("people", ["include": ["b"]]),
            .rule("below", in: "base", ["rules": [["when": [], "serve": "off"]]]),
        ] {
            #expect(try needed(fixture, Self.rob, operation) == ["production"], "\(operation)")
        }
        for operation in [
            Operation.flag("ruled", ["description": "It is said.", "owner": "somebody", "tags": ["t"]]),
            .rule("ruled", in: "dev", ["defaultVariant": "off"]), .segment("unused", ["include": ["b"]]),
            .segment("more"), .flag("new"), .flag("new", ["lifecycle": "draft"]),
        ] {
            #expect(try needed(fixture, Self.rob, operation).isEmpty, "\(operation)")
        }
    }

    @Test func `a kill needs no approval of whoever may kill, and taking it back does`() throws {
        var fixture = try Self.shop()
        #expect(try needed(fixture, Self.rob, .kill("ruled", in: "production")).isEmpty)
        #expect(try needed(fixture, Self.rob, .kill("ruled", in: "base")).isEmpty, "by inheritance too")
        #expect(try needed(fixture, Self.rob, .kill("below", in: "base")).isEmpty, "and by prerequisites")
        // What goes along is not freed by it.
        #expect(
            try needed(
                fixture, Self.rob, .kill("ruled", in: "production"), .rule("below", in: "base", ["state": "DISABLED"]))
                == ["production"])
        #expect(
            try needed(
                fixture, Self.rob, .kill("ruled", in: "production"), .rule("ruled", in: "base", ["state": "DISABLED"]))
                == ["production"])
        #expect(
            try needed(fixture, Self.rob, .kill("ruled", in: "production"), try .put("c", "z", in: "production")) == [
                "production"
            ])
        try fixture.lay(.kill("ruled", in: "production"))
        #expect(try needed(fixture, Self.rob, .delete(.kill("ruled", "production"))) == ["production"])
        #expect(try needed(fixture, Self.rob, .kill("ruled", in: "production", ["variant": "on"])).isEmpty)
    }

    @Test func `a kill waits for no freeze`() throws {
        let fixture = try Self.shop([
            "approvals": 0, "freezes": [["from": "2020-01-01T00:00:00Z", "to": "2090-01-01T00:00:00Z"]],
        ])
        #expect(fixture.refusal(Self.rob, .rule("ruled", in: "production"))?.code == .frozen)
        #expect(fixture.refusal(Self.rob, .kill("ruled", in: "production")) == nil)
    }

    @Test func `who may write but not kill asks for approval of a kill`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.role("writers", Permission(allowing: [.read, .write])), in: .platform)
        try fixture.lay(.bind("eve", "user:eve", "writers"))
        #expect(try needed(fixture, Self.eve, .kill("ruled", in: "production")) == ["production"])
        #expect(try needed(fixture, Self.eve, .kill("ruled", in: "dev")).isEmpty)
    }

    @Test func `who may kill in one environment is not free in another that inherits from it`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .role("killers", Permission(allowing: [.read, .kill], on: .only("base"))), in: .platform)
        try fixture.lay(.bind("eve", "user:eve", "killers"))
        #expect(try needed(fixture, Self.eve, .kill("ruled", in: "base")) == ["production"])
        #expect(fixture.refusal(Self.eve, .kill("ruled", in: "dev"))?.code == .notFound)
        #expect(fixture.refusal(Self.eve, .rule("ruled", in: "base"))?.code == .forbidden)
        #expect(fixture.refusal(Self.eve, .delete(.kill("ruled", "base")))?.code == .forbidden)
    }

    // MARK: What was approved

    @Test func `an approval holds for the flags as they would be, with all that they refer to`() throws {
        var fixture = try Self.shop()
        let change = Operation.rule(
            "ruled", in: "production", ["rules": [["when": [["segment": "people"]], "serve": "on"]]])
        let approved = try fixture.decide(Self.rob, [change]).impact
        #expect(approved.flags.map(\.environment) == ["production"])
        #expect(try fixture.decide(Self.rob, [change]).impact.digest == approved.digest)
        try fixture.lay(.flag("ruled", ["description": "Said meanwhile."]), .segment("unused", ["include": ["z"]]))
        #expect(try fixture.decide(Self.rob, [change]).impact.digest == approved.digest, "nothing that matters")
        try fixture.lay(.segment("people", ["include": ["somebody else"]]))
        #expect(try fixture.decide(Self.rob, [change]).impact.digest != approved.digest)
    }

    // MARK: Roles

    @Test func `flags are the project's to write, and what is said of them the environment's`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.bind("eve", "user:eve", "operator", in: ["dev"]))
        #expect(fixture.refusal(Self.eve, .rule("ruled", in: "dev")) == nil)
        #expect(fixture.refusal(Self.eve, .rule("ruled", in: "production"))?.code == .notFound)
        #expect(fixture.refusal(Self.eve, .flag("new"))?.code == .forbidden)
        #expect(fixture.refusal(Self.eve, .segment("new"))?.code == .forbidden)
        let viewpoint = fixture.state.viewpoint(Self.eve, of: "shop", at: Self.now)
        #expect(viewpoint.canRead(FlagPlace.flag("ruled").address(in: "shop")))
        #expect(viewpoint.canRead(FlagPlace.rule("ruled", "dev").address(in: "shop")))
        #expect(!viewpoint.canRead(FlagPlace.rule("ruled", "base").address(in: "shop")))
    }

    @Test func `an evaluator evaluates and reads no rules`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.bind("eve", "user:eve", "evaluator", in: ["production"]))
        #expect(fixture.permits(Self.eve, .evaluate, .flag, in: "production"))
        #expect(!fixture.permits(Self.eve, .evaluate, .flag, in: "dev"))
        for kind in [Kind.flag, .segment, .flagRule, .flagRollout, .flagKill] {
            #expect(!fixture.permits(Self.eve, .read, kind, in: kind.isEnvironmental ? "production" : nil))
            #expect(!fixture.permits(Self.eve, .write, kind, in: kind.isEnvironmental ? "production" : nil))
        }
    }

    @Test func `nobody inherits rules that they may not read`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .role(
                "settings-only",
                Permission(allowing: [.read, .write], on: ResourcePattern(kinds: [.setting, .environment])),
                Permission(
                    allowing: [.read],
                    on: ResourcePattern(environments: [NamePattern("mine" as EnvironmentName)], kinds: [.flagRule]))),
            in: .platform)
        try fixture.lay(.bind("eve", "user:eve", "settings-only"))
        #expect(fixture.refusal(Self.eve, .environment("mine", inherits: ["base"]))?.code == .forbidden)
    }

    @Test func `what is wrong where one may not read is not told`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .role(
                "definers", Permission(allowing: [.read, .write], on: ResourcePattern(kinds: [.flag])),
                Permission(allowing: [.read], on: ResourcePattern(kinds: [.setting]))), in: .platform)
        try fixture.lay(.bind("eve", "user:eve", "definers"))
        let problem = fixture.refusal(Self.eve, .flag("ruled", ["variants": ["on": .null, "yes": true]]))
        #expect(problem?.code == .invalidChange)
        #expect(problem?.violations.contains { $0.environment != nil } == false, "\(problem as Any)")
        #expect(problem?.detail.contains("production") == false)
    }
}
