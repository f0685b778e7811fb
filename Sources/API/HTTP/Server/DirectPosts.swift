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
    typealias OutboundOut = HTTPServerResponsePart

    private struct Request {
        let head: HTTPRequestHead
        let target: Target
        let caller: Caller
        let noneMatch: String?
        let requestID: String
        let began: NIODeadline
        var body: ByteBuffer
    }

    /// What is asked for, by the request's address.
    private enum Target {
        case changes(of: ProjectName)
        /// A place of nil is the token's own.
        case flag(String, place: OFREPRoutes.Place?)
        case flags(place: OFREPRoutes.Place?)
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
    private var stage = Stage.passing
    /// Requests that were handed on and are not answered yet.
    private var handedOn = 0
    private var held: [Held] = []
    private var isReadHeld = false
    private var changes: UInt64 = 0
    private var proof = TokenProof()
    /// What the last address asked for: a connection often asks the same again.
    private var known: (uri: String, target: Target)?

    /// Longer bodies take long to read: that is not for an event loop.
    private static let bodyBytesMax = 16 << 10
    /// To evaluate more takes longer than other connections of the loop should wait.
    private static let flagsMax = 1_000
    /// From so many parts on nothing more is read meanwhile.
    private static let heldMax = 16

    init(_ core: ServerCore, activity: ConnectionActivity, requestTime: TimeAmount, sourceAddress: String?) {
        self.core = core
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
        case (.reading(var request), .body(var bytes)):
            request.body.writeBuffer(&bytes)
            stage = .reading(request)
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
        guard head.method == .POST, head.version == .http1_1, let target = target(head.uri),
            let wishes = Self.wishes(head.headers),
            let caller = proof.caller(wishes.authorization, core, sourceAddress: sourceAddress)
        else { return nil }
        let id = core.ids.id(from: wishes.requestID)
        return Request(
            head: head, target: target,
            caller: Caller(
                subject: caller.subject, means: caller.means, sourceAddress: sourceAddress, requestID: id),
            noneMatch: wishes.noneMatch,
            requestID: id, began: .now(), body: ByteBuffer())
    }

    /// What a request's headers ask for, where that is no more than this handler can do.
    private struct Wishes {
        var authorization: String?
        var noneMatch: String?
        var requestID: String?
    }

    /// Nil where a header asks for something else than the plain answer, or might.
    private static func wishes(_ headers: HTTPHeaders) -> Wishes? {
        var wishes = Wishes()
        var isJSON = false
        var length: Int?
        for (name, value) in headers {
            switch name.utf8.count {
            case 13 where name.spells("authorization"):
                guard wishes.authorization == nil else { return nil }
                wishes.authorization = value
            case 13 where name.spells("if-none-match"):
                guard wishes.noneMatch == nil else { return nil }
                wishes.noneMatch = value
            case 14 where name.spells("content-length"): length = Int(value)
            case 12 where name.spells("content-type"): isJSON = value == "application/json"
            case 12 where name.spells("x-request-id"): wishes.requestID = value
            case 6 where name.spells("accept"):
                guard value == "*/*" || value == "application/json" else { return nil }
            case 10 where name.spells("connection"):
                guard value.spells("keep-alive") else { return nil }
            case 4 where name.spells("host"), 10 where name.spells("user-agent"),
                15 where name.spells("accept-encoding"):
                break
            default: return nil
            }
        }
        guard isJSON, let length, length <= bodyBytesMax else { return nil }
        return wishes
    }

    private func target(_ uri: String) -> Target? {
        if let known, known.uri.utf8.elementsEqual(uri.utf8) { return known.target }
        guard let target = Self.target(uri) else { return nil }
        known = (uri, target)
        return target
    }

    private static func target(_ uri: String) -> Target? {
        let parts = uri.split(separator: "/", omittingEmptySubsequences: false)
        let prefix = RouteTable.base.split(separator: "/", omittingEmptySubsequences: false)
        if parts.starts(with: prefix) {
            let parts = parts.dropFirst(prefix.count)
            guard parts.count == 3, parts.first == "projects", parts.last == "changes",
                let project = try? ProjectName(parsing: parts[parts.startIndex + 1])
            else { return nil }
            return .changes(of: project)
        }
        var rest = parts.dropFirst()
        var place: OFREPRoutes.Place?
        if rest.first == "projects" {
            guard parts.count > 5, parts[3] == "environments", let project = try? ProjectName(parsing: parts[2]),
                let environment = try? EnvironmentName(parsing: parts[4])
            else { return nil }
            place = (project, environment)
            rest = parts[5...]
        }
        guard rest.starts(with: ["ofrep", "v1", "evaluate", "flags"]) else { return nil }
        rest = rest.dropFirst(4)
        guard let flag = rest.first else { return .flags(place: place) }
        // Nothing that has to be decoded, or is a query.
        guard rest.count == 1, !flag.isEmpty, !flag.utf8.contains(where: { $0 == 0x25 || $0 == 0x3F }) else {
            return nil
        }
        return .flag(String(flag), place: place)
    }

    private func routeIndex(_ target: Target) -> Int? {
        switch target {
        case .changes: core.directRoutes.changes
        case .flag(_, nil): core.directRoutes.flag
        case .flag: core.directRoutes.placedFlag
        case .flags(nil): core.directRoutes.flags
        case .flags: core.directRoutes.placedFlags
        }
    }

    /// False where the ordinary handlers have to have it.
    private func perform(_ context: ChannelHandlerContext, _ request: Request) -> Bool {
        switch request.target {
        case .changes(let project):
            guard request.noneMatch == nil, core.platform.state.projects[project]?.validators.isEmpty == true,
                let body = try? ChangeBody(parsing: Array(request.body.readableBytesView))
            else { return false }
            let proposal = Proposal(
                project: project, by: request.caller.author, message: body.message, operations: body.operations)
            write(context, request, (proposal, body.operations))
        case .flag(let key, let place):
            guard request.noneMatch == nil, core.platform.staleSince == nil,
                let flags = try? OFREPRoutes.flags(core.platform, request.caller, place)
            else { return false }
            answer(
                context, request, OFREPRoutes.evaluate(key, flags, Array(request.body.readableBytesView)), nil)
        case .flags(let place):
            guard core.platform.staleSince == nil,
                let flags = try? OFREPRoutes.flags(core.platform, request.caller, place),
                flags.flags.contents.count <= Self.flagsMax,
                let all = try? OFREPRoutes.evaluateAll(
                    flags, Array(request.body.readableBytesView), path: request.head.uri[...],
                    known: request.noneMatch)
            else { return false }
            answer(context, request, all, nil)
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
        let route = routeIndex(request.target)
        core.requestMetrics.record(.post, route: route, status: head.status.code, nanoseconds: elapsed)
        if problem?.code == .fault {
            core.logger.error(
                "a request failed",
                metadata: ["request_id": "\(request.requestID)", "error": "\(problem?.detail ?? "")"])
        }
        core.log(
            AccessRecord(
                id: request.requestID, method: "POST", path: request.head.uri[...], route: route,
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
