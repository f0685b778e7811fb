import ConfigPlatformClient

/// What the command line ends with, by which scripts can tell what happened. Part of the contract.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    case failed = 1
    case usage = 2
    case notFound = 3
    case conflict = 4
    case denied = 5
    case unavailable = 6
    case different = 7
    case approvalNeeded = 8
    case interrupted = 130

    var meaning: String {
        switch self {
        case .success: "done"
        case .failed: "refused or failed; standard error says why"
        case .usage: "the command was given wrongly"
        case .notFound: "no such project, environment, key or revision"
        case .conflict: "somebody else wrote first, or it exists already or is in use"
        case .denied: "no token, or one that does not allow this"
        case .unavailable: "the server cannot be reached or cannot answer now; trying again may help"
        case .different: "there are differences (only with 'cfg diff --exit-code')"
        case .approvalNeeded: "approvals are needed: nothing was written, but perhaps a change request opened"
        case .interrupted: "interrupted"
        }
    }

    init(_ code: ConfigPlatformError.Code) {
        switch code {
        case .notFound: self = .notFound
        case .revisionConflict, .preconditionFailed, .alreadyExists, .inUse, .ledgerDiverged, .idempotencyKeyReused:
            self = .conflict
        case .unauthenticated, .forbidden: self = .denied
        case .approvalNeeded: self = .approvalNeeded
        case .unreachable, .timedOut, .unavailable, .revisionNotReached, .tooManyRequests, .storageFull:
            self = .unavailable
        case .invalidUse: self = .usage
        default: self = .failed
        }
    }

    /// For `--help`.
    static var table: String {
        allCases.map { status in "  \(Columns.padded(String(status.rawValue), to: 4))\(status.meaning)" }.joined(
            separator: "\n")
    }
}
