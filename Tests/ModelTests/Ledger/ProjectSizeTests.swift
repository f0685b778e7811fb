import Testing

@testable import ConfigPlatformModel

@Suite struct ProjectSizeTests {
    @Test func `a project has as many items and bytes as stand in it, keys counted`() throws {
        var ledger = LedgerFixture()
        func expect(_ items: (key: String, body: String)..., at line: SourceLocation = #_sourceLocation) throws {
            let bytes = items.reduce(0) { $0 + $1.key.utf8.count + $1.body.utf8.count }
            #expect(
                try ledger.project().size == ProjectSize(items: items.count, bytes: bytes), sourceLocation: line)
        }
        try ledger.commit(Operation(.putProject(ProjectBody())))
        try expect(("shop", "{}"))
        try ledger.commit(.environment("base"), .put("a", 1, in: "base"), .define("a", tags: ["t"]))
        try expect(("shop", "{}"), ("base", "{}"), ("a", #"{"value":1}"#), ("a", #"{"tags":["t"]}"#))
        try ledger.commit(.put("a", "longer", in: "base"), .environment("base", description: "é"))
        try expect(
            ("shop", "{}"), ("base", #"{"description":"é"}"#), ("a", #"{"value":"longer"}"#), ("a", #"{"tags":["t"]}"#))
        try ledger.commit(.unset("a", in: "base"))
        try expect(
            ("shop", "{}"), ("base", #"{"description":"é"}"#), ("a", #"{"unset":true}"#), ("a", #"{"tags":["t"]}"#))
        try ledger.commit(.deleteEnvironment("base"))
        try expect(("shop", "{}"), ("a", #"{"tags":["t"]}"#))
        try ledger.commit(Operation(.deleteDefinition("a")))
        try expect(("shop", "{}"))
    }

    @Test func `an environment that ends takes with it what it says of flags`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(.flag("new"))
        let size = try ledger.project().size
        try ledger.commit(.environment("live"))
        try ledger.commit(.rule("new", in: "live"), .rollout("new", in: "live"), .kill("new", in: "live"))
        #expect(try ledger.project().size.items == size.items + 4)
        try ledger.commit(.deleteEnvironment("live"))
        #expect(try ledger.project().size == size)
    }

    @Test func `who may do what is no part of a project's size`() throws {
        var ledger = try LedgerFixture(environments: "base")
        let size = try ledger.project().size
        try ledger.commit(.bind("all", "user:ann", "viewer"), .protect("base"))
        #expect(try ledger.project().size == size)
    }
}
