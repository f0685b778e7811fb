package import ExactJSON

/// The body of a segment's item: a group of contexts that rules and other segments may name.
///
/// ```
/// { "description"?: text, "by"?: ATTRIBUTE, "include"?: [text], "exclude"?: [text], "rules"?: [ { "when": [CONDITION, …] } ] }
/// { "description"?: text, "targeting": JsonLogic }
/// ```
/// Who is excluded is not in it; then who is included is; then who fits any rule. At most ``FlagLimits/listedContexts`` are listed,
/// ``FlagLimits/rules`` rules, ``FlagLimits/segmentBytes`` bytes.
package struct SegmentBody: FlagItemValue {
    package let description: String?
    package let members: Members

    package enum Members: Hashable, Sendable {
        case listed(Listed)
        /// As it was written; who it is truthy for is in the segment.
        case logic(JSONObject)
    }

    package struct Listed: Hashable, Sendable {
        /// Of the context; whose text is looked for in the lists.
        package let by: AttributePath
        package let include: [JSONValue]
        package let exclude: [JSONValue]
        /// All conditions of one of them must hold; none of them is empty.
        package let rules: [[Condition]]
    }

    package init(parsing json: JSONValue) throws(InvalidFlagItem) {
        try json.checkSize(FlagLimits.segmentBytes, of: "the segment")
        let faults = FlagItemFaults()
        self = try faults.check(Self(json, faults))
    }

    package static let memberNames = ["by", "description", "exclude", "include", "rules", "targeting"]

    private init?(_ json: JSONValue, _ faults: FlagItemFaults) {
        guard
            let reader = FlagItemReader(json, at: .root, what: "a segment", allowed: Self.memberNames, faults: faults)
        else { return nil }
        description = reader.text("description", bytes: FlagLimits.descriptionBytes)
        if let logic = reader.members["targeting"] {
            for name in ["by", "include", "exclude", "rules"] where reader.has(name) {
                reader.add("A segment with 'targeting' has no '\(name)'; leave one of them out.", at: name)
            }
            guard case .object(let logic) = logic, !logic.isEmpty else {
                reader.add("'targeting' is JsonLogic, an object such as {\"in\": […]}.", at: "targeting")
                return nil
            }
            members = .logic(logic)
            return
        }
        let by = reader.attribute("by")
        let include = Self.contexts(reader, "include")
        let exclude = Self.contexts(reader, "exclude")
        if include.count + exclude.count > FlagLimits.listedContexts {
            faults.add(
                "The segment lists \(include.count + exclude.count); it lists at most \(FlagLimits.listedContexts), included and excluded together.",
                at: .root)
        }
        let rules = reader.list("rules", of: "rules", upTo: FlagLimits.rules) { json, pointer -> [Condition]? in
            guard
                let rule = FlagItemReader(
                    json, at: pointer(), what: "a segment's rule", allowed: ["when"], faults: faults)
            else { return nil }
            let conditions = Condition.list(rule, "when")
            if rule.members["when"]?.arrayValue?.isEmpty ?? !rule.has("when") {
                faults.add("'when' lists at least one condition.", at: pointer())
            }
            return conditions
        }
        members = .listed(Listed(by: by ?? .targetingKey, include: include, exclude: exclude, rules: rules))
    }

    private static func contexts(_ reader: FlagItemReader, _ name: String) -> [JSONValue] {
        reader.texts(
            name, of: "contexts", upTo: FlagLimits.listedContexts, bytes: FlagLimits.listedContextBytes
        ).map { .string($0) }
    }

    package var json: JSONValue {
        var json = JSONObject()
        json["description"] = description.map { .string($0) }
        switch members {
        case .logic(let logic): json["targeting"] = .object(logic)
        case .listed(let listed):
            if listed.by != .targetingKey { json["by"] = .string(listed.by.rawValue) }
            if !listed.include.isEmpty { json["include"] = .array(listed.include) }
            if !listed.exclude.isEmpty { json["exclude"] = .array(listed.exclude) }
            if !listed.rules.isEmpty {
                json["rules"] = .array(listed.rules.map { ["when": .array($0.map(\.json))] })
            }
        }
        return .object(json)
    }
}
