import ConfigPlatformModel
import ControlPlane
import GRPCCore
import Logging
import NIOCore
import NIOPosix

/// What every call goes through: who calls, of which environment, and with what it ended. Without a proved caller nothing is answered.
struct FlagCalls: Sendable {
    private let platform: Platform
    private let connections: GRPCConnections
    private let clientAddress: ClientAddress
    private let asksForCertificates: Bool
    private let stall: TimeAmount
    private let ids = RequestIDs()
    private let metrics: GRPCMetrics
    private let logger: Logger

    init(
        platform: Platform, settings: ServerSettings, connections: GRPCConnections, metrics: PrometheusMetrics,
        logger: Logger
    ) {
        self.platform = platform
        self.connections = connections
        clientAddress = ClientAddress(trustedProxies: settings.trustedProxies)
        asksForCertificates = settings.clientAuthoritiesPath != nil
        stall = TimeAmount(seconds: settings.stallSeconds)
        self.metrics = GRPCMetrics(metrics)
        self.logger = logger
    }

    /// One call under way.
    struct Call: Sendable {
        let method: String
        let id: String
        let peer: String
        let sourceAddress: String?
        let began = NIODeadline.now()
        var caller: Caller?
        var tokenHash: Digest?
    }

    /// Answers with what the body makes of the environment's flags as they stand.
    ///
    /// - Parameter selector: the one in the message, of clients that do not send the header.
    func answer<Message, Reply>(
        _ request: ServerRequest<Message>, _ context: ServerContext, selector: String = "",
        _ body: (FlagReading) throws -> Reply
    ) async throws -> ServerResponse<Reply> {
        var call = call(request.metadata, context)
        do {
            let caller = try await admit(&call, request.metadata)
            let (project, environment) = try platform.flagEnvironment(
                of: caller, selector: Self.selector(request.metadata, selector))
            let flags = try platform.flags(caller, environment, of: project)
            let reply = try body(flags)
            finished(call, nil)
            return ServerResponse(message: reply, metadata: Self.metadata(flags))
        } catch {
            throw failed(call, error)
        }
    }

    /// Says that there is nothing of the kind, to callers only.
    func refuse<Message, Reply>(
        _ request: ServerRequest<Message>, _ context: ServerContext, _ status: RPCError
    ) async throws -> ServerResponse<Reply> {
        var call = call(request.metadata, context)
        do {
            _ = try await admit(&call, request.metadata)
            throw status
        } catch {
            throw failed(call, error)
        }
    }

    /// Sends what the translation makes of each event of the environment's flags, until the client leaves, its token ends, or the server
    /// stops.
    func follow<Message, Reply>(
        _ request: ServerRequest<Message>, _ context: ServerContext, selector: String = "",
        _ translate: @escaping @Sendable (WatchEvent) -> Reply?
    ) async throws -> StreamingServerResponse<Reply> {
        var call = call(request.metadata, context)
        do {
            let caller = try await admit(&call, request.metadata)
            let (project, environment) = try platform.flagEnvironment(
                of: caller, selector: Self.selector(request.metadata, selector))
            let flags = try platform.flags(caller, environment, of: project)
            let admitted = call
            // The watch begins where it is certain to end: what is returned here may never be run.
            return StreamingServerResponse(metadata: Self.metadata(flags)) { writer in
                do {
                    let watch = try await platform.watchFlags(caller, environment, of: project, after: nil)
                    defer { watch.end() }
                    try await withRPCCancellationHandler {
                        // What was cancelled before runs no handler.
                        if context.cancellation.isCancelled { watch.end() }
                        try await send(watch, to: writer, admitted, caller, translate)
                    } onCancelRPC: {
                        watch.end()
                    }
                    guard context.cancellation.isCancelled else {
                        throw Problem(.unavailable, "The server stops; connect again.")
                    }
                    throw CancellationError()
                } catch let error where !(error is Problem) && context.cancellation.isCancelled {
                    // What a write comes to once the client has left.
                    throw failed(admitted, CancellationError())
                } catch {
                    throw failed(admitted, error)
                }
            }
        } catch {
            throw failed(call, error)
        }
    }

    private func send<Reply>(
        _ watch: WatchSubscription, to writer: RPCWriter<Reply>, _ call: Call, _ caller: Caller,
        _ translate: (WatchEvent) -> Reply?
    ) async throws {
        while let event = await watch.next() {
            switch event.kind {
            case .snapshot, .change, .heartbeat: break
            case .deleted: throw Problem(.notFound, "The environment has ended.")
            case .behind: throw Problem(.unavailable, "Too much was left untaken; connect again.")
            }
            switch platform.sight(of: event, by: caller, tokenHash: call.tokenHash) {
            case .whole, .part: break
            case .nothing: throw Problem(.forbidden, "The token no longer permits to evaluate flags here.")
            case .ended: throw Problem(.unauthenticated, "The token has ended; ask an administrator for a new one.")
            }
            guard let reply = translate(event) else { continue }
            // A client that takes nothing is given up with its connection.
            let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: stall) {
                connections.close(call.peer)
            }
            defer { timer.cancel() }
            try await writer.write(reply)
        }
    }

    private static func metadata(_ flags: FlagReading) -> Metadata {
        ["x-revision": .string(String(flags.token.revision.number))]
    }

    // MARK: Letting in

    private func call(_ metadata: Metadata, _ context: ServerContext) -> Call {
        let given = metadata[stringValues: "x-request-id"].first { _ in true }
        let forwarded =
            clientAddress.trustedProxies.isEmpty
            ? nil : Array(metadata[stringValues: "x-forwarded-for"]).joined(separator: ",")
        return Call(
            method: context.descriptor.fullyQualifiedMethod, id: ids.id(from: given), peer: context.remotePeer,
            sourceAddress: clientAddress.client(
                peer: GRPCConnections.address(of: context.remotePeer), forwardedFor: forwarded))
    }

    private func admit(_ call: inout Call, _ metadata: Metadata) async throws(Problem) -> Caller {
        let token = metadata[stringValues: "authorization"].first { _ in true }.flatMap(BearerToken.text)
        var proofs = Proofs(token: token)
        if token == nil, asksForCertificates { proofs.certificate = await connections.principal(of: call.peer) }
        let caller = try await platform.authenticate(proofs, sourceAddress: call.sourceAddress, requestID: call.id)
        call.caller = caller
        call.tokenHash = token.flatMap { TokenText($0) }?.hash
        return caller
    }

    /// The header's, or else the message's; nil where neither has one.
    private static func selector(_ metadata: Metadata, _ inMessage: String) -> String? {
        let header = metadata[stringValues: "flagd-selector"].first { _ in true } ?? ""
        let text = header.isEmpty ? inMessage : header
        return text.isEmpty ? nil : text
    }

    // MARK: Ending

    private func failed(_ call: Call, _ error: any Error) -> RPCError {
        let status: RPCError
        switch error {
        case let problem as Problem:
            if problem.code == .fault {
                logger.error("a call failed", metadata: ["request_id": "\(call.id)", "error": "\(problem.detail)"])
            }
            status = problem.status(requestID: call.id)
        case let error as RPCError: status = error
        case is CancellationError: status = RPCError(code: .cancelled, message: "The call was cancelled.")
        default:
            logger.error("a call failed", metadata: ["request_id": "\(call.id)", "error": "\(error)"])
            status = Problem(.fault, "The server failed; its log says more under the call's id.")
                .status(requestID: call.id)
        }
        finished(call, status)
        return status
    }

    /// Counts and logs a call: reads at debug, what failed on this side at warning.
    private func finished(_ call: Call, _ error: RPCError?) {
        let nanoseconds = (NIODeadline.now() - call.began).nanoseconds
        metrics.record(call.method, code: error.map { Status.Code($0.code) } ?? .ok, nanoseconds: nanoseconds)
        let isFault = error?.metadata[stringValues: "problem"].contains(Problem.Code.fault.rawValue) == true
        let level: Logger.Level = isFault ? .warning : .debug
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(call.id)", "method": "\(call.method)", "duration_us": "\(nanoseconds / 1_000)",
            "status": "\(error.map { "\($0.code)" } ?? "ok")",
        ]
        if let principal = call.caller?.principal.rawValue { metadata["principal"] = "\(principal)" }
        if let address = call.sourceAddress { metadata["source"] = "\(address)" }
        logger.log(level: level, "call", metadata: metadata)
    }
}
