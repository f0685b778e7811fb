package import ConfigPlatformModel

/// A project at some moment, as a caller may see it.
package struct ProjectView: Sendable {
    package let moment: Moment
    /// Of that moment, with this project at least.
    package let state: PlatformState
    package let project: ProjectState
    /// By the rights of now, whatever the moment.
    package let viewpoint: Viewpoint

    /// The environment as it was at that moment. Throws `not-found` where it was not there, as where it is not to be seen.
    package func environment(_ name: EnvironmentName) throws(Problem) -> EnvironmentState {
        try viewpoint.requireEnvironment(name, at: moment)
        guard let environment = project.environments[name] else { throw viewpoint.noEnvironment(name, at: moment) }
        return environment
    }
}

extension Platform {
    /// What the caller may see and do in a project, by the rights of now.
    package func viewpoint(_ caller: Caller, of project: ProjectName) -> Viewpoint {
        state.viewpoint(caller.subject, of: project, at: world.now())
    }

    /// The same, to look at the project as it was at a moment; refuses one that is still to come before anything else is said.
    func viewpoint(
        _ caller: Caller, of project: ProjectName, at moment: Moment
    ) throws(Problem) -> Viewpoint {
        try checkPast(moment)
        return viewpoint(caller, of: project)
    }

    /// The project at a moment. Throws `not-found` where the caller has nothing to do with it, as where there is none.
    package func view(
        _ caller: Caller, _ project: ProjectName, at moment: Moment = .now
    ) async throws(Problem) -> ProjectView {
        let viewpoint = try viewpoint(caller, of: project, at: moment)
        try viewpoint.requireProject(at: moment)
        let state = try await state(of: project, at: moment)
        return ProjectView(
            moment: moment, state: state, project: try viewpoint.found(in: state, at: moment), viewpoint: viewpoint)
    }

    /// The projects that the caller may see, in order of name.
    package func projects(_ caller: Caller) throws(Problem) -> [ProjectView] {
        let state = try servedState()
        let authority = state.access.authority(of: caller.subject)
        let now = world.now()
        return state.projects.values.filter { $0.name != .platform && authority.sees($0.name, at: now) }
            .sorted { $0.name < $1.name }
            .map {
                ProjectView(
                    moment: .now, state: state, project: $0, viewpoint: Viewpoint(authority, of: $0.name, $0, at: now))
            }
    }

    /// Throws `forbidden` where the caller may not do that to the platform itself.
    package func require(_ caller: Caller, _ action: Action, _ kind: Kind) throws(Problem) {
        try viewpoint(caller, of: .platform).require(action, kind)
    }
}

extension Viewpoint {
    // MARK: At a moment

    // What was not there at a moment of the past is told with that moment, and what may not be seen is told in the same words: otherwise they
    // would tell which of the two it is.

    func requireProject(at moment: Moment) throws(Problem) {
        guard isVisible else { throw noProject(at: moment) }
    }

    func requireEnvironment(_ environment: EnvironmentName, at moment: Moment) throws(Problem) {
        try requireProject(at: moment)
        guard sees(environment) else { throw noEnvironment(environment, at: moment) }
    }

    func requireReading(_ environment: EnvironmentName, at moment: Moment) throws(Problem) -> KeyScope {
        try requireEnvironment(environment, at: moment)
        return try requireReading(environment)
    }

    func require(
        _ action: Action, _ kind: Kind, in environment: EnvironmentName, at moment: Moment
    ) throws(Problem) {
        guard !permits(action, kind, in: environment) else { return }
        try requireEnvironment(environment, at: moment)
        throw forbidden(action, kind, in: environment)
    }

    /// The project in the state of a moment.
    func found(in state: PlatformState, at moment: Moment) throws(Problem) -> ProjectState {
        guard let found = state.projects[name] else { throw noProject(at: moment) }
        return found
    }

    /// What flags of an environment come to in the state of a moment.
    func flags(
        of environment: EnvironmentName, in state: PlatformState, at moment: Moment
    ) throws(Problem) -> ResolvedFlags {
        guard let flags = try found(in: state, at: moment).resolvedFlags[environment] else {
            throw noEnvironment(environment, at: moment)
        }
        return flags
    }

    func noProject(at moment: Moment) -> Problem {
        guard let when = moment.shown else { return .noProject(name) }
        return .noProject(name, when, isThereNow: isVisible && project != nil)
    }

    func noEnvironment(_ environment: EnvironmentName, at moment: Moment) -> Problem {
        guard let when = moment.shown else { return .noEnvironment(environment, in: name) }
        return .noEnvironment(
            environment, in: name, when, isThereNow: sees(environment) && project?.environments[environment] != nil)
    }

    // MARK: What may be seen

    /// The items of a change that the subject may see.
    func visible(_ items: [ItemDifference]) -> [ItemDifference] { items.filter { canRead($0.address) } }

    /// The same of what programs of environments read.
    func visible(_ environments: [EnvironmentDifference]) -> [EnvironmentDifference] {
        environments.compactMap { environment in
            let name = environment.environment
            guard sees(name) else { return nil }
            let scope = keys(.read, in: name)
            let readsFlags = environment.flags.isEmpty || permits(.read, .flagRule, in: name)
            if scope.isAll, readsFlags { return environment }
            let visible = EnvironmentDifference(
                environment: name, differences: environment.differences.filter { scope.permits($0.key, in: project) },
                flags: readsFlags ? environment.flags : [])
            return visible.isEmpty ? nil : visible
        }
    }

    package func visible(_ findings: [Finding]) -> [Finding] {
        findings.filter { finding in
            guard sees(finding.environment) else { return false }
            let scope = keys(.read, in: finding.environment)
            // A finding of a whole document may be about any key of it.
            guard !scope.isAll, finding.kind != .schema else { return scope.isAll }
            return finding.key.flatMap { try? ConfigKey(parsing: $0) }.map { scope.permits($0, in: project) } ?? false
        }
    }
}
