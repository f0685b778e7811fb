import ConfigPlatformFlags
import TestSupport

@testable import ConfigPlatformModel

extension Operation.Target {
    private static let flags: [FlagKey] = ["f", "g", "h", "caf\u{E9}", "cafe\u{301}", "a/b c"]
    private static let segments: [SegmentName] = ["one", "two", "three"]
    private static let variants: [JSONValue] = ["on", "off", "other"]

    /// An operation on some item of flags, drawn from alphabets so small that they name one another.
    static func flag(_ environment: EnvironmentName, _ random: inout SeededGenerator) -> Operation.Target {
        let key = random.element(of: flags)
        switch random.int(in: 0...99) {
        case 0..<30: return put(.flag(key), .flag, flag(&random))
        case 30..<36: return .deleteFlag(.flag(key))
        case 36..<46: return put(.segment(random.element(of: segments)), .segment, segment(&random))
        case 46..<49: return .deleteFlag(.segment(random.element(of: segments)))
        case 49..<72: return put(.rule(key, environment), .flagRule, rule(&random))
        case 72..<79: return .deleteFlag(.rule(key, environment))
        case 79..<87: return put(.rollout(key, environment), .flagRollout, rollout(&random))
        case 87..<90: return .deleteFlag(.rollout(key, environment))
        case 90..<96:
            return put(
                .kill(key, environment), .flagKill,
                ["variant": random.element(of: [.null, "on", "off"]), "reason": "drawn"])
        default: return .deleteFlag(.kill(key, environment))
        }
    }

    /// A body that is none stops the program.
    private static func put(_ place: FlagPlace, _ kind: Kind, _ body: JSONValue) -> Operation.Target {
        .putFlag(place, try! FlagItemBody(kind, parsing: body))
    }

    private static func flag(_ random: inout SeededGenerator) -> JSONValue {
        var members: JSONObject =
            random.chance(oneIn: 8)
            ? ["type": "string", "variants": ["on": "x", "off": "y"]]
            : ["type": "boolean", "variants": ["on": true, "off": false]]
        if random.chance(oneIn: 4) {
            members["lifecycle"] = random.element(of: ["draft", "draft", "inactive", "archived"])
        }
        if random.chance(oneIn: 3) { members["defaultVariant"] = random.element(of: ["on", "off"]) }
        if random.chance(oneIn: 5) { members["description"] = "It is said." }
        if random.chance(oneIn: 9) { members["schema"] = random.element(of: [true, ["type": "boolean"]]) }
        if random.chance(oneIn: 9) { members["metadata"] = ["team": random.element(of: ["x", "y"])] }
        return .object(members)
    }

    private static func segment(_ random: inout SeededGenerator) -> JSONValue {
        random.chance(oneIn: 2)
            ? ["include": .array([random.element(of: ["a", "b", "c"])])]
            : ["rules": [["when": [condition(&random)]]]]
    }

    private static func condition(_ random: inout SeededGenerator) -> JSONValue {
        random.chance(oneIn: 3)
            ? ["attribute": "country", "operator": "equals", "values": ["DE"]]
            : ["segment": .string(random.element(of: segments).rawValue)]
    }

    private static func rule(_ random: inout SeededGenerator) -> JSONValue {
        var members: JSONObject = [:]
        if random.chance(oneIn: 6) { members["state"] = "DISABLED" }
        if random.chance(oneIn: 3) { members["defaultVariant"] = random.element(of: [.null, "on", "off"]) }
        if random.chance(oneIn: 3) {
            members["prerequisites"] = [
                ["flag": .string(random.element(of: flags).rawValue), "variants": [random.element(of: variants)]]
            ]
        }
        if random.chance(oneIn: 2) {
            let conditions: [JSONValue] = random.chance(oneIn: 3) ? [] : [condition(&random)]
            members["rules"] = [["when": .array(conditions), "serve": random.element(of: variants)]]
        } else if random.chance(oneIn: 4) {
            members["targeting"] = ["if": [["$ref": "segment:one"], "on", "off"]]
        }
        return .object(members)
    }

    private static func rollout(_ random: inout SeededGenerator) -> JSONValue {
        var step: JSONObject = ["percent": .int(random.int(in: 0...100))]
        if random.chance(oneIn: 2) { step["segments"] = [.string(random.element(of: segments).rawValue)] }
        return ["variant": random.element(of: ["on", "off"]), "steps": [.object(step)]]
    }
}
