import ConfigPlatformClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// A port of this machine to which an issuer sends the browser back.
final class LoopbackRedirect: Sendable {
    /// With what the browser came back.
    enum Arrival: Hashable, Sendable {
        case code(String)
        /// What the issuer says instead of signing somebody in.
        case refused(String)
    }

    /// Where the issuer is to send the browser.
    let uri: String
    private let channel: any Channel
    private let arrivals: AsyncStream<Arrival>

    /// - Parameter state: what the browser must bring back; whoever does not is somebody else.
    init(state: String) async throws {
        let (arrivals, continuation) = AsyncStream.makeStream(of: Arrival.self)
        do {
            channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                        try channel.pipeline.syncOperations.addHandler(Visit(state, continuation))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
        } catch {
            throw ConfigPlatformError(
                .invalidUse, "This machine gives no port for the browser to come back to (\(error)). Give --device.")
        }
        self.arrivals = arrivals
        uri = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)\(Self.path)"
    }

    /// The first that brings back the state; nil where none does in time.
    func arrival(within time: Duration) async throws -> Arrival? {
        try await withThrowingTaskGroup(of: Arrival?.self) { group in
            group.addTask { [arrivals] in await arrivals.first { _ in true } }
            group.addTask {
                try await Task.sleep(for: time)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    func close() async { try? await channel.close() }

    static let path = "/callback"

    /// What a request comes to, and the page that is shown for it.
    static func visit(_ method: String, _ target: String, state: String) -> (arrival: Arrival?, page: Page) {
        guard method == "GET", let parts = URLComponents(string: "http://127.0.0.1" + target), parts.path == path else {
            return (nil, .unknown)
        }
        func value(_ name: String) -> String? {
            let values = (parts.queryItems ?? []).filter { $0.name == name }
            return values.count == 1 ? values[0].value : nil
        }
        guard value("state") == state else { return (nil, .stranger) }
        if let code = value("code"), !code.isEmpty { return (.code(code), .done) }
        let reason = [value("error"), value("error_description")].compactMap { $0 }.joined(separator: ": ")
        return (.refused(reason.isEmpty ? "it sent no code" : reason), .failed)
    }

    enum Page: Hashable {
        case done, failed, stranger, unknown

        var status: HTTPResponseStatus {
            switch self {
            case .done: .ok
            case .failed, .stranger: .badRequest
            case .unknown: .notFound
            }
        }

        private var text: String {
            switch self {
            case .done: "You may close this page and go back to the terminal."
            case .failed: "You were not signed in. The terminal says why; close this page and go back to it."
            case .stranger:
                "This is not the sign-in that the terminal waits for. Go back to it, and use the address it shows."
            case .unknown: "There is nothing here."
            }
        }

        var html: String {
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>ConfigPlatform</title><p>\(text)</p></html>\n"
        }
    }

    private final class Visit: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let state: String
        private let continuation: AsyncStream<Arrival>.Continuation
        private var head: HTTPRequestHead?

        init(_ state: String, _ continuation: AsyncStream<Arrival>.Continuation) {
            self.state = state
            self.continuation = continuation
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body: break
            case .end:
                guard let head else { return }
                let (arrival, page) = LoopbackRedirect.visit(head.method.rawValue, head.uri, state: state)
                answer(page, on: context.channel, then: arrival)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func answer(_ page: Page, on channel: any Channel, then arrival: Arrival?) {
            let headers: HTTPHeaders = [
                "Content-Type": "text/html; charset=utf-8", "Content-Length": "\(page.html.utf8.count)",
                "Cache-Control": "no-store", "Connection": "close",
                "Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer",
            ]
            let head = HTTPResponseHead(version: .http1_1, status: page.status, headers: headers)
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: page.html))), promise: nil)
            // Told once the page is out: the program may end right after it.
            let continuation = continuation
            channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
                if let arrival { continuation.yield(arrival) }
                channel.close(promise: nil)
            }
        }
    }
}
