import ConfigPlatformFlags
import ConfigPlatformModel
import GRPCCore

extension Problem {
    /// The problem as gRPC has it. Its code travels as `problem`, the call's id, under which the log has more, as `request-id`.
    func status(requestID: String) -> RPCError {
        var metadata: Metadata = ["problem": .string(code.rawValue), "request-id": .string(requestID)]
        if let retryAfterSeconds { metadata.addString(String(retryAfterSeconds), forKey: "retry-after") }
        return RPCError(code: code.row.grpc, message: detail, metadata: metadata)
    }
}

extension Resolution.ErrorCode {
    /// As flagd has it and its clients read it: they take `INVALID_ARGUMENT` for a wrong type and `DATA_LOSS` for a rule that is wrong, and
    /// would ask again and again where the answer was `UNKNOWN`.
    var grpc: RPCError.Code {
        switch self {
        case .flagNotFound: .notFound
        case .typeMismatch: .invalidArgument
        case .parseError: .dataLoss
        case .targetingKeyMissing, .invalidContext, .general: .internalError
        }
    }

    func status(_ details: String) -> RPCError {
        RPCError(code: grpc, message: details, metadata: ["error-code": .string(rawValue)])
    }
}
