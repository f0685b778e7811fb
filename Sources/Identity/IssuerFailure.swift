/// What came of asking an issuer, where it was not what was hoped for.
package struct IssuerFailure: Error, Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        /// It cannot be reached, or answers that something is wrong with itself.
        case unavailable
        /// It answers what no issuer should.
        case invalidAnswer
        /// It refuses, with this `error` code of RFC 6749: `invalid_grant` for a code that was used before or a verifier that does not
        /// fit, `invalid_client` for a wrong secret.
        case refused(String)
        /// The settings lack what is needed, or the issuer does not offer it.
        case unsupported
        /// It answered with an ID token that proves nothing.
        case invalidToken(InvalidToken.Reason)
    }

    package let reason: Reason
    /// A sentence for the log, without tokens, codes and secrets.
    package let text: String

    init(_ reason: Reason, _ text: String) {
        self.reason = reason
        self.text = text
    }
}

extension IssuerFailure: CustomStringConvertible {
    package var description: String { text }
}
