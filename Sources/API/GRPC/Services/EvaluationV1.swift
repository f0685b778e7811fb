import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import FlagdProtocol
import GRPCCore
import SwiftProtobuf

/// `flagd.evaluation.v1`: values of flags one by one or all at once; where the caller's default applies, the zero of the type.
struct EvaluationV1: Flagd_Evaluation_V1_Service.ServiceProtocol {
    let calls: FlagCalls

    func resolveBoolean(
        request: ServerRequest<Flagd_Evaluation_V1_ResolveBooleanRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V1_ResolveBooleanResponse> {
        try await calls.resolve(request, context)
    }

    func resolveString(
        request: ServerRequest<Flagd_Evaluation_V1_ResolveStringRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V1_ResolveStringResponse> {
        try await calls.resolve(request, context)
    }

    func resolveInt(
        request: ServerRequest<Flagd_Evaluation_V1_ResolveIntRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V1_ResolveIntResponse> {
        try await calls.resolve(request, context)
    }

    func resolveFloat(
        request: ServerRequest<Flagd_Evaluation_V1_ResolveFloatRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V1_ResolveFloatResponse> {
        try await calls.resolve(request, context)
    }

    func resolveObject(
        request: ServerRequest<Flagd_Evaluation_V1_ResolveObjectRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V1_ResolveObjectResponse> {
        try await calls.resolve(request, context)
    }

    /// Flags that failed, and those without a value for lack of a default variant, are left out.
    func resolveAll(
        request: ServerRequest<Flagd_Evaluation_V1_ResolveAllRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Evaluation_V1_ResolveAllResponse> {
        try await calls.answer(request, context) { flags in
            var reply = Flagd_Evaluation_V1_ResolveAllResponse()
            reply.metadata = Google_Protobuf_Struct(["flagSetId": .string(flags.setName)])
            for found in flags.resolveAll(try FlagContext(request.message.context)) {
                reply.flags[found.key] = Flagd_Evaluation_V1_AnyFlag(found)
            }
            return reply
        }
    }

    func eventStream(
        request: ServerRequest<Flagd_Evaluation_V1_EventStreamRequest>, context: ServerContext
    ) async throws -> StreamingServerResponse<Flagd_Evaluation_V1_EventStreamResponse> {
        try await calls.events(request, context)
    }
}

extension Flagd_Evaluation_V1_AnyFlag {
    fileprivate init?(_ found: FlagAnswer) {
        let (resolution, metadata) = (found.resolution, found.metadata)
        self.init()
        reason = resolution.reason.rawValue
        if !metadata.isEmpty { self.metadata = Google_Protobuf_Struct(metadata) }
        guard let variant = resolution.variant else {
            if resolution.reason == .disabled { return }
            return nil
        }
        self.variant = variant.name
        switch variant.value {
        case .bool(let value): self.value = .boolValue(value)
        case .string(let text): self.value = .stringValue(text)
        case .number(let number): self.value = .doubleValue(number.double)
        case .object(let object): self.value = .objectValue(Google_Protobuf_Struct(object))
        case .array, .null: return nil
        }
    }
}

extension Flagd_Evaluation_V1_ResolveBooleanRequest: ResolveRequest {}
extension Flagd_Evaluation_V1_ResolveStringRequest: ResolveRequest {}
extension Flagd_Evaluation_V1_ResolveIntRequest: ResolveRequest {}
extension Flagd_Evaluation_V1_ResolveFloatRequest: ResolveRequest {}
extension Flagd_Evaluation_V1_ResolveObjectRequest: ResolveRequest {}
extension Flagd_Evaluation_V1_ResolveBooleanResponse: BooleanReply {
    static var needsVariant: Bool { true }
}
extension Flagd_Evaluation_V1_ResolveStringResponse: StringReply {
    static var needsVariant: Bool { true }
}
extension Flagd_Evaluation_V1_ResolveIntResponse: IntReply {
    static var needsVariant: Bool { true }
}
extension Flagd_Evaluation_V1_ResolveFloatResponse: FloatReply {
    static var needsVariant: Bool { true }
}
extension Flagd_Evaluation_V1_ResolveObjectResponse: ObjectReply {
    static var needsVariant: Bool { true }
}
extension Flagd_Evaluation_V1_EventStreamResponse: EventReply {}
