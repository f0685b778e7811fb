package import ConfigPlatformModel

extension AdministrationClient {
    /// How often a flag came to what.
    ///
    /// - Parameters:
    ///   - environment: nil for all that may be read.
    ///   - from: in RFC 3339; nil for a day ago.
    package func usage(
        of key: String, in environment: EnvironmentName?, of project: ProjectName, from: String?
    ) async throws -> Answer<FlagUsageView> {
        var request = ServerRequest(.get, "projects", project.rawValue, "flags", key, "usage")
        request.ask("environment", environment?.rawValue)
        request.ask("from", from)
        return try await read(request)
    }

    /// Flags that may have had their day.
    ///
    /// - Parameter days: how long one variant alone, or none, must have been served.
    package func staleFlags(of project: ProjectName, days: Int64?) async throws -> Answer<StaleFlagsView> {
        var request = ServerRequest(.get, "projects", project.rawValue, "stale-flags")
        request.ask("days", days.map { String($0) })
        return try await read(request)
    }

    /// What another rule would make of a flag.
    ///
    /// - Parameter contexts: `{"contexts": […]}` or `{"generate": count}`.
    package func simulate(
        _ key: String, rule: JSONObject, for contexts: JSONObject, in environment: EnvironmentName,
        of project: ProjectName
    ) async throws -> Answer<SimulationView> {
        var request = ServerRequest(
            .post, "projects", project.rawValue, "environments", environment.rawValue, "flags", key, "simulate")
        // It changes nothing.
        request.isRepeatable = true
        var body = contexts
        body["rule"] = .object(rule)
        request.send(.object(body))
        return try await read(request)
    }
}

package struct FlagUsageView: WireReadable {
    package let from: String
    package let hours: [Hour]
    /// Whether the oldest are left out.
    package let isCut: Bool
    package let lastClient: String?
    package let lastEvaluatedAt: String?

    package struct Hour: WireReadable {
        package let hour: String
        package let environment: String
        package let client: String
        /// Nil for the caller's default.
        package let variant: String?
        package let reason: String
        package let count: Int64
        package let lastAt: String

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            hour = try wire.string("hour")
            environment = try wire.string("environment")
            client = try wire.string("client")
            variant = wire.optionalString("variant")
            reason = try wire.string("reason")
            count = try wire.int("count")
            lastAt = try wire.string("lastAt")
        }
    }

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        from = try wire.string("from")
        hours = try wire.many("hours")
        isCut = wire.bool("isCut", default: false)
        lastClient = wire.optionalString("lastClient")
        lastEvaluatedAt = wire.optionalString("lastEvaluatedAt")
    }
}

package struct StaleFlagsView: WireReadable {
    package let days: Int64
    package let flags: [Flag]

    package struct Flag: WireReadable {
        package let key: String
        package let owner: String?
        package let createdAt: String?
        package let lastEvaluatedAt: String?
        package let reasons: [Reason]

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            key = try wire.string("key")
            owner = wire.optionalString("owner")
            createdAt = wire.optionalString("createdAt")
            lastEvaluatedAt = wire.optionalString("lastEvaluatedAt")
            reasons = try wire.many("reasons")
        }
    }

    package struct Reason: WireReadable {
        package let reason: String
        package let expectedLifetimeDays: Int64?
        package let environment: String?
        /// Nil for the caller's default.
        package let variant: String?
        package let count: Int64?

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            reason = try wire.string("reason")
            expectedLifetimeDays = wire.optionalInt("expectedLifetimeDays")
            environment = wire.optionalString("environment")
            variant = wire.optionalString("variant")
            count = wire.optionalInt("count")
        }
    }

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        days = try wire.int("days")
        flags = try wire.many("flags")
    }
}

package struct SimulationView: WireReadable {
    package let contexts: Int64
    /// Contexts that come to something else.
    package let moved: Int64
    package let before: [Count]
    package let after: [Count]
    package let moves: [Move]

    /// What contexts come to: a variant, the caller's default, or an error.
    package struct Outcome: WireReadable {
        package let text: String

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            text =
                wire.optionalString("variant") ?? wire.optionalString("errorCode") ?? "the caller's default"
        }
    }

    package struct Count: WireReadable {
        package let outcome: Outcome
        package let contexts: Int64

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            outcome = try Outcome(wire)
            contexts = try wire.int("contexts")
        }
    }

    package struct Move: WireReadable {
        package let from: Outcome
        package let to: Outcome
        package let contexts: Int64

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            from = try wire.one("from")
            to = try wire.one("to")
            contexts = try wire.int("contexts")
        }
    }

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        contexts = try wire.int("contexts")
        moved = try wire.int("moved")
        before = try wire.many("before")
        after = try wire.many("after")
        moves = try wire.many("moves")
    }
}
