import ConfigPlatformModel
import ControlPlane
import Logging

/// One line of the access log. The query is left out, for it may hold values; so are all headers, for they hold tokens.
struct AccessRecord {
    let id: String
    let method: String
    let path: Substring
    /// Nil where no route matched.
    let route: Int?
    let status: Int
    let caller: Caller?
    let sourceAddress: String?
    let nanoseconds: Int64
    /// Of the problem that was answered.
    var problem: Problem.Code?
}

extension ServerCore {
    /// Counts and logs what was answered before any handler saw it, because it was no request or never arrived.
    func noteRefusal(_ problem: Problem, id: String, status: Int, sourceAddress: String?) {
        requestMetrics.recordUnreadable(status: status)
        log(
            AccessRecord(
                id: id, method: "GET", path: "", route: nil, status: status, caller: nil, sourceAddress: sourceAddress,
                nanoseconds: 0,
                problem: problem.code))
    }

    /// Reads at debug, what changes something at info, what failed on this side at warning.
    func log(_ record: AccessRecord) {
        let isRead = record.method == "GET" || record.method == "HEAD"
        let level: Logger.Level = record.status >= 500 ? .warning : isRead ? .debug : .info
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [
            "request_id": "\(record.id)",
            "method": "\(InvalidIdentifier.shown(record.method))",
            "path": "\(InvalidIdentifier.shown(record.path.prefix { $0 != "?" }))",
            "route": "\(record.route.map { router.routes[$0].pattern } ?? "unmatched")",
            "status": "\(record.status)",
            "duration_us": "\(record.nanoseconds / 1_000)",
        ]
        if let principal = record.caller?.principal.rawValue { metadata["principal"] = "\(principal)" }
        if let address = record.sourceAddress { metadata["source"] = "\(address)" }
        if let problem = record.problem { metadata["problem"] = "\(problem.rawValue)" }
        logger.log(level: level, "request", metadata: metadata)
    }
}
