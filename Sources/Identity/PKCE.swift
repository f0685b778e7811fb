import Crypto

/// A proof key for code exchange (RFC 7636, method S256): whoever redeems a code shows the verifier of the challenge it was asked for with.
package struct PKCE: Sendable {
    /// 43 to 128 characters; a secret until it is used.
    package let verifier: String

    /// From 32 to 96 random bytes.
    package init(randomBytes: [UInt8]) {
        precondition((32...96).contains(randomBytes.count), "32 to 96 random bytes make a verifier")
        verifier = Base64.url.encode(randomBytes)
    }

    /// The base64url of the SHA-256 of the verifier.
    package var challenge: String { Base64.url.encode(SHA256.hash(data: Array(verifier.utf8))) }
}
