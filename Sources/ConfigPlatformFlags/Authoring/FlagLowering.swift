package import ExactJSON
import Synchronization

/// A flag as a flagd definition.
package struct LoweredFlag: Sendable {
    /// `{"state", "variants", "defaultVariant"?, "targeting"?, "metadata"?, "experiments"?}`, the last of which clients of flagd do not know.
    package let definition: JSONObject
    /// What the targeting refers to by name.
    package let shared: Set<SharedRule>
}

extension JSONObject {
    /// A definition as clients of flagd are given it: canonical, but that each value of a flag of doubles has a fraction, by which many of
    /// them tell a double from an integer.
    package func definitionBytes(of type: FlagType) -> [UInt8] {
        guard type == .double, case .object(let variants)? = self["variants"] else {
            return JSONValue.object(self).canonicalBytes()
        }
        var bytes: [UInt8] = []
        Self.write(self, into: &bytes) { name, value, bytes in
            guard name == "variants" else { return value.writeCanonical(into: &bytes) }
            Self.write(variants, into: &bytes) { _, value, bytes in
                if case .number(let number) = value {
                    number.writeDouble(into: &bytes)
                } else {
                    value.writeCanonical(into: &bytes)
                }
            }
        }
        return bytes
    }

    private static func write(
        _ object: JSONObject, into bytes: inout [UInt8], _ value: (String, JSONValue, inout [UInt8]) -> Void
    ) {
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in object.members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSONText.appendString(member.name, into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            value(member.name, member.value, &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

/// What a rule among `$evaluators` comes to, referring to others. Immutable; what it is with all of these put in is worked out when first
/// needed.
package final class LoweredSharedRule: Sendable {
    package let logic: JSONObject
    fileprivate let extent: Extent
    fileprivate let expansion = Mutex<(logic: JSONValue, isPortable: Bool)?>(nil)

    /// What a rule refers to, and what it is with all of that put in.
    fileprivate struct Extent {
        var references: Set<SharedRule> = []
        var bytes = 0
        /// Operators inside one another.
        var height = 0
        /// References followed to the end.
        var depth = 0
    }

    fileprivate init(logic: JSONObject, extent: Extent) {
        self.logic = logic
        self.extent = extent
    }
}

/// Turns the items of one environment into flagd's definition format, which is all that they mean (decision 15).
///
/// The order is kill, lifecycle and state, prerequisites, rules or targeting, rollout, default variant: one flat `if`. Segments are
/// references to `segment:NAME`, prerequisites to `flag:KEY`, under which the other flag's targeting stands with its key put in.
///
/// It looks items up as it needs them and remembers what they came to: use one for one state of the items, on one thread.
package final class FlagLowering {
    let items: (FlagKey) -> FlagItems?
    let segments: (SegmentName) -> SegmentBody?
    private let recall: (SharedRule) -> LoweredSharedRule?
    private let keep: (SharedRule, LoweredSharedRule) -> Void
    private var known: [SharedRule: Result<LoweredSharedRule, FlagViolation>] = [:]
    private var open: [SharedRule] = []
    /// Whether following was given up because of how it was come to, so that what was found out on the way counts for this time only.
    private var isCutShort = false

    fileprivate typealias Shared = LoweredSharedRule
    fileprivate typealias Extent = LoweredSharedRule.Extent

    /// - Parameters:
    ///   - recall: what a shared rule came to, where that is known from another state in which everything that it refers to was the same.
    ///   - keep: is told what a shared rule came to that was not.
    package init(
        flag items: @escaping (FlagKey) -> FlagItems?, segment: @escaping (SegmentName) -> SegmentBody?,
        recalling recall: @escaping (SharedRule) -> LoweredSharedRule? = { _ in nil },
        keeping keep: @escaping (SharedRule, LoweredSharedRule) -> Void = { _, _ in }
    ) {
        self.items = items
        segments = segment
        self.recall = recall
        self.keep = keep
    }

    /// The flag's definition; nil where there is none of that key, or where it is archived.
    package func definition(of key: FlagKey) throws(FlagViolation) -> LoweredFlag? {
        guard let items = items(key) else { return nil }
        var definition: JSONObject = ["variants": .object(items.flag.variants)]
        if !items.flag.metadata.isEmpty { definition["metadata"] = .object(items.flag.metadata) }
        definition["defaultVariant"] = items.defaultVariant.map { .string($0.rawValue) }
        definition["state"] = "ENABLED"
        var shared: Set<SharedRule> = []
        switch items.standing {
        case .absent: return nil
        case .disabled: definition["state"] = "DISABLED"
        case .killed(let variant): definition["defaultVariant"] = .string(variant.rawValue)
        case .ruled(let rule):
            guard let (targeting, start) = try targeting(of: key, items, rule) else { break }
            shared = try extent(of: targeting, in: .rule(key)).references
            definition["targeting"] = .object(targeting)
            let experiments = start.map { rule.experiments(in: key, rulesAt: $0) } ?? []
            if !experiments.isEmpty { definition["experiments"] = .array(experiments.map(\.json)) }
        }
        return LoweredFlag(definition: definition, shared: shared)
    }

    /// What these stand for among `$evaluators`, and all that they refer to, by name.
    package func evaluators(_ rules: Set<SharedRule>) throws(FlagViolation) -> JSONObject {
        var found = rules
        var open = Array(rules)
        var evaluators: [(String, JSONValue)] = []
        while let rule = open.popLast() {
            let shared = try shared(rule)
            evaluators.append((rule.name, .object(shared.logic)))
            for next in shared.extent.references where found.insert(next).inserted { open.append(next) }
        }
        return JSONObject(uniqueMembers: evaluators)
    }

    /// The flag for clients that put each rule in once, in any order, by the text of its reference: rules that refer to others have those put in,
    /// and what would not survive being put in by text stands in the targeting itself. It has no experiments, of which such clients tell nothing.
    ///
    /// - Returns: The flag, and of what it still refers to the rules by name.
    package func portable(_ flag: LoweredFlag) throws(FlagViolation) -> (definition: JSONObject, evaluators: JSONObject)
    {
        guard let targeting = flag.definition["targeting"] else { return (flag.definition, JSONObject()) }
        var evaluators = JSONObject()
        var inner: [SharedRule: JSONValue] = [:]
        for rule in flag.shared {
            let (logic, isPortable) = try expanded(rule)
            if isPortable { evaluators[rule.name] = logic } else { inner[rule] = logic }
        }
        var definition = flag.definition
        definition["experiments"] = nil
        if !inner.isEmpty {
            definition["targeting"] = LogicTree.replacingReferences(targeting) { name in
                SharedRule(named: name).flatMap { inner[$0] }
            }
        }
        return (definition, evaluators)
    }

    /// The document that clients of flagd read: `flags`, and where there are any `$evaluators` and `metadata`. Each key once.
    package func document(
        of keys: some Sequence<FlagKey>, metadata: JSONObject = JSONObject()
    ) throws(FlagViolation) -> JSONObject {
        var flags: [(String, JSONValue)] = []
        var evaluators = JSONObject()
        for key in keys {
            guard let flag = try definition(of: key) else { continue }
            let portable = try portable(flag)
            flags.append((key.rawValue, .object(portable.definition)))
            for (name, logic) in portable.evaluators { evaluators[name] = logic }
        }
        var document: JSONObject = ["flags": .object(JSONObject(uniqueMembers: flags))]
        if !evaluators.isEmpty { document["$evaluators"] = .object(evaluators) }
        if !metadata.isEmpty { document["metadata"] = .object(metadata) }
        return document
    }

    /// What rules come to in the flag of that key: JsonLogic, by itself; nil where there are none.
    package static func logic(of rules: [TargetingRule], in key: FlagKey) -> JSONObject? {
        choice(rules.branches(in: key).arguments)?.objectValue
    }

    /// Lowers what is said of the flag as if it were active, enabled and not killed.
    func checkRuled(_ key: FlagKey) throws(FlagViolation) {
        guard let items = items(key), let rule = items.rule else { return }
        if let (targeting, _) = try targeting(of: key, items, rule) { _ = try extent(of: targeting, in: .rule(key)) }
    }

    // MARK: - Shared rules

    private func shared(_ rule: SharedRule) throws(FlagViolation) -> Shared {
        if let known = known[rule] { return try known.get() }
        if let recalled = recall(rule) {
            known[rule] = .success(recalled)
            return recalled
        }
        if open.isEmpty { isCutShort = false }
        if let index = open.firstIndex(of: rule) {
            let cycle = (open[index...] + [rule]).map(\.description).joined(separator: " → ")
            throw FlagViolation(rule.item, at: .root, "It leads back to itself: \(cycle). Take one of these out.")
        }
        guard open.count <= 2 * FlagLimits.referenceDepth else {
            isCutShort = true
            throw Self.tooDeep(rule.item)
        }
        open.append(rule)
        defer { open.removeLast() }
        let result = Result { () throws(FlagViolation) in try make(rule) }
        if !isCutShort {
            known[rule] = result
            if case .success(let made) = result { keep(rule, made) }
        }
        return try result.get()
    }

    private func make(_ rule: SharedRule) throws(FlagViolation) -> Shared {
        switch rule {
        case .segment(let name):
            guard let body = segments(name) else { throw Self.noSegment(name, in: .segment(name), at: .root) }
            let logic = body.logic
            if let fault = body.dependencesOnFlag.first {
                throw FlagViolation(.segment(name), at: fault.pointer, fault.message)
            }
            return Shared(logic: logic, extent: try extent(of: logic, in: .segment(name)))
        case .flag(let key):
            guard let items = items(key), case .ruled(let rule) = items.standing,
                let (targeting, _) = try targeting(of: key, items, rule)
            else { return Shared(logic: JSONObject(), extent: Extent()) }
            if case .logic(let logic) = rule.targeting,
                let fault = LogicWalk.dependencesOnFlag(
                    in: .object(logic), at: JSONPointer(tokens: ["targeting"])
                ).first
            {
                throw FlagViolation(.rule(key), at: fault.pointer, fault.message)
            }
            let logic = LogicWalk.naming(key, in: .object(targeting)).objectValue ?? JSONObject()
            return Shared(logic: logic, extent: try extent(of: logic, in: .rule(key)))
        }
    }

    private func extent(of logic: JSONObject, in item: FlagViolation.Item) throws(FlagViolation) -> Extent {
        let logic = JSONValue.object(logic)
        var extent = Extent()
        extent.bytes = logic.canonicalBytes().count
        var heights: [String: Int] = [:]
        for (name, _) in LogicWalk.references(in: logic, at: .root) {
            guard let rule = SharedRule(named: name) else {
                throw FlagViolation(item, at: .root, Self.unknownReference(name))
            }
            if case .segment(let name) = rule, segments(name) == nil { throw Self.noSegment(name, in: item, at: .root) }
            let other = try shared(rule).extent
            extent.references.insert(rule)
            // Far below overflow: what is too large is refused before it can be referred to.
            extent.bytes += other.bytes
            extent.depth = max(extent.depth, other.depth + 1)
            heights[name] = other.height
        }
        extent.height = LogicTree.height(logic) { heights[$0] ?? 1 }
        guard extent.depth <= FlagLimits.referenceDepth else { throw Self.tooDeep(item) }
        guard extent.bytes <= FlagLimits.expandedBytes else {
            throw FlagViolation(
                item, at: .root,
                "With the segments and flags that it names put in it has \(extent.bytes) bytes; at most \(FlagLimits.expandedBytes) may be sent to clients. Name fewer of them, or smaller ones."
            )
        }
        guard extent.height < LogicCompiler.maxDepth else {
            throw FlagViolation(
                item, at: .root,
                "With the segments and flags that it names put in it nests \(extent.height) operators; at most \(LogicCompiler.maxDepth - 1) are evaluated. Take out a level."
            )
        }
        return extent
    }

    private func expanded(_ rule: SharedRule) throws(FlagViolation) -> (logic: JSONValue, isPortable: Bool) {
        let shared = try shared(rule)
        if let known = shared.expansion.withLock({ $0 }) { return known }
        var inner: [SharedRule: JSONValue] = [:]
        for other in shared.extent.references { inner[other] = try expanded(other).logic }
        let logic = LogicTree.replacingReferences(.object(shared.logic)) { name in
            SharedRule(named: name).flatMap { inner[$0] }
        }
        let made = (logic: logic, isPortable: LogicTree.isPortable(logic))
        shared.expansion.withLock { $0 = made }
        return made
    }

    static func unknownReference(_ name: String) -> String {
        "There is no shared rule '\(InvalidFlagItem.shown(name))'; a rule may refer to a segment, {\"$ref\": \"segment:NAME\"}."
    }

    static func noSegment(
        _ name: SegmentName, in item: FlagViolation.Item, at pointer: JSONPointer
    ) -> FlagViolation {
        FlagViolation(item, at: pointer, "There is no segment '\(name)'; define it first, or take it out.")
    }

    private static func tooDeep(_ item: FlagViolation.Item) -> FlagViolation {
        FlagViolation(
            item, at: .root,
            "It leads from one segment or flag to the next more than \(FlagLimits.referenceDepth) times; take out a level."
        )
    }

    // MARK: - Targeting

    /// Nil where every context comes to the default variant.
    ///
    /// - Returns: where in the arguments of its `if` the rules begin; nil where there are none, or none is ever reached.
    private func targeting(
        of key: FlagKey, _ items: FlagItems, _ rule: FlagRuleBody
    ) throws(FlagViolation) -> (logic: JSONObject, rulesAt: Int?)? {
        var arguments: [JSONValue] = []
        for (index, prerequisite) in rule.prerequisites.enumerated() {
            let place = JSONPointer(tokens: ["prerequisites", String(index), "flag"])
            switch try condition(prerequisite, of: key, at: place) {
            case .bool(true): break
            case .bool(false): return (["if": [true, .null]], nil)
            case let condition: arguments += [LogicTree.operation("!", [condition]), .null]
            }
        }
        let rollout = items.rollout?.branches(in: key) ?? []
        var rulesAt: Int?
        switch rule.targeting {
        case .rules(let rules):
            rulesAt = rules.isEmpty ? nil : arguments.count
            let branches = rules.branches(in: key)
            arguments += branches.arguments + (branches.isTotal ? [] : rollout)
        case .logic(let logic):
            let rest = Self.choice(rollout)
            if arguments.isEmpty, rest == nil { return (logic, nil) }
            arguments.append(Self.either(.object(logic), or: rest))
        }
        if arguments.count == 1, case .object(let only) = arguments[0] { return (only, nil) }
        return Self.choice(arguments)?.objectValue.map { ($0, rulesAt) }
    }

    private static func choice(_ arguments: [JSONValue]) -> JSONValue? {
        if arguments.isEmpty { return nil }
        return LogicTree.operation("if", arguments.count == 1 ? [true, arguments[0]] : arguments)
    }

    /// What the rule comes to, or the rest where that is null.
    private static func either(_ logic: JSONValue, or rest: JSONValue?) -> JSONValue {
        guard let rest else { return logic }
        return LogicWalk.mayBeFalse(logic)
            ? LogicTree.operation("if", [LogicTree.operation("===", [logic, .null]), rest, logic])
            : LogicTree.operation("or", [logic, rest])
    }

    /// Whether the flag comes to one of the variants: true or false where that is the same for every context.
    private func condition(
        _ prerequisite: FlagRuleBody.Prerequisite, of key: FlagKey, at place: JSONPointer
    ) throws(FlagViolation) -> JSONValue {
        guard let items = items(prerequisite.flag) else { throw Self.noFlag(prerequisite.flag, of: key, at: place) }
        func isWanted(_ name: VariantName?) -> Bool { name.map(prerequisite.variants.contains) ?? false }
        switch items.standing {
        case .absent, .disabled: return false
        case .killed(let variant): return .bool(isWanted(variant))
        case .ruled(let rule):
            let required = SharedRule.flag(prerequisite.flag)
            guard try !shared(required).logic.isEmpty else { return .bool(isWanted(items.defaultVariant)) }
            var wanted: [JSONValue] = prerequisite.variants.map { .string($0.rawValue) }
            if isWanted(items.defaultVariant) { wanted.append(.null) }
            if case .logic = rule.targeting { wanted += prerequisite.variants.compactMap(\.asOtherResult) }
            return LogicTree.operation("in", [required.reference, .array(wanted)])
        }
    }

    static func noFlag(_ flag: FlagKey, of key: FlagKey, at pointer: JSONPointer) -> FlagViolation {
        FlagViolation(
            .rule(key), at: pointer,
            "There is no flag '\(InvalidFlagItem.shown(flag.rawValue))'; define it first, or take the prerequisite out."
        )
    }
}

extension SharedRule {
    /// The item that says it.
    fileprivate var item: FlagViolation.Item {
        switch self {
        case .segment(let name): .segment(name)
        case .flag(let key): .rule(key)
        }
    }
}

extension SegmentBody {
    /// What of it would depend on the flag whose rule names it, where a segment is the same for all.
    var dependencesOnFlag: [InvalidFlagItem.Fault] {
        let (logic, pointer) =
            if case .logic(let logic) = members {
                (logic, JSONPointer(tokens: ["targeting"]))
            } else {
                (self.logic, JSONPointer.root)
            }
        var faults = LogicWalk.dependencesOnFlag(in: .object(logic), at: pointer)
        LogicWalk { operation in
            guard operation.seesContext, operation.name == "var" || operation.name == "missing",
                operation.arguments.contains(.string(AttributePath.flagKey.rawValue))
            else { return }
            faults.append(
                InvalidFlagItem.Fault(
                    "A segment is the same for every flag; '$flagd.flagKey' cannot be asked in it.",
                    at: pointer == .root ? .root : operation.pointer))
        }.walk(.object(logic), at: pointer)
        return faults
    }
}

extension VariantName {
    /// What a rule may come to that stands for this variant though it is no text.
    fileprivate var asOtherResult: JSONValue? {
        if rawValue.hasSameBytes(as: "true") { return true }
        if rawValue.hasSameBytes(as: "false") { return false }
        guard let value = Int64(rawValue), rawValue.hasSameBytes(as: String(value)) else { return nil }
        return .int(value)
    }
}
