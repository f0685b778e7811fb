import JWTKit

/// What an issuer publishes of itself: where it is asked, and the keys it signs with. Both are kept for an hour, see ``RefreshedValue``.
package final class TrustedKeys: Sendable {
    private let discovered: RefreshedValue<IssuerMetadata>
    private let keys: RefreshedValue<KeySet>

    init(of settings: IssuerSettings, _ requests: IssuerRequests) {
        let issuer = settings.url
        let discovered = RefreshedValue { _ throws(IssuerFailure) in
            try IssuerMetadata(try await requests.get(IssuerMetadata.url(of: issuer)), of: issuer)
        }
        keys = RefreshedValue { now throws(IssuerFailure) in
            let url: String
            if let known = settings.jwksURL { url = known } else { url = try await discovered.value(at: now).jwksURL }
            return try await KeySet(try await requests.get(url), of: issuer)
        }
        self.discovered = discovered
    }

    func metadata(at now: SecondsSince1970) async throws(IssuerFailure) -> IssuerMetadata {
        try await discovered.value(at: now)
    }

    /// The key for a token. A name that is not known asks the issuer anew, as often as that may be done.
    func choose(
        id: String?, _ algorithm: SignatureAlgorithm, at now: SecondsSince1970
    ) async throws(IssuerFailure) -> KeySet.Choice {
        let set = try await keys.value(at: now) { set in id.map { !set.hasKey(id: $0) } ?? false }
        return set.choose(id: id, algorithm)
    }
}
