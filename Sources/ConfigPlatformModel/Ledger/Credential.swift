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
    /// Of a session, a personal token or a password: whose it is. What it may do is never more than its owner may.
    package let owner: Principal?
    /// Who answers for it: who made the credential that it was made with.
    package let maker: Principal?
    /// What a token may do; empty for others.
    package let grants: [Grant]
    /// Of a password: its hash, slow to compute.
    package let password: String?

    package enum Purpose: String, CaseIterable, Sendable {
        /// A token: what its grants allow.
        case access
        /// The platform's first: ends as soon as it has made another.
        case bootstrap
        /// Written by `cfg serve --dev` beside the database.
        case development
        /// What somebody has who signed in.
        case session
        /// What a local user signs in with. Its hash is of nothing and opens nothing.
        case password
    }

    package init(
        id: String, name: TokenName, purpose: Purpose, hash: Digest, createdAt: Timestamp, createdBy: Principal,
        expiresAt: Timestamp?, revokedAt: Timestamp? = nil, owner: Principal? = nil, maker: Principal? = nil,
        grants: [Grant] = [.everything], password: String? = nil
    ) {
        self.id = id
        self.name = name
        self.purpose = purpose
        self.hash = hash
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.owner = owner
        self.maker = maker
        self.grants = grants
        self.password = password
    }

    /// As the store has it, which keeps what may do what as one text.
    package init(
        id: String, name: TokenName, purpose: Purpose, hash: Digest, createdAt: Timestamp, createdBy: Principal,
        expiresAt: Timestamp?, revokedAt: Timestamp?, detail: String
    ) throws {
        let json = try JSONValue(parsing: Array(detail.utf8), limits: .trusted)
        self.init(
            id: id, name: name, purpose: purpose, hash: hash, createdAt: createdAt, createdBy: createdBy,
            expiresAt: expiresAt, revokedAt: revokedAt,
            owner: try json["owner"]?.stringValue.map { try Principal(parsing: $0) },
            maker: try json["maker"]?.stringValue.map { try Principal(parsing: $0) },
            grants: try (json["grants"]?.arrayValue ?? []).map { try Grant(parsing: $0) },
            password: json["password"]?.stringValue)
    }

    /// `{"grants": […], "maker": …, "owner": …, "password": …}` in canonical form.
    package var detail: String {
        var json: JSONObject = [:]
        if !grants.isEmpty { json["grants"] = .array(grants.map(\.json)) }
        json["maker"] = maker.map { .string($0.rawValue) }
        json["owner"] = owner.map { .string($0.rawValue) }
        json["password"] = password.map { .string($0) }
        return String(decoding: JSONValue.object(json).canonicalBytes(), as: UTF8.self)
    }

    /// Who acts with it.
    package var principal: Principal { purpose == .session ? owner ?? .token(name) : .token(name) }

    /// Who acts with it, as far as rights go; nil for what nobody acts with.
    package var subject: Subject? {
        switch purpose {
        case .password: nil
        case .session: owner.map { Subject(principal: $0) }
        case .access, .bootstrap, .development:
            Subject(principal: principal, grants: grants, owner: owner, maker: maker)
        }
    }

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
