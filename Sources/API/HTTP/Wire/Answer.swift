import HTTPTypes
import NIOCore

/// What a handler answers. The headers that every response has are added where it is sent.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var fields: HTTPFields
    var content: Content
    /// For how long the same answer may be given to the same GET; nil where it is made anew each time.
    var validity: AnswerValidity?

    enum Content: Sendable {
        case none
        case bytes(ByteBuffer)
        case events(EventStream)
    }

    init(status: HTTPResponse.Status, fields: HTTPFields = [:], content: Content = .none) {
        self.status = status
        self.fields = fields
        self.content = content
    }

    init(status: HTTPResponse.Status = .ok, bytes: [UInt8], contentType: ContentType) {
        self.init(
            status: status, fields: [.contentType: contentType.rawValue], content: .bytes(ByteBuffer(bytes: bytes)))
    }

    /// A JSON object.
    static func json(
        _ status: HTTPResponse.Status = .ok, capacity: Int = 512, _ body: (inout JSONBytes) -> Void
    ) -> Answer {
        var json = JSONBytes(capacity: capacity)
        json.object(body)
        return Answer(status: status, bytes: json.bytes, contentType: .json)
    }

    func tagged(_ entityTag: String) -> Answer {
        var answer = self
        answer.fields[.eTag] = entityTag
        return answer
    }

    enum ContentType: String {
        case json = "application/json"
        case problem = "application/problem+json"
        case events = "text/event-stream"
        case csv = "text/csv; charset=utf-8; header=present"
        case jsonLines = "application/jsonl"
        case metrics = "text/plain; version=0.0.4; charset=utf-8"
    }
}

extension HTTPField.Name {
    static let apiKey = HTTPField.Name("X-API-Key")!
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
    static let link = HTTPField.Name("Link")!
    static let message = HTTPField.Name("X-Message")!
    static let minimumRevision = HTTPField.Name("X-Minimum-Revision")!
    static let requestID = HTTPField.Name("X-Request-ID")!
    static let revision = HTTPField.Name("X-Revision")!
    static let revisionToken = HTTPField.Name("X-Revision-Token")!
    static let staleSince = HTTPField.Name("X-Stale-Since")!
    static let webhookID = HTTPField.Name("Webhook-Id")!
    static let webhookSignature = HTTPField.Name("Webhook-Signature")!
    static let webhookTimestamp = HTTPField.Name("Webhook-Timestamp")!
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    static let frameOptions = HTTPField.Name("X-Frame-Options")!
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
