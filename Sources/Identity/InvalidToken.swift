/// Why a token proves nothing.
package struct InvalidToken: Error, Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// Not three parts of base64url that hold JSON objects.
        case malformed
        case tooLong
        /// A member name occurs twice, so that two readers might read two things.
        case duplicateMember
        /// `none`, a shared secret, unknown, or not allowed for this issuer.
        case algorithm
        /// It has a header that must be understood, and is not.
        case criticalHeader
        /// Made for another purpose, as its `typ` says.
        case type
        case unknownKey
        case signature
        case issuer
        case audience
        case authorizedParty
        /// A claim that is needed is absent, or of the wrong type.
        case claim
        case expired
        case notYetValid
        case nonce
        /// The keys of the issuer cannot be had: it is not the token's fault, and may pass.
        case keysUnavailable
    }

    package let reason: Reason
    /// A sentence for the log. It may hold names that stand in the token, shortened; never the token, nor a part of it.
    package let text: String

    init(_ reason: Reason, _ text: String) {
        self.reason = reason
        self.text = text
    }

    /// A name out of a token as it may stand in a log: at most 100 characters of visible ASCII.
    static func shown(_ name: String) -> String {
        let visible = name.unicodeScalars.prefix(100).map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" }
        return "'" + String(visible) + (name.unicodeScalars.count > 100 ? "…'" : "'")
    }
}

extension InvalidToken: CustomStringConvertible {
    package var description: String { "\(reason.rawValue): \(text)" }
}
