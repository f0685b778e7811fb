import ConfigPlatformModel
import Foundation

extension ConfigPlatformError {
    /// What a response that is no success says.
    init(_ response: ServerResponse) {
        let head = response.head
        let json = try? JSONValue(parsing: response.body, limits: ServerResponse.jsonLimits)
        let retryAfter = head["Retry-After"].flatMap { Self.delay(retryAfter: $0) }
        let isFromStaleServer = head.staleSince != nil
        guard let json, let type = json["type"]?.stringValue, let slash = type.lastIndex(of: "/") else {
            self.init(
                Self.code(ofBareStatus: head.status), Self.detail(ofBareStatus: head), status: head.status,
                requestID: head.requestID, retryAfter: retryAfter, isFromStaleServer: isFromStaleServer)
            return
        }
        self.init(
            Code(rawValue: String(type[type.index(after: slash)...])),
            json["detail"]?.stringValue ?? json["title"]?.stringValue ?? "The platform refused, and did not say why.",
            violations: (json["violations"]?.arrayValue ?? []).map { Violation($0) }, status: head.status,
            requestID: json["instance"]?.stringValue ?? head.requestID, retryAfter: retryAfter,
            missing: json["missing"].flatMap { Missing($0) }, document: json, isFromStaleServer: isFromStaleServer)
    }

    /// Seconds, or a date of RFC 9110 (the first of its forms).
    private static func delay(retryAfter text: String) -> Duration? {
        if let seconds = Int(text), (0...86_400).contains(seconds) { return .seconds(seconds) }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { .seconds(max(0, min(86_400, $0.timeIntervalSinceNow))) }
    }

    /// For answers that did not come from the platform itself but from something before it.
    private static func code(ofBareStatus status: Int) -> Code {
        switch status {
        case 401: .unauthenticated
        case 403: .forbidden
        case 429: .tooManyRequests
        case 502, 503, 504: .unavailable
        default: .invalidResponse
        }
    }

    private static func detail(ofBareStatus head: ResponseHead) -> String {
        if (300..<400).contains(head.status) {
            let target = head["Location"].map { " to \($0)" } ?? ""
            return
                "The server sends requests elsewhere (status \(head.status)\(target)), and a token is not sent along. Use the "
                + "platform's own address."
        }
        return "The server answered with status \(head.status) and no problem document. Is the address that of a "
            + "ConfigPlatform server, or is something before it in the way?"
    }
}

extension ConfigPlatformError.Missing {
    fileprivate init?(_ json: JSONValue) {
        guard let kind = json["kind"]?.stringValue, let key = json["key"]?.stringValue else { return nil }
        self.init(kind, key, in: json["environment"]?.stringValue, of: json["project"]?.stringValue)
    }
}

extension ConfigPlatformError.Violation {
    fileprivate init(_ json: JSONValue) {
        self.init(
            json["message"]?.stringValue ?? json.canonicalText, pointer: json["pointer"]?.stringValue,
            keyword: json["keyword"]?.stringValue, environment: json["environment"]?.stringValue,
            key: json["key"]?.stringValue, line: json["line"]?.int64Value.map { Int($0) },
            column: json["column"]?.int64Value.map { Int($0) })
    }
}
