import ExactJSON

/// How one issuer is asked.
struct IssuerRequests: Sendable {
    let issuer: String
    let fetch: Fetch

    private static let limits = JSONLimits(maxDepth: 16, maxBytes: HTTPReply.maxBytes)

    /// The object at a URL.
    func get(_ url: String) async throws(IssuerFailure) -> JSONObject {
        let (status, object) = try await send(
            HTTPCall(method: "GET", url: url, headers: [("Accept", "application/json")]))
        guard status == 200 else { throw IssuerFailure(.unavailable, "\(url) answers with status \(status).") }
        guard let object else { throw IssuerFailure(.invalidAnswer, "\(url) does not answer with a JSON object.") }
        return object
    }

    /// What a form is answered with: an object of success or, with status 400 or 401, one with an `error`.
    func post(
        _ form: [(String, String)], to url: String, headers: [(String, String)]
    ) async throws(IssuerFailure) -> Result<JSONObject, RefusedRequest> {
        let call = HTTPCall(
            method: "POST", url: url,
            headers: [("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")] + headers,
            body: Array(FormText.encode(form).utf8))
        let (status, object) = try await send(call)
        switch status {
        case 200:
            guard let object else { throw IssuerFailure(.invalidAnswer, "\(url) does not answer with a JSON object.") }
            return .success(object)
        case 400..<500:
            guard let code = object?["error"]?.stringValue, RefusedRequest.isCode(code) else {
                throw IssuerFailure(.invalidAnswer, "\(url) answers with status \(status) and no error code.")
            }
            return .failure(RefusedRequest(code: code))
        default:
            throw IssuerFailure(.unavailable, "\(url) answers with status \(status).")
        }
    }

    private func send(_ call: HTTPCall) async throws(IssuerFailure) -> (status: Int, object: JSONObject?) {
        let reply: HTTPReply
        do {
            reply = try await fetch(call)
        } catch {
            throw IssuerFailure(.unavailable, "\(call.url) cannot be reached (\(error)).")
        }
        guard reply.body.count <= HTTPReply.maxBytes else {
            throw IssuerFailure(.invalidAnswer, "\(call.url) answers with more than \(HTTPReply.maxBytes) bytes.")
        }
        return (reply.status, (try? JSONValue(parsing: reply.body, limits: Self.limits))?.objectValue)
    }
}

/// The `error` of RFC 6749, section 5.2.
struct RefusedRequest: Error, Hashable {
    let code: String

    static func isCode(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

/// `application/x-www-form-urlencoded`, and the queries of URLs; spaces as `%20`, which both read.
enum FormText {
    static func encode(_ fields: [(String, String)]) -> String {
        fields.map { encode($0.0) + "=" + encode($0.1) }.joined(separator: "&")
    }

    static func encode(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
}
