import ConfigPlatformModel
import TestSupport

/// Schemas and values that often meet one another, some of them ill-formed.
enum RandomSchema {
    private static let names = [
        "a", "b", "ab", "", "é", "\u{1F432}", "\u{E000}", "longer-than-eight-bytes", "longer-than-",
    ]
    private static let patterns = ["^a", "b$", "^[a-z]*$", "(a|b)+c?", "(?=a)", "^(a+)+$", "\\p{L}", "(.)\\1", "["]

    static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch random.int(in: 0...(depth > 0 ? 8 : 5)) {
        case 0: return .null
        case 1: return .bool(random.chance(oneIn: 2))
        case 2: return .int(random.int(in: -3...3))
        case 3: return .number(JSONNumber(Double(random.int(in: -30...30)) / 10) ?? JSONNumber(0 as Int64))
        case 4, 5: return .string(name(&random))
        case 6: return .array((0..<random.int(in: 0...4)).map { _ in value(&random, depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<random.int(in: 0...5) { object[name(&random)] = value(&random, depth: depth - 1) }
            return .object(object)
        }
    }

    static func schema(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        if depth == 0 || random.chance(oneIn: 8) { return .bool(!random.chance(oneIn: 4)) }
        var object = JSONObject()
        for _ in 0..<random.int(in: 1...4) {
            let (keyword, value) = keyword(&random, depth: depth - 1)
            object[keyword] = value
        }
        return .object(object)
    }

    private static func name(_ random: inout SeededGenerator) -> String { names[random.int(in: 0...names.count - 1)] }

    private static func list(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        .array((0..<random.int(in: 1...3)).map { _ in schema(&random, depth: depth) })
    }

    private static func map(_ random: inout SeededGenerator, depth: Int, _ names: [String]) -> JSONValue {
        var object = JSONObject()
        for _ in 0..<random.int(in: 0...4) {
            object[names[random.int(in: 0...names.count - 1)]] = schema(&random, depth: depth)
        }
        return .object(object)
    }

    private static func keyword(_ random: inout SeededGenerator, depth: Int) -> (String, JSONValue) {
        switch random.int(in: 0...31) {
        case 0:
            let types = ["null", "boolean", "integer", "number", "string", "array", "object"]
            return ("type", .array((0..<random.int(in: 1...3)).map { _ in .string(types[random.int(in: 0...6)]) }))
        case 1: return ("enum", .array((0..<random.int(in: 0...4)).map { _ in value(&random, depth: 1) }))
        case 2: return ("const", value(&random, depth: 1))
        case 3: return ("minimum", .int(random.int(in: -3...3)))
        case 4: return ("exclusiveMaximum", .number(JSONNumber(Double(random.int(in: -30...30)) / 10) ?? JSONNumber(0)))
        case 5: return ("multipleOf", .number(JSONNumber(Double(random.int(in: 0...9)) / 10) ?? JSONNumber(1)))
        case 6: return ("minLength", .int(random.int(in: 0...3)))
        case 7: return ("maxLength", .int(random.int(in: -1...9)))
        case 8: return ("pattern", .string(patterns[random.int(in: 0...patterns.count - 1)]))
        case 9: return ("minItems", .int(random.int(in: 0...3)))
        case 10: return ("maxItems", .int(random.int(in: 0...3)))
        case 11: return ("uniqueItems", .bool(random.chance(oneIn: 2)))
        case 12: return ("prefixItems", list(&random, depth: depth))
        case 13: return ("items", schema(&random, depth: depth))
        case 14: return ("contains", schema(&random, depth: depth))
        case 15: return ("minContains", .int(random.int(in: 0...2)))
        case 16, 17: return ("properties", map(&random, depth: depth, names))
        case 18: return ("patternProperties", map(&random, depth: depth, patterns))
        case 19, 20: return ("additionalProperties", schema(&random, depth: depth))
        case 21: return ("required", .array((0..<random.int(in: 0...2)).map { _ in .string(name(&random)) }))
        case 22: return ("propertyNames", schema(&random, depth: depth))
        case 23: return ("dependentSchemas", map(&random, depth: depth, names))
        case 24: return ("dependentRequired", .object([name(&random): .array([.string(name(&random))])]))
        case 25: return (["allOf", "anyOf", "oneOf"][random.int(in: 0...2)], list(&random, depth: depth))
        case 26: return ("not", schema(&random, depth: depth))
        case 27: return (["if", "then", "else"][random.int(in: 0...2)], schema(&random, depth: depth))
        case 28: return ("unevaluatedProperties", schema(&random, depth: depth))
        case 29: return ("unevaluatedItems", schema(&random, depth: depth))
        case 30: return ("$ref", .string(["#", "#/properties/a", "#/items", "#/allOf/0", "#x"][random.int(in: 0...4)]))
        default: return ("$dynamicRef", .string(random.chance(oneIn: 2) ? "#" : "#node"))
        }
    }
}
