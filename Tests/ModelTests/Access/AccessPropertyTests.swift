import TestSupport
import Testing

@testable import ConfigPlatformModel

/// What is true of every policy. Each run of a seed has a policy of its own.
@Suite struct AccessPropertyTests {
    private static let now = AccessUniverse.now

    @Test func `a denial beats every permission, and takes nothing else`() throws {
        var taken = 0
        try SeededGenerator.runs(400, from: 200_000) { random in
            let before = try RandomPolicy(&random)
            let principal = random.element(of: AccessUniverse.users)
            let denial = Permission(denying: random.few(of: Action.allCases), on: try random.pattern())
            let project = random.chance(oneIn: 2) ? .platform : random.element(of: AccessUniverse.projects)
            var after = before
            after.set(.role("no"), .role(try RoleBody(permissions: [denial])), in: .platform)
            let binding = try BindingBody(subject: principal, role: "no")
            after.set(.binding("no"), .binding(binding), in: project)
            let (free, bound) = (
                before.policy.authority(of: Subject(principal)), after.policy.authority(of: Subject(principal))
            )
            for _ in 0..<60 {
                let (action, resource) = (random.element(of: Action.allCases), random.resource())
                let isDenied =
                    denial.actions.contains(action) && denial.pattern.matches(action, resource)
                    && (project == .platform || resource.project == project)
                let (was, may) = (
                    free.permits(action, on: resource, at: Self.now), bound.permits(action, on: resource, at: Self.now)
                )
                if isDenied, was { taken += 1 }
                if may != (was && !isDenied) { Issue.record("\(action) \(resource): \(was), \(may); \(random)") }
            }
        }
        #expect(taken > 100 || taken < 60)
    }

    @Test func `the end of a binding gives nobody anything but what that binding denied`() throws {
        var lifted = 0
        try SeededGenerator.runs(800, from: 300_000) { random in
            let before = try RandomPolicy(&random)
            let removed = random.element(of: before.bindings)
            var after = before
            after.set(removed.place, nil, in: removed.project)
            let denials = before.policy.role(removed.body.role)?.permissions.filter { $0.effect == .deny } ?? []
            for _ in 0..<4 {
                let subject = try random.subject()
                let (had, has) = (before.policy.authority(of: subject), after.policy.authority(of: subject))
                for _ in 0..<30 {
                    let (action, resource) = (random.element(of: Action.allCases), random.resource())
                    guard has.permits(action, on: resource, at: Self.now),
                        !had.permits(action, on: resource, at: Self.now)
                    else { continue }
                    lifted += 1
                    let isItsDenial = denials.contains {
                        $0.actions.contains(action) && $0.pattern.matches(action, resource)
                    }
                    if !isItsDenial { Issue.record("\(removed): \(action) \(resource) of \(subject); \(random)") }
                }
            }
        }
        #expect(lifted > 10 || lifted < 2, "\(lifted)")
    }

    @Test func `a pattern that covers another matches all that the other does, and patterns that cannot meet never do`()
        throws
    {
        var counts = (covering: 0, apart: 0)
        try SeededGenerator.runs(1_500, from: 400_000) { random in
            let (a, b) = (try random.pattern(), try random.pattern())
            let isCovering = a.covers(b)
            let apart = Action.allCases.filter { !a.mayMeet(b, in: $0) }
            if isCovering { counts.covering += 1 }
            if !apart.isEmpty { counts.apart += 1 }
            guard isCovering || !apart.isEmpty else { return }
            for resource in AccessUniverse.resources {
                for action in [Action.read, .write] {
                    let (first, second) = (a.matches(action, resource), b.matches(action, resource))
                    if isCovering, second, !first { Issue.record("\(a) over \(b): \(resource); \(random)") }
                    if first, second, apart.contains(action) {
                        Issue.record("\(a) beside \(b): \(resource); \(random)")
                    }
                }
            }
        }
        #expect(min(counts.covering, counts.apart) > 20 || counts.covering + counts.apart < 2)
    }

    @Test func `a pattern narrowed to places matches no more than it did, and nothing elsewhere`() throws {
        var kept = 0
        try SeededGenerator.runs(600, from: 500_000) { random in
            let whole = try random.pattern()
            let project = random.element(of: AccessUniverse.projects)
            let environments = random.chance(oneIn: 2) ? random.few(of: AccessUniverse.environments) : nil
            let narrow = whole.intersection(
                projects: [NamePattern(project)], environments: environments.map { $0.map(NamePattern.init) })
            for resource in AccessUniverse.resources {
                for action in [Action.read, .write] {
                    guard narrow?.matches(action, resource) == true else {
                        // What both are about in so many words is kept.
                        if resource.project == project, let environment = resource.environment,
                            environments?.contains(environment) ?? true, whole.matches(action, resource)
                        {
                            Issue.record("\(whole) in \(project) lost \(resource); \(random)")
                        }
                        continue
                    }
                    kept += 1
                    let isInside =
                        resource.project == project && whole.matches(action, resource)
                        && (resource.environment.map { environments?.contains($0) ?? true } ?? true)
                    if !isInside {
                        Issue.record("\(whole) in \(project) \(environments as Any): \(resource); \(random)")
                    }
                }
            }
        }
        #expect(kept > 1_000 || kept < 400)
    }

    @Test func `whoever holds a rule may do all that it gives, for as long as it gives it`() throws {
        var held = 0
        try SeededGenerator.runs((AccessAgreementTests.policies ?? 1_200) / 8, from: 600_000) { random in
            let generated = try RandomPolicy(&random)
            let (policy, reference) = (generated.policy, generated.reference)
            for _ in 0..<3 {
                let author = try random.subject()
                let authority = policy.authority(of: author)
                let statements = reference.statements(about: author)
                for _ in 0..<8 {
                    let project = random.chance(oneIn: 2) ? .platform : random.element(of: AccessUniverse.projects)
                    let address = AccessPlace.binding("x").address(in: project)
                    let body = try random.binding()
                    for rule in policy.rules(of: body, at: address) where authority.holds(rule, at: Self.now) {
                        held += 1
                        if let lacking = Self.lacking(rule, statements) {
                            Issue.record("\(author) does not hold all of \(rule): \(lacking); \(random)")
                            return
                        }
                    }
                }
            }
        }
        #expect(held > 50 || held < 24, "\(held)")
    }

    /// Something that a rule gives at some time and that the statements do not allow then.
    private static func lacking(_ rule: AccessRule, _ statements: [[ReferenceAccess.Statement]]?) -> String? {
        for resource in AccessUniverse.resources {
            for action in rule.actions.actions where rule.pattern.matches(action, resource) {
                for now in [now] + AccessUniverse.ends.filter({ $0 > now }) where rule.holds(at: now) {
                    if !ReferenceAccess.permits(statements, action, resource, at: now) {
                        return "\(action) \(resource) at \(now.text)"
                    }
                }
            }
        }
        return nil
    }

    @Test func `whoever administers everything holds every rule, until a project denies them something`() throws {
        var fixture = try AccessFixture.shop()
        try fixture.lay(.bind("root", "user:root", "administrator"), in: .platform)
        let everything = AccessRule(
            effect: .allow, actions: .all, pattern: .everything, expiresAt: nil,
            source: .grant(role: .administrator, permission: 0), isBreakGlass: false)
        let root = Subject("user:root")
        #expect(fixture.state.access.authority(of: root).holds(everything, at: Self.now))
        try fixture.lay(
            .role("no-writing", Permission(denying: [.write], on: ResourcePattern(kinds: [.setting]))), in: .platform)
        try fixture.lay(.bind("no", "user:root", "no-writing"), in: "shop")
        #expect(!fixture.permits(root, .write, .setting, in: "dev", key: "a.b"))
        #expect(!fixture.state.access.authority(of: root).holds(everything, at: Self.now))
        // So nobody else gets by way of the platform what its administrator may not do in one project.
        #expect(
            fixture.refusal(root, try .bind("ada", "user:ada", "administrator"), in: .platform)?.code == .forbidden)
    }

    @Test func `what is no longer used of a policy is let go`() throws {
        weak var policy: AccessPolicy?
        try {
            var random = SeededGenerator(seed: 1)
            let made = try RandomPolicy(&random).policy
            let authority = made.authority(of: Subject("user:ada"))
            #expect(authority === made.authority(of: Subject("user:ada")))
            policy = made
        }()
        #expect(policy == nil)
    }
}

extension AccessUniverse {
    /// One of each that any rule of the universe could tell from others.
    static let resources: [Resource] = ([nil] + projects.map { $0 }).flatMap { project in
        ([nil] + environments.map { $0 }).flatMap { environment in
            let others = [
                Kind.project, .environment, .schema, .settingDefinition, .setting, .validator, .binding, .protection,
                .role, .identity,
            ].map { Resource(project: project, environment: environment, kind: $0) }
            let keyed = keys.enumerated().map { index, key in
                Resource(
                    project: project, environment: environment,
                    kind: environment == nil ? .settingDefinition : .setting,
                    key: key, tags: [tags[index % tags.count]])
            }
            return others + keyed
        }
    }
}
