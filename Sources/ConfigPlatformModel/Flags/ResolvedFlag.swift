package import ConfigPlatformFlags
import Synchronization

/// A segment with those that it names. Immutable; lowered when first asked for.
package final class ResolvedSegment: OrderedItem {
    package let name: SegmentName
    package let segment: StoredSegment
    /// Those that it names, in order of name.
    package let segments: [ResolvedSegment]
    /// What it comes to among `$evaluators`.
    let shared = LoweredRule()

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
}

/// What a segment, or a flag that others require, comes to among `$evaluators`: each part worked out once, when first needed.
final class LoweredRule: Sendable {
    private struct State {
        var rule: LoweredSharedRule?
        var compiled: SharedLogic?
        var bytes: (canonical: [UInt8], digest: Digest)?
        var portable: [UInt8]?
    }
    private let state = Mutex(State())

    /// Nil until it is first lowered.
    var rule: LoweredSharedRule? {
        get { state.withLock { $0.rule } }
        set { state.withLock { $0.rule = newValue } }
    }

    /// - Parameter rule: what it comes to; the same each time.
    func compiled(_ rule: LoweredSharedRule) -> SharedLogic {
        state.withLock { state in
            if let known = state.compiled { return known }
            let made = SharedLogic(.object(rule.logic))
            state.compiled = made
            return made
        }
    }

    /// The rule in canonical JSON.
    func bytes(_ rule: LoweredSharedRule) -> (canonical: [UInt8], digest: Digest) {
        state.withLock { state in
            if let known = state.bytes { return known }
            let canonical = JSONValue.object(rule.logic).canonicalBytes()
            let made = (canonical, Digest.of(canonical))
            state.bytes = made
            return made
        }
    }

    /// - Parameter logic: the rule with all that it refers to put in.
    func portable(_ logic: JSONValue) -> [UInt8] {
        state.withLock { state in
            if let known = state.portable { return known }
            let made = logic.canonicalBytes()
            state.portable = made
            return made
        }
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

    /// What it comes to among `$evaluators`, for those that require it.
    let shared = LoweredRule()

    private struct State {
        var lowered: Result<Lowered?, FlagViolation>?
        var portable: Portable??
        var compiled: Flag?
    }
    private let state = Mutex(State())

    /// What a flag comes to in flagd's format.
    package struct Lowered: Sendable {
        package let definition: JSONObject
        /// The definition in canonical JSON.
        package let bytes: [UInt8]
        /// Rules among `$evaluators` that it refers to, directly or through others, by name.
        let shared: [Shared]

        struct Shared: Sendable {
            let rule: SharedRule
            let compiled: SharedLogic
            /// In canonical JSON.
            let bytes: [UInt8]
            let digest: Digest
        }
    }

    /// What it comes to for clients that put shared rules in by their text.
    struct Portable: Sendable {
        /// The definition in canonical JSON, but that doubles have a fraction.
        let bytes: [UInt8]
        /// Rules among `$evaluators` that it refers to, in canonical JSON, by name.
        let shared: [(name: String, bytes: [UInt8])]
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
            : Evaluators(sharing: lowered.shared.map { (name: $0.rule.name, rule: $0.compiled) })
        let made = try? Flag(
            key: key.rawValue, as: flag.body.type, definition: lowered.definition, evaluators: evaluators)
        guard let made else { return nil }
        state.withLock { $0.compiled = made }
        return made
    }

    private static let noEvaluators = Evaluators()

    /// Nil for a flag that is archived.
    var portable: Portable? {
        if let known = state.withLock({ $0.portable }) { return known }
        let parts = Parts(of: self)
        let made = try? parts.portable()
        state.withLock { $0.portable = .some(made) }
        return made
    }

    private func lower() throws(FlagViolation) -> Lowered? { try Parts(of: self).lowered() }

    /// Everything that the flag can refer to, itself included.
    private struct Parts {
        private let key: FlagKey
        private let type: FlagType
        private let shared: [SharedRule: LoweredRule]
        private let lowering: FlagLowering

        init(of flag: ResolvedFlag) {
            var flags: [FlagKey: ResolvedFlag] = [:]
            var segments: [SegmentName: ResolvedSegment] = [:]
            flag.collect(&flags, &segments)
            var shared: [SharedRule: LoweredRule] = [:]
            for (key, flag) in flags { shared[.flag(key)] = flag.shared }
            for (name, segment) in segments { shared[.segment(name)] = segment.shared }
            key = flag.key
            type = flag.flag.body.type
            self.shared = shared
            lowering = FlagLowering(
                flag: { [flags] in flags[$0]?.items }, segment: { [segments] in segments[$0]?.segment.body },
                recalling: { [shared] in shared[$0]?.rule }, keeping: { [shared] in shared[$0]?.rule = $1 })
        }

        func lowered() throws(FlagViolation) -> Lowered? {
            guard let lowered = try lowering.definition(of: key) else { return nil }
            let evaluators = try lowering.evaluators(lowered.shared)
            return Lowered(
                definition: lowered.definition, bytes: JSONValue.object(lowered.definition).canonicalBytes(),
                shared: evaluators.members.compactMap { evaluator in
                    guard let rule = SharedRule(named: evaluator.name), let place = shared[rule], let made = place.rule
                    else { return nil }
                    let (bytes, digest) = place.bytes(made)
                    return Lowered.Shared(rule: rule, compiled: place.compiled(made), bytes: bytes, digest: digest)
                })
        }

        func portable() throws(FlagViolation) -> Portable? {
            guard let lowered = try lowering.definition(of: key) else { return nil }
            let (definition, evaluators) = try lowering.portable(lowered)
            return Portable(
                bytes: definition.definitionBytes(of: type),
                shared: evaluators.members.compactMap { evaluator in
                    SharedRule(named: evaluator.name).flatMap { shared[$0] }.map {
                        (evaluator.name, $0.portable(evaluator.value))
                    }
                })
        }
    }

    /// All flags and segments that it can refer to, itself included.
    fileprivate func collect(
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
                && zip(a.shared, b.shared).allSatisfy { $0.rule == $1.rule && $0.digest == $1.digest }
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
