import FlagdProtocol
import GRPCCore

/// `flagd.evaluation.v2`: values of flags one by one; where the caller's default applies, none.
struct EvaluationV2: Flagd_Evaluation_V2_Service.ServiceProtocol {
    let calls: FlagCalls

    func resolveBoolean(
        request: ServerRequest<Flagd_Evaluation_V2_ResolveBooleanRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V2_ResolveBooleanResponse> {
        try await calls.resolve(request, context)
    }

    func resolveString(
        request: ServerRequest<Flagd_Evaluation_V2_ResolveStringRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V2_ResolveStringResponse> {
        try await calls.resolve(request, context)
    }

    func resolveInt(
        request: ServerRequest<Flagd_Evaluation_V2_ResolveIntRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V2_ResolveIntResponse> {
        try await calls.resolve(request, context)
    }

    func resolveFloat(
        request: ServerRequest<Flagd_Evaluation_V2_ResolveFloatRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V2_ResolveFloatResponse> {
        try await calls.resolve(request, context)
    }

    func resolveObject(
        request: ServerRequest<Flagd_Evaluation_V2_ResolveObjectRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V2_ResolveObjectResponse> {
        try await calls.resolve(request, context)
    }

    func eventStream(
        request: ServerRequest<Flagd_Evaluation_V2_EventStreamRequest>, context: ServerContext
    ) async throws -> StreamingServerResponse<Flagd_Evaluation_V2_EventStreamResponse> {
        try await calls.events(request, context)
    }
}

extension Flagd_Evaluation_V2_ResolveBooleanRequest: ResolveRequest {}
extension Flagd_Evaluation_V2_ResolveStringRequest: ResolveRequest {}
extension Flagd_Evaluation_V2_ResolveIntRequest: ResolveRequest {}
extension Flagd_Evaluation_V2_ResolveFloatRequest: ResolveRequest {}
extension Flagd_Evaluation_V2_ResolveObjectRequest: ResolveRequest {}
extension Flagd_Evaluation_V2_ResolveBooleanResponse: BooleanReply {
    static var needsVariant: Bool { false }
}
extension Flagd_Evaluation_V2_ResolveStringResponse: StringReply {
    static var needsVariant: Bool { false }
}
extension Flagd_Evaluation_V2_ResolveIntResponse: IntReply {
    static var needsVariant: Bool { false }
}
extension Flagd_Evaluation_V2_ResolveFloatResponse: FloatReply {
    static var needsVariant: Bool { false }
}
extension Flagd_Evaluation_V2_ResolveObjectResponse: ObjectReply {
    static var needsVariant: Bool { false }
}
extension Flagd_Evaluation_V2_EventStreamResponse: EventReply {}
