import Synchronization

/// Everything that says who may do what, at one revision: the platform's items and the bindings of every project. Immutable, but for what it has
/// worked out already.
package final class AccessPolicy: Sendable {
    package let platform: AccessItems
    /// Bindings by subject, patterns apart.
    private let bindings: [ProjectName: Bindings]
    /// The platform's own groups by member.
    private let groups: [Principal: [Principal]]
    private let known = Mutex<[Subject: Authority]>([:])
    private static let knownMax = 20_000
    /// The same, knowing nobody: what authorities keep, so that they and the policy that keeps them do not hold one another for ever.
    private let bare: AccessPolicy?

    struct Binding: Sendable {
        let address: ItemAddress
        let body: BindingBody
    }

    private struct Bindings: Sendable {
        var bySubject: [Principal: [Binding]] = [:]
        var patterns: [Binding] = []

        init(_ items: AccessItems, of project: ProjectName) {
            for (place, item) in items.all(.binding) {
                guard case .binding(let body) = item.body else { continue }
                let binding = Binding(address: place.address(in: project), body: body)
                if body.subject.isPattern {
                    patterns.append(binding)
                } else {
                    bySubject[body.subject, default: []].append(binding)
                }
            }
        }

        var isEmpty: Bool { bySubject.isEmpty && patterns.isEmpty }
    }

    package static let empty = AccessPolicy(AccessItems(), bindings: [:])

    package convenience init(platform: AccessItems, projects: [ProjectName: AccessItems]) {
        var bindings = projects.reduce(into: [ProjectName: Bindings]()) { bindings, project in
            bindings[project.key] = Bindings(project.value, of: project.key)
        }
        bindings[.platform] = Bindings(platform, of: .platform)
        self.init(platform, bindings: bindings.filter { !$0.value.isEmpty })
    }

    private init(_ platform: AccessItems, bindings: [ProjectName: Bindings]) {
        self.platform = platform
        self.bindings = bindings
        var groups: [Principal: [Principal]] = [:]
        for (place, item) in platform.all(.group) {
            guard case .group(let body) = item.body, let name = try? Principal(parsing: place.key) else { continue }
            for member in body.members { groups[member, default: []].append(name) }
        }
        self.groups = groups
        bare = AccessPolicy(bare: platform, bindings: bindings, groups: groups)
    }

    private init(bare platform: AccessItems, bindings: [ProjectName: Bindings], groups: [Principal: [Principal]]) {
        self.platform = platform
        self.bindings = bindings
        self.groups = groups
        bare = nil
    }

    /// The same with other items of one project, or of the platform.
    func with(_ items: AccessItems?, of project: ProjectName) -> AccessPolicy {
        var bindings = bindings
        let own = items.map { Bindings($0, of: project) }
        bindings[project] = own?.isEmpty == false ? own : nil
        return AccessPolicy(project == .platform ? items ?? AccessItems() : platform, bindings: bindings)
    }

    /// What a subject may do.
    package func authority(of subject: Subject) -> Authority {
        if let known = known.withLock({ $0[subject] }) { return known }
        let authority = Authority(of: subject, by: bare ?? self)
        known.withLock { known in
            if known.count >= Self.knownMax { known.removeAll() }
            known[subject] = authority
        }
        return authority
    }

    package func role(_ name: RoleName) -> RoleBody? {
        if let builtIn = RoleBody.builtIn[name] { return builtIn }
        guard case .role(let body)? = platform[.role(name)]?.body else { return nil }
        return body
    }

    package func identity(_ principal: Principal) -> IdentityBody? {
        guard case .identity(let body)? = platform[.identity(principal)]?.body else { return nil }
        return body
    }

    package func isDisabled(_ principal: Principal) -> Bool { identity(principal)?.isDisabled ?? false }

    package var issuers: [(name: IssuerName, body: IssuerBody)] {
        platform.all(.issuer).compactMap { place, item in
            guard case .issuer(let body) = item.body, let name = try? IssuerName(parsing: place.key) else { return nil }
            return (name, body)
        }
    }

    package func issuer(_ name: IssuerName) -> IssuerBody? {
        guard case .issuer(let body)? = platform[.issuer(name)]?.body else { return nil }
        return body
    }

    /// The principal and every group that it is known to be in, or that a live token says it is.
    package func principals(of principal: Principal, claiming claimed: [Principal] = []) -> [Principal] {
        let known = identity(principal)?.groups ?? []
        return Array(Set([principal] + claimed + known + (groups[principal] ?? []))).sorted()
    }

    /// What bindings of a project, or of the platform, give or deny these.
    func rules(of principals: [Principal], in project: ProjectName) -> [AccessRule] {
        guard let bindings = bindings[project] else { return [] }
        var found: [Binding] = []
        for principal in principals {
            found += bindings.bySubject[principal] ?? []
            found += bindings.patterns.filter { $0.body.subject.binds(principal) }
        }
        return found.flatMap(rules)
    }

    /// What every binding there is gives or denies one principal, wherever it is.
    package func allRules(of principal: Principal) -> [AccessRule] {
        bindings(of: Set(principals(of: principal))).flatMap(rules)
    }

    /// What one binding gives or denies.
    func rules(of binding: Binding) -> [AccessRule] {
        let project = binding.address.project
        return rules(
            of: binding.body.role, projects: project == .platform ? nil : [NamePattern(project)],
            environments: binding.body.environments, expiresAt: binding.body.expiresAt,
            isBreakGlass: binding.body.isBreakGlass
        ) { .binding(binding.address, subject: binding.body.subject, role: binding.body.role, permission: $0) }
    }

    func rules(of body: BindingBody, at address: ItemAddress) -> [AccessRule] {
        rules(of: Binding(address: address, body: body))
    }

    /// What a grant of a token gives or denies.
    package func rules(of grant: Grant) -> [AccessRule] {
        rules(
            of: grant.role, projects: grant.project.map { [NamePattern($0)] }, environments: grant.environments,
            expiresAt: nil, isBreakGlass: false
        ) { .grant(role: grant.role, permission: $0) }
    }

    private func rules(
        of role: RoleName, projects: [NamePattern]?, environments: [EnvironmentName]?, expiresAt: Timestamp?,
        isBreakGlass: Bool, _ source: (Int) -> AccessRule.Source
    ) -> [AccessRule] {
        (self.role(role)?.permissions ?? []).enumerated().compactMap { index, permission in
            permission.pattern.intersection(
                projects: projects, environments: environments.map { $0.map(NamePattern.init) }
            )
            .map { pattern in
                AccessRule(
                    effect: permission.effect, actions: permission.actions, pattern: pattern, expiresAt: expiresAt,
                    source: source(index), isBreakGlass: isBreakGlass)
            }
        }
    }

    /// Everybody whom an item names, or whom the platform knows: identities, groups, and the subjects of bindings.
    package var subjects: [Principal] {
        var all = Set(groups.keys).union(groups.values.joined())
        for bindings in bindings.values {
            all.formUnion(bindings.bySubject.keys)
            all.formUnion(bindings.patterns.map(\.body.subject))
        }
        for (place, item) in platform.all(.identity) {
            if let name = try? Principal(parsing: place.key) { all.insert(name) }
            if case .identity(let body) = item.body { all.formUnion(body.groups) }
        }
        return all.sorted()
    }

    /// Every binding there is to one of these, wherever it is.
    func bindings(of principals: Set<Principal>) -> [Binding] {
        bindings.sorted { $0.key < $1.key }.flatMap { _, bindings in
            bindings.bySubject.filter { principals.contains($0.key) }.sorted { $0.key < $1.key }.flatMap(\.value)
                + bindings.patterns.filter { pattern in principals.contains { pattern.body.subject.binds($0) } }
        }
    }

    /// Every binding of whoever an issuer vouches for, by their own names and by those of the platform's groups that they are in.
    func bindings(ofIssuer issuer: IssuerName) -> [Binding] {
        let groups = groups.filter { $0.key.issuer.map { $0 == issuer.rawValue } ?? false }.values.joined()
        return bindings(of: Set(groups)) + namedBindings(ofIssuer: issuer)
    }

    private func namedBindings(ofIssuer issuer: IssuerName) -> [Binding] {
        bindings.sorted { $0.key < $1.key }.flatMap { _, bindings in
            (bindings.bySubject.sorted { $0.key < $1.key }.flatMap(\.value) + bindings.patterns)
                .filter { $0.body.subject.issuer.map { $0 == issuer.rawValue } ?? false }
        }
    }

    /// The projects that say themselves who may do what.
    var projectsWithBindings: [ProjectName?] { bindings.keys.filter { $0 != .platform }.map { $0 } }

    /// Every binding of a role.
    package func bindings(ofRole role: RoleName) -> [ItemAddress] {
        bindings.sorted { $0.key < $1.key }.flatMap { _, bindings in
            (bindings.bySubject.values.flatMap { $0 } + bindings.patterns).filter { $0.body.role == role }.map(
                \.address)
        }
    }

    /// Whether any role divides keys by their tags, so that to give a key a tag is to give away rights.
    var usesTags: Bool {
        platform.all(.role).contains { _, item in
            guard case .role(let body) = item.body else { return false }
            return body.permissions.contains { $0.pattern.tags != nil }
        }
    }

    /// What roles would allow of a key, or deny no more, were its tags others.
    func rules(
        dividing key: ConfigKey, of project: ProjectName, from old: [String], to new: [String]
    ) -> [AccessRule] {
        platform.all(.role).flatMap { place, item -> [AccessRule] in
            guard case .role(let body) = item.body else { return [] }
            return body.permissions.compactMap { permission in
                let pattern = permission.pattern
                let (had, has) = (pattern.matchesKey(key, old), pattern.matchesKey(key, new))
                guard pattern.tags != nil, permission.effect == .allow ? has && !had : had && !has,
                    var own = pattern.intersection(projects: [NamePattern(project)], environments: nil)
                else { return nil }
                (own.keys, own.tags) = ([key], nil)
                return AccessRule(
                    effect: permission.effect, actions: permission.actions, pattern: own, expiresAt: nil,
                    source: .grant(role: .administrator, permission: 0), isBreakGlass: false)
            }
        }
    }

    /// Whether somebody known, or a group that an issuer vouches for, may administer the whole platform without end. Of the platform's own
    /// groups it is their members.
    package var hasAdministrator: Bool {
        let resource = Resource(project: nil, kind: .role)
        let bound = bindings[.platform]?.bySubject.keys.flatMap { principal -> [Principal] in
            guard principal.realm == .group, principal.issuer == nil else { return [principal] }
            guard case .group(let group)? = platform[.group(principal)]?.body else { return [] }
            return group.members
        }
        return (bound ?? []).contains { principal in
            // Whom nobody vouches for any more cannot enter.
            if let name = principal.issuer, (try? IssuerName(parsing: name)).flatMap(issuer) == nil { return false }
            return authority(of: Subject(principal: principal)).permits(.administer, on: resource, at: .distantFuture)
        }
    }
}

extension [String] {
    /// Whether both are the same, byte by byte: one text has several normalisations, which are several tags.
    func hasSameBytes(as other: [String]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.hasSameBytes(as: $1) }
    }
}

extension Timestamp {
    /// When every grant with an end has ended.
    static let distantFuture = Timestamp(microseconds: .max)
}

/// One thing that somebody is allowed or denied, and why.
package struct AccessRule: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        case binding(ItemAddress, subject: Principal, role: RoleName, permission: Int)
        case grant(role: RoleName, permission: Int)
    }

    package let effect: Permission.Effect
    package let actions: ActionSet
    package let pattern: ResourcePattern
    package let expiresAt: Timestamp?
    package let source: Source
    package let isBreakGlass: Bool

    /// What of it is for these; nil where that is nothing.
    func narrowed(to projects: [NamePattern], environments: [NamePattern]?) -> AccessRule? {
        pattern.intersection(projects: projects, environments: environments).map { pattern in
            AccessRule(
                effect: effect, actions: actions, pattern: pattern, expiresAt: expiresAt, source: source,
                isBreakGlass: isBreakGlass)
        }
    }

    package func holds(at now: Timestamp) -> Bool { expiresAt.map { now < $0 } ?? true }

    /// Whether whoever has this one has all of `other`, for as long.
    func covers(_ other: AccessRule, _ action: Action) -> Bool {
        guard effect == .allow, actions.contains(action), pattern.covers(other.pattern) else { return false }
        guard let expiresAt else { return true }
        return other.expiresAt.map { $0 <= expiresAt } ?? false
    }
}
