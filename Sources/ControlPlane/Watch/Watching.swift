package import ConfigPlatformModel
import Store

extension Platform {
    /// A watch of what programs of an environment read (nil: of every environment of the project).
    ///
    /// Without `after` the first event is the whole document. With it, every revision since that touches what is followed comes first, in
    /// order and without gaps; a token of another ledger is refused with `ledger-diverged`, one too far back with `not-found`: then read
    /// anew.
    package func watch(
        _ caller: Caller, _ environment: EnvironmentName?, of project: ProjectName, after token: RevisionToken?
    ) async throws(Problem) -> WatchSubscription {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        if let environment {
            try viewpoint.requireEnvironment(environment)
            guard !viewpoint.keys(.read, in: environment).isNone else {
                throw viewpoint.forbidden(.read, .setting, in: environment)
            }
        }
        if let token { try await awaitRevision(token) }
        _ = try servedState()
        let hub = hub
        let (subscription, state) = try published.betweenSteps {
            state throws(Problem) -> (WatchSubscription, PlatformState) in
            let found = try state.project(project)
            if let environment { _ = try found.environment(environment) }
            let isHeld = true
            let subscription = try hub.subscribe(
                to: environment, of: project, from: token ?? state.token, isHeld: isHeld)
            return (subscription, state)
        }
        do throws(Problem) {
            let backlog =
                if let token {
                    try await events(from: token.revision, to: state, in: environment, of: project)
                } else {
                    Self.snapshots(of: state, environment, project)
                }
            subscription.release(after: backlog)
            return subscription
        } catch {
            subscription.end()
            throw error
        }
    }

    private static func snapshots(
        of state: PlatformState, _ environment: EnvironmentName?, _ project: ProjectName
    ) -> [WatchEvent] {
        let resolved = state.projects[project]?.resolved ?? [:]
        return resolved.values
            .filter { environment == nil || $0.name == environment }
            .sorted { $0.name < $1.name }
            .map { .snapshot($0, in: project, at: state.token) }
    }

    private func events(
        from revision: Revision, to state: PlatformState, in environment: EnvironmentName?, of project: ProjectName
    ) async throws(Problem) -> [WatchEvent] {
        guard revision < state.revision else { return [] }
        guard state.revision.number - revision.number <= Limits.watchResumeRevisions else {
            throw Problem(
                .notFound,
                "Revision \(revision) is more than \(Limits.watchResumeRevisions) revisions back; read the document anew and follow "
                    + "from there.")
        }
        return try await reading { () async throws in
            var past = try await self.past.state(of: project, at: revision)
            var events: [WatchEvent] = []
            while past.revision < state.revision {
                let changes = try await self.store.changes(after: past.revision, limit: 500)
                guard !changes.isEmpty else { break }
                for change in changes where past.revision < state.revision {
                    guard change.project == project else {
                        past = PlatformState(
                            revision: change.revision, digest: change.digest, committedAt: change.committedAt,
                            projects: past.projects, access: past.access)
                        continue
                    }
                    let (next, touched) = try past.applying(change)
                    let step = Published.Step(change: change, state: next, touched: touched)
                    for name in touched.environments.sorted() where environment == nil || environment == name {
                        if let event = WatchHub.event(of: step, in: name, before: past.projects[project]) {
                            events.append(event)
                        }
                    }
                    past = next
                }
            }
            return events
        }
    }
}

extension Platform {
    /// What of an event a watcher may see by the rights of now; nil for nothing.
    package func visible(_ event: WatchEvent, to caller: Caller) -> WatchEvent? {
        let (environment, project): (EnvironmentName, ProjectName)
        switch event.content {
        case .nothing: return event
        case .environment(let name, let owner): (environment, project) = (name, owner)
        case .document(let reading, let owner): (environment, project) = (reading.name, owner)
        case .differences(let change, _, let reading): (environment, project) = (reading.name, change.project)
        }
        let viewpoint = viewpoint(caller, of: project)
        let scope = viewpoint.keys(.read, in: environment)
        guard !scope.isAll else { return event }
        guard !scope.isNone, viewpoint.sees(environment) else { return nil }
        func isVisible(_ key: ConfigKey) -> Bool { scope.permits(key, in: viewpoint.project) }
        switch event.content {
        case .nothing, .environment: return event
        case .document(let reading, let owner):
            return .snapshot(reading.restricted(to: isVisible), in: owner, at: event.token)
        case .differences(let change, let differences, let reading):
            let visible = differences.filter { isVisible($0.key) }
            return visible.isEmpty ? nil : .change(change, visible, in: reading.restricted(to: isVisible))
        }
    }
}
