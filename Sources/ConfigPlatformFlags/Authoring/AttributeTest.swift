package import ExactJSON

/// What is asked of one attribute.
package enum AttributeTest: FlagItemValue {
    /// Any of these texts, numbers and booleans; a text is never equal to a number.
    case equals([JSONValue])
    /// Of these texts any, none of them empty.
    case startsWith([JSONValue])
    case endsWith([JSONValue])
    /// In a text the text, in a list the element.
    case contains([JSONValue])
    /// Is there, and not null.
    case exists
    case number(NumberOrder, JSONNumber)
    case time(TimeOrder, TimeBound)
    /// Any of these; for the orders it is one.
    case version(VersionRelation, [SemanticVersion])
    /// Any of these.
    case address([AddressBlock])

    package enum NumberOrder: String, CaseIterable, Sendable {
        case lessThan, atMost, greaterThan, atLeast
    }

    package enum TimeOrder: String, CaseIterable, Sendable {
        case before
        /// At that time or later.
        case after
    }

    package enum TimeBound: Hashable, Sendable {
        /// Written as RFC 3339. Against `$flagd.timestamp` it is compared in seconds, against another attribute as a text in UTC.
        case time(FlagTime)
        /// Seconds since 1970.
        case seconds(JSONNumber)
    }

    package enum VersionRelation: String, CaseIterable, Sendable {
        case versionEquals, versionBelow, versionAtMost, versionAbove, versionAtLeast, versionSameMajor,
            versionSameMinor

        var admitsSeveral: Bool { self == .versionEquals || self == .versionSameMajor || self == .versionSameMinor }
    }

    package enum Operator: String, CaseIterable, Sendable {
        case equals, startsWith, endsWith, contains, exists, lessThan, atMost, greaterThan, atLeast, before, after
        case versionEquals, versionBelow, versionAtMost, versionAbove, versionAtLeast, versionSameMajor,
            versionSameMinor
        case ipIn
    }

    static let members = ["attribute", "negate", "operator", "values"]

    init?(_ reader: FlagItemReader, of attribute: AttributePath?) {
        guard reader.has("operator") else {
            reader.faults.add(
                "'operator' is missing: how the attribute is tested, such as \"equals\".", at: reader.pointer)
            return nil
        }
        guard let name = reader.choice("operator", of: Operator.self) else { return nil }
        let values = reader.list("values", of: "values", upTo: FlagLimits.values) { json, _ in json }
        switch name {
        case .exists:
            guard values.isEmpty else {
                reader.add("'exists' takes no values; leave 'values' out.", at: "values")
                return nil
            }
            self = .exists
        case .equals:
            guard Self.check(values, in: reader, several: true, Self.isScalar, Self.scalarRule) else { return nil }
            self = .equals(values)
        case .startsWith, .endsWith, .contains:
            guard Self.check(values, in: reader, several: true, Self.isText, Self.textRule) else { return nil }
            self =
                name == .startsWith ? .startsWith(values) : name == .endsWith ? .endsWith(values) : .contains(values)
        case .lessThan, .atMost, .greaterThan, .atLeast:
            guard
                Self.check(
                    values, in: reader, several: false, { $0.numberValue.map(Self.isDouble) ?? false },
                    "'\(name.rawValue)' takes one number."),
                let order = NumberOrder(rawValue: name.rawValue), let number = values[0].numberValue
            else { return nil }
            self = .number(order, number)
        case .before, .after:
            guard let bound = Self.bound(values, in: reader), let order = TimeOrder(rawValue: name.rawValue) else {
                return nil
            }
            self = .time(order, bound)
        case .versionEquals, .versionBelow, .versionAtMost, .versionAbove, .versionAtLeast, .versionSameMajor,
            .versionSameMinor:
            guard let relation = VersionRelation(rawValue: name.rawValue),
                let versions = Self.parsed(
                    values, in: reader, several: relation.admitsSeveral, "a version such as \"1.4.0\"",
                    { text throws(InvalidFlagItem) in try SemanticVersion(parsing: text) })
            else { return nil }
            self = .version(relation, versions)
        case .ipIn:
            guard
                let blocks = Self.parsed(
                    values, in: reader, several: true, "a block of addresses such as \"10.0.0.0/8\"",
                    { text throws(InvalidFlagItem) in try AddressBlock(parsing: text) })
            else { return nil }
            let texts = blocks.reduce(0) { $0 + $1.addresses.count }
            guard texts <= FlagLimits.values else {
                reader.add(
                    "These blocks come to \(texts) beginnings of addresses; at most \(FlagLimits.values) may be asked for. Name blocks of whole octets, /8, /16 or /24, where it can be.",
                    at: "values")
                return nil
            }
            self = .address(blocks)
        }
    }

    private static let scalarRule =
        "A value of 'equals' is a text of at most \(FlagLimits.valueBytes) bytes, a number or a boolean."
    private static let textRule = "This operator's values are texts of 1 to \(FlagLimits.valueBytes) bytes."

    private static func isScalar(_ value: JSONValue) -> Bool {
        switch value {
        case .string(let text): text.utf8.count <= FlagLimits.valueBytes
        case .number(let number): isDouble(number)
        case .bool: true
        case .null, .array, .object: false
        }
    }

    private static func isText(_ value: JSONValue) -> Bool {
        value.stringValue.map { (1...FlagLimits.valueBytes).contains($0.utf8.count) } ?? false
    }

    /// Whether evaluators, which count in doubles, can hold it.
    private static func isDouble(_ number: JSONNumber) -> Bool { number.double.isFinite }

    private static func check(
        _ values: [JSONValue], in reader: FlagItemReader, several: Bool, _ isGood: (JSONValue) -> Bool, _ rule: String
    ) -> Bool {
        guard !values.isEmpty, several || values.count == 1 else {
            if reader.members["values"].map({ $0.arrayValue != nil }) ?? true {
                reader.add(
                    several ? "'values' lists at least one value." : "'values' lists exactly one value.", at: "values")
            }
            return false
        }
        var isRight = true
        for (index, value) in values.enumerated() where !isGood(value) {
            reader.faults.add(rule, at: reader.pointer.appending("values").appending(index))
            isRight = false
        }
        return isRight
    }

    private static func parsed<Value>(
        _ values: [JSONValue], in reader: FlagItemReader, several: Bool, _ remedy: String,
        _ parse: (String) throws(InvalidFlagItem) -> Value
    ) -> [Value]? {
        guard check(values, in: reader, several: several, { $0.stringValue != nil }, "This is \(remedy).") else {
            return nil
        }
        let parsed = values.enumerated().compactMap { index, value in
            reader.identifier(value, remedy: remedy, at: reader.pointer.appending("values").appending(index), parse)
        }
        return parsed.count == values.count ? parsed : nil
    }

    private static func bound(_ values: [JSONValue], in reader: FlagItemReader) -> TimeBound? {
        guard
            check(
                values, in: reader, several: false,
                { $0.stringValue != nil || ($0.numberValue.map(isDouble) ?? false) },
                "This is a time such as \"2026-12-24T18:00:00Z\", or seconds since 1970.")
        else { return nil }
        if let number = values[0].numberValue { return .seconds(number) }
        return reader.identifier(values[0], remedy: "a time", at: reader.pointer.appending("values").appending(0)) {
            text throws(InvalidFlagItem) in .time(try FlagTime(parsing: text))
        }
    }

    package var operatorName: Operator {
        switch self {
        case .equals: .equals
        case .startsWith: .startsWith
        case .endsWith: .endsWith
        case .contains: .contains
        case .exists: .exists
        case .number(let order, _):
            switch order {
            case .lessThan: .lessThan
            case .atMost: .atMost
            case .greaterThan: .greaterThan
            case .atLeast: .atLeast
            }
        case .time(.before, _): .before
        case .time(.after, _): .after
        case .version(let relation, _):
            switch relation {
            case .versionEquals: .versionEquals
            case .versionBelow: .versionBelow
            case .versionAtMost: .versionAtMost
            case .versionAbove: .versionAbove
            case .versionAtLeast: .versionAtLeast
            case .versionSameMajor: .versionSameMajor
            case .versionSameMinor: .versionSameMinor
            }
        case .address: .ipIn
        }
    }

    package var values: [JSONValue] {
        switch self {
        case .equals(let values), .startsWith(let values), .endsWith(let values), .contains(let values): values
        case .exists: []
        case .number(_, let number): [.number(number)]
        case .time(_, .time(let time)): [.string(time.text)]
        case .time(_, .seconds(let seconds)): [.number(seconds)]
        case .version(_, let versions): versions.map { .string($0.text) }
        case .address(let blocks): blocks.map { .string($0.text) }
        }
    }

    package var json: JSONValue {
        ["operator": .string(operatorName.rawValue), "values": .array(values)]
    }
}
