package import ConfigPlatformModel
import Identity

/// What a request shows of who sends it.
package struct Proofs: Sendable {
    /// Of `Authorization: Bearer`.
    package var token: String?
    /// The subject of the connection's certificate, where one was asked for and verified.
    package var certificate: Principal?

    package init(token: String? = nil, certificate: Principal? = nil) {
        self.token = token
        self.certificate = certificate
    }
}

extension Platform {
    /// Who calls. Throws `unauthenticated` for whatever proves nothing, always in the same words.
    ///
    /// A token of the platform is looked up, one of an issuer verified; without either the connection's certificate counts.
    package func authenticate(
        _ proofs: Proofs, sourceAddress: String?, requestID: String?
    ) async throws(Problem) -> Caller {
        if let token = proofs.token {
            let hash = Digest.of(Array(token.utf8))
            if let caller = caller(tokenHash: hash, sourceAddress: sourceAddress, requestID: requestID) {
                return caller
            }
            if TokenText(token) == nil,
                let proved = await issuers.subject(of: token, hash: hash, by: state.access, at: world.now()),
                !isDisabled(proved.subject)
            {
                return Caller(
                    subject: proved.subject,
                    means: .issuer(proved.issuer, proved.body, expiresAt: proved.expiresAt),
                    sourceAddress: sourceAddress, requestID: requestID)
            }
        } else if let certificate = proofs.certificate {
            let subject = Subject(principal: certificate)
            if !isDisabled(subject) {
                return Caller(
                    subject: subject, means: .certificate, sourceAddress: sourceAddress, requestID: requestID)
            }
        }
        anonymousRefusals.count(from: sourceAddress)
        throw Problem(
            .unauthenticated,
            proofs.token == nil
                ? "A token is needed. Send it as 'Authorization: Bearer …'; `cfg login` gets one for the command line."
                : "The token is not known, has expired or was revoked. Sign in again, or ask an administrator for a new one."
        )
    }

    /// The caller with a token of the platform, by its hash; nil where it is none of a live one, which is counted nowhere.
    package func caller(tokenHash: Digest, sourceAddress: String?, requestID: String? = nil) -> Caller? {
        let now = world.now()
        guard let credential = credentials.credential(hash: tokenHash), credential.isLive(at: now),
            let subject = credential.subject, !isDisabled(subject)
        else { return nil }
        uses.note(credential.id, at: now)
        return Caller(
            subject: subject, means: .credential(id: credential.id, credential.purpose), sourceAddress: sourceAddress,
            requestID: requestID)
    }

    /// Whether what proved a caller still does: what a connection asks at each request, and a watch at each event, so that a revoked token
    /// ends at once.
    package func isLive(_ caller: Caller, tokenHash: Digest?) -> Bool {
        let access = state.access
        return isLive(caller, tokenHash: tokenHash, access, access.authority(of: caller.subject), at: world.now())
    }

    func isLive(
        _ caller: Caller, tokenHash: Digest?, _ access: AccessPolicy, _ authority: Authority, at now: Timestamp
    ) -> Bool {
        guard !authority.isDisabled else { return false }
        switch caller.means {
        case .credential(let id, _):
            guard let tokenHash, let credential = credentials.credential(hash: tokenHash), credential.id == id,
                credential.isLive(at: now)
            else { return false }
            uses.note(id, at: now)
            return true
        case .issuer(let name, let body, let expiresAt): return now < expiresAt && access.issuer(name) == body
        case .certificate: return true
        case .schedule, .hook: return false
        }
    }

    private func isDisabled(_ subject: Subject) -> Bool {
        state.access.authority(of: subject).isDisabled
    }
}
