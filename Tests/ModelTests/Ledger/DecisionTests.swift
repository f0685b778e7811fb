import Testing

@testable import ConfigPlatformModel

@Suite struct DecisionTests {
    @Test func `a project begins with its environments and settings in one change`() throws {
        var ledger = LedgerFixture()
        let decision = try ledger.commit(
            .put("a", 1, in: "prod"), .environment("prod", inherits: ["base"]), .environment("base"),
            .define("a", tags: ["t"]),
            Operation(.putProject(ProjectBody(description: "d"))))
        let change = try #require(decision.change)
        #expect(change.revision == 1)
        #expect(
            change.effects.map(\.address.description)
                == [
                    "shop//project/shop", "shop//environment/prod", "shop//environment/base", "shop/prod/setting/a",
                    "shop//setting-definition/a",
                ],
            "the project first, environments next, then what is in them")
        #expect(decision.before == nil)
        #expect(decision.after?.body.description == "d")
        #expect(try ledger.document("prod") == #"{"a":1}"#)
        #expect(try ledger.document("base") == "{}")
    }

    @Test func `an environment reads what it inherits, overrides, masks and uncovers`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            .environment("prod", inherits: ["base"]), .put("a", ["x": 1, "y": 2], in: "base"), .put("b", 1, in: "base"))
        try ledger.commit(.put("a", ["x": 5], in: "prod"), .unset("b", in: "prod"), .put("c", .null, in: "prod"))
        #expect(try ledger.document("prod") == #"{"a":{"x":5},"c":null}"#, "an override is of the whole value")
        #expect(try ledger.document("base") == #"{"a":{"x":1,"y":2},"b":1}"#)
        try ledger.commit(.delete("a", in: "prod"), .delete("b", in: "prod"), .delete("c", in: "prod"))
        #expect(try ledger.document("prod") == ledger.document("base"))
    }

    @Test func `a mask holds below too, until something lower sets the key again`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            .environment("eu", inherits: ["base"]), .environment("prod", inherits: ["eu"]), .put("a", 1, in: "base"),
            .unset("a", in: "eu"))
        #expect(try ledger.document("prod") == "{}")
        try ledger.commit(.put("a", 2, in: "prod"))
        #expect(try ledger.document("prod") == #"{"a":2}"#)
        #expect(try ledger.document("eu") == "{}")
    }

    @Test func `of layers side by side the later one wins, and a shared one lies below both`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            .environment("eu", inherits: ["base"]), .environment("docker", inherits: ["base"]),
            .environment("prod", inherits: ["eu", "docker"]),
            .put("a", "base", in: "base"), .put("a", "eu", in: "eu"))
        #expect(try ledger.document("prod") == #"{"a":"eu"}"#, "not the base that docker brings again")
        try ledger.commit(.put("a", "docker", in: "docker"))
        #expect(try ledger.document("prod") == #"{"a":"docker"}"#)
        try ledger.commit(.environment("prod", inherits: ["docker", "eu"]))
        #expect(try ledger.document("prod") == #"{"a":"eu"}"#)
    }

    @Test func `a change without effect is none, whatever it is made of`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("a", 1.50, in: "base"), .unset("m", in: "base"), .define("a", tags: ["t", "u"]))
        let decision = try ledger.decide([
            try .put("a", 1.5, in: "base"), .unset("m", in: "base"), .delete("absent", in: "base"),
            .environment("base"),
            .deleteEnvironment("nowhere"), Operation(.putProject(ProjectBody())),
            try .define("a", tags: ["u", "t", "t"]),
            Operation(.deleteDefinition("absent")),
        ])
        #expect(decision.change == nil)
        #expect(decision.state.revision == 2 && decision.state.digest == ledger.state.digest)
        #expect(decision.touched.environments.isEmpty)
        #expect(decision.differences(in: "base").isEmpty)
        #expect(try ledger.decide([]).change == nil)
    }

    @Test func `operations without effect are left out of a change`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("a", 1, in: "base"))
        let change = try #require(
            try ledger.commit(.put("a", 1, in: "base"), .put("b", 1, in: "base"), .environment("base")).change)
        #expect(change.effects.map(\.address.key) == ["b"])
        #expect(try ledger.project().environments["base"]?.own["a"]?.revision == 2)
        #expect(try ledger.project().environments["base"]?.own["b"]?.revision == 3)
    }

    @Test func `literal and live references are two bodies of one value`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("a", "$${x}", in: "base"))
        let change = try ledger.commit(.put("a", "$${x}", in: "base", references: .literal)).change
        #expect(change != nil)
        #expect(try ledger.document("base") == #"{"a":"$${x}"}"#)
    }

    // MARK: Expectations

    @Test func `an expectation is of the environment's own item`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.environment("prod", inherits: ["base"]), .put("a", 1, in: "base"))
        #expect(ledger.refusal(try .put("a", 2, in: "base", expecting: .absent))?.code == .revisionConflict)
        #expect(ledger.refusal(try .put("a", 2, in: "base", expecting: .revision(1)))?.code == .revisionConflict)
        #expect(
            ledger.refusal(try .put("a", 2, in: "prod", expecting: .revision(2)))?.code == .revisionConflict,
            "inherited is absent")
        try ledger.commit(
            .put("a", 2, in: "prod", expecting: .absent), .put("a", 3, in: "base", expecting: .revision(2)))
        try ledger.commit(.unset("a", in: "prod", expecting: .revision(3)))
        #expect(
            ledger.refusal(try .put("a", 4, in: "prod", expecting: .absent))?.code == .revisionConflict,
            "a mask is an own item")
        try ledger.commit(.delete("a", in: "prod", expecting: .revision(4)))
        try ledger.commit(.delete("a", in: "prod", expecting: .absent))
        #expect(ledger.refusal(.delete("a", in: "prod", expecting: .revision(4)))?.code == .revisionConflict)
        #expect(ledger.refusal(.environment("base", expecting: .absent))?.code == .revisionConflict)
        try ledger.commit(
            .environment("base", description: "d", expecting: .revision(1)), .environment("new", expecting: .absent))
    }

    @Test func `a stale expectation refuses even what would change nothing`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("a", 1, in: "base"))
        #expect(ledger.refusal(try .put("a", 1, in: "base", expecting: .revision(1)))?.code == .revisionConflict)
        #expect(try ledger.decide([try .put("a", 1, in: "base", expecting: .revision(2))]).change == nil)
    }

    @Test func `writing what stands already does not make it newer`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("a", 1, in: "base"))
        try ledger.commit(.put("a", 1, in: "base"), .put("b", 1, in: "base"))
        try ledger.commit(.put("a", 2, in: "base", expecting: .revision(2)))
    }

    // MARK: Environments and projects that end

    @Test func `an environment made again under an old name does not see the old one's settings`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.environment("prod"), .put("a", 1, in: "prod"))
        try ledger.commit(.deleteEnvironment("prod"))
        #expect(throws: Problem.self) { try ledger.document("prod") }
        try ledger.commit(.environment("prod"))
        #expect(try ledger.document("prod") == "{}")
        #expect(try ledger.project().environments["prod"]?.revision == 4)
        try ledger.commit(.put("a", 2, in: "prod", expecting: .absent))
    }

    @Test func `a project made again under an old name begins empty`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("a", 1, in: "base"), .define("a", tags: ["t"]))
        let end = try ledger.commit(Operation(.deleteProject))
        #expect(end.after == nil && end.touched.environments == ["base"])
        #expect(end.change?.effects.map(\.address.kind) == [.project])
        #expect(ledger.state.projects.isEmpty)
        try ledger.commit(Operation(.putProject(ProjectBody())))
        #expect(try ledger.project().environments.isEmpty && ledger.project().definitions.isEmpty)
        #expect(try ledger.project().revision == 4)
    }

    @Test func `an environment ends in the same change as all that inherit from it, or that takes it from under them`()
        throws
    {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.environment("a", inherits: ["base"]), .environment("b", inherits: ["base"]))
        #expect(ledger.refusal(.deleteEnvironment("base"), .deleteEnvironment("a"))?.code == .inUse)
        try ledger.commit(.deleteEnvironment("base"), .deleteEnvironment("a"), .environment("b"))
        #expect(try ledger.project().environments.keys.sorted() == ["b"])
    }

    @Test func `two projects do not see one another`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            [Operation(.putProject(ProjectBody())), .environment("base"), try .put("a", 2, in: "base")], in: "other")
        try ledger.commit(.put("a", 1, in: "base"))
        #expect(try ledger.document("base") == #"{"a":1}"#)
        #expect(try ledger.document("base", in: "other") == #"{"a":2}"#)
        try ledger.commit([Operation(.deleteProject)], in: "other")
        #expect(try ledger.document("base") == #"{"a":1}"#)
    }

    // MARK: The chain

    @Test func `each change names the digest of the one before it, and time does not run backwards`() throws {
        var ledger = try LedgerFixture(environments: "base")
        let later = LedgerFixture.start.adding(seconds: 60)
        let second = try ledger.decide([try .put("a", 1, in: "base")], message: "m", at: later)
        #expect(second.change?.previousDigest == ledger.state.digest)
        #expect(second.change?.committedAt == later && second.state.committedAt == later)
        #expect(second.change?.message == "m")
        ledger.state = second.state
        let third = try ledger.decide([try .put("a", 2, in: "base")], at: LedgerFixture.start)
        #expect(third.change?.previousDigest == second.change?.digest)
        #expect(third.change?.committedAt == later, "a clock that was set back")
        #expect(third.state.digest == third.change?.digest && third.state.revision == 3)
        #expect(third.state.token == third.change?.token)
    }

    @Test func `operations may be made of the state they are decided against`() throws {
        var ledger = try LedgerFixture(environments: "base")
        let counting = Proposal(project: "shop", by: .platform(), message: "") { state throws(Problem) in
            let count = try state.project("shop").reading("base").contents.settings.count
            return [
                Operation(.putSetting(ConfigKey(stringLiteral: "k\(count)"), "base", .unset)),
                Operation(.putSetting("n", "base", try SettingBody(.int(count), references: .live))),
            ]
        }
        ledger.state = try ledger.state.decide(counting, at: LedgerFixture.start).state
        #expect(try ledger.document("base") == #"{"n":0}"#)
        ledger.state = try ledger.state.decide(counting, at: LedgerFixture.start).state
        #expect(try ledger.document("base") == #"{"n":1}"#)
    }

    @Test func `what a change touches are the environments that read what it wrote`() throws {
        var ledger = try LedgerFixture(environments: "base", "other")
        try ledger.commit(.environment("eu", inherits: ["base"]), .environment("prod", inherits: ["eu"]))
        let settings = try ledger.commit(.put("a", 1, in: "eu"), .put("b", 1, in: "base")).touched
        #expect(settings.keys == ["base": ["b"], "eu": ["a", "b"], "prod": ["a", "b"]])
        #expect(settings.relayered.isEmpty)
        let layers = try ledger.commit(.environment("eu"), .put("c", 1, in: "base")).touched
        #expect(layers.relayered == ["eu", "prod"] && layers.keys == ["base": ["c"]])
        #expect(try ledger.commit(.define("a", tags: ["t"])).touched.environments.isEmpty)
    }
}
