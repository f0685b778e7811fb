import ExactJSON
import JWTKit

/// A public key of a key set (RFC 7517), with what verifies its signatures.
struct VerificationKey: Sendable {
    let id: String?
    /// One for each algorithm that fits the type of the key; one alone where the key states it.
    let verifiers: [SignatureAlgorithm: any JWTAlgorithm]

    static let smallestModulusBits = 2_048
    static let largestModulusBits = 8_192

    /// Nil for keys that are passed over: for encryption, symmetric, too small, of a kind that is not known, or damaged.
    init?(_ jwk: JSONValue) async {
        guard jwk["use"] == nil || jwk["use"]?.stringValue == "sig", Self.mayVerify(jwk["key_ops"]) else { return nil }
        if let id = jwk["kid"], id.stringValue == nil { return nil }
        id = jwk["kid"]?.stringValue
        var fitting = await Self.verifiers(of: jwk)
        if let stated = jwk["alg"] {
            let algorithm = stated.stringValue.flatMap(SignatureAlgorithm.init)
            fitting = fitting.filter { $0.key == algorithm }
        }
        guard !fitting.isEmpty else { return nil }
        verifiers = fitting
    }

    func isNamed(_ name: String) -> Bool { id?.isSame(as: name) ?? false }

    private static func mayVerify(_ operations: JSONValue?) -> Bool {
        guard let operations else { return true }
        return operations.arrayValue?.contains("verify") ?? false
    }

    private static func verifiers(of jwk: JSONValue) async -> [SignatureAlgorithm: any JWTAlgorithm] {
        switch (jwk["kty"]?.stringValue, jwk["crv"]?.stringValue) {
        case ("RSA", nil):
            guard let modulus = jwk["n"]?.stringValue, let exponent = jwk["e"]?.stringValue,
                let bits = bits(ofModulus: modulus), (smallestModulusBits...largestModulusBits).contains(bits),
                Base64.url.decode(exponent) != nil,
                let key = try? Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)
            else { return [:] }
            return await rsa(key)
        case ("EC", "P-256"):
            return await ecdsa(jwk, bytes: 32, .es256) { try ES256PublicKey(parameters: $0) }
        case ("EC", "P-384"):
            return await ecdsa(jwk, bytes: 48, .es384) { try ES384PublicKey(parameters: $0) }
        case ("EC", "P-521"):
            return await ecdsa(jwk, bytes: 66, .es512) { try ES512PublicKey(parameters: $0) }
        case ("OKP", "Ed25519"):
            guard let x = jwk["x"]?.stringValue, Base64.url.decode(x)?.count == 32,
                let key = try? EdDSA.PublicKey(x: x, curve: .ed25519)
            else { return [:] }
            return await collect([(.edDSA, JWTKeyCollection().add(eddsa: key))])
        default: return [:]
        }
    }

    private static func rsa(_ key: Insecure.RSA.PublicKey) async -> [SignatureAlgorithm: any JWTAlgorithm] {
        await collect([
            (.rs256, JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha256)),
            (.rs384, JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha384)),
            (.rs512, JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha512)),
            (.ps256, JWTKeyCollection().add(pss: key, digestAlgorithm: .sha256)),
            (.ps384, JWTKeyCollection().add(pss: key, digestAlgorithm: .sha384)),
            (.ps512, JWTKeyCollection().add(pss: key, digestAlgorithm: .sha512)),
        ])
    }

    /// Both coordinates have the full length of the curve, or bytes of one could count for the other.
    private static func ecdsa(
        _ jwk: JSONValue, bytes: Int, _ algorithm: SignatureAlgorithm, _ make: (ECDSAParameters) throws -> some ECDSAKey
    ) async -> [SignatureAlgorithm: any JWTAlgorithm] {
        guard let x = jwk["x"]?.stringValue, let y = jwk["y"]?.stringValue, Base64.url.decode(x)?.count == bytes,
            Base64.url.decode(y)?.count == bytes, let key = try? make((x, y))
        else { return [:] }
        return await collect([(algorithm, JWTKeyCollection().add(ecdsa: key))])
    }

    /// A collection of one key hands out what verifies with it.
    private static func collect(
        _ collections: [(SignatureAlgorithm, JWTKeyCollection)]
    ) async -> [SignatureAlgorithm: any JWTAlgorithm] {
        var verifiers: [SignatureAlgorithm: any JWTAlgorithm] = [:]
        for (algorithm, collection) in collections { verifiers[algorithm] = try? await collection.getKey() }
        return verifiers
    }

    private static func bits(ofModulus modulus: String) -> Int? {
        guard let bytes = Base64.url.decode(modulus), let first = bytes.firstIndex(where: { $0 != 0 }) else {
            return nil
        }
        return (bytes.count - first) * 8 - bytes[first].leadingZeroBitCount
    }
}
