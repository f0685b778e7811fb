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
        // Taken after the answer was made, so that it is no older than what the answer tells.
        let token = platform.state.token
        head.headerFields[.revision] = String(token.revision.number)
        head.headerFields[.revisionToken] = token.text
        head.headerFields[.requestID] = requestID
        head.headerFields[.date] = date.now
        head.headerFields[.xContentTypeOptions] = "nosniff"
        if head.headerFields[.cacheControl] == nil { head.headerFields[.cacheControl] = "no-store" }
        if let since = platform.staleSince { head.headerFields[.staleSince] = since.text }
        switch answer.content {
        case .bytes(let bytes): head.headerFields[.contentLength] = String(bytes.readableBytes)
        case .none where answer.status != .noContent && answer.status != .notModified:
            head.headerFields[.contentLength] = "0"
        case .none, .events: break
        }
        return head
    }
}
