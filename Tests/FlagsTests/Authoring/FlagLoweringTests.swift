import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite struct FlagLoweringTests {
    @Test func `what items are lowered to means what they say`() throws {
        try SeededGenerator.runs(500) { random in
            let drawn = try DrawnItems(&random)
            let lowering = drawn.lowering()
            let oracle = ItemOracle(items: drawn)
            for name in drawn.segments.keys { #expect(lowering.violations(of: name).isEmpty, "\(random)") }
            var flags: [FlagKey: Flag] = [:]
            for key in drawn.keys {
                let violations = lowering.violations(of: key)
                #expect(violations.isEmpty, "\(violations); \(random)")
                guard let lowered = try lowering.definition(of: key) else { continue }
                let evaluators = Evaluators(try lowering.evaluators(lowered.shared))
                let flag = try Flag(key: key.rawValue, definition: lowered.definition, evaluators: evaluators)
                #expect(flag.faults.isEmpty, "\(flag.faults); \(random)")
                for experiment in flag.experiments {
                    let split = drawn.split(of: experiment.key, in: key)?.logic(in: key)
                    let found = JSONValue.object(lowered.definition)[experiment.place]
                    #expect(split != nil && found == split, "\(experiment.place.text); \(random)")
                }
                flags[key] = flag
            }
            // What clients get has no reference in a shared rule, whatever the order they are put in.
            let document = JSONValue.object(try lowering.document(of: drawn.keys))
            let clients = try FlagSet(document: try Self.substituted(document))
            var generator = ItemGenerator(random)
            for _ in 0..<10 {
                let context = generator.context()
                let seconds = generator.random.element(of: ItemGenerator.moments)
                for key in drawn.keys {
                    let expected = oracle.outcome(key, context, at: seconds)
                    let found = Self.outcome(flags[key]?.resolve(FlagContext(context), as: nil, at: seconds))
                    #expect(found == expected, "\(key) of \(JSONValue.object(context)) at \(seconds); \(random)")
                    let sent = Self.outcome(
                        clients[key.rawValue]?.resolve(FlagContext(context), as: nil, at: seconds))
                    #expect(sent == expected, "sent: \(key); \(random)")
                }
            }
        }
    }

    // MARK: - What it looks like

    private static let flag: JSONValue = [
        "type": "boolean", "variants": ["on": true, "off": false], "defaultVariant": "off",
    ]

    private struct Project {
        var flags: [String: JSONValue] = [:]
        var rules: [String: JSONValue] = [:]
        var rollouts: [String: JSONValue] = [:]
        var kills: [String: JSONValue] = [:]
        var segments: [String: JSONValue] = [:]

        func lowering() throws -> FlagLowering {
            var items: [FlagKey: FlagItems] = [:]
            for (name, flag) in flags {
                items[try FlagKey(parsing: name)] = FlagItems(
                    flag: try FlagBody(parsing: flag), rule: try rules[name].map { try FlagRuleBody(parsing: $0) },
                    rollout: try rollouts[name].map { try FlagRolloutBody(parsing: $0) },
                    kill: try kills[name].map { try FlagKillBody(parsing: $0) })
            }
            var bodies: [SegmentName: SegmentBody] = [:]
            for (name, body) in segments { bodies[try SegmentName(parsing: name)] = try SegmentBody(parsing: body) }
            return FlagLowering(flag: { [items] in items[$0] }, segment: { [bodies] in bodies[$0] })
        }

        func definition(_ key: String) throws -> JSONValue? {
            try lowering().definition(of: try FlagKey(parsing: key)).map { .object($0.definition) }
        }

        func targeting(_ key: String) throws -> JSONValue? { try definition(key)?["targeting"] }

        func violations(_ key: String) throws -> [String] {
            try lowering().violations(of: try FlagKey(parsing: key)).map(\.description)
        }

        func violations(segment name: String) throws -> [String] {
            try lowering().violations(of: try SegmentName(parsing: name)).map(\.description)
        }
    }

    @Test func `kill, then lifecycle, then state decide before any rule`() throws {
        var project = Project(flags: ["a": Self.flag])
        #expect(try project.definition("b") == nil)
        let disabled: JSONValue = [
            "state": "DISABLED", "variants": ["on": true, "off": false], "defaultVariant": "off",
        ]
        #expect(try project.definition("a") == disabled, "no rule")
        project.rules["a"] = ["state": "DISABLED", "rules": [["serve": "on"]]]
        #expect(try project.definition("a") == disabled)
        project.rules["a"] = ["rules": [["serve": "on"]]]
        #expect(try project.targeting("a") == ["if": [true, "on"]])
        project.rollouts["a"] = ["variant": "on", "steps": [["percent": 5]]]
        project.kills["a"] = ["variant": "on"]
        let killed: JSONValue = ["state": "ENABLED", "variants": ["on": true, "off": false], "defaultVariant": "on"]
        #expect(try project.definition("a") == killed)
        for lifecycle in ["draft", "inactive", "archived"] as [JSONValue] {
            var flag = Self.flag.objectValue!
            flag["lifecycle"] = lifecycle
            project.flags["a"] = .object(flag)
            #expect(try project.definition("a") == (lifecycle == "archived" ? nil : killed))
        }
        project.flags["a"] = Self.flag
        project.kills["a"] = ["variant": .null]
        #expect(try project.definition("a") == disabled)
    }

    @Test func `rules, rollout and default variant are one flat choice`() throws {
        var project = Project(flags: ["a": Self.flag])
        project.rules["a"] = [
            "defaultVariant": .null,
            "rules": [
                [
                    "serve": "on",
                    "when": [["attribute": "country", "operator": "equals", "values": ["DE"]], ["segment": "staff"]],
                ],
                [
                    "serve": ["split": [["variant": "on", "weight": 1], ["variant": "off", "weight": 3]]],
                    "when": [["segment": "beta", "negate": true]],
                ],
            ],
        ]
        project.rollouts["a"] = [
            "variant": "on", "by": "user.id", "seed": "s", "step": 1, "window": ["until": "2026-01-01T00:00:00.5Z"],
            "steps": [["percent": 0, "segments": ["staff"]], ["percent": 12.5, "segments": ["beta"]]],
        ]
        project.segments = [
            "staff": ["include": ["u1"]], "beta": ["exclude": ["u2"], "rules": [["when": [["segment": "staff"]]]]],
        ]
        #expect(
            try project.definition("a") == [
                "state": "ENABLED", "variants": ["on": true, "off": false],
                "targeting": [
                    "if": [
                        ["and": [["===": [["var": "country"], "DE"]], ["$ref": "segment:staff"]]], "on",
                        ["!": [["$ref": "segment:beta"]]],
                        [
                            "if": [
                                ["var": "targetingKey"],
                                ["fractional": [["cat": ["a", ["var": "targetingKey"]]], ["on", 1], ["off", 3]]], .null,
                            ]
                        ],
                        [">=": [["var": "$flagd.timestamp"], 1_767_225_601]], .null,
                        ["or": [["$ref": "segment:staff"], ["$ref": "segment:beta"]]], "on",
                        [
                            "if": [
                                ["var": "user.id"],
                                [
                                    "fractional": [
                                        ["cat": ["s", ["var": "user.id"]]], ["on", 12_500], [.null, 87_500],
                                    ]
                                ], .null,
                            ]
                        ],
                    ]
                ],
            ])
        let lowering = try project.lowering()
        let key = try FlagKey(parsing: "a")
        let lowered = try #require(try lowering.definition(of: key))
        #expect(
            try lowering.evaluators(lowered.shared) == [
                "segment:staff": ["in": [["var": "targetingKey"], ["u1"]]],
                "segment:beta": [
                    "and": [["!": [["in": [["var": "targetingKey"], ["u2"]]]]], ["$ref": "segment:staff"]]
                ],
            ])
        #expect(
            try lowering.portable(lowered).evaluators["segment:beta"] == [
                "and": [
                    ["!": [["in": [["var": "targetingKey"], ["u2"]]]]], ["in": [["var": "targetingKey"], ["u1"]]],
                ]
            ])
    }

    @Test func `a rollout of a hundred percent is for everybody, of none for nobody`() throws {
        var project = Project(flags: ["a": Self.flag], rules: ["a": [:]])
        project.rollouts["a"] = ["variant": "on", "steps": [["percent": 100]]]
        #expect(try project.targeting("a") == ["if": [true, "on"]])
        project.rollouts["a"] = ["variant": "on", "steps": [["percent": 0]]]
        #expect(try project.targeting("a") == nil)
        project.rollouts["a"] = ["variant": "on", "state": "reverted", "steps": [["percent": 100]]]
        #expect(try project.targeting("a") == nil)
        project.rules["a"] = ["rules": [["serve": "off"]]]
        project.rollouts["a"] = ["variant": "on", "steps": [["percent": 50]]]
        #expect(try project.targeting("a") == ["if": [true, "off"]], "a rule is for everybody")
    }

    @Test func `nobody loses a variant while a rollout grows`() throws {
        var before: Set<Int> = []
        for percent in [0.001, 1, 1.001, 5, 33.333, 99.999, 100] as [JSONValue] {
            let project = Project(
                flags: ["a": Self.flag], rules: ["a": [:]],
                rollouts: ["a": ["variant": "on", "steps": [["percent": percent]]]])
            let flag = try Flag(key: "a", definition: try #require(try project.definition("a")?.objectValue))
            let now = Set(
                (0..<5_000).filter { index in
                    let context = FlagContext(["targetingKey": .string("user-\(index)")])
                    return flag.resolve(context, as: .boolean, at: 0).variant?.name == "on"
                })
            #expect(before.isSubset(of: now))
            #expect(abs(Double(now.count) / 50 - percent.numberValue!.double) < 3)
            before = now
        }
    }

    @Test func `JsonLogic with a rollout is asked first`() throws {
        var project = Project(flags: ["a": Self.flag])
        project.rollouts["a"] = ["variant": "on", "steps": [["percent": 100]]]
        project.rules["a"] = ["targeting": ["if": [["var": "x"], "off"]]]
        #expect(try project.targeting("a") == ["or": [["if": [["var": "x"], "off"]], ["if": [true, "on"]]]])
        project.rules["a"] = ["targeting": ["if": [["var": "x"], false]]]
        #expect(
            try project.targeting("a") == [
                "if": [
                    ["===": [["if": [["var": "x"], false]], .null]], ["if": [true, "on"]],
                    ["if": [["var": "x"], false]],
                ]
            ])
        project.rollouts["a"] = nil
        #expect(try project.targeting("a") == ["if": [["var": "x"], false]])
    }

    @Test func `a prerequisite is what the other flag comes to, with its key put in`() throws {
        var project = Project(flags: ["a": Self.flag, "b.b": Self.flag])
        project.rules["a"] = [
            "prerequisites": [["flag": "b.b", "variants": ["off", "on"]]], "rules": [["serve": "on"]],
        ]
        project.rules["b.b"] = ["targeting": ["if": [["===": [["var": "$flagd.flagKey"], ["var": "x"]]], "on"]]]
        #expect(
            try project.targeting("a") == [
                "if": [["!": [["in": [["$ref": "flag:b%2Eb"], ["off", "on", .null]]]]], .null, true, "on"]
            ])
        let lowering = try project.lowering()
        let lowered = try #require(try lowering.definition(of: try FlagKey(parsing: "a")))
        #expect(lowered.shared == [.flag(try FlagKey(parsing: "b.b"))])
        #expect(
            try lowering.evaluators(lowered.shared) == ["flag:b%2Eb": ["if": [["===": ["b.b", ["var": "x"]]], "on"]]])
        project.kills["b.b"] = ["variant": .null]
        #expect(try project.targeting("a") == ["if": [true, .null]])
        project.kills["b.b"] = ["variant": "off"]
        #expect(try project.targeting("a") == ["if": [true, "on"]])
        project.kills["b.b"] = nil
        project.rules["b.b"] = [:]
        #expect(try project.targeting("a") == ["if": [true, "on"]], "the default variant")
        project.rules["b.b"] = nil
        #expect(try project.targeting("a") == ["if": [true, .null]], "disabled")
    }

    @Test func `names of shared rules read back`() throws {
        for text in ["a", "a.b", "ä%", "x y\"\\", "a_b-C9"] {
            let rule = SharedRule.flag(try FlagKey(parsing: text))
            #expect(SharedRule(named: rule.name) == rule)
            #expect(rule.name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2E && $0 != 0x22 && $0 != 0x5C })
        }
        for name in [
            "flag:a.b", "flag:%6", "flag:%61", "flag:%zz", "flag:", "segment:", "segment:a.b", "beta", "flag:%FF",
        ] {
            #expect(SharedRule(named: name) == nil, "\(name)")
        }
    }

    @Test func `a rule that would not survive being put in by text stands where it is referred to`() throws {
        var project = Project(flags: ["a": Self.flag])
        project.rules["a"] = [
            "rules": [
                [
                    "serve": "on",
                    "when": [["any": [["segment": "plain"], ["segment": "clock"], ["segment": "accent"]]]],
                ]
            ]
        ]
        project.segments = [
            "plain": ["include": ["u"]], "accent": ["include": ["ü"]],
            "clock": ["rules": [["when": [["attribute": "$flagd.timestamp", "operator": "before", "values": [5]]]]]],
        ]
        #expect(
            try JSONValue.object(
                project.lowering().document(of: [try FlagKey(parsing: "a")], metadata: ["flagSetId": "x"])) == [
                    "$evaluators": ["segment:plain": ["in": [["var": "targetingKey"], ["u"]]]],
                    "metadata": ["flagSetId": "x"],
                    "flags": [
                        "a": [
                            "state": "ENABLED", "variants": ["on": true, "off": false], "defaultVariant": "off",
                            "targeting": [
                                "if": [
                                    [
                                        "or": [
                                            ["$ref": "segment:plain"], ["<": [["var": "$flagd.timestamp"], 5]],
                                            ["in": [["var": "targetingKey"], ["ü"]]],
                                        ]
                                    ], "on",
                                ]
                            ],
                        ]
                    ],
                ])
    }

    // MARK: - What is refused

    @Test func `what names something that is not there is told at its place`() throws {
        var project = Project(flags: ["a": Self.flag, "b": Self.flag])
        project.kills["a"] = ["variant": "x"]
        project.rules["a"] = [
            "defaultVariant": "y",
            "prerequisites": [
                ["flag": "none", "variants": ["on"]], ["flag": "b", "variants": ["on", "z"]],
                ["flag": "a", "variants": ["on"]],
            ],
            "rules": [
                ["serve": "w", "when": [["any": [["segment": "s"]]]]],
                ["serve": ["split": [["variant": "v", "weight": 1]]]],
            ],
        ]
        project.rollouts["a"] = [
            "variant": "u", "steps": [["percent": 1, "segments": ["t"], "when": [["segment": "r"]]]],
        ]
        #expect(
            try project.lowering().violations(of: try FlagKey(parsing: "a")).map { "\($0.item) \($0.pointer)" } == [
                "Kill of flag 'a' /variant", "Rule of flag 'a' /defaultVariant",
                "Rule of flag 'a' /prerequisites/0/flag",
                "Rule of flag 'a' /prerequisites/1/variants/1", "Rule of flag 'a' /prerequisites/2/flag",
                "Rule of flag 'a' /rules/0/when/0/any/0/segment", "Rule of flag 'a' /rules/0/serve",
                "Rule of flag 'a' /rules/1/serve/split/0/variant", "Rollout of flag 'a' /variant",
                "Rollout of flag 'a' /steps/0/segments/0", "Rollout of flag 'a' /steps/0/when/0/segment",
            ])
        project = Project(flags: ["a": Self.flag])
        project.rules["a"] = [
            "targeting": [
                "if": [
                    ["$ref": "segment:s"], "x", ["$ref": "beta"], true,
                    ["fractional": [["var": "k"], ["y", 1], ["on", 1]]],
                ]
            ]
        ]
        #expect(
            try project.violations("a") == [
                "Rule of flag 'a', at /targeting/if/0/$ref: There is no segment 's'; define it first, or take it out.",
                "Rule of flag 'a', at /targeting/if/2/$ref: There is no shared rule 'beta'; a rule may refer to a segment, {\"$ref\": \"segment:NAME\"}.",
                "Rule of flag 'a', at /targeting/if/1: The flag has no variant 'x'; there are: off, on.",
                "Rule of flag 'a', at /targeting/if/3: The flag has no variant 'true'; there are: off, on.",
                "Rule of flag 'a', at /targeting/if/4/fractional/1/0: The flag has no variant 'y'; there are: off, on.",
            ])
    }

    @Test func `a cycle is named, even of flags that are off`() throws {
        var project = Project(flags: ["a": Self.flag, "b": Self.flag, "c": Self.flag])
        project.rules["a"] = ["prerequisites": [["flag": "b", "variants": ["on"]]]]
        project.rules["b"] = ["state": "DISABLED", "prerequisites": [["flag": "c", "variants": ["on"]]]]
        project.rules["c"] = ["prerequisites": [["flag": "a", "variants": ["on"]]]]
        #expect(
            try project.violations("a") == [
                "Rule of flag 'a', at /prerequisites: The prerequisites lead back to where they came from: 'a' → 'b' → 'c' → 'a'. Take one of these out."
            ])
        project.rules["b"] = ["prerequisites": [["flag": "c", "variants": ["on"]]]]
        #expect(throws: FlagViolation.self) { try project.definition("b") }
        project = Project()
        project.segments = [
            "x": ["rules": [["when": [["segment": "y"]]]]], "y": ["targeting": ["!": [["$ref": "segment:x"]]]],
        ]
        #expect(
            try project.violations(segment: "x") == [
                "Segment 'x': It leads back to itself: segment 'x' → segment 'y' → segment 'x'. Take one of these out."
            ])
    }

    @Test func `chains are as long as their limit and no longer`() throws {
        func flags(_ count: Int) -> Project {
            var project = Project()
            for index in 0...count {
                project.flags["f\(index)"] = Self.flag
                project.rules["f\(index)"] =
                    index == 0
                    ? ["targeting": ["if": [["var": "x"], "on"]]]
                    : [
                        "prerequisites": [["flag": .string("f\(index - 1)"), "variants": ["on"]]],
                        "rules": [["serve": "on"]],
                    ]
            }
            return project
        }
        let limit = FlagLimits.referenceDepth
        #expect(try flags(limit).violations("f\(limit)") == [])
        #expect(try flags(limit).targeting("f\(limit)") != nil)
        #expect(try flags(limit + 1).violations("f\(limit + 1)").first?.contains("more than \(limit) times") == true)
        #expect(throws: FlagViolation.self) { try flags(limit + 1).definition("f\(limit + 1)") }
        let long = flags(3_000)
        #expect(try long.violations("f3000").count == 1)
        #expect(throws: FlagViolation.self) { try long.definition("f3000") }
        // That the chain is too long from there says nothing of its parts.
        let lowering = try long.lowering()
        #expect(throws: FlagViolation.self) { try lowering.definition(of: try FlagKey(parsing: "f50")) }
        #expect(try lowering.definition(of: try FlagKey(parsing: "f\(limit)")) != nil)
        var segments = Project()
        for index in 0...(limit + 1) {
            segments.segments["s\(index)"] =
                index == 0 ? ["include": ["u"]] : ["rules": [["when": [["segment": .string("s\(index - 1)")]]]]]
        }
        #expect(try segments.violations(segment: "s\(limit)") == [])
        #expect(try segments.violations(segment: "s\(limit + 1)").count == 1)
    }

    @Test func `what would grow beyond bounds when it is put in is refused before it does`() throws {
        var project = Project()
        // Each names the one before it twice, so that the last would be put in as 2^16 copies of the first.
        for index in 0...16 {
            project.segments["s\(index)"] =
                index == 0
                ? ["include": .array((0..<200).map { .string("user-\($0)") })]
                : ["rules": .array(Array(repeating: ["when": [["segment": .string("s\(index - 1)")]]], count: 2))]
        }
        let violations = try project.violations(segment: "s16")
        #expect(
            violations.count == 1 && violations[0].contains("bytes; at most \(FlagLimits.expandedBytes)"),
            "\(violations)")
        var deep: JSONValue = ["var": "x"]
        for _ in 0..<LogicCompiler.maxDepth { deep = ["!": deep] }
        project.segments["s0"] = ["targeting": deep]
        #expect(try project.violations(segment: "s0").first?.contains("operators; at most") == true)
    }

    @Test func `what depends on the flag it stands in cannot stand in another`() throws {
        var project = Project(flags: ["a": Self.flag, "b": Self.flag])
        project.rules["a"] = ["prerequisites": [["flag": "b", "variants": ["on"]]]]
        project.rules["b"] = ["targeting": ["fractional": [["on", 1], ["off", 1]]]]
        #expect(try project.violations("b") == [])
        let violations = try project.violations("a")
        #expect(violations.count == 1)
        #expect(
            violations.first?.hasPrefix(
                "Rule of flag 'a', at /prerequisites/0/flag: It depends on what cannot be said inside another rule. Rule of flag 'b', at /targeting/fractional: This 'fractional' names no bucket key"
            ) == true, "\(violations)")
        project.rules["b"] = ["targeting": ["if": [["var": "$flagd"], "on"]]]
        #expect(try project.violations("a").first?.contains("name one attribute") == true)
        project.segments["s"] = [
            "rules": [["when": [["attribute": "$flagd.flagKey", "operator": "equals", "values": ["a"]]]]]
        ]
        #expect(try project.violations(segment: "s").first?.contains("the same for every flag") == true)
        project.segments["s"] = ["targeting": ["fractional": [[true, 1], [false, 1]]]]
        #expect(try project.violations(segment: "s").first?.contains("no bucket key") == true)
    }

    // MARK: - Both sides compared

    private static func outcome(_ resolution: Resolution?) -> ItemOracle.Outcome? {
        guard let resolution else { return .notFound }
        switch resolution.reason {
        case .disabled: return .disabled
        case .static, .default, .targetingMatch: return .variant(resolution.variant?.name)
        case .error: return nil
        }
    }

    /// The document with its shared rules put in as clients do it: each once, over the text of the flags, in an order of their own.
    static func substituted(_ document: JSONValue) throws -> JSONValue {
        guard case .object(var members) = document, let evaluators = members["$evaluators"]?.objectValue else {
            return document
        }
        var text = try #require(members["flags"]).canonicalText
        for (name, rule) in evaluators.reversed() {
            let reference = "{\"$ref\":\"\(name)\"}"
            #expect(text.contains(reference), "a shared rule that nothing refers to")
            text = text.split(separator: reference, omittingEmptySubsequences: false).joined(
                separator: rule.canonicalText)
        }
        #expect(!text.contains("$ref"))
        members["flags"] = try JSONValue(parsing: text, limits: JSONLimits(maxDepth: 512))
        members["$evaluators"] = nil
        return .object(members)
    }
}
