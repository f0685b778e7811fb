package import ConfigPlatformModel
package import HTTPTypes

/// What a problem is over HTTP: the one place where a code gets its status. `docs` and `api/openapi.yaml` list the same
/// rows.
package struct ProblemRow: Sendable {
    package let status: HTTPResponse.Status
    /// A few words, the same for every problem of the code.
    package let title: String

    fileprivate init(_ status: HTTPResponse.Status, _ title: String) {
        self.status = status
        self.title = title
    }
}

extension Problem.Code {
    /// The problem's `type` (RFC 9457), whose last segment is the code.
    package var type: String { "https://configplatform.dev/problems/" + rawValue }

    package var row: ProblemRow {
        switch self {
        case .invalidRequest: ProblemRow(.badRequest, "The request cannot be understood")
        case .invalidName: ProblemRow(.badRequest, "A name is not one")
        case .unreadableFile: ProblemRow(.unprocessableContent, "The file cannot be read")
        case .unauthenticated: ProblemRow(.unauthorized, "A valid token is needed")
        case .forbidden: ProblemRow(.forbidden, "The token does not permit this")
        case .notFound: ProblemRow(.notFound, "There is no such thing")
        case .methodNotAllowed: ProblemRow(.methodNotAllowed, "The address has no such method")
        case .notAcceptable: ProblemRow(.notAcceptable, "The answer cannot be given in that form")
        case .requestTimeout: ProblemRow(.requestTimeout, "The request did not arrive in time")
        case .revisionConflict: ProblemRow(.conflict, "Something else is there than was expected")
        case .alreadyExists: ProblemRow(.conflict, "The name is taken")
        case .approvalNeeded: ProblemRow(.conflict, "Approvals are still to be had")
        case .frozen: ProblemRow(.conflict, "The environment is frozen")
        case .inUse: ProblemRow(.conflict, "Something else depends on it")
        case .idempotencyKeyReused: ProblemRow(.conflict, "The Idempotency-Key belongs to another request")
        case .ledgerDiverged: ProblemRow(.conflict, "The ledger is not the one the token came from")
        case .preconditionFailed: ProblemRow(.preconditionFailed, "A precondition of the request is not met")
        case .tooLarge: ProblemRow(.contentTooLarge, "The request is too large")
        case .unsupportedMediaType: ProblemRow(.unsupportedMediaType, "The body's media type is not supported")
        case .invalidChange: ProblemRow(.unprocessableContent, "The change is not valid")
        case .limitExceeded: ProblemRow(.unprocessableContent, "A limit would be exceeded")
        case .tooManyRequests: ProblemRow(.tooManyRequests, "Too much is asked at once")
        case .revisionNotReached: ProblemRow(.serviceUnavailable, "The revision has not arrived here yet")
        case .unavailable: ProblemRow(.serviceUnavailable, "The service cannot do this now")
        case .storageFull:
            ProblemRow(HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "The storage is full")
        case .fault: ProblemRow(.internalServerError, "The server failed")
        }
    }
}
