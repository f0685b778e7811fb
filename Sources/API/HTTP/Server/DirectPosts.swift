import ConfigPlatformModel
import ControlPlane
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// Takes the commonest requests with a body on the connection's own event loop: a plain `POST …/changes`, which is answered when the writer
/// has, and the evaluation of flags over OFREP, which is answered at once. No task is started for them. Whatever is not plainly that
/// is handed on, and what cannot be read too, so that there is one place that says why.
final class DirectPosts: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart

    private final class Request {
        let head: HTTPRequestHead
        let match: Router.Match
        let caller: Caller
        let noneMatch: String?
        let requestID: String
        let began = NIODeadline.now()
        var body = ByteBuffer()

        init(
            _ head: HTTPRequestHead, _ match: Router.Match, by caller: Caller, noneMatch: String?, requestID: String
        ) {
            self.head = head
            self.match = match
            self.caller = caller
            self.noneMatch = noneMatch
            self.requestID = requestID
        }
    }

    private enum Stage {
        /// Nothing of this handler's is under way.
        case passing
        /// The body is on its way.
        case reading(Request)
        /// The writer has it.
        case writing(Request, number: UInt64, timeout: Scheduled<Void>)
    }

    /// What comes in while the writer has a change: requests are answered in their order.
    private enum Held {
        case part(HTTPServerRequestPart)
        case event(Any)
        case failure(any Error)
    }

    private let core: ServerCore
    private let reads: DirectReads
    private let activity: ConnectionActivity
    private let requestTime: TimeAmount
    private let sourceAddress: String?
    private var stage = Stage.passing
    /// Requests that were handed on and are not answered yet.
    private var handedOn = 0
    private var held: [Held] = []
    private var isReadHeld = false
    private var changes: UInt64 = 0
    private var proof = TokenProof()
    /// What the last address asked for: a connection often asks the same again.
    private var known: (uri: String, match: Router.Match)?

    /// Longer bodies take long to read: that is not for an event loop.
    private static let bodyBytesMax = 16 << 10
    /// From so many parts on nothing more is read meanwhile.
    private static let heldMax = 16

    /// - Parameter reads: the handler before this one, which answers are sent through.
    init(
        _ core: ServerCore, after reads: DirectReads, activity: ConnectionActivity, requestTime: TimeAmount,
        sourceAddress: String?
    ) {
        self.core = core
        self.reads = reads
        self.activity = activity
        self.requestTime = requestTime
        self.sourceAddress = sourceAddress
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch (stage, part) {
        case (.writing, _):
            held.append(.part(part))
        case (.passing, .head(let head)):
            if handedOn == 0, let request = request(head) {
                stage = .reading(request)
            } else {
                handedOn += 1
                context.fireChannelRead(data)
            }
        case (.reading(let request), .body(var bytes)):
            request.body.writeBuffer(&bytes)
            if request.body.readableBytes > Self.bodyBytesMax { handOn(context, request, isWhole: false) }
        case (.reading(let request), .end(let trailers)):
            guard trailers == nil, perform(context, request) else {
                handOn(context, request, isWhole: true)
                return
            }
        case (.reading, .head), (.passing, .body), (.passing, .end):
            context.fireChannelRead(data)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch stage {
        case .writing:
            held.append(.event(event))
        case .reading(let request):
            // Whoever waits for the rest of it has to know of it.
            handOn(context, request, isWhole: false)
            context.fireUserInboundEventTriggered(event)
        case .passing:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch stage {
        case .writing:
            held.append(.failure(error))
        case .reading(let request):
            handOn(context, request, isWhole: false)
            context.fireErrorCaught(error)
        case .passing:
            context.fireErrorCaught(error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .writing(_, _, let timeout) = stage { timeout.cancel() }
        stage = .passing
        held = []
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if held.count >= Self.heldMax { isReadHeld = true } else { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { handedOn -= 1 }
        context.write(data, promise: promise)
    }

    /// Lets the ordinary handlers have the request.
    private func handOn(_ context: ChannelHandlerContext, _ request: Request, isWhole: Bool) {
        stage = .passing
        handedOn += 1
        context.fireChannelRead(wrapInboundOut(.head(request.head)))
        if request.body.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(.body(request.body))) }
        if isWhole { context.fireChannelRead(wrapInboundOut(.end(nil))) }
    }

    // MARK: Reading

    private func request(_ head: HTTPRequestHead) -> Request? {
        guard head.method == .POST, head.version == .http1_1, let match = match(head.uri),
            let wishes = Self.wishes(head.headers),
            let caller = proof.caller(wishes.authorization, core, sourceAddress: sourceAddress)
        else { return nil }
        let id = core.ids.id(from: wishes.requestID)
        return Request(
            head, match,
            by: Caller(subject: caller.subject, means: caller.means, sourceAddress: sourceAddress, requestID: id),
            noneMatch: wishes.noneMatch, requestID: id)
    }

    /// Nil where a header asks for something else than the plain answer, or might.
    private static func wishes(_ headers: HTTPHeaders) -> DirectWishes? {
        var wishes = DirectWishes()
        var isJSON = false
        var length: Int?
        for (name, value) in headers {
            switch wishes.take(name, value) {
            case .taken: continue
            case .refused: return nil
            case .other: break
            }
            switch name.utf8.count {
            case 14 where name.spells("content-length"): length = Int(value)
            case 12 where name.spells("content-type"): isJSON = value == "application/json"
            case 4 where name.spells("host"), 10 where name.spells("user-agent"),
                15 where name.spells("accept-encoding"):
                break
            default: return nil
            }
        }
        guard isJSON, let length, length <= bodyBytesMax else { return nil }
        return wishes
    }

    /// The route of an address without a query, where it is one that is answered here.
    private func match(_ uri: String) -> Router.Match? {
        if let known, known.uri.hasSameBytes(as: uri) { return known.match }
        var allowed: [HTTPRequest.Method] = []
        guard !uri.utf8.contains(UInt8(ascii: "?")),
            let match = try? core.router.match(.post, uri[...], allowed: &allowed), match.route.direct != nil
        else { return nil }
        known = (uri, match)
        return match
    }

    /// False where the ordinary handlers have to have it.
    private func perform(_ context: ChannelHandlerContext, _ request: Request) -> Bool {
        let body = Array(request.body.readableBytesView)
        switch request.match.route.direct {
        case .changes?:
            guard request.noneMatch == nil, let name = request.match.parameters.first?.value,
                let project = try? ProjectName(parsing: name),
                core.platform.state.projects[project]?.validators.isEmpty == true,
                let change = try? ChangeBody(parsing: body)
            else { return false }
            let proposal = Proposal(
                project: project, by: request.caller.author, message: change.message, operations: change.operations)
            write(context, request, (proposal, change.operations))
        case .answer(let operation)?:
            guard core.platform.staleSince == nil else { return false }
            var fields: HTTPFields = [:]
            fields[.ifNoneMatch] = request.noneMatch
            let incoming = IncomingRequest(
                method: .post, path: request.head.uri[...], rawQuery: "", query: Query(), fields: fields,
                id: request.requestID, sourceAddress: sourceAddress, parameters: request.match.parameters, body: body)
            guard let answer = try? operation(core.platform, request.caller, incoming) else { return false }
            self.answer(context, request, answer, nil)
        case nil: return false
        }
        return true
    }

    // MARK: Writing

    private func write(
        _ context: ChannelHandlerContext, _ request: Request,
        _ change: (proposal: Proposal, operations: [ConfigPlatformModel.Operation])
    ) {
        changes += 1
        let number = changes
        let loop = context.eventLoop
        let timeout = loop.assumeIsolated().scheduleTask(in: requestTime) { self.giveUp(context, number) }
        stage = .writing(request, number: number, timeout: timeout)
        let place = NIOLoopBound((handler: self, context: context), eventLoop: loop)
        core.platform.write(request.caller, change.proposal) { outcome in
            loop.execute {
                let (handler, context) = place.value
                handler.finish(context, number, outcome, change.operations)
            }
        }
    }

    private func finish(
        _ context: ChannelHandlerContext, _ number: UInt64, _ outcome: () -> Result<WriteOutcome, Problem>?,
        _ operations: [ConfigPlatformModel.Operation]
    ) {
        guard case .writing(let request, number, let timeout) = stage else { return }
        timeout.cancel()
        switch outcome() {
        case .success(let outcome): answer(context, request, outcome.answer(nil, isDryRun: false), nil)
        case .failure(let problem):
            let located = problem.located(among: operations)
            answer(context, request, located.answer(requestID: request.requestID), located)
        case nil:
            handOn(context, request, isWhole: true)
            // It came in long ago; whoever waits for the end of what comes in waits for this.
            context.fireChannelReadComplete()
        }
        release(context)
    }

    private func giveUp(_ context: ChannelHandlerContext, _ number: UInt64) {
        guard case .writing(let request, number, _) = stage else { return }
        let problem = RequestGate.tookTooLong(requestTime)
        answer(context, request, problem.answer(requestID: request.requestID), problem)
        release(context)
    }

    private func answer(_ context: ChannelHandlerContext, _ request: Request, _ answer: Answer, _ problem: Problem?) {
        stage = .passing
        reads.send(laidOut(answer, requestID: request.requestID, context.channel.allocator))
        activity.lastActive = .now()
        let elapsed = (activity.lastActive - request.began).nanoseconds
        core.requestMetrics.record(.post, route: request.match.index, status: answer.status.code, nanoseconds: elapsed)
        if problem?.code == .fault {
            core.logger.error(
                "a request failed",
                metadata: ["request_id": "\(request.requestID)", "error": "\(problem?.detail ?? "")"])
        }
        core.log(
            AccessRecord(
                id: request.requestID, method: "POST", path: request.head.uri[...], route: request.match.index,
                status: answer.status.code, caller: request.caller, sourceAddress: sourceAddress, nanoseconds: elapsed,
                problem: problem?.code))
    }

    private func laidOut(_ answer: Answer, requestID: String, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        let body = if case .bytes(let bytes) = answer.content { bytes } else { ByteBuffer() }
        var out = allocator.buffer(capacity: 512 + body.readableBytes)
        out.writeString("HTTP/1.1 \(answer.status.code) \(answer.status.reasonPhrase)\r\n")
        for field in answer.fields { out.writeHeader(field.name.rawName, field.value) }
        core.forEachHeader(besidesThoseOf: answer, requestID: requestID) { out.writeHeader($0.rawName, $1) }
        out.writeStaticString("\r\n")
        out.writeImmutableBuffer(body)
        return out
    }

    /// Takes up what came in meanwhile, in its order, until the writer has a change again.
    private func release(_ context: ChannelHandlerContext) {
        guard !held.isEmpty || isReadHeld else { return }
        let waiting = held
        held = []
        for (index, item) in waiting.enumerated() {
            if case .writing = stage {
                held = Array(waiting[index...])
                break
            }
            switch item {
            case .part(let part): channelRead(context: context, data: wrapInboundOut(part))
            case .event(let event): userInboundEventTriggered(context: context, event: event)
            case .failure(let error): errorCaught(context: context, error: error)
            }
        }
        context.fireChannelReadComplete()
        if isReadHeld, held.count < Self.heldMax {
            isReadHeld = false
            context.read()
        }
    }
}
