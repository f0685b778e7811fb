package import ConfigPlatformModel
import Store

extension Platform {
    /// At most `limit` changes of a project, newest first.
    ///
    /// - Returns: The changes, and below which revision the list goes on; nil where it does not. Who may see few of many changes is given
    /// short pages, even empty ones, for only so many pages of the ledger are looked through at once.
    package func changes(
        _ caller: Caller, of project: ProjectName, matching query: ChangeQuery, limit: Int,
        pagesMax: Int = Limits.ledgerPagesRead
    ) async throws(Problem) -> (changes: [VisibleChange], next: Revision?) {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireProject()
        var query = query
        query.project = project
        var found: [VisibleChange] = []
        for round in 0..<pagesMax {
            // Whoever may see everything is answered by the first page.
            let (part, size) = (query, round == 0 ? limit : Limits.pageSize)
            let page = try await reading { () async throws in try await self.store.changes(matching: part, limit: size)
            }
            for record in page.elements {
                guard let change = VisibleChange(record, to: viewpoint, matching: query) else { continue }
                guard found.count < limit else { return (found, found.last?.revision) }
                found.append(change)
            }
            guard page.hasMore, let last = page.elements.last else { return (found, nil) }
            query.before = last.revision
            if found.count == limit { break }
        }
        return (found, query.before)
    }

    /// Whether the project ever was, as far as the caller may know.
    package func hasHistory(_ caller: Caller, of project: ProjectName) async throws(Problem) -> Bool {
        guard viewpoint(caller, of: project).isVisible else { return false }
        if state.projects[project] != nil { return true }
        return try await !reading { () async throws in
            try await self.store.changes(matching: ChangeQuery(project: project), limit: 1)
        }.elements.isEmpty
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
                .lacking(.revision(revision))
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
        before: Revision?, limit: Int
    ) async throws(Problem) -> LedgerPage<ItemVersion> {
        let viewpoint = viewpoint(caller, of: project)
        try viewpoint.requireEnvironment(environment)
        guard viewpoint.permits(.read, .setting, in: environment, key: key) else { return LedgerPage() }
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

/// A change in a list: without the values that it wrote, of which a page would hold too many.
package struct VisibleChange: Sendable {
    package let revision: Revision
    package let token: RevisionToken
    package let author: Principal
    package let committedAt: Timestamp
    package let message: String
    package let source: JSONValue?
    package let digest: Digest
    package let previousDigest: Digest
    /// The environments whose own items it wrote, as far as its reader may see them.
    package let environments: Set<EnvironmentName>
    /// Of how many items its reader may see that it wrote them.
    package let operations: Int

    /// Nil where the reader may see nothing of it that the query asks for: it is found by what of it may be seen.
    fileprivate init?(_ record: ChangeRecord, to viewpoint: Viewpoint, matching query: ChangeQuery) {
        let effects = record.effects.filter { viewpoint.canRead($0.address) }
        guard effects.contains(where: { query.matches($0, seenBy: viewpoint) }) else { return nil }
        revision = record.revision
        token = record.token
        author = record.author
        committedAt = record.committedAt
        message = record.message
        source = record.source
        digest = record.digest
        previousDigest = record.previousDigest
        environments = Set(effects.compactMap(\.address.ownEnvironment))
        operations = effects.count
    }
}

extension ChangeQuery {
    /// Whether an effect is on what the query asks for; every effect is where it asks for none.
    fileprivate func matches(_ effect: Effect, seenBy viewpoint: Viewpoint) -> Bool {
        let address = effect.address
        let isOwn =
            (environment.map { $0 == address.environment } ?? true) && (kind.map { $0 == address.kind } ?? true)
            && (key.map { $0.hasSameBytes(as: address.key) } ?? true)
        if isOwn { return true }
        // The end of an environment, or of the project, is that of all that it has; a reader who could not see an item is not told of its end.
        guard effect.body == nil, [.environment, .project].contains(address.kind) else { return false }
        let ended = address.ownEnvironment
        guard ended == nil || environment == nil || environment == ended else { return false }
        guard let key else { return kind.map { viewpoint.permits(.read, $0, in: ended ?? environment) } ?? true }
        return viewpoint.canRead(
            ItemAddress(project: address.project, environment: ended ?? environment, kind: kind ?? .setting, key: key))
    }
}
