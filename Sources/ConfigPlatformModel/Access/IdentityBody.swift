/// The body of a group's item: `{"description": …, "members": ["user:corp/ada@example.com"]}`. Groups that an issuer vouches for need no item.
package struct GroupBody: Hashable, Sendable {
    package let description: String
    /// In order, each once. Groups are not members of groups.
    package let members: [Principal]

    package init(description: String = "", members: [Principal] = []) throws(Problem) {
        try ItemText.checkLength(description, named: "description")
        guard members.count <= Limits.membersPerGroup else {
            throw Problem(
                .limitExceeded, "A group has at most \(Limits.membersPerGroup) members; this one has \(members.count).",
                at: ["members"], keyword: "maxItems")
        }
        for (index, member) in members.enumerated()
        where !member.canBeBound || member.isPattern || member.realm == .group {
            throw Problem(
                .invalidRequest,
                "'\(member.rawValue)' cannot be a member of a group: name a user:, workload: or certificate:, whole.",
                at: ["members", String(index)])
        }
        self.description = description
        self.members = Array(Set(members)).sorted()
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a group")
        try self.init(
            description: try ItemText.text(members["description"], named: "description"),
            members: try ItemText.identifiers(members["members"], named: "members") { text throws(InvalidIdentifier) in
                try Principal(parsing: text)
            } ?? [])
    }

    package static let members: Set<String> = ["description", "members"]

    package var json: JSONValue {
        var json: JSONObject = ["members": .array(members.map { .string($0.rawValue) })]
        if !description.isEmpty { json["description"] = .string(description) }
        return .object(json)
    }
}

/// The body of an identity's item: `{"disabled": true, "displayName": …, "groups": ["group:corp/sre"]}`, all optional. The item's key is the
/// identity's principal. The platform writes it when somebody signs in whom it did not know, or whose groups have changed.
package struct IdentityBody: Hashable, Sendable {
    package let displayName: String
    /// What its issuer said of it when it last signed in; in order, each once. Set by the platform alone.
    package let groups: [Principal]
    /// Whether it may do nothing any more, nor anything that it holds.
    package let isDisabled: Bool

    package init(displayName: String = "", groups: [Principal] = [], isDisabled: Bool = false) throws(Problem) {
        try ItemText.checkLength(displayName, named: "displayName")
        guard groups.count <= Limits.groupsPerIdentity else {
            throw Problem(
                .limitExceeded,
                "An identity is in at most \(Limits.groupsPerIdentity) groups; this one is in \(groups.count).",
                at: ["groups"], keyword: "maxItems")
        }
        self.displayName = displayName
        self.groups = Array(Set(groups)).sorted()
        self.isDisabled = isDisabled
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "an identity")
        try self.init(
            displayName: try ItemText.text(members["displayName"], named: "displayName"),
            groups: try ItemText.identifiers(members["groups"], named: "groups") { text throws(InvalidIdentifier) in
                try Principal(parsing: text)
            } ?? [],
            isDisabled: try ItemText.flag(members["disabled"], named: "disabled"))
    }

    package static let members: Set<String> = ["disabled", "displayName", "groups"]

    package var json: JSONValue {
        var json: JSONObject = [:]
        if isDisabled { json["disabled"] = true }
        if !displayName.isEmpty { json["displayName"] = .string(displayName) }
        if !groups.isEmpty { json["groups"] = .array(groups.map { .string($0.rawValue) }) }
        return .object(json)
    }
}

/// The body of an issuer's item: whose tokens are believed. `{"audiences": […], "claims": {…}, "clientId": …, "groupsClaim": …, "jwksUrl": …,
/// "principalClaim": …, "scopes": […], "sessionSeconds": …, "url": …, "vouchesFor": "people"|"workloads"}`, of which `url`,
/// `audiences` and `vouchesFor` are needed, and for people `clientId`.
///
/// A person is `user:ISSUER/CLAIM`, a workload `workload:ISSUER/CLAIM`, a group `group:ISSUER/NAME`. A client's secret is no part of it: it
/// lies beside the server.
package struct IssuerBody: Hashable, Sendable {
    package enum Clientele: String, CaseIterable, Sendable {
        /// Who sign in, and get a session.
        case people
        /// Programs, which send a token of the issuer with every request.
        case workloads
    }

    /// As its tokens have it in `iss`; `https`, or `http` on loopback.
    package let url: String
    package let vouchesFor: Clientele
    /// Of which a token must have one in `aud`.
    package let audiences: [String]
    /// What a token must say, claim by claim.
    package let claims: [String: String]
    package let clientID: String
    /// Dotted path of the claim that lists groups; empty for none.
    package let groupsClaim: String
    /// Where its keys are; empty where its discovery document says so.
    package let jwksURL: String
    /// Dotted path of the claim that names the principal. `email` counts only where `email_verified` is true.
    package let principalClaim: String
    package let scopes: [String]
    /// 60 to 604,800.
    package let sessionSeconds: Int64

    package static let sessionRange: ClosedRange<Int64> = 60...604_800

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "an issuer")
        let url = try ItemText.text(members["url"], named: "url")
        guard ServiceURL.isSound(url) else {
            throw Problem(
                .invalidRequest, "'url' is the issuer as its tokens name it: an https URL; http is for loopback only.",
                at: members["url"] == nil ? [] : ["url"])
        }
        let jwksURL = try ItemText.text(members["jwksUrl"], named: "jwksUrl")
        guard jwksURL.isEmpty || ServiceURL.isSound(jwksURL) else {
            throw Problem(
                .invalidRequest, "'jwksUrl' is an https URL; http is for loopback only.", at: ["jwksUrl"])
        }
        guard let clientele = try ItemText.choice(members["vouchesFor"], named: "vouchesFor", of: Clientele.self) else {
            throw Problem(
                .invalidRequest, "'vouchesFor' is missing: \"people\" or \"workloads\".", at: [], keyword: "required")
        }
        let clientID = try ItemText.text(members["clientId"], named: "clientId")
        guard clientele == .workloads || !clientID.isEmpty else {
            throw Problem(
                .invalidRequest, "'clientId' is missing: as what people sign in at the issuer.",
                at: members["clientId"] == nil ? [] : ["clientId"], keyword: "required")
        }
        var audiences = try ItemText.texts(members["audiences"], named: "audiences")
        if audiences.isEmpty, clientele == .people { audiences = [clientID] }
        guard (1...16).contains(audiences.count), audiences.allSatisfy({ (1...512).contains($0.utf8.count) }) else {
            throw Problem(
                .invalidRequest,
                "'audiences' lists 1 to 16 audiences: a token that was made for somebody else is not for this platform.",
                at: members["audiences"] == nil ? [] : ["audiences"])
        }
        var claims: [String: String] = [:]
        if let given = members["claims"] {
            func mistyped(_ place: String...) -> Problem {
                Problem(
                    .invalidRequest, "'claims' is an object of texts, such as {\"repository_owner\": \"acme\"}.",
                    at: place, keyword: "type")
            }
            guard case .object(let wanted) = given else { throw mistyped("claims") }
            for (name, value) in wanted {
                guard let text = value.stringValue else { throw mistyped("claims", name) }
                claims[name] = text
            }
        }
        let seconds = try ItemText.number(members["sessionSeconds"], named: "sessionSeconds") ?? 28_800
        guard Self.sessionRange.contains(seconds) else {
            throw Problem(
                .invalidRequest,
                "'sessionSeconds' is \(Self.sessionRange.lowerBound) to \(Self.sessionRange.upperBound).",
                at: ["sessionSeconds"])
        }
        let scopes = try ItemText.texts(members["scopes"], named: "scopes")
        guard scopes.count <= 32, scopes.allSatisfy({ $0.utf8.count <= 128 && !$0.contains(" ") }) else {
            throw Problem(.invalidRequest, "'scopes' lists at most 32 names without spaces.", at: ["scopes"])
        }
        self.url = url
        vouchesFor = clientele
        self.audiences = audiences
        self.claims = claims
        self.clientID = clientID
        groupsClaim = try ItemText.text(members["groupsClaim"], named: "groupsClaim")
        self.jwksURL = jwksURL
        let claim = try ItemText.text(members["principalClaim"], named: "principalClaim")
        principalClaim = claim.isEmpty ? (clientele == .people ? "email" : "sub") : claim
        self.scopes = scopes.isEmpty && clientele == .people ? ["openid", "email", "profile"] : scopes
        sessionSeconds = seconds
    }

    package static let members: Set<String> = [
        "audiences", "claims", "clientId", "groupsClaim", "jwksUrl", "principalClaim", "scopes", "sessionSeconds",
        "url",
        "vouchesFor",
    ]

    package var json: JSONValue {
        var json: JSONObject = [
            "audiences": .array(audiences.map { .string($0) }), "principalClaim": .string(principalClaim),
            "sessionSeconds": .int(sessionSeconds), "url": .string(url), "vouchesFor": .string(vouchesFor.rawValue),
        ]
        if !claims.isEmpty {
            var wanted: JSONObject = [:]
            for (name, value) in claims { wanted[name] = .string(value) }
            json["claims"] = .object(wanted)
        }
        if !clientID.isEmpty { json["clientId"] = .string(clientID) }
        if !groupsClaim.isEmpty { json["groupsClaim"] = .string(groupsClaim) }
        if !jwksURL.isEmpty { json["jwksUrl"] = .string(jwksURL) }
        if !scopes.isEmpty { json["scopes"] = .array(scopes.map { .string($0) }) }
        return .object(json)
    }
}

/// The name of an issuer: the rule of a project's name.
package struct IssuerName: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        rawValue = try NameRule.parse(text, what: "issuer", allowsAt: false)
    }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
