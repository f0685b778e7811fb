import ExactJSON

/// Signing in with an authorization code (OpenID Connect Core 1.0, section 3.1, with the PKCE of RFC 7636) or on a device (RFC 8628).
///
/// What is known of somebody is what stands in the ID token: the userinfo endpoint is not asked. An issuer that keeps groups or roles out
/// of its ID tokens must be told to put them in.
extension Issuer {
    /// Where to send the browser of somebody who signs in. `state` and `nonce` are drawn for this sign-in and kept until it ends.
    package func authorizationURL(
        redirectURI: String, state: String, nonce: String, codeChallenge: String, at now: SecondsSince1970
    ) async throws(IssuerFailure) -> String {
        let clientID = try requireClientID()
        guard let endpoint = try await keys.metadata(at: now).authorizationEndpoint else {
            throw unsupported("authorization_endpoint")
        }
        let query = FormText.encode([
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirectURI),
            ("scope", settings.scopes.joined(separator: " ")), ("state", state), ("nonce", nonce),
            ("code_challenge", codeChallenge), ("code_challenge_method", "S256"),
        ])
        return endpoint + (endpoint.contains("?") ? "&" : "?") + query
    }

    /// Who it is that came back with this code. The redirect URI is the one of the authorization URL.
    package func exchange(
        code: String, codeVerifier: String, redirectURI: String, nonce: String, at now: SecondsSince1970
    ) async throws(IssuerFailure) -> Claims {
        let form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
            ("code_verifier", codeVerifier),
        ]
        switch try await token(form, at: now) {
        case .success(let answer): return try await claims(in: answer, nonce: nonce, at: now)
        case .failure(let refusal):
            throw IssuerFailure(
                .refused(refusal.code), "The issuer refuses the authorization code: \(refusal.code).")
        }
    }

    /// Begins a sign-in of somebody whose browser is elsewhere.
    package func startDevice(at now: SecondsSince1970) async throws(IssuerFailure) -> DeviceAuthorization {
        guard let endpoint = try await keys.metadata(at: now).deviceAuthorizationEndpoint else {
            throw unsupported("device_authorization_endpoint")
        }
        let form = [("scope", settings.scopes.joined(separator: " "))]
        switch try await post(form, to: endpoint) {
        case .success(let answer): return try DeviceAuthorization(answer, of: settings.url)
        case .failure(let refusal):
            throw IssuerFailure(
                .refused(refusal.code), "The issuer refuses to sign in a device: \(refusal.code).")
        }
    }

    /// Asks how the sign-in on a device stands. Not oftener than its interval; 5 s longer after each ``DeviceProgress/slowDown``.
    package func pollDevice(
        _ deviceCode: String, at now: SecondsSince1970
    ) async throws(IssuerFailure) -> DeviceProgress {
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", deviceCode)]
        switch try await token(form, at: now) {
        case .success(let answer): return .signedIn(try await claims(in: answer, nonce: nil, at: now))
        case .failure(let refusal):
            switch refusal.code {
            case "authorization_pending": return .pending
            case "slow_down": return .slowDown
            case "access_denied": return .denied
            case "expired_token": return .expired
            default:
                throw IssuerFailure(
                    .refused(refusal.code), "The issuer refuses the sign-in on a device: \(refusal.code).")
            }
        }
    }

    private func token(
        _ form: [(String, String)], at now: SecondsSince1970
    ) async throws(IssuerFailure) -> Result<JSONObject, RefusedRequest> {
        guard let endpoint = try await keys.metadata(at: now).tokenEndpoint else { throw unsupported("token_endpoint") }
        return try await post(form, to: endpoint)
    }

    /// With `client_secret_basic` where there is a secret, otherwise as a public client (RFC 6749, section 2.3.1).
    private func post(
        _ form: [(String, String)], to endpoint: String
    ) async throws(IssuerFailure) -> Result<JSONObject, RefusedRequest> {
        let clientID = try requireClientID()
        guard let secret = settings.clientSecret else {
            return try await requests.post(form + [("client_id", clientID)], to: endpoint, headers: [])
        }
        let credentials = Array((FormText.encode(clientID) + ":" + FormText.encode(secret)).utf8)
        return try await requests.post(
            form, to: endpoint, headers: [("Authorization", "Basic " + Base64.padded(credentials))])
    }

    private func claims(
        in answer: JSONObject, nonce: String?, at now: SecondsSince1970
    ) async throws(IssuerFailure) -> Claims {
        guard let token = answer["id_token"]?.stringValue else {
            throw IssuerFailure(
                .invalidAnswer, "The issuer sends no ID token; is 'openid' among the scopes of its settings?")
        }
        do throws(InvalidToken) {
            return try await verify(token, as: .signIn(nonce: nonce), at: now)
        } catch {
            throw IssuerFailure(.invalidToken(error.reason), "The issuer's ID token is refused: \(error.text)")
        }
    }

    private func requireClientID() throws(IssuerFailure) -> String {
        guard let clientID = settings.clientID else {
            throw IssuerFailure(.unsupported, "The settings of \(settings.url) have no client ID to sign in with.")
        }
        return clientID
    }

    private func unsupported(_ endpoint: String) -> IssuerFailure {
        IssuerFailure(.unsupported, "The issuer \(settings.url) has no \(endpoint).")
    }
}
