package import ConfigPlatformModel

extension AdministrationClient {
    package func tokens() async throws -> Answer<Page<TokenView>> {
        try await page(ServerRequest(.get, "tokens"), of: "tokens")
    }

    package func createToken(
        _ name: TokenName, _ grant: Grant = .everything, isPersonal: Bool = false, expiresIn seconds: Int64?
    ) async throws -> Answer<NewToken> {
        var request = ServerRequest(.post, "tokens")
        var body: JSONObject = ["grants": .array([grant.json]), "name": .string(name.rawValue)]
        if isPersonal { body["personal"] = true }
        body["expiresIn"] = seconds.map { .int($0) }
        request.send(.object(body))
        return try await read(request)
    }

    package func revokeToken(_ id: String) async throws {
        var request = ServerRequest(.delete, "tokens", id)
        request.isRepeatable = true
        _ = try await call(request)
    }

    package func sessions() async throws -> Answer<Page<TokenView>> {
        try await page(ServerRequest(.get, "sessions"), of: "sessions")
    }

    package func revokeSession(_ id: String) async throws {
        var request = ServerRequest(.delete, "sessions", id)
        request.isRepeatable = true
        _ = try await call(request)
    }

    package struct AuditFilter: Sendable {
        package var actor: String?
        package var action: String?
        package var target: String?
        package var from: String?
        package var to: String?

        package init(
            actor: String? = nil, action: String? = nil, target: String? = nil, from: String? = nil, to: String? = nil
        ) {
            self.actor = actor
            self.action = action
            self.target = target
            self.from = from
            self.to = to
        }
    }

    package func auditEvents(
        matching filter: AuditFilter, before: String?, limit: Int?
    ) async throws -> Answer<Page<AuditEventView>> {
        var request = ServerRequest(.get, "audit", "events")
        request.ask("before", before)
        request.ask("actor", filter.actor)
        request.ask("action", filter.action)
        request.ask("target", filter.target)
        request.ask("from", filter.from)
        request.ask("to", filter.to)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "events")
    }
}
