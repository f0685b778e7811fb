import ExactJSON

/// Reads flags and segments of LaunchDarkly.
///
/// Of contexts the kind `user` is the context itself and its key the targeting key; another kind is an attribute that holds an object.
struct LaunchDarklyReader {
    private let taken: FlagImport

    init(_ taken: FlagImport) {
        self.taken = taken
    }

    private struct Source {
        let key: String
        let flag: JSONObject
        let pointer: JSONPointer
    }

    func read(_ json: JSONValue) throws(InvalidFlagItem) {
        let found = try sources(in: json)
        let environment = try taken.order.environment(among: Self.environments(of: found.flags + found.segments))
        let segments = LaunchDarklySegments(taken, found.segments.map { ($0.key, $0.pointer) })
        for source in found.segments {
            guard source.flag["deleted"] != .bool(true) else { continue }
            segments.read(source.key, source.flag, at: source.pointer)
        }
        let flags = found.flags.compactMap { source in
            LaunchDarklyFlag(source.key, source.flag, environment: environment, at: source.pointer, taken)
        }
        let known = Dictionary(flags.map { (ExactName($0.key.rawValue), $0) }) { first, _ in first }
        for flag in flags { flag.readRule(beside: known, segments, taken) }
    }

    private static func environments(of sources: [Source]) -> [String] {
        var names: Set<String> = []
        for source in sources { names.formUnion(source.flag["environments"]?.objectValue?.names ?? []) }
        return names.sorted()
    }

    private func sources(in json: JSONValue) throws(InvalidFlagItem) -> (flags: [Source], segments: [Source]) {
        var flags: [Source] = []
        var segments: [Source] = []
        func take(_ value: JSONValue, key: String?, at pointer: JSONPointer, asSegment: Bool?) {
            guard case .object(let object) = value, let key = object["key"]?.stringValue ?? key else {
                taken.note(.error, "It is no object with a 'key' and is left out.", key: key, at: pointer)
                return
            }
            let isSegment = asSegment ?? (object["variations"] == nil)
            let source = Source(key: key, flag: object, pointer: pointer)
            if isSegment { segments.append(source) } else { flags.append(source) }
        }
        func takeAll(_ value: JSONValue?, at pointer: JSONPointer, asSegment: Bool?) {
            switch value {
            case .object(let object)?:
                for member in object.members {
                    take(member.value, key: member.name, at: pointer.appending(member.name), asSegment: asSegment)
                }
            case .array(let list)?:
                for (index, value) in list.enumerated() {
                    take(value, key: nil, at: pointer.appending(index), asSegment: asSegment)
                }
            case nil, .null?: break
            default: taken.note(.error, "It is no list and no object and is left out.", at: pointer)
            }
        }
        var root = json
        var place = JSONPointer.root
        if let data = json["data"], data["flags"] != nil || data["segments"] != nil {
            (root, place) = (data, place.appending("data"))
        }
        if root.arrayValue != nil {
            takeAll(root, at: place, asSegment: nil)
        } else if let items = root["items"], items.arrayValue != nil {
            takeAll(items, at: place.appending("items"), asSegment: nil)
        } else if root["variations"]?.arrayValue != nil {
            take(root, key: nil, at: place, asSegment: false)
        } else if root["flags"] != nil || root["featureFlags"] != nil || root["segments"] != nil
            || root["flagValues"] != nil
        {
            for name in ["flags", "featureFlags"] {
                takeAll(root[name], at: place.appending(name), asSegment: false)
            }
            takeAll(root["segments"], at: place.appending("segments"), asSegment: true)
            for (key, value) in root["flagValues"]?.objectValue ?? JSONObject() {
                let flag: JSONObject = [
                    "key": .string(key), "on": true, "variations": [value], "fallthrough": ["variation": 0],
                ]
                flags.append(
                    Source(key: key, flag: flag, pointer: place.appending("flagValues").appending(key)))
            }
        } else {
            throw InvalidFlagItem(
                "This is no flag of LaunchDarkly's API, no list {\"items\": […]} of them, and no {\"flags\": {…}, \"segments\": {…}}."
            )
        }
        return (flags, segments)
    }
}

/// A flag with its definition taken, and its rule to be read once the others are known.
private struct LaunchDarklyFlag {
    let key: FlagKey
    /// By index.
    let variations: [VariantName]
    let isOn: Bool
    let offVariation: VariantName?
    /// What says who gets what; nil where the environment says nothing.
    private let settings: (json: JSONObject, pointer: JSONPointer)?

    private static let definitionMembers: Set<String> = [
        "key", "name", "description", "kind", "variations", "tags", "_maintainer", "archived", "environments",
        "deleted",
        "defaults",
    ]
    private static let settingMembers: Set<String> = [
        "key", "on", "targets", "contextTargets", "rules", "fallthrough", "offVariation", "prerequisites", "archived",
        "deleted",
    ]

    /// Nil, with a notice, where the flag cannot be taken.
    init?(
        _ text: String, _ flag: JSONObject, environment: String?, at pointer: JSONPointer, _ taken: FlagImport
    ) {
        guard flag["deleted"] != .bool(true) else {
            taken.note(.information, "The flag was deleted and is left out.", key: text, at: pointer)
            return nil
        }
        guard let listed = flag["variations"]?.arrayValue, !listed.isEmpty else {
            taken.note(.error, "The flag has no variations and is left out.", key: text, at: pointer)
            return nil
        }
        // The API names each variation; programs are sent their values alone.
        let isOfAPI = flag["environments"] != nil || listed.allSatisfy { $0["_id"] != nil && $0["value"] != nil }
        var naming = VariantNaming()
        var variations: [VariantName] = []
        var variants = JSONObject()
        for (index, variation) in listed.enumerated() {
            let value = isOfAPI ? variation["value"] ?? .null : variation
            let name = naming.name(isOfAPI ? variation["name"]?.stringValue : nil, value, index)
            variations.append(name)
            variants[name.rawValue] = value
        }
        let known = (try? FlagKey(parsing: text)).flatMap { taken.order.flag($0)?.flag.type }
        guard let type = FlagType(admitting: variants.values, known: known) else {
            taken.note(
                .error,
                "Its variations are of different types, or lists, or null; a flag is all booleans, texts, numbers or objects. The flag is left out.",
                key: text, at: pointer.appending("variations"))
            return nil
        }
        var body: JSONObject = ["type": .string(type.rawValue), "variants": .object(variants)]
        let description = [flag["description"], flag["name"]].compactMap { $0?.stringValue }.first { !$0.isEmpty }
        body["description"] = description.map { .string($0) }
        if let tags = flag["tags"]?.arrayValue, !tags.isEmpty { body["tags"] = .array(tags) }
        body["owner"] = flag["_maintainer"]?["email"]
        var isArchived = flag["archived"] == .bool(true)
        if isOfAPI { taken.leaveOut(flag, besides: Self.definitionMembers, of: "flags", at: pointer) }
        if let environments = flag["environments"]?.objectValue {
            if let environment, let own = environments[environment]?.objectValue {
                settings = (own, pointer.appending("environments").appending(environment))
                isArchived = isArchived || own["archived"] == .bool(true)
            } else {
                settings = nil
                taken.note(
                    .warning,
                    "The file says nothing of it in this environment; the flag is defined, and stays DISABLED until a rule is written.",
                    key: text, at: pointer)
            }
        } else {
            settings = (flag, pointer)
        }
        if isArchived {
            body["lifecycle"] = "archived"
            taken.note(.information, "The flag is archived there, and here.", key: text, at: pointer)
        }
        guard let key = taken.add(flag: text, body, at: pointer) else { return nil }
        self.key = key
        self.variations = variations
        let own = settings?.json ?? JSONObject()
        isOn = own["on"] == .bool(true)
        offVariation = own["offVariation"]?.int64Value.flatMap { Self.variation($0, of: variations) }
        if let off = own["offVariation"], !off.isNull, offVariation == nil {
            taken.note(
                .error,
                "Its off variation is none of its variations and is left out; callers get their own default there.",
                key: text, at: pointer)
        }
    }

    private static func variation(_ index: Int64, of variations: [VariantName]) -> VariantName? {
        Int(exactly: index).flatMap { variations.indices.contains($0) ? variations[$0] : nil }
    }

    func readRule(
        beside flags: [ExactName: LaunchDarklyFlag], _ segments: LaunchDarklySegments, _ taken: FlagImport
    ) {
        guard let (json, pointer) = settings else { return }
        taken.leaveOut(json, besides: Self.settingMembers.union(Self.definitionMembers), of: "flags", at: pointer)
        guard json["fallthrough"] != nil else {
            taken.add(rule: FlagRuleBody(isEnabled: false, defaultVariant: .ofCaller), of: key, at: pointer)
            taken.disable(
                key,
                because: json["_summary"] != nil
                    ? "The file holds only a summary of its rules; ask the API for them with summary=0."
                    : "It has no 'fallthrough', so that it does not show who gets what.", at: pointer)
            return
        }
        let clauses = LaunchDarklyClauses(taken, key: key.rawValue, segments)
        var rules: [ForeignRule] = []
        var off = isOn ? nil : "off"
        let required = prerequisites(
            json["prerequisites"], at: pointer.appending("prerequisites"), beside: flags, taken)
        if required == nil, isOn { off = "a prerequisite is missing" }
        let prerequisites = required ?? []
        rules += targets(json, at: pointer, clauses, segments, taken)
        for (index, rule) in (json["rules"]?.arrayValue ?? []).enumerated() {
            let place = pointer.appending("rules").appending(index)
            if let rule = self.rule(rule, at: place, clauses, taken) { rules.append(rule) }
        }
        var defaultVariant = offVariation
        switch outcome(json["fallthrough"] ?? .null, at: pointer.appending("fallthrough"), clauses, taken) {
        case nil:
            taken.note(
                .error, "Its fallthrough serves none of its variations; the off variation is served.",
                key: key.rawValue, at: pointer.appending("fallthrough"))
        case .variant(let variant)? where prerequisites.isEmpty && off == nil: defaultVariant = variant
        case .variant(let variant)?: rules.append(ForeignRule("fallthrough", when: .always, serve: .variant(variant)))
        case .split(let split)?:
            if prerequisites.isEmpty, off == nil {
                // Who lacks what the rollout goes by has the first share there.
                defaultVariant = split.shares.first { $0.weight > 0 }?.variant
            }
            rules.append(ForeignRule("fallthrough", when: .always, serve: .split(split)))
        }
        var isEnabled = true
        if let off {
            if let offVariation {
                rules.insert(ForeignRule(off, when: .always, serve: .variant(offVariation)), at: 0)
                if !isOn {
                    taken.note(
                        .information,
                        "The flag is off: its first rule serves the off variation to everybody, and its rules are kept behind it. Take that rule out to turn the flag on.",
                        key: key.rawValue, at: pointer)
                }
            } else {
                isEnabled = false
            }
        }
        taken.add(
            rule: FlagRuleBody(
                isEnabled: isEnabled, defaultVariant: defaultVariant.map { .variant($0) } ?? .ofCaller,
                prerequisites: prerequisites, targeting: rules.targeting(in: key)), of: key, at: pointer)
    }

    /// Nil, with a notice, where one of them can never hold.
    private func prerequisites(
        _ json: JSONValue?, at place: JSONPointer, beside flags: [ExactName: LaunchDarklyFlag], _ taken: FlagImport
    ) -> [FlagRuleBody.Prerequisite]? {
        var prerequisites: [FlagRuleBody.Prerequisite] = []
        for (index, one) in (json?.arrayValue ?? []).enumerated() {
            guard let text = one["key"]?.stringValue, let flag = flags[ExactName(text)],
                let variant = one["variation"]?.int64Value.flatMap({ Self.variation($0, of: flag.variations) })
            else {
                taken.note(
                    .error,
                    "The prerequisite '\(InvalidFlagItem.shown(one["key"]?.stringValue ?? ""))' is not in the file, or has no such variation; as there, the off variation is served. Import both in one file.",
                    key: key.rawValue, at: place.appending(index))
                return nil
            }
            if !flag.isOn, flag.offVariation == variant {
                taken.note(
                    .warning,
                    "The prerequisite '\(InvalidFlagItem.shown(text))' is off and serves just the variation that is asked for: there it does not hold, here it does.",
                    key: key.rawValue, at: place.appending(index))
            }
            prerequisites.append(FlagRuleBody.Prerequisite(flag: flag.key, variants: [variant]))
        }
        return prerequisites
    }

    /// Individual targets.
    private func targets(
        _ json: JSONObject, at pointer: JSONPointer, _ clauses: LaunchDarklyClauses, _ segments: LaunchDarklySegments,
        _ taken: FlagImport
    ) -> [ForeignRule] {
        var listed: [(target: JSONValue, place: JSONPointer)] = []
        func all(_ name: String) -> [(target: JSONValue, place: JSONPointer)] {
            (json[name]?.arrayValue ?? []).enumerated().map { ($1, pointer.appending(name).appending($0)) }
        }
        let targets = all("targets")
        let contextTargets = all("contextTargets")
        if contextTargets.isEmpty {
            listed = targets
        } else {
            // One of users without values stands for the place of that among the plain targets.
            for (target, place) in contextTargets {
                let kind = target["contextKind"]?.stringValue ?? "user"
                let isPlace = kind == "user" && target["values"]?.arrayValue?.isEmpty ?? true
                listed +=
                    isPlace ? targets.filter { $0.target["variation"] == target["variation"] } : [(target, place)]
            }
            for (target, place) in targets where !listed.contains(where: { $0.place == place }) {
                listed.append((target, place))
            }
        }
        return listed.compactMap { target, place in
            let values = (target["values"]?.arrayValue ?? []).filter { $0.stringValue != nil }
            if values.isEmpty { return nil }
            guard let variant = target["variation"]?.int64Value.flatMap({ Self.variation($0, of: variations) }),
                let path = clauses.path(of: "key", kind: target["contextKind"]?.stringValue, at: place)
            else {
                taken.note(
                    .error, "These individual targets name none of its variations and are left out.", key: key.rawValue,
                    at: place)
                return nil
            }
            guard values.count > FlagImportLimits.keysInRule, path == .targetingKey else {
                return ForeignRule("targets", when: .equals(path, values), serve: .variant(variant))
            }
            let name = taken.segmentName(
                for: "\(key.rawValue)-\(variant.rawValue)-targets", key: key.rawValue, at: place)
            guard
                taken.add(segment: name, ["include": .array(values)], from: name.rawValue, at: place)
            else { return nil }
            taken.note(
                .information,
                "Its \(values.count) targets of '\(InvalidFlagItem.shown(variant.rawValue))' are kept as the segment '\(name)'.",
                key: key.rawValue, at: place)
            return ForeignRule(
                "targets", when: .plain(.segment(name, isNegated: false)), serve: .variant(variant))
        }
    }

    private func rule(
        _ json: JSONValue, at place: JSONPointer, _ clauses: LaunchDarklyClauses, _ taken: FlagImport
    ) -> ForeignRule? {
        guard let serve = outcome(json, at: place, clauses, taken) else {
            taken.note(
                .error, "The rule serves none of its variations and is left out.", key: key.rawValue, at: place)
            return nil
        }
        guard let condition = clauses.all(json["clauses"], at: place.appending("clauses")) else {
            taken.note(
                .error, "A rule is left out, so that those it was for get what comes after it.", key: key.rawValue,
                at: place)
            return nil
        }
        let name = [json["description"], json["ref"]].compactMap { $0?.stringValue }.first { !$0.isEmpty }
        if let object = json.objectValue {
            taken.leaveOut(
                object, besides: ["_id", "id", "description", "ref", "clauses", "variation", "rollout"], of: "rules",
                at: place)
        }
        return ForeignRule(name, when: condition, serve: serve)
    }

    /// `variation` or `rollout`; nil where it is neither.
    private func outcome(
        _ json: JSONValue, at place: JSONPointer, _ clauses: LaunchDarklyClauses, _ taken: FlagImport
    ) -> Serve? {
        if let index = json["variation"]?.int64Value {
            return Self.variation(index, of: variations).map { .variant($0) }
        }
        guard let rollout = json["rollout"], let listed = rollout["variations"]?.arrayValue, !listed.isEmpty else {
            return nil
        }
        var shares: [Serve.Share] = []
        var rest = ForeignCondition.wholeShare
        for (index, one) in listed.enumerated() {
            guard let variant = one["variation"]?.int64Value.flatMap({ Self.variation($0, of: variations) }),
                let weight = one["weight"]?.int64Value, weight >= 0
            else { return nil }
            // Buckets end at 100,000, and the last share has what the others leave.
            let share = index == listed.count - 1 ? rest : min(weight, rest)
            rest -= share
            shares.append(Serve.Share(variant, weight: share))
        }
        if shares.filter({ $0.weight > 0 }).count == 1, let only = shares.first(where: { $0.weight > 0 }) {
            return .variant(only.variant)
        }
        let bucket = rollout["bucketBy"]?.stringValue ?? "key"
        guard let by = clauses.path(of: bucket, kind: rollout["contextKind"]?.stringValue, at: place) else {
            return nil
        }
        taken.note(
            .warning,
            "The percentages are kept, but people move: flagd's buckets are others than LaunchDarkly's.",
            key: key.rawValue, at: place.appending("rollout"))
        if let object = rollout.objectValue {
            taken.leaveOut(object, besides: ["variations", "bucketBy", "contextKind"], of: "rollouts", at: place)
        }
        return .split(Serve.Split(shares: shares, by: by, seed: nil))
    }
}
