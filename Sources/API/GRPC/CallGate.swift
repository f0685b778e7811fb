import GRPCCore
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Stands between a stream of HTTP/2 and the handlers of its call: ends a call whose message has not arrived whole in time, and refuses a
/// message that is too large by its head, where gRPC's own limit would only reset the stream. Every call has one message.
final class CallGate: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let patience: TimeAmount
    private let messageBytesMax: Int
    private var timer: Scheduled<Void>?
    /// A byte that tells of compression, and four of the message's length.
    private var head = ByteBuffer()
    private var isRefused = false

    private static let headBytes = 5

    init(patience: TimeAmount, messageBytesMax: Int) {
        self.patience = patience
        self.messageBytesMax = messageBytesMax
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
            self.refuse(context, .deadlineExceeded, "The call did not arrive in time; call again.")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { arrived() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .headers(let headers) where headers.endStream: arrived()
        case .data(let data):
            if case .byteBuffer(let bytes) = data.data, let length = length(with: bytes), length > messageBytesMax {
                return refuse(
                    context, .resourceExhausted,
                    "The message has \(length) bytes; at most \(messageBytesMax) are taken.")
            }
            if data.endStream { arrived() }
        default: break
        }
        context.fireChannelRead(data)
    }

    /// Of the message, once its head is whole.
    private func length(with bytes: ByteBuffer) -> Int? {
        guard head.readableBytes < Self.headBytes else { return nil }
        var bytes = bytes
        if var part = bytes.readSlice(length: min(Self.headBytes - head.readableBytes, bytes.readableBytes)) {
            head.writeBuffer(&part)
        }
        return head.getInteger(at: head.readerIndex + 1, as: UInt32.self).map { Int($0) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isRefused { promise?.fail(ChannelError.ioOnClosedChannel) } else { context.write(data, promise: promise) }
    }

    /// Answers in the handlers' stead, and ends the stream.
    private func refuse(_ context: ChannelHandlerContext, _ code: Status.Code, _ message: String) {
        guard !isRefused else { return }
        isRefused = true
        arrived()
        let trailers: HPACKHeaders = [
            ":status": "200", "content-type": "application/grpc", "grpc-status": String(code.rawValue),
            "grpc-message": message,
        ]
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.headers(.init(headers: trailers, endStream: true))), promise: sent)
    }

    private func arrived() {
        timer?.cancel()
        timer = nil
    }
}
