import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite("Imports from Flagsmith")
struct FlagsmithImportTests {
    private static func environment(
        _ states: String, segments: String = "[]", identities: String = "[]"
    ) throws -> Imported {
        try Imported(
            .flagsmith,
            """
            {"id": 1, "api_key": "k", "project": {"id": 1, "name": "shop", "hide_disabled_flags": false, "segments": \(segments)},
             "feature_states": \(states), "identity_overrides": \(identities)}
            """)
    }

    private static func state(_ name: String, _ isEnabled: Bool, _ value: String = "null", more: String = "") -> String
    {
        #"{"feature": {"id": 1, "name": "\#(name)", "type": "STANDARD"}, "enabled": \#(isEnabled), "feature_state_value": \#(value)\#(more)}"#
    }

    @Test func `a feature without values is a boolean flag`() throws {
        let taken = try Self.environment("[\(Self.state("a", true)), \(Self.state("b", false, "\"\""))]")
        #expect(taken.value("a", [:]) == true)
        #expect(taken.value("b", [:]) == false)
        #expect(try taken.flag("a") == ["type": "boolean", "variants": ["on": true, "off": false]])
    }

    @Test func `a feature with a value has it while it is enabled`() throws {
        let taken = try Self.environment("[\(Self.state("a", true, "\"blue\"")), \(Self.state("b", false, "5"))]")
        #expect(taken.value("a", [:]) == "blue")
        #expect(try taken.flag("b")?["type"] == "integer")
        #expect(taken.value("b", [:]) == nil)
        #expect(taken.said(.warning, of: "a").count == 1)
    }

    @Test func `identities come before segments, and those in the order of their priority`() throws {
        let taken = try Self.environment(
            "[\(Self.state("f", true, "\"everybody\""))]",
            segments: """
                [{"id": 1, "name": "staff", "rules": [{"type": "ALL", "rules": [], "conditions": [{"operator": "EQUAL", "property_": "staff", "value": "True"}]}],
                  "feature_states": [\(Self.state("f", true, "\"staff\"", more: #", "feature_segment": {"priority": 5}"#))]},
                 {"id": 2, "name": "beta", "rules": [{"type": "ALL", "rules": [], "conditions": [{"operator": "EQUAL", "property": "beta", "value": "1"}]}],
                  "feature_states": [\(Self.state("f", true, "\"beta\"", more: #", "feature_segment": {"priority": 1}"#))]},
                 {"id": 3, "name": "blocked", "rules": [{"type": "ALL", "rules": [], "conditions": [{"operator": "IS_SET", "property": "blocked"}]}],
                  "feature_states": [\(Self.state("f", false, "\"x\"", more: #", "feature_segment": {"priority": 0}"#))]}]
                """,
            identities: """
                [{"identifier": "ann", "identity_features": [\(Self.state("f", true, "\"ann\""))]},
                 {"identifier": "bob", "identity_features": [\(Self.state("f", true, "\"ann\""))]},
                 {"identifier": "", "identity_features": []}]
                """)
        #expect(taken.value("f", user("ann", ["blocked": 1])) == "ann")
        #expect(taken.value("f", user("bob")) == "ann")
        #expect(taken.value("f", user("eve")) == "everybody")
        #expect(taken.value("f", user("eve", ["staff": true])) == "staff")
        #expect(taken.value("f", user("eve", ["staff": true, "beta": 1])) == "beta")
        #expect(taken.value("f", user("eve", ["staff": true, "beta": "1", "blocked": "yes"])) == nil)
        #expect(taken.said(.error, of: nil).count == 1)
    }

    private static func segment(_ rules: String) throws -> Imported {
        try environment(
            "[\(state("f", false))]",
            segments: #"[{"id": 1, "name": "s", "rules": \#(rules), "feature_states": [\#(state("f", true))]}]"#)
    }

    private static func condition(_ symbol: String, _ value: String) throws -> Imported {
        try segment(
            #"[{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [{"operator": "\#(symbol)", "property_": "x", "value": "\#(value)"}]}], "conditions": []}]"#
        )
    }

    @Test(
        arguments: [
            ("EQUAL", "5", [5, "5"], [6, .null]),
            ("EQUAL", "true", [true, "true"], [false]),
            ("EQUAL", "1.2.0:semver", ["1.2.0"], ["1.3.0"]),
            ("NOT_EQUAL", "5", [6, "x"], [5, "5", .null]),
            ("GREATER_THAN", "5", [6], [5, .null]),
            ("GREATER_THAN_INCLUSIVE", "5", [5], [4]),
            ("LESS_THAN", "5.5", [5], [6, .null]),
            ("LESS_THAN_INCLUSIVE", "5", [5], [6]),
            ("GREATER_THAN", "1.2.0:semver", ["1.3.0"], ["1.2.0"]),
            ("GREATER_THAN_INCLUSIVE", "1.2.0:semver", ["1.2.0"], ["1.1.9"]),
            ("LESS_THAN", "1.2.0:semver", ["1.2.0-rc"], ["1.2.0"]),
            ("LESS_THAN_INCLUSIVE", "1.2.0:semver", ["1.2.0"], ["1.2.1"]),
            ("CONTAINS", "mid", ["amidst"], ["mad", .null]),
            ("NOT_CONTAINS", "mid", ["mad"], ["amidst", .null]),
            ("REGEX", "ab", ["abc"], ["cab"]),
            ("REGEX", "^ab$", ["ab"], ["abc"]),
            ("REGEX", ".*@shop\\\\.example$", ["a@shop.example"], ["a@shopxexample"]),
            ("IN", "a,b,7", ["a", "7", 7], ["c", .null]),
            ("IN", #"[\"a\", 7]"#, ["a", 7], ["[\"a\""]),
            ("IS_SET", "", [0], [.null]),
            ("IS_NOT_SET", "", [.null], [0]),
            ("MODULO", "3|1", [4, 7], [3, .null]),
            ("MODULO", "3|0", [3], [4, .null]),
        ] as [(String, String, [JSONValue], [JSONValue])])
    func `conditions hold for the same traits`(
        symbol: String, value: String, held: [JSONValue], refused: [JSONValue]
    ) throws {
        let taken = try Self.condition(symbol, value)
        #expect(taken.flags.notices.allSatisfy { $0.severity != .error })
        for value in held { #expect(taken.value("f", value.isNull ? [:] : ["x": value]) == true, "\(value)") }
        for value in refused { #expect(taken.value("f", value.isNull ? [:] : ["x": value]) == false, "\(value)") }
    }

    @Test(
        arguments: [
            ("REGEX", "[0-9]+"), ("GREATER_THAN", "m"), ("FUZZY", "x"), ("PERCENTAGE_SPLIT", "most"), ("MODULO", "0|1"),
        ])
    func `a segment that cannot be said is left out with what it gets, each with its reason`(
        symbol: String, value: String
    ) throws {
        let taken = try Self.condition(symbol, value)
        #expect(taken.said(.error, of: "s").count == 2)
        #expect(taken.said(.error, of: "f").count == 1)
        #expect(taken.flags.segments.isEmpty)
        #expect(taken.value("f", ["x": 9]) == false)
    }

    @Test func `rules nest, and are taken together by their type`() throws {
        let taken = try Self.segment(
            """
            [{"type": "ALL", "conditions": [], "rules": [
                {"type": "ANY", "conditions": [{"operator": "EQUAL", "property_": "a", "value": "1"}, {"operator": "EQUAL", "property_": "b", "value": "1"}]},
                {"type": "NONE", "conditions": [{"operator": "EQUAL", "property_": "c", "value": "1"}]} ]}]
            """)
        #expect(taken.value("f", ["a": "1"]) == true)
        #expect(taken.value("f", ["b": "1"]) == true)
        #expect(taken.value("f", ["a": "1", "c": "1"]) == false)
        #expect(taken.value("f", [:]) == false)
        #expect(try taken.segment("s")?["rules"] != nil, "it is structured")
        #expect(try Self.segment("[]").value("f", ["a": "1"]) == false, "nobody is in a segment without rules")
    }

    @Test func `percentages of segments are kept, and it is said that people move`() throws {
        let taken = try Self.segment(
            #"[{"type": "ALL", "rules": [], "conditions": [{"operator": "PERCENTAGE_SPLIT", "property_": "", "value": "20.5"}]}]"#
        )
        #expect((140...270).contains(taken.share(of: true, "f")))
        #expect(taken.value("f", [:]) == false)
        #expect(taken.said(.warning, of: "s").count == 1)
    }

    @Test func `multivariate options have their percentages, and the rest the feature's value`() throws {
        let options = """
            , "multivariate_feature_state_values": [
                {"id": 2, "percentage_allocation": 20.0, "multivariate_feature_option": {"value": "green"}},
                {"id": 1, "percentage_allocation": 30.0, "multivariate_feature_option": {"value": "blue"}}]
            """
        let taken = try Self.environment("[\(Self.state("f", true, "\"red\"", more: options))]")
        #expect((240...360).contains(taken.share(of: "blue", "f")))
        #expect((140...260).contains(taken.share(of: "green", "f")))
        #expect((430...570).contains(taken.share(of: "red", "f")))
        #expect(taken.value("f", [:]) == "red", "without an identity it is the feature's value")
        #expect(taken.said(.warning, of: "f").contains { $0.contains("people move") })
        let bare = try Self.environment("[\(Self.state("f", true, "null", more: options))]")
        #expect((240...360).contains(bare.share(of: "blue", "f")))
        #expect((140...260).contains(bare.share(of: "green", "f")))
        #expect(bare.value("f", [:]) == nil)
    }

    @Test func `values of different types are kept as texts`() throws {
        let taken = try Self.environment(
            "[\(Self.state("f", true, "5"))]",
            identities: #"[{"identifier": "ann", "identity_features": [\#(Self.state("f", true, "\"x\""))]}]"#)
        #expect(taken.value("f", [:]) == "5")
        #expect(taken.value("f", user("ann")) == "x")
        #expect(taken.said(.warning, of: "f").contains { $0.contains("different types") })
    }

    @Test func `a file that is none of theirs is refused`() throws {
        #expect(throws: InvalidFlagItem.self) { try Imported(.flagsmith, #"{"flags": {}}"#) }
    }
}
