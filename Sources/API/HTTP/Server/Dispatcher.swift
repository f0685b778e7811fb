import ConfigPlatformModel
import ControlPlane
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore

/// Takes a request from the transport through its stages to a handler, and the answer back.
struct Dispatcher: Sendable {
    let core: ServerCore

    /// What is known of a request so far.
    private struct Exchange {
        let request: Request
        let id: String
        let path: Substring
        let rawQuery: Substring
        let sourceAddress: String?
        let channel: any Channel
        let began = NIODeadline.now()
        var match: Router.Match?
        var query: Query?
        var caller: Caller?
        var tokenHash: Digest?
        var allowed: [HTTPRequest.Method] = []
        var hasBegunBody = false
        /// Whether the writer has the write: it records its own refusals.
        var hasReachedWriter = false

        var method: HTTPRequest.Method { request.method }

        func proved() throws(Problem) -> Caller {
            guard let caller else { throw Problem(.fault, "The request has no caller.") }
            return caller
        }
    }

    /// Bodies up to this size are read even where the request was refused before, so that its connection can be used
    /// again.
    private static let discardedBytesMax = 64 << 10
    /// Larger answers are written piece by piece, each when the client has taken the one before.
    private static let pieceBytes = 256 << 10

    @Sendable @concurrent func respond(to request: Request, writer: consuming ResponseWriter, channel: any Channel)
        async throws
    {
        var exchange = exchange(request, channel)
        var answer: Answer
        var problem: Problem?
        do throws(Problem) {
            try await admit(&exchange)
            if request.headers[.expect]?.lowercased() == "100-continue", exchange.match?.route.body.isRead == true {
                try? await writer.writeInformationalHead(HTTPResponse(status: .continue))
            }
            let body = try await readBody(&exchange)
            answer = try await perform(&exchange, body)
        } catch {
            problem = error
            await recordRefusal(exchange, error)
            await discardBody(exchange)
            answer = error.answer(requestID: exchange.id)
            if error.code == .methodNotAllowed {
                answer.fields[.allow] = exchange.allowed.map(\.rawValue).joined(separator: ", ")
            }
            if error.code == .unsupportedMediaType, request.headers[.contentEncoding] != nil {
                answer.fields[.acceptEncoding] = "identity"
            }
        }
        keep(answer, for: exchange)
        let head = core.head(for: answer, requestID: exchange.id)
        if case .events(let stream) = answer.content {
            finished(exchange, status: head.status.code, problem)
            return try await stream.send(head, to: writer, over: channel, tokenHash: exchange.tokenHash, core)
        }
        try await send(answer, head, to: writer, isBodyWanted: exchange.method != .head)
        finished(exchange, status: head.status.code, problem)
    }

    private func exchange(_ request: Request, _ channel: any Channel) -> Exchange {
        let target = request.head.path ?? ""
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return Exchange(
            request: request, id: core.ids.id(from: request.headers[.requestID]), path: parts.first ?? "",
            rawQuery: parts.count == 2 ? parts[1] : "",
            sourceAddress: core.clientAddress.client(
                peer: channel.remoteAddress?.ipAddress, forwardedFor: request.headers[.forwardedFor]),
            channel: channel)
    }

    // MARK: Stages

    /// Everything that can be said of a request by its head.
    private func admit(_ exchange: inout Exchange) async throws(Problem) {
        let match: Router.Match
        do throws(Problem) {
            match = try core.router.match(exchange.method, exchange.path, allowed: &exchange.allowed)
        } catch {
            // What there is and what there is not is told to callers only.
            try await authenticate(&exchange, .read)
            throw error
        }
        exchange.match = match
        try await authenticate(&exchange, match.route.access)
        if match.route.readsLedger, let text = exchange.request.headers[.minimumRevision] {
            try await core.platform.awaitRevision(RevisionToken(text, of: .minimumRevision))
        }
        if match.route.refusesIdempotencyKey, exchange.request.headers[.idempotencyKey] != nil {
            throw Problem(
                .invalidRequest,
                "An Idempotency-Key is not taken here: this would be done again when it is repeated. Leave the header out, and look what there is "
                    + "before you repeat the request.",
                violations: [Violation("Not taken here.", keyword: "Idempotency-Key")])
        }
        try checkMediaType(exchange.request.headers[.contentType], match.route.body)
        try checkEncoding(exchange.request.headers[.contentEncoding], match.route.body)
        let query = try Query(parsing: exchange.rawQuery)
        try query.check(known: match.route.query)
        exchange.query = query
    }

    private func authenticate(_ exchange: inout Exchange, _ access: Route.Access) async throws(Problem) {
        if access == .anonymous || (access == .monitor && core.settings.isMetricsPublic) { return }
        var token = exchange.request.headers[.authorization].flatMap(BearerToken.text)
        // OpenFeature's clients may send it so.
        if token == nil, exchange.path.contains("/ofrep/v1/") { token = exchange.request.headers[.apiKey] }
        var proofs = Proofs(token: token)
        if token == nil, core.settings.clientAuthoritiesPath != nil {
            proofs.certificate = await ClientCertificates.principal(of: exchange.channel)
        }
        exchange.caller = try await core.platform.authenticate(
            proofs, sourceAddress: exchange.sourceAddress,
            requestID: exchange.id)
        exchange.tokenHash = token.flatMap { TokenText($0) }?.hash
    }

    private func checkMediaType(_ given: String?, _ rule: Route.BodyRule) throws(Problem) {
        guard let wanted = rule.mediaType, given != wanted else { return }
        let type = given.map { $0.prefix { $0 != ";" }.filter { $0 != " " }.lowercased() }
        guard type != wanted else { return }
        throw Problem(
            .unsupportedMediaType,
            "The body of this request is \(wanted)\(given.map { ", not '\(InvalidIdentifier.shown($0))'" } ?? ""). Send it with "
                + "Content-Type: \(wanted).")
    }

    /// What is packed would be read as it stands, and taken for something else.
    private func checkEncoding(_ given: String?, _ rule: Route.BodyRule) throws(Problem) {
        guard rule.isRead, let given, given.lowercased() != "identity" else { return }
        throw Problem(
            .unsupportedMediaType,
            "The body is encoded as '\(InvalidIdentifier.shown(given))', and bodies are not unpacked here. Send it as it is, without "
                + "Content-Encoding.", violations: [Violation("Not taken here.", keyword: "Content-Encoding")])
    }

    /// The body, where the route takes one. Bounded before it is read where its length is told, and while it is read
    /// where not.
    private func readBody(_ exchange: inout Exchange) async throws(Problem) -> [UInt8] {
        guard let route = exchange.match?.route, route.body.isRead else { return [] }
        let limit = min(core.settings.bodyBytesMax, route.bodyBytesMax)
        let tooLarge = Problem(
            .tooLarge, "The body has more than \(limit) bytes. Divide what it carries over several requests.")
        let length = exchange.request.headers[.contentLength].flatMap { Int($0) }
        if let length, length > limit { throw tooLarge }
        exchange.hasBegunBody = true
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length ?? 0)
        do {
            for try await chunk in exchange.request.body {
                guard bytes.count + chunk.readableBytes <= limit else { throw tooLarge }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.invalidRequest, "The body broke off before its end; send the request again.")
        }
        guard length == nil || length == bytes.count else {
            throw Problem(.invalidRequest, "The body broke off before its end; send the request again.")
        }
        return bytes
    }

    private func perform(_ exchange: inout Exchange, _ body: [UInt8]) async throws(Problem) -> Answer {
        guard let match = exchange.match, let query = exchange.query else {
            throw Problem(.fault, "The request has no route.")
        }
        let incoming = IncomingRequest(
            method: exchange.method, path: exchange.path, rawQuery: exchange.rawQuery, query: query,
            fields: exchange.request.headers, id: exchange.id, sourceAddress: exchange.sourceAddress,
            parameters: match.parameters, body: body)
        switch match.route.handler {
        case .status(let status): return await status(Surroundings(platform: core.platform, metrics: core.metrics))
        case .entrance(let entrance): return try await entrance(core.platform, incoming)
        case .operation(let operation), .administration(_, let operation):
            return try await operation(core.platform, exchange.proved(), incoming)
        case .write(let action, let plan):
            let caller = try exchange.proved()
            return try await write(plan(core.platform, caller, incoming), action, caller, incoming, &exchange)
        }
    }

    /// The one way from a request into the ledger.
    private func write(
        _ planned: PlannedWrite, _ action: AuditEvent.Action, _ caller: Caller, _ incoming: IncomingRequest,
        _ exchange: inout Exchange
    ) async throws(Problem) -> Answer {
        let isDryRun = try incoming.query.flag("dryRun")
        let idempotencyKey = incoming.fields[.idempotencyKey]
        if let idempotencyKey, !(1...Limits.idempotencyKeyBytes).contains(idempotencyKey.utf8.count) {
            throw Problem(.invalidRequest, "An Idempotency-Key has 1 to \(Limits.idempotencyKeyBytes) bytes.")
        }
        let request = WriteRequest(
            proposal: planned.proposal, action: action, isDryRun: isDryRun, idempotencyKey: idempotencyKey,
            requestDigest: idempotencyKey == nil ? .zero : incoming.digest,
            isRequest: try incoming.query.flag("request"))
        exchange.hasReachedWriter = true
        do throws(Problem) {
            let outcome = try await core.platform.write(caller, request)
            return outcome.answer(planned.imported, isDryRun: isDryRun)
        } catch {
            throw planned.imported?.located(error)
                ?? error.located(among: planned.bodyOperations, about: planned.proposal.about)
        }
    }

    /// Refusals of an authenticated caller are events, those too that never got as far as the writer.
    private func recordRefusal(_ exchange: Exchange, _ problem: Problem) async {
        guard let caller = exchange.caller, let match = exchange.match, !exchange.hasReachedWriter,
            !problem.isRecorded, problem.code.row.status.code < 500
        else { return }
        let action: AuditEvent.Action
        switch match.route.handler {
        case .status, .entrance, .operation: return
        case .administration(let administration, _):
            action = administration
        case .write(let write, _):
            // A dry run would have written nothing.
            if (try? exchange.query?.flag("dryRun")) == true { return }
            action = write
        }
        func named(_ parameter: String) -> String { match.parameters.first { $0.name == parameter }?.value ?? "" }
        let target =
            (try? ProjectName(parsing: named("project"))).map { project in
                let environment = try? EnvironmentName(parsing: named("environment"))
                return AuditEvent.target(of: environment.map { [.environment($0, in: project)] } ?? [], in: project)
            } ?? "platform"
        await core.platform.recordRefusal(caller, action: action, target: target, problem: problem)
    }

    /// Reads a small body past, so that the connection of a request that was refused by its head can be used again.
    private func discardBody(_ exchange: Exchange) async {
        guard !exchange.hasBegunBody, exchange.request.headers[.expect] == nil,
            let length = exchange.request.headers[.contentLength].flatMap({ Int($0) }),
            (1...Self.discardedBytesMax).contains(length)
        else { return }
        do {
            for try await _ in exchange.request.body {}
        } catch {
            // The connection has ended, or is about to.
        }
    }

    // MARK: Answering

    @concurrent private func send(
        _ answer: Answer, _ head: HTTPResponse, to writer: consuming ResponseWriter, isBodyWanted: Bool
    ) async throws {
        guard case .bytes(var bytes) = answer.content, isBodyWanted else { return try await writer.writeResponse(head) }
        guard bytes.readableBytes > Self.pieceBytes else {
            return try await writer.write(response: head, body: ResponseBody(byteBuffer: bytes))
        }
        var body = try await writer.writeHead(head)
        while let piece = bytes.readSlice(length: min(Self.pieceBytes, bytes.readableBytes)), piece.readableBytes > 0 {
            try await body.write(piece)
        }
        try await body.finish(nil)
    }

    /// Lays a plain answer out for whoever asks the same next.
    private func keep(_ answer: Answer, for exchange: Exchange) {
        guard exchange.method == .get, answer.status == .ok, exchange.rawQuery.isEmpty, let validity = answer.validity,
            case .bytes(let body) = answer.content, let match = exchange.match, let path = exchange.request.head.path
        else { return }
        var fields = answer.fields.map { (name: $0.name.rawName, value: $0.value) }
        fields.append(("X-Content-Type-Options", "nosniff"))
        if answer.fields[.cacheControl] == nil { fields.append(("Cache-Control", "no-store")) }
        let direct = DirectAnswer(
            validity, routeIndex: match.index, fields: fields, body: body,
            entityTag: validity.isToldByEntityTag ? answer.fields[.eTag] : nil)
        core.directAnswers.keep(direct, for: path)
    }

    private func finished(_ exchange: Exchange, status: Int, _ problem: Problem?) {
        let elapsed = (NIODeadline.now() - exchange.began).nanoseconds
        core.requestMetrics.record(exchange.method, route: exchange.match?.index, status: status, nanoseconds: elapsed)
        if problem?.code == .fault {
            core.logger.error(
                "a request failed", metadata: ["request_id": "\(exchange.id)", "error": "\(problem?.detail ?? "")"])
        }
        core.log(
            AccessRecord(
                id: exchange.id, method: exchange.method.rawValue, path: exchange.path, route: exchange.match?.index,
                status: status, caller: exchange.caller, sourceAddress: exchange.sourceAddress, nanoseconds: elapsed,
                problem: problem?.code))
    }
}

extension Route {
    /// Whether its answer is of a revision.
    fileprivate var readsLedger: Bool {
        switch handler {
        case .status, .entrance: false
        case .operation, .administration, .write: true
        }
    }
}

extension Route.BodyRule {
    fileprivate var isRead: Bool {
        if case .none = self { false } else { true }
    }

    fileprivate var mediaType: String? {
        switch self {
        case .none, .file: nil
        case .json: "application/json"
        case .mergePatch: "application/merge-patch+json"
        }
    }
}
