import ConfigPlatformModel

/// What of an environment is followed.
package enum WatchTopic: CaseIterable, Hashable, Sendable {
    /// What programs read.
    case settings
    /// What its flags come to.
    case flags

    /// Where a step may mean something to it.
    func environments(_ touched: Touched) -> Set<EnvironmentName> {
        switch self {
        case .settings: touched.environments
        case .flags: touched.flagEnvironments
        }
    }

    /// What a step means to an environment; nil where nothing is other than before.
    func event(of step: Published.Step, in environment: EnvironmentName, before: ProjectState?) -> WatchEvent? {
        let change = step.change
        guard let project = step.state.projects[change.project], project.environments[environment] != nil else {
            return .bare(.deleted, in: environment, of: change.project, at: change.token)
        }
        let isRelayered = step.touched.relayered.contains(environment)
        switch self {
        case .settings:
            let old = before?.resolved[environment]
            guard let new = project.resolved[environment] else { return nil }
            let differences = ResolvedEnvironment.differences(
                from: old, to: new, touched: isRelayered ? nil : step.touched.keys[environment] ?? [])
            guard !differences.isEmpty || old == nil else { return nil }
            return .change(change, differences, in: new)
        case .flags:
            let old = before?.resolvedFlags[environment]
            guard let new = project.resolvedFlags[environment] else { return nil }
            let differences = ResolvedFlags.differences(
                from: old, to: new, touched: isRelayered ? nil : step.touched.flags[environment] ?? [])
            guard !differences.isEmpty || old == nil else { return nil }
            return .flags(change, differences, in: new)
        }
    }
}
