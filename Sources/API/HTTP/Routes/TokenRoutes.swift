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
        Route(
            method: .get, pattern: "\(RouteTable.base)/sessions", access: .read, query: [], body: .none,
            handler: .operation(sessions)),
        Route(
            method: .delete, pattern: "\(RouteTable.base)/sessions/{id}", access: .read, query: [], body: .none,
            handler: .administration(.sessionRevoke, revoke)),
    ]

    private static func list(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        list("tokens", platform.tokens(caller, purposes: [.access, .bootstrap, .development]), at: platform.now)
    }

    private static func sessions(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        list("sessions", platform.tokens(caller, purposes: [.session]), at: platform.now)
    }

    private static func list(
        _ name: StaticString, _ credentials: [(credential: Credential, usedAt: Timestamp?)], at now: Timestamp
    ) -> Answer {
        .json { json in
            json.array(name, of: credentials) { json, item in
                let credential = item.credential
                json.object { json in
                    json.member("createdAt", credential.createdAt.text)
                    json.member("createdBy", credential.createdBy.rawValue)
                    json.member("expiresAt", credential.expiresAt?.text)
                    json.member(
                        "grants", credential.grants.isEmpty ? nil : .array(credential.grants.map(\.json)))
                    json.member("id", credential.id)
                    json.member("lastUsedAt", item.usedAt?.text)
                    json.member("live", credential.isLive(at: now))
                    json.member("name", credential.name.rawValue)
                    json.member("owner", credential.owner?.rawValue)
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
        let members = try body.members(
            ["environments", "expires", "expiresIn", "grants", "name", "personal", "project", "role"], of: "A token")
        let nameReader = try members.required("name")
        let text = try nameReader.string()
        let name = try nameReader.identifier { () throws(InvalidIdentifier) in try TokenName(parsing: text) }
        let isPersonal = try ItemText.flag(members["personal"]?.value, named: "personal")
        let (token, credential) = try await platform.createToken(
            caller,
            TokenRequest(
                name: name, grants: try grants(members, of: body), isPersonal: isPersonal,
                expiresAt: expiry(members, of: body, now: platform.now)))
        return .json(.created) { json in
            json.member("expiresAt", credential.expiresAt?.text)
            json.member("grants", .array(credential.grants.map(\.json)))
            json.member("id", credential.id)
            json.member("name", name.rawValue)
            json.member("owner", credential.owner?.rawValue)
            json.member("token", token.text)
        }
    }

    /// One role, perhaps of one project and some of its environments; or a list of such.
    private static func grants(_ members: BodyReader.Members, of body: BodyReader) throws(Problem) -> [Grant] {
        guard members["grants"] == nil else {
            for name in ["environments", "project", "role"] where members[name] != nil {
                throw body.problem("Give 'grants' or '\(name)', not both.", keyword: "oneOf")
            }
            return try members.list("grants", max: Limits.grantsPerToken) { reader throws(Problem) in
                try reader.parsed { json throws(Problem) in try Grant(parsing: json) }
            } ?? []
        }
        guard members["role"] != nil else {
            throw body.problem("'role' is missing: what the token may do, such as \"viewer\".", keyword: "required")
        }
        var json: JSONObject = [:]
        for name in ["environments", "project", "role"] { json[name] = members[name]?.value }
        return [try BodyReader(.object(json)).parsed { json throws(Problem) in try Grant(parsing: json) }]
    }

    private static func expiry(
        _ members: BodyReader.Members, of body: BodyReader, now: Timestamp
    ) throws(Problem) -> Timestamp? {
        switch (members["expires"], members["expiresIn"]) {
        case (nil, nil): return nil
        case (let time?, nil): return try time.time()
        case (nil, let seconds?):
            let count = try seconds.int64()
            guard (1...Limits.tokenSeconds).contains(count) else {
                throw seconds.problem(
                    "'expiresIn' is a number of seconds from 1 to \(Limits.tokenSeconds).", keyword: "maximum")
            }
            return now.adding(seconds: count)
        case (_?, _?): throw body.problem("Give 'expires' or 'expiresIn', not both.", keyword: "oneOf")
        }
    }

    private static func revoke(
        _ platform: Platform, _ caller: Caller, _ request: IncomingRequest
    ) async throws(Problem) -> Answer {
        try await platform.revoke(caller, id: request.parameter("id"))
        return Answer(status: .noContent)
    }
}
