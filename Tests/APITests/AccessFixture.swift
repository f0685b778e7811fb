import API
import ConfigPlatformModel
import TestSupport
import Testing

@testable import ControlPlane

/// Callers with some rights and not others.
extension ServerUnderTest {
    /// An access token as it is made over the wire.
    struct MadeToken: Sendable {
        let id: String
        let text: String
    }

    func makeToken(
        _ name: String, _ role: String, project: String? = nil, environments: [String]? = nil, more: JSONObject = [:],
        by token: Token = .own, _ location: SourceLocation = #_sourceLocation
    ) async throws -> MadeToken {
        var body: JSONObject = ["name": .string(name), "role": .string(role)]
        body["project"] = project.map { .string($0) }
        body["environments"] = environments.map { .array($0.map { .string($0) }) }
        for (name, value) in more { body[name] = value }
        return try await makeToken(.object(body), by: token, location)
    }

    func makeToken(
        _ body: JSONValue, by token: Token = .own, _ location: SourceLocation = #_sourceLocation
    ) async throws -> MadeToken {
        let answer = try await send("POST", "\(Self.base)/tokens", body: .json(body), token: token, location)
        let made = try answer.json()
        return MadeToken(
            id: try #require(made["id"]?.stringValue, "\(made)", sourceLocation: location),
            text: try #require(made["token"]?.stringValue, sourceLocation: location))
    }

    /// The token of a session, as somebody has it who has signed in.
    func session(of principal: String, seconds: Int64? = nil) async throws -> MadeToken {
        let (token, credential) = platform.makeCredential(
            name: try TokenName(parsing: "session"), purpose: .session,
            expiresAt: seconds.map { clock.now.adding(seconds: $0) }, by: nil, owner: try Principal(parsing: principal),
            grants: [])
        try await platform.store(credential, by: nil)
        return MadeToken(id: credential.id, text: token.text)
    }

    /// Somebody who is signed in and has a role.
    func person(
        _ principal: String, _ role: String, project: String? = nil, environments: [String]? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> Token {
        let name = "\(principal.split(separator: ":").last ?? "x")".replacing("/", with: "-")
        try await bind(name, principal, role, project: project, environments: environments, location)
        return .other(try await session(of: principal).text)
    }

    func bind(
        _ name: String, _ subject: String, _ role: String, project: String? = nil, environments: [String]? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        var body: JSONObject = ["subject": .string(subject), "role": .string(role)]
        body["environments"] = environments.map { .array($0.map { .string($0) }) }
        let place = project.map { "/projects/\($0)" } ?? ""
        try await json(201, "PUT", "\(Self.base)\(place)/bindings/\(name)", body: .object(body), location)
    }

    func makeRole(
        _ name: String, _ permissions: JSONValue, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        try await json(201, "PUT", "\(Self.base)/roles/\(name)", body: ["permissions": permissions], location)
    }

    /// A token with a role of its own, by what the role permits.
    func restricted(
        _ name: String, _ permissions: JSONValue, project: String? = "shop",
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> Token {
        try await makeRole(name, permissions, location)
        return .other(try await makeToken(name, name, project: project, location).text)
    }

    /// Sends a change of settings as somebody.
    @discardableResult
    func change(
        _ operations: [JSONValue], as token: Token = .own, query: [(String, String)] = [],
        project: String = "shop", _ location: SourceLocation = #_sourceLocation
    ) async throws -> HTTPAnswer {
        try await send(
            "POST", "\(Self.base)/projects/\(project)/changes", query: query,
            body: .json(["message": "m", "operations": .array(operations)]), token: token, location)
    }

    /// Asks for approval of a change, and gives the request's id.
    func ask(
        _ operations: [JSONValue], as token: Token = .own, _ location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let answer = try await change(operations, as: token, query: [("request", "true")], location)
        #expect(answer.status == 202, "\(answer)", sourceLocation: location)
        return try #require(try answer.json()["changeRequest"]?.stringValue, sourceLocation: location)
    }
}

/// What an answer tells: all of it but what belongs to the one request.
struct Told: Equatable, CustomStringConvertible {
    let status: Int
    let headers: [String]
    let body: String

    /// - Parameter names: replaced by one text, so that answers that differ in the name alone are the same.
    init(_ answer: HTTPAnswer, hiding names: [String] = []) {
        status = answer.status
        headers = answer.headers.map { "\($0.name.lowercased()): \($0.value)" }.filter { line in
            !["date:", "x-request-id:", "x-revision", "x-stale-since:", "content-length:"].contains {
                line.hasPrefix($0)
            }
        }.sorted()
        var text = answer.text
        if let id = answer.header("X-Request-ID") { text = text.replacing(id, with: "ID") }
        for name in names { text = text.replacing(name, with: "NAME") }
        body = text
    }

    var description: String { "\(status)\n\(headers.joined(separator: "\n"))\n\(body)" }
}
