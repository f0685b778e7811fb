/// What a change does, as whoever approves it sees it: its own items afterwards, and what programs of each environment would find altered.
package struct Impact: Sendable {
    package let environments: [(environment: EnvironmentName, differences: [ValueDifference])]
    /// SHA-256 of all of it in canonical JSON: what an approval is bound to.
    package let digest: Digest

    init(_ decision: Decision) {
        environments = decision.touched.environments.sorted().compactMap { name in
            let differences = decision.differences(in: name)
            return differences.isEmpty ? nil : (name, differences)
        }
        var out = Array("{\"environments\":{".utf8)
        for (index, (environment, differences)) in environments.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            JSONText.appendString(environment.rawValue, into: &out)
            out.append(contentsOf: Array(":[".utf8))
            for (index, difference) in differences.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                difference.writeImpact(into: &out)
            }
            out.append(UInt8(ascii: "]"))
        }
        out.append(contentsOf: Array("},\"items\":[".utf8))
        let effects = (decision.change?.effects ?? []).filter { $0.address.kind != .changeRequest }
        for (index, effect) in effects.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out.append(contentsOf: Array("{\"address\":".utf8))
            JSONText.appendString(effect.address.description, into: &out)
            if let body = effect.body {
                out.append(contentsOf: Array(",\"body\":".utf8))
                out.append(contentsOf: body)
            }
            out.append(UInt8(ascii: "}"))
        }
        out.append(contentsOf: Array("]}".utf8))
        digest = Digest.of(out)
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
    /// Whether nothing else of it would alter.
    package let isOfKeysOnly: Bool

    /// Approvals that the change needs because of it.
    package var approvals: Int {
        isOfKeysOnly && keys <= protection.unapprovedKeys ? 0 : Int(protection.approvals)
    }
}

extension Decision {

    /// The environments that stood protected before the change and that it alters, whichever way: values they read, items of their own,
    /// schemas and validators that judge them, what guards them, and who may do what to them.
    package func guards(from state: PlatformState) -> [GuardedEnvironment] {
        guard let change else { return [] }
        if change.project == .platform { return guardedByPlatform(from: state) }
        guard let before, !before.access.protected.isEmpty else { return [] }
        let widened = widenedRules(from: state)
        return before.access.protected.sorted().compactMap { name in
            guard let protection = before.access.protection(of: name), let environment = before.environments[name]
            else {
                return nil
            }
            let keys = touched.environments.contains(name) ? differences(in: name).count : 0
            let concernsMore =
                after == nil
                || change.effects.contains { concerns($0, environment) }
                || widened.contains { $0.guards(name, of: change.project) }
            let concernsOwn = change.effects.contains {
                $0.address.kind == .setting && $0.address.environment == name
            }
            guard keys > 0 || concernsMore || concernsOwn else { return nil }
            return GuardedEnvironment(
                project: change.project, environment: name, protection: protection, keys: keys,
                isOfKeysOnly: !concernsMore)
        }
    }

    /// Whether an effect that is no setting's alters what guards or judges an environment.
    private func concerns(_ effect: Effect, _ environment: EnvironmentState) -> Bool {
        let address = effect.address
        switch address.kind {
        case .environment: return address.key == environment.name.rawValue
        case .protection: return address.environment == environment.name
        case .schema:
            guard let name = try? SchemaName(parsing: address.key) else { return true }
            return [before, after].contains { $0?.schemas[name]?.body.judges(environment) ?? false }
        case .validator:
            guard let name = try? ValidatorName(parsing: address.key) else { return true }
            return [before, after].contains { project in
                project?.validators[name].map { $0.body.environments?.contains(environment.name) ?? true } ?? false
            }
        default: return false
        }
    }

    private func guardedByPlatform(from state: PlatformState) -> [GuardedEnvironment] {
        let widened = widenedRules(from: state)
        guard !widened.isEmpty else { return [] }
        return state.projects.values.sorted { $0.name < $1.name }.flatMap { project in
            project.access.protected.sorted().compactMap { name in
                guard let protection = project.access.protection(of: name),
                    widened.contains(where: { $0.guards(name, of: project.name) })
                else { return nil }
                return GuardedEnvironment(
                    project: project.name, environment: name, protection: protection, keys: 0, isOfKeysOnly: false)
            }
        }
    }

    /// What anybody may do after the change that they might not before it. What the change only takes away is not among it: to shut
    /// somebody out needs nobody's leave.
    private func widenedRules(from state: PlatformState) -> [AccessRule] {
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
                guard case .group(let after) = new, let name = try? Principal(parsing: place.key) else { return [] }
                if case .group(let before) = old, Set(after.members).isSubset(of: before.members) { return [] }
                return self.state.access.bindings(of: [name]).flatMap(self.state.access.rules)
                    .filter { $0.effect == .allow }
            case .identity:
                guard case .identity(let before) = old, before.isDisabled,
                    let name = try? Principal(parsing: place.key)
                else { return [] }
                if case .identity(let after) = new, after.isDisabled { return [] }
                return state.access.bindings(of: Set(state.access.principals(of: name))).flatMap(state.access.rules)
                    .filter { $0.effect == .allow }
            case .issuer:
                guard new != nil, old != new, let name = try? IssuerName(parsing: place.key) else { return [] }
                return self.state.access.bindings(ofIssuer: name).flatMap(self.state.access.rules)
                    .filter { $0.effect == .allow }
            default: return []
            }
        }
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
            !denied.contains { rule.actions.isSubset(of: $0.actions) && $0.pattern.covers(rule.pattern) }
        }
        return given + lifted
    }
}

extension AccessRule {
    /// Whether it is about more than reading in that environment.
    fileprivate func guards(_ environment: EnvironmentName, of project: ProjectName) -> Bool {
        actions.intersects(Self.guarding)
            && (pattern.projects?.contains { $0.matches(project.rawValue) } ?? true)
            && (pattern.environments?.contains { $0.matches(environment.rawValue) } ?? true)
    }

    private static let guarding = ActionSet([.write, .approve, .administer, .reveal, .rotate, .breakGlass])
}
