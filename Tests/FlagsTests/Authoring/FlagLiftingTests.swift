import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite struct FlagLiftingTests {
    private static func key() throws -> FlagKey { try FlagKey(parsing: "the flag") }

    private static func lift(_ text: String) throws -> JSONValue {
        let logic = try #require(try JSONValue(parsing: text).objectValue)
        return .array(try FlagLifting.rules(of: logic, in: try key()).map(\.json))
    }

    private static func generator(_ random: SeededGenerator) throws -> ItemGenerator {
        var generator = ItemGenerator(random)
        generator.segments = try ["beta", "staff"].map { text in try SegmentName(parsing: text) }
        generator.variants = try ["on", "off", "true", "false"].map { text in try VariantName(parsing: text) }
        return generator
    }

    @Test func `rules come back from what they were lowered to`() throws {
        try SeededGenerator.runs(1_500) { random in
            var generator = try Self.generator(random)
            generator.isCanonical = true
            let rules = try generator.list(0...5) { me in try me.rule() }
            let logic = FlagLowering.logic(of: rules, in: try Self.key()) ?? JSONObject()
            let lifted = try FlagLifting.rules(of: logic, in: try Self.key())
            #expect(lifted.map(\.json) == rules.map(\.json), "\(JSONValue.object(logic)); \(random)")
        }
    }

    @Test func `what reads back otherwise stays as it is from then on`() throws {
        try SeededGenerator.runs(1_500, from: 50_000) { random in
            var generator = try Self.generator(random)
            let rules = try generator.list(0...5) { me in try me.rule() }
            let logic = FlagLowering.logic(of: rules, in: try Self.key()) ?? JSONObject()
            let lifted = try FlagLifting.rules(of: logic, in: try Self.key())
            let again = FlagLowering.logic(of: lifted, in: try Self.key()) ?? JSONObject()
            let liftedAgain = try FlagLifting.rules(of: again, in: try Self.key())
            #expect(liftedAgain == lifted, "\(random)")
        }
    }

    /// JsonLogic drawn without regard to what can be said: what is lifted comes to the same for every context.
    @Test func `what is lifted means the same`() throws {
        let segments = Evaluators([
            "segment:beta": ["===": [["var": "user.beta"], true]],
            "segment:staff": ["in": [["var": "user.id"], ["u1", "u2"]]],
        ])
        var liftedCount = 0
        try SeededGenerator.runs(5_000) { random in
            var drawing = LogicDrawing(random: random)
            let logic = drawing.targeting()
            guard let rules = try? FlagLifting.rules(of: logic, in: try Self.key()) else { return }
            liftedCount += 1
            func flag(_ logic: JSONObject) throws -> Flag {
                let definition: JSONObject = [
                    "state": "ENABLED", "variants": ["true": 1, "false": 2, "on": 3, "off": 4],
                    "targeting": .object(logic),
                ]
                return try Flag(key: try Self.key().rawValue, definition: definition, evaluators: segments)
            }
            let (written, said) = (try flag(logic), try flag(FlagLowering.logic(of: rules, in: try Self.key()) ?? [:]))
            var generator = ItemGenerator(drawing.random)
            for _ in 0..<20 {
                let context = generator.context()
                let seconds = generator.random.element(of: ItemGenerator.moments)
                let expected = written.resolve(FlagContext(context), as: nil, at: seconds)
                let found = said.resolve(FlagContext(context), as: nil, at: seconds)
                #expect(
                    found.variant?.name == expected.variant?.name && found.error == expected.error,
                    "\(JSONValue.object(logic)) for \(JSONValue.object(context)) at \(seconds); \(random)")
            }
        }
        #expect(liftedCount > 500)
    }

    @Test(
        arguments: [
            (
                #"{"if": [{"==": [{"var": "country"}, "DE"]}, "on", "off"]}"#,
                #"[{"serve":"on","when":[{"attribute":"country","operator":"equals","values":["DE"]}]},{"serve":"off"}]"#
            ),
            (
                #"{"if": [{"!=": ["DE", {"var": ["country"]}]}, "on", null]}"#,
                #"[{"serve":"on","when":[{"attribute":"country","negate":true,"operator":"equals","values":["DE"]}]}]"#
            ),
            (
                #"{"in": ["@corp", {"var": "email"}]}"#,
                #"[{"serve":"true","when":[{"attribute":"email","operator":"contains","values":["@corp"]}]},{"serve":"false"}]"#
            ),
            (
                #"{"if": [{"in": [{"var": "c"}, ["a", 1, true]]}, true]}"#,
                #"[{"serve":"true","when":[{"attribute":"c","operator":"equals","values":["a",1,true]}]}]"#
            ),
            (
                #"{"if": [{"$ref": "segment:s"}, {"if": [{"!": {"$ref": "segment:t"}}, "a", "b"]}, "c"]}"#,
                #"[{"serve":"a","when":[{"segment":"s"},{"negate":true,"segment":"t"}]},{"serve":"b","when":[{"segment":"s"}]},{"serve":"c"}]"#
            ),
            (
                #"{"if": [{"!": [{"or": [{"===": [{"var": "a"}, 1]}, {"and": [{"===": [{"var": "b"}, 2]}]}]}]}, "x"]}"#,
                #"[{"serve":"x","when":[{"all":[{"attribute":"a","negate":true,"operator":"equals","values":[1]},{"any":[{"attribute":"b","negate":true,"operator":"equals","values":[2]}]}]}]}]"#
            ),
            (
                #"{"if": [{"<": [{"var": "age"}, 18]}, "x"]}"#,
                #"[{"serve":"x","when":[{"any":[{"attribute":"age","negate":true,"operator":"exists"},{"attribute":"age","operator":"lessThan","values":[18]}]}]}]"#
            ),
            (
                #"{"if": [{"<=": [18, {"var": "age"}]}, "x"]}"#,
                #"[{"serve":"x","when":[{"attribute":"age","operator":"atLeast","values":[18]}]}]"#
            ),
            (
                #"{"if": [{"<": [{"var": "$flagd.timestamp"}, 1767225600]}, "x"]}"#,
                #"[{"serve":"x","when":[{"attribute":"$flagd.timestamp","operator":"before","values":["2026-01-01T00:00:00Z"]}]}]"#
            ),
            (
                #"{"if": [{">": [{"var": "$flagd.timestamp"}, 1767225600]}, "x"]}"#,
                #"[{"serve":"x","when":[{"attribute":"$flagd.timestamp","operator":"greaterThan","values":[1767225600]}]}]"#
            ),
            (
                #"{"if": [{"sem_ver": ["v1.2", "<=", {"var": "v"}]}, "x"]}"#,
                #"[{"serve":"x","when":[{"attribute":"v","operator":"versionAtLeast","values":["1.2.0"]}]}]"#
            ),
            (
                #"{"if": [{"sem_ver": [{"var": "v"}, "!=", "1.0.0"]}, "x"]}"#,
                #"[{"serve":"x","when":[{"any":[{"attribute":"v","operator":"versionBelow","values":["1.0.0"]},{"attribute":"v","operator":"versionAbove","values":["1.0.0"]}]}]}]"#
            ),
            (
                #"{"if": [{"missing": ["a"]}, "x"]}"#,
                #"[{"serve":"x","when":[{"any":[{"attribute":"a","negate":true,"operator":"exists"},{"attribute":"a","operator":"equals","values":[""]}]}]}]"#
            ),
            (
                #"{"if": [{"var": "k"}, {"fractional": [{"cat": [{"var": "$flagd.flagKey"}, {"var": "k"}]}, ["a"], ["b", 3]]}, null]}"#,
                #"[{"serve":{"by":"k","split":[{"variant":"a","weight":1},{"variant":"b","weight":3}]}}]"#
            ),
            ("{}", "[]"), (#"{"if": ["on"]}"#, #"[{"serve":"on"}]"#),
        ] as [(String, String)])
    func `what people write by hand becomes rules`(_ logic: String, _ rules: String) throws {
        #expect(try Self.lift(logic).canonicalText == rules)
    }

    @Test(
        arguments: [
            (
                #"{"if": [{"reduce": [{"var": "x"}, 1, 0]}, "on"]}"#, "/if/0/reduce",
                "'reduce' cannot be said in structured rules"
            ),
            (#"{"if": [{"or": [{"%": [{"var": "x"}, 2]}, true]}, "on"]}"#, "/if/0/or/0/%", "'%' cannot be said"),
            (#"{"if": [{"==": [{"var": "x"}, 5]}, "on"]}"#, "/if/0/==", "write '===' if it need not"),
            (#"{"if": [{"!=": [{"var": "x"}, null]}, "on"]}"#, "/if/0/!=", "write '!==' if it need not"),
            (#"{"if": [{"==": [{"var": "x"}, "5"]}, "on"]}"#, "/if/0/==", "write '==='"),
            (#"{"if": [{"===": [{"var": "x"}, {"var": "y"}]}, "on"]}"#, "/if/0/===", "one attribute with one value"),
            (#"{"if": [{"var": "x"}, "on"]}"#, "/if/0/var", "counts as true by itself"),
            (#"{"if": [{"===": [{"var": ["x", 5]}, 5]}, "on"]}"#, "/if/0/===", "one attribute with one value"),
            (#"{"if": [{"in": [{"var": "x"}, "a text"]}, "on"]}"#, "/if/0/in", "one of a list"),
            (#"{"if": [{"$ref": "beta"}, "on"]}"#, "/if/0/$ref", "make a segment of this shared rule first"),
            (#"{"if": [{"$ref": "segment:s"}, null, "on"]}"#, "/if/1", "comes to no variant for some"),
            (
                #"{"if": [{"$ref": "segment:s"}, {"if": [{"$ref": "segment:t"}, "a"]}, "on"]}"#, "/if/1",
                "comes to no variant for some"
            ),
            (#"{"if": [{"$ref": "segment:s"}, 5]}"#, "/if/1", "This is no variant"),
            (#"{"fractional": [["a", 1], ["b", 1]]}"#, "/fractional", "others would get another variant"),
            (
                #"{"if": [{"var": "k"}, {"fractional": [{"var": "k"}, ["a", 1]]}, null]}"#, "/if/1/fractional",
                "others would get another variant"
            ),
            (
                #"{"if": [{"var": "k"}, {"fractional": [{"cat": ["s", {"var": "k"}]}, ["a", {"var": "w"}]]}, null]}"#,
                "/if/1/fractional/1", "worked out"
            ),
            (#"{"if": [{"sem_ver": [{"var": "v"}, ">", "one"]}, "on"]}"#, "/if/0/sem_ver/2", "is not a version"),
            (#"{"if": [{"starts_with": [{"var": "v"}, ""]}, "on"]}"#, "/if/0/starts_with", "not empty"),
            (#"{"if": [{"<": [{"var": "v"}, "b"]}, "on"]}"#, "/if/0/<", "a number, or with a time"),
            (#"{"if": [false, "on"]}"#, "/if/0", "no condition"),
            (#"{"cat": ["o", "n"]}"#, "/cat", "'cat' cannot be said"),
            (#"{"starts_with": [{"var": "v"}, "x"]}"#, "/starts_with", "'starts_with' cannot be said"),
        ] as [(String, String, String)])
    func `what rules cannot say is refused with the reason`(_ logic: String, _ pointer: String, _ reason: String) throws
    {
        let refusal = #expect(throws: InvalidFlagItem.self) { try Self.lift(logic) }
        #expect(refusal?.pointer.text == pointer)
        #expect(refusal?.message.contains(reason) == true, "\(refusal!.message)")
    }

    @Test func `what is larger than people may write is not lifted`() throws {
        let condition: JSONValue = ["===": [["var": "a"], 1]]
        let many: JSONObject = [
            "if": [["or": .array(Array(repeating: condition, count: FlagLimits.conditions + 1))], "on"]
        ]
        #expect(throws: InvalidFlagItem.self) { try FlagLifting.rules(of: many, in: try Self.key()) }
        var deep = condition
        for index in 0...FlagLimits.conditionDepth { deep = [index.isMultiple(of: 2) ? "or" : "and": [deep]] }
        #expect(throws: InvalidFlagItem.self) { try FlagLifting.rules(of: ["if": [deep, "on"]], in: try Self.key()) }
    }
}

/// Draws JsonLogic of the operators that may be lifted, and of some that may not.
private struct LogicDrawing {
    var random: SeededGenerator

    mutating func targeting() -> JSONObject { result(0).objectValue ?? ["if": [true, "on"]] }

    private mutating func result(_ depth: Int) -> JSONValue {
        switch random.int(in: depth < 3 ? 0...7 : 0...3) {
        case 0, 1: return .string(random.element(of: ["on", "off", "true"]))
        case 2: return random.element(of: [true, false, .null])
        case 3:
            return [
                "if": [
                    ["var": "user.id"],
                    [
                        "fractional": [
                            ["cat": [random.element(of: ["s", ["var": "$flagd.flagKey"]]), ["var": "user.id"]]],
                            ["on", 1], ["off", 2],
                        ]
                    ],
                ]
            ]
        case 4: return condition(depth)
        default:
            var arguments: [JSONValue] = []
            for _ in 0..<random.int(in: 1...3) { arguments += [condition(depth + 1), result(depth + 1)] }
            if random.chance(oneIn: 2) { arguments.append(result(depth + 1)) }
            return ["if": .array(arguments)]
        }
    }

    private mutating func condition(_ depth: Int) -> JSONValue {
        let variable: JSONValue = [
            "var": .string(random.element(of: ["country", "age", "user.id", "user.beta", "since", "$flagd.timestamp"]))
        ]
        let values: [JSONValue] = [
            "DE", "a@x.org", "", "1", "true", 0, 1, -1, true, .null, "2026-01-01T00:00:00Z", 1_767_225_600, "ä",
        ]
        let value = random.element(of: values)
        func both() -> [JSONValue] { random.chance(oneIn: 4) ? [value, variable] : [variable, value] }
        switch random.int(in: depth < 3 ? 0...9 : 0...5) {
        case 0, 1:
            return .object(
                JSONObject(uniqueMembers: [(random.element(of: ["==", "===", "!=", "!=="]), .array(both()))]))
        case 2:
            let age: JSONValue = ["var": "age"]
            let bound = JSONValue.int(random.int(in: -2...3))
            let operands = random.element(of: [[age, bound], [bound, age], [variable, value], [-1, age, bound]])
            return .object(JSONObject(uniqueMembers: [(random.element(of: ["<", "<=", ">", ">="]), .array(operands))]))
        case 3:
            return [
                "in": random.element(of: [
                    [variable, .array([value, "DE"])], [value, ["var": "tags"]], [value, ["var": "country"]],
                ])
            ]
        case 4:
            let version = JSONValue.string(random.element(of: ItemGenerator.versions + ["v1.2", "1"]))
            let relation = JSONValue.string(random.element(of: ["=", "!=", "<", "<=", ">", ">=", "^", "~"]))
            let operands =
                random.chance(oneIn: 2)
                ? [["var": "version"], relation, version] : [version, relation, ["var": "version"]]
            return ["sem_ver": .array(operands)]
        case 5:
            return random.element(of: [
                ["$ref": "segment:beta"], ["$ref": "segment:staff"], ["starts_with": [["var": "country"], "D"]],
                ["ends_with": [["var": "country"], "E"]], ["missing": ["country"]], ["missing": [["country", "age"]]],
                true, ["var": "user.beta"],
            ])
        case 6: return ["!": random.chance(oneIn: 2) ? condition(depth + 1) : [condition(depth + 1)]]
        case 7: return ["!!": [condition(depth + 1)]]
        default:
            let inner = (0..<random.int(in: 1...3)).map { _ in condition(depth + 1) }
            return .object(JSONObject(uniqueMembers: [(random.element(of: ["and", "or"]), .array(inner))]))
        }
    }
}
