package import ExactJSON

/// What a rule gives: one variant, or a split.
///
/// `NAME`, or `{ "split": [ { "variant": NAME, "weight": 0…2147483647 }, … ], "by"?: ATTRIBUTE, "seed"?: text }`. Of a split's weights at
/// least one is above zero, and together they are at most ``FlagLimits/weightSum``.
package enum Serve: FlagItemValue {
    case variant(VariantName)
    case split(Split)

    package struct Split: Hashable, Sendable {
        /// 1 to ``FlagLimits/shares``, in order: of a context's bucket the first share that reaches beyond it is served.
        package let shares: [Share]
        /// Of contexts without it the split serves nobody.
        package let by: AttributePath
        /// What makes this split independent of others; nil for the flag's key.
        package let seed: String?

        package static func == (left: Self, right: Self) -> Bool { left.json == right.json }
        package func hash(into hasher: inout Hasher) { json.hash(into: &hasher) }

        var json: JSONValue {
            var members: JSONObject = ["split": .array(shares.map(\.json))]
            if by != .targetingKey { members["by"] = .string(by.rawValue) }
            if let seed { members["seed"] = .string(seed) }
            return .object(members)
        }
    }

    package struct Share: Hashable, Sendable {
        package let variant: VariantName
        package let weight: Int64

        package init(_ variant: VariantName, weight: Int64) {
            self.variant = variant
            self.weight = weight
        }

        var json: JSONValue { ["variant": .string(variant.rawValue), "weight": .int(weight)] }
    }

    package init(parsing json: JSONValue) throws(InvalidFlagItem) {
        let faults = FlagItemFaults()
        self = try faults.check(Self.read(json, at: .root, faults))
    }

    static func read(_ json: JSONValue, at pointer: JSONPointer, _ faults: FlagItemFaults) -> Serve? {
        if case .string(let text) = json {
            return faults.parsed(at: pointer) { () throws(InvalidFlagItem) in
                .variant(try VariantName(parsing: text))
            }
        }
        guard case .object = json,
            let reader = FlagItemReader(
                json, at: pointer, what: "a split", allowed: ["by", "seed", "split"], faults: faults)
        else {
            faults.add("'serve' is the name of a variant, or a split: {\"split\": […]}.", at: pointer)
            return nil
        }
        let shares = reader.list("split", of: "shares", upTo: FlagLimits.shares) { json, pointer in
            share(json, at: pointer(), faults)
        }
        guard let listed = reader.members["split"]?.arrayValue, !listed.isEmpty else {
            faults.add("'split' lists at least one share, {\"variant\": NAME, \"weight\": 1}.", at: pointer)
            return nil
        }
        if shares.count == listed.count {
            // Each is below 2^31, and there are few of them.
            let sum = shares.reduce(0) { $0 + $1.weight }
            if sum == 0 {
                reader.add("The weights are all zero; give one of the shares a weight above it.", at: "split")
            }
            if sum > FlagLimits.weightSum {
                reader.add(
                    "The weights come to \(sum); together they are at most \(FlagLimits.weightSum).", at: "split")
            }
        }
        let by = reader.attribute("by")
        let seed = reader.text("seed", bytes: FlagLimits.seedBytes, emptyIsAbsent: false)
        return .split(Split(shares: shares, by: by ?? .targetingKey, seed: seed))
    }

    private static func share(_ json: JSONValue, at pointer: JSONPointer, _ faults: FlagItemFaults) -> Share? {
        guard
            let reader = FlagItemReader(
                json, at: pointer, what: "a share", allowed: ["variant", "weight"], faults: faults)
        else { return nil }
        let variant = reader.variant("variant")
        let weight = reader.integer("weight", in: 0...FlagLimits.weightSum)
        for name in ["variant", "weight"] where !reader.has(name) {
            faults.add("'\(name)' is missing: a share is {\"variant\": NAME, \"weight\": 1}.", at: pointer)
        }
        guard let variant, let weight else { return nil }
        return Share(variant, weight: weight)
    }

    package var json: JSONValue {
        switch self {
        case .variant(let name): .string(name.rawValue)
        case .split(let split): split.json
        }
    }

    /// The variants that may be served, in order.
    package var variants: [VariantName] {
        switch self {
        case .variant(let name): [name]
        case .split(let split): split.shares.map(\.variant)
        }
    }
}

/// One rule of a flag: `{ "name"?: text, "when"?: [ CONDITION, … ], "serve": SERVE, "experiment"?: EXPERIMENT }`. All conditions must hold;
/// without any it always does. A rule with an experiment serves a split.
package struct TargetingRule: FlagItemValue {
    package let name: String?
    /// At most ``FlagLimits/conditions``.
    package let conditions: [Condition]
    package let serve: Serve
    /// What of the split is written down; nil where nothing is.
    package let experiment: ExperimentPlan?

    package init(
        name: String? = nil, when conditions: [Condition], serve: Serve, experiment: ExperimentPlan? = nil
    ) {
        self.name = name
        self.conditions = conditions
        self.serve = serve
        self.experiment = experiment
    }

    package init(parsing json: JSONValue) throws(InvalidFlagItem) {
        let faults = FlagItemFaults()
        self = try faults.check(Self.read(json, at: .root, faults))
    }

    static func read(_ json: JSONValue, at pointer: JSONPointer, _ faults: FlagItemFaults) -> TargetingRule? {
        guard
            let reader = FlagItemReader(
                json, at: pointer, what: "a rule", allowed: ["experiment", "name", "serve", "when"], faults: faults)
        else { return nil }
        let name = reader.text("name", bytes: FlagLimits.ruleNameBytes)
        let conditions = Condition.list(reader, "when")
        guard let serve = reader.members["serve"] else {
            faults.add("'serve' is missing: the variant that the rule gives.", at: pointer)
            return nil
        }
        guard let serve = Serve.read(serve, at: pointer.appending("serve"), faults) else { return nil }
        var experiment: ExperimentPlan?
        if let json = reader.members["experiment"] {
            experiment = ExperimentPlan.read(json, at: pointer.appending("experiment"), faults)
            if case .variant = serve {
                reader.add(
                    "An experiment is of a split; serve {\"split\": […]}, or leave 'experiment' out.", at: "experiment")
            }
        }
        return TargetingRule(name: name, when: conditions, serve: serve, experiment: experiment)
    }

    package var json: JSONValue {
        var members: JSONObject = ["serve": serve.json]
        if !conditions.isEmpty { members["when"] = .array(conditions.map(\.json)) }
        if let name { members["name"] = .string(name) }
        if let experiment { members["experiment"] = experiment.json }
        return .object(members)
    }
}
