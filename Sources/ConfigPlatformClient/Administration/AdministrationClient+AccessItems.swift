package import ConfigPlatformModel

extension AdministrationClient {
    // MARK: Items

    package func roles(after: String?, limit: Int?) async throws -> Answer<Page<RoleView>> {
        try await items("roles", of: .platform, after, limit)
    }

    package func role(_ name: RoleName) async throws -> Answer<RoleView> {
        try await read(ServerRequest(.get, "roles", name.rawValue))
    }

    package func groups(after: String?, limit: Int?) async throws -> Answer<Page<GroupView>> {
        try await items("groups", of: .platform, after, limit)
    }

    package func group(_ name: Principal) async throws -> Answer<GroupView> {
        try await read(ServerRequest(.get, "groups", name.rawValue))
    }

    package func identities(after: String?, limit: Int?) async throws -> Answer<Page<IdentityView>> {
        try await items("identities", of: .platform, after, limit)
    }

    package func identity(_ name: Principal) async throws -> Answer<IdentityView> {
        try await read(ServerRequest(.get, "identities", name.rawValue))
    }

    /// What an issuer says of it stays.
    ///
    /// - Parameter expected: the revision that it must still have; nil where it must not be there yet.
    package func putIdentity(
        _ name: Principal, displayName: String, isDisabled: Bool, expecting expected: Int64?, message: String?,
        isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        var request = ServerRequest(.put, "identities", name.rawValue)
        request.ask("message", message)
        var body: JSONObject = [:]
        if !displayName.isEmpty { body["displayName"] = .string(displayName) }
        if isDisabled { body["disabled"] = true }
        request.send(.object(body))
        request.headers.append(expected.map { ("If-Match", "\"r\($0)\"") } ?? ("If-None-Match", "*"))
        return try await write(request, isDryRun: isDryRun)
    }

    package func setPassword(of user: Principal, to password: String) async throws {
        var request = ServerRequest(.put, "identities", user.rawValue, "password")
        request.send(["password": .string(password)])
        request.isRepeatable = true
        _ = try await call(request)
    }

    package func issuers(after: String?, limit: Int?) async throws -> Answer<Page<IssuerView>> {
        try await items("issuers", of: .platform, after, limit)
    }

    package func issuer(_ name: IssuerName) async throws -> Answer<IssuerView> {
        try await read(ServerRequest(.get, "issuers", name.rawValue))
    }

    package func bindings(
        of project: ProjectName, after: String?, limit: Int?
    ) async throws -> Answer<Page<BindingView>> {
        try await items("bindings", of: project, after, limit)
    }

    package func binding(_ name: BindingName, of project: ProjectName) async throws -> Answer<BindingView> {
        try await read(ServerRequest(.get, in: project, "bindings", name.rawValue))
    }

    /// Nil where the environment is not protected.
    package func protection(
        of environment: EnvironmentName, in project: ProjectName
    ) async throws -> Answer<ProtectionView>? {
        do {
            return try await read(
                ServerRequest(.get, "projects", project.rawValue, "environments", environment.rawValue, "protection"))
        } catch let error as ConfigPlatformError where error.code == .notFound {
            // Not found is also the project, or the environment.
            _ = try await self.environment(environment, of: project)
            return nil
        }
    }

    private func items<Item: WireReadable>(
        _ name: String, of project: ProjectName, _ after: String?, _ limit: Int?
    ) async throws -> Answer<Page<Item>> {
        var request = ServerRequest(.get, in: project, name)
        request.ask("after", after)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "items")
    }

    // MARK: Questions

    /// What somebody would do something to.
    package struct AccessQuestion: Sendable {
        package var project: ProjectName?
        package var environment: EnvironmentName?
        package var kind: Kind?
        package var key: ConfigKey?

        package init(
            project: ProjectName? = nil, environment: EnvironmentName? = nil, kind: Kind? = nil, key: ConfigKey? = nil
        ) {
            self.project = project
            self.environment = environment
            self.kind = kind
            self.key = key
        }

        fileprivate func put(into request: inout ServerRequest) {
            request.ask("project", project?.rawValue)
            request.ask("environment", environment?.rawValue)
            request.ask("kind", kind?.rawValue)
            request.ask("key", key?.text)
        }
    }

    package func explain(
        _ subject: Principal, _ action: Action, on question: AccessQuestion
    ) async throws -> Answer<AccessVerdictView> {
        var request = ServerRequest(.get, "access", "explain")
        request.ask("subject", subject.rawValue)
        request.ask("action", action.rawValue)
        question.put(into: &request)
        return try await read(request)
    }

    package func whoCan(_ action: Action, on question: AccessQuestion) async throws -> Answer<AccessHoldersView> {
        var request = ServerRequest(.get, "access", "explain")
        request.ask("action", action.rawValue)
        question.put(into: &request)
        return try await read(request)
    }

    /// - Parameter subject: nil for the caller.
    package func whatCan(_ subject: Principal?) async throws -> Answer<AccessRulesView> {
        var request = ServerRequest(.get, "access", "explain")
        request.ask("subject", subject?.rawValue)
        return try await read(request)
    }

    package func breakGlass(
        in project: ProjectName, environments: [EnvironmentName], reason: String, seconds: Int64
    ) async throws -> Answer<BreakGlassView> {
        var request = ServerRequest(.post, "projects", project.rawValue, "break-glass")
        var body: JSONObject = ["reason": .string(reason), "seconds": .int(seconds)]
        if !environments.isEmpty { body["environments"] = .array(environments.map { .string($0.rawValue) }) }
        request.send(.object(body))
        return try await read(request)
    }
}
