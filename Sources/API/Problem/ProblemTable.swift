package import ConfigPlatformModel
package import GRPCCore
package import HTTPTypes

/// What a problem is over HTTP and over gRPC: the one place where a code gets its status. `docs` and `api/openapi.yaml` list the
/// same rows.
package struct ProblemRow: Sendable {
    package let status: HTTPResponse.Status
    package let grpc: RPCError.Code
    /// A few words, the same for every problem of the code.
    package let title: String

    fileprivate init(_ status: HTTPResponse.Status, _ grpc: RPCError.Code, _ title: String) {
        self.status = status
        self.grpc = grpc
        self.title = title
    }
}

extension Problem.Code {
    /// The problem's `type` (RFC 9457), whose last segment is the code.
    package var type: String { "https://configplatform.dev/problems/" + rawValue }

    package var row: ProblemRow {
        switch self {
        case .invalidRequest: ProblemRow(.badRequest, .invalidArgument, "The request cannot be understood")
        case .invalidName: ProblemRow(.badRequest, .invalidArgument, "A name is not one")
        case .unreadableFile: ProblemRow(.unprocessableContent, .invalidArgument, "The file cannot be read")
        case .unauthenticated: ProblemRow(.unauthorized, .unauthenticated, "A valid token is needed")
        case .forbidden: ProblemRow(.forbidden, .permissionDenied, "The token does not permit this")
        case .notFound: ProblemRow(.notFound, .notFound, "There is no such thing")
        case .methodNotAllowed: ProblemRow(.methodNotAllowed, .unimplemented, "The address has no such method")
        case .notAcceptable: ProblemRow(.notAcceptable, .invalidArgument, "The answer cannot be given in that form")
        case .requestTimeout: ProblemRow(.requestTimeout, .deadlineExceeded, "The request did not arrive in time")
        case .revisionConflict: ProblemRow(.conflict, .aborted, "Something else is there than was expected")
        case .alreadyExists: ProblemRow(.conflict, .alreadyExists, "The name is taken")
        case .approvalNeeded: ProblemRow(.conflict, .failedPrecondition, "Approvals are still to be had")
        case .frozen: ProblemRow(.conflict, .failedPrecondition, "The environment is frozen")
        case .inUse: ProblemRow(.conflict, .failedPrecondition, "Something else depends on it")
        case .idempotencyKeyReused:
            ProblemRow(.conflict, .failedPrecondition, "The Idempotency-Key belongs to another request")
        case .ledgerDiverged:
            ProblemRow(.conflict, .failedPrecondition, "The ledger is not the one the token came from")
        case .preconditionFailed:
            ProblemRow(.preconditionFailed, .failedPrecondition, "A precondition of the request is not met")
        case .tooLarge: ProblemRow(.contentTooLarge, .resourceExhausted, "The request is too large")
        case .unsupportedMediaType:
            ProblemRow(.unsupportedMediaType, .invalidArgument, "The body's media type is not supported")
        case .invalidChange: ProblemRow(.unprocessableContent, .invalidArgument, "The change is not valid")
        case .limitExceeded: ProblemRow(.unprocessableContent, .resourceExhausted, "A limit would be exceeded")
        case .tooManyRequests: ProblemRow(.tooManyRequests, .resourceExhausted, "Too much is asked at once")
        case .revisionNotReached: ProblemRow(.serviceUnavailable, .unavailable, "The revision has not arrived here yet")
        case .unavailable: ProblemRow(.serviceUnavailable, .unavailable, "The service cannot do this now")
        case .storageFull:
            ProblemRow(
                HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), .resourceExhausted,
                "The storage is full")
        case .fault: ProblemRow(.internalServerError, .internalError, "The server failed")
        }
    }
}
