import Testing

@testable import ConfigPlatformModel

/// Every path by which what a protected environment resolves to, or who may alter it, can be altered; beside each a path that looks like it and
/// needs nobody's approval.
@Suite struct ProtectionPathTests {
    /// `shop` with `production` protected. Of the project `user:ada` is administrator and `user:rob` operator, of the platform `user:root`.
    static func shop(_ protection: JSONValue = [:]) throws -> AccessFixture {
        var fixture = try AccessFixture.shop()
        try fixture.lay(.bind("root", "user:root", "administrator"), in: .platform)
        try fixture.lay(
            .bind("ada", "user:ada", "administrator"), .bind("rob", "user:rob", "operator"),
            .protect("production", protection))
        return fixture
    }

    private static let ada = Subject("user:ada")
    private static let rob = Subject("user:rob")
    private static let root = Subject("user:root")

    // MARK: What it resolves to

    @Test func `a value of its own needs approval, one that it reads already does not`() throws {
        let fixture = try Self.shop()
        expectNeeded(fixture, Self.rob, try .put("c", "z", in: "production"))
        expectNeeded(fixture, Self.rob, .delete("c", in: "production"))
        expectNeeded(fixture, Self.rob, .unset("a.b", in: "production"))
        expectFree(fixture, Self.rob, try .put("a.b", 1, in: "production"))
        expectFree(fixture, Self.rob, try .put("c", "z", in: "dev"))
    }

    @Test func `a value of a base layer needs approval, unless production overrides it`() throws {
        let fixture = try Self.shop()
        expectNeeded(fixture, Self.rob, try .put("a.b", 2, in: "base"))
        expectNeeded(fixture, Self.rob, try .put("new", 2, in: "base"))
        expectNeeded(fixture, Self.rob, .delete("a.b", in: "base"))
        expectFree(fixture, Self.rob, try .put("c", "z", in: "base"))
        expectFree(fixture, Self.rob, .delete("c", in: "base"))
    }

    @Test func `what a value refers to needs approval where production reads it by reference`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.put("url", "https://${host}/", in: "base"), .put("host", "a", in: "base"))
        expectNeeded(fixture, Self.rob, try .put("host", "b", in: "base"))
        try fixture.lay(.put("host", "p", in: "production"), .put("host", "d", in: "dev"))
        expectFree(fixture, Self.rob, try .put("host", "b", in: "base"))
        expectFree(fixture, Self.rob, try .put("host", "e", in: "dev"))
        expectNeeded(fixture, Self.rob, try .put("host", "q", in: "production"))
    }

    @Test func `its own environment item needs approval, that of an environment beside it does not`() throws {
        let fixture = try Self.shop()
        expectNeeded(fixture, Self.rob, .environment("production"))
        expectNeeded(fixture, Self.rob, .environment("production", inherits: ["base"], description: "Live."))
        expectNeeded(fixture, Self.rob, .environment("production", inherits: ["base", "dev"]))
        expectFree(fixture, Self.rob, .environment("dev", description: "Not live."))
        expectFree(fixture, Self.rob, .environment("staging", inherits: ["production"]))
    }

    @Test func `a layer below a base needs approval where production reads something of it`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.environment("empty"), .environment("full"), .put("c", "below", in: "full"))
        expectFree(fixture, Self.rob, .environment("base", inherits: ["empty"]))
        expectFree(fixture, Self.rob, .environment("base", inherits: ["full"]))
        try fixture.lay(.put("d", 1, in: "full"))
        expectNeeded(fixture, Self.rob, .environment("base", inherits: ["full"]))
    }

    // MARK: What judges it

    @Test func `a schema that judges production needs approval, one for other environments does not`() throws {
        var fixture = try Self.shop()
        expectNeeded(fixture, Self.rob, try .schema("all", true, .document))
        expectNeeded(fixture, Self.rob, try .schema("live", true, .key("c"), environments: ["dev", "production"]))
        expectNeeded(fixture, Self.rob, try .schema("report", true, .document, isReportOnly: true))
        expectFree(fixture, Self.rob, try .schema("dev", true, .document, environments: ["dev"]))
        expectFree(fixture, Self.rob, try .schema("parts", true, .shared))
        try fixture.lay(.schema("all", true, .document), .schema("dev", true, .document, environments: ["dev"]))
        expectNeeded(fixture, Self.rob, Operation(.deleteSchema("all")))
        expectNeeded(fixture, Self.rob, try .schema("all", true, .document, environments: ["dev"]))
        expectNeeded(fixture, Self.rob, try .schema("dev", true, .document, environments: ["production"]))
        expectFree(fixture, Self.rob, Operation(.deleteSchema("dev")))
    }

    @Test func `a schema to which production's schema refers needs approval, whatever it judges itself`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .schema("parts", true, .shared), .schema("more", ["$ref": "parts"], .shared),
            .schema("other", true, .shared),
            .schema("live", ["properties": ["c": ["$ref": "more"]]], .document, environments: ["production"]),
            .schema("dev", ["$ref": "other"], .document, environments: ["dev"]))
        expectNeeded(fixture, Self.rob, try .schema("more", ["type": "string"], .shared))
        expectNeeded(fixture, Self.rob, try .schema("parts", ["type": "string"], .shared))
        expectFree(fixture, Self.rob, try .schema("other", ["type": "object"], .shared))
        expectFree(fixture, Self.rob, try .schema("dev", true, .document, environments: ["dev"]))
    }

    @Test func `a validator that has a say there needs approval, one of other environments does not`() throws {
        var fixture = try Self.shop()
        expectNeeded(fixture, Self.ada, try .validator("all"))
        expectNeeded(fixture, Self.ada, try .validator("live", environments: ["production"]))
        expectFree(fixture, Self.ada, try .validator("dev", environments: ["dev"]))
        try fixture.lay(.validator("all"), .validator("dev", environments: ["dev"]))
        expectNeeded(fixture, Self.ada, Operation(.deleteValidator(try ValidatorName(parsing: "all"))))
        expectNeeded(fixture, Self.ada, try .validator("all", environments: ["dev"]))
        expectFree(fixture, Self.ada, try .validator("dev", environments: ["dev"], timeoutSeconds: 9))
        expectFree(fixture, Self.ada, Operation(.deleteValidator(try ValidatorName(parsing: "dev"))))
    }

    // MARK: What guards it

    @Test func `the protection itself needs approval by what it says before, that of another environment does not`()
        throws
    {
        let fixture = try Self.shop(["approvals": 2])
        expectNeeded(fixture, Self.ada, try .protect("production", ["approvals": 0]), approvals: 2)
        expectNeeded(fixture, Self.ada, .unprotect("production"), approvals: 2)
        expectNeeded(fixture, Self.ada, try .protect("production", ["approvals": 5]), approvals: 2)
        expectFree(fixture, Self.ada, try .protect("dev"))
        // Together with what it is to make way for, too.
        expectNeeded(
            fixture, Self.ada, .unprotect("production"), try .put("c", "z", in: "production"), approvals: 2)
    }

    @Test func `the end of the environment and of the project need approval, that of others does not`() throws {
        var fixture = try Self.shop()
        try fixture.lay(Operation(.putProject(ProjectBody())), .environment("production"), in: "pay")
        try fixture.lay(.bind("ada", "user:ada", "administrator"), in: "pay")
        expectNeeded(fixture, Self.ada, .deleteEnvironment("production"))
        expectNeeded(fixture, Self.ada, Operation(.deleteProject))
        expectFree(fixture, Self.ada, .deleteEnvironment("dev"))
        expectFree(fixture, Self.ada, Operation(.deleteProject), in: "pay")
        expectFree(fixture, Self.ada, try .put("c", "z", in: "production"), in: "pay")
    }

    // MARK: Who may do what to it

    @Test func `a binding that widens who may write there needs approval, one that reads or is elsewhere does not`()
        throws
    {
        var fixture = try Self.shop()
        for role in [RoleName.operator, .administrator] {
            expectNeeded(fixture, Self.ada, try .bind("new", "user:eve", role))
            expectNeeded(fixture, Self.ada, try .bind("new", "user:eve", role, in: ["production"]))
            expectNeeded(fixture, Self.ada, try .bind("new", "user:eve", role, in: ["dev", "production"]))
            expectFree(fixture, Self.ada, try .bind("new", "user:eve", role, in: ["dev"]))
            expectNeeded(fixture, Self.root, try .bind("new", "user:eve", role), in: .platform)
        }
        for role in [RoleName.viewer, .auditor, .evaluator] {
            expectFree(fixture, Self.ada, try .bind("new", "user:eve", role))
            expectFree(fixture, Self.root, try .bind("new", "user:eve", role), in: .platform)
        }
        try fixture.lay(
            .bind("eve", "user:eve", "operator", in: ["dev"]), .bind("cy", "user:cy", "operator", until: Self.soon))
        expectFree(fixture, Self.ada, .unbind("cy"))
        expectFree(fixture, Self.ada, try .bind("cy", "user:cy", "operator", until: AccessFixture.now))
        expectFree(fixture, Self.ada, try .bind("cy", "user:cy", "operator", in: ["dev"], until: Self.soon))
        expectFree(fixture, Self.ada, try .bind("cy", "user:cy", "viewer"))
        expectNeeded(fixture, Self.ada, try .bind("cy", "user:cy", "operator"))
        expectNeeded(fixture, Self.ada, try .bind("cy", "user:cy", "operator", until: Self.soon.adding(seconds: 1)))
        expectNeeded(fixture, Self.ada, try .bind("cy", "user:eve", "operator", until: Self.soon))
        expectNeeded(fixture, Self.ada, try .bind("eve", "user:eve", "operator"))
    }

    private static let soon = AccessFixture.now.adding(seconds: 3_600)

    @Test func `to lift a denial there needs approval, to lay one on does not`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .role("no-writing", Permission(denying: [.write])), .role("no-reading", Permission(denying: [.read])),
            in: .platform)
        expectFree(fixture, Self.ada, try .bind("rob-not", "user:rob", "no-writing"))
        try fixture.lay(
            .bind("rob-not", "user:rob", "no-writing"), .bind("rob-blind", "user:rob", "no-reading"),
            .bind("rob-dev", "user:rob", "no-writing", in: ["dev"]))
        expectNeeded(fixture, Self.ada, .unbind("rob-not"))
        expectNeeded(fixture, Self.ada, try .bind("rob-not", "user:rob", "no-writing", in: ["dev"]))
        expectNeeded(fixture, Self.ada, try .bind("rob-not", "user:eve", "no-writing"))
        expectNeeded(fixture, Self.ada, try .bind("rob-not", "user:rob", "no-reading"))
        expectFree(fixture, Self.ada, .unbind("rob-dev"))
        expectFree(fixture, Self.ada, .unbind("rob-blind"))
    }

    @Test func `to let a denial end sooner needs approval`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.role("no-writing", Permission(denying: [.write])), in: .platform)
        try fixture.lay(
            .bind("for-good", "user:rob", "no-writing"), .bind("a-while", "user:rob", "no-writing", until: Self.soon))
        expectNeeded(fixture, Self.ada, try .bind("for-good", "user:rob", "no-writing", until: Self.soon))
        expectNeeded(fixture, Self.ada, try .bind("a-while", "user:rob", "no-writing", until: AccessFixture.now))
        expectFree(
            fixture, Self.ada, try .bind("a-while", "user:rob", "no-writing", until: Self.soon.adding(seconds: 1)))
    }

    @Test
    func `a role that comes to write there needs approval where it is bound, and one that comes to less does not`()
        throws
    {
        var fixture = try Self.shop()
        let reading = Permission(allowing: [.read])
        try fixture.lay(
            .role("live", reading), .role("dev", reading), .role("idle", reading),
            .role("denied", reading, Permission(denying: [.approve])), in: .platform)
        try fixture.lay(
            .bind("live", "user:eve", "live"), .bind("dev", "user:eve", "dev", in: ["dev"]),
            .bind("denied", "user:eve", "denied"))
        let writing = Permission(allowing: [.read, .write])
        expectNeeded(fixture, Self.root, try .role("live", writing), in: .platform)
        expectNeeded(
            fixture, Self.root,
            try .role("live", Permission(allowing: [.write], on: .only("production"))),
            in: .platform)
        expectNeeded(fixture, Self.root, try .role("denied", reading), in: .platform)
        expectFree(fixture, Self.root, try .role("live", Permission(allowing: [.read, .audit])), in: .platform)
        expectFree(
            fixture, Self.root,
            try .role("live", Permission(allowing: [.write], on: .only("dev"))),
            in: .platform)
        expectFree(fixture, Self.root, try .role("dev", writing), in: .platform)
        expectFree(fixture, Self.root, try .role("idle", writing), in: .platform)
        expectFree(
            fixture, Self.root, try .role("live", reading, Permission(denying: [.write])), in: .platform)
    }

    @Test func `who joins a group that may write there needs approval, who leaves it does not`() throws {
        var fixture = try Self.shop()
        try fixture.lay(.group("group:live", "user:cy"), .group("group:look", "user:cy"), in: .platform)
        try fixture.lay(.bind("live", "group:live", "operator"), .bind("look", "group:look", "viewer"))
        expectNeeded(fixture, Self.root, try .group("group:live", "user:cy", "user:eve"), in: .platform)
        expectNeeded(fixture, Self.root, try .group("group:live", "user:eve"), in: .platform)
        expectFree(fixture, Self.root, try .group("group:live"), in: .platform)
        expectFree(fixture, Self.root, Operation(.deleteAccess(.group("group:live"))), in: .platform)
        expectFree(fixture, Self.root, try .group("group:look", "user:cy", "user:eve"), in: .platform)
    }

    @Test func `who leaves a group that may not write there needs approval`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .role("no-writing", Permission(denying: [.write])), .group("group:not", "user:rob", "user:cy"),
            in: .platform)
        try fixture.lay(.bind("not", "group:not", "no-writing"))
        expectNeeded(fixture, Self.root, try .group("group:not", "user:cy"), in: .platform)
        expectNeeded(fixture, Self.root, Operation(.deleteAccess(.group("group:not"))), in: .platform)
        expectFree(fixture, Self.root, try .group("group:not", "user:rob", "user:cy", "user:eve"), in: .platform)
    }

    @Test func `who is let in again needs approval where they may write there, who is shut out does not`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .identity("user:rob", isDisabled: true), .identity("user:eve", isDisabled: true), .identity("user:cy"),
            in: .platform)
        try fixture.lay(.bind("eve", "user:eve", "viewer"), .bind("cy", "user:cy", "operator"))
        expectNeeded(fixture, Self.root, try .identity("user:rob"), in: .platform)
        expectNeeded(fixture, Self.root, Operation(.deleteAccess(.identity("user:rob"))), in: .platform)
        expectFree(fixture, Self.root, try .identity("user:eve"), in: .platform)
        expectFree(fixture, Self.root, try .identity("user:cy", isDisabled: true), in: .platform)
        expectFree(fixture, Self.root, Operation(.deleteAccess(.identity("user:cy"))), in: .platform)
    }

    @Test func `to forget the groups of somebody needs approval where those may not write there`() throws {
        var fixture = try Self.shop()
        try fixture.lay(
            .role("no-writing", Permission(denying: [.write])),
            .identity("user:corp/rob", groups: ["group:corp/guests"]),
            .identity("user:corp/eve", groups: ["group:corp/all"]),
            in: .platform)
        try fixture.lay(.bind("guests", "group:corp/guests", "no-writing"))
        expectNeeded(fixture, Self.root, Operation(.deleteAccess(.identity("user:corp/rob"))), in: .platform)
        expectFree(fixture, Self.root, Operation(.deleteAccess(.identity("user:corp/eve"))), in: .platform)
    }

    @Test func `whose word is taken for who writes there needs approval, whose vouches for nobody there does not`()
        throws
    {
        var fixture = try Self.shop()
        try fixture.lay(
            .issuer("corp", url: "https://corp.example.com"), .issuer("guests", url: "https://guests.example.com"),
            .issuer("team", url: "https://team.example.com"), .group("group:live", "user:team/tom"), in: .platform)
        try fixture.lay(
            .bind("sre", "group:corp/sre", "operator"), .bind("live", "group:live", "operator"),
            .bind("guests", "user:guests/eve", "viewer"))
        expectNeeded(fixture, Self.root, try .issuer("corp", url: "https://elsewhere.example.com"), in: .platform)
        expectNeeded(fixture, Self.root, try .issuer("team", url: "https://elsewhere.example.com"), in: .platform)
        expectFree(fixture, Self.root, try .issuer("guests", url: "https://elsewhere.example.com"), in: .platform)
        expectFree(fixture, Self.root, Operation(.deleteAccess(.issuer("corp"))), in: .platform)
        expectFree(fixture, Self.root, try .issuer("new", url: "https://new.example.com"), in: .platform)
    }

    @Test func `another tag of a key needs approval where a role divides keys by it`() throws {
        var fixture = try Self.shop()
        expectFree(fixture, Self.ada, try .define("c", tags: ["team"]))
        try fixture.lay(
            .role("team", Permission(allowing: [.write], on: ResourcePattern(tags: ["team"]))), in: .platform)
        expectNeeded(fixture, Self.ada, try .define("c", tags: ["team"]))
        expectFree(fixture, Self.ada, try .define("c", description: "The third.", tags: []))
        expectFree(fixture, Self.ada, try .define("c", tags: ["other"]))
        try fixture.lay(.define("c", tags: ["team"]))
        expectFree(fixture, Self.ada, try .define("c", description: "The third.", tags: ["team"]))
        expectFree(fixture, Self.ada, Operation(.deleteDefinition("c")))
    }

    @Test func `who comes to be an approver needs approval`() throws {
        var fixture = try Self.shop(["approvers": ["group:release", "role:release"]])
        try fixture.lay(
            .role("release", Permission(allowing: [.read])), .group("group:release", "user:cy"),
            .group("group:other", "user:cy"), in: .platform)
        expectNeeded(fixture, Self.root, try .group("group:release", "user:cy", "user:eve"), in: .platform)
        expectNeeded(fixture, Self.ada, try .bind("eve", "user:eve", "release"))
        expectNeeded(fixture, Self.root, try .bind("eve", "user:eve", "release"), in: .platform)
        expectFree(fixture, Self.root, try .group("group:release"), in: .platform)
        expectFree(fixture, Self.root, try .group("group:other", "user:cy", "user:eve"), in: .platform)
        expectFree(fixture, Self.ada, try .bind("eve", "user:eve", "release", in: ["dev"]))
        expectFree(fixture, Self.ada, try .bind("eve", "user:eve", "viewer"))
    }

    // MARK: How much

    @Test func `as many keys as may be altered without approval are, one more is not, and nothing else is`() throws {
        let fixture = try Self.shop(["unapprovedKeys": 2])
        let three = try ["k1", "k2", "k3"].map { try Operation.put(ConfigKey(parsing: $0), 1, in: "production") }
        expectFree(fixture, Self.rob, three[0], three[1])
        expectNeeded(fixture, Self.rob, three[0], three[1], three[2])
        // Counted are the keys that it reads otherwise, not the operations.
        expectFree(fixture, Self.rob, three[0], three[1], try .put("a.b", 1, in: "production"))
        expectNeeded(fixture, Self.rob, three[0], three[1], try .put("k4", 1, in: "base"))
        expectNeeded(fixture, Self.rob, three[0], try .schema("s", true, .document))
        expectNeeded(fixture, Self.ada, try .protect("production", ["unapprovedKeys": 3]))
    }

    @Test func `an environment that asks for no approvals needs none, and is guarded all the same`() throws {
        let fixture = try Self.shop(["approvals": 0])
        let decision = try fixture.decide(Self.rob, .put("c", "z", in: "production"))
        #expect(decision.unapproved.isEmpty)
        #expect(decision.guarded.map(\.environment) == ["production"])
    }

    @Test func `the platform itself needs no approval`() throws {
        var fixture = try Self.shop()
        let decision = try fixture.lay(.put("c", "z", in: "production"))
        #expect(decision.unapproved.isEmpty && decision.guarded.isEmpty)
    }
}

/// That a change needs an approval because of `production`, and of nothing else.
func expectNeeded(
    _ fixture: AccessFixture, _ subject: Subject, _ operations: Operation..., in project: ProjectName = "shop",
    approvals: Int = 1, at location: SourceLocation = #_sourceLocation
) {
    do throws(Problem) {
        let decision = try fixture.decide(subject, operations, in: project)
        #expect(decision.change != nil, "it alters nothing", sourceLocation: location)
        #expect(decision.unapproved.map(\.environment) == ["production"], sourceLocation: location)
        #expect(decision.unapproved.map(\.approvals) == [approvals], sourceLocation: location)
    } catch {
        Issue.record("refused: \(error.code.rawValue) \(error.detail)", sourceLocation: location)
    }
}

/// That a change may be made and needs nobody's approval.
func expectFree(
    _ fixture: AccessFixture, _ subject: Subject, _ operations: Operation..., in project: ProjectName = "shop",
    at location: SourceLocation = #_sourceLocation
) {
    do throws(Problem) {
        let decision = try fixture.decide(subject, operations, in: project)
        #expect(decision.change != nil, "it alters nothing", sourceLocation: location)
        #expect(decision.unapproved.isEmpty, "\(decision.unapproved.map(\.environment))", sourceLocation: location)
    } catch {
        Issue.record("refused: \(error.code.rawValue) \(error.detail)", sourceLocation: location)
    }
}
