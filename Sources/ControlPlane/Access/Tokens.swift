package import ConfigPlatformModel

/// A token that somebody asks for.
package struct TokenRequest: Sendable {
    package let name: TokenName
    package let grants: [Grant]
    /// Whether it is its maker's own: never more than its maker may.
    package let isPersonal: Bool
    package let expiresAt: Timestamp?

    package init(name: TokenName, grants: [Grant], isPersonal: Bool, expiresAt: Timestamp?) {
        self.name = name
        self.grants = grants
        self.isPersonal = isPersonal
        self.expiresAt = expiresAt
    }
}

extension Platform {
    /// Makes an access token. The text is in the answer and nowhere else. A bootstrap token ends with the first token it makes.
    ///
    /// A personal token is anybody's to make who is somebody. One of the platform needs the right to administer where it is granted
    /// something, and nobody grants what they do not hold. A token makes none that outlives it.
    package func createToken(
        _ caller: Caller, _ request: TokenRequest
    ) async throws(Problem) -> (token: TokenText, credential: Credential) {
        let now = world.now()
        if let expiresAt = request.expiresAt, expiresAt <= now {
            throw Problem(.invalidRequest, "The token would have expired already; give a time in the future, or none.")
        }
        guard (1...Limits.grantsPerToken).contains(request.grants.count) else {
            throw Problem(.invalidRequest, "A token has 1 to \(Limits.grantsPerToken) grants.")
        }
        try checkGrants(caller, request, at: now)
        let known = credentials.all.filter { $0.purpose != .session && $0.purpose != .password && $0.isLive(at: now) }
        guard known.count < Limits.tokens else {
            throw Problem(
                .limitExceeded, "There are \(Limits.tokens) live tokens, as many as there may be; revoke some.")
        }
        guard !known.contains(where: { $0.name == request.name }) else {
            throw Problem(
                .alreadyExists,
                "A live token is named '\(request.name.rawValue)'; choose another name, or revoke that one.")
        }
        let (token, credential) = makeCredential(
            name: request.name, purpose: .access, expiresAt: request.expiresAt, by: caller,
            owner: request.isPersonal ? caller.subject.reviewer : nil, grants: request.grants)
        try await store(credential, by: caller, endingBootstrap: caller.purpose == .bootstrap)
        return (token, credential)
    }

    private func checkGrants(_ caller: Caller, _ request: TokenRequest, at now: Timestamp) throws(Problem) {
        let access = state.access
        for grant in request.grants where access.role(grant.role) == nil {
            throw Problem(
                .notFound,
                "There is no role '\(grant.role.rawValue)'; the built-in ones are administrator, operator, viewer, auditor, evaluator."
            ).lacking(Missing(.role, grant.role.rawValue))
        }
        if request.isPersonal, caller.subject.reviewer == nil {
            throw Problem(
                .invalidRequest,
                "A token of the platform is nobody's, and has no personal tokens; make one of the platform.")
        }
        // A session ends to be begun anew, by whoever can; a token, and an issuer's word, end for good.
        if caller.purpose != .session, let end = expiry(of: caller), request.expiresAt.map({ $0 > end }) ?? true {
            throw Problem(
                .forbidden,
                "The token that you use ends at \(end), and makes none that outlives it; give an earlier 'expires'.")
        }
        for grant in request.grants {
            if !request.isPersonal {
                let viewpoint = viewpoint(caller, of: grant.project ?? .platform)
                for environment in grant.environments?.map({ $0 as EnvironmentName? }) ?? [nil] {
                    try viewpoint.require(.administer, .binding, in: environment)
                }
            }
            // What a person's own token may do is never more than the person may; of a token there may be less than its owner has.
            guard !request.isPersonal || caller.subject.grants != nil else { continue }
            let authority = access.authority(of: caller.subject)
            for rule in access.rules(of: grant) where rule.effect == .allow && !authority.holds(rule, at: now) {
                throw Problem(
                    .forbidden,
                    "\(caller.principal.rawValue) may not grant '\(grant.role.rawValue)' there: it does not itself hold all of it."
                )
            }
        }
    }

    /// Ends a token or a session at once, here, and within a second on every replica.
    package func revoke(_ caller: Caller, id: String) async throws(Problem) {
        guard let credential = credentials.credential(id: id), mayManage(caller, credential) else {
            throw Problem(.notFound, "There is no token or session with the id '\(InvalidIdentifier.shown(id))'.")
                .lacking(id.hasPrefix("ses_") ? Missing.session(id) : Missing.token(id))
        }
        guard credential.revokedAt == nil else { return }
        let now = world.now()
        let others = credentials.all.filter { $0.id != id && $0.isLive(at: now) && $0.isAdministrator }
        guard !credential.isAdministrator || !others.isEmpty || state.access.hasAdministrator else {
            throw Problem(
                .inUse,
                "This is the last live token that may administer the platform; make another first, or nobody could.")
        }
        let isSession = credential.purpose == .session
        _ = try await submit(
            CommitJob(
                work: .revokeCredentials(ids: [id]), caller: caller, action: isSession ? .sessionRevoke : .tokenRevoke,
                target: isSession ? "session/\(id)" : "token/\(credential.name.rawValue)"))
    }

    /// All tokens and sessions that the caller has a say in, the ended ones too, newest first. Never their texts.
    package func tokens(
        _ caller: Caller, purposes: Set<Credential.Purpose>
    ) -> [(credential: Credential, usedAt: Timestamp?)] {
        credentials.all.filter { purposes.contains($0.purpose) && mayManage(caller, $0) }
            .sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
            .map { ($0, uses.last(of: $0.id)) }
    }

    /// Its own owner, and whoever may administer all that it is granted; sessions and what is somebody else's, who administers the platform.
    private func mayManage(_ caller: Caller, _ credential: Credential) -> Bool {
        if credential.purpose == .password { return false }
        if let owner = credential.owner, owner == caller.subject.reviewer {
            // A token that may do less than its owner ends none but itself.
            if caller.subject.grants == nil || credential.id == caller.credentialID { return true }
        }
        let authority = state.access.authority(of: caller.subject)
        let now = world.now()
        let places: [(ProjectName?, EnvironmentName?)] =
            credential.owner != nil || credential.grants.isEmpty
            ? [(nil, nil)]
            : credential.grants.flatMap { grant in
                grant.environments.map { $0.map { (grant.project, $0 as EnvironmentName?) } } ?? [(grant.project, nil)]
            }
        return places.allSatisfy { project, environment in
            authority.permits(
                .administer, on: Resource(project: project, environment: environment, kind: .binding), at: now)
        }
    }

    func store(_ credential: Credential, by caller: Caller?, endingBootstrap: Bool = false) async throws(Problem) {
        _ = try await submit(
            CommitJob(
                work: .createCredential(credential, endingBootstrap: endingBootstrap), caller: caller,
                action: .tokenCreate, target: "token/\(credential.name.rawValue)"))
    }

    func makeCredential(
        name: TokenName, purpose: Credential.Purpose, expiresAt: Timestamp?, by caller: Caller?,
        owner: Principal? = nil, grants: [Grant] = [.everything]
    ) -> (token: TokenText, credential: Credential) {
        let token = TokenText(randomBytes: world.randomBytes)
        let maker = caller.map { $0.subject.reviewer ?? $0.subject.maker ?? $0.principal }
        let credential = Credential(
            id: (purpose == .session ? "ses_" : "tok_") + Digest.hexadecimal(world.randomBytes(8)), name: name,
            purpose: purpose, hash: token.hash, createdAt: world.now(), createdBy: caller?.principal ?? .system,
            expiresAt: expiresAt, owner: owner, maker: maker, grants: grants)
        return (token, credential)
    }
}

extension Credential {
    /// Whether it may administer the whole platform by itself.
    fileprivate var isAdministrator: Bool { owner == nil && grants.contains(.everything) }
}
