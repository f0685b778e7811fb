import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite("Imports from Unleash")
struct UnleashImportTests {
    private static func features(_ features: String, segments: String = "[]") throws -> Imported {
        try Imported(.unleash, #"{"version": 2, "features": \#(features), "segments": \#(segments)}"#)
    }

    private static func strategy(_ name: String, _ parameters: String, constraints: String = "[]") throws -> Imported {
        try features(
            #"[{"name": "f", "enabled": true, "strategies": [{"name": "\#(name)", "parameters": \#(parameters), "constraints": \#(constraints)}]}]"#
        )
    }

    @Test(
        arguments: [
            ("default", "{}", [user("u"), [:]], []),
            ("userWithId", #"{"userIds": "ann, bob"}"#, [user("ann"), user("bob")], [user("eve"), [:]]),
            ("flexibleRollout", #"{"rollout": "100", "stickiness": "default", "groupId": "f"}"#, [user("u")], []),
            ("flexibleRollout", #"{"rollout": 0, "stickiness": "default"}"#, [], [user("u")]),
            (
                "remoteAddress", #"{"IPs": "10.0.0.0/8, 192.168.1.7, gateway"}"#,
                [["remoteAddress": "10.9.8.7"], ["remoteAddress": "192.168.1.7"], ["remoteAddress": "gateway"]],
                [["remoteAddress": "11.0.0.1"], [:]]
            ),
            ("applicationHostname", #"{"hostNames": "Web1,web2"}"#, [["hostname": "web1"]], [["hostname": "web3"]]),
        ] as [(String, String, [JSONObject], [JSONObject])])
    func `strategies enable for the same contexts`(
        name: String, parameters: String, enabled: [JSONObject], others: [JSONObject]
    ) throws {
        let taken = try Self.strategy(name, parameters)
        #expect(taken.flags.notices.allSatisfy { $0.severity != .error })
        for context in enabled { #expect(taken.value("f", context) == true, "\(context)") }
        for context in others { #expect(taken.value("f", context) == false, "\(context)") }
    }

    @Test(
        arguments: [
            ("flexibleRollout", #"{"rollout": "30", "stickiness": "sessionId", "groupId": "g"}"#, "sessionId"),
            ("flexibleRollout", #"{"rollout": "30", "stickiness": "random"}"#, "targetingKey"),
            ("gradualRolloutUserId", #"{"percentage": "30", "groupId": "g"}"#, "targetingKey"),
            ("gradualRolloutSessionId", #"{"percentage": "30"}"#, "sessionId"),
            ("gradualRolloutRandom", #"{"percentage": 30}"#, "targetingKey"),
        ])
    func `shares keep their percentage, and it is said that people move`(
        name: String, parameters: String, attribute: String
    ) throws {
        let taken = try Self.strategy(name, parameters)
        #expect((230...370).contains(taken.share(of: true, "f", attribute)))
        #expect(taken.said(.warning, of: "f").contains { $0.contains("people move") })
        guard case .rules? = taken.flags.rules[try FlagKey(parsing: "f")]?.targeting else {
            Issue.record("a single share is a structured split")
            return
        }
    }

    @Test(
        arguments: [
            (#""IN", "values": ["DE", " 7 "]"#, ["DE", "7", 7], ["FR", 8]),
            (#""NOT_IN", "values": ["DE"]"#, ["FR", .null], ["DE"]),
            (#""STR_STARTS_WITH", "values": ["ab", "x"]"#, ["abc", "xy"], ["cab", .null]),
            (#""STR_ENDS_WITH", "values": ["yz"]"#, ["xyz"], ["yzx"]),
            (#""STR_CONTAINS", "values": ["mid"]"#, ["amidst"], ["mad"]),
            (#""STR_CONTAINS", "values": ["4-2"], "caseInsensitive": true"#, ["14-21"], ["42"]),
            (#""STR_CONTAINS", "values": ["mid"], "inverted": true"#, ["mad", .null], ["amidst"]),
            (#""NUM_EQ", "value": "5"# + #"""#, [5, "5"], [6, .null]),
            (#""NUM_GT", "value": "5.5"# + #"""#, [6], [5, .null]),
            (#""NUM_GTE", "value": "5"# + #"""#, [5], [4]),
            (#""NUM_LT", "value": "5"# + #"""#, [4], [5, .null]),
            (#""NUM_LTE", "value": 5"#, [5], [6]),
            (#""SEMVER_EQ", "value": "1.2.3"# + #"""#, ["1.2.3"], ["1.2.4"]),
            (#""SEMVER_GT", "value": "1.2.3"# + #"""#, ["1.3.0"], ["1.2.3", .null]),
            (#""SEMVER_LT", "value": "1.2.3"# + #"""#, ["1.2.3-rc.1"], ["1.2.3"]),
        ] as [(String, [JSONValue], [JSONValue])])
    func `constraints hold for the same values`(constraint: String, held: [JSONValue], refused: [JSONValue]) throws {
        let taken = try Self.strategy(
            "default", "{}", constraints: #"[{"contextName": "x", "operator": \#(constraint)}]"#)
        #expect(taken.flags.notices.allSatisfy { $0.severity != .error })
        for value in held { #expect(taken.value("f", value.isNull ? [:] : ["x": value]) == true, "\(value)") }
        for value in refused { #expect(taken.value("f", value.isNull ? [:] : ["x": value]) == false, "\(value)") }
    }

    @Test func `dates are compared with the time of the evaluation`() throws {
        let taken = try Self.strategy(
            "default", "{}",
            constraints: """
                [{"contextName": "currentTime", "operator": "DATE_AFTER", "value": "2026-01-01T00:00:00.000Z"},
                 {"contextName": "currentTime", "operator": "DATE_BEFORE", "value": "2026-02-01"}]
                """)
        #expect(taken.value("f", [:], at: 1_767_225_599) == false)
        #expect(taken.value("f", [:], at: 1_767_225_601) == true)
        #expect(taken.value("f", [:], at: 1_769_904_000) == false)
    }

    @Test(
        arguments: [
            #"{"name": "custom", "parameters": {}}"#,
            #"{"name": "default", "constraints": [{"contextName": "x", "operator": "STR_CONTAINS", "values": ["Mid"], "caseInsensitive": true}]}"#,
            #"{"name": "default", "constraints": [{"contextName": "x", "operator": "FUZZY", "values": ["a"]}]}"#,
            #"{"name": "default", "constraints": [{"contextName": "x", "operator": "NUM_GT", "value": "many"}]}"#,
            #"{"name": "default", "segments": [7]}"#,
            #"{"name": "flexibleRollout", "parameters": {"rollout": "most"}}"#,
        ])
    func `a strategy that cannot be said enables for nobody, with its reason`(strategy: String) throws {
        let taken = try Self.features(
            #"[{"name": "f", "enabled": true, "strategies": [\#(strategy), {"name": "userWithId", "parameters": {"userIds": "ann"}}]}]"#
        )
        #expect(!taken.said(.error, of: "f").isEmpty)
        #expect(taken.value("f", user("ann", ["x": "amidst"])) == true)
        #expect(taken.value("f", user("eve", ["x": "amidst"])) == false)
    }

    @Test func `any strategy enables, shares beside one another too`() throws {
        let taken = try Self.features(
            """
            [{"name": "f", "enabled": true, "strategies": [
                {"name": "flexibleRollout", "parameters": {"rollout": "50", "groupId": "a"}},
                {"name": "flexibleRollout", "parameters": {"rollout": "50", "groupId": "b"}},
                {"name": "userWithId", "parameters": {"userIds": "user-1,user-2"}} ]}]
            """)
        #expect((680...820).contains(taken.share(of: true, "f")), "three of four are in one half or the other")
        #expect(taken.value("f", user("user-1")) == true)
        #expect(taken.value("f", user("user-2")) == true)
    }

    @Test func `segments of the file are segments here`() throws {
        let taken = try Self.features(
            #"[{"name": "f", "enabled": true, "strategies": [{"name": "default", "segments": [3]}]}]"#,
            segments: """
                [{"id": 3, "name": "Beta users", "constraints": [{"contextName": "beta", "operator": "IN", "values": ["true"]}]},
                 {"id": 4, "name": "everybody", "constraints": []}, {"id": 5, "name": "unsaid"}]
                """)
        #expect(try taken.rule("f")?["rules"] == [["serve": "on", "when": [["segment": "Beta-users"]]]])
        #expect(taken.value("f", ["beta": true]) == true)
        #expect(taken.value("f", ["beta": "true"]) == true)
        #expect(taken.value("f", [:]) == false)
        #expect(try taken.segment("everybody")?["targeting"] != nil)
        #expect(taken.said(.error, of: "unsaid").count == 1)
    }

    @Test func `variants give the flag's values, by their weights, after their overrides`() throws {
        let taken = try Self.features(
            """
            [{"name": "f", "enabled": true, "type": "experiment",
              "strategies": [{"name": "flexibleRollout", "parameters": {"rollout": "50", "stickiness": "default", "groupId": "f"}}],
              "variants": [
                {"name": "small", "weight": 250, "stickiness": "default", "payload": {"type": "number", "value": "1"}, "overrides": [{"contextName": "userId", "values": ["ann"]}]},
                {"name": "large", "weight": 750, "payload": {"type": "number", "value": "2.5"}} ]}]
            """)
        #expect(
            try taken.flag("f") == [
                "type": "double", "variants": ["small": 1, "large": 2.5], "purpose": "experiment",
            ])
        #expect((430...570).contains(taken.share(of: nil, "f")), "who is not in the share has the caller's default")
        #expect((70...180).contains(taken.share(of: 1, "f")))
        #expect((300...450).contains(taken.share(of: 2.5, "f")))
        #expect([1, nil].contains(taken.value("f", user("ann"))))
        #expect(taken.said(.warning, of: "f").contains { $0.contains("only whether the feature is enabled") })
    }

    @Test func `dependencies become prerequisites`() throws {
        let taken = try Self.features(
            """
            [{"name": "parent", "enabled": true, "strategies": [{"name": "userWithId", "parameters": {"userIds": "ann"}}]},
             {"name": "off", "enabled": false, "strategies": [{"name": "default"}]},
             {"name": "child", "enabled": true, "strategies": [], "dependencies": [{"feature": "parent"}]},
             {"name": "opposite", "enabled": true, "strategies": [], "dependencies": [{"feature": "parent", "enabled": false}]},
             {"name": "orphan", "enabled": true, "strategies": [], "dependencies": [{"feature": "nowhere"}]},
             {"name": "ofOff", "enabled": true, "strategies": [], "dependencies": [{"feature": "off"}]}]
            """)
        for (name, ann, eve) in [
            ("child", true, false), ("opposite", false, true), ("orphan", false, false), ("ofOff", false, false),
            ("off", false, false),
        ] {
            #expect(taken.value(name, user("ann")) == .bool(ann), "\(name)")
            #expect(taken.value(name, user("eve")) == .bool(eve), "\(name)")
        }
        #expect(taken.said(.error, of: "orphan").count == 1)
        #expect(taken.said(.information, of: "off").count == 1)
    }

    private static let export = """
        { "features": [ {"name": "f", "type": "kill-switch", "description": "Stops it", "project": "default", "stale": false} ],
          "featureStrategies": [
            {"id": "s1", "name": "flexibleRollout", "featureName": "f", "environment": "production", "sortOrder": 1, "parameters": {"rollout": "100"}, "constraints": [], "segments": []},
            {"id": "s2", "strategyName": "userWithId", "featureName": "f", "environment": "development", "parameters": {"userIds": "ann"}, "constraints": []} ],
          "featureEnvironments": [ {"featureName": "f", "environment": "production", "enabled": false, "variants": []},
                                   {"featureName": "f", "environment": "development", "enabled": true} ],
          "featureStrategySegments": [ {"featureStrategyId": "s2", "segmentId": 1} ],
          "featureTags": [ {"featureName": "f", "tagType": "simple", "tagValue": "shop"}, {"featureName": "f", "tagType": "team", "tagValue": "blue"} ],
          "segments": [ {"id": 1, "name": "staff", "constraints": [{"contextName": "email", "operator": "STR_ENDS_WITH", "values": ["@shop.example"]}]} ],
          "dependencies": [], "contextFields": [{"name": "email"}], "tagTypes": [] }
        """

    @Test func `of an export the chosen environment is taken`() throws {
        let development = try Imported(.unleash, Self.export, FlagImportOrder(environment: "development"))
        #expect(development.value("f", user("ann", ["email": "ann@shop.example"])) == true)
        #expect(development.value("f", user("ann")) == false)
        #expect(
            try development.flag("f") == [
                "type": "boolean", "variants": ["on": true, "off": false], "description": "Stops it",
                "purpose": "operational", "tags": ["shop", "team:blue"],
            ])
        let production = try Imported(.unleash, Self.export, FlagImportOrder(environment: "production"))
        #expect(production.value("f", user("ann")) == false)
        #expect(try production.rule("f")?["rules"] == [["name": "off", "serve": "off"], ["serve": "on"]])
        #expect(throws: InvalidFlagItem.self) { try Imported(.unleash, Self.export) }
        #expect(production.flags.notices.contains { $0.message.contains("contextFields") })
    }

    @Test func `a file that is none of theirs is refused`() throws {
        #expect(throws: InvalidFlagItem.self) { try Imported(.unleash, #"{"flags": {}}"#) }
    }
}
