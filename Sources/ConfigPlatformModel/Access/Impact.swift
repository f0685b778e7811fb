import ConfigPlatformFlags

/// What a change does, as whoever approves it sees it: its own items before and afterwards, what programs of each environment would find
/// altered, and what anybody might do that they may not now.
package struct Impact: Sendable {
    package let environments: [(environment: EnvironmentName, differences: [ValueDifference])]
    package let flags: [(environment: EnvironmentName, differences: [FlagDifference])]
    /// SHA-256 of all of it in canonical JSON: what an approval is bound to.
    package let digest: Digest

    init(_ decision: Decision) {
        environments = decision.touched.environments.sorted().compactMap { name in
            let differences = decision.differences(in: name)
            return differences.isEmpty ? nil : (name, differences)
        }
        flags = decision.touched.flagEnvironments.sorted().compactMap { name in
            let differences = decision.flagDifferences(in: name)
            return differences.isEmpty ? nil : (name, differences)
        }
        var out = Array("{\"environments\":".utf8)
        Self.write(environments, into: &out) { $0.writeImpact(into: &$1) }
        // What was approved before there were flags keeps its digest.
        if !flags.isEmpty {
            out.append(contentsOf: Array(",\"flags\":".utf8))
            Self.write(flags, into: &out) { $0.writeImpact(into: &$1) }
        }
        out.append(contentsOf: Array(",\"items\":[".utf8))
        let effects = (decision.change?.effects ?? []).filter { $0.address.kind != .changeRequest }
        for (index, effect) in effects.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out.append(contentsOf: Array("{\"address\":".utf8))
            JSONText.appendString(effect.address.description, into: &out)
            if let body = effect.body {
                out.append(contentsOf: Array(",\"body\":".utf8))
                out.append(contentsOf: body)
            }
            // What a setting was shows in the values above.
            if effect.address.kind != .setting, let standing = decision.before?.body(at: effect.address) {
                out.append(contentsOf: Array(",\"was\":".utf8))
                out.append(contentsOf: standing)
            }
            out.append(UInt8(ascii: "}"))
        }
        out.append(contentsOf: Array("],\"widens\":[".utf8))
        // Whom a role or a group is given to, and what it gives, is not in the item that the change writes.
        let widened = Set(
            decision.widenedRules(from: decision.origin).map {
                String(decoding: $0.json.canonicalBytes(), as: UTF8.self)
            })
        out.append(contentsOf: Array(widened.sorted().joined(separator: ",").utf8))
        out.append(contentsOf: Array("]}".utf8))
        digest = Digest.of(out)
    }

    /// `{"environment": [difference, …], …}`
    private static func write<Difference>(
        _ environments: [(environment: EnvironmentName, differences: [Difference])], into out: inout [UInt8],
        _ write: (Difference, inout [UInt8]) -> Void
    ) {
        out.append(UInt8(ascii: "{"))
        for (index, (environment, differences)) in environments.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            JSONText.appendString(environment.rawValue, into: &out)
            out.append(contentsOf: Array(":[".utf8))
            for (index, difference) in differences.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                write(difference, &out)
            }
            out.append(UInt8(ascii: "]"))
        }
        out.append(UInt8(ascii: "}"))
    }
}

extension ValueDifference {
    fileprivate func writeImpact(into out: inout [UInt8]) {
        out.append(contentsOf: Array("{".utf8))
        for (name, value) in [("after", after), ("before", before)] {
            guard let value else { continue }
            JSONText.appendString(name, into: &out)
            out.append(UInt8(ascii: ":"))
            out.append(contentsOf: value)
            out.append(UInt8(ascii: ","))
        }
        out.append(contentsOf: Array("\"key\":".utf8))
        JSONText.appendString(key.text, into: &out)
        out.append(UInt8(ascii: "}"))
    }
}

/// A protected environment that a change would alter.
package struct GuardedEnvironment: Hashable, Sendable {
    package let project: ProjectName
    package let environment: EnvironmentName
    package let protection: ProtectionBody
    /// How many keys of it would have another value.
    package let keys: Int
    /// How many flags would come to something else there.
    package let flags: Int
    /// Whether nothing else of it would alter.
    package let isOfKeysOnly: Bool

    /// What somebody approves who approves there.
    package var resource: Resource { Resource(project: project, environment: environment, kind: .setting) }

    /// Approvals that the change needs because of it.
    package var approvals: Int {
        isOfKeysOnly && keys <= protection.unapprovedKeys ? 0 : Int(protection.approvals)
    }
}

extension Decision {
    /// The environments that stood protected before the change and that it alters, whichever way: values they read, items of their own,
    /// schemas and validators that judge them, what guards them, and who may do what to them.
    ///
    /// - Parameter killing: whether who writes may override flags in an environment without anybody's approval.
    package func guards(
        from state: PlatformState, killing: (EnvironmentName) -> Bool = { _ in false }
    ) -> [GuardedEnvironment] {
        guard let change else { return [] }
        if change.project == .platform { return guardedByPlatform(from: state) }
        guard let before, !before.access.protected.isEmpty else { return [] }
        let widened = widenedRules(from: state)
        let judges = judges
        return before.access.protected.compactMap { name in
            guard let protection = before.access.protection(of: name), let environment = before.environments[name]
            else {
                return nil
            }
            let keys = touched.environments.contains(name) ? differences(in: name).count : 0
            let flags = guardedFlags(in: environment, isFree: killing(name))
            let concernsMore =
                after == nil || flags.isConcerned
                || change.effects.contains { concerns($0, environment) }
                || judges.contains { $0.body.judges(environment) }
                || widened.contains { $0.guards(name, of: change.project) }
                || namesApprovers(of: protection, in: name, of: change.project)
            let concernsOwn = change.effects.contains {
                $0.address.kind == .setting && $0.address.environment == name
            }
            guard keys > 0 || concernsMore || concernsOwn else { return nil }
            return GuardedEnvironment(
                project: change.project, environment: name, protection: protection, keys: keys, flags: flags.count,
                isOfKeysOnly: !concernsMore)
        }
    }

    /// How many flags would come to something else in an environment, and whether that, or what the environment itself would say of
    /// flags, is for others to approve. Where `isFree`, flags that are only killed, and rollouts that are only stopped or taken back, are
    /// not.
    private func guardedFlags(in environment: EnvironmentState, isFree: Bool) -> (count: Int, isConcerned: Bool) {
        let name = environment.name
        let effects = (change?.effects ?? []).filter { effect in
            guard effect.address.kind.isOfFlags else { return false }
            return !isFree || !((effect.address.kind == .flagKill && effect.body != nil) || isRetreat(effect))
        }
        let isOwn = effects.contains { $0.address.environment == name }
        guard touched.flagEnvironments.contains(name) else { return (0, isOwn) }
        let differences = flagDifferences(in: name).filter(\.isServed)
        guard isFree, !isOwn, !touched.relayered.contains(name) else {
            return (differences.count, isOwn || !differences.isEmpty)
        }
        let others = keysOfFlags(touchedBy: effects, in: name)
        return (differences.count, differences.contains { others.contains($0.key) })
    }

    /// The flags that some effects of the change may alter in an environment.
    private func keysOfFlags(touchedBy effects: [Effect], in environment: EnvironmentName) -> Set<FlagKey> {
        var keys: Set<FlagKey> = []
        var segments: Set<SegmentName> = []
        let layers = Set((after?.layering.layers[environment] ?? []) + (before?.layering.layers[environment] ?? []))
        for effect in effects {
            guard
                let place = try? FlagPlace(
                    effect.address.kind, key: effect.address.key, environment: effect.address.environment),
                place.environment.map(layers.contains) ?? true
            else { continue }
            if case .segment(let name) = place { segments.insert(name) }
            if let key = place.flag { keys.insert(key) }
        }
        return [before, after].reduce(into: []) { found, project in
            if let project { found.formUnion(project.flags.dependents(of: keys, segments)) }
        }
    }

    /// The schemas that may judge otherwise after the change, as they were and as they are: those that it writes, and those that refer to them.
    var judges: [StoredSchema] {
        let written = Set(
            (change?.effects ?? []).filter { $0.address.kind == .schema }.compactMap {
                try? SchemaName(parsing: $0.address.key)
            })
        guard !written.isEmpty else { return [] }
        return [before, after].flatMap { project -> [StoredSchema] in
            guard let schemas = project?.schemas else { return [] }
            return schemas.judging(by: written).compactMap { schemas[$0] }
        }
    }

    /// Whether an effect that is no setting's alters what guards or judges an environment.
    private func concerns(_ effect: Effect, _ environment: EnvironmentState) -> Bool {
        let address = effect.address
        switch address.kind {
        case .environment: return address.key == environment.name.rawValue
        case .protection: return address.environment == environment.name
        case .killHook: return widensKillHook(effect, in: environment.name)
        case .settingDefinition: return widensByTags(effect, in: environment.name)
        case .validator:
            guard let name = try? ValidatorName(parsing: address.key) else { return true }
            return [before, after].contains { project in
                project?.validators[name].map { $0.body.environments?.contains(environment.name) ?? true } ?? false
            }
        default: return false
        }
    }

    /// Whether a kill hook would come to be able to do more to what the environment reads. To take from it needs nobody's leave.
    private func widensKillHook(_ effect: Effect, in environment: EnvironmentName) -> Bool {
        guard let owner = effect.address.environment, let name = try? KillHookName(parsing: effect.address.key),
            (after?.layering.layers[environment] ?? [environment]).contains(owner),
            let new = after?.access.killHook(name, in: owner)
        else { return false }
        return new.widens(before?.access.killHook(name, in: owner))
    }

    /// Whether roles that divide keys by their tags would allow more of a key there, or deny less.
    private func widensByTags(_ effect: Effect, in environment: EnvironmentName) -> Bool {
        guard let before, let key = try? ConfigKey(parsing: effect.address.key) else { return false }
        let (old, new) = (before.definitions[key]?.body.tags ?? [], after?.definitions[key]?.body.tags ?? [])
        return state.access.rules(dividing: key, of: before.name, from: old, to: new)
            .contains { $0.guards(environment, of: before.name) }
    }

    /// Whether the change makes somebody one of those whose approvals a protection counts.
    private func namesApprovers(
        of protection: ProtectionBody, in environment: EnvironmentName, of project: ProjectName
    ) -> Bool {
        guard let change, !protection.approvers.isEmpty else { return false }
        return change.effects.contains { effect in
            guard let place = try? AccessPlace(effect.address.kind, key: effect.address.key, environment: nil) else {
                return false
            }
            switch (before?.access[place]?.body, after?.access[place]?.body) {
            case (let old, .group?):
                guard let group = try? Principal(parsing: place.key) else { return false }
                return protection.approvers.contains(.principal(group))
                    && !Self.members(after?.access[place]?.body).isSubset(of: Self.members(old))
            case (let old, .binding(let new)?):
                guard protection.approvers.contains(.role(new.role)), !new.isBreakGlass,
                    new.environments?.contains(environment) ?? true
                else { return false }
                guard case .binding(let old)? = old, old.subject == new.subject, old.role == new.role,
                    old.environments?.contains(environment) ?? true
                else { return true }
                return old.expiresAt.map { end in new.expiresAt.map { end < $0 } ?? true } ?? false
            default: return false
            }
        }
    }

    private func guardedByPlatform(from state: PlatformState) -> [GuardedEnvironment] {
        let widened = widenedRules(from: state)
        return state.projects.values.sorted { $0.name < $1.name }.flatMap { project in
            project.access.protected.compactMap { name in
                guard let protection = project.access.protection(of: name),
                    widened.contains(where: { $0.guards(name, of: project.name) })
                        || namesApprovers(of: protection, in: name, of: project.name)
                else { return nil }
                return GuardedEnvironment(
                    project: project.name, environment: name, protection: protection, keys: 0, flags: 0,
                    isOfKeysOnly: false)
            }
        }
    }

    /// What anybody may do after the change that they might not before it. What the change only takes away is not among it: to shut
    /// somebody out needs nobody's leave.
    fileprivate func widenedRules(from state: PlatformState) -> [AccessRule] {
        guard let change else { return [] }
        return change.effects.flatMap { effect -> [AccessRule] in
            guard let place = try? AccessPlace(effect.address.kind, key: effect.address.key, environment: nil) else {
                return []
            }
            let (old, new) = (before?.access[place]?.body, after?.access[place]?.body)
            switch place.kind {
            case .binding: return Self.widened(old, new, at: effect.address, state.access, self.state.access)
            case .role:
                guard let name = try? RoleName(parsing: place.key) else { return [] }
                return state.access.bindings(ofRole: name).flatMap { address -> [AccessRule] in
                    let project = state.projects[address.project]
                    guard let place = try? AccessPlace(.binding, key: address.key, environment: nil) else { return [] }
                    let body = project?.access[place]?.body
                    return Self.widened(body, body, at: address, state.access, self.state.access)
                }
            case .group:
                guard let name = try? Principal(parsing: place.key) else { return [] }
                let (had, has) = (Self.members(old), Self.members(new))
                // Who joins may do what the group may; who leaves is no longer denied what it is denied.
                return self.state.access.bindings(of: [name]).flatMap(self.state.access.rules)
                    .filter { $0.effect == .allow ? !has.isSubset(of: had) : !had.isSubset(of: has) }
            case .identity:
                guard case .identity(let before) = old, let name = try? Principal(parsing: place.key) else { return [] }
                let forgotten =
                    new == nil
                    ? state.access.bindings(of: Set(before.groups)).flatMap(state.access.rules).filter {
                        $0.effect == .deny
                    }
                    : []
                guard before.isDisabled else { return forgotten }
                if case .identity(let after) = new, after.isDisabled { return [] }
                return forgotten
                    + state.access.bindings(of: Set(state.access.principals(of: name))).flatMap(state.access.rules)
                    .filter { $0.effect == .allow }
            case .issuer:
                guard new != nil, let name = try? IssuerName(parsing: place.key) else { return [] }
                return self.state.access.bindings(ofIssuer: name).flatMap(self.state.access.rules)
                    .filter { $0.effect == .allow }
            default: return []
            }
        }
    }

    private static func members(_ body: AccessBody?) -> Set<Principal> {
        guard case .group(let group)? = body else { return [] }
        return Set(group.members)
    }

    private static func widened(
        _ old: AccessBody?, _ new: AccessBody?, at address: ItemAddress, _ before: AccessPolicy, _ after: AccessPolicy
    ) -> [AccessRule] {
        func rules(_ body: AccessBody?, _ policy: AccessPolicy, _ effect: Permission.Effect) -> [AccessRule] {
            guard case .binding(let binding)? = body, !binding.isBreakGlass else { return [] }
            return policy.rules(of: binding, at: address).filter { $0.effect == effect }
        }
        func subject(_ body: AccessBody?) -> Principal? {
            guard case .binding(let binding)? = body else { return nil }
            return binding.subject
        }
        let isSame = subject(old) == subject(new)
        let had = isSame ? rules(old, before, .allow) : []
        let given = rules(new, after, .allow).filter { rule in
            !rule.actions.actions.allSatisfy { action in had.contains { $0.covers(rule, action) } }
        }
        let denied = isSame ? rules(new, after, .deny) : []
        let lifted = rules(old, before, .deny).filter { rule in
            !denied.contains { $0.denies(rule) }
        }
        return given + lifted
    }
}

extension AccessRule {
    /// What is said, where it was said, and until when.
    fileprivate var json: JSONValue {
        let permission =
            effect == .allow
            ? Permission(allowing: actions.actions, on: pattern) : Permission(denying: actions.actions, on: pattern)
        var json: JSONObject = ["permission": permission.json]
        json["expiresAt"] = expiresAt.map { .string($0.text) }
        if case .binding(let address, let subject, _, _) = source {
            json["binding"] = .string(address.description)
            json["subject"] = .string(subject.rawValue)
        }
        return .object(json)
    }

    /// Whether it denies all that another denial does, for as long.
    fileprivate func denies(_ other: AccessRule) -> Bool {
        guard other.actions.isSubset(of: actions), pattern.covers(other.pattern) else { return false }
        guard let expiresAt else { return true }
        return other.expiresAt.map { $0 <= expiresAt } ?? false
    }

    /// Whether it is about more than reading in that environment.
    fileprivate func guards(_ environment: EnvironmentName, of project: ProjectName) -> Bool {
        actions.intersects(Self.guarding)
            && (pattern.projects?.contains { $0.matches(project.rawValue) } ?? true)
            && (pattern.environments?.contains { $0.matches(environment.rawValue) } ?? true)
    }

    private static let guarding = ActionSet([.write, .approve, .administer, .reveal, .rotate, .breakGlass, .kill])
}
