import ConfigPlatformFlags
import Testing

@testable import ConfigPlatformModel

/// What flags come to in an environment, as changes are written one after another.
@Suite struct FlagStateTests {
    private func ledger() throws -> LedgerFixture {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.environment("prod", inherits: ["base"]), .environment("alone"))
        return ledger
    }

    @Test func `clients of flagd are given doubles with a fraction, and the digest is of canonical numbers`() throws {
        var ledger = try LedgerFixture(environments: "prod")
        try ledger.commit(
            .flag("share", ["type": "double", "variants": ["on": 1, "off": 0, "half": 0.5]]),
            .flag("count", ["type": "integer", "variants": ["on": 1, "off": 0]]))
        let flags = try #require(ledger.project().resolvedFlags["prod"])
        let portable = String(decoding: flags.portableDocument(named: "shop/prod"), as: UTF8.self)
        #expect(
            portable.contains(#""share":{"state":"DISABLED","variants":{"half":0.5,"off":0.0,"on":1.0}}"#),
            "\(portable)")
        #expect(portable.contains(#""count":{"state":"DISABLED","variants":{"off":0,"on":1}}"#), "\(portable)")
        let canonical = String(decoding: flags.document.bytes, as: UTF8.self)
        #expect(canonical.contains(#""variants":{"half":0.5,"off":0,"on":1}"#), "\(canonical)")
        var sent = try JSONValue(parsing: portable)
        if case .object(var document) = sent {
            document["metadata"] = nil
            document["$evaluators"] = [:]
            sent = .object(document)
        }
        #expect(sent.canonicalBytes() == flags.document.bytes)
    }

    @Test func `without a rule a flag is disabled, with one it is what the rule says`() throws {
        var ledger = try ledger()
        try ledger.commit(.flag("f"))
        #expect(try ledger.definition("f", in: "prod")?["state"] == "DISABLED")
        try ledger.commit(.rule("f", in: "prod"))
        #expect(try ledger.definition("f", in: "prod")?["state"] == "ENABLED")
        #expect(try ledger.variant("f", in: "prod") == "on")
        #expect(try ledger.definition("f", in: "base")?["state"] == "DISABLED")
    }

    @Test func `rule, rollout and kill are inherited whole, each by itself, and the later layer wins`() throws {
        var ledger = try ledger()
        try ledger.commit(.flag("f"), .rule("f", in: "base", ["defaultVariant": "off"]))
        #expect(try ledger.variant("f", in: "prod") == "off")
        try ledger.commit(.rollout("f", in: "base", ["variant": "on", "steps": [["percent": 100]]]))
        #expect(try ledger.variant("f", in: "prod") == "on")
        try ledger.commit(.rule("f", in: "prod", ["rules": [["when": [], "serve": "off"]]]))
        #expect(try ledger.variant("f", in: "prod") == "off")
        try ledger.commit(.kill("f", in: "base", ["variant": "on"]))
        #expect(try ledger.variant("f", in: "prod") == "on")
        #expect(try ledger.variant("f", in: "alone") == nil)
        try ledger.commit(.delete(.kill("f", "base")), .delete(.rule("f", "prod")))
        #expect(try ledger.variant("f", in: "prod") == "on", "the inherited rollout again")
        let reading = try #require(ledger.project().resolvedFlags["prod"]?["f"])
        #expect(reading.rule?.place == .rule("f", "base") && reading.rollout?.place == .rollout("f", "base"))
        #expect(reading.kill == nil)
    }

    @Test func `what an environment said ends with it`() throws {
        var ledger = try ledger()
        try ledger.commit(.flag("g"), .flag("f"), .segment("s"))
        try ledger.commit(
            .rule("f", in: "alone", ["prerequisites": [["flag": "g", "variants": ["on"]]]]), .kill("g", in: "alone"),
            .rollout("f", in: "alone", ["variant": "on", "steps": [["percent": 1, "segments": ["s"]]]]))
        #expect(ledger.refusal(.delete(.flag("g")))?.code == .inUse)
        #expect(ledger.refusal(.delete(.segment("s")))?.code == .inUse)
        try ledger.commit(.deleteEnvironment("alone"))
        try ledger.commit(.delete(.flag("g")), .delete(.flag("f")), .delete(.segment("s")))
        #expect(try ledger.project().flags.isEmpty)
    }

    @Test func `a flag follows its prerequisites and segments`() throws {
        var ledger = try ledger()
        try ledger.commit(
            .flag("below"), .flag("above"), .segment("people", ["include": ["a"]]),
            .rule(
                "below", in: "base",
                ["rules": [["when": [["segment": "people"]], "serve": "on"]], "defaultVariant": "off"]),
            .rule(
                "above", in: "prod",
                [
                    "prerequisites": [["flag": "below", "variants": ["on"]]], "rules": [["when": [], "serve": "on"]],
                    "defaultVariant": "off",
                ]))
        #expect(try ledger.variant("above", in: "prod") == "on")
        let decision = try ledger.commit(.segment("people", ["include": ["b"]]))
        #expect(decision.touched.flags["prod"] == ["above", "below"])
        #expect(try ledger.variant("above", in: "prod") == "off")
        #expect(try ledger.variant("above", in: "prod", for: ["targetingKey": "b"]) == "on")
        try ledger.commit(.kill("below", in: "prod"))
        #expect(try ledger.variant("above", in: "prod", for: ["targetingKey": "b"]) == "off")
    }

    @Test func `an archived flag is not found, and its item stays`() throws {
        var ledger = try ledger()
        try ledger.commit(.flag("f"), .rule("f", in: "base"))
        try ledger.commit(.flag("f", ["lifecycle": "archived"]))
        #expect(try ledger.definition("f", in: "prod") == nil)
        #expect(try ledger.project().resolvedFlags["prod"]?["f"]?.flag.body.lifecycle == .archived)
        #expect(try !ledger.document(of: "prod").contains("\"f\""))
    }

    @Test func `a change touches the flags that it alters and shares all others`() throws {
        var ledger = try ledger()
        try ledger.commit((0..<300).map { .flag(FlagKey(stringLiteral: "f\($0)")) })
        try ledger.commit((0..<300).map { .rule(FlagKey(stringLiteral: "f\($0)"), in: "base") })
        let before = try #require(ledger.project().resolvedFlags["prod"]).contents
        _ = try ledger.document(of: "prod")
        let decision = try ledger.commit(.rule("f7", in: "base", ["defaultVariant": "off"]))
        let after = try #require(ledger.project().resolvedFlags["prod"]).contents
        #expect(decision.touched.flags == ["base": ["f7"], "prod": ["f7"]])
        #expect(after.filter { before[$0.order] !== $0 }.map(\.key) == ["f7"])
        #expect(decision.flagDifferences(in: "prod").map(\.key) == ["f7"])
        #expect(decision.flagDifferences(in: "alone").isEmpty)
        let shared = try #require(ledger.project().resolvedFlags["base"]?["f7"])
        #expect(try ledger.project().resolvedFlags["prod"]?["f7"] === shared, "one for all who read the same")
    }

    @Test func `what is said of a flag and alters nothing is no difference`() throws {
        var ledger = try ledger()
        try ledger.commit(.flag("f"), .rule("f", in: "prod"))
        let decision = try ledger.commit(
            .flag("f", ["description": "It is said of it.", "owner": "somebody", "tags": ["t"]]))
        #expect(decision.flagDifferences(in: "prod").isEmpty)
        #expect(try ledger.commit(.rule("f", in: "base")).flagDifferences(in: "prod").isEmpty)
        #expect(
            try ledger.commit(.flag("f", ["metadata": ["team": "x"]])).flagDifferences(in: "prod").map(\.key) == ["f"])
    }

    @Test func `an environment that inherits otherwise has other flags`() throws {
        var ledger = try ledger()
        try ledger.commit(.flag("f"), .rule("f", in: "base"))
        let decision = try ledger.commit(.environment("prod"))
        #expect(decision.flagDifferences(in: "prod").map(\.key) == ["f"])
        #expect(try ledger.definition("f", in: "prod")?["state"] == "DISABLED")
        let new = try ledger.commit(.environment("new", inherits: ["base"]))
        #expect(new.flagDifferences(in: "new").map(\.key) == ["f"])
    }
}

extension LedgerFixture {
    func document(of environment: EnvironmentName) throws -> String {
        try String(decoding: project().resolvedFlags[environment]?.document.bytes ?? [], as: UTF8.self)
    }
}
