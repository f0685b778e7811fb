/// An issuer that is trusted, and what for. Describes itself without its secret.
package struct IssuerSettings: Hashable, Sendable {
    /// The `iss` of its tokens, byte for byte: `https`, or `http` on loopback; no query.
    package let url: String
    /// Who its bearer tokens are for: a token must name one of these in `aud`.
    package let audiences: [String]
    /// Where its keys are; nil where its discovery document says so.
    package let jwksURL: String?
    package let algorithms: Set<SignatureAlgorithm>
    /// This platform's name at the issuer; needed to sign somebody in, not to verify bearer tokens.
    package let clientID: String?
    /// Nil for a public client.
    package let clientSecret: String?
    /// Asked for when somebody signs in. Without `openid` among them, issuers give no ID token.
    package let scopes: [String]

    package static let standardScopes = ["openid", "profile", "email"]

    package init(
        url: String, audiences: [String], jwksURL: String? = nil,
        algorithms: Set<SignatureAlgorithm> = Set(SignatureAlgorithm.allCases), clientID: String? = nil,
        clientSecret: String? = nil, scopes: [String] = Self.standardScopes
    ) throws(InvalidIssuerSettings) {
        guard IssuerURL.isPermitted(url), !url.contains("?") else {
            throw InvalidIssuerSettings(
                "The issuer's URL must be https, or http on localhost, 127.0.0.1 or [::1], without user, query or fragment."
            )
        }
        guard !audiences.isEmpty, !audiences.contains("") else {
            throw InvalidIssuerSettings("Name at least one audience: tokens made for others must not be taken.")
        }
        if let jwksURL, !Self.isPermitted(jwksURL, by: url) {
            throw InvalidIssuerSettings(
                "The URL of the key set must be https; http is for an issuer that is on loopback itself.")
        }
        guard !algorithms.isEmpty else { throw InvalidIssuerSettings("Allow at least one signature algorithm.") }
        guard clientID != "", clientSecret != "" else {
            throw InvalidIssuerSettings("A client ID or secret that is empty is none; leave it out.")
        }
        guard clientSecret == nil || clientID != nil else {
            throw InvalidIssuerSettings("A client secret belongs to a client ID; give that as well.")
        }
        guard scopes.allSatisfy(Self.isScope) else {
            throw InvalidIssuerSettings("A scope is visible ASCII without quotes, backslashes and spaces.")
        }
        self.url = url
        self.audiences = audiences
        self.jwksURL = jwksURL
        self.algorithms = algorithms
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scopes = scopes
    }

    /// Whether an issuer may send us there: to `http` only if it is on loopback itself.
    static func isPermitted(_ endpoint: String, by issuer: String) -> Bool {
        IssuerURL.isPermitted(endpoint) && (!IssuerURL.isOnLoopback(endpoint) || IssuerURL.isOnLoopback(issuer))
    }

    /// `scope-token` of RFC 6749.
    private static func isScope(_ scope: String) -> Bool {
        !scope.isEmpty && scope.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
    }
}

extension IssuerSettings: CustomStringConvertible, CustomReflectable {
    package var description: String { "IssuerSettings(\(url))" }
    package var customMirror: Mirror { Mirror(self, children: ["url": url, "audiences": audiences]) }
}

/// Settings that would trust nobody, or anybody; the description says how to mend them.
package struct InvalidIssuerSettings: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
