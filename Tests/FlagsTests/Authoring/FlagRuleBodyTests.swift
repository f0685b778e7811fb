import ExactJSON
import Testing

@testable import ConfigPlatformFlags

@Suite struct FlagRuleBodyTests {
    private static let whole: JSONValue = [
        "state": "DISABLED", "defaultVariant": .null, "prerequisites": [["flag": "a b", "variants": ["on", "off"]]],
        "rules": [
            [
                "name": "n", "serve": "on",
                "when": [
                    ["attribute": "user.country", "operator": "equals", "values": ["DE", 5, true], "negate": true],
                    ["segment": "beta", "negate": true],
                    ["any": [["attribute": "ip", "operator": "ipIn", "values": ["10.0.0.0/8"]], ["segment": "s"]]],
                    ["all": [["attribute": "a", "operator": "exists"]]],
                ],
            ],
            [
                "serve": [
                    "split": [["variant": "on", "weight": 1], ["variant": "off", "weight": 0]], "by": "user.id",
                    "seed": "",
                ],
                "when": [
                    ["attribute": "age", "operator": "lessThan", "values": [1.5]],
                    ["attribute": "$flagd.timestamp", "operator": "after", "values": ["2026-01-01T00:00:00Z"]],
                    ["attribute": "since", "operator": "before", "values": [1_700_000_000]],
                    ["attribute": "v", "operator": "versionSameMajor", "values": ["1.2.3", "2.0.0-rc.1+b"]],
                ],
            ],
        ],
    ]

    @Test func `a rule reads back as it was written`() throws {
        let body = try FlagRuleBody(parsing: Self.whole)
        #expect(body.json == Self.whole)
        #expect(!body.isEnabled && body.defaultVariant == .ofCaller)
        #expect(body.namedFlags.map(\.rawValue) == ["a b"] && body.namedSegments.map(\.rawValue) == ["beta", "s"])
        let logic: JSONValue = ["targeting": ["if": [["$ref": "segment:beta"], "on"]]]
        #expect(try FlagRuleBody(parsing: logic).json == logic)
        #expect(try FlagRuleBody(parsing: logic).namedSegments.map(\.rawValue) == ["beta"])
        #expect(try FlagRuleBody(parsing: ["state": "ENABLED", "rules": [], "prerequisites": []]).json == [:])
        #expect(try FlagRuleBody(parsing: ["targeting": [:]]).json == [:])
    }

    @Test func `values are written as they count`() throws {
        func read(_ condition: JSONValue) throws -> JSONValue? { try Condition(parsing: condition).json["values"] }
        #expect(
            try read(["attribute": "a", "operator": "before", "values": ["2026-01-01T01:00:00+01:00"]]) == [
                "2026-01-01T00:00:00Z"
            ])
        #expect(try read(["attribute": "a", "operator": "versionEquals", "values": ["v1.2"]]) == ["1.2.0"])
        #expect(try read(["attribute": "a", "operator": "ipIn", "values": ["10.1.2.3/8"]]) == ["10.0.0.0/8"])
    }

    @Test(
        arguments: [
            (#"{"serve": "on", "when": [{}]}"#, "/when/0"),
            (#"{"serve": "on", "when": [{"segment": "a", "any": []}]}"#, "/when/0"),
            (#"{"serve": "on", "when": [{"any": []}]}"#, "/when/0/any"),
            (#"{"serve": "on", "when": [{"attribute": "a", "values": [1]}]}"#, "/when/0"),
            (#"{"serve": "on", "when": [{"attribute": "a", "operator": "like", "values": [1]}]}"#, "/when/0/operator"),
            (#"{"serve": "on", "when": [{"attribute": "a", "operator": "equals", "values": []}]}"#, "/when/0/values"),
            (
                #"{"serve": "on", "when": [{"attribute": "a", "operator": "equals", "values": [1, null]}]}"#,
                "/when/0/values/1"
            ),
            (
                #"{"serve": "on", "when": [{"attribute": "a", "operator": "contains", "values": [""]}]}"#,
                "/when/0/values/0"
            ),
            (#"{"serve": "on", "when": [{"attribute": "a", "operator": "exists", "values": [1]}]}"#, "/when/0/values"),
            (
                #"{"serve": "on", "when": [{"attribute": "a", "operator": "atMost", "values": [1, 2]}]}"#,
                "/when/0/values"
            ),
            (
                #"{"serve": "on", "when": [{"attribute": "a", "operator": "atMost", "values": ["1"]}]}"#,
                "/when/0/values/0"
            ),
            (
                #"{"serve": "on", "when": [{"attribute": "a", "operator": "before", "values": ["soon"]}]}"#,
                "/when/0/values/0"
            ),
            (
                #"{"serve": "on", "when": [{"attribute": "a", "operator": "versionBelow", "values": ["1", "2"]}]}"#,
                "/when/0/values"
            ),
            (
                #"{"serve": "on", "when": [{"attribute": "a", "operator": "versionBelow", "values": ["one"]}]}"#,
                "/when/0/values/0"
            ),
            (
                #"{"serve": "on", "when": [{"attribute": "a", "operator": "ipIn", "values": ["10.0.0.0/0"]}]}"#,
                "/when/0/values/0"
            ),
            (#"{"serve": "on", "when": [{"segment": "a", "values": []}]}"#, "/when/0/values"),
            (#"{"serve": "on", "when": [5]}"#, "/when/0"),
            (#"{"when": []}"#, ""),
            (#"{"serve": 5}"#, "/serve"),
            (#"{"serve": ""}"#, "/serve"),
            (#"{"serve": {"split": []}}"#, "/serve"),
            (#"{"serve": {"split": [{"variant": "a"}]}}"#, "/serve/split/0"),
            (#"{"serve": {"split": [{"variant": "a", "weight": -1}]}}"#, "/serve/split/0/weight"),
            (#"{"serve": {"split": [{"variant": "a", "weight": 0}, {"variant": "b", "weight": 0}]}}"#, "/serve/split"),
            (
                #"{"serve": {"split": [{"variant": "a", "weight": 2147483647}, {"variant": "b", "weight": 1}]}}"#,
                "/serve/split"
            ),
            (#"{"serve": {"split": [{"variant": "a", "weight": 1}], "by": "$flagd.x"}}"#, "/serve/by"),
            (#"{"serve": "on", "unless": []}"#, "/unless"),
        ] as [(String, String)])
    func `a rule that is none is refused at its place`(_ text: String, _ pointer: String) throws {
        let json = try JSONValue(parsing: text)
        let refusal = #expect(throws: InvalidFlagItem.self) { try FlagRuleBody(parsing: ["rules": [json]]) }
        #expect(try #require(refusal).faults.map(\.pointer.text) == ["/rules/0" + pointer], "\(refusal!.message)")
    }

    @Test(
        arguments: [
            (#"{"state": "on"}"#, "/state"), (#"{"rules": [], "targeting": {"if": []}}"#, ""),
            (#"{"targeting": []}"#, "/targeting"),
            (#"{"prerequisites": [{"flag": "a"}]}"#, "/prerequisites/0"),
            (#"{"prerequisites": [{"flag": "a", "variants": []}]}"#, "/prerequisites/0"),
            (#"{"prerequisites": [{"flag": "", "variants": ["x"]}]}"#, "/prerequisites/0/flag"),
            (#"{"prerequisites": {}}"#, "/prerequisites"), (#"{"defaultVariant": 5}"#, "/defaultVariant"), (#"[]"#, ""),
        ] as [(String, String)])
    func `a body that is none is refused at its place`(_ text: String, _ pointer: String) throws {
        let refusal = #expect(throws: InvalidFlagItem.self) { try FlagRuleBody(parsing: try JSONValue(parsing: text)) }
        #expect(try #require(refusal).faults.map(\.pointer.text) == [pointer], "\(refusal!.message)")
    }

    @Test func `groups of conditions nest to the limit and no deeper`() throws {
        func nested(_ depth: Int) -> JSONValue {
            depth == 0 ? ["segment": "s"] : [depth.isMultiple(of: 2) ? "any" : "all": [nested(depth - 1)]]
        }
        #expect(try Condition(parsing: nested(FlagLimits.conditionDepth)).json == nested(FlagLimits.conditionDepth))
        #expect(throws: InvalidFlagItem.self) { try Condition(parsing: nested(FlagLimits.conditionDepth + 1)) }
    }

    @Test func `lists are as long as their limits and no longer`() throws {
        func rule(values: Int, conditions: Int, rules: Int) -> JSONValue {
            let condition: JSONValue = [
                "attribute": "a", "operator": "equals", "values": .array((0..<values).map { .int($0) }),
            ]
            let rule: JSONValue = ["serve": "on", "when": .array(Array(repeating: condition, count: conditions))]
            return ["rules": .array(Array(repeating: rule, count: rules))]
        }
        for (inside, beyond) in [
            (
                rule(values: FlagLimits.values, conditions: 1, rules: 1),
                rule(values: FlagLimits.values + 1, conditions: 1, rules: 1)
            ),
            (
                rule(values: 1, conditions: FlagLimits.conditions, rules: 1),
                rule(values: 1, conditions: FlagLimits.conditions + 1, rules: 1)
            ),
            (
                rule(values: 1, conditions: 1, rules: FlagLimits.rules),
                rule(values: 1, conditions: 1, rules: FlagLimits.rules + 1)
            ),
        ] {
            #expect(throws: Never.self) { try FlagRuleBody(parsing: inside) }
            #expect(throws: InvalidFlagItem.self) { try FlagRuleBody(parsing: beyond) }
        }
    }

    @Test func `blocks of addresses are refused that come to too many beginnings`() throws {
        func condition(_ count: Int) -> JSONValue {
            let blocks = (0..<count).map { JSONValue.string("10.0.\($0).0/25") }
            return ["attribute": "ip", "operator": "ipIn", "values": .array(blocks)]
        }
        #expect(throws: Never.self) { try Condition(parsing: condition(FlagLimits.values / 128)) }
        let refusal = #expect(throws: InvalidFlagItem.self) {
            try Condition(parsing: condition(FlagLimits.values / 128 + 1))
        }
        #expect(refusal?.pointer.text == "/values")
    }

    @Test func `not more faults are told than a person reads`() throws {
        let refusal = #expect(throws: InvalidFlagItem.self) {
            try FlagRuleBody(parsing: ["rules": .array(Array(repeating: [:], count: 1_000))])
        }
        #expect(refusal?.faults.count == FlagLimits.faults)
    }
}

@Suite struct SegmentBodyTests {
    @Test func `a segment reads back as it was written`() throws {
        let listed: JSONValue = [
            "description": "d", "by": "email", "include": ["a", "b"], "exclude": ["c"],
            "rules": [["when": [["segment": "other"]]]],
        ]
        #expect(try SegmentBody(parsing: listed).json == listed)
        #expect(try SegmentBody(parsing: listed).namedSegments.map(\.rawValue) == ["other"])
        let logic: JSONValue = ["targeting": ["or": [["$ref": "segment:x"], ["===": [["var": "a"], 1]]]]]
        #expect(try SegmentBody(parsing: logic).json == logic)
        #expect(try SegmentBody(parsing: logic).namedSegments.map(\.rawValue) == ["x"])
        #expect(try SegmentBody(parsing: ["by": "targetingKey", "include": []]).json == [:])
    }

    @Test(
        arguments: [
            (#"{"include": [""]}"#, "/include/0"), (#"{"include": [1]}"#, "/include/0"),
            (#"{"rules": [{}]}"#, "/rules/0"),
            (#"{"rules": [{"when": []}]}"#, "/rules/0"), (#"{"targeting": {}}"#, "/targeting"),
            (#"{"targeting": {"!": [1]}, "include": ["a"]}"#, "/include"), (#"{"by": ""}"#, "/by"),
            (#"{"exclude": "a"}"#, "/exclude"),
        ] as [(String, String)])
    func `a segment that is none is refused at its place`(_ text: String, _ pointer: String) throws {
        let refusal = #expect(throws: InvalidFlagItem.self) { try SegmentBody(parsing: try JSONValue(parsing: text)) }
        #expect(try #require(refusal).faults.map(\.pointer.text) == [pointer], "\(refusal!.message)")
    }

    @Test func `a segment lists as many as its limit, included and excluded together`() throws {
        func segment(_ included: Int, _ excluded: Int) -> JSONValue {
            [
                "include": .array((0..<included).map { .string("u\($0)") }),
                "exclude": .array((0..<excluded).map { .string("u\($0)") }),
            ]
        }
        #expect(throws: Never.self) { try SegmentBody(parsing: segment(FlagLimits.listedContexts - 1, 1)) }
        #expect(throws: InvalidFlagItem.self) { try SegmentBody(parsing: segment(FlagLimits.listedContexts, 1)) }
    }
}
