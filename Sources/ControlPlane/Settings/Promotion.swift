package import ConfigPlatformModel

/// Whether what the other side lacks is left alone or deleted.
package enum WriteMode: String, CaseIterable, Sendable {
    case merge, replace
}

extension Platform {
    /// The write that gives `to` what `from` itself has, values and masks alike.
    ///
    /// Without `keys`, every setting that `from` itself has. With keys, those and everything below them, inherited ones too. A setting that
    /// `to` already reads from a layer it shares with `from` is not written again. `replace` also deletes what `to` itself has under the
    /// keys and `from` does not.
    package func promotion(
        _ caller: Caller, in project: ProjectName, from: EnvironmentName, to: EnvironmentName, keys: [ConfigKey]?,
        mode: WriteMode, message: String?
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
            return try Self.operations(
                promoting: keys, from: from, to: to, mode: mode, in: try state.project(project), viewpoint,
                readable)
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
}
