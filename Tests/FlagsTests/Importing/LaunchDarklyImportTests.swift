import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite("Imports from LaunchDarkly")
struct LaunchDarklyImportTests {
    private static let api = """
        { "items": [
            { "key": "new-checkout", "name": "New checkout", "kind": "boolean", "tags": ["checkout", "q3"], "temporary": true,
              "_maintainer": {"email": "ann@shop.example", "_id": "1"},
              "variations": [ {"_id": "a", "value": true, "name": "shown"}, {"_id": "b", "value": false} ],
              "environments": {
                "production": {
                  "on": true, "salt": "x", "offVariation": 1, "fallthrough": {"variation": 1},
                  "targets": [ {"values": ["ann", "bob"], "variation": 0, "contextKind": "user"} ],
                  "contextTargets": [ {"values": [], "variation": 0, "contextKind": "user"}, {"values": ["acme"], "variation": 0, "contextKind": "org"} ],
                  "rules": [
                    { "_id": "r1", "description": "staff", "variation": 0, "trackEvents": false,
                      "clauses": [ {"attribute": "email", "op": "endsWith", "values": ["@shop.example"], "negate": false},
                                   {"attribute": "country", "op": "in", "values": ["DE"], "negate": true} ] },
                    { "_id": "r2", "variation": 0, "clauses": [ {"attribute": "name", "op": "matches", "values": ["[a-z]+"]} ] },
                    { "_id": "r3", "rollout": {"variations": [{"variation": 0, "weight": 25000}, {"variation": 1, "weight": 75000}]},
                      "clauses": [ {"attribute": "/address/city", "op": "in", "values": ["Graz"]} ] } ] },
                "test": { "on": false, "offVariation": 1, "fallthrough": {"variation": 0}, "rules": [], "targets": [] } } },
            { "key": "plan", "kind": "multivariate", "variations": [ {"_id": "c", "value": "basic"}, {"_id": "d", "value": "pro"} ],
              "environments": { "production": { "on": true, "offVariation": 0, "fallthrough": {"variation": 1},
                  "prerequisites": [ {"key": "new-checkout", "variation": 0} ] }, "test": {"_summary": {}, "on": true} } } ] }
        """

    @Test func `of a flag of the API the chosen environment's rules are kept`() throws {
        let taken = try Imported(.launchdarkly, Self.api, FlagImportOrder(environment: "production"))
        #expect(
            try taken.flag("new-checkout") == [
                "type": "boolean", "variants": ["shown": true, "false": false], "description": "New checkout",
                "owner": "ann@shop.example", "tags": ["checkout", "q3"],
            ])
        #expect(taken.value("new-checkout", user("ann")) == true)
        #expect(taken.value("new-checkout", user("eve")) == false)
        #expect(taken.value("new-checkout", user("eve", ["org": ["key": "acme"]])) == true)
        let staff: JSONObject = ["email": "eve@shop.example"]
        #expect(taken.value("new-checkout", user("eve", staff)) == false, "of an absent attribute no clause holds")
        #expect(taken.value("new-checkout", user("eve", ["email": "e@shop.example", "country": "FR"])) == true)
        #expect(taken.value("new-checkout", user("eve", ["email": "e@shop.example", "country": "DE"])) == false)
        let inGraz = taken.share(of: true, "new-checkout", "targetingKey", ["address": ["city": "Graz"]])
        #expect((180...320).contains(inGraz))
        #expect(taken.said(.error, of: "new-checkout").count == 2, "the regular expression, and its rule")
        #expect(taken.said(.warning, of: "new-checkout").contains { $0.contains("people move") })
        #expect(taken.flags.notices.contains { $0.message.contains("temporary") && $0.severity == .information })
    }

    @Test func `where a prerequisite does not hold the off variation is served`() throws {
        let taken = try Imported(.launchdarkly, Self.api, FlagImportOrder(environment: "production"))
        #expect(taken.value("plan", user("ann")) == "pro")
        #expect(taken.value("plan", user("eve")) == "basic")
    }

    @Test func `a flag that is off serves its off variation, and its rules are kept behind that`() throws {
        let taken = try Imported(.launchdarkly, Self.api, FlagImportOrder(environment: "test"))
        #expect(taken.value("new-checkout", user("ann")) == false)
        #expect(
            try taken.rule("new-checkout") == [
                "defaultVariant": "false",
                "rules": [["name": "off", "serve": "false"], ["name": "fallthrough", "serve": "shown"]],
            ])
        #expect(try taken.rule("plan")?["state"] == "DISABLED")
        #expect(taken.said(.error, of: "plan").first?.contains("summary=0") == true)
    }

    @Test func `it is to be said which environment is meant, where the file does not show it`() throws {
        #expect(throws: InvalidFlagItem.self) { try Imported(.launchdarkly, Self.api) }
        #expect(throws: InvalidFlagItem.self) {
            try Imported(.launchdarkly, Self.api, FlagImportOrder(environment: "staging"))
        }
        let likely = try Imported(.launchdarkly, Self.api, FlagImportOrder(likelyEnvironment: "production"))
        #expect(likely.value("new-checkout", user("ann")) == true)
    }

    private static func sent(_ flag: String, segments: String = "{}") throws -> Imported {
        try Imported(.launchdarkly, #"{"flags": {"f": \#(flag)}, "segments": \#(segments)}"#)
    }

    /// One clause on the attribute `x`.
    private static func clause(_ symbol: String, _ values: String, negate: Bool = false) throws -> Imported {
        try sent(
            """
            {"key": "f", "on": true, "variations": [false, true], "offVariation": 0, "fallthrough": {"variation": 0},
             "rules": [{"id": "r", "variation": 1, "clauses": [{"attribute": "x", "op": "\(symbol)", "values": \(values), "negate": \(negate)}]}]}
            """)
    }

    @Test(
        arguments: [
            ("in", #"["a", 1, true]"#, ["a", 1, true], ["b", 2, false, "1"]),
            ("endsWith", #"["z"]"#, ["xyz"], ["zx", 1]),
            ("startsWith", #"["z", "a"]"#, ["zx", "ab"], ["xz"]),
            ("contains", #"["mid"]"#, ["amidst"], ["mad"]),
            ("contains", #"[""]"#, ["anything"], []),
            ("matches", #"["^ab", "yz$"]"#, ["abc", "xyz"], ["cab"]),
            ("matches", #"["^(one|two)$"]"#, ["one", "two"], ["one two"]),
            ("lessThan", "[5, 7]", [4, 6.5], [7, 8]),
            ("lessThanOrEqual", "[5]", [5, 4], [6]),
            ("greaterThan", "[5]", [6], [5, 4]),
            ("greaterThanOrEqual", "[5]", [5], [4]),
            ("before", #"["2026-01-01T00:00:00Z"]"#, ["2025-12-31T23:59:59Z"], ["2026-01-02T00:00:00Z"]),
            ("after", #"["2026-01-01T00:00:00Z"]"#, ["2026-01-02T00:00:00Z"], ["2025-12-31T23:59:59Z"]),
            ("before", "[1000]", [999], [1000]),
            ("semVerEqual", #"["2.0"]"#, ["2.0.0", "2"], ["2.0.1"]),
            ("semVerLessThan", #"["2.0.0"]"#, ["2.0.0-rc.1"], ["2.0.0", "x"]),
            ("semVerGreaterThan", #"["2.0.0"]"#, ["2.0.1"], ["2.0.0"]),
        ] as [(String, String, [JSONValue], [JSONValue])])
    func `every operator that can be said holds for the same values`(
        symbol: String, values: String, held: [JSONValue], refused: [JSONValue]
    ) throws {
        let taken = try Self.clause(symbol, values)
        let negated = try Self.clause(symbol, values, negate: true)
        #expect(taken.flags.notices.allSatisfy { $0.severity != .error })
        for value in held {
            #expect(taken.value("f", user("u", ["x": value])) == true, "\(symbol) \(values) of \(value)")
            #expect(negated.value("f", user("u", ["x": value])) == false, "not \(symbol) \(values) of \(value)")
        }
        for value in refused {
            #expect(taken.value("f", user("u", ["x": value])) == false, "\(symbol) \(values) of \(value)")
            #expect(negated.value("f", user("u", ["x": value])) == true, "not \(symbol) \(values) of \(value)")
        }
        #expect(taken.value("f", user("u")) == false)
        #expect(negated.value("f", user("u")) == false, "of an absent attribute no clause holds")
    }

    @Test(arguments: [("matches", #"["a.c"]"#), ("segmentMatch", #"["nobody"]"#), ("frobnicate", "[1]")])
    func `a rule that cannot be said is left out, with its reason`(symbol: String, values: String) throws {
        let taken = try Self.clause(symbol, values)
        #expect(taken.said(.error, of: "f").count == 2)
        #expect(try taken.rule("f") == ["defaultVariant": "false"])
    }

    @Test func `segments include, exclude, ask, and take shares`() throws {
        let taken = try Self.sent(
            """
            {"key": "f", "on": true, "variations": ["no", "yes"], "offVariation": 0, "fallthrough": {"variation": 0},
             "rules": [{"variation": 1, "clauses": [{"op": "segmentMatch", "attribute": "", "values": ["beta users", "orgs"]}]}]}
            """,
            segments: """
                { "beta users": {"key": "beta users", "included": ["ann"], "excluded": ["bob"], "version": 3,
                    "rules": [ {"clauses": [{"attribute": "email", "op": "endsWith", "values": ["@x.org"]}]} ]},
                  "orgs": {"key": "orgs", "includedContexts": [{"contextKind": "org", "values": ["acme"]}],
                    "excludedContexts": [{"contextKind": "org", "values": ["evil"]}],
                    "rules": [ {"clauses": [{"attribute": "plan", "op": "in", "values": ["pro"]}], "weight": 50000} ]},
                  "huge": {"key": "huge", "unbounded": true},
                  "gone": {"key": "gone", "deleted": true} }
                """)
        #expect(
            try taken.segment("beta-users") == [
                "include": ["ann"], "exclude": ["bob"],
                "rules": [["when": [["attribute": "email", "operator": "endsWith", "values": ["@x.org"]]]]],
            ])
        #expect(taken.value("f", user("ann")) == "yes")
        #expect(taken.value("f", user("bob", ["email": "bob@x.org"])) == "no")
        #expect(taken.value("f", user("eve", ["email": "eve@x.org"])) == "yes")
        #expect(taken.value("f", user("eve", ["org": ["key": "acme"]])) == "yes")
        #expect((400...600).contains(taken.share(of: "yes", "f", "targetingKey", ["plan": "pro"])))
        #expect(taken.share(of: "yes", "f", "targetingKey", ["plan": "pro", "org": ["key": "evil"]]) == 0)
        #expect(taken.said(.error, of: "huge").count == 1)
        #expect(taken.said(.warning, of: "orgs").contains { $0.contains("people move") })
    }

    @Test func `a rollout keeps its percentages, and goes by the attribute that it names`() throws {
        let taken = try Self.sent(
            """
            {"key": "f", "on": true, "variations": [1, 2, 3], "offVariation": 0,
             "fallthrough": {"rollout": {"bucketBy": "company", "variations": [
                {"variation": 0, "weight": 10000}, {"variation": 1, "weight": 30000}, {"variation": 2, "weight": 50000}]}}}
            """)
        #expect((60...140).contains(taken.share(of: 1, "f", "company")))
        #expect((240...360).contains(taken.share(of: 2, "f", "company")))
        #expect((540...660).contains(taken.share(of: 3, "f", "company")), "the last share has what is left")
        #expect(taken.value("f", user("u")) == 1, "who has no company is in the first share")
        #expect(taken.said(.warning, of: "f").count == 1)
    }

    @Test func `many individual targets become a segment`() throws {
        let keys = JSONValue.array((0..<1_500).map { .string("user-\($0)") })
        let taken = try Self.sent(
            """
            {"key": "f", "on": true, "variations": [false, true], "offVariation": 0, "fallthrough": {"variation": 0},
             "targets": [{"values": \(keys.canonicalText), "variation": 1}]}
            """)
        #expect(try taken.segment("f-true-targets")?["include"]?.arrayValue?.count == 1_500)
        #expect(taken.value("f", user("user-1499")) == true)
        #expect(taken.value("f", user("user-1500")) == false)
    }

    @Test func `flags without an off variation leave callers to their own default while they are off`() throws {
        let taken = try Self.sent(#"{"key": "f", "on": false, "variations": [true], "fallthrough": {"variation": 0}}"#)
        #expect(try taken.rule("f")?["state"] == "DISABLED")
        #expect(taken.value("f", user("u")) == nil)
    }

    @Test func `what is deleted, archived or of no one type is said`() throws {
        let taken = try Imported(
            .launchdarkly,
            """
            {"flags": {
              "gone": {"key": "gone", "deleted": true, "version": 2},
              "mixed": {"key": "mixed", "on": true, "variations": [1, "x"], "fallthrough": {"variation": 0}},
              "lists": {"key": "lists", "on": true, "variations": [[1]], "fallthrough": {"variation": 0}},
              "old": {"key": "old", "archived": true, "on": true, "variations": ["x"], "fallthrough": {"variation": 0}} },
             "flagValues": {"plain": "value"}}
            """)
        #expect(taken.flags.flags.count == 2)
        #expect(taken.said(.information, of: "gone").count == 1)
        #expect(taken.said(.error, of: "mixed").count == 1)
        #expect(taken.said(.error, of: "lists").count == 1)
        #expect(try taken.flag("old")?["lifecycle"] == "archived")
        #expect(taken.value("plain", [:]) == "value")
    }

    @Test func `a file that is none of theirs is refused`() throws {
        #expect(throws: InvalidFlagItem.self) { try Imported(.launchdarkly, #"{"features": []}"#) }
    }
}
