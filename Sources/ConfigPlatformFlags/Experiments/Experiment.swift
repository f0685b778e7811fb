import ExactJSON

/// An experiment as those who evaluate its flag know it: a split of which it is written down who got what.
///
/// `{"at", "attributes"?, "by", "key", "logPercent"?, "version"}` among the `experiments` of a definition; `at` is where its split stands in
/// there, a JSON pointer.
package struct Experiment: Sendable {
    package let key: String
    /// What tells this split from others that the experiment had before or has elsewhere: the same attribute, seed and shares give the same.
    package let version: String
    package let by: String
    /// Units that are written down, in thousandths of a percent.
    package let share: Int
    package let attributes: [String]
    let place: JSONPointer

    private let unitPath: VariablePath
    private let attributePaths: [VariablePath]

    init(key: String, version: String, by: String, share: Int, attributes: [String], at place: JSONPointer) {
        self.key = key
        self.version = version
        self.by = by
        self.share = share
        self.attributes = attributes
        self.place = place
        unitPath = VariablePath(by)
        attributePaths = attributes.map { VariablePath($0) }
    }

    /// Nil where it is none that this version knows: its units are not written down then.
    init?(_ json: JSONValue) {
        guard let key = json["key"]?.stringValue, let version = json["version"]?.stringValue,
            let by = json["by"]?.stringValue, let place = json["at"]?.stringValue,
            let pointer = try? JSONPointer(parsing: place)
        else { return nil }
        var share = 100_000
        if let percent = json["logPercent"] {
            guard let thousandths = Percentage.thousandths(percent) else { return nil }
            share = thousandths
        }
        let attributes = (json["attributes"]?.arrayValue ?? []).compactMap(\.stringValue)
        self.init(key: key, version: version, by: by, share: share, attributes: attributes, at: pointer)
    }

    var json: JSONValue {
        var members: JSONObject = [
            "at": .string(place.text), "by": .string(by), "key": .string(key), "version": .string(version),
        ]
        if share != 100_000 { members["logPercent"] = Percentage.json(thousandths: share) }
        if !attributes.isEmpty { members["attributes"] = .array(attributes.map { .string($0) }) }
        return .object(members)
    }

    /// Whether a unit is among those that are written down. It is so for good: a larger share holds a smaller one, whatever becomes of the
    /// split, which goes by another hash.
    package func isLogged(_ unit: String, of flag: String) -> Bool {
        if share >= 100_000 { return true }
        var text = "experiment-log/\(flag)/\(key)/\(unit)"
        let hash = text.withUTF8 { Murmur3.hash($0) }
        return (UInt64(hash) * 100_000) >> 32 < UInt64(share)
    }

    /// The unit that a context stands for; nil where it has none, or one that is not written down.
    func unit(in evaluation: borrowing Evaluation) -> String? {
        let text: String
        switch unitPath.value(in: evaluation) {
        case .null: return nil
        case .string(let unit): text = unit
        case let other: text = other.json.canonicalText
        }
        return Assignment.isUnit(text) ? text : nil
    }

    /// Those of the named attributes that the context has: texts of at most ``Assignment/attributeBytes``, numbers and booleans.
    func attributes(in evaluation: borrowing Evaluation) -> JSONObject {
        var found = JSONObject()
        for (name, path) in zip(attributes, attributePaths) {
            let value = path.value(in: evaluation).json
            if Assignment.isAttribute(value) { found[name] = value }
        }
        return found
    }
}

extension FlagRuleBody {
    /// The experiments of its rules, in order.
    ///
    /// - Parameter start: where in the arguments of the targeting's `if` the rules begin.
    package func experiments(in key: FlagKey, rulesAt start: Int = 0) -> [Experiment] {
        guard case .rules(let rules) = targeting else { return [] }
        return rules.enumerated().compactMap { index, rule in
            guard let plan = rule.experiment, case .split(let split) = rule.serve else { return nil }
            let isLast = rule.conditions.isEmpty && index == rules.count - 1 && index > 0
            let place = JSONPointer(tokens: ["targeting", "if", String(start + 2 * index + (isLast ? 0 : 1))])
            return Experiment(
                key: plan.key.rawValue, version: split.version(in: key), by: split.by.rawValue, share: plan.share,
                attributes: plan.attributes.map(\.rawValue), at: place)
        }
    }

    /// The rule of that experiment, and its split.
    package func experiment(_ experiment: ExperimentKey) -> (plan: ExperimentPlan, split: Serve.Split)? {
        guard case .rules(let rules) = targeting else { return nil }
        for rule in rules where rule.experiment?.key == experiment {
            if let plan = rule.experiment, case .split(let split) = rule.serve { return (plan, split) }
        }
        return nil
    }
}

extension Serve.Split {
    /// Sixteen digits that tell this split from others of the flag: the same where the same units get the same variants.
    package func version(in key: FlagKey) -> String {
        let told: JSONValue = [
            "by": .string(by.rawValue), "seed": .string(seed ?? key.rawValue), "split": .array(shares.map(\.json)),
        ]
        let bytes = told.canonicalBytes()
        let halves = [bytes, [0] + bytes].map { $0.withUnsafeBufferPointer { Murmur3.hash($0) } }
        return halves.map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }
}
