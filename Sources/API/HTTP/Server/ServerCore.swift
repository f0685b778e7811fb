import ConfigPlatformModel
import ControlPlane
import HTTPTypes
import Logging
import NIOCore

/// What all connections of a server share. Immutable, or guarded inside.
final class ServerCore: Sendable {
    let platform: Platform
    let settings: ServerSettings
    let router: Router
    let metrics: PrometheusMetrics
    let requestMetrics: RequestMetrics
    let clientAddress: ClientAddress
    let directAnswers = DirectAnswers()
    let frames = EventFrames()
    let ids = RequestIDs()
    let date = HTTPDate()
    let logger: Logger

    init(platform: Platform, settings: ServerSettings, metrics: PrometheusMetrics, routes: [Route], logger: Logger) {
        self.platform = platform
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        router = Router(routes)
        requestMetrics = RequestMetrics(routes, factory: metrics)
        clientAddress = ClientAddress(trustedProxies: settings.trustedProxies)
    }

    /// The head of an answer, with the headers that every answer has.
    func head(for answer: Answer, requestID: String) -> HTTPResponse {
        var head = HTTPResponse(status: answer.status, headerFields: answer.fields)
        forEachHeader(besidesThoseOf: answer, requestID: requestID) { head.headerFields[$0] = $1 }
        return head
    }

    /// The headers that every answer has, without those that this one has already.
    func forEachHeader(
        besidesThoseOf answer: Answer, requestID: String, _ body: (HTTPField.Name, String) -> Void
    ) {
        // Taken after the answer was made, so that it is no older than what the answer tells.
        let token = platform.state.token
        body(.revision, String(token.revision.number))
        body(.revisionToken, token.text)
        body(.requestID, requestID)
        body(.date, date.now)
        body(.xContentTypeOptions, "nosniff")
        if !answer.fields.contains(.cacheControl) { body(.cacheControl, "no-store") }
        if let since = platform.staleSince { body(.staleSince, since.text) }
        switch answer.content {
        case .bytes(let bytes): body(.contentLength, String(bytes.readableBytes))
        case .none where answer.status != .noContent && answer.status != .notModified: body(.contentLength, "0")
        case .none, .events: break
        }
    }
}
