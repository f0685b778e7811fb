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
    let directRoutes: DirectRoutes
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
        directRoutes = DirectRoutes(routes)
        requestMetrics = RequestMetrics(routes, factory: metrics)
        clientAddress = ClientAddress(trustedProxies: settings.trustedProxies)
    }

    /// Where the routes are that `DirectPosts` takes; nil for one that is not served.
    struct DirectRoutes: Sendable {
        let changes: Int?
        let flag: Int?
        let placedFlag: Int?
        let flags: Int?
        let placedFlags: Int?

        init(_ routes: [Route]) {
            func index(_ pattern: String) -> Int? {
                routes.firstIndex { $0.method == .post && $0.pattern == pattern }
            }
            changes = index("\(RouteTable.base)/projects/{project}/changes")
            let (place, all) = ("/projects/{project}/environments/{environment}", "/ofrep/v1/evaluate/flags")
            flag = index("\(all)/{flag}")
            placedFlag = index("\(place)\(all)/{flag}")
            flags = index(all)
            placedFlags = index(place + all)
        }
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
