import ConfigPlatformModel
import ControlPlane
import HTTPTypes

enum TokenRoutes {
    private static let collection = "\(RouteTable.base)/tokens"

    static let all: [Route] = [
        Route(
            method: .get, pattern: collection, access: .administer, query: [], body: .none, handler: .operation(list)),
        Route(
            method: .post, pattern: collection, access: .administer, query: [], body: .json,
            handler: .administration(.tokenCreate, create)),
        Route(
            method: .delete, pattern: "\(collection)/{id}", access: .administer, query: [], body: .none,
            handler: .administration(.tokenRevoke, revoke)),
    ]

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let now = platform.now
        return .json { json in
            json.array("tokens", of: platform.tokens(caller)) { json, credential in
                json.object { json in
                    json.member("createdAt", credential.createdAt.text)
                    json.member("createdBy", credential.createdBy.rawValue)
                    json.member("expiresAt", credential.expiresAt?.text)
                    json.member("id", credential.id)
                    json.member("live", credential.isLive(at: now))
                    json.member("name", credential.name.rawValue)
                    json.member("purpose", credential.purpose.rawValue)
                    json.member("revokedAt", credential.revokedAt?.text)
                }
            }
        }
    }

    private static func create(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        let body = try BodyReader(parsing: request.body)
        let members = try body.members(["name", "expires", "expiresIn"], of: "A token")
        let nameReader = try members.required("name")
        let text = try nameReader.string()
        let name = try nameReader.identifier { () throws(InvalidIdentifier) in try TokenName(parsing: text) }
        let (token, credential) = try await platform.createToken(
            caller, name: name, expiresAt: expiry(members, of: body, now: platform.now))
        return .json(.created) { json in
            json.member("expiresAt", credential.expiresAt?.text)
            json.member("id", credential.id)
            json.member("name", name.rawValue)
            json.member("token", token.text)
        }
    }

    private static func expiry(
        _ members: BodyReader.Members, of body: BodyReader, now: Timestamp
    ) throws(Problem) -> Timestamp? {
        switch (members["expires"], members["expiresIn"]) {
        case (nil, nil): return nil
        case (let time?, nil): return try time.time()
        case (nil, let seconds?):
            let count = try seconds.int64()
            guard (1...secondsMax).contains(count) else {
                throw seconds.problem("'expiresIn' is a number of seconds from 1 to \(secondsMax).", keyword: "maximum")
            }
            return now.adding(seconds: count)
        case (_?, _?): throw body.problem("Give 'expires' or 'expiresIn', not both.", keyword: "oneOf")
        }
    }

    /// A hundred years: beyond it nobody means a time.
    private static let secondsMax: Int64 = 100 * 366 * 86_400

    private static func revoke(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        try await platform.revokeToken(caller, id: request.parameter("id"))
        return Answer(status: .noContent)
    }
}
