import ExactJSON
import Testing

@testable import ConfigPlatformFlags

@Suite struct ExperimentTests {
    private static let key: FlagKey = try! FlagKey(parsing: "button")

    private static func split(_ weights: [Int64] = [1, 1], by: String? = nil, seed: String? = nil) -> JSONValue {
        let shares = zip(["red", "blue", "green"], weights).map { name, weight -> JSONValue in
            ["variant": .string(name), "weight": .int(weight)]
        }
        var members: JSONObject = ["split": .array(shares)]
        members["by"] = by.map { .string($0) }
        members["seed"] = seed.map { .string($0) }
        return .object(members)
    }

    private static func lowering(_ rule: JSONValue, kill: JSONValue? = nil, rollout: JSONValue? = nil) throws
        -> FlagLowering
    {
        let flag = try FlagBody(parsing: [
            "type": "string", "variants": ["red": "r", "blue": "b", "green": "g"], "defaultVariant": "green",
        ])
        let open = try FlagBody(parsing: ["type": "boolean", "variants": ["on": true], "defaultVariant": "on"])
        let other = FlagItems(
            flag: open,
            rule: try FlagRuleBody(parsing: [
                "rules": [["when": [["attribute": "beta", "operator": "exists"]], "serve": "on"]],
                "defaultVariant": .null,
            ]))
        let items = FlagItems(
            flag: flag, rule: try FlagRuleBody(parsing: rule),
            rollout: try rollout.map { try FlagRolloutBody(parsing: $0) },
            kill: try kill.map { try FlagKillBody(parsing: $0) })
        return FlagLowering(
            flag: { $0 == key ? items : $0.rawValue == "other" ? other : nil }, segment: { _ in nil })
    }

    private static func flag(_ rule: JSONValue, kill: JSONValue? = nil, rollout: JSONValue? = nil) throws -> Flag {
        let lowering = try lowering(rule, kill: kill, rollout: rollout)
        let lowered = try #require(try lowering.definition(of: key))
        return try Flag(
            key: key.rawValue, definition: lowered.definition,
            evaluators: Evaluators(try lowering.evaluators(lowered.shared)))
    }

    private static func assignment(_ flag: Flag, _ context: JSONObject, as type: FlagType? = nil) -> Assignment? {
        let context = FlagContext(context)
        return flag.assignment(flag.resolve(context, as: type, at: 100), context, at: 100, client: "tests")
    }

    private static let german: JSONValue = ["attribute": "country", "operator": "equals", "values": ["DE"]]

    // MARK: What is written

    @Test func `an experiment reads back as it was written`() throws {
        let rule: JSONValue = [
            "rules": [
                [
                    "serve": Self.split(),
                    "experiment": [
                        "key": "button-colour", "logPercent": 12.5, "attributes": ["country", "user.plan"],
                    ],
                ]
            ]
        ]
        let body = try FlagRuleBody(parsing: rule)
        #expect(body.json == rule)
        let found = try #require(body.experiment(try ExperimentKey(parsing: "button-colour")))
        #expect(found.plan.share == 12_500 && found.split.shares.count == 2)
        let plain: JSONValue = [
            "serve": Self.split(), "experiment": ["key": "a", "logPercent": 100, "attributes": []],
        ]
        #expect(try TargetingRule(parsing: plain).json["experiment"] == ["key": "a"])
    }

    @Test(
        arguments: [
            (#"{"serve": "red", "experiment": {"key": "a"}}"#, "/experiment"),
            (#"{"serve": SPLIT, "experiment": {}}"#, "/experiment"),
            (#"{"serve": SPLIT, "experiment": {"key": "a b"}}"#, "/experiment/key"),
            (#"{"serve": SPLIT, "experiment": {"key": ".a"}}"#, "/experiment/key"),
            (#"{"serve": SPLIT, "experiment": {"key": "a", "logPercent": 0}}"#, "/experiment/logPercent"),
            (#"{"serve": SPLIT, "experiment": {"key": "a", "logPercent": 100.5}}"#, "/experiment/logPercent"),
            (#"{"serve": SPLIT, "experiment": {"key": "a", "logPercent": 0.0001}}"#, "/experiment/logPercent"),
            (#"{"serve": SPLIT, "experiment": {"key": "a", "attributes": ["b", "b"]}}"#, "/experiment/attributes"),
            (#"{"serve": SPLIT, "experiment": {"key": "a", "attributes": ["$flagd.x"]}}"#, "/experiment/attributes/0"),
            (#"{"serve": SPLIT, "experiment": {"key": "a", "share": 1}}"#, "/experiment/share"),
        ])
    func `what is no experiment is told with its place`(_ text: String, _ pointer: String) throws {
        let json = try JSONValue(
            parsing: Array(text.replacing("SPLIT", with: Self.split().canonicalText).utf8))
        let error = #expect(throws: InvalidFlagItem.self) { try TargetingRule(parsing: json) }
        #expect(error?.faults.first?.pointer.text == pointer)
    }

    @Test func `of two experiments of one key, and of too many, it is told`() throws {
        func rules(_ keys: [String]) -> JSONValue {
            ["rules": .array(keys.map { ["serve": Self.split(), "experiment": ["key": .string($0)]] })]
        }
        _ = try FlagRuleBody(parsing: rules((0..<FlagLimits.experiments).map { "k\($0)" }))
        for keys in [["a", "b", "a"], (0...FlagLimits.experiments).map { "k\($0)" }] {
            let error = #expect(throws: InvalidFlagItem.self) { try FlagRuleBody(parsing: rules(keys)) }
            #expect(error?.faults.first?.pointer.text == "/rules")
        }
    }

    // MARK: Which split decided

    @Test func `only what the experiment's own split gives is assigned`() throws {
        let flag = try Self.flag([
            "rules": [
                ["when": [["attribute": "staff", "operator": "exists"]], "serve": "red"],
                [
                    "when": [Self.german], "serve": Self.split(by: "account"),
                    "experiment": ["key": "german", "attributes": ["country", "plan", "list"]],
                ],
                ["serve": Self.split(seed: "s"), "experiment": ["key": "rest"]],
            ]
        ])
        #expect(flag.faults.isEmpty && flag.experiments.map(\.key) == ["german", "rest"])
        #expect(Self.assignment(flag, ["targetingKey": "u", "staff": true, "country": "DE"]) == nil)
        let german = try #require(
            Self.assignment(
                flag, ["targetingKey": "u", "account": 7, "country": "DE", "plan": 2.5, "list": [1], "secret": "x"]))
        #expect(german.key.experiment == "german" && german.key.unit.text == "7")
        #expect(german.attributes == ["country": "DE", "plan": 2.5])
        #expect(german.exposures == 1 && german.firstAt == 100 && german.client == "tests")
        #expect(Self.assignment(flag, ["targetingKey": "u", "country": "DE"]) == nil, "a split of none")
        let rest = try #require(Self.assignment(flag, ["targetingKey": "u", "country": "FR"]))
        #expect(rest.key.experiment == "rest" && rest.key.unit.text == "u" && rest.attributes == [:])
        #expect(rest.key.version != german.key.version)
        let long = String(repeating: "u", count: Assignment.unitBytes + 1)
        #expect(Self.assignment(flag, ["targetingKey": .string(long)]) == nil)
        #expect(Self.assignment(flag, ["targetingKey": "u\u{0}"]) == nil)
        #expect(Self.assignment(flag, ["targetingKey": "u"], as: .boolean) == nil, "nobody got a variant")
    }

    @Test func `the split is found behind prerequisites, before a rollout, and alone`() throws {
        let experiment: JSONValue = ["key": "e"]
        let alone: JSONValue = ["rules": [["serve": Self.split(), "experiment": experiment]]]
        #expect(Self.assignment(try Self.flag(alone), ["targetingKey": "u"]) != nil)
        let required = try Self.flag([
            "prerequisites": [["flag": "other", "variants": ["on"]]],
            "rules": [["when": [Self.german], "serve": "red"], ["serve": Self.split(), "experiment": experiment]],
        ])
        #expect(Self.assignment(required, ["targetingKey": "u", "beta": 1]) != nil)
        #expect(Self.assignment(required, ["targetingKey": "u"]) == nil)
        let rollout: JSONValue = ["variant": "red", "steps": [["percent": 100]]]
        let rolled = try Self.flag(
            ["rules": [["when": [Self.german], "serve": Self.split(), "experiment": experiment]]], rollout: rollout)
        #expect(Self.assignment(rolled, ["targetingKey": "u", "country": "DE"]) != nil)
        #expect(Self.assignment(rolled, ["targetingKey": "u"]) == nil)
        let killed = try Self.flag(alone, kill: ["variant": "red", "reason": "r"])
        #expect(killed.experiments.isEmpty && Self.assignment(killed, ["targetingKey": "u"]) == nil)
    }

    @Test func `an experiment alters nothing of what a flag comes to, nor of what clients of flagd get`() throws {
        func rule(_ experiment: JSONValue?) -> JSONValue {
            var members: JSONObject = ["serve": Self.split([1, 2])]
            members["experiment"] = experiment
            return ["rules": [["when": [Self.german], "serve": "green"], .object(members)]]
        }
        let (with, without) = (try Self.flag(rule(["key": "e"])), try Self.flag(rule(nil)))
        for number in 0..<500 {
            let context = FlagContext(["targetingKey": .string("u\(number)"), "country": number % 9 == 0 ? "DE" : "FR"])
            let (a, b) = (with.resolve(context, as: nil, at: 0), without.resolve(context, as: nil, at: 0))
            #expect(a.variant?.name == b.variant?.name && a.reason == b.reason && b.experiment == -1)
            #expect((a.experiment == 0) == (number % 9 != 0))
        }
        let lowering = try Self.lowering(rule(["key": "e"]))
        let lowered = try #require(try lowering.definition(of: Self.key))
        #expect(lowered.definition["experiments"] != nil)
        #expect(try lowering.portable(lowered).definition["experiments"] == nil)
        let sent = try lowering.document(of: [Self.key])
        #expect(try sent == Self.lowering(rule(nil)).document(of: [Self.key]))
    }

    @Test func `a definition with an experiment that is none is evaluated without it`() throws {
        let definition = try #require(
            try Self.lowering(["rules": [["serve": Self.split(), "experiment": ["key": "e"]]]]).definition(of: Self.key)
        ).definition
        for experiments in [5, [5], [["key": "e"]], [["key": "e", "version": "v", "by": "b", "at": "no pointer"]]]
            as [JSONValue]
        {
            var altered = definition
            altered["experiments"] = experiments
            let flag = try Flag(key: "button", definition: altered)
            #expect(flag.experiments.isEmpty && flag.faults.isEmpty)
            #expect(flag.resolve(FlagContext(["targetingKey": "u"]), as: nil, at: 0).variant != nil)
        }
    }

    // MARK: Units

    @Test func `the version is another where units may get another variant, and only there`() throws {
        func version(_ serve: JSONValue) throws -> String {
            guard case .split(let split) = try Serve(parsing: serve) else { return "" }
            return split.version(in: Self.key)
        }
        let plain = try version(Self.split())
        #expect(plain.count == 16 && plain.allSatisfy(\.isHexDigit))
        #expect(try version(Self.split(seed: "button")) == plain)
        let others = try [
            Self.split([1, 2]), Self.split([1, 1, 1]), Self.split(by: "account"), Self.split(seed: "x"),
        ].map(version)
        #expect(Set(others + [plain]).count == 5)
    }

    @Test func `of the units those are written down that a smaller share had too, and as many of each variant`() throws
    {
        func flag(_ percent: JSONValue) throws -> Flag {
            try Self.flag(["rules": [["serve": Self.split(), "experiment": ["key": "e", "logPercent": percent]]]])
        }
        let (tenth, half) = (try flag(10), try flag(50))
        var units: (tenth: Int, half: Int, red: Int) = (0, 0, 0)
        for number in 0..<20_000 {
            let context: JSONObject = ["targetingKey": .string("user-\(number)")]
            let (a, b) = (Self.assignment(tenth, context), Self.assignment(half, context))
            if let a {
                units.tenth += 1
                if a.key.variant.text == "red" { units.red += 1 }
                #expect(b != nil)
            }
            if b != nil { units.half += 1 }
        }
        // Four standard deviations around what is expected.
        #expect(abs(units.tenth - 2_000) < 170 && abs(units.half - 10_000) < 283)
        #expect(abs(units.red * 2 - units.tenth) < 180)
    }

    @Test func `assignments of one unit are added up, and a table that is full takes no other`() throws {
        func assignment(_ unit: String, _ variant: String = "red", at time: Int64, _ exposures: Int64 = 1) -> Assignment
        {
            Assignment(
                Assignment.Key(flag: "f", experiment: "e", version: "v", unit: unit, variant: variant), firstAt: time,
                lastAt: time, exposures: exposures, attributes: ["n": .int(time)], client: "c\(time)")
        }
        var table = AssignmentTable()
        var taken: [Bool] = []
        for time in [5, 3, 9] as [Int64] { taken.append(table.add(assignment("a", at: time), mayGrow: true)) }
        taken.append(table.add(assignment("a", "blue", at: 1), mayGrow: true))
        taken.append(table.add(assignment("b", at: 1), mayGrow: false))
        taken.append(table.add(assignment("a", at: 4, .max), mayGrow: false))
        #expect(taken == [true, true, true, true, false, true])
        let all = table.take().sorted { $0.key.variant.text > $1.key.variant.text }
        #expect(table.isEmpty && all.count == 2)
        #expect(all[0].firstAt == 3 && all[0].lastAt == 9 && all[0].exposures == .max)
        #expect(all[0].attributes == ["n": 5] && all[0].client == "c5")
    }
}
