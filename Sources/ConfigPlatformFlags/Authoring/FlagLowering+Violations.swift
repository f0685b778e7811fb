import ExactJSON

extension FlagLowering {
    /// What is wrong with what is said of the flag, beside the other items: variants, segments and flags that are not there, prerequisites
    /// that lead back to the flag, and what cannot be lowered. At most ``FlagLimits/faults``; none where there is no such flag.
    package func violations(of key: FlagKey) -> [FlagViolation] {
        guard let items = items(key) else { return [] }
        var violations: [FlagViolation] = []
        if let kill = items.kill, let variant = kill.variant {
            violations += Self.missing([(variant, JSONPointer(tokens: ["variant"]))], of: items.flag, in: .kill(key))
        }
        if let rule = items.rule { violations += self.violations(of: rule, of: key, items.flag) }
        if let rollout = items.rollout { violations += self.violations(of: rollout, of: key, items.flag) }
        if violations.isEmpty {
            do throws(FlagViolation) {
                try checkRuled(key)
            } catch {
                violations.append(error.told(of: .rule(key)))
            }
        }
        return Array(violations.prefix(FlagLimits.faults))
    }

    /// What is wrong with a segment, beside the others.
    package func violations(of name: SegmentName) -> [FlagViolation] {
        guard let body = segments(name) else { return [] }
        let item = FlagViolation.Item.segment(name)
        var violations = body.dependencesOnFlag.map { FlagViolation(item, at: $0.pointer, $0.message) }
        switch body.members {
        case .listed(let listed):
            for (index, conditions) in listed.rules.enumerated() {
                let place = JSONPointer(tokens: ["rules", String(index), "when"])
                violations += missingSegments(conditions, at: place, in: item)
            }
        case .logic(let logic):
            violations += references(of: logic, in: item)
        }
        if violations.isEmpty {
            do throws(FlagViolation) {
                _ = try evaluators([.segment(name)])
            } catch {
                violations.append(error.told(of: item))
            }
        }
        return Array(violations.prefix(FlagLimits.faults))
    }

    private func violations(
        of rule: FlagRuleBody, of key: FlagKey, _ flag: FlagBody
    ) -> [FlagViolation] {
        let item = FlagViolation.Item.rule(key)
        var violations: [FlagViolation] = []
        if case .variant(let name) = rule.defaultVariant {
            violations += Self.missing([(name, JSONPointer(tokens: ["defaultVariant"]))], of: flag, in: item)
        }
        for (index, prerequisite) in rule.prerequisites.enumerated() {
            let place = JSONPointer(tokens: ["prerequisites", String(index)])
            guard prerequisite.flag != key else {
                violations.append(
                    FlagViolation(
                        item, at: place.appending("flag"), "A flag cannot be its own prerequisite; take it out."))
                continue
            }
            guard let other = items(prerequisite.flag) else {
                violations.append(Self.noFlag(prerequisite.flag, of: key, at: place.appending("flag")))
                continue
            }
            violations += Self.missing(
                prerequisite.variants.enumerated().map {
                    ($0.element, place.appending("variants").appending($0.offset))
                }, of: other.flag, in: item, named: prerequisite.flag)
            if case .logic(let logic)? = other.rule?.targeting,
                let fault = LogicWalk.dependencesOnFlag(in: .object(logic), at: JSONPointer(tokens: ["targeting"]))
                    .first
            {
                let inner = FlagViolation(.rule(prerequisite.flag), at: fault.pointer, fault.message)
                violations.append(inner.told(of: item, at: place.appending("flag")))
            }
        }
        if let violation = prerequisiteFault(from: key) { violations.append(violation) }
        switch rule.targeting {
        case .rules(let rules):
            for (index, rule) in rules.enumerated() {
                let place = JSONPointer(tokens: ["rules", String(index)])
                violations += missingSegments(rule.conditions, at: place.appending("when"), in: item)
                violations += Self.missing(rule.serve.namedVariants(at: place.appending("serve")), of: flag, in: item)
            }
        case .logic(let logic):
            violations += references(of: logic, in: item)
            let results = LogicWalk.results(of: .object(logic), at: JSONPointer(tokens: ["targeting"]))
            violations += Self.missing(
                results.map { ($0.name, $0.pointer) }, of: flag, in: item, named: nil)
        }
        return violations
    }

    private func violations(
        of rollout: FlagRolloutBody, of key: FlagKey, _ flag: FlagBody
    ) -> [FlagViolation] {
        let item = FlagViolation.Item.rollout(key)
        var violations = Self.missing(
            [(rollout.variant, JSONPointer(tokens: ["variant"]))], of: flag, in: item)
        for (index, step) in rollout.steps.enumerated() {
            let place = JSONPointer(tokens: ["steps", String(index)])
            for (index, name) in step.segments.enumerated() where segments(name) == nil {
                violations.append(
                    Self.noSegment(name, in: item, at: place.appending("segments").appending(index)))
            }
            violations += missingSegments(step.conditions, at: place.appending("when"), in: item)
        }
        return violations
    }

    private func missingSegments(
        _ conditions: [Condition], at pointer: JSONPointer, in item: FlagViolation.Item
    ) -> [FlagViolation] {
        conditions.enumerated().flatMap { index, condition in
            let place = pointer.appending(index)
            switch condition {
            case .attribute: return [FlagViolation]()
            case .segment(let name, _):
                return segments(name) == nil ? [Self.noSegment(name, in: item, at: place.appending("segment"))] : []
            case .any(let inner): return missingSegments(inner, at: place.appending("any"), in: item)
            case .all(let inner): return missingSegments(inner, at: place.appending("all"), in: item)
            }
        }
    }

    /// References of JsonLogic as people write it: to segments only.
    private func references(of logic: JSONObject, in item: FlagViolation.Item) -> [FlagViolation] {
        LogicWalk.references(in: .object(logic), at: JSONPointer(tokens: ["targeting"])).compactMap { name, place in
            guard case .segment(let segment)? = SharedRule(named: name) else {
                return FlagViolation(item, at: place, Self.unknownReference(name))
            }
            return segments(segment) == nil ? Self.noSegment(segment, in: item, at: place) : nil
        }
    }

    private static func missing(
        _ names: [(VariantName, JSONPointer)], of flag: FlagBody, in item: FlagViolation.Item, named key: FlagKey? = nil
    ) -> [FlagViolation] {
        missing(names.map { ($0.0.rawValue, $0.1) }, of: flag, in: item, named: key)
    }

    private static func missing(
        _ names: [(String, JSONPointer)], of flag: FlagBody, in item: FlagViolation.Item, named key: FlagKey?
    ) -> [FlagViolation] {
        names.compactMap { name, pointer in
            guard flag.variants[name] == nil else { return nil }
            let whose = key.map { "The flag '\(InvalidFlagItem.shown($0.rawValue))'" } ?? "The flag"
            return FlagViolation(
                item, at: pointer,
                "\(whose) has no variant '\(InvalidFlagItem.shown(name))'; there are: \(FlagBody.listed(flag.variants.names))."
            )
        }
    }

    /// A chain of prerequisites that comes back to the flag, or is too long, whatever state the flags on it are in.
    private func prerequisiteFault(from key: FlagKey) -> FlagViolation? {
        var lengths: [FlagKey: Int] = [:]
        var path: [FlagKey] = []
        func tooLong() -> FlagViolation {
            FlagViolation(
                .rule(key), at: JSONPointer(tokens: ["prerequisites"]),
                "Prerequisites lead from flag to flag more than \(FlagLimits.referenceDepth) times; take out a level.")
        }
        func length(_ flag: FlagKey) throws(FlagViolation) -> Int {
            if let known = lengths[flag] { return known }
            if let index = path.firstIndex(of: flag) {
                let cycle = (path[index...] + [flag]).map { "'\(InvalidFlagItem.shown($0.rawValue))'" }
                throw FlagViolation(
                    .rule(key), at: JSONPointer(tokens: ["prerequisites"]),
                    "The prerequisites lead back to where they came from: \(cycle.joined(separator: " → ")). Take one of these out."
                )
            }
            guard path.count <= FlagLimits.referenceDepth else { throw tooLong() }
            path.append(flag)
            defer { path.removeLast() }
            var longest = 0
            for next in items(flag)?.rule?.namedFlags ?? [] where next != flag {
                longest = max(longest, try length(next) + 1)
            }
            lengths[flag] = longest
            return longest
        }
        do throws(FlagViolation) {
            return try length(key) > FlagLimits.referenceDepth ? tooLong() : nil
        } catch {
            return error
        }
    }
}

extension FlagViolation {
    /// As a violation of an item that depends on the one at fault.
    fileprivate func told(of other: Item, at pointer: JSONPointer = .root) -> FlagViolation {
        item == other
            ? self
            : FlagViolation(other, at: pointer, "It depends on what cannot be said inside another rule. \(self)")
    }
}

extension Serve {
    fileprivate func namedVariants(at pointer: JSONPointer) -> [(VariantName, JSONPointer)] {
        switch self {
        case .variant(let name): [(name, pointer)]
        case .split(let split):
            split.shares.enumerated().map {
                ($0.element.variant, pointer.appending("split").appending($0.offset).appending("variant"))
            }
        }
    }
}
