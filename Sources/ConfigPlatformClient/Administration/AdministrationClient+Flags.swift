package import ConfigPlatformModel

extension AdministrationClient {
    package struct FlagFilter: Sendable {
        package var tag: String?
        package var owner: String?
        package var lifecycle: String?
        package var purpose: String?

        package init(tag: String? = nil, owner: String? = nil, lifecycle: String? = nil, purpose: String? = nil) {
            self.tag = tag
            self.owner = owner
            self.lifecycle = lifecycle
            self.purpose = purpose
        }

        fileprivate func ask(_ request: inout ServerRequest) {
            request.ask("tag", tag)
            request.ask("owner", owner)
            request.ask("lifecycle", lifecycle)
            request.ask("purpose", purpose)
        }
    }

    package func flags(
        of project: ProjectName, matching filter: FlagFilter = FlagFilter(), at moment: PastMoment? = nil,
        after: String?, limit: Int?
    ) async throws -> Answer<Page<FlagView>> {
        var request = ServerRequest(.get, "projects", project.rawValue, "flags")
        filter.ask(&request)
        request.ask("at", moment)
        request.ask("after", after)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "flags")
    }

    package func flag(_ key: String, of project: ProjectName, at moment: PastMoment?) async throws -> Answer<FlagView> {
        var request = ServerRequest(.get, "projects", project.rawValue, "flags", key)
        request.ask("at", moment)
        return try await read(request)
    }

    package func flags(
        in environment: EnvironmentName, of project: ProjectName, matching filter: FlagFilter = FlagFilter(),
        at moment: PastMoment? = nil, after: String?, limit: Int?
    ) async throws -> Answer<Page<FlagStandingView>> {
        var request = ServerRequest(
            .get, "projects", project.rawValue, "environments", environment.rawValue, "flags")
        filter.ask(&request)
        request.ask("at", moment)
        request.ask("after", after)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "flags")
    }

    package func flag(
        _ key: String, in environment: EnvironmentName, of project: ProjectName, at moment: PastMoment?
    ) async throws -> Answer<EnvironmentFlagView> {
        var request = ServerRequest(
            .get, "projects", project.rawValue, "environments", environment.rawValue, "flags", key)
        request.ask("at", moment)
        return try await read(request)
    }

    /// What a flag was, or what an environment itself said of it; newest first.
    package func flagHistory(
        of key: String, in environment: EnvironmentName?, of project: ProjectName, before: String?, limit: Int?
    ) async throws -> Answer<Page<FlagVersionView>> {
        let place = environment.map { ["environments", $0.rawValue] } ?? []
        return try await history(["projects", project.rawValue] + place + ["flags", key, "history"], before, limit)
    }

    package func segments(
        of project: ProjectName, after: String?, limit: Int?
    ) async throws -> Answer<Page<SegmentView>> {
        var request = ServerRequest(.get, "projects", project.rawValue, "segments")
        request.ask("after", after)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "segments")
    }

    package func segment(
        _ name: String, of project: ProjectName, at moment: PastMoment?
    ) async throws -> Answer<SegmentView> {
        var request = ServerRequest(.get, "projects", project.rawValue, "segments", name)
        request.ask("at", moment)
        return try await read(request)
    }

    package func segmentHistory(
        of name: String, of project: ProjectName, before: String?, limit: Int?
    ) async throws -> Answer<Page<FlagVersionView>> {
        try await history(["projects", project.rawValue, "segments", name, "history"], before, limit)
    }

    private func history(
        _ path: [String], _ before: String?, _ limit: Int?
    ) async throws -> Answer<Page<FlagVersionView>> {
        var request = ServerRequest(.get)
        request.path = path
        request.ask("before", before)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "history")
    }

    /// Overrides a flag in an environment at once.
    ///
    /// - Parameter variant: what everybody gets; nil for the caller's default.
    package func kill(
        _ key: String, in environment: EnvironmentName, of project: ProjectName, variant: String?, reason: String,
        message: String?, isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        var request = ServerRequest(
            .post, "projects", project.rawValue, "environments", environment.rawValue, "flags", key, "kill")
        request.ask("message", message)
        request.send(["reason": .string(reason), "variant": variant.map { .string($0) } ?? .null])
        return try await write(request, isDryRun: isDryRun)
    }
}
