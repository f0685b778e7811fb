import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import GRPCCore
import SwiftProtobuf

/// An event as flagd's RPC providers take it.
protocol EventReply: Sendable {
    init()
    var type: String { get set }
    var data: Google_Protobuf_Struct { get set }
}

extension FlagCalls {
    /// `provider_ready` at once; then for each change the flags that may come to something else by it, so that a client forgets what it
    /// has kept of them.
    func events<Request, Reply: EventReply>(
        _ request: ServerRequest<Request>, _ context: ServerContext
    ) async throws -> StreamingServerResponse<Reply> {
        try await follow(request, context) { event in
            var reply = Reply()
            switch event.kind {
            case .snapshot: reply.type = "provider_ready"
            case .change:
                guard let changes = event.flagChange?.differences, !changes.isEmpty else { return nil }
                reply.type = "configuration_change"
                let flags = JSONObject(
                    uniqueMembers: changes.map { ($0.key.rawValue, .object(["type": .string($0.flagdType)])) })
                reply.data = Google_Protobuf_Struct(["flags": .object(flags)])
            case .heartbeat: reply.type = "keep_alive"
            case .deleted, .behind: return nil
            }
            return reply
        }
    }
}

extension FlagDifference {
    /// As flagd names it.
    fileprivate var flagdType: String { after == nil ? "delete" : before == nil ? "write" : "update" }
}
