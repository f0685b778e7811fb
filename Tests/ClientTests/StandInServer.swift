import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestSupport

/// A small HTTP/1.1 server on a free loopback port, for stand-ins. Once it has stopped nothing else listens there.
final class StandInServer: Sendable {
    struct Call: Sendable {
        let method: String
        /// Without the query.
        let path: String
        let query: [String: String]
        /// Names in lower case.
        let headers: [String: String]
        let body: [UInt8]
    }

    struct Answer: Sendable {
        enum Body: Sendable {
            case whole(String)
            /// Sent piece by piece, until it ends or the client leaves.
            case stream(AsyncStream<String>)
        }

        let status: Int
        let headers: [String: String]
        let body: Body
    }

    let port: Int
    private let channel: any Channel
    private let connections: Connections

    private final class Connections: Sendable {
        let open = Mutex<[ObjectIdentifier: any Channel]>([:])
    }

    init(_ respond: @escaping @Sendable (Call) -> Answer) async throws {
        let connections = Connections()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                connections.open.withLock { $0[ObjectIdentifier(channel)] = channel }
                channel.closeFuture.whenComplete { _ in
                    _ = connections.open.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(respond))
                }
            }
            .bind(host: "127.0.0.1", port: FreePort.find()).get()
        port = channel.localAddress?.port ?? 0
        self.connections = connections
    }

    /// Nothing listens afterwards, and every connection is closed.
    func stop() async throws {
        try await channel.close()
        for connection in connections.open.withLock({ Array($0.values) }) { connection.close(promise: nil) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let respond: @Sendable (Call) -> Answer
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []
        private var streaming: Task<Void, Never>?

        init(_ respond: @escaping @Sendable (Call) -> Answer) { self.respond = respond }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let buffer): body += buffer.readableBytesView
            case .end:
                guard let head else { return }
                answer(respond(call(head)), on: context.channel)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { streaming?.cancel() }

        private func call(_ head: HTTPRequestHead) -> Call {
            let parts = head.uri.split(separator: "?", maxSplits: 1)
            var query: [String: String] = [:]
            for item in parts.dropFirst().first?.split(separator: "&") ?? [] {
                let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                query[String(pair[0])] = pair.count > 1 ? String(pair[1]) : ""
            }
            return Call(
                method: head.method.rawValue, path: String(parts.first ?? ""), query: query,
                headers: Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first },
                body: body)
        }

        private func answer(_ answer: Answer, on channel: any Channel) {
            var headers = HTTPHeaders(answer.headers.map { ($0.key, $0.value) })
            if case .whole(let text) = answer.body { headers.add(name: "Content-Length", value: "\(text.utf8.count)") }
            let head = HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
            channel.writeAndFlush(HTTPServerResponsePart.head(head), promise: nil)
            switch answer.body {
            case .whole(let text):
                channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text))), promise: nil)
                channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
            case .stream(let pieces):
                streaming = Task {
                    for await piece in pieces {
                        let part = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: piece)))
                        do { try await channel.writeAndFlush(part).get() } catch { return }
                    }
                    channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
                }
            }
        }
    }
}
