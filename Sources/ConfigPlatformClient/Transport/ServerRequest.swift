package import ConfigPlatformModel

/// A request to the platform's API, before it has an address.
package struct ServerRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case put = "PUT"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    /// Below `/api/v1`; not yet percent-encoded.
    package var path: [String]
    package var query: [(name: String, value: String)]
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?
    /// Whether sending it twice has no other effect than sending it once: what may be tried again after a failure that
    /// leaves open whether it arrived.
    package var isRepeatable: Bool

    package init(_ method: Method, _ path: String...) {
        self.method = method
        self.path = path
        query = []
        headers = []
        body = nil
        isRepeatable = method == .get
    }

    /// Of something that a project has, or the platform as a whole.
    package init(_ method: Method, in project: ProjectName, _ path: String...) {
        self.init(method)
        self.path = (project == .platform ? [] : ["projects", project.rawValue]) + path
    }

    /// Adds a query parameter; none where the value is nil.
    package mutating func ask(_ name: String, _ value: String?) {
        if let value { query.append((name, value)) }
    }

    package mutating func send(_ json: JSONValue, as mediaType: String = "application/json") {
        body = json.canonicalBytes()
        headers.append(("Content-Type", mediaType))
    }
}

/// What a response says besides its body.
package struct ResponseHead: Sendable {
    package let status: Int
    private let fields: [String: String]

    init(status: Int, fields: some Sequence<(name: String, value: String)>) {
        self.status = status
        self.fields = Dictionary(fields.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
    }

    package subscript(name: String) -> String? { fields[name.lowercased()] }

    package var revisionToken: RevisionToken? { self["X-Revision-Token"].flatMap { try? RevisionToken(parsing: $0) } }
    package var entityTag: String? { self["ETag"] }
    package var requestID: String? { self["X-Request-ID"] }
    /// Since when the server that answered has had no contact with its database.
    package var staleSince: Timestamp? { self["X-Stale-Since"].flatMap { try? Timestamp(parsing: $0) } }
}

package struct ServerResponse: Sendable {
    package let head: ResponseHead
    package let body: [UInt8]

    package init(head: ResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}

extension ServerResponse {
    package static let jsonLimits = JSONLimits(maxDepth: 192, maxBytes: 1 << 30)

    /// The body as JSON.
    package func json() throws(ConfigPlatformError) -> JSONValue {
        do throws(JSONParseError) {
            return try JSONValue(parsing: body, limits: Self.jsonLimits)
        } catch {
            throw ConfigPlatformError(
                .invalidResponse,
                "The server's answer is not JSON (\(error)). Is the address that of a ConfigPlatform server?",
                status: head.status, requestID: head.requestID)
        }
    }
}
