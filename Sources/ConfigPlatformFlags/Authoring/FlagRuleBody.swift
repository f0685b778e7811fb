package import ExactJSON

/// The body of a rule's item: who gets which variant of a flag in one environment.
///
/// ```
/// { "state"?: "ENABLED" | "DISABLED", "defaultVariant"?: NAME | null,
///   "prerequisites"?: [ { "flag": KEY, "variants": [NAME, …] } ],
///   "rules"?: [ RULE, … ]   or   "targeting"?: JsonLogic }
/// ```
/// At most ``FlagLimits/prerequisites`` prerequisites, ``FlagLimits/rules`` rules and ``FlagLimits/ruleBytes`` bytes.
package struct FlagRuleBody: FlagItemValue {
    package let isEnabled: Bool
    package let defaultVariant: DefaultVariant
    /// All must hold, or the default variant is served.
    package let prerequisites: [Prerequisite]
    package let targeting: Targeting

    package enum DefaultVariant: Hashable, Sendable {
        /// The flag's own.
        case ofFlag
        /// None: what the caller gives as default.
        case ofCaller
        case variant(VariantName)
    }

    package struct Prerequisite: Hashable, Sendable {
        package let flag: FlagKey
        /// One of these must be what the flag comes to. 1 to ``FlagLimits/variants``.
        package let variants: [VariantName]

        package init(flag: FlagKey, variants: [VariantName]) {
            self.flag = flag
            self.variants = variants
        }
    }

    package enum Targeting: Hashable, Sendable {
        /// The first that matches is served; may be empty.
        case rules([TargetingRule])
        /// As it was written.
        case logic(JSONObject)
    }

    package init(
        isEnabled: Bool = true, defaultVariant: DefaultVariant = .ofFlag, prerequisites: [Prerequisite] = [],
        targeting: Targeting = .rules([])
    ) {
        self.isEnabled = isEnabled
        self.defaultVariant = defaultVariant
        self.prerequisites = prerequisites
        self.targeting = targeting
    }

    package init(parsing json: JSONValue) throws(InvalidFlagItem) {
        try json.checkSize(FlagLimits.ruleBytes, of: "the rule")
        let faults = FlagItemFaults()
        self = try faults.check(Self(json, faults))
    }

    package static let members = ["defaultVariant", "prerequisites", "rules", "state", "targeting"]

    private enum State: String, CaseIterable {
        case enabled = "ENABLED"
        case disabled = "DISABLED"
    }

    private init?(_ json: JSONValue, _ faults: FlagItemFaults) {
        guard
            let reader = FlagItemReader(json, at: .root, what: "a flag's rule", allowed: Self.members, faults: faults)
        else { return nil }
        isEnabled = reader.choice("state", of: State.self) != .disabled
        switch reader.members["defaultVariant"] {
        case nil: defaultVariant = .ofFlag
        case .null: defaultVariant = .ofCaller
        default: defaultVariant = reader.variant("defaultVariant").map { .variant($0) } ?? .ofFlag
        }
        prerequisites = reader.list("prerequisites", of: "prerequisites", upTo: FlagLimits.prerequisites) {
            json, pointer in Self.prerequisite(json, at: pointer(), faults)
        }
        let rules = reader.list("rules", of: "rules", upTo: FlagLimits.rules) { json, pointer in
            TargetingRule.read(json, at: pointer(), faults)
        }
        Self.checkExperiments(of: rules, reader)
        guard let logic = reader.members["targeting"] else {
            targeting = .rules(rules)
            return
        }
        if reader.has("rules") {
            faults.add("A flag has 'rules' or 'targeting', not both; leave one of them out.", at: .root)
        }
        guard case .object(let logic) = logic else {
            reader.add("'targeting' is JsonLogic, an object such as {\"if\": […]}.", at: "targeting")
            return nil
        }
        targeting = logic.isEmpty ? .rules([]) : .logic(logic)
    }

    private static func checkExperiments(of rules: [TargetingRule], _ reader: FlagItemReader) {
        var known: Set<ExperimentKey> = []
        for experiment in rules.compactMap(\.experiment) where !known.insert(experiment.key).inserted {
            reader.add("There are two experiments '\(experiment.key)'; give each a key of its own.", at: "rules")
        }
        if known.count > FlagLimits.experiments {
            reader.add(
                "The rules have \(known.count) experiments; at most \(FlagLimits.experiments) may run at a time.",
                at: "rules")
        }
    }

    private static func prerequisite(
        _ json: JSONValue, at pointer: JSONPointer, _ faults: FlagItemFaults
    ) -> Prerequisite? {
        guard
            let reader = FlagItemReader(
                json, at: pointer, what: "a prerequisite", allowed: ["flag", "variants"], faults: faults)
        else { return nil }
        if !reader.has("flag") { faults.add("'flag' is missing: the key of the flag that is required.", at: pointer) }
        let flag = reader.identifier("flag", remedy: "the key of a flag") { text throws(InvalidFlagItem) in
            try FlagKey(parsing: text)
        }
        let variants = reader.identifiers(
            "variants", of: "variants", upTo: FlagLimits.variants, remedy: "the name of a variant"
        ) { text throws(InvalidFlagItem) in try VariantName(parsing: text) }
        if reader.members["variants"]?.arrayValue?.isEmpty ?? !reader.has("variants") {
            faults.add("'variants' lists at least one variant that the flag is to come to.", at: pointer)
        }
        guard let flag, !variants.isEmpty else { return nil }
        return Prerequisite(flag: flag, variants: variants)
    }

    package var json: JSONValue {
        var members = JSONObject()
        if !isEnabled { members["state"] = .string(State.disabled.rawValue) }
        switch defaultVariant {
        case .ofFlag: break
        case .ofCaller: members["defaultVariant"] = .null
        case .variant(let name): members["defaultVariant"] = .string(name.rawValue)
        }
        if !prerequisites.isEmpty {
            members["prerequisites"] = .array(
                prerequisites.map { prerequisite in
                    [
                        "flag": .string(prerequisite.flag.rawValue),
                        "variants": .array(prerequisite.variants.map { .string($0.rawValue) }),
                    ]
                })
        }
        switch targeting {
        case .rules(let rules): if !rules.isEmpty { members["rules"] = .array(rules.map(\.json)) }
        case .logic(let logic): members["targeting"] = .object(logic)
        }
        return .object(members)
    }
}
