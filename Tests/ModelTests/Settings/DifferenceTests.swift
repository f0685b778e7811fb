import Testing

@testable import ConfigPlatformModel

@Suite struct DifferenceTests {
    private func differences(
        _ decision: Decision, in environment: EnvironmentName
    ) throws -> [String] {
        let reading = { (project: ProjectState?) in project?.resolved[environment] }
        let known = decision.differences(in: environment)
        #expect(known == ResolvedEnvironment.differences(from: reading(decision.before), to: reading(decision.after)))
        return known.map { difference in
            func text(_ bytes: [UInt8]?) -> String { bytes.map { String(decoding: $0, as: UTF8.self) } ?? "absent" }
            return "\(difference.key): \(text(difference.before)) → \(text(difference.after))"
        }
    }

    @Test func `a difference names what was added, changed and taken away, in key order`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("b", 1, in: "base"), .put("c", 2, in: "base"), .put("d", 3, in: "base"))
        let decision = try ledger.commit(
            .put("a", 0, in: "base"), .put("b", "x", in: "base"), .delete("c", in: "base"), .put("d", 3, in: "base"))
        #expect(try differences(decision, in: "base") == ["a: absent → 0", "b: 1 → \"x\"", "c: 2 → absent"])
    }

    @Test func `what an environment overrides does not differ there when its parent changes`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.environment("prod", inherits: ["base"]), .put("a", 1, in: "base"), .put("a", 2, in: "prod"))
        let decision = try ledger.commit(.put("a", 3, in: "base"))
        #expect(try differences(decision, in: "base") == ["a: 1 → 3"])
        #expect(try differences(decision, in: "prod") == [])
    }

    @Test func `a value that refers to what changed differs with it`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.environment("prod", inherits: ["base"]), .put("url", "${host:x}/", in: "base"))
        let decision = try ledger.commit(.put("host", "h", in: "prod"))
        #expect(try differences(decision, in: "base") == [])
        #expect(try differences(decision, in: "prod") == ["host: absent → \"h\"", "url: \"x/\" → \"h/\""])
    }

    @Test func `other layers, a new environment and one that ended differ by what is read`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("a", 1, in: "base"))
        var decision = try ledger.commit(.environment("prod", inherits: ["base"]))
        #expect(try differences(decision, in: "prod") == ["a: absent → 1"])
        #expect(try differences(decision, in: "base") == [])
        decision = try ledger.commit(.environment("prod"))
        #expect(try differences(decision, in: "prod") == ["a: 1 → absent"])
        decision = try ledger.commit(.deleteEnvironment("base"))
        #expect(try differences(decision, in: "base") == ["a: 1 → absent"])
    }

    @Test func `a spelling of references that makes no difference to what is read is none`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.put("a", "$${x}", in: "base"))
        let decision = try ledger.commit(.put("a", "${x}", in: "base", references: .literal))
        #expect(decision.change != nil)
        #expect(try differences(decision, in: "base") == [])
    }
}
