import HummingbirdCore
import HummingbirdHTTP2
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL
import NIOTLS

/// What stands between a socket and the handlers of its requests.
struct ConnectionPipeline: Sendable {
    let core: ServerCore
    let patience: RequestClock.Patience
    private let connections: Meter

    init(_ core: ServerCore) {
        self.core = core
        patience = RequestClock.Patience(
            idle: TimeAmount(seconds: core.settings.idleSeconds),
            request: TimeAmount(seconds: core.settings.requestSeconds),
            stall: TimeAmount(seconds: core.settings.stallSeconds))
        connections = Meter(label: "cfg_http_connections", factory: core.metrics)
    }

    func count(_ channel: any Channel) {
        connections.increment()
        let connections = connections
        channel.closeFuture.whenComplete { _ in connections.decrement(by: 1.0) }
    }

    func addHTTP1(to channel: any Channel, isSecure: Bool) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = core.settings.headBytesMax / 2
        limits.maxHeaderListSize = core.settings.headBytesMax
        limits.maxHeaderFieldCount = core.settings.headerFieldsMax
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
        let activity = ConnectionActivity()
        let address = channel.remoteAddress?.ipAddress
        let reads = DirectReads(core, activity: activity, sourceAddress: address)
        try pipeline.addHandler(reads)
        try pipeline.addHandler(
            DirectPosts(
                core, after: reads, activity: activity, requestTime: patience.request, sourceAddress: address))
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: isSecure))
        try pipeline.addHandler(RequestGate(patience, activity: activity, core: core, isStream: false))
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    }

    /// The connections of HTTP/2; each of their streams has a gate of its own.
    func http2(_ responder: @escaping HTTPChannelHandler.Responder) -> HTTP2Channel {
        let patience = patience
        let core = core
        var stream = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                RequestGate(patience, activity: ConnectionActivity(), core: core, isStream: true)
            ])
        stream.idleTimeout = nil
        return HTTP2Channel(
            responder: responder,
            configuration: .init(
                idleTimeout: .seconds(core.settings.idleSeconds),
                gracefulCloseTimeout: .seconds(core.settings.shutdownGraceSeconds),
                streamConfiguration: stream))
    }
}

/// Connections of HTTP/1.1 without TLS.
struct PlainConnections: ServerChildChannel, HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let pipeline: ConnectionPipeline
    let responder: Responder

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            pipeline.count(channel)
            return try pipeline.addHTTP1(to: channel, isSecure: false)
        }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}

/// Connections with TLS: HTTP/2 or HTTP/1.1, as client and server agree in the handshake (ALPN, RFC 7301).
struct SecureConnections: ServerChildChannel, HTTPChannelHandler {
    typealias HTTP1 = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<NIONegotiatedHTTPVersion<HTTP1, HTTP2Channel.Value>>
        let channel: any Channel
    }

    let pipeline: ConnectionPipeline
    let responder: Responder
    let context: NIOSSLContext
    private let http2: HTTP2Channel

    init(_ pipeline: ConnectionPipeline, _ configuration: TLSConfiguration, responder: @escaping Responder) throws {
        self.pipeline = pipeline
        self.responder = responder
        context = try NIOSSLContext(configuration: configuration)
        http2 = pipeline.http2(responder)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        do {
            pipeline.count(channel)
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
            let handshake = HandshakeDeadline(TimeAmount(seconds: pipeline.core.settings.handshakeSeconds))
            return channel.configureHTTP2AsyncSecureUpgrade { channel in
                channel.eventLoop.makeCompletedFuture { try pipeline.addHTTP1(to: channel, isSecure: true) }
            } http2ConnectionInitializer: { channel in
                http2.setup(channel: channel, logger: logger)
            }.map { negotiated in
                handshake.watch(channel, until: negotiated.map { _ in })
                return Value(negotiated: negotiated, channel: channel)
            }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.negotiated.get() {
            case .http1_1(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
            case .http2(let connection): await http2.handle(value: connection, logger: logger)
            }
        } catch {
            logger.debug("a TLS handshake failed", metadata: ["error": "\(error)"])
            try? await value.channel.close()
        }
    }
}

/// Closes a connection whose TLS handshake takes too long.
struct HandshakeDeadline: Sendable {
    private let patience: TimeAmount

    init(_ patience: TimeAmount) {
        self.patience = patience
    }

    func watch(_ channel: any Channel, until negotiated: EventLoopFuture<Void>) {
        let timer = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        negotiated.whenComplete { _ in timer.cancel() }
    }
}

extension TimeAmount {
    init(seconds: Double) { self = .nanoseconds(Int64(seconds * 1e9)) }
}
