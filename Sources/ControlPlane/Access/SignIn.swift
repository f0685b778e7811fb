package import ConfigPlatformModel
import Dispatch
import Identity
import Logging

/// By what somebody signs in.
package enum SignInProof: Sendable {
    case code(IssuerName, code: String, verifier: String, redirectURI: String, nonce: String)
    case device(IssuerName, code: String)
    case password(Principal, String)
}

/// A sign-in of somebody whose browser is elsewhere (RFC 8628).
package struct DeviceSignIn: Sendable {
    package let deviceCode: String
    package let userCode: String
    package let verificationURI: String
    package let verificationURIComplete: String?
    package let intervalSeconds: Int64
    package let expiresInSeconds: Int64
}

/// What became of it.
package enum SignInOutcome: Sendable {
    case session(TokenText, Credential)
    /// Nobody has entered the device's code yet; whether to ask less often from here on.
    case pending(slower: Bool)
}

extension Platform {
    /// The issuers at which people may sign in, and whether a password will do.
    package var signInWays: (issuers: [IssuerName], passwords: Bool) {
        (state.access.issuers.filter { $0.body.vouchesFor == .people }.map(\.name), signIn.allowsPasswords)
    }

    /// Where the browser of somebody who signs in goes. The redirection must lead back to the machine that the browser is on.
    package func authorizationURL(
        at name: IssuerName, redirectURI: String, state signInState: String, nonce: String, challenge: String
    ) async throws(Problem) -> String {
        guard Self.isLoopback(redirectURI) else {
            throw Problem(
                .invalidRequest,
                "'redirectUri' leads to a port of 127.0.0.1, [::1] or localhost, such as http://127.0.0.1:7777/.")
        }
        let issuer = try issuer(of: name)
        return try await asking(name) { () async throws(IssuerFailure) in
            try await issuer.authorizationURL(
                redirectURI: redirectURI, state: signInState, nonce: nonce, codeChallenge: challenge,
                at: self.world.now().seconds)
        }
    }

    package func startDevice(at name: IssuerName) async throws(Problem) -> DeviceSignIn {
        let issuer = try issuer(of: name)
        let started = try await asking(name) { () async throws(IssuerFailure) in
            try await issuer.startDevice(at: self.world.now().seconds)
        }
        return DeviceSignIn(
            deviceCode: started.deviceCode, userCode: started.userCode, verificationURI: started.verificationURI,
            verificationURIComplete: started.verificationURIComplete, intervalSeconds: started.intervalSeconds,
            expiresInSeconds: started.expiresInSeconds)
    }

    /// Begins a session of whoever the proof proves. Refused in the same words whatever is wrong with it, and slower with each failure.
    package func signIn(
        _ proof: SignInProof, sourceAddress: String?, requestID: String?
    ) async throws(Problem) -> SignInOutcome {
        let now = world.now().seconds
        let source = "address:" + (sourceAddress ?? "unknown")
        if case .device = proof {
            // To ask how a device stands is no attempt; what comes of it would otherwise take back those that were.
            try refuse(throttle.waitSeconds(source, at: now))
        } else {
            try wait(for: source, at: now)
        }
        let identity: ProvedIdentity
        let seconds: Int64
        switch proof {
        case .password(let user, let password):
            try wait(for: "user:" + user.rawValue, at: now)
            try await check(password, of: user)
            throttle.succeeded("user:" + user.rawValue)
            identity = ProvedIdentity(user: user)
            seconds = Self.passwordSessionSeconds
        case .code(let name, let code, let verifier, let redirectURI, let nonce):
            let issuer = try issuer(of: name)
            let claims = try await asking(name) { () async throws(IssuerFailure) in
                try await issuer.exchange(
                    code: code, codeVerifier: verifier, redirectURI: redirectURI, nonce: nonce, at: now)
            }
            (identity, seconds) = try proved(claims, by: name)
        case .device(let name, let code):
            let issuer = try issuer(of: name)
            do throws(Problem) {
                let progress = try await asking(name) { () async throws(IssuerFailure) in
                    try await issuer.pollDevice(code, at: now)
                }
                switch progress {
                case .pending, .slowDown: return .pending(slower: progress == .slowDown)
                case .denied, .expired: throw Self.notSignedIn
                case .signedIn(let claims): (identity, seconds) = try proved(claims, by: name)
                }
            } catch {
                _ = throttle.begin(source, at: now)
                throw error
            }
        }
        if case .device = proof {} else { throttle.takeBack(source) }
        return try await beginSession(
            of: identity, seconds: seconds, sourceAddress: sourceAddress, requestID: requestID)
    }

    private static let passwordSessionSeconds: Int64 = 28_800

    private static let notSignedIn = Problem(
        .unauthenticated, "That does not prove who you are. Try again; if it goes on, ask an administrator.")

    private func wait(for key: String, at now: Int64) throws(Problem) {
        try refuse(throttle.begin(key, at: now))
    }

    private func refuse(_ seconds: Int64) throws(Problem) {
        guard seconds > 0 else { return }
        throw Problem(
            .tooManyRequests, "Too many failed attempts; try again in \(seconds) seconds.",
            retryAfterSeconds: Int(seconds))
    }

    private func issuer(of name: IssuerName) throws(Problem) -> Issuer {
        guard let body = state.access.issuer(name), body.vouchesFor == .people, let issuer = issuers.issuer(name, body)
        else { throw Problem(.notFound, "There is no issuer '\(name.rawValue)' to sign in at.") }
        return issuer
    }

    private func asking<Answer>(
        _ name: IssuerName, _ ask: () async throws(IssuerFailure) -> Answer
    ) async throws(Problem) -> Answer {
        do throws(IssuerFailure) {
            return try await ask()
        } catch {
            logger.notice("an issuer", metadata: ["issuer": "\(name.rawValue)", "reason": "\(error.text)"])
            switch error.reason {
            case .unavailable, .invalidAnswer:
                throw Problem(
                    .unavailable, "The issuer '\(name.rawValue)' cannot be reached; try again.", retryAfterSeconds: 5)
            case .unsupported: throw Problem(.invalidRequest, error.text)
            case .refused, .invalidToken: throw Self.notSignedIn
            }
        }
    }

    private func proved(_ claims: Claims, by name: IssuerName) throws(Problem) -> (ProvedIdentity, Int64) {
        guard let body = state.access.issuer(name), let identity = ProvedIdentity(claims, by: name, body) else {
            logger.notice("an issuer's token says too little", metadata: ["issuer": "\(name.rawValue)"])
            throw Self.notSignedIn
        }
        return (identity, body.sessionSeconds)
    }

    private func beginSession(
        of identity: ProvedIdentity, seconds: Int64, sourceAddress: String?, requestID: String?
    ) async throws(Problem) -> SignInOutcome {
        let now = world.now()
        guard !state.access.isDisabled(identity.principal) else { throw Self.notSignedIn }
        guard credentials.all.count(where: { $0.purpose == .session && $0.isLive(at: now) }) < Limits.sessions else {
            throw Problem(.limitExceeded, "There are \(Limits.sessions) live sessions, as many as there may be.")
        }
        try await remember(identity)
        let (token, credential) = makeCredential(
            name: try ItemText.parsed { () throws(InvalidIdentifier) in try TokenName(parsing: "session") },
            purpose: .session, expiresAt: now.adding(seconds: seconds), by: nil, owner: identity.principal, grants: [])
        let caller = Caller(
            subject: Subject(principal: identity.principal), means: .credential(id: credential.id, .session),
            sourceAddress: sourceAddress, requestID: requestID)
        _ = try await submit(
            CommitJob(
                work: .createCredential(credential, endingBootstrap: false), caller: caller, action: .signIn,
                target: "session/\(credential.id)"))
        return .session(token, credential)
    }

    /// Writes down what an issuer says of somebody, where that is new.
    private func remember(_ identity: ProvedIdentity) async throws(Problem) {
        let principal = identity.principal
        @Sendable func body(_ standing: IdentityBody?) throws(Problem) -> IdentityBody {
            try IdentityBody(
                displayName: identity.displayName.isEmpty ? standing?.displayName ?? "" : identity.displayName,
                groups: identity.groups, isDisabled: standing?.isDisabled ?? false)
        }
        let standing = state.access.identity(principal)
        guard try standing != body(standing) else { return }
        let proposal = Proposal(
            project: .platform, by: .platform(), message: "What its issuer says of \(principal.rawValue)"
        ) { state throws(Problem) in
            [Operation(.putAccess(.identity(principal), .identity(try body(state.access.identity(principal)))))]
        }
        _ = try await submit(
            CommitJob(
                work: .change(proposal, nil), caller: nil, action: .change, target: "identity/\(principal.rawValue)"))
    }

    // MARK: Passwords

    /// Gives a user of the platform's own a password, and ends the sessions that the old one began.
    package func setPassword(
        _ caller: Caller, of user: Principal, to password: String
    ) async throws(Problem) {
        guard signIn.allowsPasswords else {
            throw Problem(
                .invalidRequest,
                "Users with passwords are switched off; start the server with --local-users to have them.")
        }
        guard user.realm == .user, user.issuer == nil else {
            throw Problem(
                .invalidRequest,
                "'\(user.rawValue)' is none of the platform's own users; those are user:NAME, without '/'.")
        }
        if caller.subject.reviewer != user || caller.subject.grants != nil {
            try require(caller, .administer, .identity)
            try checkMayActAs(user, caller)
        }
        guard state.access.identity(user) != nil else {
            throw Problem(.notFound, "There is no identity '\(user.rawValue)'; create it first.")
                .lacking(Missing(.identity, user.rawValue))
        }
        if let fault = PasswordRule.fault(in: password, userName: String(user.name)) {
            throw Problem(.invalidRequest, fault.message)
        }
        let salt = world.randomBytes(PasswordHash.saltBytes)
        let hash = await slowly { PasswordHash(of: password, salt: salt).encoded }
        let now = world.now()
        let old = credentials.all.filter {
            $0.owner == user && ($0.purpose == .password || $0.purpose == .session) && $0.isLive(at: now)
        }
        if !old.isEmpty {
            _ = try await submit(
                CommitJob(
                    work: .revokeCredentials(ids: old.map(\.id)), caller: caller, action: .passwordSet,
                    target: "identity/\(user.rawValue)"))
        }
        let credential = Credential(
            id: "pwd_" + Digest.hexadecimal(world.randomBytes(8)),
            name: try ItemText.parsed { () throws(InvalidIdentifier) in try TokenName(parsing: "password") },
            purpose: .password, hash: Digest.of(world.randomBytes(32)), createdAt: now, createdBy: caller.principal,
            expiresAt: nil, owner: user, grants: [], password: hash)
        _ = try await submit(
            CommitJob(
                work: .createCredential(credential, endingBootstrap: false), caller: caller, action: .passwordSet,
                target: "identity/\(user.rawValue)"))
    }

    /// Who sets somebody's password can be that somebody, and so must hold what that somebody holds.
    private func checkMayActAs(_ user: Principal, _ caller: Caller) throws(Problem) {
        let access = state.access
        let authority = access.authority(of: caller.subject)
        let now = world.now()
        for rule in access.allRules(of: user) where rule.effect == .allow && rule.holds(at: now) {
            guard authority.holds(rule, at: now) else {
                throw Problem(
                    .forbidden,
                    "\(user.rawValue) may do what \(caller.principal.rawValue) may not, who so may not give it a password."
                )
            }
        }
    }

    private func check(_ password: String, of user: Principal) async throws(Problem) {
        let now = world.now()
        let stored = credentials.all.first {
            $0.purpose == .password && $0.owner == user && $0.isLive(at: now)
        }?.password.flatMap { try? PasswordHash(parsing: $0) }
        // Where there is no such user the same work is done, so that the time does not tell.
        let hash = stored ?? .ofNobody
        let fits = await slowly { hash.verify(password) }
        guard signIn.allowsPasswords, fits, stored != nil else {
            anonymousRefusals.count(from: nil)
            throw Self.notSignedIn
        }
    }

    /// Runs what is slow by design on a thread of its own, one at a time: a flood of guesses takes no more than that.
    private func slowly<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            passwordQueue.async { continuation.resume(returning: work()) }
        }
    }

    private static func isLoopback(_ uri: String) -> Bool {
        guard uri.utf8.count <= 512, uri.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x5C && $0 != 0x23 }),
            uri.hasPrefix("http://")
        else { return false }
        let authority = uri.dropFirst(7).prefix { $0 != "/" && $0 != "?" }
        for host in ["127.0.0.1", "localhost", "[::1]"] where authority.hasPrefix(host) {
            let port = authority.dropFirst(host.count)
            return port.isEmpty
                || (port.first == ":" && port.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) })
        }
        return false
    }
}

extension ProvedIdentity {
    init(user: Principal) {
        principal = user
        displayName = ""
        groups = []
    }
}
