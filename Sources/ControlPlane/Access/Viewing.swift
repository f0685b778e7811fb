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
        try viewpoint.requireEnvironment(name)
        guard let environment = project.environments[name] else {
            throw viewpoint.noEnvironment(name, in: state, at: moment)
        }
        return environment
    }
}

extension Platform {
    /// What the caller may see and do in a project, by the rights of now.
    package func viewpoint(_ caller: Caller, of project: ProjectName) -> Viewpoint {
        state.viewpoint(caller.subject, of: project, at: world.now())
    }

    /// The project at a moment. Throws `not-found` where the caller has nothing to do with it, as where there is none.
    package func view(
        _ caller: Caller, _ project: ProjectName, at moment: Moment = .now
    ) async throws(Problem) -> ProjectView {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        let state = try await state(of: project, at: moment)
        let found = try viewpoint.requireProject(in: state, at: moment)
        return ProjectView(moment: moment, state: state, project: found, viewpoint: viewpoint)
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
    /// The project in the state of a moment. Throws `not-found`, which says of which moment where that has passed.
    func requireProject(in state: PlatformState, at moment: Moment) throws(Problem) -> ProjectState {
        if let found = state.projects[name] { return found }
        if moment == .now { throw .noProject(name) }
        throw .noProject(name, at: state.revision, isThereNow: project != nil)
    }

    /// What flags of an environment come to in the state of a moment.
    func flags(of environment: EnvironmentName, in state: PlatformState, at moment: Moment) throws(Problem)
        -> ResolvedFlags
    {
        guard let flags = try requireProject(in: state, at: moment).resolvedFlags[environment] else {
            throw noEnvironment(environment, in: state, at: moment)
        }
        return flags
    }

    /// What says that an environment is not in the state of a moment.
    func noEnvironment(_ environment: EnvironmentName, in state: PlatformState, at moment: Moment) -> Problem {
        if moment == .now { return .noEnvironment(environment, in: name) }
        return .noEnvironment(
            environment, in: name, at: state.revision,
            isThereNow: sees(environment) && project?.environments[environment] != nil)
    }

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
