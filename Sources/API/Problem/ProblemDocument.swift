import ConfigPlatformModel
import HTTPTypes

extension Problem {
    /// The problem as `application/problem+json` (RFC 9457), in canonical JSON. `instance` is the request's id.
    func document(instance: String) -> [UInt8] {
        var json = JSONBytes()
        json.object { json in
            json.member("current", current)
            json.member("detail", detail)
            json.member("instance", instance)
            if let missing {
                json.object("missing") { json in
                    json.member("environment", missing.environment?.rawValue)
                    json.member("key", missing.key)
                    json.member("kind", missing.kind)
                    json.member("project", missing.project?.shownName)
                }
            }
            json.member("status", code.row.status.code)
            json.member("title", code.row.title)
            json.member("type", code.type)
            if !violations.isEmpty {
                json.array("violations", of: violations) { json, violation in
                    json.object { violation.write(into: &$0) }
                }
            }
        }
        return json.bytes
    }

    func answer(requestID: String) -> Answer {
        var answer = Answer(status: code.row.status, bytes: document(instance: requestID), contentType: .problem)
        if code == .unauthenticated { answer.fields[.wwwAuthenticate] = "Bearer" }
        if let retryAfterSeconds { answer.fields[.retryAfter] = String(retryAfterSeconds) }
        return answer
    }
}

extension Violation {
    func write(into json: inout JSONBytes) {
        json.member("column", column)
        json.member("environment", environment?.rawValue)
        json.member("key", key)
        json.member("keyword", keyword)
        json.member("kind", kind?.rawValue)
        json.member("line", line)
        json.member("message", message)
        json.member("pointer", pointer)
        json.member("schema", schema)
    }
}
