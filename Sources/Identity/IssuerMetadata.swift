import ExactJSON

/// The discovery document of an issuer (OpenID Connect Discovery 1.0, with the device endpoint of RFC 8628), as far as it is used.
struct IssuerMetadata: Sendable {
    let jwksURL: String
    let authorizationEndpoint: String?
    let tokenEndpoint: String?
    let deviceAuthorizationEndpoint: String?

    static func url(of issuer: String) -> String {
        (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + "/.well-known/openid-configuration"
    }

    init(_ document: JSONObject, of issuer: String) throws(IssuerFailure) {
        guard let named = document["issuer"]?.stringValue, named.isSame(as: issuer) else {
            let named = document["issuer"]?.stringValue.map(InvalidToken.shown) ?? "nobody"
            throw IssuerFailure(
                .invalidAnswer, "The discovery document of \(issuer) is of \(named); the issuer must be written alike.")
        }
        func endpoint(_ name: String) throws(IssuerFailure) -> String? {
            guard let value = document[name] else { return nil }
            guard let url = value.stringValue, IssuerSettings.isPermitted(url, by: issuer) else {
                throw IssuerFailure(
                    .invalidAnswer, "The discovery document of \(issuer) has a \(name) that is not an https URL.")
            }
            return url
        }
        guard let jwksURL = try endpoint("jwks_uri") else {
            throw IssuerFailure(.invalidAnswer, "The discovery document of \(issuer) lacks jwks_uri.")
        }
        self.jwksURL = jwksURL
        authorizationEndpoint = try endpoint("authorization_endpoint")
        tokenEndpoint = try endpoint("token_endpoint")
        deviceAuthorizationEndpoint = try endpoint("device_authorization_endpoint")
    }
}
