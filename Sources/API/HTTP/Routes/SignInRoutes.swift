import ConfigPlatformModel
import ControlPlane
import HTTPTypes

/// How somebody becomes somebody: at an issuer, on a device, or with a password.
enum SignInRoutes {
    private static let base = "\(RouteTable.base)/sign-in"

    static let all: [Route] = [
        entrance(.get, base, .none, ways),
        entrance(.post, "\(base)/url", .json, url),
        entrance(.post, "\(base)/device", .json, device),
        entrance(.post, "\(base)/session", .json, session),
    ]

    private static func entrance(
        _ method: HTTPRequest.Method, _ pattern: String, _ body: Route.BodyRule, _ entrance: @escaping Route.Entrance
    ) -> Route {
        Route(
            method: method, pattern: pattern, access: .anonymous, query: [], body: body, handler: .entrance(entrance),
            leavesSomething: method != .get)
    }

    private static func ways(_ platform: Platform, _ request: IncomingRequest) async throws(Problem) -> Answer {
        let ways = platform.signInWays
        return .json { json in
            json.array("issuers", of: ways.issuers.map(\.rawValue))
            json.member("passwords", ways.passwords)
        }
    }

    private static func url(_ platform: Platform, _ request: IncomingRequest) async throws(Problem) -> Answer {
        let members = try BodyReader(parsing: request.body).members(
            ["codeChallenge", "issuer", "nonce", "redirectUri", "state"], of: "A sign-in")
        let url = try await platform.authorizationURL(
            at: members.required("issuer").issuerName(), redirectURI: members.required("redirectUri").bounded(),
            state: members.required("state").bounded(), nonce: members.required("nonce").bounded(),
            challenge: members.required("codeChallenge").bounded())
        return .json { $0.member("url", url) }
    }

    private static func device(_ platform: Platform, _ request: IncomingRequest) async throws(Problem) -> Answer {
        let members = try BodyReader(parsing: request.body).members(["issuer"], of: "A sign-in")
        let device = try await platform.startDevice(at: members.required("issuer").issuerName())
        return .json { json in
            json.member("deviceCode", device.deviceCode)
            json.member("expiresIn", device.expiresInSeconds)
            json.member("interval", device.intervalSeconds)
            json.member("userCode", device.userCode)
            json.member("verificationUri", device.verificationURI)
            json.member("verificationUriComplete", device.verificationURIComplete)
        }
    }

    private static func session(_ platform: Platform, _ request: IncomingRequest) async throws(Problem) -> Answer {
        let body = try BodyReader(parsing: request.body)
        let members = try body.members(
            ["code", "codeVerifier", "deviceCode", "issuer", "nonce", "password", "redirectUri", "user"],
            of: "A sign-in")
        let outcome = try await platform.signIn(
            try proof(members, body), sourceAddress: request.sourceAddress, requestID: request.id)
        switch outcome {
        case .pending(let slower):
            return .json(.accepted) { json in
                json.member("pending", true)
                json.member("slower", slower)
            }
        case .session(let token, let credential):
            return .json(.created) { json in
                json.member("expiresAt", credential.expiresAt?.text)
                json.member("id", credential.id)
                json.member("principal", credential.principal.rawValue)
                json.member("token", token.text)
            }
        }
    }

    private static func proof(
        _ members: BodyReader.Members, _ body: BodyReader
    ) throws(Problem) -> SignInProof {
        switch (members["user"], members["code"], members["deviceCode"]) {
        case (let user?, nil, nil):
            let text = try user.bounded()
            let principal = try user.identifier { () throws(InvalidIdentifier) in
                try Principal(parsing: text.hasPrefix("user:") ? text : "user:" + text)
            }
            return .password(principal, try members.required("password").string())
        case (nil, let code?, nil):
            return .code(
                try members.required("issuer").issuerName(), code: try code.bounded(),
                verifier: try members.required("codeVerifier").bounded(),
                redirectURI: try members.required("redirectUri").bounded(),
                nonce: try members.required("nonce").bounded())
        case (nil, nil, let code?):
            return .device(try members.required("issuer").issuerName(), code: try code.bounded())
        default:
            throw body.problem("Sign in with one of 'user', 'code' and 'deviceCode'.", keyword: "oneOf")
        }
    }
}

extension BodyReader {
    /// What an issuer gave, or is to be given.
    fileprivate func bounded() throws(Problem) -> String {
        let text = try string()
        guard (1...4_096).contains(text.utf8.count) else {
            throw problem("A string of 1 to 4096 bytes is needed here.")
        }
        return text
    }

    fileprivate func issuerName() throws(Problem) -> IssuerName {
        let text = try string()
        return try identifier { () throws(InvalidIdentifier) in try IssuerName(parsing: text) }
    }
}
