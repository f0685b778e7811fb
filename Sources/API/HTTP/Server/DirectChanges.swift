import ConfigPlatformModel
import ControlPlane
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// Takes the commonest write, a plain `POST …/changes`, on the connection's own event loop and answers it when the writer has: no task is
/// started, and nobody is woken, for a change. Whatever is not plainly that is handed on, and what cannot be read too, so that there is one
/// place that says why.
final class DirectChanges: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private struct Request {
        let head: HTTPRequestHead
        let project: ProjectName
        let caller: Caller
        let requestID: String
        let began: NIODeadline
        var body: ByteBuffer
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
    private let activity: ConnectionActivity
    private let requestTime: TimeAmount
    private let sourceAddress: String?
    private let routeIndex: Int?
    private var stage = Stage.passing
    /// Requests that were handed on and are not answered yet.
    private var handedOn = 0
    private var held: [Held] = []
    private var isReadHeld = false
    private var changes: UInt64 = 0
    private var proof = TokenProof()

    /// Longer bodies take long to read: that is not for an event loop.
    private static let bodyBytesMax = 16 << 10
    /// From so many parts on nothing more is read meanwhile.
    private static let heldMax = 16

    init(_ core: ServerCore, activity: ConnectionActivity, requestTime: TimeAmount, sourceAddress: String?) {
        self.core = core
        self.activity = activity
        self.requestTime = requestTime
        self.sourceAddress = sourceAddress
        routeIndex = core.router.routes.firstIndex { $0.method == .post && $0.pattern == Self.pattern }
    }

    private static let prefix = "\(RouteTable.base)/projects/"
    private static let suffix = "/changes"
    private static let pattern = prefix + "{project}" + suffix

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
        case (.reading(var request), .body(var bytes)):
            request.body.writeBuffer(&bytes)
            stage = .reading(request)
            if request.body.readableBytes > Self.bodyBytesMax { handOn(context, request, isWhole: false) }
        case (.reading(let request), .end(let trailers)):
            if trailers == nil, let proposal = proposal(request) {
                write(context, request, proposal)
            } else {
                handOn(context, request, isWhole: true)
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
        guard head.method == .POST, head.version == .http1_1, routeIndex != nil, head.uri.hasPrefix(Self.prefix),
            head.uri.hasSuffix(Self.suffix)
        else { return nil }
        let name = head.uri.dropFirst(Self.prefix.utf8.count).dropLast(Self.suffix.utf8.count)
        guard let project = try? ProjectName(parsing: name), let wishes = Self.wishes(head.headers),
            let caller = proof.caller(wishes.authorization, core, sourceAddress: sourceAddress)
        else { return nil }
        let id = core.ids.id(from: wishes.requestID)
        return Request(
            head: head, project: project,
            caller: Caller(
                subject: caller.subject, means: caller.means, sourceAddress: sourceAddress, requestID: id),
            requestID: id, began: .now(), body: ByteBuffer())
    }

    /// Nil where a header asks for something else than the plain answer, or might.
    private static func wishes(_ headers: HTTPHeaders) -> (authorization: String?, requestID: String?)? {
        var authorization: String?
        var requestID: String?
        var isJSON = false
        var length: Int?
        for (name, value) in headers {
            switch name.lowercased() {
            case "authorization":
                guard authorization == nil else { return nil }
                authorization = value
            case "content-length": length = Int(value)
            case "content-type": isJSON = value == "application/json"
            case "x-request-id": requestID = value
            case "accept":
                guard value == "*/*" || value == "application/json" else { return nil }
            case "connection":
                guard value.lowercased() == "keep-alive" else { return nil }
            case "host", "user-agent", "accept-encoding": break
            default: return nil
            }
        }
        guard isJSON, let length, length <= bodyBytesMax else { return nil }
        return (authorization, requestID)
    }

    private func proposal(_ request: Request) -> (Proposal, [ConfigPlatformModel.Operation])? {
        guard core.platform.state.projects[request.project]?.validators.isEmpty == true,
            let body = try? ChangeBody(parsing: Array(request.body.readableBytesView))
        else { return nil }
        return (
            Proposal(
                project: request.project, by: request.caller.author, message: body.message,
                operations: body.operations), body.operations
        )
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
        let head = core.head(for: answer, requestID: request.requestID)
        var headers = HTTPHeaders()
        headers.reserveCapacity(head.headerFields.count + 1)
        for field in head.headerFields { headers.add(name: field.name.rawName, value: field.value) }
        context.write(
            wrapOutboundOut(
                .head(
                    HTTPResponseHead(
                        version: .http1_1, status: HTTPResponseStatus(statusCode: head.status.code), headers: headers))),
            promise: nil)
        if case .bytes(let bytes) = answer.content {
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        activity.lastActive = .now()
        let elapsed = (activity.lastActive - request.began).nanoseconds
        core.requestMetrics.record(.post, route: routeIndex, status: head.status.code, nanoseconds: elapsed)
        if problem?.code == .fault {
            core.logger.error(
                "a request failed",
                metadata: ["request_id": "\(request.requestID)", "error": "\(problem?.detail ?? "")"])
        }
        core.log(
            AccessRecord(
                id: request.requestID, method: "POST", path: request.head.uri[...], route: routeIndex,
                status: head.status.code, caller: request.caller, sourceAddress: sourceAddress, nanoseconds: elapsed,
                problem: problem?.code))
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
