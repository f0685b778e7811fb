package import ConfigPlatformModel
package import Identity
import Logging
import Synchronization

/// How people and workloads prove who they are by the word of others.
package struct SignInSettings: Sendable {
    /// Secrets of this platform at issuers, by the issuer's name.
    package let clientSecrets: [String: String]
    /// Whether users of the platform's own may sign in with a password.
    package let allowsPasswords: Bool
    package let fetch: Fetch

    package init(
        clientSecrets: [String: String] = [:], allowsPasswords: Bool = false,
        fetch: @escaping Fetch = Outbound.fetch
    ) {
        self.clientSecrets = clientSecrets
        self.allowsPasswords = allowsPasswords
        self.fetch = fetch
    }
}

/// The issuers whose word is taken, their keys, and the tokens that were verified already. All of it may be forgotten at any time.
final class Issuers: Sendable {
    struct Proved: Sendable {
        let subject: Subject
        let issuer: IssuerName
        /// What the issuer's item said.
        let body: IssuerBody
        let expiresAt: Timestamp
    }

    private struct Known {
        let body: IssuerBody
        let issuer: Issuer
    }

    private struct Verified {
        let proved: Proved
        let at: Timestamp
    }

    private struct State {
        var issuers: [IssuerName: Known] = [:]
        var verified: [Digest: Verified] = [:]
    }

    private let settings: SignInSettings
    private let logger: Logger
    private let state = Mutex(State())
    private static let verifiedMax = 20_000
    /// How long a token is not verified again: as long as the issuer is not asked for its keys again in any case. A key that was withdrawn
    /// is of no more use then, however far in the future the tokens end that it has signed.
    private static let verifiedSeconds: Int64 = 30

    init(_ settings: SignInSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    /// Whose token of a workload it is, where an issuer that is trusted now signed it; nil otherwise. The log says why.
    func subject(of token: String, hash: Digest, by access: AccessPolicy, at now: Timestamp) async -> Proved? {
        if let known = state.withLock({ $0.verified[hash] }),
            access.issuer(known.proved.issuer) == known.proved.body, now < known.proved.expiresAt,
            (0..<Self.verifiedSeconds).contains(now.seconds - known.at.seconds)
        {
            return known.proved
        }
        for (name, body) in access.issuers where body.vouchesFor == .workloads {
            guard let issuer = issuer(name, body) else { continue }
            do throws(InvalidToken) {
                let claims = try await issuer.verify(token, at: now.seconds)
                guard let identity = ProvedIdentity(claims, by: name, body) else {
                    logger.notice("a token of an issuer says too little", metadata: ["issuer": "\(name.rawValue)"])
                    continue
                }
                let proved = Proved(
                    subject: Subject(principal: identity.principal, groups: identity.groups), issuer: name, body: body,
                    expiresAt: Timestamp(microseconds: 0).adding(seconds: claims.expiresAt))
                guard now < proved.expiresAt else { return nil }
                state.withLock { state in
                    if state.verified.count >= Self.verifiedMax { state.verified.removeAll() }
                    state.verified[hash] = Verified(proved: proved, at: now)
                }
                return proved
            } catch {
                guard error.reason != .issuer else { continue }
                logger.notice(
                    "a token of an issuer is refused",
                    metadata: ["issuer": "\(name.rawValue)", "reason": "\(error.text)"])
            }
        }
        return nil
    }

    /// Nil where its settings trust nobody; they were checked when they were written.
    func issuer(_ name: IssuerName, _ body: IssuerBody) -> Issuer? {
        state.withLock { state in
            if let known = state.issuers[name], known.body == body { return known.issuer }
            let settings = try? IssuerSettings(
                url: body.url, audiences: body.audiences, jwksURL: body.jwksURL.isEmpty ? nil : body.jwksURL,
                clientID: body.clientID.isEmpty ? nil : body.clientID,
                clientSecret: body.clientID.isEmpty ? nil : self.settings.clientSecrets[name.rawValue],
                scopes: body.scopes)
            guard let settings else { return nil }
            let issuer = Issuer(settings, fetch: self.settings.fetch)
            state.issuers[name] = Known(body: body, issuer: issuer)
            return issuer
        }
    }
}

/// Who an issuer says somebody is, in the platform's words.
struct ProvedIdentity: Sendable {
    let principal: Principal
    let displayName: String
    let groups: [Principal]

    /// Nil where a claim that the issuer's item asks for is missing or another.
    init?(_ claims: Claims, by name: IssuerName, _ body: IssuerBody) {
        for (path, wanted) in body.claims {
            guard let value = claims.value(at: path) else { return nil }
            let text = value.stringValue ?? String(decoding: value.canonicalBytes(), as: UTF8.self)
            guard text.utf8.elementsEqual(wanted.utf8) else { return nil }
        }
        guard var subject = claims.string(at: body.principalClaim), !subject.isEmpty else { return nil }
        if body.principalClaim == "email" {
            guard claims.value(at: "email_verified")?.boolValue == true else { return nil }
            subject = subject.lowercased()
        }
        let realm: Principal.Realm = body.vouchesFor == .people ? .user : .workload
        guard let principal = Principal(realm, subject, vouchedForBy: name) else { return nil }
        self.principal = principal
        displayName = String((claims.string(at: "name") ?? "").prefix(200))
        let groups = body.groupsClaim.isEmpty ? nil : claims.strings(at: body.groupsClaim)
        self.groups = (groups ?? []).prefix(Limits.groupsPerIdentity).compactMap {
            Principal(.group, $0, vouchedForBy: name)
        }
    }
}

extension Principal {
    /// `REALM:ISSUER/NAME`; nil where it would be too long.
    init?(_ realm: Realm, _ name: String, vouchedForBy issuer: IssuerName) {
        self.init(realm, encoding: name, after: issuer.rawValue + "/")
    }

    /// `REALM:NAME`, bytes of the name percent-encoded where a principal cannot have them; nil where it would be too long.
    package init?(_ realm: Realm, encoding name: String, after beginning: String = "") {
        var text = "\(realm.rawValue):\(beginning)"
        for byte in name.utf8 {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "%"), byte != UInt8(ascii: "*") {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%" + Digest.hexadecimal([byte]).uppercased()
            }
        }
        try? self.init(parsing: text)
    }
}

extension Timestamp {
    /// Whole seconds since 1970.
    var seconds: Int64 { microseconds / 1_000_000 }
}
