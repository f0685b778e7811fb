package import ConfigPlatformModel

/// Who calls, from where, in which request: proved by authentication, and the first argument of every operation.
///
/// Immutable, and a reference: each of ten thousand watches keeps one in every suspended function on its way.
package final class Caller: Sendable {
    package let subject: Subject
    package let means: Means
    /// Address of the client, without port.
    package let sourceAddress: String?
    package let requestID: String?

    /// By what the caller was proved to be who it is.
    package enum Means: Hashable, Sendable {
        case credential(id: String, Credential.Purpose)
        /// A token of an issuer, until it expires or the issuer's item says something else.
        case issuer(IssuerName, IssuerBody, expiresAt: Timestamp)
        /// The certificate of the connection.
        case certificate
        /// What was asked for earlier is done now.
        case schedule
        /// A call of a kill hook, signed or with the hook's own token.
        case hook
    }

    package init(subject: Subject, means: Means, sourceAddress: String?, requestID: String?) {
        self.subject = subject
        self.means = means
        self.sourceAddress = sourceAddress
        self.requestID = requestID
    }

    package var principal: Principal { subject.principal }

    /// The credential that was shown; nil where it was none of the platform's own.
    package var credentialID: String? {
        if case .credential(let id, _) = means { id } else { nil }
    }

    package var purpose: Credential.Purpose? {
        if case .credential(_, let purpose) = means { purpose } else { nil }
    }

    package var author: Author { Author(subject) }
}
