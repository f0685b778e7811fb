package import ConfigPlatformModel

extension Platform {
    /// Who holds this token. Throws `unauthenticated` for whatever is not a live one, always in the same words.
    package func authenticate(
        bearer token: String?, sourceAddress: String?, requestID: String?
    ) throws(Problem) -> Caller {
        guard let token, let text = TokenText(token), let credential = credentials.credential(hash: text.hash),
            credential.isLive(at: world.now())
        else {
            anonymousRefusals.count(from: sourceAddress)
            throw Problem(
                .unauthenticated,
                token == nil
                    ? "A token is needed. Send it as 'Authorization: Bearer cfg_…'; `cfg login` stores one for the command line."
                    : "The token is not known, has expired or was revoked. Ask an administrator for a new one.")
        }
        return Caller(
            principal: credential.principal, purpose: credential.purpose, credentialID: credential.id,
            sourceAddress: sourceAddress, requestID: requestID)
    }

    /// The same for a token of which the hash is known already; nil where it is none of a live one, which is counted nowhere.
    package func caller(tokenHash: Digest, sourceAddress: String?) -> Caller? {
        guard let credential = credentials.credential(hash: tokenHash), credential.isLive(at: world.now()) else {
            return nil
        }
        return Caller(
            principal: credential.principal, purpose: credential.purpose, credentialID: credential.id,
            sourceAddress: sourceAddress, requestID: nil)
    }

    /// Whether the token with this hash is still the live one of a caller whom it proved: what a connection asks at each request, and a
    /// watch at each event, so that a revoked token ends at once.
    package func isLive(_ caller: Caller, tokenHash: Digest) -> Bool {
        guard let credential = credentials.credential(hash: tokenHash) else { return false }
        return credential.id == caller.credentialID && credential.isLive(at: world.now())
    }

    /// Makes an access token. The text is in the answer and nowhere else. A bootstrap token ends with the first token it makes.
    package func createToken(
        _ caller: Caller, name: TokenName, expiresAt: Timestamp?
    ) async throws(Problem) -> (token: TokenText, credential: Credential) {
        let now = world.now()
        if let expiresAt, expiresAt <= now {
            throw Problem(.invalidRequest, "The token would have expired already; give a time in the future, or none.")
        }
        let known = credentials.all
        guard known.count(where: { $0.isLive(at: now) }) < Limits.tokens else {
            throw Problem(
                .limitExceeded, "There are \(Limits.tokens) live tokens, as many as there may be; revoke some.")
        }
        guard !known.contains(where: { $0.name == name && $0.isLive(at: now) }) else {
            throw Problem(
                .alreadyExists, "A live token is named '\(name.rawValue)'; choose another name, or revoke that one.")
        }
        return try await create(
            name: name, purpose: .access, expiresAt: expiresAt, by: caller,
            endingBootstrap: caller.purpose == .bootstrap)
    }

    /// Ends a token at once, here, and within a second on every replica.
    package func revokeToken(_ caller: Caller, id: String) async throws(Problem) {
        let now = world.now()
        guard let credential = credentials.all.first(where: { $0.id == id }) else {
            throw Problem(.notFound, "There is no token with the id '\(InvalidIdentifier.shown(id))'.")
        }
        guard credential.revokedAt == nil else { return }
        let others = credentials.all.filter { $0.id != id && $0.isLive(at: now) }
        guard !others.isEmpty else {
            throw Problem(.inUse, "This is the last live token; make another first, or nobody could enter.")
        }
        _ = try await submit(
            CommitJob(
                work: .revokeCredential(id: id), caller: caller, action: .tokenRevoke,
                target: "token/\(credential.name.rawValue)"))
    }

    /// All tokens, the ended ones too, newest first. Never their texts.
    package func tokens(_ caller: Caller) -> [Credential] {
        credentials.all.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
    }

    func create(
        name: TokenName, purpose: Credential.Purpose, expiresAt: Timestamp?, by caller: Caller?, endingBootstrap: Bool
    ) async throws(Problem) -> (token: TokenText, credential: Credential) {
        let (token, credential) = makeCredential(name: name, purpose: purpose, expiresAt: expiresAt, by: caller)
        _ = try await submit(
            CommitJob(
                work: .createCredential(credential, endingBootstrap: endingBootstrap), caller: caller,
                action: .tokenCreate,
                target: "token/\(name.rawValue)"))
        return (token, credential)
    }

    func makeCredential(
        name: TokenName, purpose: Credential.Purpose, expiresAt: Timestamp?, by caller: Caller?
    ) -> (token: TokenText, credential: Credential) {
        let token = TokenText(randomBytes: world.randomBytes)
        let credential = Credential(
            id: "tok_" + Digest.hexadecimal(world.randomBytes(8)), name: name, purpose: purpose, hash: token.hash,
            createdAt: world.now(), createdBy: caller?.principal ?? .system, expiresAt: expiresAt)
        return (token, credential)
    }
}
