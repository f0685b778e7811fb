import Foundation
import Identity
import Synchronization
import TestSupport
import Testing

/// A real OpenID provider, a process of its own on loopback, out of `Servers/`.
struct OpenIDServer: Sendable {
    static let absence: Comment = """
        skipped: the OpenID providers to test against are not installed, for there is no python3 with venv, or PyPI cannot be reached \
        (Tests/IdentityTests/Servers/setup.sh says which)
        """

    let port: Int
    private let process: WatchedProcess

    private static let scripts = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Servers")
        .path(percentEncoded: false)
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".tools/openid").path(percentEncoded: false)

    private static let installation = Task { () async throws -> Bool in
        let result = try await CommandRun.run("/bin/sh", [scripts + "/setup.sh", folder])
        guard result.status == 0 || result.status == 69 else { throw CommandFailure(result: result) }
        return result.status == 0
    }

    /// Whether there are providers to test against; installs them at the first question.
    static func areInstalled() async throws -> Bool { try await installation.value }

    private static let djangoServer = Task { try await OpenIDServer("django_server.py") }
    private static let mockServer = Task { try await OpenIDServer("mock_server.py") }

    /// django-oauth-toolkit: login form, consent, PKCE required, device flow.
    static func django() async throws -> OpenIDServer { try await djangoServer.value }

    /// oidc-provider-mock.
    static func mock() async throws -> OpenIDServer { try await mockServer.value }

    private init(_ script: String) async throws {
        let log = Self.folder + "/\(script).log"
        try? FileManager.default.removeItem(atPath: log)
        process = try WatchedProcess(
            Self.folder + "/venv/bin/python", [Self.scripts + "/" + script],
            environment: ["PYTHONDONTWRITEBYTECODE": "1"],
            directory: Self.folder, errorFile: log)
        guard let port = await process.line(after: "listening at ").flatMap({ Int($0) }) else {
            throw Failure(description: "\(script) did not serve: \(process.errors)")
        }
        self.port = port
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}

/// Requests to loopback, one connection each.
enum Wire {
    static let fetch: Fetch = { call in
        let answer = try await send(call.method, call.url, call.headers, call.body)
        return HTTPReply(status: answer.status, body: answer.body)
    }

    static func send(
        _ method: String, _ url: String, _ headers: [(String, String)], _ body: [UInt8]
    ) async throws -> HTTPAnswer {
        guard let parts = URLComponents(string: url), let host = parts.host, let port = parts.port else {
            throw OpenIDServer.Failure(description: "\(url) is no URL with a port")
        }
        let target = parts.percentEncodedPath + (parts.percentEncodedQuery.map { "?" + $0 } ?? "")
        let lines =
            [
                "\(method) \(target) HTTP/1.1", "Host: \(host):\(port)", "Connection: close",
                "Content-Length: \(body.count)",
            ]
            + headers.map { "\($0.0): \($0.1)" }
        let connection = try HTTPConnection(port: port)
        try await connection.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
        return try await connection.answer()
    }
}
