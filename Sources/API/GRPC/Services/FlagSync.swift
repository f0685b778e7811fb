import ConfigPlatformModel
import ControlPlane
import FlagdProtocol
import GRPCCore

/// `flagd.sync.v1`: the whole definition of an environment's flags, at once and after each change.
struct FlagSync: Flagd_Sync_V1_FlagSyncService.ServiceProtocol {
    let calls: FlagCalls

    func syncFlags(
        request: ServerRequest<Flagd_Sync_V1_SyncFlagsRequest>, context: ServerContext
    ) async throws -> StreamingServerResponse<Flagd_Sync_V1_SyncFlagsResponse> {
        try await calls.follow(request, context, selector: request.message.selector) { event in
            event.flagChange.map { change in
                var reply = Flagd_Sync_V1_SyncFlagsResponse()
                reply.flagConfiguration = String(
                    decoding: change.flags.portableDocument(named: change.setName), as: UTF8.self)
                return reply
            }
        }
    }

    func fetchAllFlags(
        request: ServerRequest<Flagd_Sync_V1_FetchAllFlagsRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Sync_V1_FetchAllFlagsResponse> {
        try await calls.answer(request, context, selector: request.message.selector) { flags in
            var reply = Flagd_Sync_V1_FetchAllFlagsResponse()
            reply.flagConfiguration = String(decoding: flags.portableDocument, as: UTF8.self)
            return reply
        }
    }

    /// Deprecated in the protocol, and nothing is to be said: clients take `UNIMPLEMENTED` for an answer, an empty one ends some. They
    /// send no selector with it.
    func getMetadata(
        request: ServerRequest<Flagd_Sync_V1_GetMetadataRequest>, context: ServerContext
    ) async throws -> ServerResponse<Flagd_Sync_V1_GetMetadataResponse> {
        try await calls.refuse(
            request, context,
            RPCError(code: .unimplemented, message: "There is no metadata beside the definition; see SyncFlags."))
    }
}
