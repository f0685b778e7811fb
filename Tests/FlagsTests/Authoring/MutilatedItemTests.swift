import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite struct MutilatedItemTests {
    /// Bodies with parts exchanged: refused with a place that is there, or read as something that reads back as itself and can be lowered.
    @Test func `a body with parts exchanged is refused at a place in it, or is one`() throws {
        try SeededGenerator.runs(3_000) { random in
            var generator = ItemGenerator(random)
            generator.segments = [try SegmentName(parsing: "s")]
            generator.variants = [try VariantName(parsing: "on"), try VariantName(parsing: "true")]
            let rule = FlagRuleBody(targeting: .rules(try generator.list(1...3) { me in try me.rule() })).json
            let bodies: [JSONValue] = [
                rule, try generator.rollout().json, try generator.segment().json,
                ["targeting": .object(generator.logic())],
                [
                    "type": "string", "variants": ["on": "o", "true": "t"], "defaultVariant": "on",
                    "metadata": ["a": 1],
                ],
                ["variant": "on", "reason": "r"],
            ]
            var body = generator.random.element(of: bodies)
            let donor = generator.random.element(of: bodies)
            for _ in 0..<generator.random.int(in: 1...3) {
                let part =
                    generator.random.chance(oneIn: 2)
                    ? Self.part(of: donor, &generator.random) : Self.odd(&generator.random)
                body = Self.exchanging(body, for: part, &generator.random)
            }
            let flag = Self.read(body, random) { json throws(InvalidFlagItem) in try FlagBody(parsing: json) }
            let ruled = Self.read(body, random) { json throws(InvalidFlagItem) in try FlagRuleBody(parsing: json) }
            let segment = Self.read(body, random) { json throws(InvalidFlagItem) in try SegmentBody(parsing: json) }
            let rollout = Self.read(body, random) { json throws(InvalidFlagItem) in try FlagRolloutBody(parsing: json) }
            let kill = Self.read(body, random) { json throws(InvalidFlagItem) in try FlagKillBody(parsing: json) }

            let key = try FlagKey(parsing: "a")
            let plain = try FlagBody(parsing: ["type": "string", "variants": ["on": "o", "true": "t"]])
            let items = FlagItems(flag: flag ?? plain, rule: ruled ?? FlagRuleBody(), rollout: rollout, kill: kill)
            let lowering = FlagLowering(flag: { $0 == key ? items : nil }, segment: { _ in segment })
            if lowering.violations(of: key).isEmpty {
                let lowered = try lowering.definition(of: key)
                let evaluators = Evaluators(try lowering.evaluators(lowered?.shared ?? []))
                if let lowered {
                    _ = try Flag(key: "a", definition: lowered.definition, evaluators: evaluators)
                        .resolve(FlagContext(generator.context()), as: nil, at: 0)
                    _ = try lowering.portable(lowered)
                }
            }
            if let logic = body["targeting"]?.objectValue { _ = try? FlagLifting.rules(of: logic, in: key) }
        }
    }

    private static func read<Body: FlagItemValue>(
        _ json: JSONValue, _ random: SeededGenerator, _ parse: (JSONValue) throws(InvalidFlagItem) -> Body
    ) -> Body? {
        do throws(InvalidFlagItem) {
            let body = try parse(json)
            let again = try parse(body.json)
            #expect(again == body && again.json == body.json, "\(random)")
            return body
        } catch {
            for fault in error.faults {
                #expect(!fault.message.isEmpty && isPlace(fault.pointer, in: json), "\(fault) in \(json); \(random)")
            }
            return nil
        }
    }

    /// Whether the pointer leads to a value, or to a member that an object lacks.
    private static func isPlace(_ pointer: JSONPointer, in json: JSONValue) -> Bool {
        var value = json
        for (index, token) in pointer.tokens.enumerated() {
            switch value {
            case .object(let object):
                guard let next = object[token] else { return index == pointer.tokens.count - 1 }
                value = next
            case .array(let elements):
                guard let place = Int(token), elements.indices.contains(place) else { return false }
                value = elements[place]
            default: return false
            }
        }
        return true
    }

    private static func odd(_ random: inout SeededGenerator) -> JSONValue {
        random.element(of: [
            .null, true, 0, -1, 1e300, 0.0005, "", "x", "$flagd.x", [], [:], [[]], ["$ref": "segment:s"],
            ["$ref": "flag:a"],
            ["any": [["all": [["segment": "s"]]]]], ["var": ""], 4_294_967_296, "2026-01-01T00:00:00Z", "10.0.0.0/1",
        ])
    }

    private static func part(of json: JSONValue, _ random: inout SeededGenerator) -> JSONValue {
        switch json {
        case .array(let elements) where !elements.isEmpty && !random.chance(oneIn: 4):
            part(of: random.element(of: elements), &random)
        case .object(let object) where !object.isEmpty && !random.chance(oneIn: 4):
            part(of: random.element(of: object.values), &random)
        default: json
        }
    }

    private static func exchanging(_ json: JSONValue, for part: JSONValue, _ random: inout SeededGenerator) -> JSONValue
    {
        switch json {
        case .array(var elements) where !elements.isEmpty && !random.chance(oneIn: 6):
            let index = random.int(in: 0...elements.count - 1)
            elements[index] = exchanging(elements[index], for: part, &random)
            return .array(elements)
        case .object(var object) where !object.isEmpty && !random.chance(oneIn: 6):
            let name = random.element(of: object.names)
            object[name] = random.chance(oneIn: 8) ? nil : exchanging(object[name] ?? .null, for: part, &random)
            return .object(object)
        default: return part
        }
    }
}
