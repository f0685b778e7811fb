package import ConfigPlatformModel

extension Platform {
    /// How what programs read differs between two moments, for one environment or for all that exist at either.
    package func differences(
        _ caller: Caller, of project: ProjectName, in environment: EnvironmentName?, from: Moment, to: Moment
    ) async throws(Problem) -> (environments: [EnvironmentDifference], from: RevisionToken, to: RevisionToken) {
        try checkPast(from)
        let viewpoint = try viewpoint(caller, of: project, at: to)
        try viewpoint.requireProject(at: to)
        if let environment { try viewpoint.requireEnvironment(environment, at: to) }
        let old = try await state(of: project, at: from)
        let new = try await state(of: project, at: to)
        let before = old.projects[project]
        let after = new.projects[project]
        if before == nil { _ = try viewpoint.found(in: new, at: to) }
        var names = Set(before?.resolved.keys.map { $0 } ?? []).union(after?.resolved.keys.map { $0 } ?? [])
        if let environment {
            guard names.contains(environment) else {
                throw viewpoint.noEnvironment(environment, at: to)
            }
            names = [environment]
        }
        let environments = names.sorted().map { name in
            EnvironmentDifference(
                environment: name,
                differences: ResolvedEnvironment.differences(from: before?.resolved[name], to: after?.resolved[name]),
                flags: ResolvedFlags.differences(from: before?.resolvedFlags[name], to: after?.resolvedFlags[name]))
        }
        return (viewpoint.visible(environments.filter { !$0.isEmpty }), old.token, new.token)
    }

    /// How what programs of two environments read differs at one moment.
    package func differences(
        _ caller: Caller, of project: ProjectName, from: EnvironmentName, to: EnvironmentName, at moment: Moment
    ) async throws(Problem) -> (differences: [ValueDifference], flags: [FlagDifference], token: RevisionToken) {
        let (left, right) = (
            try await read(caller, from, of: project, at: moment), try await read(caller, to, of: project, at: moment)
        )
        let viewpoint = viewpoint(caller, of: project)
        let scopes = [from, to].map { viewpoint.keys(.read, in: $0) }
        let differences = ResolvedEnvironment.differences(from: left.environment, to: right.environment)
        let readsFlags = [from, to].allSatisfy { viewpoint.permits(.read, .flagRule, in: $0) }
        let flags =
            readsFlags
            ? ResolvedFlags.differences(
                from: left.project.resolvedFlags[from], to: right.project.resolvedFlags[to]) : []
        // What is hidden on one side would look as if it were not there.
        return (
            differences.filter { difference in
                scopes.allSatisfy { $0.permits(difference.key, in: viewpoint.project) }
            }, flags, left.token
        )
    }
}
