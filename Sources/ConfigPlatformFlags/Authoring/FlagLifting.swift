package import ExactJSON

/// Turns JsonLogic into structured rules that mean the same for every context, or says why there are none.
///
/// What ``FlagLowering/logic(of:in:)`` makes of rules comes back as those rules, but for names, which JsonLogic has no place for; blocks of
/// addresses come back as the beginnings of texts that they were made into.
///
/// One liberty is taken: `==` between an attribute and a text that is no number counts as `equals`, though JsonLogic also takes a list of
/// that one text for the text.
package enum FlagLifting {
    /// The rules of the flag of that key.
    ///
    /// - Parameter pointer: Where the logic stands in what the caller was given; faults are told from there.
    package static func rules(
        of logic: JSONObject, in key: FlagKey, at pointer: JSONPointer = .root
    ) throws(InvalidFlagItem) -> [TargetingRule] {
        guard !logic.isEmpty else { return [] }
        var lifting = RuleLifting(key: key)
        _ = try lifting.lift(.object(logic), at: pointer, given: [])
        guard lifting.rules.count <= FlagLimits.rules else {
            throw InvalidFlagItem(
                "This comes to \(lifting.rules.count) rules; a flag has at most \(FlagLimits.rules). Keep it as JsonLogic.",
                at: pointer)
        }
        return lifting.rules
    }

    /// The condition that holds where the logic is truthy.
    package static func condition(
        of logic: JSONValue, at pointer: JSONPointer = .root
    ) throws(InvalidFlagItem) -> Condition {
        let condition = try ConditionLifting.lift(logic, at: pointer)
        // Read again, for what is put together here may be larger than what people may write.
        let faults = FlagItemFaults()
        return try faults.check(Condition.read(condition.json, at: pointer, faults, depth: 0))
    }
}

/// Walks along what may come out of a rule and gathers who gets it.
private struct RuleLifting {
    let key: FlagKey
    var rules: [TargetingRule] = []

    /// Whether the logic serves everybody who comes there, so that nothing after it is reached.
    mutating func lift(
        _ logic: JSONValue, at pointer: JSONPointer, given conditions: [Condition]
    ) throws(InvalidFlagItem) -> Bool {
        if let serve = try serve(logic, at: pointer) {
            guard conditions.count <= FlagLimits.conditions else {
                throw InvalidFlagItem(
                    "More than \(FlagLimits.conditions) conditions lead here; keep it as JsonLogic.", at: pointer)
            }
            rules.append(TargetingRule(when: conditions, serve: serve))
            return true
        }
        if logic.isNull { return false }
        guard let (name, arguments, isList) = LogicTree.operation(logic) else {
            throw InvalidFlagItem("This is no variant; write the name of one, or null at the end.", at: pointer)
        }
        let place = pointer.appending(name)
        guard name == "if" || name == "?:", !arguments.isEmpty else {
            return try liftTruth(logic, at: pointer, given: conditions)
        }
        func argument(_ index: Int) -> JSONPointer { isList ? place.appending(index) : place }
        var isTotal = false
        for index in stride(from: 0, to: arguments.count - 1, by: 2) {
            let met = try ConditionLifting.list(arguments[index], at: argument(index))
            let servesAll = try lift(arguments[index + 1], at: argument(index + 1), given: conditions + met)
            let isLast = arguments[(index + 2)...].allSatisfy(\.isNull)
            guard servesAll || isLast else {
                throw InvalidFlagItem(
                    "This comes to no variant for some, while what comes later may have one for them; a structured rule always serves one. Say the conditions of the later ones in full, or keep it as JsonLogic.",
                    at: argument(index + 1))
            }
            isTotal = isTotal || met.isEmpty && servesAll
        }
        guard !arguments.count.isMultiple(of: 2), let last = arguments.last else { return isTotal }
        return try lift(last, at: argument(arguments.count - 1), given: conditions) || isTotal
    }

    /// Something that is true or false stands for the variants of that name.
    private mutating func liftTruth(
        _ logic: JSONValue, at pointer: JSONPointer, given conditions: [Condition]
    ) throws(InvalidFlagItem) -> Bool {
        if let operation = LogicTree.operation(logic), operation.name == "fractional" {
            throw InvalidFlagItem(Self.splitRule, at: pointer.appending("fractional"))
        }
        guard ConditionLifting.isBoolean(logic) else {
            throw ConditionLifting.unsayable(logic, at: pointer)
        }
        let met = try ConditionLifting.list(logic, at: pointer)
        rules.append(TargetingRule(when: conditions + met, serve: .variant(try VariantName(parsing: "true"))))
        rules.append(TargetingRule(when: conditions, serve: .variant(try VariantName(parsing: "false"))))
        return true
    }

    private static let splitRule =
        "A split serves by {\"if\": [A, {\"fractional\": [{\"cat\": [SEED, A]}, [VARIANT, WEIGHT], …]}, null]}, where A is one attribute; with another bucket key others would get another variant than now. Keep it as JsonLogic."

    /// A variant, or a split as it is lowered.
    private func serve(_ logic: JSONValue, at pointer: JSONPointer) throws(InvalidFlagItem) -> Serve? {
        switch logic {
        case .string(let text):
            do throws(InvalidFlagItem) {
                return .variant(try VariantName(parsing: text))
            } catch {
                throw InvalidFlagItem(error.faults[0].message, at: pointer)
            }
        case .bool(let value): return .variant(try VariantName(parsing: value ? "true" : "false"))
        default: break
        }
        guard let choice = LogicTree.operation(logic), choice.name == "if", choice.arguments.count >= 2,
            let fractional = LogicTree.operation(choice.arguments[1]), fractional.name == "fractional",
            let by = ConditionLifting.attribute(choice.arguments[0])
        else { return nil }
        let place = pointer.appending("if").appending(1).appending("fractional")
        guard choice.arguments.count == 2 || choice.arguments.count == 3 && choice.arguments[2].isNull,
            let bucket = fractional.arguments.first.flatMap(LogicTree.operation), bucket.name == "cat",
            bucket.arguments.count == 2, ConditionLifting.attribute(bucket.arguments[1]) == by
        else { throw InvalidFlagItem(Self.splitRule, at: place) }
        let seed: String?
        if let text = bucket.arguments[0].stringValue {
            seed = text.hasSameBytes(as: key.rawValue) ? nil : text
        } else if ConditionLifting.attribute(bucket.arguments[0]) == .flagKey {
            seed = nil
        } else {
            throw InvalidFlagItem(Self.splitRule, at: place)
        }
        var shares: [JSONValue] = []
        for (index, share) in fractional.arguments.dropFirst().enumerated() {
            let place = place.appending(index + 1)
            guard let parts = share.arrayValue, (1...2).contains(parts.count),
                let variant = parts[0].stringValue ?? parts[0].boolValue.map({ $0 ? "true" : "false" }),
                let weight = parts.count == 2 ? parts[1].int64Value : 1
            else {
                throw InvalidFlagItem(
                    "A share of a split is the name of a variant and a whole number, [\"on\", 25]; what is worked out cannot be said in structured rules.",
                    at: place)
            }
            // A negative weight counts as none.
            shares.append(["variant": .string(variant), "weight": .int(max(0, weight))])
        }
        var split: JSONObject = ["split": .array(shares), "by": .string(by.rawValue)]
        split["seed"] = seed.map { .string($0) }
        let faults = FlagItemFaults()
        return try faults.check(Serve.read(.object(split), at: place, faults))
    }
}
