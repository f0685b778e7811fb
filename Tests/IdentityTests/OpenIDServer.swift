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

/// What a browser does of it: forms, cookies, and where it is sent.
final class Browser: Sendable {
    private let cookies = Mutex<[String: String]>([:])

    struct Page {
        let answer: HTTPAnswer
        let url: URL

        /// What the forms of the page would send as they are.
        var fields: [(String, String)] {
            answer.text.matches(of: /<input[^>]*>/).compactMap { tag in
                guard let name = Self.attribute("name", of: tag.output) else { return nil }
                return Self.attribute("value", of: tag.output).map { (name, $0) }
            }
        }

        /// Where it leads.
        var location: URL? {
            answer.header("Location").flatMap { URL(string: $0, relativeTo: url)?.absoluteURL }
        }

        private static func attribute(_ name: String, of tag: Substring) -> String? {
            guard let start = tag.firstRange(of: " \(name)=\"")?.upperBound else { return nil }
            var value = String(tag[start...].prefix { $0 != "\"" })
            for (entity, text) in [("&quot;", "\""), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")] {
                value = value.replacing(entity, with: text)
            }
            return value
        }
    }

    func get(_ url: URL) async throws -> Page { try await send("GET", url, body: nil) }

    func post(_ url: URL, _ fields: [(String, String)]) async throws -> Page {
        var query = URLComponents()
        query.queryItems = fields.map { URLQueryItem(name: $0.0, value: $0.1) }
        let body = (query.percentEncodedQuery ?? "").replacing("+", with: "%2B")
        return try await send("POST", url, body: body)
    }

    /// Follows redirections on the same server, and returns the page they end at, or the redirection that leaves it.
    func follow(_ page: Page) async throws -> Page {
        var page = page
        while (300..<400).contains(page.answer.status), let next = page.location, next.port == page.url.port {
            page = try await get(next)
        }
        return page
    }

    private func send(_ method: String, _ url: URL, body: String?) async throws -> Page {
        var headers = cookies.withLock {
            $0.isEmpty ? [] : [("Cookie", $0.map { "\($0)=\($1)" }.joined(separator: "; "))]
        }
        if body != nil { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
        let answer = try await Wire.send(method, url.absoluteString, headers, Array((body ?? "").utf8))
        cookies.withLock { cookies in
            for header in answer.headers where header.name.lowercased() == "set-cookie" {
                let pair = header.value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
                cookies[String(pair[0])] = pair.count == 2 ? String(pair[1]) : ""
            }
        }
        return Page(answer: answer, url: url)
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
