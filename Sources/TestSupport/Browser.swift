package import Foundation
import Synchronization

/// What a browser does of signing in: forms, cookies, and where it is sent.
package final class Browser: Sendable {
    private let cookies = Mutex<[String: String]>([:])

    package init() {}

    package struct Page {
        package let answer: HTTPAnswer
        package let url: URL

        /// What the forms of the page would send as they are.
        package var fields: [(String, String)] {
            answer.text.matches(of: /<input[^>]*>/).compactMap { tag in
                guard let name = Self.attribute("name", of: tag.output) else { return nil }
                return Self.attribute("value", of: tag.output).map { (name, $0) }
            }
        }

        /// Where it leads.
        package var location: URL? {
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

    package func get(_ url: URL) async throws -> Page { try await send("GET", url, body: nil) }

    package func post(_ url: URL, _ fields: [(String, String)]) async throws -> Page {
        var query = URLComponents()
        query.queryItems = fields.map { URLQueryItem(name: $0.0, value: $0.1) }
        return try await send("POST", url, body: (query.percentEncodedQuery ?? "").replacing("+", with: "%2B"))
    }

    /// Follows redirections on the same server, and returns the page they end at, or the redirection that leaves it.
    package func follow(_ page: Page) async throws -> Page {
        var page = page
        while (300..<400).contains(page.answer.status), let next = page.location, next.port == page.url.port {
            page = try await get(next)
        }
        return page
    }

    private func send(_ method: String, _ url: URL, body: String?) async throws -> Page {
        guard let parts = URLComponents(url: url, resolvingAgainstBaseURL: false), let port = parts.port else {
            throw HTTPConnection.Failure(description: "\(url) names no port")
        }
        let content = Array((body ?? "").utf8)
        let target = parts.percentEncodedPath + (parts.percentEncodedQuery.map { "?" + $0 } ?? "")
        var lines = [
            "\(method) \(target) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close",
            "Content-Length: \(content.count)",
        ]
        let known = cookies.withLock { $0.map { "\($0)=\($1)" } }
        if !known.isEmpty { lines.append("Cookie: " + known.joined(separator: "; ")) }
        if body != nil { lines.append("Content-Type: application/x-www-form-urlencoded") }
        let connection = try HTTPConnection(port: port)
        try await connection.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + content)
        let answer = try await connection.answer()
        cookies.withLock { cookies in
            for header in answer.headers where header.name.lowercased() == "set-cookie" {
                let pair = header.value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
                cookies[String(pair[0])] = pair.count == 2 ? String(pair[1]) : ""
            }
        }
        return Page(answer: answer, url: url)
    }
}
