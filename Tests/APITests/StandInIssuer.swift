import ConfigPlatformModel
import Crypto
import Foundation
import Identity
import Synchronization

/// Stands in for an issuer on the network: what it publishes, and tokens that it signs, right or wrong.
final class StandInIssuer: Sendable {
    struct Unreachable: Error {}

    let url: String
    let key = P256.Signing.PrivateKey()
    private let replies = Mutex<[String: (status: Int, body: JSONValue)]>([:])

    init(of url: String) {
        self.url = url
        reply(
            to: "/.well-known/openid-configuration",
            [
                "authorization_endpoint": .string(url + "/authorize"),
                "device_authorization_endpoint": .string(url + "/device"), "issuer": .string(url),
                "jwks_uri": .string(url + "/keys"), "token_endpoint": .string(url + "/token"),
            ])
        reply(to: "/keys", ["keys": [Self.published(key.publicKey)]])
        reply(
            to: "/device",
            [
                "device_code": "a-device", "user_code": "ABCD", "verification_uri": .string(url + "/go"),
                "expires_in": 600, "interval": 5,
            ])
    }

    func reply(to path: String, status: Int = 200, _ body: JSONValue) {
        replies.withLock { $0[url + path] = (status, body) }
    }

    var fetch: Fetch {
        { call in
            guard let reply = self.replies.withLock({ $0[call.url] }) else { throw Unreachable() }
            return HTTPReply(status: reply.status, body: reply.body.canonicalBytes())
        }
    }

    static func published(_ key: P256.Signing.PublicKey, id: String = "key-1") -> JSONValue {
        let point = key.rawRepresentation
        return [
            "kty": "EC", "crv": "P-256", "kid": .string(id), "alg": "ES256",
            "x": .string(base64(Array(point.prefix(32)))), "y": .string(base64(Array(point.suffix(32)))),
        ]
    }

    // MARK: Tokens

    /// What a good token says.
    func payload(subject: String, now: Timestamp, _ more: JSONObject = [:]) -> JSONObject {
        let seconds = now.microseconds / 1_000_000
        var payload: JSONObject = [
            "aud": "cfg", "exp": .int(seconds + 300), "iat": .int(seconds), "iss": .string(url),
            "sub": .string(subject),
        ]
        for (name, value) in more { payload[name] = value }
        return payload
    }

    func token(_ payload: JSONObject, header: JSONObject = ["alg": "ES256", "kid": "key-1"]) throws -> String {
        try Self.token(payload, header: header, signedBy: key)
    }

    static func token(_ payload: JSONObject, header: JSONObject, signedBy key: P256.Signing.PrivateKey) throws -> String
    {
        try token(payload, header: header) { Array(try key.signature(for: SHA256.hash(data: $0)).rawRepresentation) }
    }

    static func token(
        _ payload: JSONObject, header: JSONObject, _ sign: ([UInt8]) throws -> [UInt8]
    ) rethrows -> String {
        let signed =
            base64(JSONValue.object(header).canonicalBytes()) + "."
            + base64(JSONValue.object(payload).canonicalBytes())
        return signed + "." + base64(try sign(Array(signed.utf8)))
    }

    static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
