import ConfigPlatformModel

extension AdministrationClient {
    package func signInWays() async throws -> Answer<SignInWaysView> { try await read(ServerRequest(.get, "sign-in")) }

    /// Where the browser goes to sign in at an issuer.
    package func authorization(
        at issuer: String, redirectURI: String, state: String, nonce: String, codeChallenge: String
    ) async throws -> Answer<AuthorizationView> {
        var request = ServerRequest(.post, "sign-in", "url")
        request.send([
            "codeChallenge": .string(codeChallenge), "issuer": .string(issuer), "nonce": .string(nonce),
            "redirectUri": .string(redirectURI), "state": .string(state),
        ])
        request.isRepeatable = true
        return try await read(request)
    }

    package func startDevice(at issuer: String) async throws -> Answer<DeviceSignInView> {
        var request = ServerRequest(.post, "sign-in", "device")
        request.send(["issuer": .string(issuer)])
        return try await read(request)
    }

    /// With the code that a browser came back with.
    package func signIn(
        at issuer: String, code: String, codeVerifier: String, redirectURI: String, nonce: String
    ) async throws -> Answer<SignInView> {
        try await session([
            "code": .string(code), "codeVerifier": .string(codeVerifier), "issuer": .string(issuer),
            "nonce": .string(nonce), "redirectUri": .string(redirectURI),
        ])
    }

    package func signIn(at issuer: String, deviceCode: String) async throws -> Answer<SignInView> {
        try await session(["deviceCode": .string(deviceCode), "issuer": .string(issuer)])
    }

    /// - Parameter user: one of the platform's own, such as `ada` or `user:ada`.
    package func signIn(user: String, password: String) async throws -> Answer<SignInView> {
        try await session(["password": .string(password), "user": .string(user)])
    }

    private func session(_ proof: JSONObject) async throws -> Answer<SignInView> {
        var request = ServerRequest(.post, "sign-in", "session")
        request.send(.object(proof))
        return try await read(request)
    }
}
