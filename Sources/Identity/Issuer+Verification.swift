import ExactJSON
import JWTKit

/// What a token is taken for.
package enum TokenUse: Sendable {
    /// Sent with a request: for one of the audiences of the settings.
    case bearer
    /// The ID token of somebody who signs in here: for the client ID of the settings, with the nonce that was sent along, if one was.
    case signIn(nonce: String?)
}

extension Issuer {
    /// How far the clocks of issuer and platform may be apart.
    package static let skewSeconds: Int64 = 60

    /// The claims of a token, where the issuer signed it, for us, and it is in force.
    ///
    /// `exp` and `sub` are needed; `nbf` and `iat` must not lie ahead. Keys, certificates and addresses that a token itself holds
    /// (`jwk`, `x5c`, `jku`, `x5u`) are never looked at.
    package func verify(
        _ token: String, as use: TokenUse = .bearer, at now: SecondsSince1970
    ) async throws(InvalidToken) -> Claims {
        let token = try SignedToken(token)
        guard settings.algorithms.contains(token.algorithm) else {
            throw InvalidToken(.algorithm, "The algorithm \(token.algorithm.rawValue) is not allowed for this issuer.")
        }
        try checkType(of: token, for: use)
        // Before the keys are asked for, so that the tokens of others cost nothing.
        try checkIssuer(of: token)
        let verifier = try await verifier(of: token, at: now)
        guard (try? verifier.verify(token.signature, signs: token.signed)) == true else {
            throw InvalidToken(.signature, "The signature does not fit the token.")
        }
        let claims = try Claims(token.payload, of: settings.url, at: now, skew: Self.skewSeconds)
        try checkAudience(of: claims, for: use)
        return claims
    }

    /// The `iss` of a token, to choose by it who verifies the token. Nothing of it is proved yet.
    package static func named(in token: String) throws(InvalidToken) -> String {
        try issuer(of: try SignedToken(token))
    }

    /// Logout tokens and others are signed by the same keys (RFC 8725, section 3.11). Many issuers state no type.
    private func checkType(of token: SignedToken, for use: TokenUse) throws(InvalidToken) {
        guard let type = token.type?.lowercased() else { return }
        let isAccess = type == "at+jwt" || type == "application/at+jwt"
        let isBearer = if case .bearer = use { true } else { false }
        guard type == "jwt" || (isAccess && isBearer) else {
            throw InvalidToken(.type, "The token's type \(InvalidToken.shown(type)) is another than is wanted here.")
        }
    }

    private static func issuer(of token: SignedToken) throws(InvalidToken) -> String {
        guard let issuer = token.payload["iss"]?.stringValue else {
            throw InvalidToken(.issuer, "The token names no issuer.")
        }
        return issuer
    }

    private func checkIssuer(of token: SignedToken) throws(InvalidToken) {
        let issuer = try Self.issuer(of: token)
        guard issuer.isSame(as: settings.url) else {
            throw InvalidToken(.issuer, "The token is of \(InvalidToken.shown(issuer)), not of '\(settings.url)'.")
        }
    }

    private func verifier(of token: SignedToken, at now: SecondsSince1970) async throws(InvalidToken)
        -> any JWTAlgorithm
    {
        let choice: KeySet.Choice
        do throws(IssuerFailure) {
            choice = try await keys.choose(id: token.keyID, token.algorithm, at: now)
        } catch {
            throw InvalidToken(.keysUnavailable, "The keys of the issuer cannot be had: \(error.text)")
        }
        let name = token.keyID.map(InvalidToken.shown) ?? "without a name"
        switch choice {
        case .verifier(let verifier): return verifier
        case .unknownKey:
            throw InvalidToken(.unknownKey, "The issuer has no key \(name).")
        case .wrongAlgorithm:
            throw InvalidToken(
                .unknownKey, "The key \(name) of the issuer is not for \(token.algorithm.rawValue).")
        case .ambiguous:
            throw InvalidToken(
                .unknownKey, "More than one key \(name) of the issuer would fit, and only one may.")
        }
    }

    private func checkAudience(of claims: Claims, for use: TokenUse) throws(InvalidToken) {
        guard let audiences = claims.audiences else {
            throw InvalidToken(.audience, "The token's 'aud' is neither a string nor a list of strings.")
        }
        let ours: [String]
        switch use {
        case .bearer: ours = settings.audiences
        case .signIn: ours = settings.clientID.map { [$0] } ?? []
        }
        guard audiences.contains(where: { audience in ours.contains { $0.isSame(as: audience) } }) else {
            let named = audiences.prefix(5).map(InvalidToken.shown).joined(separator: ", ")
            throw InvalidToken(.audience, "The token is for \(named.isEmpty ? "nobody" : named), not for us.")
        }
        guard case .signIn(let nonce) = use else { return }
        if audiences.count > 1, let party = claims.payload["azp"],
            !ours.contains(where: { party.stringValue?.isSame(as: $0) ?? false })
        {
            throw InvalidToken(.authorizedParty, "The token has several audiences, and was issued to another.")
        }
        if let nonce {
            guard let named = claims.payload["nonce"]?.stringValue,
                isEqualInConstantTime(Array(named.utf8), Array(nonce.utf8))
            else {
                throw InvalidToken(.nonce, "The token does not answer the request it was sent for: its nonce differs.")
            }
        }
    }
}

extension Claims {
    private static let subjectBytes = 1...1_024

    /// Reads the claims that every token has, and checks the times.
    init(
        _ payload: JSONObject, of issuer: String, at now: SecondsSince1970, skew: Int64
    ) throws(InvalidToken) {
        guard let subject = payload["sub"]?.stringValue, Self.subjectBytes.contains(subject.utf8.count),
            !subject.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw InvalidToken(
                .claim, "The token's 'sub' is not a string of 1 to 1,024 bytes without control characters.")
        }
        guard let expiresAt = try Self.time("exp", in: payload) else {
            throw InvalidToken(.claim, "The token has no 'exp'; tokens without an end are not taken.")
        }
        guard now < expiresAt + skew else {
            throw InvalidToken(.expired, "The token expired \(now - expiresAt) s ago.")
        }
        let issuedAt = try Self.time("iat", in: payload)
        for time in [try Self.time("nbf", in: payload), issuedAt] {
            guard let time, time - skew > now else { continue }
            throw InvalidToken(.notYetValid, "The token holds from \(time - now) s from now only; compare the clocks.")
        }
        self.init(payload: payload, issuer: issuer, subject: subject, expiresAt: expiresAt, issuedAt: issuedAt)
    }

    /// Nil where there is none.
    var audiences: [String]? {
        switch payload["aud"] {
        case .string(let audience): return [audience]
        case .array(let elements):
            let audiences = elements.compactMap(\.stringValue)
            return audiences.count == elements.count ? audiences : nil
        default: return nil
        }
    }

    /// A `NumericDate`, fractions of a second cut off; within 2^53 seconds of 1970, so that nothing is out of reach of a sum.
    private static func time(_ name: String, in payload: JSONObject) throws(InvalidToken) -> SecondsSince1970? {
        guard let value = payload[name] else { return nil }
        guard let number = value.numberValue?.double, abs(number) <= 9_007_199_254_740_992 else {
            throw InvalidToken(.claim, "The token's '\(name)' is no number of seconds.")
        }
        return Int64(number.rounded(.down))
    }
}
