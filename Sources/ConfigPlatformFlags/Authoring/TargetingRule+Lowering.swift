import ExactJSON

extension Serve {
    /// What it comes to in JsonLogic, in the flag of that key: the name of a variant, or null where a split serves nobody.
    func logic(in key: FlagKey) -> JSONValue {
        switch self {
        case .variant(let name): .string(name.rawValue)
        case .split(let split):
            Self.fractional(
                by: split.by, seed: split.seed ?? key.rawValue,
                split.shares.map { (.string($0.variant.rawValue), $0.weight) })
        }
    }

    /// The seed is written out and never read from the context, so that it means the same inside another flag.
    static func fractional(
        by attribute: AttributePath, seed: String, _ shares: [(variant: JSONValue, weight: Int64)]
    ) -> JSONValue {
        let variable = LogicTree.variable(attribute)
        let bucket = LogicTree.operation("cat", [.string(seed), variable])
        let fractional = LogicTree.operation(
            "fractional", [bucket] + shares.map { .array([$0.variant, .int($0.weight)]) })
        return LogicTree.operation("if", [variable, fractional, .null])
    }
}

extension [TargetingRule] {
    /// Arguments of one `if`: conditions, each followed by what is then served, and last what the last rule serves to all who are left.
    ///
    /// - Returns: `isTotal` where a rule is for everybody, so that what would follow is never reached.
    func branches(in key: FlagKey) -> (arguments: [JSONValue], isTotal: Bool) {
        var arguments: [JSONValue] = []
        for (index, rule) in enumerated() {
            if rule.conditions.isEmpty, index == count - 1, index > 0 {
                return (arguments + [rule.serve.logic(in: key)], true)
            }
            arguments += [rule.conditions.logic, rule.serve.logic(in: key)]
        }
        return (arguments, last.map(\.conditions.isEmpty) ?? false)
    }
}

extension FlagRolloutBody {
    /// Arguments of an `if`, as of ``Swift/Array/branches(in:)``, for whom no rule matched; none where nobody gets the variant.
    ///
    /// The share has the first buckets of 100,000, so that a larger share holds a smaller one. At 100 percent everybody gets the variant,
    /// even without the attribute that the share goes by.
    func branches(in key: FlagKey) -> [JSONValue] {
        let present = steps[step]
        let rings = self.rings
        guard state != .reverted, present.share > 0 || !rings.isEmpty else { return [] }
        let served = JSONValue.string(variant.rawValue)
        let clock = LogicTree.variable(.timestamp)
        var arguments: [JSONValue] = []
        func nobody(_ symbol: String, _ time: FlagTime) {
            arguments += [LogicTree.operation(symbol, [clock, .int(time.secondsRoundedUp)]), .null]
        }
        if let from = window?.from { nobody("<", from) }
        if let until = window?.until { nobody(">=", until) }
        if step == 0, stepBegan == nil, case .at(let time) = present.begins { nobody("<", time) }
        if !rings.isEmpty {
            arguments += [rings.count == 1 ? rings[0] : LogicTree.operation("or", rings), served]
        }
        switch present.share {
        case 0: break
        case 100_000: arguments.append(served)
        case let share:
            arguments.append(
                Serve.fractional(
                    by: by, seed: seed ?? key.rawValue, [(served, Int64(share)), (.null, Int64(100_000 - share))]))
        }
        return arguments
    }

    /// Who gets the variant whole at the present step, by this step or one before it; each once.
    private var rings: [JSONValue] {
        var rings: [JSONValue] = []
        for step in steps[...step] {
            let found =
                step.segments.map { SharedRule.segment($0).reference }
                + (step.conditions.isEmpty ? [] : [step.conditions.logic])
            for ring in found where !rings.contains(ring) { rings.append(ring) }
        }
        return rings
    }
}

extension SegmentBody {
    /// Whether a context is in it: an object, and true or false as JsonLogic takes it. Other segments are references.
    var logic: JSONObject {
        guard case .listed(let listed) = members else {
            if case .logic(let logic) = members { return logic }
            return JSONObject()
        }
        let variable = LogicTree.variable(listed.by)
        func isListed(_ texts: [JSONValue]) -> JSONValue { LogicTree.operation("in", [variable, .array(texts)]) }
        let ways = (listed.include.isEmpty ? [] : [isListed(listed.include)]) + listed.rules.map(\.logic)
        let inclusion =
            switch ways.count {
            case 0: LogicTree.operation("!", [true])
            case 1: ways[0]
            default: LogicTree.operation("or", ways)
            }
        let logic =
            listed.exclude.isEmpty || ways.isEmpty
            ? inclusion : LogicTree.operation("and", [LogicTree.operation("!", [isListed(listed.exclude)]), inclusion])
        return logic.objectValue ?? JSONObject()
    }
}
