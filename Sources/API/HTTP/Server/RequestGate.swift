import ConfigPlatformModel
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Stands between a connection (or a stream of HTTP/2) and the handlers of its requests: closes what idles or stalls,
/// answers what is not HTTP or takes too long with a problem, and ends a connection whose request is answered before it
/// has arrived.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What the gate says of requests that no handler will answer. Handlers waiting for the rest of such a request get
    /// it as an error, for its end would otherwise look like that of a whole body.
    struct Refused: Error {}

    private enum Phase {
        case open
        /// The last answer is written and is on its way to the kernel: what still arrives is thrown away.
        case sending
        /// The last answer is sent: what still arrives is thrown away until the client has seen the answer and closes.
        case lingering
        case closed
    }

    private let patience: RequestClock.Patience
    private let activity: ConnectionActivity
    private let core: ServerCore
    /// Whether this is a stream of a connection that has others.
    private let isStream: Bool
    private var clock: RequestClock
    private var phase = Phase.open
    private var closesAfterAnswer = false
    /// Whether the client has sent what will not be answered.
    private var hasThrownAway = false
    private var timer: Scheduled<Void>?

    /// From the last answer to the end of a connection whose client goes on sending.
    private static let lingerTime = TimeAmount.seconds(2)

    init(_ patience: RequestClock.Patience, activity: ConnectionActivity, core: ServerCore, isStream: Bool) {
        self.patience = patience
        self.activity = activity
        self.core = core
        self.isStream = isStream
        clock = RequestClock(patience, now: .now())
    }

    // MARK: Time

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { scheduleCheck(context, at: .now() + patience.shortest) }
    }

    func channelActive(context: ChannelHandlerContext) {
        scheduleCheck(context, at: .now() + patience.shortest)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        timer?.cancel()
        timer = nil
        if clock.isReading { context.fireErrorCaught(Refused()) }
        context.fireChannelInactive()
    }

    /// One timer a connection, never further ahead than the shortest deadline there can be: so that a request starts
    /// none.
    private func scheduleCheck(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
        guard timer == nil, phase != .closed else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            self.check(context)
        }
    }

    private func check(_ context: ChannelHandlerContext) {
        guard phase == .open || phase == .sending else { return close(context) }
        switch clock.due(at: .now(), elsewhere: activity.lastActive) {
        case .nothing(let until): scheduleCheck(context, at: until)
        case .closeIdle, .closeStalled: close(context)
        case .refuse(isReading: true):
            refuse(
                context,
                Problem(
                    .requestTimeout,
                    "The request did not arrive whole within \(patience.request.wholeSeconds) seconds; send it again."),
                because: Refused())
        case .refuse(isReading: false):
            refuse(context, Self.tookTooLong(patience.request), because: Refused())
        }
    }

    /// What is said of a request that its handler has not answered in time.
    static func tookTooLong(_ time: TimeAmount) -> Problem {
        Problem(
            .unavailable,
            "The request took longer than \(time.wholeSeconds) seconds. A write may or may not have been done: read what is there now, or "
                + "repeat it with the same Idempotency-Key.", retryAfterSeconds: 5)
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .open else {
            hasThrownAway = true
            return
        }
        switch unwrapInboundIn(data) {
        case .head: clock.requestBegan(at: .now())
        case .body: break
        case .end: clock.requestEnded()
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Nobody asks for more once handlers have been cut off, and the client must be read to its end.
        if phase == .sending || phase == .lingering { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError || error is HTTP1TypeConversionError else {
            context.fireErrorCaught(error)
            return
        }
        let isHeadTooLarge = (error as? HTTPParserError) == .headerOverflow
        refuse(
            context,
            isHeadTooLarge
                ? Problem(
                    .tooLarge, "The request's head is larger than this server takes; send fewer or shorter headers.")
                : Problem(.invalidRequest, "What was sent is not HTTP/1.1: \(error)."),
            because: error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            if clock.inFlight > 0 {
                closesAfterAnswer = true
            } else if phase == .open {
                phase = .sending
                lingerOnceSent(context)
            }
        case ChannelEvent.inputClosed where phase == .lingering || (clock.isStreaming && !isStream):
            // A client that has left its watch.
            close(context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard phase == .open else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            guard head.status.kind != .informational else { return context.write(data, promise: promise) }
            let type = head.headerFields[.contentType]
            clock.answerBegan(isStreaming: type == Answer.ContentType.events.rawValue)
            if clock.isReading { closesAfterAnswer = true }
            guard closesAfterAnswer, !isStream else { return context.write(data, promise: promise) }
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            clock.answerEnded(at: .now())
            if closesAfterAnswer {
                send(context, data, promise)
            } else {
                context.write(data, promise: promise)
            }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        clock.writabilityChanged(context.channel.isWritable, at: .now())
        context.fireChannelWritabilityChanged()
    }

    /// Answers in the handlers' stead, and ends the connection.
    private func refuse(_ context: ChannelHandlerContext, _ problem: Problem, because error: any Error) {
        guard phase == .open else { return }
        // Before anything else, for what waits for the rest of a body would take the connection's end for the body's.
        phase = .sending
        // Once an answer has begun there is no place for another.
        if clock.hasAnswered {
            context.fireErrorCaught(error)
            linger(context)
            return
        }
        let id = core.ids.next()
        let answer = problem.answer(requestID: id)
        var head = core.head(for: answer, requestID: id)
        var body = ByteBuffer()
        if case .bytes(let bytes) = answer.content { body = bytes }
        if !isStream { head.headerFields[.connection] = "close" }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        send(context, wrapOutboundOut(.end(nil)), nil)
        core.noteRefusal(
            problem, id: id, status: answer.status.code, sourceAddress: context.channel.remoteAddress?.ipAddress)
        context.fireErrorCaught(error)
    }

    /// Writes the end of the last answer, and ends the connection when the kernel has it: closing before would drop what is still on the
    /// way.
    private func send(_ context: ChannelHandlerContext, _ end: NIOAny, _ promise: EventLoopPromise<Void>?) {
        phase = .sending
        let sent = promise ?? context.eventLoop.makePromise()
        sent.futureResult.assumeIsolated().whenComplete { _ in self.linger(context) }
        context.writeAndFlush(end, promise: sent)
    }

    /// The same for answers that were written past the gate, of which there is no word.
    private func lingerOnceSent(_ context: ChannelHandlerContext) {
        guard phase == .sending else { return }
        let unsent = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard unsent > 0 else { return linger(context) }
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { self.lingerOnceSent(context) }
    }

    /// Closes in such a way that the client can read its answer: closing while it still sends would reset the
    /// connection, and the answer with it.
    private func linger(_ context: ChannelHandlerContext) {
        guard phase == .sending else { return }
        guard !isStream, clock.isReading || clock.inFlight > 0 || hasThrownAway else { return close(context) }
        phase = .lingering
        context.close(mode: .output, promise: nil)
        context.read()
        timer?.cancel()
        timer = nil
        scheduleCheck(context, at: .now() + Self.lingerTime)
    }

    private func close(_ context: ChannelHandlerContext) {
        guard phase != .closed else { return }
        phase = .closed
        context.close(promise: nil)
    }
}

/// What two handlers of one connection tell each other. Confined to the connection's event loop.
final class ConnectionActivity {
    /// When a request was last answered past the gate.
    var lastActive = NIODeadline.uptimeNanoseconds(0)
}

extension TimeAmount {
    fileprivate var wholeSeconds: Int64 { max(1, (nanoseconds + 999_999_999) / 1_000_000_000) }
}
