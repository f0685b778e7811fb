/// A request to an issuer. Whoever sends it bounds its time and the size of the reply, and follows no redirections.
package struct HTTPCall: Sendable {
    /// `GET` or `POST`.
    package let method: String
    package let url: String
    package let headers: [(String, String)]
    package let body: [UInt8]

    package init(method: String, url: String, headers: [(String, String)], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

package struct HTTPReply: Sendable {
    package let status: Int
    package let body: [UInt8]

    /// Longer replies are refused.
    package static let maxBytes = 1 << 20

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// How requests leave for an issuer. What it throws is taken for an issuer that cannot be reached.
package typealias Fetch = @Sendable (HTTPCall) async throws -> HTTPReply

/// Seconds since 1970 in UTC, leap seconds not counted: what `NumericDate` of RFC 7519 is, in whole seconds.
package typealias SecondsSince1970 = Int64
