import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Metrics
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// Accepts connections for gRPC, with the server's own TLS and limits.
struct GRPCListener: HTTP2ServerTransport.ListenerFactory {
    let address: ListenAddress
    /// Nil for plain HTTP/2.
    let tls: NIOSSLContext?
    let settings: ServerSettings
    let connections: GRPCConnections
    let open: Meter

    var eventLoopGroup: any EventLoopGroup { MultiThreadedEventLoopGroup.singleton }

    func makeListeningChannel(
        listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator,
        connectionConfigurator: HTTP2ServerTransport.ConnectionConfigurator
    ) async throws -> NIOAsyncChannel<HTTP2ServerTransport.ConnectionConfigurator.ConnectionChannel, Never> {
        try await ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.backlog, value: Int32(settings.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                listenerConfigurator.configure(channel: channel).flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(AcceptLimit(countMax: settings.grpc.connectionsMax))
                }
            }
            .bind(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture { try prepare(channel) }.flatMap {
                    connectionConfigurator.configure(
                        channel: channel, tls: tls == nil ? .none : .configured(requireALPN: false))
                }
            }
    }

    private func prepare(_ channel: any Channel) throws {
        open.increment()
        let open = open
        channel.closeFuture.whenComplete { _ in open.decrement(by: 1.0) }
        connections.opened(channel)
        let pipeline = channel.pipeline.syncOperations
        let silence = settings.grpc.silenceSeconds + settings.grpc.answerSeconds
        try pipeline.addHandlers(IdleStateHandler(readTimeout: TimeAmount(seconds: silence * 1.2)), SilenceLimit())
        guard let tls else { return }
        let handshake = channel.eventLoop.makePromise(of: Void.self)
        try pipeline.addHandlers(NIOSSLServerHandler(context: tls), HandshakeNotice(handshake))
        HandshakeDeadline(TimeAmount(seconds: settings.handshakeSeconds))
            .watch(channel, until: handshake.futureResult)
    }
}

/// Closes a connection from which nothing has come, not even the answer to a ping.
private final class SilenceLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}

/// Fulfils a promise when the TLS handshake is over, or fails it when the connection is.
private final class HandshakeNotice: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<Void>

    init(_ promise: EventLoopPromise<Void>) {
        self.promise = promise
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { promise.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(ChannelError.eof)
        context.fireChannelInactive()
    }
}
