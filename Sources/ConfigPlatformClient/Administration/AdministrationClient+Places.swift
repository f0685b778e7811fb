package import ConfigPlatformModel

extension AdministrationClient {
    package func whoAmI() async throws -> Answer<CallerView> { try await read(ServerRequest(.get, "whoami")) }

    package func limits() async throws -> JSONValue { try await call(ServerRequest(.get, "limits")).json() }

    package func projects(after: String?, limit: Int?) async throws -> Answer<Page<ProjectView>> {
        var request = ServerRequest(.get, "projects")
        request.ask("after", after)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "projects")
    }

    package func project(_ project: ProjectName) async throws -> Answer<ProjectView> {
        try await read(ServerRequest(.get, "projects", project.rawValue))
    }

    /// - Parameter isNew: refused with `precondition-failed` where it exists.
    package func putProject(
        _ project: ProjectName, description: String?, plaintextSecrets: String? = nil, isNew: Bool,
        isDryRun: Bool = false
    ) async throws -> Answer<ChangeView> {
        var request = ServerRequest(.put, "projects", project.rawValue)
        var body: JSONObject = [:]
        body["description"] = description.map { .string($0) }
        body["plaintextSecrets"] = plaintextSecrets.map { .string($0) }
        request.send(.object(body))
        if isNew { request.headers.append(("If-None-Match", "*")) }
        return try await write(request, isDryRun: isDryRun)
    }

    package func deleteProject(_ project: ProjectName, isDryRun: Bool = false) async throws -> Answer<ChangeView> {
        try await write(ServerRequest(.delete, "projects", project.rawValue), isDryRun: isDryRun)
    }

    package func environments(
        of project: ProjectName, after: String?, limit: Int?
    ) async throws -> Answer<Page<EnvironmentView>> {
        var request = ServerRequest(.get, "projects", project.rawValue, "environments")
        request.ask("after", after)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "environments")
    }

    package func environment(_ environment: EnvironmentName, of project: ProjectName) async throws -> Answer<
        EnvironmentView
    > {
        try await read(ServerRequest(.get, "projects", project.rawValue, "environments", environment.rawValue))
    }

    /// - Parameter isNew: refused with `precondition-failed` where it exists.
    package func putEnvironment(
        _ environment: EnvironmentName, of project: ProjectName, inherits: [EnvironmentName], description: String?,
        isAbstract: Bool = false, isNew: Bool, isDryRun: Bool = false
    ) async throws -> Answer<ChangeView> {
        var request = ServerRequest(.put, "projects", project.rawValue, "environments", environment.rawValue)
        var body: JSONObject = ["inherits": .array(inherits.map { .string($0.rawValue) })]
        body["description"] = description.map { .string($0) }
        if isAbstract { body["abstract"] = true }
        request.send(.object(body))
        if isNew { request.headers.append(("If-None-Match", "*")) }
        return try await write(request, isDryRun: isDryRun)
    }

    /// - Parameter patch: a JSON Merge Patch (RFC 7396) of the environment's body.
    package func patchEnvironment(
        _ environment: EnvironmentName, of project: ProjectName, _ patch: JSONObject, message: String?, isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        var request = ServerRequest(.patch, "projects", project.rawValue, "environments", environment.rawValue)
        request.ask("message", message)
        request.send(.object(patch), as: "application/merge-patch+json")
        return try await write(request, isDryRun: isDryRun)
    }

    package func deleteEnvironment(
        _ environment: EnvironmentName, of project: ProjectName, isDryRun: Bool = false
    ) async throws -> Answer<ChangeView> {
        try await write(
            ServerRequest(.delete, "projects", project.rawValue, "environments", environment.rawValue),
            isDryRun: isDryRun)
    }
}
