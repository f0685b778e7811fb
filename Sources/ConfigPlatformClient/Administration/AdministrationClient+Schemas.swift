package import ConfigPlatformModel

extension AdministrationClient {
    package func schemas(of project: ProjectName, after: String?, limit: Int?) async throws -> Answer<Page<SchemaView>>
    {
        var request = ServerRequest(.get, "projects", project.rawValue, "schemas")
        request.ask("after", after)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "schemas")
    }

    package func schema(
        _ name: SchemaName, of project: ProjectName, at moment: PastMoment?
    ) async throws -> Answer<SchemaView> {
        var request = ServerRequest(.get, "projects", project.rawValue, "schemas", name.rawValue)
        request.ask("at", moment)
        return try await read(request)
    }

    /// What the schemas say of a key; nil where they say nothing.
    package func schemaDescription(
        of key: ConfigKey, in environment: EnvironmentName, of project: ProjectName
    ) async throws -> Answer<SchemaDescriptionView>? {
        // An encoded slash is refused in paths.
        guard !key.path.utf8.contains(UInt8(ascii: "/")) else { return nil }
        do {
            return try await read(
                ServerRequest(
                    .get, "projects", project.rawValue, "environments", environment.rawValue, "settings", key.text,
                    "schema"))
        } catch let error as ConfigPlatformError where error.code == .notFound {
            return nil
        }
    }

    package func validators(of project: ProjectName) async throws -> Answer<Page<ValidatorView>> {
        try await page(ServerRequest(.get, "projects", project.rawValue, "validators"), of: "validators")
    }

    package func findings(
        of project: ProjectName, in environment: EnvironmentName?, kind: String?
    ) async throws -> Answer<FindingsView> {
        var request = ServerRequest(.get, "projects", project.rawValue, "findings")
        request.ask("environment", environment?.rawValue)
        request.ask("kind", kind)
        return try await read(request)
    }
}
