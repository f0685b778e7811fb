import ConfigPlatformFlags
import ExactJSON
import TestSupport
import Testing

@Suite("Limits of an evaluation")
struct EvaluationLimitTests {
    private static func flag(_ targeting: JSONValue, evaluators: JSONObject = JSONObject()) throws -> Flag {
        try Flag(
            key: "limited",
            definition: [
                "state": "ENABLED", "variants": ["on": true, "off": false], "defaultVariant": "off",
                "targeting": targeting,
            ], evaluators: Evaluators(evaluators))
    }

    private static func resolve(_ flag: Flag) -> Resolution {
        flag.resolve(FlagContext(targetingKey: "somebody"), as: .boolean, at: 0)
    }

    @Test func `a text that doubles with every step ends the evaluation, not the process`() throws {
        let elements = JSONValue.array((0..<100).map { .int($0) })
        let flag = try Self.flag([
            "==": [["reduce": [elements, ["cat": [["var": "accumulator"], ["var": "accumulator"]]], "x"]], "y"]
        ])
        #expect(Self.resolve(flag).error == .general)
    }

    @Test func `loops within loops end`() throws {
        let elements = JSONValue.array((0..<1_000).map { .int($0) })
        let inner: JSONValue = ["some": [elements, ["==": [["var": ""], -1]]]]
        let flag = try Self.flag(["some": [elements, ["some": [elements, inner]]]])
        #expect(Self.resolve(flag).error == .general)
    }

    @Test func `shared rules that lead back to themselves are told, and end`() throws {
        let evaluators: JSONObject = [
            "a": ["or": [false, ["$ref": "b"]]], "b": ["or": [false, ["$ref": "c"]]],
            "c": ["or": [false, ["$ref": "b"]]],
        ]
        let flag = try Self.flag(["if": [["$ref": "a"], "on", "off"]], evaluators: evaluators)
        #expect(!flag.faults.isEmpty)
        #expect(Self.resolve(flag).error == .parseError)
    }

    @Test func `a chain of shared rules as long as it may be is followed, and a longer one is told`() throws {
        func chain(_ length: Int) -> JSONObject {
            JSONObject(
                uniqueMembers: (0..<length).map { index in
                    (
                        "r\(index)",
                        index + 1 == length ? ["==": [1, 1]] : ["and": [["$ref": .string("r\(index + 1)")]]]
                    )
                })
        }
        for order in [true, false] {
            let evaluators = Evaluators(chain(10_000))
            // Whoever is compiled first, the outcome is the same.
            let starts = order ? [9_990, 0, 5_000] : [5_000, 0, 9_990]
            for start in starts {
                let flag = try Flag(
                    key: "chained",
                    definition: [
                        "state": "ENABLED", "variants": ["true": 1], "targeting": ["$ref": .string("r\(start)")],
                    ], evaluators: evaluators)
                let isShort = start == 9_990
                #expect(flag.faults.isEmpty == isShort, "from \(start)")
                #expect(Self.resolve(flag).error == (isShort ? .typeMismatch : .parseError), "from \(start)")
            }
        }
    }

    @Test func `no rule whatever crashes, loops or goes beyond the limit`() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let targeting = LogicGenerator.value(depth: 5, &generator)
            let evaluators: JSONObject = ["shared": LogicGenerator.value(depth: 3, &generator)]
            guard let flag = try? Self.flag(targeting, evaluators: evaluators) else { continue }
            let context = FlagContext(LogicGenerator.object(depth: 2, &generator))
            let resolution = flag.resolve(context, as: nil, at: 1_790_000_000)
            let explained = flag.explain(context, as: nil, at: 1_790_000_000)
            #expect(explained.resolution.variant?.name == resolution.variant?.name, "\(targeting)")
            #expect(explained.resolution.reason == resolution.reason, "\(targeting)")
        }
    }
}

/// Values that look like rules, sensible or not.
enum LogicGenerator {
    private static let operators = [
        "var", "missing", "missing_some", "if", "?:", "==", "===", "!=", "!==", "!", "!!", "or", "and", ">", ">=", "<",
        "<=",
        "max", "min", "+", "-", "*", "/", "%", "map", "reduce", "filter", "all", "none", "some", "merge", "in", "cat",
        "substr", "log",
        "fractional", "sem_ver", "starts_with", "ends_with", "$ref", "nonsense",
    ]
    private static let texts = [
        "", "on", "off", "a", "a.b", "$flagd.flagKey", "targetingKey", "1", "-2.5", "1.2.3", "shared", "é", "e\u{301}",
    ]

    static func value(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .int(Int.random(in: -3...120, using: &generator))
        case 3: return .number(JSONNumber(Double.random(in: -1e6...1e6, using: &generator)) ?? JSONNumber(0))
        case 4: return .string(texts.randomElement(using: &generator) ?? "")
        case 5: return .array(list(depth: depth - 1, &generator))
        case 6: return .object(object(depth: depth - 1, &generator))
        default:
            let name = operators.randomElement(using: &generator) ?? "if"
            let argument: JSONValue =
                Int.random(in: 0..<6, using: &generator) == 0
                ? value(depth: depth - 1, &generator) : .array(list(depth: depth - 1, &generator))
            return .object(JSONObject(uniqueMembers: [(name, argument)]))
        }
    }

    static func list(depth: Int, _ generator: inout SeededGenerator) -> [JSONValue] {
        (0..<Int.random(in: 0...4, using: &generator)).map { _ in value(depth: depth, &generator) }
    }

    static func object(depth: Int, _ generator: inout SeededGenerator) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            object[texts.randomElement(using: &generator) ?? ""] = value(depth: depth, &generator)
        }
        return object
    }
}
