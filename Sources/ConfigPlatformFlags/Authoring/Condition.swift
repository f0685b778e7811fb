package import ExactJSON

/// Something that is true of a context or not.
///
/// ```
/// { "attribute": ATTRIBUTE, "operator": OPERATOR, "values": [ … ], "negate"?: boolean }
/// { "segment": NAME, "negate"?: boolean }  ·  { "any": [ CONDITION, … ] }  ·  { "all": [ CONDITION, … ] }
/// ```
/// `any` and `all` hold 1 to ``FlagLimits/conditions`` and lie at most ``FlagLimits/conditionDepth`` deep in one another. A test of an
/// attribute that is absent does not hold, so that its negation does.
package indirect enum Condition: FlagItemValue {
    case attribute(AttributePath, AttributeTest, isNegated: Bool)
    case segment(SegmentName, isNegated: Bool)
    case any([Condition])
    case all([Condition])

    package init(parsing json: JSONValue) throws(InvalidFlagItem) {
        let faults = FlagItemFaults()
        self = try faults.check(Self.read(json, at: .root, faults, depth: 0))
    }

    static func read(
        _ json: JSONValue, at pointer: JSONPointer, _ faults: FlagItemFaults, depth: Int
    ) -> Condition? {
        guard case .object(let members) = json else {
            faults.add(
                "A condition is an object, such as {\"attribute\": \"country\", \"operator\": \"equals\", \"values\": [\"DE\"]}.",
                at: pointer)
            return nil
        }
        let forms = ["attribute", "segment", "any", "all"].filter { members[$0] != nil }
        guard let form = forms.first, forms.count == 1 else {
            faults.add("Of 'attribute', 'segment', 'any' and 'all' a condition has exactly one.", at: pointer)
            return nil
        }
        let allowed = form == "attribute" ? AttributeTest.members : form == "segment" ? ["negate", "segment"] : [form]
        guard
            let reader = FlagItemReader(json, at: pointer, what: "this condition", allowed: allowed, faults: faults)
        else { return nil }
        switch form {
        case "attribute":
            let attribute = reader.attribute("attribute")
            guard let test = AttributeTest(reader, of: attribute), let attribute else { return nil }
            return .attribute(attribute, test, isNegated: reader.flag("negate"))
        case "segment":
            return reader.segment("segment").map { .segment($0, isNegated: reader.flag("negate")) }
        default:
            guard depth < FlagLimits.conditionDepth else {
                faults.add(
                    "'any' and 'all' lie at most \(FlagLimits.conditionDepth) deep in one another; make a segment of the inner ones.",
                    at: pointer)
                return nil
            }
            let inner = list(reader, form, depth: depth + 1)
            if reader.members[form]?.arrayValue?.isEmpty == true {
                reader.add("'\(form)' lists at least one condition.", at: form)
            }
            return form == "any" ? .any(inner) : .all(inner)
        }
    }

    static func list(_ reader: FlagItemReader, _ name: String, depth: Int = 0) -> [Condition] {
        reader.list(name, of: "conditions", upTo: FlagLimits.conditions) { json, pointer in
            read(json, at: pointer(), reader.faults, depth: depth)
        }
    }

    package var json: JSONValue {
        switch self {
        case .attribute(let attribute, let test, let isNegated):
            var members: JSONObject = [
                "attribute": .string(attribute.rawValue), "operator": .string(test.operatorName.rawValue),
            ]
            let values = test.values
            if !values.isEmpty { members["values"] = .array(values) }
            if isNegated { members["negate"] = true }
            return .object(members)
        case .segment(let name, let isNegated):
            var members: JSONObject = ["segment": .string(name.rawValue)]
            if isNegated { members["negate"] = true }
            return .object(members)
        case .any(let conditions): return ["any": .array(conditions.map(\.json))]
        case .all(let conditions): return ["all": .array(conditions.map(\.json))]
        }
    }
}

extension [Condition] {
    /// Each segment that is named, once, in the order of its first naming.
    var segments: [SegmentName] {
        var seen: Set<SegmentName> = []
        var names: [SegmentName] = []
        func visit(_ conditions: [Condition]) {
            for condition in conditions {
                switch condition {
                case .attribute: break
                case .segment(let name, _): if seen.insert(name).inserted { names.append(name) }
                case .any(let inner), .all(let inner): visit(inner)
                }
            }
        }
        visit(self)
        return names
    }
}
