@testable import ConfigPlatformModel

/// Who may do what, by the rules as they are written and nothing else: every question walks every binding there is, and nothing is compiled,
/// indexed or kept.
///
/// - A permission is for some actions on what its pattern names. Whatever is not allowed is not; a denial beats every permission.
/// - A binding gives its subject a role: of the platform everywhere, of a project in that project, and where it names environments there
///   alone. It holds before its end.
/// - Somebody is bound as themselves and as each of the groups that they are in: those that a live token claims, those that their identity is
///   known to be in, and those that list them. Groups are in no groups.
/// - What names environments concerns a project as a whole only for reading what describes it: the project, schemas, what is said of keys.
/// - What names keys or tags concerns only what has keys. A key stands for all below it.
/// - A token may do what its grants give, and a personal one only what its owner may too. A disabled identity may do nothing, nor may what it
///   owns.
struct ReferenceAccess {
    let platform: AccessItems
    let projects: [ProjectName: AccessItems]

    init(platform: AccessItems, projects: [ProjectName: AccessItems]) {
        self.platform = platform
        self.projects = projects
    }

    init(_ state: PlatformState) {
        self.init(
            platform: state.projects[.platform]?.access ?? AccessItems(),
            projects: state.projects.filter { $0.key != .platform }.mapValues(\.access))
    }

    func permits(_ subject: Subject, _ action: Action, _ resource: Resource, at now: Timestamp) -> Bool {
        Self.permits(statements(about: subject), action, resource, at: now)
    }

    /// The same of statements that were gathered before.
    static func permits(
        _ holders: [[Statement]]?, _ action: Action, _ resource: Resource, at now: Timestamp
    ) -> Bool {
        guard let holders else { return false }
        for statements in holders {
            var isAllowed = false
            for statement in statements where statement.speaks(of: action, resource, at: now) {
                if statement.isDenial { return false }
                isAllowed = true
            }
            if !isAllowed { return false }
        }
        return true
    }

    /// Which of some keys the subject may do something to there.
    func keys(
        _ subject: Subject, _ action: Action, _ kind: Kind, in environment: EnvironmentName?, of project: ProjectName,
        among keys: [(key: ConfigKey, tags: [String])], at now: Timestamp
    ) -> [ConfigKey] {
        keys.filter { key, tags in
            permits(
                subject, action,
                Resource(project: project, environment: environment, kind: kind, key: key, tags: tags), at: now)
        }.map(\.key)
    }

    /// Whether the subject certainly has nothing to do with a project, or with an environment of it: not every holder of its rights has so
    /// much as one permission that could be about it.
    func isStranger(
        _ subject: Subject, to project: ProjectName, _ environment: EnvironmentName? = nil, at now: Timestamp
    ) -> Bool {
        guard let holders = statements(about: subject) else { return true }
        for statements in holders {
            var hasSomething = false
            for statement in statements
            where !statement.isDenial && statement.holds(at: now) && statement.concerns(project, environment) {
                hasSomething = true
            }
            if !hasSomething { return true }
        }
        return false
    }

    // MARK: What is said of whom

    /// One permission of one role, as it is bound or granted.
    struct Statement {
        var isDenial: Bool
        var actions: [Action]
        var pattern: ResourcePattern
        /// Where the role is given: nil for everywhere.
        var project: ProjectName?
        var environments: [EnvironmentName]?
        var expiresAt: Timestamp?

        func holds(at now: Timestamp) -> Bool {
            guard let expiresAt else { return true }
            return now < expiresAt
        }

        func speaks(of action: Action, _ resource: Resource, at now: Timestamp) -> Bool {
            guard holds(at: now), actions.contains(action), isAnywhere else { return false }
            if let project, resource.project != project { return false }
            if let names = pattern.projects {
                guard let project = resource.project, Self.some(of: names, matches: project.rawValue) else {
                    return false
                }
            }
            if environments != nil || pattern.environments != nil {
                if let environment = resource.environment {
                    guard isGiven(in: environment) else { return false }
                } else {
                    guard action == .read, resource.project != nil,
                        [Kind.project, .schema, .settingDefinition, .flag, .segment].contains(resource.kind)
                    else { return false }
                }
            }
            if let kinds = pattern.kinds, !kinds.contains(resource.kind) { return false }
            guard pattern.keys != nil || pattern.tags != nil else { return true }
            guard resource.kind == .setting || resource.kind == .settingDefinition, let key = resource.key else {
                return false
            }
            if let keys = pattern.keys, !keys.contains(where: { Self.isSameOrBelow(key, $0) }) { return false }
            if let tags = pattern.tags, !tags.contains(where: { Self.isAmong(resource.tags, $0) }) { return false }
            return true
        }

        /// Whether it can be about something of a project, or of an environment of it.
        func concerns(_ name: ProjectName, _ environment: EnvironmentName?) -> Bool {
            guard isAnywhere else { return false }
            if let project, name != project { return false }
            if let names = pattern.projects, !Self.some(of: names, matches: name.rawValue) { return false }
            return environment.map(isGiven) ?? true
        }

        private func isGiven(in environment: EnvironmentName) -> Bool {
            if let environments, !environments.contains(environment) { return false }
            if let names = pattern.environments { return Self.some(of: names, matches: environment.rawValue) }
            return true
        }

        /// A role that is about other places than it is bound in says nothing there.
        private var isAnywhere: Bool {
            if let project, let names = pattern.projects, !Self.some(of: names, matches: project.rawValue) {
                return false
            }
            if let environments, let names = pattern.environments {
                return environments.contains { Self.some(of: names, matches: $0.rawValue) }
            }
            return true
        }

        private static func some(of patterns: [NamePattern], matches name: String) -> Bool {
            for pattern in patterns {
                let text = pattern.text
                if text.last == "*" ? name.hasPrefix(text.dropLast()) : name == text { return true }
            }
            return false
        }

        private static func isSameOrBelow(_ key: ConfigKey, _ above: ConfigKey) -> Bool {
            // Segment by segment, each by its bytes.
            Array(key.path.utf8).split(separator: 0, omittingEmptySubsequences: false)
                .starts(with: Array(above.path.utf8).split(separator: 0, omittingEmptySubsequences: false))
        }

        private static func isAmong(_ tags: [String], _ wanted: String) -> Bool {
            tags.contains { Array($0.utf8) == Array(wanted.utf8) }
        }
    }

    /// What is said of a subject, in lists of which each has to allow; nil where it is disabled.
    func statements(about subject: Subject) -> [[Statement]]? {
        if isDisabled(subject.principal) { return nil }
        guard let grants = subject.grants else { return [bound(subject.principal, subject.groups)] }
        let granted = grants.flatMap { grant in
            permissions(of: grant.role).map { permission in
                Statement(
                    isDenial: permission.effect == .deny, actions: permission.actions.actions,
                    pattern: permission.pattern, project: grant.project, environments: grant.environments,
                    expiresAt: nil)
            }
        }
        guard let owner = subject.owner else { return [granted] }
        if isDisabled(owner) { return nil }
        return [granted, bound(owner, [])]
    }

    private func bound(_ principal: Principal, _ claimed: [Principal]) -> [Statement] {
        var names = [principal] + claimed
        if case .identity(let body)? = platform[.identity(principal)]?.body { names += body.groups }
        for (place, item) in platform.all(.group) {
            if case .group(let body) = item.body, body.members.contains(principal),
                let name = try? Principal(parsing: place.key)
            {
                names.append(name)
            }
        }
        var statements: [Statement] = []
        for (project, items) in [(nil, platform)] + projects.map({ ($0.key as ProjectName?, $0.value) }) {
            for (_, item) in items.all(.binding) {
                guard case .binding(let binding) = item.body, names.contains(where: { Self.is($0, binding.subject) })
                else { continue }
                statements += permissions(of: binding.role).map { permission in
                    Statement(
                        isDenial: permission.effect == .deny, actions: permission.actions.actions,
                        pattern: permission.pattern, project: project, environments: binding.environments,
                        expiresAt: binding.expiresAt)
                }
            }
        }
        return statements
    }

    private static func `is`(_ name: Principal, _ subject: Principal) -> Bool {
        let (name, subject) = (name.rawValue, subject.rawValue)
        for realm in ["workload:", "certificate:"] where subject.hasPrefix(realm) && subject.hasSuffix("*") {
            return name.hasPrefix(subject.dropLast())
        }
        return name == subject
    }

    private func isDisabled(_ principal: Principal) -> Bool {
        guard case .identity(let body)? = platform[.identity(principal)]?.body else { return false }
        return body.isDisabled
    }

    private func permissions(of role: RoleName) -> [Permission] {
        switch role.rawValue {
        case "administrator": return [Permission(allowing: Action.allCases)]
        case "operator": return [Permission(allowing: [.read, .write, .approve, .rotate, .evaluate, .kill])]
        case "viewer": return [Permission(allowing: [.read])]
        case "auditor": return [Permission(allowing: [.read, .audit])]
        case "evaluator":
            return [
                Permission(allowing: [.read], on: ResourcePattern(kinds: [.setting])),
                Permission(allowing: [.evaluate], on: ResourcePattern(kinds: [.flag])),
            ]
        default:
            guard case .role(let body)? = platform[.role(role)]?.body else { return [] }
            return body.permissions
        }
    }
}
