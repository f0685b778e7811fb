package import ConfigPlatformModel

extension AdministrationClient {
    /// What flags of an environment come to for a context; all of them where none are named.
    package func evaluate(
        _ flags: [String]?, for context: JSONObject, as type: String?, in environment: EnvironmentName,
        of project: ProjectName, at moment: PastMoment?, explaining isExplained: Bool
    ) async throws -> Answer<EvaluationView> {
        var request = ServerRequest(
            .post, "projects", project.rawValue, "environments", environment.rawValue, "evaluate")
        request.ask("at", moment)
        // It changes nothing.
        request.isRepeatable = true
        var body: JSONObject = ["context": .object(context)]
        if let flags { body["flags"] = .array(flags.map { .string($0) }) }
        body["type"] = type.map { .string($0) }
        if isExplained { body["explain"] = true }
        request.send(.object(body))
        return try await read(request)
    }
}

/// What flags came to.
package struct EvaluationView: WireReadable {
    package let flags: [Flag]
    package let revision: Int64

    package struct Flag: WireReadable {
        package let key: String
        /// Nil where the caller's own default is the value.
        package let value: JSONValue?
        package let variant: String?
        package let reason: String
        package let errorCode: String?
        package let errorDetails: String?
        package let steps: [Step]

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            key = try wire.string("key")
            value = wire.json["value"]
            variant = wire.optionalString("variant").flatMap { $0.isEmpty ? nil : $0 }
            errorCode = wire.optionalString("errorCode")
            errorDetails = wire.optionalString("errorDetails")
            reason = wire.optionalString("reason") ?? "ERROR"
            steps = wire.json["steps"] == nil ? [] : try wire.many("steps")
        }
    }

    /// What one operator of a flag's rules came to.
    package struct Step: WireReadable {
        package let place: String
        package let name: String
        package let depth: Int64
        package let value: JSONValue
        package let bucket: JSONValue?

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            place = try wire.string("at")
            name = try wire.string("operator")
            depth = try wire.int("depth")
            value = wire.json["value"] ?? .null
            bucket = wire.json["bucket"]
        }
    }

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        flags = try wire.many("flags")
        revision = try wire.int("revision")
    }
}
