package import ConfigPlatformModel

extension AdministrationClient {
    /// Newest first.
    package func changeRequests(
        of project: ProjectName, state: ChangeRequestBody.State?, limit: Int?
    ) async throws -> Answer<Page<ChangeRequestSummary>> {
        var request = ServerRequest(.get, in: project, "change-requests")
        request.ask("state", state?.rawValue)
        request.ask("limit", limit.map { String($0) })
        return try await page(request, of: "changeRequests")
    }

    /// - Parameter revision: wait a while for the request to be written to after it.
    package func changeRequest(
        _ id: ChangeRequestID, of project: ProjectName, writtenAfter revision: Int64? = nil
    ) async throws -> Answer<ChangeRequestView> {
        var request = ServerRequest(.get, in: project, "change-requests", id.rawValue)
        request.ask("after", revision.map { String($0) })
        return try await read(request)
    }

    /// - Parameter impact: the digest of what was looked at.
    package func approve(
        _ id: ChangeRequestID, of project: ProjectName, impact: Digest, comment: String?
    ) async throws -> Answer<ChangeRequestView> {
        var body: JSONObject = ["impact": .string(impact.hexadecimal)]
        body["comment"] = comment.map { .string($0) }
        return try await step(id, of: project, "approve", body)
    }

    package func reject(
        _ id: ChangeRequestID, of project: ProjectName, comment: String?
    ) async throws -> Answer<ChangeRequestView> {
        try await step(id, of: project, "reject", Self.comment(comment))
    }

    package func withdraw(
        _ id: ChangeRequestID, of project: ProjectName, comment: String?
    ) async throws -> Answer<ChangeRequestView> {
        try await step(id, of: project, "withdraw", Self.comment(comment))
    }

    package func comment(
        on id: ChangeRequestID, of project: ProjectName, _ text: String
    ) async throws -> Answer<ChangeRequestView> {
        try await step(id, of: project, "comments", ["text": .string(text)])
    }

    /// - Parameter time: nil for not at any time.
    package func schedule(
        _ id: ChangeRequestID, of project: ProjectName, at time: Timestamp?
    ) async throws -> Answer<ChangeRequestView> {
        try await step(id, of: project, "schedule", ["at": time.map { .string($0.text) } ?? .null])
    }

    /// Gives a request other operations.
    package func edit(
        _ id: ChangeRequestID, of project: ProjectName, message: String?, operations: [JSONValue]
    ) async throws -> Answer<ChangeRequestView> {
        var request = ServerRequest(.put, in: project, "change-requests", id.rawValue)
        var body: JSONObject = ["operations": .array(operations)]
        body["message"] = message.map { .string($0) }
        request.send(.object(body))
        request.isRepeatable = true
        return try await read(request)
    }

    package func apply(
        _ id: ChangeRequestID, of project: ProjectName, isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        try await write(
            ServerRequest(.post, in: project, "change-requests", id.rawValue, "apply"), isDryRun: isDryRun)
    }

    private static func comment(_ text: String?) -> JSONObject { text.map { ["comment": .string($0)] } ?? [:] }

    private func step(
        _ id: ChangeRequestID, of project: ProjectName, _ step: String, _ body: JSONObject
    ) async throws -> Answer<ChangeRequestView> {
        var request = ServerRequest(.post, in: project, "change-requests", id.rawValue, step)
        request.send(.object(body))
        return try await read(request)
    }
}
