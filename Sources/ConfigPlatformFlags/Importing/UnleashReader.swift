import ExactJSON

/// Reads features of Unleash: the export of an instance or of some features, and what clients are sent.
///
/// A feature without variants is a boolean flag; one with variants is a flag of their payloads, or of their names.
struct UnleashReader {
    private let taken: FlagImport

    init(_ taken: FlagImport) {
        self.taken = taken
    }

    /// A feature as it is in one environment, wherever the file says it.
    private struct Feature {
        let name: String
        let json: JSONObject
        let pointer: JSONPointer
        var isEnabled: Bool
        var strategies: [(json: JSONValue, segments: [Int64], pointer: JSONPointer)]
        var variants: [JSONValue]
        var dependencies: [JSONValue]
        var tags: [JSONValue]
    }

    func read(_ json: JSONValue) throws(InvalidFlagItem) {
        guard case .object(let root) = json, root["features"]?.arrayValue != nil else {
            throw InvalidFlagItem("This is no export of Unleash: it has no list of 'features'.")
        }
        let features = try features(of: root)
        let segments = segments(of: root)
        var known: [ExactName: UnleashFlag] = [:]
        var flags: [(feature: Feature, flag: UnleashFlag)] = []
        for feature in features {
            guard let flag = add(feature, segments) else { continue }
            flags.append((feature, flag))
            known[ExactName(feature.name)] = flag
        }
        for (feature, flag) in flags { addRule(of: feature, flag, beside: known) }
    }

    // MARK: What the file holds

    private static let exportMembers: Set<String> = [
        "version", "features", "featureStrategies", "featureEnvironments", "featureStrategySegments", "featureTags",
        "segments", "dependencies", "query", "tagTypes", "environments", "projects", "meta",
    ]

    private func features(of root: JSONObject) throws(InvalidFlagItem) -> [Feature] {
        taken.leaveOut(root, besides: Self.exportMembers, of: "the file", at: .root)
        func list(_ name: String) -> [JSONValue] { root[name]?.arrayValue ?? [] }
        func environment(_ json: JSONValue) -> String? {
            (json["environment"] ?? json["environmentName"])?.stringValue
        }
        let strategies = list("featureStrategies")
        let environments = list("featureEnvironments")
        let isExport = root["featureStrategies"] != nil || root["featureEnvironments"] != nil
        let names = Set((strategies + environments).compactMap(environment)).sorted()
        let chosen = try taken.order.environment(among: names)
        func isChosen(_ json: JSONValue) -> Bool {
            guard let chosen, let name = environment(json) else { return true }
            return name.hasSameBytes(as: chosen)
        }
        var referred: [String: [Int64]] = [:]
        for link in list("featureStrategySegments") {
            if let id = link["featureStrategyId"]?.stringValue, let segment = link["segmentId"]?.int64Value {
                referred[id, default: []].append(segment)
            }
        }
        func owner(_ json: JSONValue) -> ExactName? {
            (json["featureName"] ?? json["feature"] ?? json["name"])?.stringValue.map { ExactName($0) }
        }
        var strategiesOf: [ExactName: [(JSONValue, [Int64], JSONPointer)]] = [:]
        for (index, strategy) in strategies.enumerated() where isChosen(strategy) {
            guard let name = strategy["featureName"]?.stringValue else { continue }
            strategiesOf[ExactName(name), default: []].append(
                (
                    strategy, strategy["id"]?.stringValue.flatMap { referred[$0] } ?? [],
                    JSONPointer(tokens: ["featureStrategies", String(index)])
                ))
        }
        let stateOf = Dictionary(
            environments.filter(isChosen).compactMap { json in owner(json).map { ($0, json) } }
        ) { first, _ in first }
        let tagsOf = Dictionary(grouping: list("featureTags").filter { owner($0) != nil }) { owner($0)! }
        let parentsOf = Dictionary(
            list("dependencies").compactMap { json in
                owner(json).map { ($0, json["dependencies"]?.arrayValue ?? []) }
            }
        ) { $0 + $1 }
        var features: [Feature] = []
        for (index, json) in list("features").enumerated() {
            let pointer = JSONPointer(tokens: ["features", String(index)])
            guard case .object(let object) = json, let name = object["name"]?.stringValue else {
                taken.note(.error, "The feature has no 'name' and is left out.", at: pointer)
                continue
            }
            let own = ExactName(name)
            let inline = (object["strategies"]?.arrayValue ?? []).enumerated().map {
                ($1, [Int64](), pointer.appending("strategies").appending($0))
            }
            let sorted = (strategiesOf[own] ?? []).enumerated().sorted { a, b in
                let (first, second) = (a.element.0["sortOrder"]?.int64Value, b.element.0["sortOrder"]?.int64Value)
                return (first ?? 0, a.offset) < (second ?? 0, b.offset)
            }.map(\.element)
            let state = stateOf[own]
            features.append(
                Feature(
                    name: name, json: object, pointer: pointer,
                    isEnabled: (isExport && state != nil ? state?["enabled"] : object["enabled"]) == .bool(true),
                    strategies: isExport ? sorted : inline,
                    variants: state?["variants"]?.arrayValue.flatMap { $0.isEmpty ? nil : $0 }
                        ?? object["variants"]?.arrayValue ?? [],
                    dependencies: object["dependencies"]?.arrayValue ?? parentsOf[own] ?? [],
                    tags: tagsOf[own] ?? []))
        }
        return features
    }

    private func segments(of root: JSONObject) -> [Int64: SegmentName] {
        var names: [Int64: SegmentName] = [:]
        for (index, json) in (root["segments"]?.arrayValue ?? []).enumerated() {
            let pointer = JSONPointer(tokens: ["segments", String(index)])
            guard let id = json["id"]?.int64Value, names[id] == nil else {
                taken.note(.error, "The segment has no 'id' of its own and is left out.", at: pointer)
                continue
            }
            let text = json["name"]?.stringValue ?? "segment-\(id)"
            guard json["constraints"]?.arrayValue != nil else {
                // Exports of some features name their segments without saying who is in them.
                if let name = try? SegmentName(parsing: text), taken.order.segment(name) != nil {
                    names[id] = name
                } else {
                    taken.note(
                        .error,
                        "The file does not say who is in this segment, and there is none of that name here; it is left out.",
                        key: text, at: pointer)
                }
                continue
            }
            let conditions = UnleashConditions(taken: taken, key: text)
            guard let condition = conditions.all(json["constraints"], at: pointer.appending("constraints")) else {
                taken.note(.error, "The segment is left out.", key: text, at: pointer)
                continue
            }
            if let object = json.objectValue {
                taken.leaveOut(
                    object, besides: ["id", "name", "description", "constraints"], of: "segments", at: pointer)
            }
            let name = taken.segmentName(for: text, at: pointer)
            let body = ForeignSegment(description: json["description"]?.stringValue, rules: [condition]).body
            if taken.add(segment: name, body, from: text, at: pointer) { names[id] = name }
        }
        return names
    }

    // MARK: Flags

    private static let featureMembers: Set<String> = [
        "name", "type", "description", "enabled", "strategies", "variants", "dependencies", "archived", "environments",
        "environment",
    ]

    private func add(_ feature: Feature, _ segments: [Int64: SegmentName]) -> UnleashFlag? {
        taken.leaveOut(feature.json, besides: Self.featureMembers, of: "features", at: feature.pointer)
        let conditions = UnleashConditions(taken: taken, key: feature.name)
        let strategies = feature.strategies.compactMap { strategy in
            UnleashStrategy(
                strategy.json, segments: segments, referred: strategy.segments, conditions, at: strategy.pointer)
        }
        var variants = UnleashVariants()
        variants.add(feature.variants)
        for strategy in strategies { variants.add(strategy.variants) }
        let known = (try? FlagKey(parsing: feature.name)).flatMap { taken.order.flag($0)?.flag.type }
        let (type, values) = variants.values(known: known)
        var body: JSONObject = ["type": .string(type.rawValue), "variants": .object(values)]
        body["description"] = feature.json["description"].flatMap { $0.isNull ? nil : $0 }
        let purpose: String? =
            switch feature.json["type"]?.stringValue {
            case "release": "release"
            case "experiment": "experiment"
            case "operational", "kill-switch": "operational"
            case "permission": "permission"
            default: nil
            }
        body["purpose"] = purpose.map { .string($0) }
        let tags = feature.tags.compactMap { tag -> JSONValue? in
            guard let value = (tag["tagValue"] ?? tag["value"])?.stringValue else { return nil }
            let type = (tag["tagType"] ?? tag["type"])?.stringValue ?? "simple"
            return .string(type.hasSameBytes(as: "simple") ? value : "\(type):\(value)")
        }
        if !tags.isEmpty { body["tags"] = .array(tags) }
        if feature.json["archived"] == .bool(true) {
            body["lifecycle"] = "archived"
            taken.note(.information, "The feature is archived there, and here.", key: feature.name, at: feature.pointer)
        }
        guard let key = taken.add(flag: feature.name, body, at: feature.pointer) else { return nil }
        if !variants.isEmpty {
            taken.note(
                .warning,
                "The flag's value is that of the variant; a program that asks only whether the feature is enabled is to ask for the variant instead. Where it is not enabled, callers get their own default.",
                key: feature.name, at: feature.pointer)
        }
        if variants.isMixed {
            taken.note(
                .warning, "Its variants have payloads of different types; all of them are kept as texts.",
                key: feature.name, at: feature.pointer)
        }
        return UnleashFlag(key: key, variants: variants, strategies: strategies)
    }

    private func addRule(of feature: Feature, _ flag: UnleashFlag, beside known: [ExactName: UnleashFlag]) {
        let conditions = UnleashConditions(taken: taken, key: feature.name)
        var rules =
            flag.variants.isEmpty
            ? flag.booleanRules(isBare: feature.strategies.isEmpty)
            : flag.variantRules(feature.variants, isBare: feature.strategies.isEmpty, conditions, at: feature.pointer)
        let off = try? VariantName(parsing: "off")
        var isEnabled = feature.isEnabled
        let required = prerequisites(of: feature, beside: known)
        if flag.variants.isEmpty, let off {
            if !isEnabled || required == nil {
                rules.insert(
                    ForeignRule(isEnabled ? "a dependency is missing" : "off", when: .always, serve: .variant(off)),
                    at: 0)
                if !isEnabled, rules.count > 1 {
                    taken.note(
                        .information,
                        "The feature is not enabled: its first rule serves 'off' to everybody, and its strategies are kept behind it. Take that rule out to enable it.",
                        key: feature.name, at: feature.pointer)
                }
            }
            isEnabled = true
        } else if required == nil {
            isEnabled = false
        }
        taken.add(
            rule: FlagRuleBody(
                isEnabled: isEnabled,
                defaultVariant: flag.variants.isEmpty ? off.map { .variant($0) } ?? .ofCaller : .ofCaller,
                prerequisites: required ?? [], targeting: rules.targeting(in: flag.key)),
            of: flag.key, at: feature.pointer)
    }

    /// Nil, with a notice, where one of them can never hold.
    private func prerequisites(
        of feature: Feature, beside known: [ExactName: UnleashFlag]
    ) -> [FlagRuleBody.Prerequisite]? {
        var prerequisites: [FlagRuleBody.Prerequisite] = []
        for dependency in feature.dependencies {
            let text = dependency["feature"]?.stringValue ?? dependency.stringValue ?? ""
            let isWanted = dependency["enabled"] != .bool(false)
            let wanted = (dependency["variants"]?.arrayValue ?? []).compactMap(\.stringValue)
            guard let parent = known[ExactName(text)] else {
                taken.note(
                    .error,
                    "The feature '\(InvalidFlagItem.shown(text))' that it depends on is not in the file; as there, this one is enabled for nobody.",
                    key: feature.name, at: feature.pointer)
                return nil
            }
            let variants = parent.variants(isEnabled: isWanted, named: wanted)
            guard !variants.isEmpty else {
                taken.note(
                    .error,
                    "That '\(InvalidFlagItem.shown(text))' is not enabled, or comes to a variant that it does not have, cannot be asked; this one is enabled for nobody.",
                    key: feature.name, at: feature.pointer)
                return nil
            }
            prerequisites.append(FlagRuleBody.Prerequisite(flag: parent.key, variants: variants))
        }
        return prerequisites
    }
}

/// The variants of a feature and of its strategies, under names that tell them apart.
private struct UnleashVariants {
    private var entries: [(original: String, payload: JSONValue?, name: VariantName)] = []
    private var naming = VariantNaming()

    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ variants: [JSONValue]) {
        for variant in variants {
            let (original, payload) = Self.identity(of: variant)
            if find(original, payload) != nil { continue }
            entries.append((original, payload, naming.name(original, .null, entries.count)))
        }
    }

    private static func identity(of variant: JSONValue) -> (String, JSONValue?) {
        (variant["name"]?.stringValue ?? "", variant["payload"].flatMap { $0.isNull ? nil : $0 })
    }

    private func find(_ original: String, _ payload: JSONValue?) -> VariantName? {
        entries.first { $0.original.hasSameBytes(as: original) && $0.payload == payload }?.name
    }

    func name(of variant: JSONValue) -> VariantName? {
        let (original, payload) = Self.identity(of: variant)
        return find(original, payload)
    }

    func names(called originals: [String]) -> [VariantName] {
        entries.filter { entry in
            originals.isEmpty || originals.contains { $0.hasSameBytes(as: entry.original) }
        }.map(\.name)
    }

    var isMixed: Bool { Set(entries.map { $0.payload?["type"]?.stringValue ?? "string" }).count > 1 }

    func values(known: FlagType?) -> (FlagType, JSONObject) {
        if isEmpty { return (.boolean, ["on": true, "off": false]) }
        func text(_ payload: JSONValue?) -> String? {
            (payload?["value"]).flatMap { $0.stringValue ?? $0.canonicalText }
        }
        func read(_ type: String, _ read: (String) -> JSONValue?) -> [JSONValue]? {
            let values = entries.compactMap { entry -> JSONValue? in
                guard entry.payload?["type"] == .string(type) else { return nil }
                return text(entry.payload).flatMap(read)
            }
            return values.count == entries.count ? values : nil
        }
        let values =
            read("number") { (try? JSONNumber(parsing: $0.trimmed)).map { .number($0) } }
            ?? read("json") { text in (try? JSONValue(parsing: text)).flatMap { $0.objectValue.map { .object($0) } } }
            ?? entries.map { .string(text($0.payload) ?? $0.original) }
        let type = FlagType(admitting: values, known: known) ?? .string
        return (type, JSONObject(uniqueMembers: zip(entries, values).map { ($0.name.rawValue, $1) }))
    }
}

private struct UnleashFlag {
    let key: FlagKey
    let variants: UnleashVariants
    let strategies: [UnleashStrategy]

    /// What it comes to where it is enabled or not, or comes to one of these.
    func variants(isEnabled: Bool, named originals: [String]) -> [VariantName] {
        guard variants.isEmpty else { return isEnabled ? variants.names(called: originals) : [] }
        guard originals.isEmpty else { return [] }
        return (try? VariantName(parsing: isEnabled ? "on" : "off")).map { [$0] } ?? []
    }

    /// Any strategy enables; the order does not matter, so the one with a share comes last, as a split.
    func booleanRules(isBare: Bool) -> [ForeignRule] {
        guard let on = try? VariantName(parsing: "on"), let off = try? VariantName(parsing: "off") else { return [] }
        if isBare { return [ForeignRule(when: .always, serve: .variant(on))] }
        var rules = strategies.filter { $0.share == nil }.map {
            ForeignRule(when: $0.whole, serve: .variant(on))
        }
        let shared = strategies.filter { $0.share != nil }
        for strategy in shared.dropLast() {
            rules.append(ForeignRule(when: strategy.whole, serve: .variant(on)))
        }
        if let last = shared.last, let share = last.share {
            let split = Serve.Split(
                shares: [
                    Serve.Share(on, weight: share.parts),
                    Serve.Share(off, weight: ForeignCondition.wholeShare - share.parts),
                ], by: share.by, seed: share.seed.hasSameBytes(as: key.rawValue) ? nil : share.seed)
            rules.append(ForeignRule(when: last.condition, serve: .split(split)))
        }
        return rules
    }

    func variantRules(
        _ ofFeature: [JSONValue], isBare: Bool, _ conditions: UnleashConditions, at place: JSONPointer
    ) -> [ForeignRule] {
        if isBare { return rules(ofFeature, when: .always, seed: key.rawValue, conditions, at: place) }
        return strategies.flatMap { strategy in
            rules(
                strategy.variants.isEmpty ? ofFeature : strategy.variants, when: strategy.whole,
                seed: strategy.variants.isEmpty ? key.rawValue : strategy.seed, conditions, at: strategy.place)
        }
    }

    private func rules(
        _ listed: [JSONValue], when condition: ForeignCondition, seed: String, _ conditions: UnleashConditions,
        at place: JSONPointer
    ) -> [ForeignRule] {
        var rules: [ForeignRule] = []
        for variant in listed {
            guard let name = variants.name(of: variant) else { continue }
            for override in variant["overrides"]?.arrayValue ?? [] {
                let values = (override["values"]?.arrayValue ?? []).compactMap(\.stringValue).flatMap(\.asWritten)
                guard let field = override["contextName"]?.stringValue, let path = conditions.path(field, at: place)
                else { continue }
                rules.append(
                    ForeignRule(
                        "override", when: .all([condition, .equals(path, values)]), serve: .variant(name)))
            }
        }
        let shares = listed.compactMap { variant -> Serve.Share? in
            guard let name = variants.name(of: variant) else { return nil }
            let weight = variant["weight"]?.numberValue?.double ?? 0
            return Serve.Share(name, weight: Int64(max(0, min(1_000_000, weight)).rounded()))
        }
        let served = shares.filter { $0.weight > 0 }
        guard served.count > 1 else {
            // Without variants of any weight it is enabled and comes to none.
            return rules + [ForeignRule(when: condition, serve: served.first.map { .variant($0.variant) })]
        }
        let stickiness = listed.first?["stickiness"]?.stringValue ?? "default"
        guard let by = UnleashStrategy.path(stickiness, conditions, at: place) else { return rules }
        conditions.taken.note(
            .warning,
            "The weights of its variants are kept, but people move: flagd's buckets are others than Unleash's.",
            key: conditions.key, at: place)
        // Another seed than that of the share, or all in the share would be in the first variants.
        return rules + [
            ForeignRule(
                when: condition, serve: .split(Serve.Split(shares: shares, by: by, seed: "\(seed):variants")))
        ]
    }
}
