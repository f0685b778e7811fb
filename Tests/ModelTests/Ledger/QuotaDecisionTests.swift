import Testing

@testable import ConfigPlatformModel

@Suite struct QuotaDecisionTests {
    private static func quotas(_ quotas: JSONValue, description: String = "") throws -> Operation {
        Operation(.putProject(try ProjectBody(description: description, quotas: ProjectQuotas(parsing: quotas))))
    }

    private static func rolledBack(_ ledger: LedgerFixture, _ operations: Operation...) throws -> Decision {
        try ledger.state.decide(
            Proposal(project: "shop", by: .platform(), message: "", source: ["operation": "rollback"]) { _ in operations
            }, at: LedgerFixture.start)
    }

    // MARK: Items and bytes

    @Test func `more items than the quota are refused by its name, and as many are not`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(Self.quotas(["items": 3]))
        try ledger.commit(.put("a", 1, in: "base"))
        let problem = try #require(ledger.refusal(try .put("b", 1, in: "base")))
        #expect(problem.code == .limitExceeded && problem.violations.map(\.keyword) == ["quota"])
        #expect(
            problem.detail
                == "Project 'shop' has a quota of 3 items; with this change it would have 4. Delete what nobody needs, or ask whoever "
                + "administers the platform for a larger quota.")
        #expect(ledger.refusal(try .put("a", 2, in: "base")) == nil)
        #expect(ledger.refusal(try .put("b", 1, in: "base"), .delete("a", in: "base")) == nil)
    }

    @Test func `whoever is above a lowered quota may shrink, and change in place`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("a", "long", in: "base"), .put("b", "long", in: "base"))
        try ledger.commit(Self.quotas(["items": 1, "bytes": 10]))
        #expect(ledger.refusal(try .put("a", "less", in: "base")) == nil)
        #expect(ledger.refusal(.delete("a", in: "base")) == nil)
        #expect(ledger.refusal(.deleteEnvironment("base")) == nil)
        let longer = try #require(ledger.refusal(try .put("a", "longer", in: "base")))
        #expect(longer.code == .limitExceeded && longer.detail.contains("quota of 10 bytes"))
        let third = try #require(ledger.refusal(try .put("c", 1, in: "base")))
        #expect(third.code == .limitExceeded && third.detail.contains("quota of 1 items"))
        #expect(ledger.refusal(try Self.quotas(["items": 0], description: "Longer than before.")) == nil)
    }

    @Test func `a kill and a rollback pass though every quota is used up`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.flag("new"), .rule("new", in: "base"))
        try ledger.commit(Self.quotas(["items": 0, "bytes": 0, "changesPerDay": 0]))
        #expect(ledger.refusal(.kill("new", in: "base")) == nil)
        #expect(ledger.refusal(.kill("new", in: "base"), try .put("a", 1, in: "base"))?.code == .limitExceeded)
        #expect(ledger.refusal(try .put("a", 1, in: "base"))?.code == .limitExceeded)
        #expect(try Self.rolledBack(ledger, .put("a", 1, in: "base")).change != nil)
        #expect(ledger.refusal(try .bind("all", "user:ann", "viewer")) == nil)
    }

    // MARK: Changes a day

    @Test func `a day that is used up is over at midnight in UTC, and the quota can be raised before`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(Self.quotas(["changesPerDay": 3]))
        try ledger.commit(.put("a", 1, in: "base"))
        #expect(try ledger.project().changes.count(on: LedgerFixture.start) == 3)
        let problem = try #require(ledger.refusal(.delete("a", in: "base")))
        #expect(problem.code == .limitExceeded)
        // The fixture begins at six in the morning.
        #expect(problem.retryAfterSeconds == 18 * 3_600)
        #expect(
            problem.detail.hasPrefix("Project 'shop' has a quota of 3 changes a day, which are used up until 2026-"))
        let midnight = LedgerFixture.start.adding(seconds: 18 * 3_600)
        let tomorrow = try ledger.decide([.delete("a", in: "base")], at: midnight)
        #expect(tomorrow.after?.changes.count(on: midnight) == 1)
        #expect(tomorrow.after?.changes.count(on: LedgerFixture.start) == 0)
        try ledger.commit(Self.quotas(["changesPerDay": 5]))
        try ledger.commit(.delete("a", in: "base"))
        #expect(ledger.refusal(try .put("a", 1, in: "base"))?.code == .limitExceeded)
    }

    @Test func `a state that is built from its items goes on counting the day it is told`() throws {
        var builder = PlatformState.Builder()
        try builder.add(
            address: .project("shop"), body: Array(#"{"quotas":{"changesPerDay":4}}"#.utf8), revision: 1)
        try builder.add(address: .environment("base", in: "shop"), body: Array("{}".utf8), revision: 1)
        #expect(builder.projectNames == ["shop"])
        var ledger = LedgerFixture()
        ledger.state = try builder.finished(
            revision: 1, digest: .zero, committedAt: LedgerFixture.start, changes: ["shop": 3])
        try ledger.commit(.put("a", 1, in: "base"))
        #expect(ledger.refusal(try .put("b", 1, in: "base"))?.code == .limitExceeded)
    }

    // MARK: Who

    @Test func `those who administer the platform set quotas, a project's own administrators do not`() throws {
        var fixture = try AccessFixture.shop()
        try fixture.lay(.bind("root", "user:root", "administrator"), in: .platform)
        try fixture.lay(.bind("own", "user:ann", "administrator"))
        let (root, ann) = (Subject("user:root"), Subject("user:ann"))
        #expect(fixture.refusal(ann, try Self.quotas(["items": 9]))?.code == .forbidden)
        #expect(fixture.refusal(ann, try Self.quotas([:], description: "Sells.")) == nil)
        try fixture.write(root, Self.quotas(["items": 9]))
        for operation in [try Self.quotas([:]), try Self.quotas(["items": 10]), Operation(.deleteProject)] {
            #expect(fixture.refusal(ann, operation)?.code == .forbidden)
            #expect(fixture.refusal(root, operation) == nil)
        }
        #expect(fixture.refusal(ann, try Self.quotas(["items": 9], description: "Sells.")) == nil)
    }

    @Test func `how much there is in all is told only to who may read all`() throws {
        var fixture = try AccessFixture.shop()
        try fixture.lay(
            .bind("all", "user:ann", "operator"), .bind("dev", "user:dee", "operator", in: ["dev"]),
            .bind("short", "user:tim", "viewer", until: AccessFixture.now.adding(seconds: 60)))
        try fixture.lay(Self.quotas(["items": 1]))
        func readsEverything(_ principal: Principal) -> Bool {
            fixture.state.viewpoint(Subject(principal), of: "shop", at: AccessFixture.now).readsEverything
        }
        #expect(readsEverything("user:ann") && readsEverything("user:tim"))
        #expect(!readsEverything("user:dee") && !readsEverything("user:eve"))
        let told = try #require(fixture.refusal(Subject("user:ann"), try .put("n", 1, in: "dev")))
        #expect(told.detail.contains("it would have 10."), "\(told.detail)")
        let hidden = try #require(fixture.refusal(Subject("user:dee"), try .put("n", 1, in: "dev")))
        #expect(hidden.code == .limitExceeded && hidden.detail.contains("quota of 1 items, and with this change"))
    }
}
