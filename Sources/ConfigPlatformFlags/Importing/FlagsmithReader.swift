import ExactJSON

/// Reads environment documents of Flagsmith.
///
/// A feature without any value is a boolean flag; one with values is a flag of these, and where it is not enabled callers get their own
/// default. The identity's identifier is the targeting key, traits are attributes.
struct FlagsmithReader {
    private let taken: FlagImport

    init(_ taken: FlagImport) {
        self.taken = taken
    }

    func read(_ json: JSONValue) throws(InvalidFlagItem) {
        guard case .object(let root) = json, let states = root["feature_states"]?.arrayValue else {
            throw InvalidFlagItem("This is no environment document of Flagsmith: it has no list of 'feature_states'.")
        }
        taken.leaveOut(
            root, besides: ["feature_states", "project", "identity_overrides", "id", "name", "api_key", "updated_at"],
            of: "the environment", at: .root)
        if let project = root["project"]?.objectValue {
            taken.leaveOut(
                project, besides: ["id", "name", "segments"], of: "the project",
                at: JSONPointer(tokens: ["project"]))
        }
        let segments = segments(root["project"]?["segments"])
        var features: [ExactName: FlagsmithFeature] = [:]
        var names: [ExactName] = []
        for (index, state) in states.enumerated() {
            let place = JSONPointer(tokens: ["feature_states", String(index)])
            guard let name = state["feature"]?["name"]?.stringValue else {
                taken.note(.error, "The feature has no name and is left out.", at: place)
                continue
            }
            guard features[ExactName(name)] == nil else {
                taken.note(.error, "The file has this feature twice; the second is left out.", key: name, at: place)
                continue
            }
            if let feature = state["feature"]?.objectValue {
                taken.leaveOut(
                    feature, besides: ["id", "name", "type", "description"], of: "features",
                    at: place.appending("feature"))
            }
            features[ExactName(name)] = FlagsmithFeature(name: name, state: state, pointer: place)
            names.append(ExactName(name))
        }
        addIdentities(root["identity_overrides"], to: &features)
        addOverrides(segments, to: &features)
        for name in names { features[name]?.add(to: taken) }
    }

    // MARK: Overrides

    private func addIdentities(_ json: JSONValue?, to features: inout [ExactName: FlagsmithFeature]) {
        for (index, identity) in (json?.arrayValue ?? []).enumerated() {
            let place = JSONPointer(tokens: ["identity_overrides", String(index)])
            guard let identifier = identity["identifier"]?.stringValue, !identifier.isEmpty else {
                taken.note(.error, "The identity has no identifier, and its overrides are left out.", at: place)
                continue
            }
            for state in identity["identity_features"]?.arrayValue ?? [] {
                guard let name = state["feature"]?["name"]?.stringValue, features[ExactName(name)] != nil else {
                    taken.note(
                        .error,
                        "An override for one identity is of a feature that the file does not have; it is left out.",
                        key: state["feature"]?["name"]?.stringValue, at: place)
                    continue
                }
                features[ExactName(name)]?.identities.append((identifier, state))
            }
        }
    }

    private struct Segment {
        let original: String
        /// Nil where it was left out.
        let name: SegmentName?
        let overrides: [JSONValue]
        let pointer: JSONPointer
    }

    private func addOverrides(_ segments: [Segment], to features: inout [ExactName: FlagsmithFeature]) {
        for segment in segments {
            for state in segment.overrides {
                let text = state["feature"]?["name"]?.stringValue
                guard let text, features[ExactName(text)] != nil else {
                    taken.note(
                        .error,
                        "An override for a segment is of a feature that the file does not have; it is left out.",
                        key: text, at: segment.pointer)
                    continue
                }
                guard let name = segment.name else {
                    taken.note(
                        .error,
                        "What the segment '\(InvalidFlagItem.shown(segment.original))' gets is left out with the segment: who is in it gets what everybody gets.",
                        key: text, at: segment.pointer)
                    continue
                }
                let priority = state["feature_segment"]?["priority"]?.numberValue?.double ?? .infinity
                features[ExactName(text)]?.segments.append((name, priority, state))
            }
        }
    }

    // MARK: Segments

    private func segments(_ json: JSONValue?) -> [Segment] {
        (json?.arrayValue ?? []).enumerated().map { index, json in
            let pointer = JSONPointer(tokens: ["project", "segments", String(index)])
            let text = json["name"]?.stringValue ?? "segment-\(json["id"]?.canonicalText ?? String(index))"
            if let object = json.objectValue {
                taken.leaveOut(
                    object, besides: ["id", "name", "description", "rules", "feature_states"], of: "segments",
                    at: pointer)
            }
            let overrides = json["feature_states"]?.arrayValue ?? []
            let name = taken.segmentName(for: text, at: pointer)
            var conditions: [ForeignCondition] = []
            let rules = json["rules"]?.arrayValue ?? []
            for (index, rule) in rules.enumerated() {
                let place = pointer.appending("rules").appending(index)
                guard let condition = self.rule(rule, of: text, at: place) else {
                    taken.note(.error, "The segment is left out.", key: text, at: pointer)
                    return Segment(original: text, name: nil, overrides: overrides, pointer: pointer)
                }
                conditions.append(condition)
            }
            let segment = ForeignSegment(
                description: json["description"]?.stringValue,
                // Without rules nobody is in it.
                rules: conditions.isEmpty ? [] : [.all(conditions)])
            let isAdded = taken.add(segment: name, segment.body, from: text, at: pointer)
            return Segment(original: text, name: isAdded ? name : nil, overrides: overrides, pointer: pointer)
        }
    }

    /// Its conditions and its rules, each taken together by its type; nil, with a notice, where one cannot be said.
    private func rule(_ json: JSONValue, of segment: String, at place: JSONPointer) -> ForeignCondition? {
        let type = json["type"]?.stringValue ?? ""
        func together(_ parts: [ForeignCondition]) -> ForeignCondition? {
            if parts.isEmpty { return .always }
            switch type {
            case "ALL": return .all(parts)
            case "ANY": return .any(parts)
            case "NONE": return .not(.any(parts))
            default:
                taken.note(
                    .error,
                    "A rule is of the type '\(InvalidFlagItem.shown(type))', where there are ALL, ANY and NONE.",
                    key: segment, at: place)
                return nil
            }
        }
        var conditions: [ForeignCondition] = []
        for (index, condition) in (json["conditions"]?.arrayValue ?? []).enumerated() {
            guard
                let condition = self.condition(
                    condition, of: segment, at: place.appending("conditions").appending(index))
            else { return nil }
            conditions.append(condition)
        }
        var rules: [ForeignCondition] = []
        for (index, rule) in (json["rules"]?.arrayValue ?? []).enumerated() {
            guard let rule = self.rule(rule, of: segment, at: place.appending("rules").appending(index)) else {
                return nil
            }
            rules.append(rule)
        }
        guard let first = together(conditions), let second = together(rules) else { return nil }
        return .all([first, second])
    }

    private func refuse(_ message: String, of segment: String, at place: JSONPointer) -> ForeignCondition? {
        taken.note(.error, message, key: segment, at: place)
        return nil
    }

    private func path(_ property: String, of segment: String, at place: JSONPointer) -> AttributePath? {
        if ["", "$.identity.identifier", "$.identity.key"].contains(where: { $0.hasSameBytes(as: property) }) {
            return .targetingKey
        }
        if property.hasPrefix("$.") {
            taken.note(
                .error,
                "The property '\(InvalidFlagItem.shown(property))' is no trait; what the platform itself knows cannot be asked here.",
                key: segment, at: place)
            return nil
        }
        if property.contains(".") {
            taken.noteOnce(
                .warning,
                "The trait '\(InvalidFlagItem.shown(property))' has a dot in its name, which is read as a path: put it inside an object in the context.",
                at: place)
        }
        do throws(InvalidFlagItem) {
            return try AttributePath(parsing: property)
        } catch {
            taken.note(.error, error.faults[0].message, key: segment, at: place)
            return nil
        }
    }

    private func condition(_ json: JSONValue, of segment: String, at place: JSONPointer) -> ForeignCondition? {
        let symbol = json["operator"]?.stringValue ?? ""
        let property = (json["property_"] ?? json["property"])?.stringValue ?? ""
        let value: String =
            switch json["value"] {
            case .string(let text)?: text
            case .number, .bool: json["value"]?.canonicalText ?? ""
            default: ""
            }
        guard !property.isEmpty || symbol.hasSameBytes(as: "PERCENTAGE_SPLIT") else {
            return refuse("A condition names no property.", of: segment, at: place)
        }
        guard let path = path(property, of: segment, at: place) else { return nil }
        switch symbol {
        case "EQUAL", "NOT_EQUAL":
            let test =
                version(value).map { ForeignCondition.test(path, .version(.versionEquals, [$0])) }
                ?? .equals(path, Self.spelled(value))
            // Of a trait that is absent neither holds.
            return symbol.hasSameBytes(as: "EQUAL") ? test : .all([.test(path, .exists), .not(test)])
        case "GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE":
            return order(symbol, path, value, of: segment, at: place)
        case "CONTAINS", "NOT_CONTAINS":
            let test: ForeignCondition =
                value.isEmpty ? .test(path, .exists) : .test(path, .contains([.string(value)]))
            return symbol.hasSameBytes(as: "CONTAINS") ? test : .all([.test(path, .exists), .not(test)])
        case "REGEX":
            guard let test = LiteralPattern.condition(value, of: path, isAnchoredAtStart: true) else {
                return refuse(
                    "Regular expressions cannot be evaluated by flagd, and '\(InvalidFlagItem.shown(value))' says more than a beginning, an end or a part of a text.",
                    of: segment, at: place)
            }
            return test
        case "IN":
            var values = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let list = json["value"]?.arrayValue ?? (try? JSONValue(parsing: value))?.arrayValue
            if let list { values = list.map { $0.stringValue ?? $0.canonicalText } }
            return .equals(path, values.flatMap { text in text.asWritten.filter { $0.boolValue == nil } })
        case "IS_SET": return .test(path, .exists)
        case "IS_NOT_SET": return .not(.test(path, .exists))
        case "PERCENTAGE_SPLIT":
            guard let parts = ForeignCondition.share(ofPercent: .string(value)) else {
                return refuse("'\(InvalidFlagItem.shown(value))' is no percentage.", of: segment, at: place)
            }
            taken.note(
                .warning, "The percentage is kept, but people move: flagd's buckets are others than Flagsmith's.",
                key: segment, at: place)
            return .share(parts, by: path, seed: segment)
        case "MODULO":
            let numbers = value.split(separator: "|", omittingEmptySubsequences: false)
                .compactMap { try? JSONNumber(parsing: String($0).trimmed) }
            guard numbers.count == 2, numbers[0].double != 0, numbers.allSatisfy({ $0.double.isFinite }) else {
                return refuse(
                    "'\(InvalidFlagItem.shown(value))' is no divisor and remainder such as '2|0'.", of: segment,
                    at: place)
            }
            let variable = LogicTree.variable(path)
            let remainder = LogicTree.operation("%", [variable, .number(numbers[0])])
            return .all([
                .test(path, .exists), .logic(LogicTree.operation("===", [remainder, .number(numbers[1])])),
            ])
        default:
            return refuse("The operator '\(InvalidFlagItem.shown(symbol))' is not known here.", of: segment, at: place)
        }
    }

    private func order(
        _ symbol: String, _ path: AttributePath, _ value: String, of segment: String, at place: JSONPointer
    ) -> ForeignCondition? {
        if let version = version(value) {
            let relation: AttributeTest.VersionRelation =
                switch symbol {
                case "GREATER_THAN": .versionAbove
                case "GREATER_THAN_INCLUSIVE": .versionAtLeast
                case "LESS_THAN": .versionBelow
                default: .versionAtMost
                }
            return .test(path, .version(relation, [version]))
        }
        guard let number = try? JSONNumber(parsing: value.trimmed), number.double.isFinite else {
            return refuse(
                "Texts have no order here, and '\(InvalidFlagItem.shown(value))' is no number and no version such as '1.2.0:semver'.",
                of: segment, at: place)
        }
        let order: AttributeTest.NumberOrder =
            switch symbol {
            case "GREATER_THAN": .greaterThan
            case "GREATER_THAN_INCLUSIVE": .atLeast
            case "LESS_THAN": .lessThan
            default: .atMost
            }
        return .test(path, .number(order, number))
    }

    private func version(_ value: String) -> SemanticVersion? {
        guard value.hasSuffix(":semver") else { return nil }
        return try? SemanticVersion(parsing: String(value.dropLast(":semver".count)))
    }

    /// A trait is compared as the type that it has.
    private static func spelled(_ text: String) -> [JSONValue] {
        var values: [JSONValue] = [.string(text)]
        if let number = try? JSONNumber(parsing: text), number.double.isFinite { values.append(.number(number)) }
        if ["true", "True"].contains(where: { $0.hasSameBytes(as: text) }) { values.append(true) }
        if ["false", "False"].contains(where: { $0.hasSameBytes(as: text) }) { values.append(false) }
        return values
    }
}

/// A feature, and whoever gets another state of it than the environment's.
private struct FlagsmithFeature {
    let name: String
    let state: JSONValue
    let pointer: JSONPointer
    var identities: [(identifier: String, state: JSONValue)] = []
    var segments: [(name: SegmentName, priority: Double, state: JSONValue)] = []

    init(name: String, state: JSONValue, pointer: JSONPointer) {
        self.name = name
        self.state = state
        self.pointer = pointer
    }

    /// What a state gives to a context that it counts for.
    private struct Outcome: Hashable {
        let isEnabled: Bool
        /// Beside the shares.
        let value: JSONValue
        /// Of 100,000.
        let shares: [Share]

        struct Share: Hashable {
            let value: JSONValue
            let parts: Int64
        }

        init(_ state: JSONValue) {
            isEnabled = state["enabled"] == .bool(true)
            value = state["feature_state_value"] ?? .null
            var rest = ForeignCondition.wholeShare
            shares = (state["multivariate_feature_state_values"]?.arrayValue ?? []).enumerated()
                .sorted { a, b in
                    let (first, second) = (a.element["id"]?.int64Value, b.element["id"]?.int64Value)
                    return (first ?? .max, a.offset) < (second ?? .max, b.offset)
                }
                .compactMap { _, option in
                    guard let value = option["multivariate_feature_option"]?["value"],
                        let parts = ForeignCondition.share(ofPercent: option["percentage_allocation"])
                    else { return nil }
                    let share = min(parts, rest)
                    rest -= share
                    return Share(value: value, parts: share)
                }
        }

        var values: [JSONValue] { [value] + shares.map(\.value) }
        var rest: Int64 { ForeignCondition.wholeShare - shares.reduce(0) { $0 + $1.parts } }
    }

    func add(to taken: FlagImport) {
        let base = Outcome(state)
        let ordered = segments.enumerated().sorted {
            ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset)
        }
        .map(\.element)
        let outcomes = [base] + ordered.map { Outcome($0.state) } + identities.map { Outcome($0.state) }
        let values = outcomes.flatMap(\.values)
        let isBare = values.allSatisfy { $0.isNull || $0 == "" }
        if isBare { addBoolean(base, ordered.map { ($0.name, Outcome($0.state)) }, to: taken); return }
        addValued(base, ordered.map { ($0.name, Outcome($0.state)) }, values, to: taken)
    }

    /// Identities with the same outcome together.
    private func identityGroups() -> [(keys: [JSONValue], outcome: Outcome)] {
        var groups: [(keys: [JSONValue], outcome: Outcome)] = []
        var indices: [Outcome: Int] = [:]
        for (identifier, state) in identities {
            let outcome = Outcome(state)
            if let index = indices[outcome] {
                groups[index].keys.append(.string(identifier))
            } else {
                indices[outcome] = groups.count
                groups.append(([.string(identifier)], outcome))
            }
        }
        return groups
    }

    private var description: JSONValue? {
        state["feature"]?["description"]?.stringValue.flatMap { $0.isEmpty ? nil : .string($0) }
    }

    private func addBoolean(_ base: Outcome, _ segments: [(SegmentName, Outcome)], to taken: FlagImport) {
        guard let on = try? VariantName(parsing: "on"), let off = try? VariantName(parsing: "off") else { return }
        var body: JSONObject = ["type": "boolean", "variants": ["on": true, "off": false]]
        body["description"] = description
        guard let key = taken.add(flag: name, body, at: pointer) else { return }
        func serve(_ outcome: Outcome) -> Serve { .variant(outcome.isEnabled ? on : off) }
        let rules =
            identityGroups().map {
                ForeignRule("identities", when: .equals(.targetingKey, $0.keys), serve: serve($0.outcome))
            }
            + segments.map { name, outcome in
                ForeignRule(when: .plain(.segment(name, isNegated: false)), serve: serve(outcome))
            }
        taken.add(
            rule: FlagRuleBody(
                defaultVariant: .variant(base.isEnabled ? on : off), targeting: rules.targeting(in: key)),
            of: key, at: pointer)
    }

    private func addValued(
        _ base: Outcome, _ segments: [(SegmentName, Outcome)], _ values: [JSONValue], to taken: FlagImport
    ) {
        var values = values.filter { !$0.isNull }
        let known = (try? FlagKey(parsing: name)).flatMap { taken.order.flag($0)?.flag.type }
        var isText = false
        let type: FlagType
        if let found = FlagType(admitting: values, known: known) {
            type = found
        } else {
            (type, isText) = (.string, true)
            values = values.map { .string($0.stringValue ?? $0.canonicalText) }
            taken.note(
                .warning, "Its values are of different types; all of them are kept as texts.", key: name, at: pointer)
        }
        var naming = VariantNaming()
        var names: [JSONValue: VariantName] = [:]
        var variants = JSONObject()
        for value in values where names[value] == nil {
            let variant = naming.name(nil, value, names.count)
            names[value] = variant
            variants[variant.rawValue] = value
        }
        var body: JSONObject = ["type": .string(type.rawValue), "variants": .object(variants)]
        body["description"] = description
        guard let key = taken.add(flag: name, body, at: pointer) else { return }
        taken.note(
            .warning,
            "The flag's value is the feature's value; a program that asks only whether the feature is enabled is to ask for its value instead. Where it is not enabled, callers get their own default.",
            key: name, at: pointer)

        func variant(_ value: JSONValue) -> VariantName? {
            value.isNull ? nil : names[isText ? .string(value.stringValue ?? value.canonicalText) : value]
        }
        var hasSplit = false
        /// A split where it has shares, then the value of the rest; a nil serve for what has no value.
        func rules(_ name: String?, _ condition: ForeignCondition, _ outcome: Outcome) -> [ForeignRule] {
            guard outcome.isEnabled else { return [ForeignRule(name, when: condition, serve: nil)] }
            let control = variant(outcome.value)
            var shares = outcome.shares.compactMap { share in
                variant(share.value).map { Serve.Share($0, weight: share.parts) }
            }
            let whole = ForeignRule(name, when: condition, serve: control.map { .variant($0) })
            guard shares.contains(where: { $0.weight > 0 }) else { return [whole] }
            hasSplit = true
            let hasKey = ForeignCondition.test(.targetingKey, .exists)
            guard let control else {
                // Who is in no share has no value: the shares take up one after the other what is left.
                var rules: [ForeignRule] = []
                var end: Int64 = 0
                for share in shares {
                    end += share.weight
                    rules.append(
                        ForeignRule(
                            name,
                            when: .all([condition, .share(end, by: .targetingKey, seed: self.name)]),
                            serve: .variant(share.variant)))
                }
                return rules + [whole]
            }
            shares.append(Serve.Share(control, weight: outcome.rest))
            return [
                ForeignRule(
                    name, when: .all([condition, hasKey]),
                    serve: .split(Serve.Split(shares: shares, by: .targetingKey, seed: nil))), whole,
            ]
        }
        var all = identityGroups().flatMap { rules("identities", .equals(.targetingKey, $0.keys), $0.outcome) }
        for (segment, outcome) in segments {
            all += rules(nil, .plain(.segment(segment, isNegated: false)), outcome)
        }
        let isEnabled = base.isEnabled || all.contains { $0.serve != nil }
        var defaultVariant = FlagRuleBody.DefaultVariant.ofCaller
        if base.isEnabled {
            var last = rules(nil, .always, base)
            // Rules that serve nothing leave callers to their own default, so that the environment's value cannot be the default too.
            if !all.contains(where: { $0.serve == nil }), let control = variant(base.value) {
                defaultVariant = .variant(control)
                last.removeLast()
            }
            all += last
        }
        if hasSplit {
            taken.note(
                .warning, "The percentages are kept, but people move: flagd's buckets are others than Flagsmith's.",
                key: name, at: pointer)
        }
        taken.add(
            rule: FlagRuleBody(
                isEnabled: isEnabled, defaultVariant: defaultVariant, targeting: all.targeting(in: key)), of: key,
            at: pointer)
    }
}
