import ConfigPlatformModel
import TestSupport

/// The paths of one project.
struct ProjectPath {
    let root: String

    init(_ name: String) { root = "/api/v1/projects/" + name }

    func environment(_ name: String) -> String { root + "/environments/" + name }
    func settings(_ environment: String) -> String { self.environment(environment) + "/settings" }
    func setting(_ key: String, _ environment: String) -> String { settings(environment) + "/" + key }
}

struct UnexpectedAnswer: Error, CustomStringConvertible {
    let description: String
}

extension WireClient {
    /// Sends a request that must be answered with one of these statuses.
    @discardableResult
    func call(
        _ method: String, _ path: String, query: [(String, String)] = [], headers: [(String, String)] = [],
        body: Body? = nil,
        expecting statuses: Set<Int> = [200, 201]
    ) async throws -> HTTPAnswer {
        let answer = try await send(method, path, query: query, headers: headers, body: body)
        guard statuses.contains(answer.status) else {
            throw UnexpectedAnswer(description: "\(method) \(path) \(query) was answered with \(answer)")
        }
        return answer
    }

    /// Makes a project with environments, each with what it inherits.
    func makeProject(_ project: ProjectPath, environments: [(name: String, inherits: [String])]) async throws {
        try await call("PUT", project.root, body: .json([:]), expecting: [201])
        try await change(
            project, "Make the environments", environments.map { .putEnvironment($0.name, inherits: $0.inherits) })
    }

    @discardableResult
    func change(_ project: ProjectPath, _ message: String, _ operations: [JSONValue]) async throws -> HTTPAnswer {
        try await call(
            "POST", project.root + "/changes",
            body: .json(["message": .string(message), "operations": .array(operations)]))
    }

    @discardableResult
    func put(
        _ value: JSONValue, _ key: String, _ environment: String, of project: ProjectPath
    ) async throws -> HTTPAnswer {
        try await call("PUT", project.setting(key, environment), body: .json(value))
    }

    func importFile(
        _ bytes: [UInt8], format: String, into environment: String, of project: ProjectPath, mode: String,
        message: String
    ) async throws -> HTTPAnswer {
        try await call(
            "POST", project.root + "/import",
            query: [("format", format), ("environment", environment), ("mode", mode), ("message", message)],
            body: .bytes(bytes, type: "application/octet-stream"))
    }

    /// The resolved document as it is sent.
    func document(
        _ environment: String, of project: ProjectPath, at moment: String? = nil, headers: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        try await call("GET", project.settings(environment), query: moment.map { [("at", $0)] } ?? [], headers: headers)
    }
}

extension JSONValue {
    static func putEnvironment(_ name: String, inherits: [String]) -> JSONValue {
        [
            "op": "put", "kind": "environment", "key": .string(name),
            "value": ["inherits": .array(inherits.map { .string($0) })],
        ]
    }

    static func deleteEnvironment(_ name: String) -> JSONValue {
        ["op": "delete", "kind": "environment", "key": .string(name)]
    }

    static func put(_ key: String, _ environment: String, _ value: JSONValue) -> JSONValue {
        ["op": "put", "kind": "setting", "environment": .string(environment), "key": .string(key), "value": value]
    }

    static func delete(_ key: String, _ environment: String) -> JSONValue {
        ["op": "delete", "kind": "setting", "environment": .string(environment), "key": .string(key)]
    }
}

extension HTTPAnswer {
    /// `type` of a problem without its address.
    var problemCode: String? {
        (try? json())?["type"]?.stringValue?.split(separator: "/").last.map(String.init)
    }

    /// The revision that a write was committed as, or decided against.
    var writtenRevision: Int64 {
        get throws {
            guard let revision = try json()["revision"]?.int64Value else {
                throw UnexpectedAnswer(description: "there is no revision in \(self)")
            }
            return revision
        }
    }
}
