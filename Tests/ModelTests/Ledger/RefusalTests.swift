import Testing

@testable import ConfigPlatformModel

@Suite struct RefusalTests {
    private let ledger: LedgerFixture

    init() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            .environment("prod", inherits: ["base"]), .put("a", 1, in: "base"), .put("g.h", 2, in: "base"))
        self.ledger = ledger
    }

    /// The problem, after seeing that refusing left everything as it was.
    private func refusal(_ operations: Operation..., in project: ProjectName = LedgerFixture.project) throws -> Problem
    {
        let problem = try #require(ledger.refusal(operations, in: project))
        #expect(ledger.state.revision == 2)
        #expect(try ledger.document("prod") == #"{"a":1,"g":{"h":2}}"#)
        return problem
    }

    // MARK: not-found

    @Test func `a project that is not there is not found, unless the change begins it`() throws {
        for operation in [
            try .put("a", 1, in: "base"), .environment("base"), Operation(.deleteProject), try .define("a"),
        ] {
            let problem = try refusal(operation, in: "nowhere")
            #expect(problem.code == .notFound)
            #expect(
                problem.detail.hasPrefix("There is no project 'nowhere'. Create it with PUT /api/v1/projects/nowhere"))
        }
        #expect(ledger.refusal([], in: "nowhere")?.code == .notFound)
    }

    @Test func `an environment that is not there is not found, even to delete from`() throws {
        let operations = [
            try Operation.put("k", 1, in: "nowhere"), .unset("k", in: "nowhere"), .delete("k", in: "nowhere"),
        ]
        for operation in operations {
            let problem = try refusal(try .put("k", 1, in: "base"), operation)
            #expect(problem.code == .notFound)
            #expect(
                problem.detail
                    == "There is no environment 'nowhere' in project 'shop'. Create it with PUT /api/v1/projects/shop/environments/nowhere, or in the same change."
            )
            #expect(
                problem.violations == [
                    Violation("No such environment.", pointer: "/operations/1", environment: "nowhere", key: "k")
                ])
        }
    }

    @Test func `questions about what is not there are answered with how to make it`() throws {
        #expect {
            try ledger.state.project("nowhere")
        } throws: { ($0 as? Problem)?.detail.contains("PUT /api/v1/projects/nowhere") == true }
        for read in [
            { _ = try ledger.project().environment("nowhere") }, { _ = try ledger.project().reading("nowhere") },
        ] {
            #expect(throws: (any Error).self) { try read() }
        }
        #expect {
            try ledger.project().reading("nowhere")
        } throws: { ($0 as? Problem)?.detail.contains("PUT /api/v1/projects/shop/environments/nowhere") == true }
    }

    // MARK: revision-conflict

    @Test func `an expectation that is not met shows what is there now`() throws {
        let problem = try refusal(try .put("a", 5, in: "base", expecting: .revision(1)))
        #expect(problem.code == .revisionConflict)
        #expect(
            problem.detail
                == "shop/base/setting/a was expected at revision 1, but was last written at revision 2. Read what is there "
                + "now, decide again, and expect the new revision.")
        #expect(problem.current == ["kind": "setting", "key": "a", "environment": "base", "revision": 2, "value": 1])
        #expect(problem.violations.map(\.pointer) == ["/operations/0/expect"])
        #expect(problem.violations.map(\.keyword) == ["expect"])
        let absent = try refusal(.delete("z", in: "base", expecting: .revision(2)))
        #expect(absent.current == ["kind": "setting", "key": "z", "environment": "base", "revision": .null])
    }

    @Test func `every expectation that is not met is listed`() throws {
        let problem = try refusal(
            try .put("a", 5, in: "base", expecting: .absent), try .put("b", 5, in: "base", expecting: .absent),
            .environment("prod", expecting: .revision(1)), .delete("g.h", in: "base", expecting: .revision(1)))
        #expect(
            problem.violations.map(\.pointer) == [
                "/operations/0/expect", "/operations/2/expect", "/operations/3/expect",
            ])
        #expect(problem.violations[1].message.hasPrefix("shop/environment/prod was expected at revision 1"))
        #expect(problem.detail.contains("(and 2 more)"))
        #expect(problem.current?.arrayValue?.count == 3)
        #expect(
            problem.current?.arrayValue?[1] == [
                "kind": "environment", "key": "prod", "revision": 2, "value": ["inherits": ["base"]],
            ])
    }

    @Test func `a mask that was not expected is shown as one`() throws {
        var ledger = ledger
        try ledger.commit(.unset("a", in: "prod"))
        let problem = try #require(ledger.refusal(try .put("a", 5, in: "prod", expecting: .absent)))
        #expect(
            problem.current == ["kind": "setting", "key": "a", "environment": "prod", "revision": 3, "unset": true])
    }

    // MARK: in-use

    @Test func `an environment that others inherit from is in use`() throws {
        let problem = try refusal(.deleteEnvironment("base"))
        #expect(problem.code == .inUse)
        #expect(
            problem.detail
                == "'prod' inherits from 'base'. Take it out of 'inherits' there first, or in the same change.")
    }

    @Test func `all that inherit from an environment that would end are named`() throws {
        var ledger = ledger
        try ledger.commit(
            .environment("eu", inherits: ["base"]), .environment("us", inherits: ["prod"]),
            .environment("asia", inherits: ["base"]))
        let problem = try #require(ledger.refusal(.deleteEnvironment("base")))
        #expect(problem.violations.map(\.environment) == ["asia", "eu", "prod"])
        #expect(
            problem.detail
                == "'asia' inherits from 'base'. (and 2 more) Take it out of 'inherits' there first, or in the same change."
        )
    }

    // MARK: limit-exceeded

    @Test func `a change has at most 50000 operations`() throws {
        let operations = (0..<50_000).map { Operation.delete(ConfigKey(stringLiteral: "k\($0)"), in: "base") }
        #expect(ledger.refusal(operations) == nil)
        let problem = try #require(ledger.refusal(operations + [.delete("k", in: "base")]))
        #expect(problem.code == .limitExceeded)
        #expect(problem.detail == "A change has at most 50000 operations; this one has 50001. Split it.")
    }

    @Test func `a message has at most 4096 bytes`() throws {
        let longest = String(repeating: "é", count: 2_048)
        #expect(ledger.refusal(try .put("b", 1, in: "base"), message: longest) == nil)
        #expect(ledger.refusal(try .put("b", 1, in: "base"), message: longest + "m")?.code == .limitExceeded)
    }

    @Test func `a change has at most 64 MiB`() throws {
        let body = try SettingBody(.string(String(repeating: "v", count: Limits.valueBytes - 2)), references: .live)
        let operations = (0..<256).map { Operation(.putSetting(ConfigKey(stringLiteral: "k\($0)"), "base", body)) }
        #expect(ledger.refusal(Array(operations.dropLast())) == nil)
        let problem = try #require(ledger.refusal(operations))
        #expect(problem.code == .limitExceeded)
        #expect(problem.detail.contains("a change has at most 67108864. Split it."))
    }

    // MARK: invalid-change

    @Test func `one address twice in a change is refused, whatever is done to it`() throws {
        let pairs = [
            [try Operation.put("b", 1, in: "base"), .delete("b", in: "base")],
            [.unset("b", in: "base"), try .put("b", 1, in: "base")],
            [.environment("new"), .deleteEnvironment("new")], [try .define("b"), Operation(.deleteDefinition("b"))],
            [Operation(.putProject(try ProjectBody())), Operation(.putProject(try ProjectBody()))],
        ]
        for pair in pairs {
            let problem = try refusal(pair[0], try .put("c", 1, in: "base", expecting: .revision(1)), pair[1])
            #expect(problem.code == .invalidChange)
            #expect(problem.violations.map(\.keyword) == ["unique"])
            #expect(problem.violations.map(\.pointer) == ["/operations/2"])
        }
        #expect(
            ledger.refusal(try .put("b", 1, in: "base"), try .put("b", 1, in: "prod"), try .define("b", tags: ["t"]))
                == nil)
        #expect(
            ledger.refusal(try .put("\"caf\u{E9}\"", 1, in: "base"), try .put("\"cafe\u{301}\"", 1, in: "base")) == nil)
    }

    @Test func `a change that ends a project does nothing else`() throws {
        for other in [
            try .put("b", 1, in: "base"), .environment("new"), try .define("b"),
            Operation(.putProject(try ProjectBody(description: "d"))),
        ] {
            let problem = try refusal(other, Operation(.deleteProject))
            #expect(problem.code == .invalidChange)
            #expect(
                problem.detail
                    == "A change that deletes a project has no other operation: everything in 'shop' ends with it.")
        }
    }

    @Test func `a change that ends an environment does nothing to its settings`() throws {
        for operation in [try Operation.put("b", 1, in: "prod"), .delete("b", in: "prod")] {
            let problem = try refusal(.deleteEnvironment("prod"), operation)
            #expect(problem.code == .invalidChange)
            #expect(
                problem.detail == "The change deletes 'prod' and every setting in it; leave out the operation on 'b'.")
            #expect(problem.violations.map(\.pointer) == ["/operations/1"])
        }
    }

    @Test func `inheritance that cannot be laid out is refused`() throws {
        for (operation, reason) in [
            (Operation.environment("base", inherits: ["prod"]), "in a circle: base → prod → base"),
            (.environment("base", inherits: ["base"]), "in a circle: base → base"),
            (.environment("new", inherits: ["nowhere"]), "'new' inherits from 'nowhere', which does not exist."),
        ] {
            let problem = try refusal(operation)
            #expect(problem.code == .invalidChange)
            #expect(problem.detail.contains(reason), "\(problem.detail)")
            #expect(problem.violations.map(\.keyword) == ["inherits"])
        }
        let problem = try refusal(
            .deleteEnvironment("base"), .environment("prod", inherits: ["base"], description: "d"))
        #expect(problem.code == .invalidChange && problem.detail.contains("'base', which does not exist"))
    }

    @Test func `a key that lies below another is refused in whichever environment it would happen`() throws {
        var ledger = ledger
        try ledger.commit(.environment("eu", inherits: ["prod"]), .put("x.y", 1, in: "prod"))
        let above = try #require(ledger.refusal(try .put("x", 1, in: "base")))
        #expect(above.code == .invalidChange)
        #expect(above.violations.map(\.environment) == ["eu", "prod"])
        #expect(above.violations.map(\.key) == ["x.y", "x.y"])
        #expect(above.violations.map(\.keyword) == ["prefix", "prefix"])
        #expect(
            above.detail
                == "In 'eu': 'x' has a value, so 'x.y' below it cannot have one too. Rename one, or unset it here. (and 1 more)"
        )
        #expect(ledger.refusal(try .put("x", 1, in: "base"), .unset("x", in: "prod")) == nil, "masked where it would")
        #expect(ledger.refusal(try .put("x", 1, in: "prod"), .delete("x.y", in: "prod")) == nil)
        #expect(ledger.refusal(try .put("g", 1, in: "prod"))?.violations.map(\.environment) == ["eu", "prod"])
        #expect(ledger.refusal(try .put("g.h.i", 1, in: "eu"))?.violations.map(\.key) == ["g.h.i"])
    }

    @Test func `prefix conflicts that other layers bring are all listed`() throws {
        var ledger = ledger
        try ledger.commit(
            .environment("side"), .put("a.b", 1, in: "side"), .put("a.c", 1, in: "side"), .put("g", 1, in: "side"))
        let problem = try #require(ledger.refusal(.environment("prod", inherits: ["base", "side"])))
        #expect(problem.violations.map(\.key) == ["a.b", "a.c", "g.h"])
        let written = try #require(ledger.refusal(try .put("a", 1, in: "side")))
        #expect(written.violations.map(\.key) == ["a.b", "a.c"], "as many where settings bring them")
    }

    @Test func `a refusal lists at most a thousand violations`() throws {
        let problem = try #require(
            ledger.refusal(try (0..<1_100).map { try .put(ConfigKey(stringLiteral: "a.k\($0)"), 1, in: "base") }))
        #expect(problem.violations.count == Problem.violationsMax)
        #expect(problem.detail.contains("more)"))
    }

    @Test func `a fault in one environment refuses the whole change`() throws {
        let problem = try refusal(
            .environment("new"), try .put("b", 1, in: "new"), try .put("c", "${nothing}", in: "prod"))
        #expect(problem.code == .invalidChange)
        #expect(problem.violations.map(\.environment) == ["prod"])
    }
}
