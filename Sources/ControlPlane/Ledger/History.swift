package import ConfigPlatformModel
import Store

extension Platform {
    /// Changes of a project, newest first.
    package func changes(
        _ caller: Caller, of project: ProjectName, matching query: ChangeQuery, limit: Int
    ) async throws(Problem) -> [VisibleChange] {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        var query = query
        query.project = project
        var found: [VisibleChange] = []
        while found.count < limit {
            let page = query
            let records = try await reading { () async throws in
                try await self.store.changes(matching: page, limit: limit)
            }
            // A change of which nothing may be seen is not there.
            found += records.compactMap { record in
                let addresses = record.effects.map(\.address).filter(viewpoint.canRead)
                // One is found by what of it may be seen.
                return addresses.contains(where: page.matches)
                    ? VisibleChange(record: record, addresses: addresses) : nil
            }
            guard records.count == limit, let last = records.last else { break }
            query.before = last.revision
        }
        return Array(found.prefix(limit))
    }

    /// Whether the project ever was, as far as the caller may know.
    package func hasHistory(_ caller: Caller, of project: ProjectName) async throws(Problem) -> Bool {
        guard viewpoint(caller, of: project).isVisible else { return false }
        if state.projects[project] != nil { return true }
        return try await !reading { () async throws in
            try await self.store.changes(matching: ChangeQuery(project: project), limit: 1)
        }.isEmpty
    }

    /// A committed change, with what it did to each item.
    package func change(
        _ caller: Caller, at revision: Revision, of project: ProjectName
    ) async throws(Problem) -> (change: ChangeRecord, items: [ItemDifference]) {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        let (change, items) = try await change(at: revision, of: project)
        let visible = viewpoint.visible(items)
        guard !visible.isEmpty else {
            throw Problem(.notFound, "Revision \(revision) changed another project.")
        }
        return (change, visible)
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
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireEnvironment(environment)
        guard viewpoint.permits(.read, .setting, in: environment, key: key) else { return [] }
        let address = ItemAddress.setting(key, in: environment, of: project)
        return try await reading { () async throws in
            try await self.store.versions(of: address, before: before, limit: limit)
        }
    }

    /// Audit events.
    package func events(
        _ caller: Caller, matching query: EventQuery, limit: Int
    ) async throws(Problem) -> [AuditLeaf] {
        try requireAudit(caller, of: query.target)
        return try await reading { () async throws in try await self.store.events(matching: query, limit: limit) }
    }

    /// What events of the platform itself begin their targets with: a project that is named so is audited by who may audit all.
    private static let platformTargets: Set = ["identity", "issuer", "platform", "session", "token"]

    /// Who may audit one project asks for its events alone.
    private func requireAudit(_ caller: Caller, of target: String?) throws(Problem) {
        let authority = state.access.authority(of: caller.subject)
        let now = world.now()
        let everywhere = Resource(project: nil, kind: .project)
        guard !authority.permits(.audit, on: everywhere, at: now) else { return }
        let name = target?.split(separator: "/", omittingEmptySubsequences: false).first.map(String.init)
        if let name, !Self.platformTargets.contains(name), let project = try? ProjectName(parsing: name),
            authority.permits(.audit, on: Resource(project: project, kind: .project), at: now)
        {
            return
        }
        throw Problem(
            .forbidden,
            "\(caller.principal.rawValue) may not read what everybody did. Who may audit one project names it, as 'target'."
        )
    }
}

/// A change, and what of it its reader may see.
package struct VisibleChange: Sendable {
    package let record: ChangeRecord
    package let addresses: [ItemAddress]
}

extension ChangeQuery {
    /// Whether an item is what the query asks for; every item is where it asks for none.
    fileprivate func matches(_ address: ItemAddress) -> Bool {
        (environment.map { $0 == address.environment } ?? true) && (kind.map { $0 == address.kind } ?? true)
            && (key.map { $0.hasSameBytes(as: address.key) } ?? true)
    }
}
