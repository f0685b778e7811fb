import Synchronization

/// What one subject may do, by one ``AccessPolicy``.
///
/// Nothing is allowed but what a rule allows, and nothing that a rule denies. A personal token may do what both its grants and its owner
/// may; a disabled identity, and whatever is its own, nothing.
package final class Authority: Sendable {
    package let subject: Subject
    package let isDisabled: Bool
    private let policy: AccessPolicy
    /// Of each, all must allow.
    private let holders: [Holder]

    /// Rules that count together.
    private enum Holder: Sendable {
        case token([AccessRule])
        case principals([Principal], platform: [AccessRule])
    }

    private struct Known {
        var rules: [ProjectName: [[AccessRule]]] = [:]
        var sights: [Place: Sight] = [:]
    }

    private struct Place: Hashable {
        let project: ProjectName
        /// Nil for the project as a whole.
        let environment: EnvironmentName?
    }

    /// What is asked of every read, worked out once.
    private struct Sight {
        let isSeen: Bool
        /// The settings that may be read there.
        let readable: KeyScope
        /// When a rule that counts ends.
        let until: Timestamp
    }

    private let known = Mutex(Known())
    private static let knownMax = 1_000

    init(of subject: Subject, by policy: AccessPolicy) {
        self.subject = subject
        self.policy = policy
        isDisabled = policy.isDisabled(subject.principal) || subject.owner.map(policy.isDisabled) ?? false
        var holders: [Holder] = []
        func add(_ principal: Principal, _ groups: [Principal]) {
            let principals = policy.principals(of: principal, claiming: groups)
            holders.append(.principals(principals, platform: policy.rules(of: principals, in: .platform)))
        }
        if let grants = subject.grants {
            holders.append(.token(grants.flatMap(policy.rules)))
            if let owner = subject.owner { add(owner, []) }
        } else {
            add(subject.principal, subject.groups)
        }
        self.holders = holders
    }

    /// The rules that concern a project (nil: the platform itself), in lists of which each has to allow.
    package func rules(for project: ProjectName?) -> [[AccessRule]] {
        guard !isDisabled else { return [[]] }
        let place = project ?? .platform
        if let known = known.withLock({ $0.rules[place] }) { return known }
        let rules = holders.map { holder in
            switch holder {
            case .token(let rules): rules
            case .principals(let principals, let platform):
                project.map { platform + policy.rules(of: principals, in: $0) } ?? platform
            }
        }
        known.withLock { known in
            if known.rules.count >= Self.knownMax { known.rules.removeAll() }
            known.rules[place] = rules
        }
        return rules
    }

    /// The rules that say something of it, those that deny first.
    package func rules(about action: Action, on resource: Resource, at now: Timestamp) -> [AccessRule] {
        let matching = rules(for: resource.project).joined().filter { rule in
            rule.actions.contains(action) && rule.holds(at: now) && rule.pattern.matches(action, resource)
        }
        return matching.filter { $0.effect == .deny } + matching.filter { $0.effect == .allow }
    }

    package func permits(_ action: Action, on resource: Resource, at now: Timestamp) -> Bool {
        rules(for: resource.project).allSatisfy { rules in
            var isAllowed = false
            for rule in rules
            where rule.actions.contains(action) && rule.holds(at: now) && rule.pattern.matches(action, resource) {
                if rule.effect == .deny { return false }
                isAllowed = true
            }
            return isAllowed
        }
    }

    /// Which keys of a kind the subject may do something to, somewhere.
    package func keys(
        _ action: Action, _ kind: Kind, in environment: EnvironmentName?, of project: ProjectName, at now: Timestamp
    ) -> KeyScope {
        if action == .read, kind == .setting, let environment {
            return sight(of: environment, of: project, at: now).readable
        }
        return scope(action, kind, in: environment, of: project, at: now)
    }

    private func scope(
        _ action: Action, _ kind: Kind, in environment: EnvironmentName?, of project: ProjectName, at now: Timestamp
    ) -> KeyScope {
        var clauses: [KeyScope.Clause] = []
        for rules in rules(for: project) {
            var clause = KeyScope.Clause()
            for rule in rules where rule.actions.contains(action) && rule.holds(at: now) {
                guard rule.pattern.matchesPlace(action, project, environment, kind) else { continue }
                clause.add(rule)
            }
            if clause.permitsNothing { return .none }
            if !clause.permitsEverything { clauses.append(clause) }
        }
        return clauses.isEmpty ? .all : .some(clauses)
    }

    /// Whether the subject has anything to do with the project, so that it may know that there is one.
    package func sees(_ project: ProjectName, at now: Timestamp) -> Bool {
        sight(of: nil, of: project, at: now).isSeen
    }

    /// Whether the subject has anything to do with the environment, so that it may know that there is one.
    package func sees(_ environment: EnvironmentName, of project: ProjectName, at now: Timestamp) -> Bool {
        sight(of: environment, of: project, at: now).isSeen
    }

    private func sight(of environment: EnvironmentName?, of project: ProjectName, at now: Timestamp) -> Sight {
        let place = Place(project: project, environment: environment)
        if let sight = known.withLock({ $0.sights[place] }), now < sight.until { return sight }
        let ends = rules(for: project).joined().compactMap(\.expiresAt).filter { now < $0 }
        let sight = Sight(
            isSeen: environment.map { hasToDo(with: $0, of: project, at: now) } ?? hasToDo(with: project, at: now),
            readable: scope(.read, .setting, in: environment, of: project, at: now),
            until: ends.min() ?? .distantFuture)
        known.withLock { known in
            if known.sights.count >= Self.knownMax { known.sights.removeAll() }
            known.sights[place] = sight
        }
        return sight
    }

    private func hasToDo(with project: ProjectName, at now: Timestamp) -> Bool {
        rules(for: project).allSatisfy { rules in
            let place = [NamePattern(project)]
            return Self.leavesSomething(
                of: rules.compactMap { $0.holds(at: now) ? $0.narrowed(to: place, environments: nil) : nil })
        }
    }

    private func hasToDo(with environment: EnvironmentName, of project: ProjectName, at now: Timestamp) -> Bool {
        rules(for: project).allSatisfy { rules in
            let (place, environments) = ([NamePattern(project)], [NamePattern(environment)])
            return Self.leavesSomething(
                of: rules.compactMap { $0.holds(at: now) ? $0.narrowed(to: place, environments: environments) : nil })
        }
    }

    private static func leavesSomething(of rules: [AccessRule]) -> Bool {
        let denied = rules.filter { $0.effect == .deny }
        return rules.contains { rule in
            rule.effect == .allow
                && rule.actions.actions.contains { action in
                    !denied.contains { $0.actions.contains(action) && $0.pattern.covers(rule.pattern) }
                }
        }
    }

    /// Whether the subject may do all that a rule allows or denies, for as long: what it needs to give that to others, or to lift it.
    package func holds(_ rule: AccessRule, at now: Timestamp) -> Bool {
        let project = rule.pattern.projects.flatMap { $0.count == 1 ? try? ProjectName(parsing: $0[0].text) : nil }
        // What is for many projects is denied by what any of them says.
        let places = project.map { [$0] } ?? [nil] + policy.projectsWithBindings
        return places.allSatisfy { holds(rule, in: $0, at: now) }
    }

    private func holds(_ rule: AccessRule, in project: ProjectName?, at now: Timestamp) -> Bool {
        rules(for: project).allSatisfy { rules in
            let live = rules.filter { $0.holds(at: now) }
            return rule.actions.actions.allSatisfy { action in
                live.contains { $0.covers(rule, action) }
                    && !live.contains {
                        $0.effect == .deny && $0.actions.contains(action)
                            && $0.pattern.mayMeet(rule.pattern, in: action)
                    }
            }
        }
    }

    /// Whether the glass is broken for the subject there, so that what it writes needs no approval.
    package func hasBrokenGlass(_ environment: EnvironmentName, of project: ProjectName, at now: Timestamp) -> Bool {
        rules(for: project).joined().contains { rule in
            rule.isBreakGlass && rule.effect == .allow && rule.holds(at: now) && rule.actions.contains(.write)
                && rule.pattern.matchesPlace(.write, project, environment, .setting)
        }
    }

    /// Whether the subject is one of those whom the protection of an environment names; by a role where it has that there.
    package func isOne(
        of approvers: [ProtectionBody.Approver], of environment: EnvironmentName, in project: ProjectName,
        at now: Timestamp
    ) -> Bool {
        guard let reviewer = subject.reviewer, !approvers.isEmpty else { return approvers.isEmpty }
        let principals = policy.principals(of: reviewer, claiming: subject.groups)
        let roles = Set(
            (policy.rules(of: principals, in: .platform) + policy.rules(of: principals, in: project)).compactMap {
                rule -> RoleName? in
                guard rule.holds(at: now), rule.pattern.concerns(environment, of: project),
                    case .binding(_, _, let role, _) = rule.source
                else { return nil }
                return role
            })
        return approvers.contains { approver in
            switch approver {
            case .role(let name): roles.contains(name)
            case .principal(let principal): principals.contains(principal)
            }
        }
    }
}

extension ResourcePattern {
    /// Whether anything of the project can match.
    fileprivate func concerns(_ project: ProjectName) -> Bool {
        projects?.contains { $0.matches(project.rawValue) } ?? true
    }

    fileprivate func concerns(_ environment: EnvironmentName, of project: ProjectName) -> Bool {
        concerns(project) && (environments?.contains { $0.matches(environment.rawValue) } ?? true)
    }
}

/// Which keys somebody may do something to.
package enum KeyScope: Sendable {
    case all
    case none
    /// Those that every clause permits.
    case some([Clause])

    package struct Clause: Sendable {
        private var allowed: [ResourcePattern] = []
        private var denied: [ResourcePattern] = []
        private var isAllAllowed = false
        private var isAllDenied = false

        mutating func add(_ rule: AccessRule) {
            let isWhole = rule.pattern.keys == nil && rule.pattern.tags == nil
            switch rule.effect {
            case .allow:
                if isWhole { isAllAllowed = true }
                allowed.append(rule.pattern)
            case .deny:
                if isWhole { isAllDenied = true }
                denied.append(rule.pattern)
            }
        }

        var permitsNothing: Bool { isAllDenied || allowed.isEmpty }
        var permitsEverything: Bool { isAllAllowed && denied.isEmpty }

        func permits(_ key: ConfigKey, _ tags: [String]) -> Bool {
            guard !denied.contains(where: { $0.matchesKey(key, tags) }) else { return false }
            return isAllAllowed || allowed.contains { $0.matchesKey(key, tags) }
        }
    }

    package var isAll: Bool { if case .all = self { true } else { false } }
    package var isNone: Bool { if case .none = self { true } else { false } }

    /// - Parameter project: of whose definition the key's tags are.
    package func permits(_ key: ConfigKey, in project: ProjectState?) -> Bool {
        switch self {
        case .all: return true
        case .none: return false
        case .some(let clauses):
            let tags = project?.definitions[key]?.body.tags ?? []
            return clauses.allSatisfy { $0.permits(key, tags) }
        }
    }
}
