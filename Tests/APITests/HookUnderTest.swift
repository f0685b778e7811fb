import ConfigPlatformModel
import Crypto
import Foundation
import TestSupport
import Testing

/// A kill hook as its alerting system has it.
struct HookUnderTest: Sendable {
    let name: String
    let path: String
    let secret: String

    /// The headers of Standard Webhooks 1.0.
    func signed(_ body: String, id: String = "msg_1", at now: Timestamp, late seconds: Int64 = 0) -> [(String, String)]
    {
        let time = String(now.microseconds / 1_000_000 + seconds)
        let key = Data(base64Encoded: String(secret.dropFirst("whsec_".count))) ?? Data()
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("\(id).\(time).\(body)".utf8), using: SymmetricKey(data: key))
        return [
            ("Webhook-Id", id), ("Webhook-Timestamp", time),
            ("Webhook-Signature", "v1,\(Data(code).base64EncodedString())"),
        ]
    }
}

extension ServerUnderTest {
    static func hooks(in environment: String) -> String { "\(shop)/environments/\(environment)/kill-hooks" }

    /// Makes a hook as an administrator.
    func makeHook(
        _ name: String, in environment: String = "production", _ said: JSONObject,
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> HookUnderTest {
        var body = said
        body["name"] = .string(name)
        let made = try await json(201, "POST", Self.hooks(in: environment), body: .object(body), location)
        return HookUnderTest(
            name: name, path: "\(Self.hooks(in: environment))/\(name)",
            secret: try #require(made["secret"]?.stringValue, sourceLocation: location))
    }

    /// Calls a hook, signed and without a token.
    func pull(
        _ hook: HookUnderTest, _ body: String = "{}", id: String = "msg_1", late seconds: Int64 = 0,
        query: [(String, String)] = [], _ location: SourceLocation = #_sourceLocation
    ) async throws -> HTTPAnswer {
        try await send(
            "POST", hook.path, query: query, headers: hook.signed(body, id: id, at: clock.now, late: seconds),
            body: .bytes(Array(body.utf8), type: "application/json"), token: .none, location)
    }

    /// Calls a hook with its own token.
    func pull(
        _ hook: HookUnderTest, notifying body: JSONValue, _ location: SourceLocation = #_sourceLocation
    ) async throws -> HTTPAnswer {
        try await send("POST", hook.path, body: .json(body), token: .other(hook.secret), location)
    }

    /// The flags that are killed in an environment, in order of key.
    func killed(in environment: String = "production") async throws -> [String] {
        let list = try await json(200, "GET", "\(Self.shop)/environments/\(environment)/flags")
        return (list["flags"]?.arrayValue ?? []).filter { $0["killed"] == true }.compactMap { $0["key"]?.stringValue }
    }

    /// The shop with the flags `a` and `b`, tagged `checkout`, and `c`, which is not; all served in production.
    func makeFlaggedShop() async throws {
        try await makeShop()
        for key in ["a", "b", "c"] {
            var flag: JSONObject = ["type": "boolean", "variants": ["on": true, "off": false]]
            if key != "c" { flag["tags"] = ["checkout"] }
            try await json(201, "PUT", "\(Self.shop)/flags/\(key)", body: .object(flag))
            try await json(
                201, "PUT", "\(Self.shop)/environments/production/flags/\(key)", body: ["defaultVariant": "on"])
        }
    }
}
