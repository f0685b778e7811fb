import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import GRPCCore
import SwiftProtobuf

/// What asks for one flag.
protocol ResolveRequest: Sendable {
    var flagKey: String { get }
    var context: Google_Protobuf_Struct { get }
}

/// What a flag came to, as a message of its own for each type.
protocol ResolveReply: Sendable {
    /// As what the flag is asked.
    static var type: FlagType { get }
    /// Whether a flag for which the caller's default applies is said to be none: the first protocol had no other way.
    static var needsVariant: Bool { get }

    init()
    var reason: String { get set }
    var metadata: Google_Protobuf_Struct { get set }
    /// Throws `INVALID_ARGUMENT` for a value that the message cannot hold.
    mutating func give(_ variant: Variant) throws(RPCError)
}

extension FlagCalls {
    func resolve<Request: ResolveRequest, Reply: ResolveReply>(
        _ request: ServerRequest<Request>, _ context: ServerContext
    ) async throws -> ServerResponse<Reply> {
        try await answer(request, context) { flags in
            let found = flags.resolve(
                request.message.flagKey, try FlagContext(request.message.context), as: Reply.type)
            let resolution = found.resolution
            if let error = resolution.error { throw error.status(found.errorDetails ?? "") }
            var reply = Reply()
            reply.reason = resolution.reason.rawValue
            if !found.metadata.isEmpty { reply.metadata = Google_Protobuf_Struct(found.metadata) }
            if let variant = resolution.variant {
                try reply.give(variant)
            } else if Reply.needsVariant, resolution.reason == .default {
                throw Resolution.ErrorCode.flagNotFound.status(
                    "The flag has no default variant, which this protocol cannot say.")
            }
            return reply
        }
    }
}

extension Variant {
    /// The value as the type that it was asked as; throws where it is of none that a message can hold, such as a list.
    fileprivate func given<Value>(_ value: Value?) throws(RPCError) -> Value {
        guard let value else {
            throw Resolution.ErrorCode.typeMismatch.status(
                "The flag's value is one that this protocol has no place for.")
        }
        return value
    }
}

// MARK: The messages of both protocols

protocol BooleanReply: ResolveReply {
    var value: Bool { get set }
    var variant: String { get set }
}

protocol StringReply: ResolveReply {
    var value: String { get set }
    var variant: String { get set }
}

protocol IntReply: ResolveReply {
    var value: Int64 { get set }
    var variant: String { get set }
}

protocol FloatReply: ResolveReply {
    var value: Double { get set }
    var variant: String { get set }
}

protocol ObjectReply: ResolveReply {
    var value: Google_Protobuf_Struct { get set }
    var variant: String { get set }
}

extension BooleanReply {
    static var type: FlagType { .boolean }

    mutating func give(_ variant: Variant) throws(RPCError) {
        value = try variant.given(variant.value.boolValue)
        self.variant = variant.name
    }
}

extension StringReply {
    static var type: FlagType { .string }

    mutating func give(_ variant: Variant) throws(RPCError) {
        value = try variant.given(variant.value.stringValue)
        self.variant = variant.name
    }
}

extension IntReply {
    static var type: FlagType { .integer }

    mutating func give(_ variant: Variant) throws(RPCError) {
        value = try variant.given(variant.value.int64Value)
        self.variant = variant.name
    }
}

extension FloatReply {
    static var type: FlagType { .double }

    mutating func give(_ variant: Variant) throws(RPCError) {
        value = try variant.given(variant.value.numberValue?.double)
        self.variant = variant.name
    }
}

extension ObjectReply {
    static var type: FlagType { .object }

    mutating func give(_ variant: Variant) throws(RPCError) {
        value = Google_Protobuf_Struct(try variant.given(variant.value.objectValue))
        self.variant = variant.name
    }
}
