import ConfigPlatformFlags
import Testing

@testable import ConfigPlatformModel

/// That what a change does not touch is not worked out again, however much there is of it.
@Suite struct FlagScaleTests {
    private static func key(_ number: Int) -> FlagKey { FlagKey(stringLiteral: "flag-\(number)") }

    private func ledger(_ count: Int) throws -> LedgerFixture {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.environment("prod", inherits: ["base"]), .segment("people"))
        try ledger.commit((0..<count).map { .flag(Self.key($0)) })
        try ledger.commit(
            (0..<count).map {
                .rule(Self.key($0), in: "base", ["rules": [["when": [["segment": "people"]], "serve": "on"]]])
            })
        return ledger
    }

    @Test func `definitions are kept from state to state, and told as they would be afresh`() throws {
        var ledger = try ledger(2_000)
        let before = try #require(ledger.project().resolvedFlags["prod"])
        _ = (before.document, before.portableDocument(named: "shop/prod"))
        try ledger.commit(.kill(Self.key(7), in: "prod"))
        let after = try #require(ledger.project().resolvedFlags["prod"])
        let altered = after.contents.filter { before.contents[$0.order] !== $0 }
        #expect(altered.map(\.key) == [Self.key(7)])
        #expect(after.document.bytes != before.document.bytes)
        for _ in 0..<40 {
            try ledger.commit(.rule(Self.key(9), in: "prod"), .delete(.kill(Self.key(7), "prod")))
            try ledger.commit(.kill(Self.key(7), in: "prod"), .delete(.rule(Self.key(9), "prod")))
        }
        let last = try #require(ledger.project().resolvedFlags["prod"])
        #expect(last.document.bytes == after.document.bytes)
        #expect(last.portableDocument(named: "shop/prod") == after.portableDocument(named: "shop/prod"))
        let lowering = FlagLowering(
            flag: { last[$0]?.items }, segment: { name in try? ledger.project().flags[name]?.body })
        let afresh = try lowering.document(of: last.contents.map(\.key), metadata: ["flagSetId": "shop/prod"])
        #expect(last.portableDocument(named: "shop/prod") == JSONValue.object(afresh).canonicalBytes())
    }

    @Test func `what a segment comes to is worked out once for all that name it`() throws {
        var ledger = try ledger(200)
        let contents = try #require(ledger.project().resolvedFlags["prod"]).contents.map { $0 }
        let rules = contents.compactMap { $0.segments.first }
        #expect(Set(rules.map(ObjectIdentifier.init)).count == 1)
        #expect(contents.allSatisfy { $0.compiled != nil })
        try ledger.commit(.segment("people", ["include": ["b"]]))
        let others = try #require(ledger.project().resolvedFlags["prod"]).contents.map { $0 }
        #expect(zip(contents, others).allSatisfy { $0 !== $1 && !$0.isSame(as: $1) })
        #expect(Set(others.compactMap { $0.segments.first }.map(ObjectIdentifier.init)).count == 1)
    }
}
