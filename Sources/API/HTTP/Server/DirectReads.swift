import ConfigPlatformModel
import ControlPlane
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// Answers the commonest request, a GET of settings as they are now, on the connection's own event loop, with bytes
/// that are laid out already. Whatever is not plainly that is handed on.
///
/// The token is looked up and the environment read through the same operations as everywhere else, for each request;
/// kept of one request to the next are only the hash of its token and the text of its head.
final class DirectReads: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private struct Prepared {
        let head: HTTPRequestHead
        let answer: DirectAnswer
        let token: RevisionToken
        let isNotModified: Bool
        let requestID: String
        let began: NIODeadline
    }

    private let core: ServerCore
    private let activity: ConnectionActivity
    private let sourceAddress: String?
    private var encoder: ChannelHandlerContext?
    /// Requests that were handed on and are not answered yet: answers keep the order of requests.
    private var handedOn = 0
    private var prepared: Prepared?
    private var hasWritten = false
    private var proof = TokenProof()
    private var revisionLines: (token: RevisionToken, lines: String)?

    /// Bodies up to this size travel in one piece with their head.
    private static let joinedBytesMax = 16 << 10

    init(_ core: ServerCore, activity: ConnectionActivity, sourceAddress: String?) {
        self.core = core
        self.activity = activity
        self.sourceAddress = sourceAddress
    }

    func handlerAdded(context: ChannelHandlerContext) {
        encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { encoder = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if handedOn == 0, prepared == nil, let prepared = prepare(context, head) {
                self.prepared = prepared
                return
            }
            handedOn += 1
        case .body:
            // A GET with a body is not the common one after all.
            handOnPrepared(context)
        case .end(let trailers):
            if trailers == nil, let prepared {
                self.prepared = nil
                write(context, prepared)
                return
            }
            handOnPrepared(context)
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if hasWritten {
            hasWritten = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { handedOn -= 1 }
        context.write(data, promise: promise)
    }

    private func handOnPrepared(_ context: ChannelHandlerContext) {
        guard let prepared else { return }
        self.prepared = nil
        handedOn += 1
        context.fireChannelRead(wrapInboundOut(.head(prepared.head)))
    }

    /// Sends the answer to a request that was handed on, laid out as it travels.
    func send(_ answer: ByteBuffer) {
        handedOn -= 1
        encoder?.writeAndFlush(NIOAny(answer), promise: nil)
    }

    // MARK: Deciding

    private func prepare(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) -> Prepared? {
        guard head.method == .GET, head.version == .http1_1, encoder != nil, context.channel.isWritable,
            let answer = core.directAnswers.answer(to: head.uri), let wishes = Self.wishes(head.headers),
            let caller = proof.caller(wishes.authorization, core, sourceAddress: sourceAddress),
            core.platform.staleSince == nil
        else { return nil }
        let place = answer.validity.place
        guard let reading = try? core.platform.read(caller, place.environment, of: place.project),
            answer.validity.holds(for: reading)
        else { return nil }
        var isNotModified = false
        if let noneMatch = wishes.noneMatch {
            guard let tag = answer.entityTag, noneMatch.hasSameBytes(as: tag) else { return nil }
            isNotModified = true
        }
        return Prepared(
            head: head, answer: answer, token: reading.token, isNotModified: isNotModified,
            requestID: core.ids.id(from: wishes.requestID), began: .now())
    }

    /// Nil where a header asks for something else than the plain answer.
    private static func wishes(_ headers: HTTPHeaders) -> DirectWishes? {
        var wishes = DirectWishes()
        for (name, value) in headers {
            switch wishes.take(name, value) {
            case .taken: continue
            case .refused: return nil
            case .other: break
            }
            switch name.utf8.count {
            case 6 where name.spells("expect"), 8 where name.spells("if-match"),
                17 where name.spells("transfer-encoding"),
                18 where name.spells("x-minimum-revision"):
                return nil
            case 14 where name.spells("content-length"):
                guard value == "0" else { return nil }
            default: break
            }
        }
        return wishes
    }

    // MARK: Answering

    private func write(_ context: ChannelHandlerContext, _ prepared: Prepared) {
        guard let encoder else { return }
        let answer = prepared.answer
        let isJoined = !prepared.isNotModified && answer.body.readableBytes <= Self.joinedBytesMax
        let head = prepared.isNotModified ? answer.notModifiedHead : answer.head
        var out = context.channel.allocator.buffer(
            capacity: head.readableBytes + 192 + (isJoined ? answer.body.readableBytes : 0))
        out.writeImmutableBuffer(head)
        out.writeString("Date: ")
        out.writeString(core.date.now)
        out.writeString(lines(for: prepared.token))
        out.writeString(prepared.requestID)
        out.writeString("\r\n\r\n")
        if isJoined { out.writeImmutableBuffer(answer.body) }
        encoder.write(NIOAny(out), promise: nil)
        if !prepared.isNotModified, !isJoined { encoder.write(NIOAny(answer.body), promise: nil) }
        hasWritten = true
        activity.lastActive = .now()
        let elapsed = activity.lastActive - prepared.began
        let status = prepared.isNotModified ? 304 : 200
        core.requestMetrics.record(.get, route: answer.routeIndex, status: status, nanoseconds: elapsed.nanoseconds)
        if core.logger.logLevel <= .debug {
            core.log(
                AccessRecord(
                    id: prepared.requestID, method: "GET", path: prepared.head.uri[...], route: answer.routeIndex,
                    status: status,
                    caller: proof.caller, sourceAddress: sourceAddress, nanoseconds: elapsed.nanoseconds))
        }
    }

    /// The end of the `Date` line up to the beginning of the value of `X-Request-ID`.
    private func lines(for token: RevisionToken) -> String {
        if let revisionLines, revisionLines.token == token { return revisionLines.lines }
        let lines = "\r\nX-Revision: \(token.revision)\r\nX-Revision-Token: \(token.text)\r\nX-Request-ID: "
        revisionLines = (token, lines)
        return lines
    }
}

/// The token that a connection sent last, and whose it is: proved once, and asked at each request whether it still is.
struct TokenProof {
    private var proved: (authorization: String, hash: Digest, caller: Caller)?

    var caller: Caller? { proved?.caller }

    /// The caller of a live token; nil for whatever else there is, which is counted nowhere.
    mutating func caller(_ authorization: String?, _ core: ServerCore, sourceAddress: String?) -> Caller? {
        guard let authorization else { return nil }
        if let proved, proved.authorization.hasSameBytes(as: authorization) {
            return core.platform.isLive(proved.caller, tokenHash: proved.hash) ? proved.caller : nil
        }
        guard let hash = BearerToken.text(in: authorization).flatMap({ TokenText($0) })?.hash,
            let caller = core.platform.caller(tokenHash: hash, sourceAddress: sourceAddress)
        else { return nil }
        proved = (authorization, hash, caller)
        return caller
    }
}

/// `Authorization: Bearer TOKEN` (RFC 6750).
enum BearerToken {
    static func text(in authorization: String) -> String? {
        let scheme = authorization.prefix(7)
        guard scheme.lowercased() == "bearer " else { return nil }
        return String(authorization.dropFirst(7).drop { $0 == " " })
    }
}
