package import ConfigPlatformFlags
package import ConfigPlatformModel

/// Whether what the other side lacks is left alone or deleted.
package enum WriteMode: String, CaseIterable, Sendable {
    case merge, replace
}

extension Platform {
    /// The write that gives `to` what `from` itself has: settings, values and masks alike, and the rules and rollouts of flags.
    ///
    /// Without `keys` and `flags`, everything that `from` itself has. With keys, those settings and everything below them, inherited ones
    /// too; with flags, the rules and rollouts of those, inherited ones too. What `to` already reads from a layer it shares with `from` is
    /// not written again. `replace` also deletes what `to` itself has under the keys and `from` does not. A rollout begins anew, unless `to`
    /// has that plan already. Kills stay where they are.
    package func promotion(
        _ caller: Caller, in project: ProjectName, from: EnvironmentName, to: EnvironmentName, keys: [ConfigKey]?,
        flags: [FlagKey]? = nil, mode: WriteMode, message: String?
    ) throws(Problem) -> Proposal {
        guard from != to else {
            throw Problem(.invalidRequest, "'from' and 'to' are the same environment; name two.")
        }
        let now = world.now()
        return Proposal(
            project: project, by: caller.author,
            message: message ?? "Promote \(from.rawValue) to \(to.rawValue)",
            source: ["operation": "promote", "from": .string(from.rawValue), "to": .string(to.rawValue)]
        ) { state throws(Problem) in
            let viewpoint = state.viewpoint(caller.subject, of: project, at: now)
            let readable = try viewpoint.requireReading(from)
            try viewpoint.requireEnvironment(to)
            let found = try state.project(project)
            var operations: [Operation] = []
            if keys != nil || flags == nil {
                operations += try Self.operations(
                    promoting: keys, from: from, to: to, mode: mode, in: found, viewpoint, readable)
            }
            if flags != nil || keys == nil {
                operations += try Self.operations(
                    promoting: flags, from: from, to: to, mode: mode, in: found, viewpoint)
            }
            return operations
        }
    }

    private static func operations(
        promoting keys: [ConfigKey]?, from: EnvironmentName, to: EnvironmentName, mode: WriteMode,
        in project: ProjectState, _ viewpoint: Viewpoint, _ readable: KeyScope
    ) throws(Problem) -> [Operation] {
        let source = try project.environment(from)
        let target = try project.environment(to)
        let reading = try project.reading(to).contents.settings
        func covers(_ key: ConfigKey) -> Bool {
            readable.permits(key, in: project) && keys.map { RollbackScope.any(of: $0, cover: key) } ?? true
        }
        var promoted = source.own.filter { covers($0.key) }
        if keys != nil {
            let own = source.own
            promoted += try project.reading(from).contents.settings.filter { covers($0.key) && own[$0.key] == nil }
        }
        for key in keys ?? [] where !promoted.contains(where: { $0.key == key || key.isStrictPrefix(of: $0.key) }) {
            throw Problem(.notFound, "'\(key)' has no value in '\(from.rawValue)', nor has anything below it.")
        }
        try viewpoint.requireWriting(promoted.lazy.map(\.key), in: to)
        var operations: [Operation] = []
        for setting in promoted {
            let isShared = reading[setting.key] === setting
            let isEqual = target.own[setting.key]?.body == setting.body
            if !isShared, !isEqual { operations.append(Operation(.putSetting(setting.key, to, setting.body))) }
        }
        if mode == .replace {
            let kept = Set(promoted.map(\.key))
            for setting in target.own where covers(setting.key) && !kept.contains(setting.key) {
                operations.append(Operation(.deleteSetting(setting.key, to)))
            }
        }
        return operations
    }

    /// Of rules and rollouts: without `flags`, those that `from` itself has and the caller may read.
    private static func operations(
        promoting flags: [FlagKey]?, from: EnvironmentName, to: EnvironmentName, mode: WriteMode,
        in project: ProjectState, _ viewpoint: Viewpoint
    ) throws(Problem) -> [Operation] {
        let source = try project.environment(from)
        let target = try project.environment(to)
        guard let reading = project.resolvedFlags[from], let standing = project.resolvedFlags[to] else { return [] }
        let kinds = [Kind.flagRule, .flagRollout].filter { viewpoint.permits(.read, $0, in: from) }
        if flags != nil { for kind in [Kind.flagRule, .flagRollout] { try viewpoint.require(.read, kind, in: from) } }
        for key in flags ?? [] where reading[key].map({ $0.rule == nil && $0.rollout == nil }) ?? true {
            throw Problem(.notFound, "The flag '\(key)' has neither a rule nor a rollout in '\(from.rawValue)'.")
        }
        var operations: [Operation] = []
        func promote<Body>(
            _ kind: Kind, _ own: OrderedItems<StoredFlagItem<Body>>, _ ownOfTarget: OrderedItems<StoredFlagItem<Body>>,
            _ item: (ResolvedFlag) -> StoredFlagItem<Body>?
        ) throws(Problem) {
            guard kinds.contains(kind) else { return }
            let promoted =
                flags.map { $0.sorted().compactMap { reading[$0].flatMap(item) } } ?? own.map { $0 }
            for stored in promoted {
                guard let key = stored.place.flag, let body = project.flagItem(stored.place)?.body.begun else {
                    continue
                }
                let own = ownOfTarget[stored.order].flatMap { project.flagItem($0.place)?.body.begun }
                let isShared = standing[key].flatMap(item) === stored
                guard !isShared, own != body else { continue }
                operations.append(Operation(.putFlag(try stored.place.moved(to: to), body)))
            }
            guard mode == .replace else { return }
            let kept = Set(promoted.compactMap(\.place.flag))
            for stored in ownOfTarget {
                guard let key = stored.place.flag, !kept.contains(key), flags?.contains(key) ?? true else { continue }
                operations.append(Operation(.deleteFlag(stored.place)))
            }
        }
        try promote(.flagRule, source.flags.rules, target.flags.rules, \.rule)
        try promote(.flagRollout, source.flags.rollouts, target.flags.rollouts, \.rollout)
        return operations
    }
}

extension FlagItemBody {
    /// The same; a rollout as it is before its first step. How far a plan has come elsewhere says nothing here.
    fileprivate var begun: FlagItemBody {
        guard case .rollout(let body) = self else { return self }
        return .rollout(body.moved(to: .running, step: 0, began: nil, note: nil))
    }
}

extension FlagPlace {
    /// The same of another environment.
    fileprivate func moved(to environment: EnvironmentName) throws(Problem) -> FlagPlace {
        try ItemText.parsed { () throws(InvalidIdentifier) in
            try FlagPlace(kind, key: key, environment: environment)
        }
    }
}
