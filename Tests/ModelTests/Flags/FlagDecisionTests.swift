import ConfigPlatformFlags
import Testing

@testable import ConfigPlatformModel

/// What is refused of flags, and where it points.
@Suite struct FlagDecisionTests {
    private func ledger(_ operations: Operation...) throws -> LedgerFixture {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.environment("prod", inherits: ["base"]))
        if !operations.isEmpty { try ledger.commit(operations) }
        return ledger
    }

    private func violation(_ problem: Problem?) -> Violation? { problem?.violations.first }

    @Test(arguments: [
        Operation.rule("f", in: "prod"), .rollout("f", in: "prod"), .kill("f", in: "prod"),
    ])
    func `nothing is said of a flag that is not there`(operation: Operation) throws {
        let problem = try ledger().refusal(operation)
        #expect(problem?.code == .invalidChange)
        #expect(violation(problem)?.environment == "prod" && violation(problem)?.key == "f")
        #expect(violation(problem)?.kind?.isOfFlagInEnvironment == true)
        #expect(try ledger().refusal(.flag("f"), operation) == nil, "in the same change it is")
    }

    @Test func `variants that are named must be there, in every environment that reads them`() throws {
        let ledger = try ledger(.flag("f"))
        let problem = ledger.refusal(.rule("f", in: "base", ["rules": [["when": [], "serve": "maybe"]]]))
        #expect(problem?.code == .invalidChange)
        #expect(problem?.violations.map(\.pointer) == ["/rules/0/serve", "/rules/0/serve"])
        #expect(problem?.violations.map(\.environment) == ["base", "prod"])
        #expect(violation(problem)?.kind == .flagRule && violation(problem)?.environment == "base")
        #expect(violation(ledger.refusal(.kill("f", in: "prod", ["variant": "maybe"])))?.pointer == "/variant")
        #expect(
            violation(ledger.refusal(.rollout("f", in: "prod", ["variant": "maybe", "steps": [["percent": 1]]])))?
                .pointer
                == "/variant")
    }

    @Test func `a variant that a rule names does not go`() throws {
        var ledger = try ledger(.flag("f"), .rule("f", in: "prod", ["defaultVariant": "on"]))
        let gone = Operation.flag("f", ["variants": ["on": .null, "yes": true]])
        let problem = ledger.refusal(gone)
        #expect(problem?.code == .invalidChange)
        #expect(violation(problem)?.environment == "prod" && violation(problem)?.kind == .flagRule)
        #expect(ledger.refusal(gone, .rule("f", in: "prod", ["defaultVariant": "yes"])) == nil)
        try ledger.commit(.flag("g"), .rule("g", in: "base", ["prerequisites": [["flag": "f", "variants": ["off"]]]]))
        let needed = Operation.flag("f", ["variants": ["off": .null, "no": false]])
        #expect(violation(ledger.refusal(needed))?.key == "g")
    }

    @Test func `segments and prerequisites must be there, and lead back to nothing`() throws {
        var ledger = try ledger(.flag("f"), .flag("g"))
        let named = Operation.rule("f", in: "prod", ["rules": [["when": [["segment": "s"]], "serve": "on"]]])
        #expect(violation(ledger.refusal(named))?.pointer == "/rules/0/when/0/segment")
        let needs = Operation.rule("f", in: "prod", ["prerequisites": [["flag": "none", "variants": ["on"]]]])
        #expect(violation(ledger.refusal(needs))?.pointer == "/prerequisites/0/flag")
        try ledger.commit(
            .rule("f", in: "base", ["prerequisites": [["flag": "g", "variants": ["on"]]]]))
        let circle = ledger.refusal(.rule("g", in: "prod", ["prerequisites": [["flag": "f", "variants": ["on"]]]]))
        #expect(circle?.code == .invalidChange)
        #expect(Set(circle?.violations.compactMap(\.environment) ?? []) == ["prod"])
        try ledger.commit(.segment("a"), .segment("b", ["rules": [["when": [["segment": "a"]]]]]))
        #expect(
            ledger.refusal(.segment("a", ["rules": [["when": [["segment": "b"]]]]]))?.violations.first?.kind == .segment
        )
    }

    @Test func `what others name does not end`() throws {
        var ledger = try ledger(
            .flag("f"), .flag("g"), .segment("s"), .segment("t", ["rules": [["when": [["segment": "s"]]]]]),
            .rule("f", in: "prod", ["prerequisites": [["flag": "g", "variants": ["on"]]]]))
        #expect(ledger.refusal(.delete(.flag("f")))?.code == .inUse)
        #expect(ledger.refusal(.delete(.flag("g")))?.violations.first?.key == "f")
        #expect(ledger.refusal(.delete(.segment("s")))?.violations.first?.key == "t")
        #expect(ledger.refusal(.flag("g", ["lifecycle": "archived"]))?.code == .inUse)
        #expect(ledger.refusal(.delete(.flag("f")), .delete(.rule("f", "prod"))) == nil)
        #expect(ledger.refusal(.delete(.segment("s")), .delete(.segment("t"))) == nil)
        try ledger.commit(.delete(.rule("f", "prod")), .delete(.flag("g")))
        #expect(ledger.refusal(.delete(.flag("f"))) == nil)
    }

    // MARK: Lifecycle

    @Test func `a draft's type is free, and no other's`() throws {
        let text: JSONValue = ["type": "string", "variants": ["on": "yes", "off": "no"]]
        for lifecycle in ["active", "inactive", "archived"] {
            let ledger = try ledger(.flag("f", ["lifecycle": .string(lifecycle)]))
            let problem = ledger.refusal(.flag("f", text.merging(patch: ["lifecycle": "inactive"])))
            #expect(violation(problem)?.pointer == "/type" && violation(problem)?.kind == .flag, "\(lifecycle)")
        }
        #expect(try ledger(.flag("f", ["lifecycle": "draft"])).refusal(.flag("f", text)) == nil)
    }

    @Test func `an archived flag becomes inactive or is deleted`() throws {
        let ledger = try ledger(.flag("f", ["lifecycle": "archived"]))
        for lifecycle in ["draft", "active"] {
            let problem = ledger.refusal(.flag("f", ["lifecycle": .string(lifecycle)]))
            #expect(violation(problem)?.pointer == "/lifecycle", "\(lifecycle)")
        }
        #expect(ledger.refusal(.flag("f", ["lifecycle": "inactive"])) == nil)
        #expect(ledger.refusal(.delete(.flag("f"))) == nil)
        let restored = Proposal(
            project: LedgerFixture.project, by: .platform(), message: "", source: ["operation": "rollback"]
        ) { _ in [.flag("f")] }
        #expect(throws: Never.self) { try ledger.state.decide(restored, at: LedgerFixture.start) }
    }

    // MARK: The flag's schema

    @Test func `variants fit the flag's schema`() throws {
        let ledger = try ledger()
        func flag(_ schema: JSONValue, _ variant: JSONValue) -> Operation {
            .flag(
                "f", ["type": "object", "variants": ["on": .null, "off": .null, "v": variant], "schema": schema])
        }
        let schema: JSONValue = ["properties": ["size": ["type": "integer"]]]
        #expect(ledger.refusal(flag(schema, ["size": 1])) == nil)
        let problem = ledger.refusal(flag(schema, ["size": "large"]))
        #expect(problem?.code == .invalidChange)
        #expect(violation(problem)?.pointer == "/variants/v/size" && violation(problem)?.keyword == "type")
        #expect(violation(ledger.refusal(flag(["type": "nothing"], [:])))?.pointer?.hasPrefix("/schema") == true)
    }

    @Test func `expectations and idle writes are those of any item`() throws {
        let ledger = try ledger(.flag("f"), .rule("f", in: "base"))
        #expect(try ledger.decide([.flag("f")]).change == nil)
        #expect(ledger.refusal(.delete(.rule("f", "base"), expecting: .absent))?.code == .revisionConflict)
        #expect(
            ledger.refusal(.delete(.rule("f", "prod"), expecting: .absent)) == nil, "an inherited one counts as absent")
        #expect(ledger.refusal(.rule("f", in: "nowhere"))?.code == .notFound)
        #expect(ledger.refusal(.flag("f"), .flag("f", ["owner": "x"]))?.code == .invalidChange)
    }
}
