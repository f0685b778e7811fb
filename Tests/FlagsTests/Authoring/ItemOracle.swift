import ExactJSON

@testable import ConfigPlatformFlags

/// What items of flags mean, said once more and without JsonLogic: the other side of the comparison with what they are lowered to.
struct ItemOracle {
    let items: DrawnItems

    enum Outcome: Equatable {
        case notFound
        case disabled
        /// Nil: the caller's default.
        case variant(String?)
    }

    func outcome(_ key: FlagKey, _ context: JSONObject, at seconds: Int64) -> Outcome {
        guard let found = items.flags[key], found.flag.lifecycle != .archived else { return .notFound }
        if let kill = found.kill { return kill.variant.map { .variant($0.rawValue) } ?? .disabled }
        guard found.flag.lifecycle == .active, let rule = found.rule, rule.isEnabled else { return .disabled }
        let fallback: String? =
            switch rule.defaultVariant {
            case .ofFlag: found.flag.defaultVariant?.rawValue
            case .ofCaller: nil
            case .variant(let name): name.rawValue
            }
        for prerequisite in rule.prerequisites {
            guard case .variant(let name?) = outcome(prerequisite.flag, context, at: seconds),
                prerequisite.variants.contains(where: { $0.rawValue == name })
            else { return .variant(fallback) }
        }
        let reader = Reader(items: items, key: key, context: context, seconds: seconds)
        switch rule.targeting {
        case .rules(let rules):
            for rule in rules where rule.conditions.allSatisfy(reader.holds) {
                return .variant(reader.served(rule.serve) ?? fallback)
            }
        case .logic(let logic):
            if let name = reader.result(of: logic) { return .variant(name) }
        }
        return .variant(found.rollout.flatMap { reader.rolledOut($0) } ?? fallback)
    }

    private struct Reader {
        let items: DrawnItems
        let key: FlagKey
        let context: JSONObject
        let seconds: Int64

        func value(_ path: AttributePath) -> JSONValue? {
            if path == .timestamp { return .int(seconds) }
            var value: JSONValue = .object(context)
            for name in path.rawValue.split(separator: ".") {
                guard let next = value[String(name)], !next.isNull else { return nil }
                value = next
            }
            return value
        }

        func text(_ path: AttributePath) -> String? { value(path)?.stringValue }

        func holds(_ condition: Condition) -> Bool {
            switch condition {
            case .any(let inner): return inner.contains(where: holds)
            case .all(let inner): return inner.allSatisfy(holds)
            case .segment(let name, let isNegated): return contains(name) != isNegated
            case .attribute(let path, let test, let isNegated): return holds(test, path) != isNegated
            }
        }

        private func holds(_ test: AttributeTest, _ path: AttributePath) -> Bool {
            switch test {
            case .equals(let values): return value(path).map(values.contains) ?? false
            case .startsWith(let texts):
                return texts.contains { text(path)?.hasPrefix($0.stringValue!) ?? false }
            case .endsWith(let texts): return texts.contains { text(path)?.hasSuffix($0.stringValue!) ?? false }
            case .contains(let texts):
                if let list = value(path)?.arrayValue { return texts.contains(where: list.contains) }
                return texts.contains { text(path)?.contains($0.stringValue!) ?? false }
            case .exists: return value(path) != nil
            case .number(let order, let bound):
                guard let number = value(path)?.numberValue?.double else { return false }
                switch order {
                case .lessThan: return number < bound.double
                case .atMost: return number <= bound.double
                case .greaterThan: return number > bound.double
                case .atLeast: return number >= bound.double
                }
            case .time(let order, .time(let bound)) where path == .timestamp:
                return (seconds * 1_000_000 < bound.microseconds) == (order == .before)
            case .time(let order, .time(let bound)):
                guard let text = text(path) else { return false }
                return (text < bound.text) == (order == .before)
            case .time(let order, .seconds(let bound)):
                guard let number = value(path)?.numberValue?.double else { return false }
                return (number < bound.double) == (order == .before)
            case .version(let relation, let bounds):
                guard let version = text(path).flatMap({ SemanticVersion($0) }) else { return false }
                return bounds.contains { bound in
                    let isSameMajor = version.major.digits == bound.major.digits
                    let order = ItemGenerator.versions.firstIndex(of: text(path)!)!
                    let other = ItemGenerator.versions.firstIndex(of: bound.text)!
                    switch relation {
                    case .versionEquals: return order == other
                    case .versionBelow: return order < other
                    case .versionAtMost: return order <= other
                    case .versionAbove: return order > other
                    case .versionAtLeast: return order >= other
                    case .versionSameMajor: return isSameMajor
                    case .versionSameMinor: return isSameMajor && version.minor.digits == bound.minor.digits
                    }
                }
            case .address(let blocks):
                return text(path).map { address in blocks.contains { AddressBlockTests.holds($0, address) } } ?? false
            }
        }

        private func contains(_ name: SegmentName) -> Bool {
            guard case .listed(let listed)? = items.segments[name]?.members else { return false }
            let listedAs = value(listed.by) ?? .null
            if listed.exclude.contains(listedAs) { return false }
            return listed.include.contains(listedAs) || listed.rules.contains { $0.allSatisfy(holds) }
        }

        /// Nil where nobody is served.
        func served(_ serve: Serve) -> String? {
            switch serve {
            case .variant(let name): return name.rawValue
            case .split(let split):
                return bucketed(split.by, split.seed, split.shares.map { ($0.variant.rawValue, $0.weight) })
            }
        }

        private func bucketed(_ by: AttributePath, _ seed: String?, _ shares: [(String?, Int64)]) -> String? {
            guard let text = text(by), !text.isEmpty else { return nil }
            let hash = Bucketing.cbor.hash(of: .string((seed ?? key.rawValue) + text))!
            let total = shares.reduce(0) { $0 + $1.1 }
            var rest = Int64(hash) * total / (1 << 32)
            for (name, weight) in shares {
                if rest < weight { return name }
                rest -= weight
            }
            return nil
        }

        func rolledOut(_ rollout: FlagRolloutBody) -> String? {
            let now = seconds * 1_000_000
            guard rollout.state != .reverted else { return nil }
            if let from = rollout.window?.from, now < from.microseconds { return nil }
            if let until = rollout.window?.until, now >= until.microseconds { return nil }
            if rollout.step == 0, rollout.stepBegan == nil, case .at(let time) = rollout.steps[0].begins,
                now < time.microseconds
            {
                return nil
            }
            let isWhole = rollout.steps[...rollout.step].contains { step in
                step.segments.contains(where: contains)
                    || !step.conditions.isEmpty && step.conditions.allSatisfy(holds)
            }
            let share = rollout.steps[rollout.step].share
            if isWhole || share == 100_000 { return rollout.variant.rawValue }
            return bucketed(
                rollout.by, rollout.seed, [(rollout.variant.rawValue, Int64(share)), (nil, Int64(100_000 - share))])
        }

        /// Of JsonLogic as people write it, which means what the evaluator says.
        func result(of logic: JSONObject) -> String? {
            let definition: JSONObject = [
                "state": "ENABLED", "variants": ["true": "t", "false": "f", "on": "o"], "targeting": .object(logic),
            ]
            let segments = JSONObject(
                uniqueMembers: items.segments.map {
                    (SharedRule.segment($0.key).name, contains($0.key) ? ["!": [false]] : ["!": [true]])
                })
            let flag = try? Flag(key: key.rawValue, definition: definition, evaluators: Evaluators(segments))
            return flag?.resolve(FlagContext(context), as: nil, at: seconds).variant?.name
        }
    }
}
