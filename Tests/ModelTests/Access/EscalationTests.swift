import TestSupport
import Testing

import class Foundation.ProcessInfo

@testable import ConfigPlatformModel

/// Whatever a few subjects do together, by operations that each of them may do, nobody comes to more than some of them had, beside what
/// was theirs already. `CFG_ACCESS_ESCALATIONS=1000` tries so many platforms rather than a few.
@Suite struct EscalationTests {
    private static let runs = ProcessInfo.processInfo.environment["CFG_ACCESS_ESCALATIONS"].flatMap { Int($0) }

    @Test func `no sequence of operations gives anybody what none of those who acted held`() throws {
        var accepted: [Kind: Int] = [:]
        try SeededGenerator.runs(Self.runs ?? 40, from: 1_000_000) { random in
            var attempt = try EscalationAttempt(&random)
            for _ in 0..<80 where try !attempt.step(&random) { break }
            accepted.merge(attempt.accepted) { $0 + $1 }
        }
        guard accepted.values.reduce(0, +) > 100 else { return }
        // That the attempts do what they are for.
        for kind in [Kind.binding, .role, .group, .environment, .settingDefinition] {
            #expect(accepted[kind, default: 0] > 5, "\(kind): \(accepted)")
        }
    }

    @Test func `nothing that needs no approval gives anybody more of a protected environment`() throws {
        var counts = (free: 0, needing: 0)
        try SeededGenerator.runs((Self.runs ?? 40) / 3, from: 2_000_000) { random in
            var attempt = try EscalationAttempt(&random)
            try attempt.protect()
            for _ in 0..<60 {
                guard let isFree = try attempt.stepOfAdministrator(&random) else { continue }
                if isFree { counts.free += 1 } else { counts.needing += 1 }
            }
        }
        #expect(min(counts.free, counts.needing) > 20 || counts.free + counts.needing < 61, "\(counts)")
    }
}

/// A platform with a policy, some who act and some who do not.
private struct EscalationAttempt {
    private var fixture: AccessFixture
    private(set) var accepted: [Kind: Int] = [:]
    private let actors: [Subject]
    private let others: [Subject] = [
        Subject("user:corp/cy"), Subject("workload:ci/shop/main"), Subject("user:eve"),
        Subject(principal: "user:corp/dee", groups: ["group:corp/dev"]),
    ]
    private var start: [(now: Timestamp, reach: [Subject: Set<Int>], together: Set<Int>)] = []
    private var history: [String] = []
    /// What was said of keys at the start: it ends with a project, and is anybody's to say again of one that they begin.
    private var tags: [ProjectName: [ConfigKey: [String]]] = [:]
    private var ended: Set<ProjectName> = []

    private static let projects: [ProjectName] = ["shop", "pay"]
    private static let environments: [EnvironmentName] = ["dev", "prod"]
    private static let keys: [ConfigKey] = ["a", "a.b", "ab", "secret.x"]
    private static let actions: [Action] = [.read, .write, .approve, .reveal, .administer, .breakGlass]
    private static let times = [AccessUniverse.now, AccessUniverse.now.adding(seconds: 7_200)]

    init(_ random: inout SeededGenerator) throws {
        fixture = AccessFixture()
        for project in Self.projects {
            try fixture.lay(
                [Operation(.putProject(ProjectBody())), .environment("dev"), .environment("prod", inherits: ["dev"])]
                    + [
                        .define("a.b", tags: [AccessUniverse.tags[0], AccessUniverse.tags[2]]),
                        .define("secret.x", tags: [AccessUniverse.tags[3]]),
                    ], in: project)
        }
        // Somebody administers the platform who takes no part.
        try fixture.lay(.bind("root", "user:root", "administrator"), in: .platform)
        for role in AccessUniverse.roles {
            let body = try random.administrativeRole()
            try fixture.lay(Operation(.putAccess(.role(role), .role(body))), in: .platform)
        }
        for group in AccessUniverse.groups.prefix(1) {
            let members = random.some(of: AccessUniverse.users)
            try fixture.lay(
                Operation(.putAccess(.group(group), .group(try GroupBody(members: members)))), in: .platform)
        }
        for user in AccessUniverse.users where random.chance(oneIn: 2) {
            try fixture.lay(
                .identity(
                    user, groups: random.some(of: Array(AccessUniverse.groups.dropFirst())),
                    isDisabled: random.chance(oneIn: 6)), in: .platform)
        }
        for index in 0..<random.int(in: 4...10) {
            let project = random.chance(oneIn: 2) ? .platform : random.element(of: Self.projects)
            let body = try random.binding(environments: Self.environments)
            let place = AccessPlace.binding(try BindingName(parsing: "b\(index)"))
            try fixture.lay(Operation(.putAccess(place, .binding(body))), in: project)
        }
        var actors = [Subject("user:ada"), Subject("user:corp/bob")]
        if random.chance(oneIn: 2) {
            let grants = [try Grant(role: random.roleName()), try Grant(role: random.roleName(), project: "shop")]
            actors.append(
                Subject(
                    principal: "token:bot", grants: grants, owner: random.chance(oneIn: 2) ? "user:corp/cy" : nil))
        }
        self.actors = actors
        tags = fixture.state.projects.mapValues { $0.definitions.mapValues(\.body.tags) }
        let subjects = actors + others
        start = Self.times.map { now in
            let reach = subjects.map { (subject: $0, reach: reached(by: $0, at: now)) }
            return (
                now, Dictionary(reach.map { ($0.subject, $0.reach) }) { $0.union($1) },
                reach.filter { actors.contains($0.subject) }.reduce(into: []) { $0.formUnion($1.reach) }
            )
        }
    }

    /// Lets somebody try something. False where somebody has come to more than they should.
    mutating func step(_ random: inout SeededGenerator) throws -> Bool {
        let actor = random.element(of: actors)
        let (project, operations) = try operations(of: actor, &random)
        guard let decision = try? fixture.decide(actor, operations, in: project), let change = decision.change else {
            return true
        }
        fixture.take(decision)
        for effect in change.effects { accepted[effect.address.kind, default: 0] += 1 }
        if decision.after == nil { ended.insert(project) }
        history.append("\(actor.principal.rawValue): \(operations)")
        let matters = change.effects.contains { ![Kind.setting, .schema].contains($0.address.kind) }
        guard matters else { return true }
        for (now, reach, together) in start {
            for subject in actors + others {
                let own = (reach[subject] ?? []).union(together)
                guard let gained = reached(by: subject, at: now, beyond: own).first else {
                    continue
                }
                let (resource, action) = request(gained)
                Issue.record(
                    "\(subject) may now \(action) \(resource) at \(now.text), by \(history.joined(separator: "; ")) \(random)"
                )
                return false
            }
        }
        return true
    }

    /// Has `prod` of `shop` protected.
    mutating func protect() throws { try fixture.lay(.protect("prod"), in: "shop") }

    /// Lets the administrator of the platform do something, approvals or not. Whether none was needed; nil where nothing was done.
    mutating func stepOfAdministrator(_ random: inout SeededGenerator) throws -> Bool? {
        let (project, operations) = try operations(of: Subject("user:root"), &random)
        guard !operations.contains(where: { [.deleteProject, .deleteEnvironment("prod")].contains($0.target) }),
            let decision = try? fixture.decide(Subject("user:root"), operations, in: project), decision.change != nil
        else { return nil }
        let subjects = others + AccessUniverse.users.map { Subject($0) }
        guard decision.unapproved.isEmpty else {
            fixture.take(decision)
            return false
        }
        func isProtected(_ resource: Resource) -> Bool { resource.project == "shop" && resource.environment == "prod" }
        let before = Self.times.map { now in subjects.map { reached(by: $0, at: now, where: isProtected) } }
        fixture.take(decision)
        for (now, before) in zip(Self.times, before) {
            for (subject, before) in zip(subjects, before) {
                let gained = reached(by: subject, at: now, beyond: before, where: isProtected).map(request)
                    .first { $0.1 != .read }
                guard let (resource, action) = gained else { continue }
                Issue.record("\(subject) may now \(action) \(resource) at \(now.text), by \(operations) \(random)")
            }
        }
        return true
    }

    // MARK: What there is to be reached

    private func resources() -> [Resource] {
        var resources = [Kind.role, .binding, .group, .identity, .issuer].map { Resource(project: nil, kind: $0) }
        for project in Self.projects {
            resources += [.project, .schema, .validator, .binding, .role].map { Resource(project: project, kind: $0) }
            for environment in Self.environments {
                resources += [.environment, .protection, .binding].map {
                    Resource(project: project, environment: environment, kind: $0)
                }
            }
            for key in Self.keys {
                let standing = fixture.state.projects[project]?.definitions[key]?.body.tags
                let tags = (ended.contains(project) ? self.tags[project]?[key] : standing) ?? []
                resources.append(Resource(project: project, kind: .settingDefinition, key: key, tags: tags))
                for environment in Self.environments {
                    resources.append(
                        Resource(project: project, environment: environment, kind: .setting, key: key, tags: tags))
                }
            }
        }
        return resources
    }

    private func request(_ index: Int) -> (Resource, Action) {
        (resources()[index / Self.actions.count], Self.actions[index % Self.actions.count])
    }

    private func reached(
        by subject: Subject, at now: Timestamp, beyond known: Set<Int> = [],
        where isWanted: (Resource) -> Bool = { _ in true }
    ) -> Set<Int> {
        let statements = ReferenceAccess(fixture.state).statements(about: subject)
        var reach: Set<Int> = []
        guard statements?.contains(where: \.isEmpty) == false else { return reach }
        for (index, resource) in resources().enumerated() where isWanted(resource) {
            for (offset, action) in Self.actions.enumerated() {
                let request = index * Self.actions.count + offset
                if !known.contains(request), ReferenceAccess.permits(statements, action, resource, at: now) {
                    reach.insert(request)
                }
            }
        }
        return reach
    }

    // MARK: What is tried

    private func operations(
        of actor: Subject, _ random: inout SeededGenerator
    ) throws -> (ProjectName, [Operation]) {
        let project = random.element(of: Self.projects)
        let name = try BindingName(parsing: "b\(random.int(in: 0...10))")
        let role = random.element(of: AccessUniverse.roles)
        let environment = random.element(of: Self.environments + ["new"])
        let key = random.element(of: Self.keys)
        switch random.int(in: 1...20) {
        case 1, 2, 3:
            let body = try random.binding(environments: Self.environments)
            return (
                random.chance(oneIn: 3) ? .platform : project, [Operation(.putAccess(.binding(name), .binding(body)))]
            )
        case 4, 5, 6:
            guard let (place, body) = try shared(by: actor, &random) else { return (project, []) }
            return (place, [Operation(.putAccess(.binding(name), .binding(body)))])
        case 7: return (random.chance(oneIn: 2) ? .platform : project, [.unbind(name)])
        case 8, 9:
            let body = try altered(role, &random)
            return (.platform, [Operation(.putAccess(.role(role), .role(body)))])
        case 10: return (.platform, [Operation(.deleteAccess(.role(role)))])
        case 11, 12:
            let group = random.element(of: Array(AccessUniverse.groups.prefix(1)) + ["group:new"])
            if random.chance(oneIn: 4) { return (.platform, [Operation(.deleteAccess(.group(group)))]) }
            let members = random.some(of: AccessUniverse.users + ["user:eve", "workload:ci/shop/main"])
            return (.platform, [Operation(.putAccess(.group(group), .group(try GroupBody(members: members))))])
        case 13:
            let user = random.element(of: AccessUniverse.users)
            if random.chance(oneIn: 3) { return (.platform, [Operation(.deleteAccess(.identity(user)))]) }
            let groups = fixture.state.access.identity(user)?.groups ?? []
            return (.platform, [try .identity(user, groups: groups, isDisabled: random.chance(oneIn: 2))])
        case 14, 15:
            return random.chance(oneIn: 4)
                ? (project, [.deleteEnvironment(environment)])
                : (project, [.environment(environment, inherits: random.some(of: Self.environments))])
        case 16: return (project, [try .put(key, .string("${a.b}"), in: environment)])
        case 17, 18:
            return (
                project,
                [
                    random.chance(oneIn: 4)
                        ? Operation(.deleteDefinition(key))
                        : try .define(key, tags: random.some(of: AccessUniverse.tags))
                ]
            )
        case 19:
            return (
                project, [Operation(random.chance(oneIn: 3) ? .deleteProject : .putProject(try ProjectBody()))]
            )
        default:
            return (project, [try .schema("s", true, .document, environments: [environment])])
        }
    }

    /// A binding of somebody to what is bound already, where it is or elsewhere, for as long or longer.
    private func shared(
        by actor: Subject, _ random: inout SeededGenerator
    ) throws -> (ProjectName, BindingBody)? {
        var known: [(ProjectName, BindingBody)] = []
        for (name, project) in fixture.state.projects.sorted(by: { $0.key < $1.key }) {
            for (_, item) in project.access.all(.binding) {
                if case .binding(let body) = item.body { known.append((name, body)) }
            }
        }
        guard !known.isEmpty else { return nil }
        let (project, body) = random.element(of: known)
        return (
            random.chance(oneIn: 4) ? .platform : project,
            try BindingBody(
                subject: random.element(of: AccessUniverse.users + AccessUniverse.groups + ["user:eve"]),
                role: body.role,
                environments: random.chance(oneIn: 3) ? random.few(of: Self.environments) : body.environments,
                expiresAt: random.chance(oneIn: 3) ? random.element(of: AccessUniverse.ends) : body.expiresAt)
        )
    }

    /// A new body of a role, or its body with a permission more or less.
    private func altered(_ role: RoleName, _ random: inout SeededGenerator) throws -> RoleBody {
        var permissions = fixture.state.access.role(role)?.permissions ?? []
        switch random.int(in: 1...3) {
        case 1: permissions = try random.role().permissions
        case 2: permissions.append(try random.permission())
        default: if permissions.count > 1 { permissions.remove(at: random.int(in: 0...permissions.count - 1)) }
        }
        return try RoleBody(permissions: permissions.isEmpty ? [try random.permission()] : Array(permissions.prefix(6)))
    }
}

extension SeededGenerator {
    /// A role that may administer something, so that whoever has it can be tempted.
    fileprivate mutating func administrativeRole() throws -> RoleBody {
        var permissions = [
            Permission(
                allowing: [.administer, .write] + few(of: Action.allCases),
                on: chance(oneIn: 2)
                    ? .everything
                    : ResourcePattern(kinds: Set(few(of: Kind.allCases.filter(\.isAccess) + [.settingDefinition]))))
        ]
        for _ in 0..<int(in: 0...3) { permissions.append(try permission()) }
        return try RoleBody(permissions: permissions)
    }

    fileprivate mutating func binding(environments: [EnvironmentName]) throws -> BindingBody {
        let body = try binding()
        return try BindingBody(
            subject: body.subject, role: body.role,
            environments: body.environments.map { _ in few(of: environments) }, expiresAt: body.expiresAt)
    }
}
