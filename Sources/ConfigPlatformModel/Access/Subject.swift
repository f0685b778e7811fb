/// Who acts, as far as rights go.
package struct Subject: Hashable, Sendable {
    package let principal: Principal
    /// What a live token of the issuer says, beside what is known of the identity.
    package let groups: [Principal]
    /// Of a token: it has these rights and no others, whatever else is bound to whom.
    package let grants: [Grant]?
    /// Whose rights a personal token cannot exceed.
    package let owner: Principal?
    /// Who made the token.
    package let maker: Principal?
    /// Of all of the above: subjects are looked up at every request.
    private let fingerprint: Int

    package init(
        principal: Principal, groups: [Principal] = [], grants: [Grant]? = nil, owner: Principal? = nil,
        maker: Principal? = nil
    ) {
        self.principal = principal
        self.groups = groups
        self.grants = grants
        self.owner = owner
        self.maker = maker
        fingerprint = Self.fingerprint(principal, groups, grants, owner, maker)
    }

    private static func fingerprint(
        _ principal: Principal, _ groups: [Principal], _ grants: [Grant]?, _ owner: Principal?, _ maker: Principal?
    ) -> Int {
        var hasher = Hasher()
        hasher.combine(principal)
        hasher.combine(groups)
        hasher.combine(grants)
        hasher.combine(owner)
        hasher.combine(maker)
        return hasher.finalize()
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

    /// Who answers for what the subject does: nobody of them is somebody else where a second pair of eyes is asked for.
    package var accountable: [Principal] {
        Array(Set([principal] + [owner, maker].compactMap { $0 })).sorted()
    }

    /// As whom an approval of it counts; nil for a token that is nobody's.
    package var reviewer: Principal? { grants == nil ? principal : owner }

    /// Read back from ``json``.
    init(stored json: JSONValue) throws {
        let record = try RecordReader(json, what: "subject")
        self.init(
            principal: try Principal(parsing: record.string("principal")),
            groups: try (json["groups"]?.arrayValue ?? []).map { try Principal(parsing: $0.stringValue ?? "") },
            grants: try json["grants"]?.arrayValue.map { try $0.map { try Grant(parsing: $0) } },
            owner: try json["owner"]?.stringValue.map { try Principal(parsing: $0) },
            maker: try json["maker"]?.stringValue.map { try Principal(parsing: $0) })
    }

    var json: JSONValue {
        var json: JSONObject = ["principal": .string(principal.rawValue)]
        if !groups.isEmpty { json["groups"] = .array(groups.map { .string($0.rawValue) }) }
        json["grants"] = grants.map { .array($0.map(\.json)) }
        json["owner"] = owner.map { .string($0.rawValue) }
        json["maker"] = maker.map { .string($0.rawValue) }
        return .object(json)
    }
}

/// Whose a proposal is.
package struct Author: Hashable, Sendable {
    package let principal: Principal
    /// Whose rights it needs; nil where the platform itself writes, which nobody has to allow.
    package let subject: Subject?

    package init(_ subject: Subject) {
        principal = subject.principal
        self.subject = subject
    }

    /// Who wrote something, where it is written with the rights of another.
    package init(_ principal: Principal, with subject: Subject) {
        self.principal = principal
        self.subject = subject
    }

    private init(trusted principal: Principal) {
        self.principal = principal
        subject = nil
    }

    /// The platform itself: samples, what it learns when somebody signs in, what tests lay down.
    package static func platform(as principal: Principal = .system) -> Author { Author(trusted: principal) }
}
