package import ConfigPlatformModel
import Store

extension Platform {
    /// Changes of a project, newest first.
    package func changes(
        _ caller: Caller, matching query: ChangeQuery, limit: Int
    ) async throws(Problem) -> [ChangeRecord] {
        try await reading { () async throws in try await self.store.changes(matching: query, limit: limit) }
    }

    /// A committed change, with what it did to each item.
    package func change(
        _ caller: Caller, at revision: Revision, of project: ProjectName
    ) async throws(Problem) -> (change: ChangeRecord, items: [ItemDifference]) {
        try await change(at: revision, of: project)
    }

    func change(
        at revision: Revision, of project: ProjectName?
    ) async throws(Problem) -> (change: ChangeRecord, items: [ItemDifference]) {
        guard revision > .zero, revision <= state.revision else {
            throw Problem(.notFound, "There is no revision \(revision); the newest is \(state.revision).")
        }
        let previous = try ItemText.parsed { () throws(InvalidIdentifier) in try Revision(revision.number - 1) }
        let change = try await reading { () async throws in
            try await self.store.changes(after: previous, limit: 1).first
        }
        guard let change, project == nil || change.project == project else {
            throw Problem(.notFound, "Revision \(revision) changed another project.")
        }
        let before = try await reading { () async throws in
            try await self.past.state(of: change.project, at: previous).projects[change.project]
        }
        let items = change.effects.map {
            ItemDifference(address: $0.address, before: before?.body(at: $0.address), after: $0.body)
        }
        return (change, items)
    }

    /// The history of one setting of one environment itself, newest first.
    package func history(
        _ caller: Caller, of key: ConfigKey, in environment: EnvironmentName, of project: ProjectName,
        before: Revision?,
        limit: Int
    ) async throws(Problem) -> [ItemVersion] {
        let address = ItemAddress.setting(key, in: environment, of: project)
        return try await reading { () async throws in
            try await self.store.versions(of: address, before: before, limit: limit)
        }
    }

    /// Audit events.
    package func events(
        _ caller: Caller, matching query: EventQuery, limit: Int
    ) async throws(Problem) -> [AuditLeaf] {
        try await reading { () async throws in try await self.store.events(matching: query, limit: limit) }
    }
}
