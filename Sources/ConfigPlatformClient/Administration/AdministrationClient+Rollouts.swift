package import ConfigPlatformModel

extension AdministrationClient {
    /// The rollout of a flag as it counts in an environment, inherited or not.
    package func rollout(
        of flag: String, in environment: EnvironmentName, of project: ProjectName
    ) async throws -> Answer<RolloutView> {
        try await read(
            ServerRequest(
                .get, "projects", project.rawValue, "environments", environment.rawValue, "flags", flag, "rollout"))
    }

    /// - Parameter order: `pause`, `resume`, `advance` or `revert`.
    package func orderRollout(
        _ order: String, of flag: String, in environment: EnvironmentName, of project: ProjectName, reason: String?,
        isDryRun: Bool
    ) async throws -> Answer<ChangeView> {
        var request = ServerRequest(
            .post, "projects", project.rawValue, "environments", environment.rawValue, "flags", flag, "rollout", order)
        request.ask("message", reason)
        return try await write(request, isDryRun: isDryRun)
    }
}

/// A rollout: its plan and how far it has come.
package struct RolloutView: WireReadable {
    package let variant: String
    package let steps: [Step]
    package let state: String
    package let step: Int64
    package let stepBegan: String?
    package let note: String?
    /// Whether a metric guards it.
    package let isGuarded: Bool
    /// Where it is said, and the revision that wrote it.
    package let environment: String?
    package let revision: Int64?

    package struct Step: WireReadable {
        package let percent: JSONValue
        package let at: String?
        package let afterSeconds: Int64?

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            percent = wire.json["percent"] ?? 0
            at = wire.optionalString("at")
            afterSeconds = wire.optionalInt("afterSeconds")
        }
    }

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        variant = try wire.string("variant")
        steps = try wire.many("steps")
        state = wire.optionalString("state") ?? "running"
        step = wire.optionalInt("step") ?? 0
        stepBegan = wire.optionalString("stepBegan")
        note = wire.optionalString("note")
        isGuarded = wire.json["guard"] != nil
        environment = wire.json["origin"]?["environment"]?.stringValue
        revision = wire.json["origin"]?["revision"]?.int64Value
    }

    /// Whether something may still become of it.
    package var isOver: Bool { state == "completed" || state == "reverted" }
}
