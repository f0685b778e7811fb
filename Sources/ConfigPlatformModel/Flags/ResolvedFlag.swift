package import ConfigPlatformFlags
import Synchronization

/// A segment with those that it names. Immutable; lowered when first asked for.
package final class ResolvedSegment: OrderedItem {
    package let name: SegmentName
    package let segment: StoredSegment
    /// Those that it names, in order of name.
    package let segments: [ResolvedSegment]
    private let rule = Mutex<LoweredRule?>(nil)

    init(_ name: SegmentName, _ segment: StoredSegment, _ segments: [ResolvedSegment]) {
        self.name = name
        self.segment = segment
        self.segments = segments
    }

    package var order: String { name.rawValue }

    /// Whether both are of the same versions of the same items.
    fileprivate func isOfSameItems(as other: ResolvedSegment) -> Bool {
        self === other
            || (segment.revision == other.segment.revision && segment.place == other.segment.place
                && segments.count == other.segments.count
                && zip(segments, other.segments).allSatisfy { $0.isOfSameItems(as: $1) })
    }

    /// - Parameter logic: what it comes to.
    fileprivate func lowered(_ logic: JSONValue) -> LoweredRule {
        if let known = rule.withLock({ $0 }) { return known }
        let made = LoweredRule(logic)
        rule.withLock { $0 = made }
        return made
    }
}

/// One of flagd's `$evaluators`.
struct LoweredRule: Sendable {
    let logic: SharedLogic
    /// The rule in canonical JSON.
    let bytes: [UInt8]
    let digest: Digest

    fileprivate init(_ logic: JSONValue) {
        self.logic = SharedLogic(logic)
        bytes = logic.canonicalBytes()
        digest = Digest.of(bytes)
    }
}

/// A flag as it stands in one environment or in several: what was said of it that counts there, and what that comes to. Immutable; lowered
/// and compiled when first asked for, once for all environments in which the same counts.
package final class ResolvedFlag: OrderedItem {
    package let key: FlagKey
    package let flag: StoredFlag
    package let rule: StoredRule?
    package let rollout: StoredRollout?
    package let kill: StoredKill?
    /// Those that the rule names, as they stand in the same environment, in order of key.
    package let prerequisites: [ResolvedFlag]
    /// Those that the rule and the rollout name, in order of name.
    package let segments: [ResolvedSegment]

    private struct State {
        var lowered: Result<Lowered?, FlagViolation>?
        var asPrerequisite: LoweredRule?
        var compiled: Flag?
    }
    private let state = Mutex(State())

    /// What a flag comes to in flagd's format.
    package struct Lowered: Sendable {
        package let definition: JSONObject
        /// The definition in canonical JSON.
        package let bytes: [UInt8]
        /// Rules among `$evaluators` that it refers to, directly or through others, by name.
        let shared: [(rule: SharedRule, lowered: LoweredRule)]
    }

    fileprivate init(_ inputs: Inputs) {
        key = inputs.key
        flag = inputs.flag
        rule = inputs.rule
        rollout = inputs.rollout
        kill = inputs.kill
        prerequisites = inputs.prerequisites
        segments = inputs.segments
    }

    package var order: String { key.rawValue }

    /// Nil for a flag that is archived. What cannot be lowered is in no committed state; it is told as if archived.
    package var lowered: Lowered? { try? lowering().get() }

    /// What it comes to, or why that cannot be said.
    func lowering() -> Result<Lowered?, FlagViolation> {
        if let known = state.withLock({ $0.lowered }) { return known }
        let made = Result { () throws(FlagViolation) in try lower() }
        state.withLock { $0.lowered = made }
        return made
    }

    /// Ready to be evaluated; nil for a flag that is archived.
    package var compiled: Flag? {
        if let known = state.withLock({ $0.compiled }) { return known }
        guard let lowered else { return nil }
        let evaluators =
            lowered.shared.isEmpty
            ? Self.noEvaluators
            : Evaluators(sharing: lowered.shared.map { (name: $0.rule.name, rule: $0.lowered.logic) })
        guard let made = try? Flag(key: key.rawValue, definition: lowered.definition, evaluators: evaluators) else {
            return nil
        }
        state.withLock { $0.compiled = made }
        return made
    }

    private static let noEvaluators = Evaluators()

    private func lower() throws(FlagViolation) -> Lowered? {
        var flags: [FlagKey: ResolvedFlag] = [:]
        var segments: [SegmentName: ResolvedSegment] = [:]
        collect(&flags, &segments)
        let lowering = FlagLowering(flag: { flags[$0]?.items }, segment: { segments[$0]?.segment.body })
        guard let lowered = try lowering.definition(of: key) else { return nil }
        let evaluators = try lowering.evaluators(lowered.shared)
        let shared = evaluators.members.compactMap { evaluator -> (rule: SharedRule, lowered: LoweredRule)? in
            guard let rule = SharedRule(named: evaluator.name) else { return nil }
            let lowered =
                switch rule {
                case .segment(let name): segments[name]?.lowered(evaluator.value)
                case .flag(let key): flags[key]?.asPrerequisite(evaluator.value)
                }
            return lowered.map { (rule, $0) }
        }
        return Lowered(
            definition: lowered.definition, bytes: JSONValue.object(lowered.definition).canonicalBytes(), shared: shared
        )
    }

    private func asPrerequisite(_ logic: JSONValue) -> LoweredRule {
        if let known = state.withLock({ $0.asPrerequisite }) { return known }
        let made = LoweredRule(logic)
        state.withLock { $0.asPrerequisite = made }
        return made
    }

    /// All flags and segments that it can refer to, itself included.
    private func collect(
        _ flags: inout [FlagKey: ResolvedFlag], _ segments: inout [SegmentName: ResolvedSegment]
    ) {
        guard flags.updateValue(self, forKey: key) == nil else { return }
        var open = self.segments
        while let segment = open.popLast() {
            if segments.updateValue(segment, forKey: segment.name) == nil { open += segment.segments }
        }
        for prerequisite in prerequisites { prerequisite.collect(&flags, &segments) }
    }

    package var items: FlagItems {
        FlagItems(flag: flag.body, rule: rule?.body, rollout: rollout?.body, kill: kill?.body)
    }

    /// Whether both are of the same versions of the same items, though read into memory at different times.
    private func isOfSameItems(as other: ResolvedFlag) -> Bool {
        func isSame<Body>(_ a: StoredFlagItem<Body>?, _ b: StoredFlagItem<Body>?) -> Bool {
            a === b || (a?.revision == b?.revision && a?.place == b?.place)
        }
        return isSame(flag, other.flag) && isSame(rule, other.rule) && isSame(rollout, other.rollout)
            && isSame(kill, other.kill)
            && prerequisites.count == other.prerequisites.count && segments.count == other.segments.count
            && zip(prerequisites, other.prerequisites).allSatisfy { $0.isOfSameItems(as: $1) }
            && zip(segments, other.segments).allSatisfy { $0.isOfSameItems(as: $1) }
    }

    /// Whether both come to the same.
    func isSame(as other: ResolvedFlag) -> Bool {
        if self === other || isOfSameItems(as: other) { return true }
        switch (lowered, other.lowered) {
        case (nil, nil): return true
        case (let a?, let b?):
            return a.bytes == b.bytes && a.shared.count == b.shared.count
                && zip(a.shared, b.shared).allSatisfy { $0.rule == $1.rule && $0.lowered.digest == $1.lowered.digest }
        default: return false
        }
    }
}

/// What counts for a flag somewhere.
struct FlagInputs {
    let key: FlagKey
    let flag: StoredFlag
    let rule: StoredRule?
    let rollout: StoredRollout?
    let kill: StoredKill?
    let prerequisites: [ResolvedFlag]
    let segments: [ResolvedSegment]

    /// Two of the same identity come to the same.
    fileprivate var identity: [ObjectIdentifier?] {
        var identity: [ObjectIdentifier?] = [ObjectIdentifier(flag)]
        identity.append(rule.map { ObjectIdentifier($0) })
        identity.append(rollout.map { ObjectIdentifier($0) })
        identity.append(kill.map { ObjectIdentifier($0) })
        for prerequisite in prerequisites { identity.append(ObjectIdentifier(prerequisite)) }
        identity.append(nil)
        for segment in segments { identity.append(ObjectIdentifier(segment)) }
        return identity
    }
}

extension ResolvedFlag {
    typealias Inputs = FlagInputs
}

/// The resolved flags that somebody has, so that the same inputs are lowered and compiled once, however many environments read them.
final class ResolvedFlagPool: Sendable {
    private struct Entry {
        weak var flag: ResolvedFlag?
    }

    private struct State {
        var entries: [[ObjectIdentifier?]: Entry] = [:]
        /// How many entries there may be before those are looked for that nobody has any more.
        var bound = 1_024
    }
    private let state = Mutex(State())

    func flag(_ inputs: FlagInputs) -> ResolvedFlag {
        let identity = inputs.identity
        return state.withLock { state in
            // One that is alive keeps its inputs alive, so that their identities are its own.
            if let known = state.entries[identity]?.flag { return known }
            let made = ResolvedFlag(inputs)
            state.entries[identity] = Entry(flag: made)
            if state.entries.count > state.bound {
                state.entries = state.entries.filter { $0.value.flag != nil }
                state.bound = max(1_024, state.entries.count * 2)
            }
            return made
        }
    }
}
