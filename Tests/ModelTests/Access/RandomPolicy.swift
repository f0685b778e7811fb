import TestSupport

@testable import ConfigPlatformModel

/// The few names that generated policies and requests are made of, so that they often meet.
enum AccessUniverse {
    static let projects: [ProjectName] = ["shop", "shop-eu", "pay"]
    static let environments: [EnvironmentName] = ["dev", "dev-eu", "prod", "prod@eu"]
    /// A key above others, one that only looks like that, one whose dot is part of its segment, and one of another case.
    static let keys: [ConfigKey] = ["a", "a.b", "a.b.c", "ab", "\"a.b\"", "A.b", "secret.x"]
    /// The last two are one text in two normalisations, and two tags.
    static let tags = ["pii", "pii2", "caf\u{E9}", "cafe\u{301}"]
    static let namePatterns = ["shop", "shop*", "pay", "*", "shop-eu", "s*"]
    static let environmentPatterns = ["dev", "dev*", "prod", "prod*", "*", "prod@eu"]
    static let users: [Principal] = ["user:ada", "user:corp/bob", "user:corp/cy"]
    static let groups: [Principal] = ["group:sre", "group:corp/dev", "group:corp/sec"]
    static let workloads: [Principal] = ["workload:ci/shop/main", "workload:ci/shop-eu/main", "workload:ci2/shop"]
    static let workloadPatterns: [Principal] = ["workload:ci/*", "workload:ci/shop/*", "workload:ci/shop*"]
    static let roles: [RoleName] = ["r1", "r2", "r3", "r4"]
    static let now = Timestamp(microseconds: 1_795_413_600_000_000)
    /// Over, over just now, about to be, later, and much later.
    static let ends = [-3_600, 0, 1, 3_600, 864_000].map { now.adding(seconds: $0) }
}

/// Makes policies and requests of ``AccessUniverse``.
struct RandomPolicy {
    var platform = AccessItems()
    var projects: [ProjectName: AccessItems] = [:]

    var policy: AccessPolicy { AccessPolicy(platform: platform, projects: projects) }
    var reference: ReferenceAccess { ReferenceAccess(platform: platform, projects: projects) }

    init(_ random: inout SeededGenerator) throws {
        for role in AccessUniverse.roles where !random.chance(oneIn: 6) {
            set(.role(role), .role(try random.role()), in: .platform)
        }
        for group in AccessUniverse.groups.prefix(1) where !random.chance(oneIn: 4) {
            let members = random.some(of: AccessUniverse.users + AccessUniverse.workloads)
            set(.group(group), .group(try GroupBody(members: members)), in: .platform)
        }
        for user in AccessUniverse.users where random.chance(oneIn: 2) {
            let body = try IdentityBody(
                groups: random.some(of: Array(AccessUniverse.groups.dropFirst())),
                isDisabled: random.chance(oneIn: 8))
            set(.identity(user), .identity(body), in: .platform)
        }
        for index in 0..<random.int(in: 2...9) {
            let project = random.chance(oneIn: 3) ? .platform : random.element(of: AccessUniverse.projects)
            set(try .binding(BindingName(parsing: "b\(index)")), .binding(try random.binding()), in: project)
        }
    }

    mutating func set(_ place: AccessPlace, _ body: AccessBody?, in project: ProjectName) {
        let item = body.map { StoredAccess(body: $0, revision: .zero) }
        if project == .platform {
            platform.set(place, item)
        } else {
            projects[project, default: AccessItems()].set(place, item)
        }
    }

    /// Every binding there is, with where it is.
    var bindings: [(project: ProjectName, place: AccessPlace, body: BindingBody)] {
        ([(ProjectName.platform, platform)] + projects.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            .flatMap { project, items in
                items.all(.binding).compactMap { place, item in
                    guard case .binding(let body) = item.body else { return nil }
                    return (project, place, body)
                }
            }
    }
}

extension SeededGenerator {
    /// Each once in so many times; in their order.
    mutating func some<Element>(of elements: [Element], oneIn count: Int = 2) -> [Element] {
        elements.filter { _ in chance(oneIn: count) }
    }

    /// At least one.
    mutating func few<Element>(of elements: [Element]) -> [Element] {
        let some = some(of: elements, oneIn: 3)
        return some.isEmpty ? [element(of: elements)] : some
    }

    mutating func pattern() throws -> ResourcePattern {
        var pattern = ResourcePattern()
        if chance(oneIn: 4) { pattern.projects = try few(of: AccessUniverse.namePatterns).map(NamePattern.init) }
        if chance(oneIn: 4) {
            pattern.environments = try few(of: AccessUniverse.environmentPatterns).map(NamePattern.init)
        }
        if chance(oneIn: 4) { pattern.kinds = Set(few(of: Kind.allCases)) }
        if chance(oneIn: 4) { pattern.keys = few(of: AccessUniverse.keys) }
        if chance(oneIn: 6) { pattern.tags = few(of: AccessUniverse.tags) }
        return pattern
    }

    mutating func permission() throws -> Permission {
        let actions = chance(oneIn: 3) ? Action.allCases : few(of: Action.allCases)
        let pattern = try pattern()
        return chance(oneIn: 4)
            ? Permission(denying: actions, on: pattern) : Permission(allowing: actions, on: pattern)
    }

    mutating func role() throws -> RoleBody {
        var permissions: [Permission] = []
        for _ in 0..<int(in: 1...3) { permissions.append(try permission()) }
        return try RoleBody(permissions: permissions)
    }

    mutating func roleName() -> RoleName {
        element(of: AccessUniverse.roles + AccessUniverse.roles + RoleBody.builtIn.keys.sorted())
    }

    mutating func binding() throws -> BindingBody {
        try BindingBody(
            subject: element(
                of: AccessUniverse.users + AccessUniverse.users + AccessUniverse.groups + AccessUniverse.groups
                    + AccessUniverse.workloads + AccessUniverse.workloadPatterns),
            role: roleName(),
            environments: chance(oneIn: 3) ? few(of: AccessUniverse.environments) : nil,
            expiresAt: chance(oneIn: 3) ? element(of: AccessUniverse.ends) : nil)
    }

    mutating func subject() throws -> Subject {
        switch int(in: 1...6) {
        case 1: return Subject(principal: element(of: AccessUniverse.workloads))
        case 2:
            return Subject(
                principal: element(of: AccessUniverse.users), groups: some(of: Array(AccessUniverse.groups.dropFirst()))
            )
        case 3, 4:
            var grants: [Grant] = []
            for _ in 0..<int(in: 1...3) {
                let project = chance(oneIn: 3) ? nil : element(of: AccessUniverse.projects)
                grants.append(
                    try Grant(
                        role: roleName(), project: project,
                        environments: project != nil && chance(oneIn: 3) ? few(of: AccessUniverse.environments) : nil))
            }
            let owner = chance(oneIn: 2) ? element(of: AccessUniverse.users) : nil
            return Subject(principal: "token:bot", grants: grants, owner: owner)
        default: return Subject(principal: element(of: AccessUniverse.users))
        }
    }

    mutating func resource() -> Resource {
        let kind = chance(oneIn: 2) ? Kind.setting : element(of: Kind.allCases)
        let hasKey = (kind == .setting || kind == .settingDefinition) && !chance(oneIn: 8)
        return Resource(
            project: chance(oneIn: 8) ? nil : element(of: AccessUniverse.projects),
            environment: kind == .setting && !chance(oneIn: 10) || chance(oneIn: 4)
                ? element(of: AccessUniverse.environments) : nil,
            kind: kind, key: hasKey ? element(of: AccessUniverse.keys) : nil,
            tags: hasKey ? some(of: AccessUniverse.tags, oneIn: 4) : [])
    }
}
