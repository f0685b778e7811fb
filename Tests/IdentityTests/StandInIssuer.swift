import ExactJSON
import Synchronization

@testable import Identity

/// Stands in for an issuer: answers out of memory, and counts what it is asked.
final class StandInIssuer: Sendable {
    struct Unreachable: Error {}

    private struct State {
        var replies: [String: HTTPReply] = [:]
        var calls: [HTTPCall] = []
        var isDown = false
        var isSlow = false
    }

    let url: String
    private let state = Mutex(State())

    /// A moment in 2026.
    static let now: SecondsSince1970 = 1_790_000_000

    init(_ url: String = "https://issuer.example", keys: [TestKey]) {
        self.url = url
        reply(
            "/.well-known/openid-configuration",
            [
                "authorization_endpoint": .string(url + "/authorize"),
                "device_authorization_endpoint": .string(url + "/device"), "issuer": .string(url),
                "jwks_uri": .string(url + "/keys"), "token_endpoint": .string(url + "/token"),
            ])
        publish(keys)
    }

    func publish(_ keys: [TestKey]) {
        reply("/keys", ["keys": .array(keys.map { .object($0.jwk) })])
    }

    func reply(_ path: String, status: Int = 200, _ object: JSONObject) {
        reply(path, HTTPReply(status: status, body: JSONValue.object(object).canonicalBytes()))
    }

    func reply(_ path: String, _ reply: HTTPReply) {
        state.withLock { $0.replies[url + path] = reply }
    }

    /// Whether it can be reached.
    func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    /// Whether it lets others run before it answers.
    func setSlow(_ isSlow: Bool) { state.withLock { $0.isSlow = isSlow } }

    func calls(_ path: String) -> [HTTPCall] {
        state.withLock { $0.calls.filter { $0.url == url + path } }
    }

    var keyFetches: Int { calls("/keys").count }

    var fetch: Fetch {
        { call in
            let (reply, isSlow) = try self.state.withLock { state in
                state.calls.append(call)
                guard !state.isDown, let reply = state.replies[call.url] else { throw Unreachable() }
                return (reply, state.isSlow)
            }
            if isSlow { try await Task.sleep(for: .milliseconds(50)) }
            return reply
        }
    }

    func issuer(
        audiences: [String] = ["config"], jwksURL: String? = nil,
        algorithms: Set<SignatureAlgorithm> = Set(SignatureAlgorithm.allCases), clientID: String? = "console",
        clientSecret: String? = nil
    ) throws -> Issuer {
        Issuer(
            try IssuerSettings(
                url: url, audiences: audiences, jwksURL: jwksURL, algorithms: algorithms, clientID: clientID,
                clientSecret: clientSecret),
            fetch: fetch)
    }

    /// What a good token says.
    func payload(_ members: (String, JSONValue?)...) -> JSONObject {
        var payload: JSONObject = [
            "aud": "config", "exp": .int(Self.now + 300), "iat": .int(Self.now), "iss": .string(url), "sub": "ada",
        ]
        for (name, value) in members { payload[name] = value }
        return payload
    }
}

/// Why a token is refused; nil where it is taken.
func refusal(
    _ token: String, by issuer: Issuer, as use: TokenUse = .bearer, at now: SecondsSince1970 = StandInIssuer.now
) async -> InvalidToken? {
    do throws(InvalidToken) {
        _ = try await issuer.verify(token, as: use, at: now)
        return nil
    } catch {
        return error
    }
}
