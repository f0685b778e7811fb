import Crypto
import CryptoExtras
import ExactJSON
import Foundation

@testable import Identity

/// A key pair of an issuer: what it publishes, and how it signs. Made with the cryptography alone, not with the library that verifies.
struct TestKey: Sendable {
    let id: String?
    let jwk: JSONObject
    private let signers: [String: @Sendable ([UInt8]) throws -> [UInt8]]

    func sign(_ bytes: [UInt8], _ algorithm: String) throws -> [UInt8] { try signers[algorithm]!(bytes) }

    /// The same key as others see it.
    func publishing(_ members: (String, JSONValue?)...) -> TestKey {
        var jwk = jwk
        for (name, value) in members { jwk[name] = value }
        return TestKey(id: jwk["kid"]?.stringValue, jwk: jwk, signers: signers)
    }

    static let rsaA = rsa("rsa-a")
    static let rsaB = rsa("rsa-b")
    static let p256 = ecdsa("p256")
    static let ed25519 = edDSA("ed25519")

    static func rsa(_ id: String?, bits: Int = 2_048) -> TestKey {
        let key = try! _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: bits))
        let primitives = try! key.publicKey.getKeyPrimitives()
        var jwk: JSONObject = ["kty": "RSA", "use": "sig"]
        jwk["n"] = .string(Base64.url.encode(primitives.modulus))
        jwk["e"] = .string(Base64.url.encode(primitives.publicExponent))
        jwk["kid"] = id.map { .string($0) }
        func signer(
            _ padding: _RSA.Signing.Padding, _ digest: @escaping @Sendable ([UInt8]) -> any Digest
        ) -> @Sendable ([UInt8]) throws -> [UInt8] {
            { Array(try key.signature(for: digest($0), padding: padding).rawRepresentation) }
        }
        return TestKey(
            id: id, jwk: jwk,
            signers: [
                "RS256": signer(.insecurePKCS1v1_5) { SHA256.hash(data: $0) },
                "RS384": signer(.insecurePKCS1v1_5) { SHA384.hash(data: $0) },
                "RS512": signer(.insecurePKCS1v1_5) { SHA512.hash(data: $0) },
                "PS256": signer(.PSS) { SHA256.hash(data: $0) },
                "PS384": signer(.PSS) { SHA384.hash(data: $0) },
                "PS512": signer(.PSS) { SHA512.hash(data: $0) },
            ])
    }

    static func ecdsa(_ id: String) -> TestKey {
        let key = P256.Signing.PrivateKey()
        return ecdsa(id, "P-256", key.publicKey.rawRepresentation, "ES256") {
            Array(try key.signature(for: SHA256.hash(data: $0)).rawRepresentation)
        }
    }

    static func ecdsa384(_ id: String) -> TestKey {
        let key = P384.Signing.PrivateKey()
        return ecdsa(id, "P-384", key.publicKey.rawRepresentation, "ES384") {
            Array(try key.signature(for: SHA384.hash(data: $0)).rawRepresentation)
        }
    }

    static func ecdsa521(_ id: String) -> TestKey {
        let key = P521.Signing.PrivateKey()
        return ecdsa(id, "P-521", key.publicKey.rawRepresentation, "ES512") {
            Array(try key.signature(for: SHA512.hash(data: $0)).rawRepresentation)
        }
    }

    private static func ecdsa(
        _ id: String, _ curve: String, _ point: Data, _ algorithm: String,
        _ sign: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) -> TestKey {
        TestKey(
            id: id,
            jwk: [
                "crv": .string(curve), "kid": .string(id), "kty": "EC",
                "x": .string(Base64.url.encode(point.prefix(point.count / 2))),
                "y": .string(Base64.url.encode(point.suffix(point.count / 2))),
            ], signers: [algorithm: sign])
    }

    static func edDSA(_ id: String) -> TestKey {
        let key = Curve25519.Signing.PrivateKey()
        return TestKey(
            id: id,
            jwk: [
                "crv": "Ed25519", "kid": .string(id), "kty": "OKP",
                "x": .string(Base64.url.encode(key.publicKey.rawRepresentation)),
            ],
            signers: ["EdDSA": { Array(try key.signature(for: Data($0))) }])
    }
}

/// Tokens as they are put together by hand, right or wrong.
enum TestToken {
    static func make(_ header: String, _ payload: String, _ sign: ([UInt8]) throws -> [UInt8]) rethrows -> String {
        let signed = Base64.url.encode(header.utf8) + "." + Base64.url.encode(payload.utf8)
        return signed + "." + Base64.url.encode(try sign(Array(signed.utf8)))
    }

    static func make(
        _ key: TestKey, _ algorithm: String, header: JSONObject = [:], _ payload: JSONObject
    ) throws -> String {
        var header = header
        if header["alg"] == nil { header["alg"] = .string(algorithm) }
        if header["kid"] == nil { header["kid"] = key.id.map { .string($0) } }
        return try make(text(header), text(payload)) { try key.sign($0, algorithm) }
    }

    static func text(_ object: JSONObject) -> String {
        String(decoding: JSONValue.object(object).canonicalBytes(), as: UTF8.self)
    }
}
