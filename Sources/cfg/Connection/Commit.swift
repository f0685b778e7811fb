import ConfigPlatformClient
import ConfigPlatformModel

/// Operations of a change as the API takes them.
enum ItemOperation {
    /// - Parameter expected: the revision that last wrote the item; 0 where it must not be there yet.
    static func put(
        _ kind: Kind, _ key: String?, in environment: EnvironmentName? = nil, _ value: JSONValue,
        expecting expected: Int64? = nil
    ) -> JSONValue {
        operation("put", kind, key, environment, value, expected)
    }

    static func delete(
        _ kind: Kind, _ key: String?, in environment: EnvironmentName? = nil, expecting expected: Int64? = nil
    ) -> JSONValue {
        operation("delete", kind, key, environment, nil, expected)
    }

    private static func operation(
        _ verb: String, _ kind: Kind, _ key: String?, _ environment: EnvironmentName?, _ value: JSONValue?,
        _ expected: Int64?
    ) -> JSONValue {
        var json: JSONObject = ["op": .string(verb), "kind": .string(kind.rawValue)]
        json["key"] = key.map { .string($0) }
        json["environment"] = environment.map { .string($0.rawValue) }
        json["value"] = value
        json["expect"] = expected.map { $0 == 0 ? "absent" : .int($0) }
        return .object(json)
    }
}

extension Session {
    /// Sends a change, and shows what became of it.
    ///
    /// - Parameters:
    ///   - message: why, where the user does not say.
    ///   - done: what to say of it once it is committed.
    func commit(
        _ operations: [JSONValue], to project: ProjectName, _ options: CommitOptions, saying message: String,
        doing activity: String = "Writing", done: ((ChangeView) -> String)? = nil
    ) async throws {
        let answer = try await working(activity) {
            try await client.commit(
                operations, to: project, message: options.message ?? message, isDryRun: options.dryRun,
                isRequest: options.request)
        }
        try show(answer, in: project, isRequest: options.request, done: done)
    }
}
