import Testing

@testable import ConfigPlatformModel

/// The limits that take a large state to reach, which is put together without deciding it.
@Suite struct LedgerLimitTests {
    private func own(_ count: Int, in environment: EnvironmentName) -> SettingIndex {
        let body = SettingBody(content: .plain, value: [UInt8(ascii: "1")])
        return SettingIndex(
            sorted: (0..<count).map { number in
                StoredSetting(
                    key: ConfigKey(stringLiteral: "k\(1_000_000 + number)"), environment: environment, revision: 1,
                    body: body)
            })
    }

    private func ledger(_ environments: [(EnvironmentName, [EnvironmentName], SettingIndex)]) throws -> LedgerFixture {
        var states: [EnvironmentName: EnvironmentState] = [:]
        for (name, inherits, own) in environments {
            states[name] = EnvironmentState(
                name: name, body: try EnvironmentBody(inherits: inherits), revision: 1, own: own)
        }
        let layering = try Layering(states, altered: [])
        let project = ProjectState(
            name: "shop", body: try ProjectBody(), revision: 1, environments: states, definitions: [:],
            schemas: SchemaSet(), validators: [:], access: AccessItems(), flags: ProjectFlags(), layering: layering,
            resolved: states.mapValues { state in
                ResolvedEnvironment(
                    name: state.name, layers: layering.layers[state.name, default: []].compactMap { states[$0] },
                    predecessor: nil,
                    touched: [])
            }, resolvedFlags: [:], size: ProjectSize(), changes: .empty)
        var ledger = LedgerFixture()
        ledger.state = PlatformState(
            revision: 1, digest: .zero, committedAt: LedgerFixture.start, projects: ["shop": project],
            access: .empty)
        return ledger
    }

    private func name(_ number: Int) -> EnvironmentName { EnvironmentName(stringLiteral: "e\(number)") }

    @Test func `an environment has at most 200000 settings of its own`() throws {
        var ledger = try ledger([("base", [], own(199_999, in: "base"))])
        try ledger.commit(.put("last", 1, in: "base"))
        let problem = try #require(ledger.refusal(try .put("one-more", 1, in: "base")))
        #expect(problem.code == .limitExceeded)
        #expect(problem.detail == "'base' would have 200001 settings of its own; an environment has at most 200000.")
        #expect(ledger.refusal(try .put("one-more", 1, in: "base"), .delete("last", in: "base")) == nil)
    }

    @Test func `a project has at most 10000 environments`() throws {
        var ledger = try ledger((0..<9_999).map { (name($0), [], SettingIndex()) })
        try ledger.commit(.environment("last"))
        let problem = try #require(ledger.refusal(.environment("one-more")))
        #expect(problem.code == .limitExceeded)
        #expect(problem.detail == "A project has at most 10000 environments; this one would have 10001.")
        #expect(
            ledger.refusal(.environment("one-more"), .deleteEnvironment("last"), .environment("e1", description: "d"))
                == nil)
    }

    @Test func `the environments of a project read at most twenty million settings together`() throws {
        let leaves = (0..<4_999).map { (name($0), ["base"] as [EnvironmentName], SettingIndex()) }
        var ledger = try ledger([("base", [], own(3_999, in: "base"))] + leaves)
        // 3,999 settings in 5,000 environments, and 5,000 of their own: the limit.
        ledger.state = try ledger.state.applying(filling(ledger.state, count: 5_000)).state
        #expect(ledger.refusal(.environment("e2", inherits: ["base"], description: "d")) == nil)
        let problem = try #require(ledger.refusal(try .put("one-more", 1, in: "e2")))
        #expect(problem.code == .limitExceeded)
        #expect(problem.detail.hasPrefix("The environments of 'shop' would read 20000001 settings together"))
    }

    /// A change that gives one leaf settings of its own.
    private func filling(_ state: PlatformState, count: Int) throws -> ChangeRecord {
        ChangeRecord(
            revision: state.revision.next, project: "shop", author: .system, committedAt: state.committedAt,
            message: "", source: nil,
            effects: (0..<count).map { number in
                Effect(
                    address: .setting(ConfigKey(stringLiteral: "own\(number)"), in: "e1", of: "shop"),
                    body: Array(#"{"value":1}"#.utf8))
            }, previousDigest: state.digest)
    }

    @Test func `there are at most 10000 projects`() throws {
        var builder = PlatformState.Builder()
        for number in 0..<9_999 {
            try builder.add(
                address: .project(ProjectName(stringLiteral: "p\(number)")), body: Array("{}".utf8), revision: 1)
        }
        var ledger = LedgerFixture()
        ledger.state = try builder.finished(revision: 1, digest: .zero, committedAt: LedgerFixture.start)
        try ledger.commit([Operation(.putProject(ProjectBody()))], in: "last")
        #expect(ledger.refusal([Operation(.putProject(try ProjectBody()))], in: "one-more")?.code == .limitExceeded)
        #expect(ledger.refusal([Operation(.putProject(try ProjectBody(description: "d")))], in: "last") == nil)
        try ledger.commit([Operation(.deleteProject)], in: "p1")
        #expect(ledger.refusal([Operation(.putProject(try ProjectBody()))], in: "one-more") == nil)
    }
}
