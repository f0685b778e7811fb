/// An access token as the platform keeps it: by its hash. The token itself is shown once and stored nowhere.
package struct Credential: Hashable, Sendable {
    package let id: String
    package let name: TokenName
    package let purpose: Purpose
    /// SHA-256 of the token, which holds 160 random bits: nothing slower is needed where nothing can be guessed.
    package let hash: Digest
    package let createdAt: Timestamp
    package let createdBy: Principal
    package let expiresAt: Timestamp?
    package var revokedAt: Timestamp?

    package enum Purpose: String, CaseIterable, Sendable {
        /// Whatever its owner may do.
        case access
        /// The platform's first: ends as soon as it has made another.
        case bootstrap
        /// Written by `cfg serve --dev` beside the database.
        case development
    }

    package init(
        id: String, name: TokenName, purpose: Purpose, hash: Digest, createdAt: Timestamp, createdBy: Principal,
        expiresAt: Timestamp?, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.purpose = purpose
        self.hash = hash
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }

    package var principal: Principal { .token(name) }

    package func isLive(at now: Timestamp) -> Bool {
        revokedAt == nil && expiresAt.map { now < $0 } ?? true
    }
}

/// The answer to a write that carried an `Idempotency-Key`, kept for 24 hours so that a retry gets it again.
package struct IdempotencyRecord: Hashable, Sendable {
    package let principal: Principal
    package let key: String
    /// Of the request, so that the key cannot be used for another one.
    package let requestDigest: Digest
    /// The revision that the first answer reported.
    package let revision: Revision
    /// Whether the first request committed that revision, rather than finding nothing to do at it.
    package let committed: Bool
    package let expiresAt: Timestamp

    package init(
        principal: Principal, key: String, requestDigest: Digest, revision: Revision, committed: Bool,
        expiresAt: Timestamp
    ) {
        self.principal = principal
        self.key = key
        self.requestDigest = requestDigest
        self.revision = revision
        self.committed = committed
        self.expiresAt = expiresAt
    }
}
