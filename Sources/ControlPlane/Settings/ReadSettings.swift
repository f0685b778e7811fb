package import ConfigPlatformModel

/// A resolved environment and the revision it was read at.
package struct EnvironmentReading: Sendable {
    package let environment: ResolvedEnvironment
    package let project: ProjectState
    package let token: RevisionToken
    package let committedAt: Timestamp
    /// Whether the caller may read every key of it, so that whoever else may can be given the same.
    package let isWhole: Bool
}

/// One resolved setting.
package struct SettingReading: Sendable {
    package let setting: StoredSetting
    /// Canonical JSON, references replaced.
    package let value: [UInt8]
    package let definition: SettingDefinitionBody?
    package let project: ProjectState
    package let token: RevisionToken
    /// Of the environment that it was read of.
    package let isWhole: Bool
}

extension Platform {
    /// What programs of an environment read now. Never waits and never touches the database.
    package func read(
        _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName
    ) throws(Problem) -> EnvironmentReading {
        let state = try servedState()
        let viewpoint = state.viewpoint(caller.subject, of: project, at: world.now())
        return try Self.reading(environment, in: state, at: .now, viewpoint.requireReading(environment), viewpoint)
    }

    /// What they read at some moment.
    package func read(
        _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName, at moment: Moment
    ) async throws(Problem) -> EnvironmentReading {
        let viewpoint = try viewpoint(caller, of: project, at: moment)
        let scope = try viewpoint.requireReading(environment, at: moment)
        return try Self.reading(
            environment, in: try await state(of: project, at: moment), at: moment, scope, viewpoint)
    }

    private static func reading(
        _ environment: EnvironmentName, in state: PlatformState, at moment: Moment, _ scope: KeyScope,
        _ viewpoint: Viewpoint
    ) throws(Problem) -> EnvironmentReading {
        let project = try viewpoint.found(in: state, at: moment)
        guard let whole = project.resolved[environment] else {
            throw viewpoint.noEnvironment(environment, at: moment)
        }
        return EnvironmentReading(
            environment: scope.isAll ? whole : whole.restricted { scope.permits($0, in: viewpoint.project) },
            project: project, token: state.token, committedAt: state.committedAt, isWhole: scope.isAll)
    }

    /// One setting as programs of an environment read it.
    package func read(
        _ caller: Caller, _ key: ConfigKey, in environment: EnvironmentName, of project: ProjectName, at moment: Moment
    ) async throws(Problem) -> SettingReading {
        let reading = try await read(caller, environment, of: project, at: moment)
        let contents = reading.environment.contents
        guard let setting = contents.settings[key] else {
            let below = contents.settings.first(notBelow: key)
            let hint =
                below.map { key.isStrictPrefix(of: $0.key) } == true
                ? " There are settings below it, such as '\(below!.key)'." : ""
            let when = moment.shown.map { " " + $0 } ?? ""
            throw Problem(
                .notFound,
                "'\(key)' has no value in '\(environment.rawValue)' of project '\(project.rawValue)'\(when).\(hint)"
            ).lacking(Missing(.setting, key.text, in: environment, of: project))
        }
        return SettingReading(
            setting: setting, value: contents.value(of: setting), definition: reading.project.definitions[key]?.body,
            project: reading.project, token: reading.token, isWhole: reading.isWhole)
    }
}
