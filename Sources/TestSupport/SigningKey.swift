package import ConfigPlatformModel
import Crypto
import Foundation

/// A key of an issuer that a test plays: what the issuer publishes of it, and tokens that it signs (ES256). Made with the cryptography
/// alone, not with the library that verifies.
package struct SigningKey: Sendable {
    package let id: String
    private let key = P256.Signing.PrivateKey()

    package init(_ id: String) { self.id = id }

    /// As in a set of keys (RFC 7517).
    package var published: JSONValue {
        let point = Array(key.publicKey.rawRepresentation)
        return [
            "kty": "EC", "crv": "P-256", "kid": .string(id), "alg": "ES256", "use": "sig",
            "x": .string(Self.base64(Array(point.prefix(32)))), "y": .string(Self.base64(Array(point.suffix(32)))),
        ]
    }

    package func token(_ claims: JSONObject) throws -> String {
        try Self.token(claims, header: ["alg": "ES256", "kid": .string(id), "typ": "JWT"]) {
            Array(try key.signature(for: SHA256.hash(data: $0)).rawRepresentation)
        }
    }

    /// A token put together by hand, right or wrong.
    package static func token(
        _ claims: JSONObject, header: JSONObject, _ sign: ([UInt8]) throws -> [UInt8]
    ) rethrows -> String {
        let signed =
            base64(JSONValue.object(header).canonicalBytes()) + "." + base64(JSONValue.object(claims).canonicalBytes())
        return signed + "." + base64(try sign(Array(signed.utf8)))
    }

    /// base64url without padding.
    package static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    package static func hmac(_ bytes: [UInt8], _ secret: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: secret)))
    }
}
