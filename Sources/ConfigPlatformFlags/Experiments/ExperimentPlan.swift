package import ExactJSON

/// What is written down of a rule's split: `{ "key": NAME, "logPercent"?: 0.001…100, "attributes"?: [ATTRIBUTE, …] }`.
///
/// A unit is what the split goes by, such as a targeting key. `logPercent` is the share of the units that are written down, each whole; 100
/// where it is absent. `attributes` of the context are written down with a unit, at most ``FlagLimits/experimentAttributes``.
package struct ExperimentPlan: FlagItemValue {
    package let key: ExperimentKey
    /// Units that are written down, in thousandths of a percent: 1 to 100,000.
    package let share: Int
    package let attributes: [AttributePath]

    package init(key: ExperimentKey, share: Int = 100_000, attributes: [AttributePath] = []) {
        self.key = key
        self.share = share
        self.attributes = attributes
    }

    static func read(_ json: JSONValue, at pointer: JSONPointer, _ faults: FlagItemFaults) -> ExperimentPlan? {
        guard
            let reader = FlagItemReader(
                json, at: pointer, what: "an experiment", allowed: ["attributes", "key", "logPercent"], faults: faults)
        else { return nil }
        if !reader.has("key") { faults.add("'key' is missing: what the experiment is called.", at: pointer) }
        let key = reader.identifier("key", remedy: "an experiment's key, such as \"checkout-button\"") {
            text throws(InvalidFlagItem) in try ExperimentKey(parsing: text)
        }
        var share = 100_000
        if let percent = reader.members["logPercent"] {
            if let thousandths = Percentage.thousandths(percent), thousandths > 0 {
                share = thousandths
            } else {
                reader.add(
                    "'logPercent' is a number above 0 and up to 100 with at most three decimals; to write nothing down leave 'experiment' out.",
                    at: "logPercent")
            }
        }
        let attributes = reader.identifiers(
            "attributes", of: "attributes", upTo: FlagLimits.experimentAttributes,
            remedy: "an attribute such as \"country\""
        ) { text throws(InvalidFlagItem) in try AttributePath(parsing: text) }
        if Set(attributes).count < attributes.count {
            reader.add("'attributes' names one of them twice; name each once.", at: "attributes")
        }
        guard let key else { return nil }
        return ExperimentPlan(key: key, share: share, attributes: attributes)
    }

    package var json: JSONValue {
        var members: JSONObject = ["key": .string(key.rawValue)]
        if share != 100_000 { members["logPercent"] = Percentage.json(thousandths: share) }
        if !attributes.isEmpty { members["attributes"] = .array(attributes.map { .string($0.rawValue) }) }
        return .object(members)
    }
}

/// Percentages as people write them, to a thousandth.
enum Percentage {
    /// Nil for what is no number from 0 to 100, or has more than three decimals.
    static func thousandths(_ value: JSONValue) -> Int? {
        guard let number = value.numberValue, number.isMultiple(of: thousandth), (0...100).contains(number.double)
        else { return nil }
        return Int((number.double * 1000).rounded())
    }

    private static let thousandth: JSONNumber = (0.001 as JSONValue).numberValue!

    /// The share as it is written: 12.5 for 12,500.
    static func json(thousandths: Int) -> JSONValue {
        // At most 100,000 of them: the nearest double's shortest decimal is the decimal meant.
        .number(JSONNumber(Double(thousandths) / 1000)!)
    }
}
