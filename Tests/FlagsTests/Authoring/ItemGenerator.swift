import ExactJSON
import TestSupport

@testable import ConfigPlatformFlags

/// Draws items of flags, and contexts that their conditions tell apart.
struct ItemGenerator {
    var random: SeededGenerator
    /// Only what JsonLogic has one way to say, so that it reads back as it was.
    var isCanonical = false
    var segments: [SegmentName] = []
    var variants: [VariantName] = []
    private var experiments = 0

    init(_ random: SeededGenerator) { self.random = random }

    static let texts = ["", "D", "DE", "DEU", "a@x.org", "b@x.org", "ä", "1", "true", "2.0.0", "10.0.0.1"]
    static let versions = ["1.0.0", "1.2.0", "1.2.3-rc.1", "1.2.3", "2.0.0", "10.0.0+b"]
    static let addresses = ["10.0.0.1", "10.0.1.7", "10.200.0.1", "192.168.4.9", "2001:db8:1::5", "::1"]
    static let blocks = [
        "10.0.0.0/8", "10.0.0.0/23", "10.0.0.1", "192.168.0.0/16", "2001:db8:1::/48", "::1", "10.0.0.0/30",
    ]
    /// Seconds since 1970, with the clock's turns among them.
    static let moments: [Int64] = [0, 1_767_225_599, 1_767_225_600, 1_767_225_601, 1_800_000_000]
    static let timeTexts = [
        "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2027-01-15T08:00:00Z",
    ]

    mutating func context() -> JSONObject {
        var context = JSONObject()
        func draw(_ name: String, _ value: JSONValue) { if !random.chance(oneIn: 5) { context[name] = value } }
        draw("targetingKey", .string("user-\(random.int(in: 0...50))"))
        draw("country", .string(random.element(of: Self.texts)))
        draw("tags", .array((0..<random.int(in: 0...3)).map { _ in .string(random.element(of: Self.texts)) }))
        draw("age", .int(random.int(in: -2...3)))
        draw("version", .string(random.element(of: Self.versions)))
        draw("ip", .string(random.element(of: Self.addresses)))
        draw("since", .string(random.element(of: Self.timeTexts)))
        if !random.chance(oneIn: 4) {
            context["user"] = ["id": .string("u\(random.int(in: 0...9))"), "beta": .bool(random.chance(oneIn: 2))]
        }
        return context
    }

    mutating func list<Element>(_ range: ClosedRange<Int>, _ draw: (inout Self) throws -> Element) rethrows -> [Element]
    {
        try (0..<random.int(in: range)).map { _ in try draw(&self) }
    }

    private func path(_ text: String) throws -> AttributePath { try AttributePath(parsing: text) }

    private mutating func text() -> JSONValue { .string(random.element(of: Array(Self.texts.dropFirst()))) }

    mutating func condition(_ depth: Int = 0) throws -> Condition {
        let isNegated = random.chance(oneIn: 4)
        switch random.int(in: depth < 2 ? 0...14 : 0...12) {
        case 0, 1:
            let values = list(1...3) { me -> JSONValue in
                me.random.chance(oneIn: 3)
                    ? .bool(me.random.chance(oneIn: 2)) : .string(me.random.element(of: Self.texts))
            }
            let attribute = random.element(of: ["country", "user.id", "user.beta", "targetingKey"])
            return .attribute(try path(attribute), .equals(values), isNegated: isNegated)
        case 2: return .attribute(try path("country"), .startsWith(list(1...2) { $0.text() }), isNegated: isNegated)
        case 3: return .attribute(try path("user.id"), .endsWith(list(1...2) { $0.text() }), isNegated: isNegated)
        case 4:
            let attribute = random.element(of: ["country", "tags"])
            return .attribute(try path(attribute), .contains(list(1...2) { $0.text() }), isNegated: isNegated)
        case 5:
            let attribute = random.element(of: ["country", "user", "user.id", "nobody.has.it", "targetingKey"])
            return .attribute(try path(attribute), .exists, isNegated: isNegated)
        case 6, 7:
            let order = random.element(of: AttributeTest.NumberOrder.allCases)
            let bound = JSONNumber(Double(random.int(in: -4...6)) / 2)!
            return .attribute(try path("age"), .number(order, bound), isNegated: isNegated)
        case 8:
            let order = random.element(of: AttributeTest.TimeOrder.allCases)
            let text = random.element(of: isCanonical ? Self.timeTexts.filter { !$0.contains(".") } : Self.timeTexts)
            return .attribute(.timestamp, .time(order, .time(try FlagTime(parsing: text))), isNegated: isNegated)
        case 9:
            let order = random.element(of: AttributeTest.TimeOrder.allCases)
            let time = try FlagTime(parsing: random.element(of: Self.timeTexts))
            return .attribute(try path("since"), .time(order, .time(time)), isNegated: isNegated)
        case 10:
            let relation = random.element(of: AttributeTest.VersionRelation.allCases)
            let versions = try list(1...(relation.admitsSeveral ? 2 : 1)) { me in
                try SemanticVersion(parsing: me.random.element(of: Self.versions))
            }
            return .attribute(try path("version"), .version(relation, versions), isNegated: isNegated)
        case 11 where !isCanonical:
            let blocks = try list(1...3) { me in try AddressBlock(parsing: me.random.element(of: Self.blocks)) }
            return .attribute(try path("ip"), .address(blocks), isNegated: isNegated)
        case 11, 12:
            guard !segments.isEmpty else { return try condition(depth) }
            return .segment(random.element(of: segments), isNegated: isNegated)
        case 13:
            let inner = try list(1...3) { me in try me.condition(depth + 1) }
            return isCanonical && Self.readsAsOne(inner) ? try condition(depth) : .any(inner)
        default: return .all(try list(1...3) { me in try me.condition(depth + 1) })
        }
    }

    /// Whether these are the same as one test of several values.
    private static func readsAsOne(_ conditions: [Condition]) -> Bool {
        let tests = conditions.map { condition -> String? in
            guard case .attribute(let attribute, let test, false) = condition, test.values.count == 1 else {
                return nil
            }
            return attribute.rawValue + " " + test.operatorName.rawValue
        }
        return conditions.count >= 2 && tests.allSatisfy { $0 != nil && $0 == tests[0] }
    }

    mutating func serve() throws -> Serve {
        guard random.chance(oneIn: 3) else { return .variant(random.element(of: variants)) }
        var shares = list(1...3) { me in
            Serve.Share(me.random.element(of: me.variants), weight: Int64(me.random.int(in: 0...4)))
        }
        shares.append(Serve.Share(random.element(of: variants), weight: Int64(random.int(in: 1...4))))
        let by = random.chance(oneIn: 2) ? AttributePath.targetingKey : try path("user.id")
        let seed = random.chance(oneIn: 2) ? nil : random.element(of: ["", "seed", "another"])
        return .split(Serve.Split(shares: shares, by: by, seed: seed))
    }

    mutating func rule() throws -> TargetingRule {
        let (conditions, serve) = (try list(0...3) { me in try me.condition() }, try serve())
        var experiment: ExperimentPlan?
        if case .split = serve, !isCanonical, random.chance(oneIn: 2) {
            experiments += 1
            experiment = ExperimentPlan(
                key: try ExperimentKey(parsing: "e\(experiments)"), share: random.element(of: [100_000, 12_500, 1]),
                attributes: random.chance(oneIn: 2) ? [] : [try path("country"), try path("user.id")])
        }
        return TargetingRule(when: conditions, serve: serve, experiment: experiment)
    }

    mutating func segment() throws -> SegmentBody {
        var json = JSONObject()
        func names() -> JSONValue { .array(list(0...20) { me in .string("user-\(me.random.int(in: 0...50))") }) }
        if random.chance(oneIn: 2) { json["include"] = names() }
        if random.chance(oneIn: 2) { json["exclude"] = names() }
        json["rules"] = .array(
            try list(0...2) { me in ["when": .array(try me.list(1...2) { me in try me.condition().json })] })
        return try SegmentBody(parsing: .object(json))
    }

    mutating func rollout() throws -> FlagRolloutBody {
        var steps: [JSONValue] = []
        for index in 0...random.int(in: 0...3) {
            var step: JSONObject = ["percent": random.element(of: [0, 0.001, 10, 33.333, 50, 99.999, 100])]
            if random.chance(oneIn: 3), !segments.isEmpty {
                step["segments"] = .array(list(1...2) { me in .string(me.random.element(of: me.segments).rawValue) })
            }
            if random.chance(oneIn: 3) { step["when"] = .array(try list(1...2) { me in try me.condition().json }) }
            if index == 0, random.chance(oneIn: 2) { step["at"] = .string(random.element(of: Self.timeTexts)) }
            steps.append(.object(step))
        }
        var json: JSONObject = [
            "variant": .string(random.element(of: variants).rawValue),
            "step": .int(random.int(in: 0...steps.count - 1)),
            "steps": .array(steps),
            "state": .string(random.element(of: ["running", "running", "paused", "completed", "reverted"])),
        ]
        if random.chance(oneIn: 3) { json["by"] = "user.id" }
        if random.chance(oneIn: 3) { json["seed"] = "rollout" }
        if random.chance(oneIn: 2) { json["stepBegan"] = "2026-01-01T00:00:00Z" }
        if random.chance(oneIn: 3) { json["window"] = ["from": .string(random.element(of: Self.timeTexts))] }
        if random.chance(oneIn: 3) {
            json["window"] = ["from": "2025-12-31T23:59:58Z", "until": .string(random.element(of: Self.timeTexts))]
        }
        return try FlagRolloutBody(parsing: .object(json))
    }

    /// JsonLogic that comes to variants, to null, to booleans.
    mutating func logic() -> JSONObject {
        let condition: JSONValue = random.element(of: [
            ["===": [["var": "country"], "DE"]], ["<": [["var": "age"], 1]],
            ["===": [["var": "$flagd.flagKey"], "flag 1"]],
            ["some": [["var": "tags"], ["===": [["var": ""], "DE"]]]], ["!": [["var": "targetingKey"]]],
        ])
        let variant = JSONValue.string(random.element(of: variants).rawValue)
        return random.element(of: [
            ["if": [condition, variant]], ["if": [condition, .null, variant]], ["if": [condition, true, false]],
            ["if": [condition, false, .null]], condition.objectValue!, ["if": [condition, ["var": "user.beta"]]],
            [
                "fractional": [
                    ["cat": [["var": "$flagd.flagKey"], ["var": "targetingKey"]]], [variant, 1], [.null, 2],
                ]
            ],
            ["if": [segments.isEmpty ? condition : SharedRule.segment(segments[0]).reference, variant, .null]],
        ])
    }
}

/// Items of several flags that require one another, and of segments that name one another.
struct DrawnItems {
    var flags: [FlagKey: FlagItems] = [:]
    var segments: [SegmentName: SegmentBody] = [:]
    var keys: [FlagKey] = []

    init(_ random: inout SeededGenerator) throws {
        var generator = ItemGenerator(random)
        defer { random = generator.random }
        for index in 0..<generator.random.int(in: 0...3) {
            let name = try SegmentName(parsing: "segment\(index)")
            segments[name] = try generator.segment()
            generator.segments.append(name)
        }
        for index in 0..<generator.random.int(in: 1...5) {
            let key = try FlagKey(parsing: "flag \(index)")
            generator.variants = try ["true", "false", "on"].map { text in try VariantName(parsing: text) }
            flags[key] = try Self.items(&generator, requiring: keys)
            keys.append(key)
        }
    }

    private static func items(_ generator: inout ItemGenerator, requiring others: [FlagKey]) throws -> FlagItems {
        func variant() -> JSONValue { .string(generator.random.element(of: generator.variants).rawValue) }
        var flag: JSONObject = ["type": "string", "variants": ["true": "t", "false": "f", "on": "o"]]
        if generator.random.chance(oneIn: 2) { flag["defaultVariant"] = variant() }
        let lifecycles = ["draft", "inactive", "archived"]
        flag["lifecycle"] = .string(
            generator.random.chance(oneIn: 8) ? generator.random.element(of: lifecycles) : "active")
        var prerequisites: [FlagRuleBody.Prerequisite] = []
        if !others.isEmpty {
            prerequisites = generator.list(0...2) { me in
                FlagRuleBody.Prerequisite(
                    flag: me.random.element(of: others),
                    variants: me.list(1...2) { me in me.random.element(of: me.variants) })
            }
        }
        let rules = try generator.list(0...3) { me in try me.rule() }
        let defaults: [FlagRuleBody.DefaultVariant] = [
            .ofFlag, .ofCaller, .variant(generator.random.element(of: generator.variants)),
        ]
        let rule = FlagRuleBody(
            isEnabled: !generator.random.chance(oneIn: 10), defaultVariant: generator.random.element(of: defaults),
            prerequisites: prerequisites,
            targeting: generator.random.chance(oneIn: 3) ? .logic(generator.logic()) : .rules(rules))
        return FlagItems(
            flag: try FlagBody(parsing: .object(flag)), rule: generator.random.chance(oneIn: 12) ? nil : rule,
            rollout: generator.random.chance(oneIn: 2) ? try generator.rollout() : nil,
            kill: generator.random.chance(oneIn: 12)
                ? FlagKillBody(
                    variant: generator.random.chance(oneIn: 2) ? nil : generator.random.element(of: generator.variants))
                : nil)
    }

    /// What the rule with that experiment serves.
    func split(of experiment: String, in key: FlagKey) -> Serve? {
        guard case .rules(let rules)? = flags[key]?.rule?.targeting else { return nil }
        return rules.first { $0.experiment?.key.rawValue == experiment }?.serve
    }

    func lowering() -> FlagLowering { FlagLowering(flag: { flags[$0] }, segment: { segments[$0] }) }
}
