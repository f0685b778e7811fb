/// The names of projects or environments that a permission is for: one name, or every name that begins as the pattern does before its
/// final `*`.
package struct NamePattern: Hashable, Sendable {
    /// The name, or what names begin with.
    private let stem: String
    private let isPrefix: Bool

    package init(_ name: ProjectName) { (stem, isPrefix) = (name.rawValue, false) }

    package init(_ name: EnvironmentName) { (stem, isPrefix) = (name.rawValue, false) }

    /// A name's characters (`a-z 0-9 . _ @ -`), at most 63, and perhaps one `*` at the end.
    package init(parsing text: String) throws(InvalidIdentifier) {
        let isPrefix = text.hasSuffix("*")
        let stem = isPrefix ? text.dropLast() : text[...]
        let isSound = stem.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x40, 0x5F].contains(byte)
        }
        guard isSound, stem.utf8.count <= Limits.nameBytes, isPrefix || !stem.isEmpty else {
            throw InvalidIdentifier(
                "'\(InvalidIdentifier.shown(text))' is not a pattern of names: write a name, or the beginning of names and '*'."
            )
        }
        self.stem = String(stem)
        self.isPrefix = isPrefix
    }

    package var text: String { isPrefix ? stem + "*" : stem }

    package func matches(_ name: String) -> Bool {
        isPrefix ? name.utf8.starts(with: stem.utf8) : name.utf8.elementsEqual(stem.utf8)
    }

    /// Whether every name that `other` matches is matched.
    package func covers(_ other: NamePattern) -> Bool {
        isPrefix ? other.stem.utf8.starts(with: stem.utf8) : self == other
    }

    /// The names that both match; nil where there are none. Of two patterns one covers the other, or they have nothing in common.
    package func intersection(_ other: NamePattern) -> NamePattern? {
        if covers(other) { return other }
        return other.covers(self) ? self : nil
    }
}

/// What a permission is for: every given part must match. Nil parts match everything, nil ``projects`` the platform itself too.
package struct ResourcePattern: Hashable, Sendable {
    package var projects: [NamePattern]?
    /// Where given, what belongs to a project as a whole is matched for reading only, and only what describes it: the project, its
    /// schemas, flags and segments, and what is said of keys.
    package var environments: [NamePattern]?
    package var kinds: Set<Kind>?
    /// Keys, each with everything below it. Where given, only kinds that have keys of settings are matched.
    package var keys: [ConfigKey]?
    /// Keys that have one of these tags. Where given, only kinds that have keys of settings are matched.
    package var tags: [String]?

    package init(
        projects: [NamePattern]? = nil, environments: [NamePattern]? = nil, kinds: Set<Kind>? = nil,
        keys: [ConfigKey]? = nil, tags: [String]? = nil
    ) {
        self.projects = projects
        self.environments = environments
        self.kinds = kinds
        self.keys = keys
        self.tags = tags
    }

    package static let everything = ResourcePattern()

    /// What both match; nil where that is nothing.
    package func intersection(projects others: [NamePattern]?, environments: [NamePattern]?) -> ResourcePattern? {
        var result = self
        guard let projects = Self.both(projects, others), let places = Self.both(self.environments, environments) else {
            return nil
        }
        result.projects = projects
        result.environments = places
        return result
    }

    /// The outer nil says that nothing is left, the inner one that everything is.
    private static func both(_ a: [NamePattern]?, _ b: [NamePattern]?) -> [NamePattern]?? {
        guard let a else { return .some(b) }
        guard let b else { return .some(a) }
        let common = a.flatMap { left in b.compactMap { left.intersection($0) } }
        return common.isEmpty ? nil : .some(common)
    }

    /// Whether everything that `other` matches is matched. May say no where it is so, never yes where it is not.
    package func covers(_ other: ResourcePattern) -> Bool {
        Self.covers(projects, other.projects, by: { $0.covers($1) })
            && Self.covers(environments, other.environments, by: { $0.covers($1) })
            && (kinds.map { kinds in other.kinds?.isSubset(of: kinds) ?? false } ?? true)
            && Self.covers(keys, other.keys, by: { $0 == $1 || $0.isStrictPrefix(of: $1) })
            && Self.covers(tags, other.tags, by: { $0.hasSameBytes(as: $1) })
    }

    private static func covers<Part>(_ mine: [Part]?, _ theirs: [Part]?, by covers: (Part, Part) -> Bool) -> Bool {
        guard let mine else { return true }
        guard let theirs else { return false }
        return theirs.allSatisfy { part in mine.contains { covers($0, part) } }
    }

    /// Whether there can be something that both match for an action. May say yes where there is not, never no where there is.
    package func mayMeet(_ other: ResourcePattern, in action: Action) -> Bool {
        func meet(_ a: [NamePattern]?, _ b: [NamePattern]?) -> Bool { Self.both(a, b) != nil }
        let common = (kinds ?? Set(Kind.allCases)).intersection(other.kinds ?? Set(Kind.allCases))
        guard !common.isEmpty, meet(projects, other.projects) else { return false }
        // What describes a project is read with any of its environments.
        guard meet(environments, other.environments) || (action == .read && common.contains(where: \.describesProject))
        else { return false }
        guard let keys, let others = other.keys else { return true }
        return keys.contains { key in
            others.contains { $0 == key || $0.isStrictPrefix(of: key) || key.isStrictPrefix(of: $0) }
        }
    }
}

/// One thing that somebody would do something to.
package struct Resource: Hashable, Sendable {
    /// Nil for the platform itself.
    package var project: ProjectName?
    /// Nil for what belongs to the project as a whole.
    package var environment: EnvironmentName?
    package var kind: Kind
    /// Of a setting; nil for other kinds.
    package var key: ConfigKey?
    /// Of the key.
    package var tags: [String]

    package init(
        project: ProjectName?, environment: EnvironmentName? = nil, kind: Kind, key: ConfigKey? = nil,
        tags: [String] = []
    ) {
        self.project = project
        self.environment = environment
        self.kind = kind
        self.key = key
        self.tags = tags
    }
}

extension Kind {
    /// Whether items of the kind are named by keys of settings, so that keys and tags can divide them.
    var hasSettingKeys: Bool { self == .setting || self == .settingDefinition }

    /// Whether items of the kind describe a project to whoever reads one of its environments.
    var describesProject: Bool { [.project, .schema, .settingDefinition, .flag, .segment].contains(self) }
}

extension ResourcePattern {
    package func matches(_ action: Action, _ resource: Resource) -> Bool {
        guard matchesPlace(action, resource.project, resource.environment, resource.kind) else { return false }
        if keys == nil, tags == nil { return true }
        guard resource.kind.hasSettingKeys, let key = resource.key else { return false }
        return matchesKey(key, resource.tags)
    }

    /// Whether something there may be matched, whatever the keys.
    func matchesPlace(
        _ action: Action, _ project: ProjectName?, _ environment: EnvironmentName?, _ kind: Kind
    ) -> Bool {
        if let projects {
            guard let project, projects.contains(where: { $0.matches(project.rawValue) }) else { return false }
        }
        if let environments {
            if let environment {
                guard environments.contains(where: { $0.matches(environment.rawValue) }) else { return false }
            } else {
                guard action == .read, kind.describesProject, project != nil else { return false }
            }
        }
        return kinds?.contains(kind) ?? true
    }

    func matchesKey(_ key: ConfigKey, _ keyTags: [String]) -> Bool {
        if let keys, !keys.contains(where: { $0 == key || $0.isStrictPrefix(of: key) }) { return false }
        if let tags, !tags.contains(where: { tag in keyTags.contains { $0.hasSameBytes(as: tag) } }) { return false }
        return true
    }
}
