import ExactJSON
import JWTKit

/// The keys of an issuer that tokens may be signed with.
struct KeySet: Sendable {
    private let keys: [VerificationKey]

    static let mostKeys = 100

    /// Reads a key set of RFC 7517. Keys that cannot serve are passed over; of very many, the first hundred are read.
    init(_ document: JSONObject, of issuer: String) async throws(IssuerFailure) {
        guard let listed = document["keys"]?.arrayValue else {
            throw IssuerFailure(.invalidAnswer, "The key set of \(issuer) lacks the list 'keys'.")
        }
        var keys: [VerificationKey] = []
        for jwk in listed.prefix(Self.mostKeys) {
            if let key = await VerificationKey(jwk) { keys.append(key) }
        }
        self.keys = keys
    }

    func hasKey(id: String) -> Bool { keys.contains { $0.isNamed(id) } }

    enum Choice {
        case verifier(any JWTAlgorithm)
        case unknownKey
        /// There is a key of that name, for other algorithms.
        case wrongAlgorithm
        case ambiguous
    }

    /// The one key that fits: by its name where the token names one; otherwise by the algorithm alone.
    func choose(id: String?, _ algorithm: SignatureAlgorithm) -> Choice {
        let named = id.map { id in keys.filter { $0.isNamed(id) } } ?? keys
        let fitting = named.compactMap { $0.verifiers[algorithm] }
        return switch (named.count, fitting.count) {
        case (0, _): .unknownKey
        case (_, 0): .wrongAlgorithm
        case (_, 1): .verifier(fitting[0])
        default: .ambiguous
        }
    }
}
