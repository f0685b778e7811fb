import Testing

@testable import ConfigPlatformModel

@Suite struct PlatformStateTests {
    private func change(
        after state: PlatformState, project: ProjectName = LedgerFixture.project, revision: Revision? = nil,
        previous: Digest? = nil,
        _ effects: (ItemAddress, String?)...
    ) -> ChangeRecord {
        ChangeRecord(
            revision: revision ?? state.revision.next, project: project, author: .system,
            committedAt: state.committedAt, message: "",
            source: nil, effects: effects.map { Effect(address: $0.0, body: $0.1.map { Array($0.utf8) }) },
            previousDigest: previous ?? state.digest)
    }

    // MARK: Following

    @Test func `only the next change of the same ledger is applied`() throws {
        var ledger = try LedgerFixture(environments: "base")
        let before = ledger.state
        let next = try #require(try ledger.commit(.put("a", 1, in: "base")).change)
        #expect(try before.applying(next).state.digest == ledger.state.digest)
        #expect(throws: UnreadableRecord.self) { try ledger.state.applying(next) }
        #expect(throws: UnreadableRecord.self) { try PlatformState.empty.applying(next) }
        let project = ItemAddress.project("shop")
        #expect(throws: UnreadableRecord.self) {
            try before.applying(change(after: before, revision: 3, (project, "{}")))
        }
        #expect(throws: UnreadableRecord.self) {
            try before.applying(change(after: before, previous: .zero, (project, "{}")))
        }
    }

    @Test func `a change that no platform decided is refused, not half applied`() throws {
        let state = try LedgerFixture(environments: "base").state
        let setting = ItemAddress.setting("a", in: "nowhere", of: "shop")
        #expect(throws: UnreadableRecord.self) { try state.applying(change(after: state, (setting, #"{"value":1}"#))) }
        let elsewhere = ItemAddress.environment("base", in: "elsewhere")
        #expect(throws: UnreadableRecord.self) {
            try state.applying(change(after: state, project: "elsewhere", (elsewhere, "{}")))
        }
        let parentless = ItemAddress.environment("new", in: "shop")
        #expect(throws: Layering.Fault.self) {
            try state.applying(change(after: state, (parentless, #"{"inherits":["nowhere"]}"#)))
        }
        let unnamed = ItemAddress(project: "shop", environment: nil, kind: .environment, key: "Not A Name")
        #expect(throws: (any Error).self) { try state.applying(change(after: state, (unnamed, "{}"))) }
    }

    // MARK: Rebuilding

    private func rebuilt(_ items: (ItemAddress, String)...) throws -> PlatformState {
        var builder = PlatformState.Builder()
        for (address, body) in items { try builder.add(address: address, body: Array(body.utf8), revision: 7) }
        return try builder.finished(revision: 9, digest: .zero, committedAt: LedgerFixture.start)
    }

    @Test func `items make the same state in whatever order they come`() throws {
        let state = try rebuilt(
            (.setting("b", in: "prod", of: "shop"), #"{"references":"live","value":"${a}"}"#),
            (.settingDefinition("a", in: "shop"), #"{"tags":["t"]}"#),
            (.environment("prod", in: "shop"), #"{"inherits":["base"]}"#),
            (.setting("a", in: "base", of: "shop"), #"{"value":1}"#),
            (.setting("c", in: "prod", of: "shop"), #"{"unset":true}"#),
            (.setting("c", in: "base", of: "shop"), #"{"value":2}"#),
            (.environment("base", in: "shop"), "{}"), (.project("shop"), #"{"description":"d"}"#))
        let project = try state.project("shop")
        #expect(state.revision == 9 && project.revision == 7 && project.body.description == "d")
        #expect(String(decoding: try project.reading("prod").document.bytes, as: UTF8.self) == #"{"a":1,"b":1}"#)
        #expect(project.definitions["a"]?.body.tags == ["t"])
        #expect(project.sortedEnvironments.map(\.name) == ["base", "prod"])
    }

    @Test func `an item in a project or an environment that is not there makes no state`() throws {
        let project = (ItemAddress.project("shop"), "{}")
        #expect(throws: UnreadableRecord.self) { try rebuilt((.environment("base", in: "shop"), "{}")) }
        #expect(throws: UnreadableRecord.self) { try rebuilt((.settingDefinition("a", in: "shop"), "{}")) }
        #expect(throws: UnreadableRecord.self) {
            try rebuilt(project, (.setting("a", in: "base", of: "shop"), #"{"value":1}"#))
        }
        #expect(throws: UnreadableRecord.self) { try rebuilt((.setting("a", in: "base", of: "shop"), #"{"value":1}"#)) }
        #expect(throws: UnreadableRecord.self) {
            try rebuilt(
                project, (ItemAddress(project: "shop", environment: nil, kind: .setting, key: "a"), #"{"value":1}"#))
        }
        #expect(throws: Layering.Fault.self) {
            try rebuilt(project, (.environment("a", in: "shop"), #"{"inherits":["b"]}"#))
        }
    }

    @Test func `two Unicode normalisations of one key stay two settings`() throws {
        let (precomposed, decomposed) = ("\"caf\u{E9}\"" as ConfigKey, "\"cafe\u{301}\"" as ConfigKey)
        let state = try rebuilt(
            (.project("shop"), "{}"), (.environment("base", in: "shop"), "{}"),
            (.setting(precomposed, in: "base", of: "shop"), #"{"value":1}"#),
            (.setting(decomposed, in: "base", of: "shop"), #"{"value":2}"#),
            (.settingDefinition(decomposed, in: "shop"), #"{"tags":["d"]}"#),
            (.settingDefinition(precomposed, in: "shop"), #"{"tags":["p"]}"#))
        let own = try #require(try state.project("shop").environments["base"]).own
        #expect(own.count == 2)
        #expect(own[precomposed]?.body.json == 1 && own[decomposed]?.body.json == 2)
        #expect(try state.project("shop").definitions[decomposed]?.body.tags == ["d"])
    }

    // MARK: What is worked out late

    @Test(arguments: [true, false])
    func `a document is the same whether or not the ones before it were ever read`(isRead: Bool) throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            .environment("prod", inherits: ["base"]), .put("host", "h", in: "base"),
            .put("url", "${host}:${port:80}", in: "base"))
        var follower = ledger.state
        for number in 0..<150 {
            let key = ConfigKey(stringLiteral: "k\(number % 90)")
            var operations = [
                number % 7 == 3 ? Operation.delete(key, in: "base") : try .put(key, .int(number), in: "base")
            ]
            if number % 10 == 0 { operations.append(try .put("port", .int(number), in: "prod")) }
            guard let change = try ledger.commit(operations).change else { continue }
            follower = try follower.applying(change).state
            if isRead, number % 3 == 0 { _ = try follower.project("shop").reading("prod").document }
        }
        #expect(try follower.project("shop").reading("prod").document.bytes == Array(ledger.document("prod").utf8))
        #expect(try ledger.document("prod").contains(#""url":"h:140""#))
    }
}
