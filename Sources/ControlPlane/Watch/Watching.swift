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
        if let environment { _ = try viewpoint.requireReading(environment) } else { try viewpoint.requireProject() }
        return try await watch(.settings, of: environment, of: project, after: token)
    }

    /// A watch of what an environment's flags come to, in the same way. Its first event, without `after`, is the whole definition.
    package func watchFlags(
        _ caller: Caller, _ environment: EnvironmentName, of project: ProjectName, after token: RevisionToken?
    ) async throws(Problem) -> WatchSubscription {
        try viewpoint(caller, of: project).require(.evaluate, .flag, in: environment)
        return try await watch(.flags, of: environment, of: project, after: token)
    }

    private func watch(
        _ topic: WatchTopic, of environment: EnvironmentName?, of project: ProjectName, after token: RevisionToken?
    ) async throws(Problem) -> WatchSubscription {
        if let token { try await awaitRevision(token) }
        _ = try servedState()
        let state = state
        let found = try state.project(project)
        if let environment { _ = try found.environment(environment) }
        // A new watch begins with the documents as they stand, one that resumes with its project as it was.
        let past =
            if let token, token.revision < state.revision {
                try await past(project, at: token.revision, before: state.revision)
            } else {
                state
            }
        let replay = WatchReplay(
            topic, of: environment, of: project, from: past, beginsWithDocuments: token == nil, store: store,
            published: published)
        return try hub.subscribe(
            to: topic, of: environment, of: project, atMost: found.body.quotas[.watchers], from: past.token,
            replay: replay)
    }

    private func past(
        _ project: ProjectName, at revision: Revision, before newest: Revision
    ) async throws(Problem) -> PlatformState {
        guard newest.number - revision.number <= Limits.watchResumeRevisions else {
            throw Problem(
                .notFound,
                "Revision \(revision) is more than \(Limits.watchResumeRevisions) revisions back; read the document anew and follow "
                    + "from there.")
        }
        return try await reading { () async throws in try await self.past.state(of: project, at: revision) }
    }
}

/// What of an event a watcher may see by the rights of now.
package enum WatchSight: Sendable {
    /// All of it: what everybody else who may is shown.
    case whole
    case part(WatchEvent)
    case nothing
    /// What proved the watcher no longer does.
    case ended
}

extension Platform {
    /// Asked at each event, of the newest state once: ten thousand watchers ask it of the same event.
    package func sight(of event: WatchEvent, by caller: Caller, tokenHash: Digest?) -> WatchSight {
        let (state, now) = (state, world.now())
        let authority = state.access.authority(of: caller.subject)
        guard isLive(caller, tokenHash: tokenHash, state.access, authority, at: now) else { return .ended }
        guard let (environment, project) = event.place else { return .whole }
        if event.flagChange != nil {
            let resource = Resource(project: project, environment: environment, kind: .flag, key: nil, tags: [])
            return authority.permits(.evaluate, on: resource, at: now) ? .whole : .nothing
        }
        let scope = authority.keys(.read, .setting, in: environment, of: project, at: now)
        guard !scope.isAll else { return .whole }
        guard !scope.isNone, authority.sees(environment, of: project, at: now) else { return .nothing }
        let tagged = state.projects[project]
        return event.restricted { scope.permits($0, in: tagged) }.map { .part($0) } ?? .nothing
    }
}
