/// What an item is. The raw value is part of the wire and of every digest: it never changes.
package enum Kind: String, CaseIterable, Hashable, Sendable {
    case project
    case environment
    case setting
    /// Description and tags of a setting's key, for the whole project.
    case settingDefinition = "setting-definition"
    /// What values of the project must be like.
    case schema
    /// Who outside is asked whether a change may be.
    case validator
    /// What may be done by whoever has it.
    case role
    /// Who has a role, and where.
    case binding
    /// Who belongs together.
    case group
    /// What is known of somebody who may act.
    case identity
    /// Whose word is taken for who somebody is.
    case issuer
    /// What a change needs that alters what programs of an environment read.
    case protection
    /// A change that waits for approval.
    case changeRequest = "change-request"
    /// What a feature flag is, wherever it is evaluated.
    case flag
    /// Contexts that rules name together.
    case segment
    /// Who gets which variant of a flag in an environment.
    case flagRule = "flag-rule"
    /// A plan that gives more and more of an environment's contexts one variant.
    case flagRollout = "flag-rollout"
    /// What every context of an environment gets, whatever rules say.
    case flagKill = "flag-kill"
    /// Who outside may kill which flags in an environment, by a signed call.
    case killHook = "kill-hook"

    /// Whether items of this kind live in one environment rather than in the project.
    package var isEnvironmental: Bool {
        self == .setting || self == .protection || self == .killHook || isOfFlagInEnvironment
    }

    /// Whether items of this kind say of a flag, under its key, what becomes of it in one environment.
    package var isOfFlagInEnvironment: Bool { self == .flagRule || self == .flagRollout || self == .flagKill }

    /// Whether items of this kind are about flags.
    package var isOfFlags: Bool { self == .flag || self == .segment || isOfFlagInEnvironment }
}

/// Where an item is: project / environment / kind / key.
package struct ItemAddress: Hashable, Sendable {
    package let project: ProjectName
    /// Nil for what belongs to the project as a whole.
    package let environment: EnvironmentName?
    package let kind: Kind
    /// The canonical spelling of the item's own name within its kind.
    package let key: String

    /// The environment whose item this is, or which this is.
    package var ownEnvironment: EnvironmentName? {
        kind == .environment ? try? EnvironmentName(parsing: key) : environment
    }

    package static func project(_ name: ProjectName) -> ItemAddress {
        ItemAddress(project: name, environment: nil, kind: .project, key: name.rawValue)
    }

    package static func environment(_ name: EnvironmentName, in project: ProjectName) -> ItemAddress {
        ItemAddress(project: project, environment: nil, kind: .environment, key: name.rawValue)
    }

    package static func setting(_ key: ConfigKey, in environment: EnvironmentName, of project: ProjectName)
        -> ItemAddress
    {
        ItemAddress(project: project, environment: environment, kind: .setting, key: key.text)
    }

    package static func settingDefinition(_ key: ConfigKey, in project: ProjectName) -> ItemAddress {
        ItemAddress(project: project, environment: nil, kind: .settingDefinition, key: key.text)
    }

    package static func schema(_ name: SchemaName, in project: ProjectName) -> ItemAddress {
        ItemAddress(project: project, environment: nil, kind: .schema, key: name.rawValue)
    }

    package static func validator(_ name: ValidatorName, in project: ProjectName) -> ItemAddress {
        ItemAddress(project: project, environment: nil, kind: .validator, key: name.rawValue)
    }

    package static func flag(_ place: FlagPlace, in project: ProjectName) -> ItemAddress {
        place.address(in: project)
    }

    package static func access(_ place: AccessPlace, in project: ProjectName) -> ItemAddress {
        place.address(in: project)
    }

    /// An address read back from where ``ItemAddress`` wrote it.
    package init(project: ProjectName, environment: EnvironmentName?, kind: Kind, key: String) {
        self.project = project
        self.environment = environment
        self.kind = kind
        self.key = key
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.kind == b.kind && a.key.hasSameBytes(as: b.key) && a.environment == b.environment && a.project == b.project
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(project)
        hasher.combine(environment)
        hasher.combine(kind)
        key.hashBytes(into: &hasher)
    }
}

extension ItemAddress: CustomStringConvertible {
    /// As people are told it: without the parts that it has not.
    package var shown: String {
        let parts: [String?] = [
            project == .platform ? nil : project.rawValue, environment?.rawValue, kind.rawValue, key,
        ]
        return parts.compactMap { $0 }.joined(separator: "/")
    }

    /// All four parts. Digests of what was approved are made of it, so that it never changes.
    package var description: String { "\(project.rawValue)/\(environment?.rawValue ?? "")/\(kind.rawValue)/\(key)" }
}
