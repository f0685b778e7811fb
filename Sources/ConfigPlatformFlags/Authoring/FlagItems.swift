/// All that is said of one flag where it is evaluated: what it is, and what one environment says of it.
package struct FlagItems: Sendable {
    package let flag: FlagBody
    package let rule: FlagRuleBody?
    package let rollout: FlagRolloutBody?
    package let kill: FlagKillBody?

    package init(flag: FlagBody, rule: FlagRuleBody?, rollout: FlagRolloutBody? = nil, kill: FlagKillBody? = nil) {
        self.flag = flag
        self.rule = rule
        self.rollout = rollout
        self.kill = kill
    }

    /// What it comes to before anything is known of a context. Kill, then lifecycle and state.
    enum Standing {
        /// FLAG_NOT_FOUND.
        case absent
        /// The caller's default.
        case disabled
        /// The kill's variant, whatever the lifecycle.
        case killed(VariantName)
        case ruled(FlagRuleBody)
    }

    var standing: Standing {
        if flag.lifecycle == .archived { return .absent }
        if let kill { return kill.variant.map { .killed($0) } ?? .disabled }
        guard flag.lifecycle == .active, let rule, rule.isEnabled else { return .disabled }
        return .ruled(rule)
    }

    /// What is served where no rule matches; nil for the caller's default.
    var defaultVariant: VariantName? {
        switch rule?.defaultVariant {
        case nil, .ofFlag?: flag.defaultVariant
        case .ofCaller?: nil
        case .variant(let name)?: name
        }
    }
}

extension FlagRuleBody {
    /// Flags that it names, in order, each once.
    package var namedFlags: [FlagKey] {
        var seen: Set<FlagKey> = []
        return prerequisites.map(\.flag).filter { seen.insert($0).inserted }
    }

    /// Segments that it names, each once.
    package var namedSegments: [SegmentName] {
        switch targeting {
        case .rules(let rules): rules.flatMap(\.conditions).segments
        case .logic(let logic): LogicWalk.segments(in: logic).unique
        }
    }
}

extension FlagRolloutBody {
    /// Segments that any of its steps names, each once.
    package var namedSegments: [SegmentName] {
        steps.flatMap { $0.segments + $0.conditions.segments }.unique
    }
}

extension SegmentBody {
    /// Segments that it names, each once.
    package var namedSegments: [SegmentName] {
        switch members {
        case .listed(let listed): listed.rules.flatMap { $0 }.segments
        case .logic(let logic): LogicWalk.segments(in: logic).unique
        }
    }
}

extension [SegmentName] {
    fileprivate var unique: [SegmentName] {
        var seen: Set<SegmentName> = []
        return filter { seen.insert($0).inserted }
    }
}
