package import ConfigPlatformModel

extension AdministrationClient {
    /// - Parameters:
    ///   - operations: as the API takes them.
    ///   - isRequest: ask for approval even where none is needed.
    package func commit(
        _ operations: [JSONValue], to project: ProjectName, message: String, isDryRun: Bool, isRequest: Bool = false
    ) async throws -> Answer<ChangeView> {
        var request = ServerRequest(.post, in: project, "changes")
        if isRequest { request.ask("request", "true") }
        request.send(["message": .string(message), "operations": .array(operations)])
        return try await write(request, isDryRun: isDryRun)
    }

    package struct ChangeFilter: Sendable {
        package var environment: EnvironmentName?
        package var kind: String?
        package var key: ConfigKey?
        package var author: String?

        package init(
            environment: EnvironmentName? = nil, kind: String? = nil, key: ConfigKey? = nil, author: String? = nil
        ) {
            self.environment = environment
            self.kind = kind
            self.key = key
            self.author = author
        }
    }

    /// Newest first.
    package func changes(
        of project: ProjectName, matching filter: ChangeFilter, after: String? = nil, before: String? = nil, limit: Int?
    ) async throws -> Answer<Page<ChangeSummary>> {
        var request = ServerRequest(.get, in: project, "changes")
        request.ask("after", after)
        request.ask("before", before)
        request.ask("environment", filter.environment?.rawValue)
        request.ask("kind", filter.kind)
        request.ask("key", filter.key?.text)
        request.ask("author", filter.author)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "changes")
    }

    package func change(_ revision: Revision, of project: ProjectName) async throws -> Answer<ChangeView> {
        try await read(ServerRequest(.get, in: project, "changes", String(revision.number)))
    }

    package func difference(
        of project: ProjectName, in environment: EnvironmentName?, from: PastMoment, to: PastMoment?
    ) async throws -> Answer<RevisionDifferenceView> {
        var request = ServerRequest(.get, "projects", project.rawValue, "diff")
        request.ask("from", from)
        request.ask("to", to)
        request.ask("environment", environment?.rawValue)
        return try await read(request)
    }

    package func difference(
        of project: ProjectName, from: EnvironmentName, to: EnvironmentName, at moment: PastMoment?
    ) async throws -> Answer<PlaceDifferenceView> {
        var request = ServerRequest(.get, "projects", project.rawValue, "diff")
        request.ask("fromEnvironment", from.rawValue)
        request.ask("toEnvironment", to.rawValue)
        request.ask("at", moment)
        return try await read(request)
    }

    package struct RollbackOrder: Sendable {
        package enum Target: Hashable, Sendable {
            case revision(Revision)
            case time(Timestamp)
        }

        package var target: Target
        package var environments: [EnvironmentName] = []
        package var kinds: [String] = []
        package var keys: [ConfigKey] = []
        package var message: String?

        package init(to target: Target) { self.target = target }
    }

    /// - Parameter project: `.platform` for the platform itself, whose kinds the order names.
    package func rollBack(
        _ project: ProjectName, _ order: RollbackOrder, isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        var body: JSONObject = [:]
        switch order.target {
        case .revision(let revision): body["toRevision"] = .int(revision.number)
        case .time(let time): body["toTime"] = .string(time.text)
        }
        body.list("environments", order.environments.map(\.rawValue))
        body.list("kinds", order.kinds)
        body.list("keys", order.keys.map(\.text))
        body["message"] = order.message.map { .string($0) }
        var request = ServerRequest(.post, in: project, "rollback")
        request.send(.object(body))
        return try await write(request, isDryRun: isDryRun)
    }

    package func promote(
        _ project: ProjectName, from: EnvironmentName, to: EnvironmentName, keys: [ConfigKey], replaces: Bool,
        message: String?, isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        var body: JSONObject = [
            "from": .string(from.rawValue), "to": .string(to.rawValue), "mode": replaces ? "replace" : "merge",
        ]
        body.list("keys", keys.map(\.text))
        body["message"] = message.map { .string($0) }
        var request = ServerRequest(.post, "projects", project.rawValue, "promote")
        request.send(.object(body))
        return try await write(request, isDryRun: isDryRun)
    }
}

extension JSONObject {
    /// No member where there is nothing to list.
    fileprivate mutating func list(_ name: String, _ texts: [String]) {
        if !texts.isEmpty { self[name] = .array(texts.map { .string($0) }) }
    }
}
