import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import HTTPTypes
import NIOCore

/// The OpenFeature Remote Evaluation Protocol 0.3: one flag, all flags, and a stream that tells when to ask again.
///
/// Under `/ofrep/v1` for a token that is for one environment, and under the environment's own address for any other.
enum OFREPRoutes {
    static let all = ["", "/projects/{project}/environments/{environment}"].flatMap(routes)

    private static func routes(at base: String) -> [Route] {
        let all = "\(base)/ofrep/v1/evaluate/flags"
        return [
            post("\(all)/{flag}", evaluateOne).answered(directly: .answer(evaluateOne)),
            post(all, query: ["flagConfigEtag", "flagConfigLastModified"], evaluateAll)
                .answered(directly: .answer(evaluateFew)),
            .get("\(base)/ofrep/v1/events", query: ["after"], follow),
        ]
    }

    private static func post(
        _ pattern: String, query: [String] = [], _ operation: @escaping Route.Operation
    ) -> Route {
        Route(
            method: .post, pattern: pattern, access: .read, query: query, body: .json, handler: .operation(operation))
    }

    // MARK: Evaluating

    private static func evaluateOne(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) throws(Problem) -> Answer {
        let key = try request.parameter("flag")
        let flags = try flags(platform, caller, request)
        let context: FlagContext
        do throws(InvalidContext) {
            context = try self.context(request.body)
        } catch {
            return failure(.badRequest, key: key, error.code, error.message)
        }
        let answer = flags.resolve(key, context)
        guard let code = answer.resolution.error else {
            return .json { $0.evaluation(answer) }
        }
        return failure(code == .flagNotFound ? .notFound : .badRequest, key: key, code, answer.errorDetails ?? "")
    }

    private static func evaluateAll(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        // What an event names as the newest configuration is the revision's token; anything else says nothing to us.
        if let text = request.query["flagConfigEtag"], let token = try? RevisionToken(parsing: text) {
            try await platform.awaitRevision(token)
        }
        return try evaluateAll(flags(platform, caller, request), request)
    }

    /// To evaluate more at once takes longer than other connections of an event loop should wait.
    private static let fewFlags = 1_000

    private static func evaluateFew(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) throws(Problem) -> Answer? {
        let flags = try flags(platform, caller, request)
        return flags.flags.contents.count <= fewFlags ? try evaluateAll(flags, request) : nil
    }

    private static func evaluateAll(_ flags: FlagReading, _ request: IncomingRequest) throws(Problem) -> Answer {
        let context: FlagContext
        do throws(InvalidContext) {
            context = try self.context(request.body)
        } catch {
            return failure(.badRequest, key: nil, error.code, error.message)
        }
        // Read before anything is evaluated, and so counted.
        let known = try request.fields[.ifNoneMatch].map { text throws(Problem) in
            try EntityTagList(parsing: text, of: "If-None-Match")
        }
        var evaluated = JSONBytes()
        evaluated.array { json in
            flags.resolveAll(context) { answer in json.object { $0.evaluation(answer) } }
        }
        let entityTag = "\"\(Digest.of(evaluated.bytes).hexadecimal.prefix(32))\""
        if let known, known.weaklyMatches(entityTag) {
            return Answer(status: .notModified).tagged(entityTag)
        }
        // Where changes after this answer are told.
        let events = "\(request.path.dropLast("evaluate/flags".count))events?after=\(flags.token.text)"
        return .json(capacity: evaluated.bytes.count + 512) { json in
            json.array("eventStreams", of: [events]) { json, path in
                json.object { json in
                    json.object("endpoint") { $0.member("requestUri", path) }
                    json.member("type", "sse")
                }
            }
            json.member("flags", canonical: evaluated.bytes)
            json.object("metadata") { $0.member("flagSetId", flags.setName) }
        }.tagged(entityTag)
    }

    private static func failure(
        _ status: HTTPResponse.Status, key: String?, _ code: Resolution.ErrorCode, _ details: String
    ) -> Answer {
        .json(status) { json in
            json.member("errorCode", code.rawValue)
            json.member("errorDetails", details)
            json.member("key", key)
        }
    }

    // MARK: Following

    private static func follow(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let fields: HTTPFields = [.contentType: Answer.ContentType.events.rawValue]
        // Without a place to resume from there is nothing that the client could have missed.
        let flags = try flags(platform, caller, request)
        if request.method == .head { return Answer(status: .ok, fields: fields) }
        let after = try request.resumeToken() ?? flags.token
        let subscription = try await platform.watchFlags(caller, flags.environment, of: flags.project, after: after)
        return Answer(
            status: .ok, fields: fields,
            content: .events(EventStream(subscription: subscription, caller: caller, format: .openFeature)))
    }

    // MARK: Reading a request

    /// Those of the address's environment; where it names none, of the only one that the caller's token is for.
    private static func flags(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) throws(Problem) -> FlagReading {
        guard request.parameters.contains(where: { $0.name == "project" }) else {
            let own = try platform.flagEnvironment(of: caller, selector: nil)
            return try platform.flags(caller, own.environment, of: own.project)
        }
        return try platform.flags(caller, request.environment(), of: request.project())
    }

    private struct InvalidContext: Error {
        let code: Resolution.ErrorCode
        let message: String
    }

    private static func context(_ body: [UInt8]) throws(InvalidContext) -> FlagContext {
        // Some clients send nothing where they have no context.
        if body.isEmpty { return FlagContext() }
        let value: JSONValue
        do throws(JSONParseError) {
            value = try JSONValue(parsing: body, limits: JSONLimits(maxBytes: Limits.requestBodyBytes))
        } catch {
            throw InvalidContext(
                code: .parseError,
                message: "The body is not JSON: line \(error.line), column \(error.column): \(error.message)")
        }
        guard case .object = value else {
            throw InvalidContext(code: .parseError, message: "The body is an object with the member \"context\".")
        }
        do throws(Problem) {
            return try FlagContext(reading: BodyReader(value["context"] ?? .null))
        } catch {
            throw InvalidContext(code: .invalidContext, message: error.detail)
        }
    }
}

extension FlagContext {
    /// Attributes as a client sends them; null and nothing at all are a context without any.
    init(reading body: BodyReader) throws(Problem) {
        switch body.value {
        case .null: self.init()
        case .object(let attributes):
            guard attributes.count <= Limits.contextAttributes else {
                throw body.problem(
                    "A context has at most \(Limits.contextAttributes) attributes; this one has \(attributes.count).",
                    code: .limitExceeded)
            }
            self.init(attributes)
        default: throw body.problem("A context is an object of attributes.", keyword: "type")
        }
    }
}

extension JSONBytes {
    /// What one flag came to, as OFREP has it. Where the caller's own default counts there is no value, and the variant is empty, for
    /// there are clients that read it in any case.
    ///
    /// - Parameter trace: what the operators of its rules came to; nil to leave that out.
    mutating func evaluation(_ answer: FlagAnswer, trace: (steps: [TraceStep], leftOut: Int)? = nil) {
        let resolution = answer.resolution
        if let code = resolution.error {
            member("errorCode", code.rawValue)
            member("errorDetails", answer.errorDetails)
        }
        if let flag = answer.flag { members(flag.encodedMembers) } else { member("key", answer.key) }
        if resolution.error == nil { member("reason", resolution.reason.rawValue) }
        if let trace {
            member("steps", .array(trace.steps.map(\.json)))
            if trace.leftOut > 0 { member("stepsLeftOut", trace.leftOut) }
        }
        if let variant = resolution.variant {
            members(variant.encodedMembers)
        } else if resolution.error == nil {
            member("variant", "")
        }
    }
}
