import ConfigPlatformModel
import ControlPlane

/// Differences between moments and environments, and search.
enum ComparisonRoutes {
    private static let project = "\(RouteTable.base)/projects/{project}"

    static let all: [Route] = [
        .get("\(project)/diff", query: ["from", "to", "environment", "fromEnvironment", "toEnvironment", "at"], diff),
        .get("\(project)/search", query: ["q", "environment", "limit", "after"], search),
    ]

    private static func diff(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let query = request.query
        let isOfEnvironments = query["fromEnvironment"] != nil || query["toEnvironment"] != nil
        let foreign = isOfEnvironments ? ["from", "to", "environment"] : ["at"]
        for name in foreign where query[name] != nil {
            throw Query.problem(
                "Compare two moments with 'from', 'to' and 'environment', or two environments with 'fromEnvironment', 'toEnvironment' "
                    + "and 'at'; '\(name)' belongs to the other.", name)
        }
        return try await isOfEnvironments
            ? ofEnvironments(platform, caller, request) : ofMoments(platform, caller, request)
    }

    private static func ofMoments(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        _ = try request.query.required("from")
        let (environments, from, to) = try await platform.differences(
            caller, of: request.project(), in: request.queriedEnvironment(), from: request.query.moment("from"),
            to: request.query.moment("to"))
        return .json { json in
            json.array("environments", of: environments) { $0.element($1) }
            json.member("from", from)
            json.member("to", to)
        }
    }

    private static func ofEnvironments(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        guard let from = try request.queriedEnvironment("fromEnvironment"),
            let to = try request.queriedEnvironment("toEnvironment")
        else {
            throw Query.problem("Name both 'fromEnvironment' and 'toEnvironment'.", "fromEnvironment")
        }
        let (differences, flags, token) = try await platform.differences(
            caller, of: request.project(), from: from, to: to, at: request.query.moment("at"))
        return .json { json in
            json.array("changes", of: differences) { $0.element($1) }
            if !flags.isEmpty {
                json.array("flags", of: flags) { json, flag in json.element { flag.write(into: &$0) } }
            }
            json.member("fromEnvironment", from.rawValue)
            json.member("revision", token.revision.number)
            json.member("toEnvironment", to.rawValue)
        }
    }

    private static func search(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let (hits, isComplete, _) = try platform.search(
            caller, request.project(), for: request.query.required("q"), in: request.queriedEnvironment(),
            after: cursor(request.query), limit: request.query.limit())
        return .json { json in
            json.array("hits", of: hits) { json, hit in
                json.object { json in
                    json.member("description", hit.definition.flatMap { $0.description.isEmpty ? nil : $0.description })
                    json.member("environment", hit.setting.environment.rawValue)
                    json.member("key", hit.setting.key.text)
                    json.member("revision", hit.setting.revision.number)
                    if let tags = hit.definition?.tags, !tags.isEmpty { json.array("tags", of: tags) }
                    if hit.setting.body.content == .unset {
                        json.member("unset", true)
                    } else {
                        json.member("value", canonical: hit.setting.body.value)
                    }
                }
            }
            json.member(
                "next",
                isComplete ? nil : hits.last.map { "\($0.setting.environment.rawValue)/\($0.setting.key.text)" })
        }
    }

    /// Where the last page ended: an environment and a key, joined by `/`.
    private static func cursor(_ query: Query) throws(Problem) -> (environment: EnvironmentName, key: ConfigKey)? {
        try query.parsed("after") { text throws(InvalidIdentifier) in
            let parts = text.split(separator: "/", maxSplits: 1)
            guard parts.count == 2 else {
                throw InvalidIdentifier(
                    "'\(InvalidIdentifier.shown(text))' is not where a page ended; send 'next' as it came.")
            }
            return (try EnvironmentName(parsing: parts[0]), try ConfigKey(parsing: parts[1]))
        }
    }
}
