import API
import ConfigPlatformModel
import ControlPlane
import HTTPTypes
import Logging
import TestSupport
import Testing

/// What somebody has nothing to do with is not told from what never was: not by a status, a header, a byte of an answer, or a count.
@Suite struct AccessLeakAttackTests {
    private static let base = ServerUnderTest.base
    private static let shop = ServerUnderTest.shop

    /// A request with one name for another, wherever it stands.
    private static func renamed(_ request: AccessMatrix.Request, _ name: String, _ other: String)
        -> AccessMatrix.Request
    {
        func renamed(_ text: String) -> String { text.replacing(name, with: other) }
        var request = request
        request.path = renamed(request.path)
        request.query = request.query.map { ($0.0, renamed($0.1)) }
        request.body = request.body.map { body in
            switch body {
            case .json(let json):
                .bytes(
                    Array(renamed(String(decoding: json.canonicalBytes(), as: UTF8.self)).utf8),
                    type: "application/json")
            case .bytes(let bytes, let type):
                .bytes(Array(renamed(String(decoding: bytes, as: UTF8.self)).utf8), type: type)
            }
        }
        return request
    }

    @Test func `a project that is not the caller's is answered on every route as one that never was`() async throws {
        let issuer = StandInIssuer(of: "https://id.example")
        try await ServerUnderTest.run(
            signIn: SignInSettings(allowsPasswords: true, fetch: issuer.fetch), logLevel: .critical
        ) { test in
            let matrix = try await AccessMatrix(test)
            let viewer = ServerUnderTest.Token.other(try await test.makeToken("v", "viewer", project: "other").text)
            let unbound = ServerUnderTest.Token.other(try await test.session(of: "user:stranger").text)
            for route in RouteTable.all where route.pattern.contains("{project}") {
                let name = "\(route.method.rawValue) \(route.pattern)"
                let make = try #require(AccessMatrix.requests[name])
                let hidden = try await matrix.request(make)
                let absent = Self.renamed(hidden, "/projects/shop", "/projects/pohs")
                for token in [viewer, unbound] {
                    let answers = try await [hidden, absent].inOrder { request in
                        try await test.send(
                            route.method.rawValue, request.path, query: request.query, body: request.body, token: token)
                    }
                    #expect(answers[0].status >= 400, "\(name): \(answers[0])")
                    #expect(
                        Told(answers[0], hiding: ["shop"]) == Told(answers[1], hiding: ["pohs"]), "\(name)")
                }
            }
        }
    }

    @Test func `an environment that is not the caller's is answered as one that never was`() async throws {
        let issuer = StandInIssuer(of: "https://id.example")
        try await ServerUnderTest.run(
            signIn: SignInSettings(allowsPasswords: true, fetch: issuer.fetch), logLevel: .critical
        ) { test in
            let matrix = try await AccessMatrix(test)
            let elsewhere = ServerUnderTest.Token.other(
                try await test.makeToken("e", "administrator", project: "shop", environments: ["base", "lab"]).text)
            for route in RouteTable.all where route.pattern.contains("{project}") {
                let name = "\(route.method.rawValue) \(route.pattern)"
                let make = try #require(AccessMatrix.requests[name])
                let request = try await matrix.request(make)
                let hidden = Self.renamed(request, "staging", "staging")
                let absent = Self.renamed(request, "staging", "gnigats")
                guard "\(hidden)" != "\(absent)" else { continue }
                let answers = try await [hidden, absent].inOrder { request in
                    try await test.send(
                        route.method.rawValue, request.path, query: request.query, body: request.body, token: elsewhere)
                }
                #expect(answers[0].status >= 400 || name.hasSuffix("/validate"), "\(name): \(answers[0])")
                #expect(
                    Told(answers[0], hiding: ["staging"]) == Told(answers[1], hiding: ["gnigats"]), "\(name)")
            }
        }
    }

    @Test func `an environment that a role denies is read as one that never was`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let made = test.revision
            try await test.change([ServerUnderTest.put("k", "first", in: "production")])
            let token = try await test.restricted(
                "all-but-production",
                [
                    ["actions": ["read", "write", "approve"]],
                    [
                        "effect": "deny", "actions": ["read", "write", "approve"],
                        "environments": ["production"],
                    ],
                ])
            let requests: [(String, String, [(String, String)], JSONValue?)] = [
                ("GET", "environments/ENV", [], nil), ("HEAD", "environments/ENV", [], nil),
                ("GET", "environments/ENV", [("at", "\(made)")], nil),
                ("GET", "environments/ENV", [("at", "1000")], nil),
                ("GET", "environments/ENV/settings/k", [("at", "\(made)")], nil),
                ("GET", "environments/ENV/flags", [("at", "\(made)")], nil),
                ("GET", "export", [("environment", "ENV"), ("at", "\(made)")], nil),
                ("GET", "findings", [("environment", "ENV"), ("at", "\(made)")], nil),
                ("GET", "diff", [("from", "0"), ("to", "\(made)"), ("environment", "ENV")], nil),
                ("GET", "environments/ENV/settings", [], nil), ("HEAD", "environments/ENV/settings", [], nil),
                ("GET", "environments/ENV/settings", [("origin", "true")], nil),
                ("GET", "environments/ENV/settings", [("format", "yaml")], nil),
                ("GET", "environments/ENV/settings/k", [], nil),
                ("GET", "environments/ENV/settings/k/history", [], nil),
                ("GET", "environments/ENV/settings/k/schema", [], nil),
                ("GET", "environments/ENV/protection", [], nil),
                ("GET", "export", [("environment", "ENV")], nil), ("GET", "findings", [("environment", "ENV")], nil),
                ("GET", "search", [("q", "k"), ("environment", "ENV")], nil),
                ("GET", "watch", [("environment", "ENV")], nil), ("HEAD", "watch", [("environment", "ENV")], nil),
                ("GET", "changes", [("environment", "ENV")], nil),
                ("GET", "diff", [("fromEnvironment", "base"), ("toEnvironment", "ENV")], nil),
                ("GET", "diff", [("fromEnvironment", "ENV"), ("toEnvironment", "base")], nil),
                ("GET", "diff", [("from", "\(made)"), ("environment", "ENV")], nil),
                ("POST", "promote", [], ["from": "ENV", "to": "base"]),
                ("POST", "promote", [], ["from": "base", "to": "ENV"]),
                ("POST", "rollback", [], ["toRevision": .int(made), "environments": ["ENV"]]),
            ]
            for (method, path, query, body) in requests {
                func sent(_ name: String) async throws -> Told {
                    let fill = { (text: String) in text.replacing("ENV", with: name) }
                    let bytes = body.map { fill(String(decoding: $0.canonicalBytes(), as: UTF8.self)) }
                    let answer = try await test.send(
                        method, "\(Self.shop)/\(fill(path))", query: query.map { ($0.0, fill($0.1)) },
                        body: bytes.map { .bytes(Array($0.utf8), type: "application/json") }, token: token)
                    return Told(answer, hiding: [name])
                }
                let (hidden, absent) = (try await sent("production"), try await sent("noitcudorp"))
                #expect(hidden.status == 404 || path == "changes", "\(method) \(path) \(query)")
                #expect(hidden == absent, "\(method) \(path) \(query)")
            }
        }
    }

    @Test func `a key that is not the caller's is answered as one that has no value`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.change([
                ServerUnderTest.put("hidden.k", 1, in: "base"), ServerUnderTest.put("mine.k", 1, in: "base"),
                [
                    "op": "put", "kind": "setting-definition", "key": "hidden.k",
                    "value": ["description": "Not to be known"],
                ],
                [
                    "op": "put", "kind": "schema", "key": "s",
                    "value": ["key": "hidden.k", "schema": ["type": "integer"]],
                ],
            ])
            let token = try await test.restricted("mine", [["actions": ["read", "write"], "keys": ["mine"]]])
            let item = "environments/base/settings"
            let requests: [(String, String, WireClient.Body?)] = [
                ("GET", "\(item)/KEY", nil), ("HEAD", "\(item)/KEY", nil), ("GET", "\(item)/KEY/history", nil),
                ("GET", "\(item)/KEY/schema", nil), ("GET", "keys/KEY", nil), ("PUT", "\(item)/KEY", .json(1)),
                ("DELETE", "\(item)/KEY", nil), ("POST", "\(item)/KEY/unset", nil),
                ("PUT", "keys/KEY", .json(["description": "Not to be known"])), ("DELETE", "keys/KEY", nil),
            ]
            for (method, path, body) in requests {
                func sent(_ key: String) async throws -> Told {
                    Told(
                        try await test.send(
                            method, "\(Self.shop)/\(path.replacing("KEY", with: key))", body: body, token: token),
                        hiding: [key])
                }
                #expect(try await sent("hidden.k") == sent("nowher.k"), "\(method) \(path)")
            }
            // Where only what is below a key is hidden, there is no hint that something is.
            #expect(
                Told(try await test.send("GET", "\(Self.shop)/\(item)/hidden", token: token), hiding: ["hidden"])
                    == Told(try await test.send("GET", "\(Self.shop)/\(item)/nowher", token: token), hiding: ["nowher"])
            )
            for (query, hits) in [("hidden", 0), ("Not to be known", 0), ("mine", 1)] {
                let found = try await test.send("GET", "\(Self.shop)/search", query: [("q", query)], token: token)
                #expect(try found.json()["hits"]?.arrayValue?.count == hits, "\(query)")
                #expect(try found.json()["next"] == nil)
            }
        }
    }

    @Test func `a reference to what is hidden is refused as one to what is not there`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.change([ServerUnderTest.put("hidden.k", 1, in: "base")])
            let token = try await test.restricted("mine", [["actions": ["read", "write"], "keys": ["mine"]]])
            func sent(_ key: String) async throws -> Told {
                Told(
                    try await test.change(
                        [ServerUnderTest.put("mine.k", .string("${\(key)}"), in: "base")], as: token),
                    hiding: [key])
            }
            let (hidden, absent) = (try await sent("hidden.k"), try await sent("nowher.k"))
            #expect(hidden.status >= 400)
            #expect(hidden == absent)
        }
    }

    @Test func `to inherit from what is hidden is refused as to inherit from what is not there`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let token = ServerUnderTest.Token.other(
                try await test.makeToken("o", "operator", project: "shop", environments: ["staging"]).text)
            func sent(_ name: String) async throws -> Told {
                Told(
                    try await test.send(
                        "PUT", "\(Self.shop)/environments/staging",
                        body: .json(["inherits": ["base", .string(name)]]), token: token), hiding: [name])
            }
            let (hidden, absent) = (try await sent("production"), try await sent("noitcudorp"))
            #expect(hidden.status >= 400)
            #expect(hidden == absent)
        }
    }

    @Test func `lists, counts and cursors hold nothing of what is hidden`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for name in ["aaa", "zzz"] { try await test.json(201, "PUT", "\(Self.base)/projects/\(name)", body: [:]) }
            try await test.change([
                ServerUnderTest.put("hidden.k", 1, in: "staging"), ServerUnderTest.put("mine.k", 1, in: "staging"),
                ServerUnderTest.put("mine.k", 1, in: "production"),
            ])
            try await test.makeRole("mine", [["actions": ["read"], "keys": ["mine"]]])
            let token = ServerUnderTest.Token.other(
                try await test.makeToken("mine", "mine", project: "shop", environments: ["staging"]).text)
            func read(_ path: String, _ query: [(String, String)] = []) async throws -> JSONValue {
                try await test.send("GET", path, query: query, token: token).json()
            }
            #expect(
                try await read("\(Self.base)/projects", [("limit", "1")]) == [
                    "projects": [["description": "A shop", "environments": 1, "name": "shop", "revision": 1]]
                ])
            let shop = try await read(Self.shop)
            #expect(shop["environments"] == ["staging"])
            #expect(shop["settings"] == 1)
            #expect(shop["sizeBytes"]?.int64Value ?? 0 < 10)
            let environments = try await read("\(Self.shop)/environments", [("limit", "1")])
            #expect(environments["environments"]?.arrayValue?.compactMap { $0["name"] } == ["staging"])
            #expect(environments["environments"]?.arrayValue?.first?["own"] == nil)
            #expect(environments["next"] == nil)
            let environment = try await read("\(Self.shop)/environments/staging")
            #expect(environment["settings"] == 1)
            #expect(environment["own"] == nil)
            let changes = try await read("\(Self.shop)/changes", [("limit", "1")])
            #expect(changes["changes"]?.arrayValue?.first?["operations"] == 1)
            #expect(changes["changes"]?.arrayValue?.first?["environments"] == ["staging"])
            let older = try await read("\(Self.shop)/changes", [("before", "\(test.revision - 2)")])
            #expect(older["changes"]?.arrayValue?.compactMap { $0["revision"] } == [1])
            // Of what made the shop: the project and one of its environments.
            #expect(older["changes"]?.arrayValue?.first?["operations"] == 2)
            let found = try await read("\(Self.shop)/search", [("q", "k"), ("limit", "1")])
            #expect(found["hits"]?.arrayValue?.compactMap { $0["key"] } == ["mine.k"])
            #expect(found["next"] == nil)
            for path in ["tokens", "sessions"] {
                let list = try await read("\(Self.base)/\(path)")
                #expect(list[path] == [])
            }
        }
    }

    @Test func `changes are not found by what is hidden in them`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.change([
                ServerUnderTest.put("hidden.k", 1, in: "base"), ServerUnderTest.put("mine.k", 1, in: "base"),
                ServerUnderTest.put("mine.k", 2, in: "production"),
            ])
            let mine = try await test.restricted("mine", [["actions": ["read"], "keys": ["mine"]]])
            let base = ServerUnderTest.Token.other(
                try await test.makeToken("base", "viewer", project: "shop", environments: ["base"]).text)
            func found(_ query: (String, String), _ token: ServerUnderTest.Token) async throws -> Told {
                Told(
                    try await test.send("GET", "\(Self.shop)/changes", query: [query], token: token),
                    hiding: [query.1])
            }
            #expect(try await found(("key", "hidden.k"), mine) == found(("key", "nowher.k"), mine))
            #expect(try await found(("environment", "production"), base) == found(("environment", "noitcudorp"), base))
            #expect(try await found(("kind", "schema"), mine) == found(("kind", "validator"), mine))
            #expect(try await found(("key", "mine.k"), mine).body.contains("revision"))
        }
    }

    @Test func `a project that a role denies is not listed`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.base)/projects/hidden", body: [:])
            let token = try await test.restricted(
                "all-but-hidden",
                [["actions": ["read"]], ["effect": "deny", "actions": ["read"], "projects": ["hidden"]]], project: nil)
            let list = try await test.send("GET", "\(Self.base)/projects", token: token)
            #expect(try list.json()["projects"]?.arrayValue?.compactMap { $0["name"] } == ["shop"])
            for path in ["", "/environments", "/changes", "/keys", "/schemas", "/search?q=a"] {
                func sent(_ name: String) async throws -> Told {
                    let parts = path.split(separator: "?")
                    return Told(
                        try await test.send(
                            "GET", "\(Self.base)/projects/\(name)\(parts.first ?? "")",
                            query: parts.count == 2 ? [("q", "a")] : [], token: token), hiding: [name])
                }
                #expect(try await sent("hidden") == sent("neddih"), "\(path)")
            }
        }
    }

    @Test func `a change, a request, a token and a session of others are answered as those that never were`()
        async throws
    {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.change([ServerUnderTest.put("k", 1, in: "production")])
            let hidden = test.revision
            try await test.json(201, "PUT", "\(Self.base)/projects/other", body: [:])
            let foreign = test.revision
            let request = try await test.ask([ServerUnderTest.put("k", 2, in: "production")])
            let token = ServerUnderTest.Token.other(
                try await test.makeToken("o", "administrator", project: "shop", environments: ["staging"]).text)
            #expect(
                Told(
                    try await test.send("GET", "\(Self.shop)/changes/\(hidden)", token: token), hiding: ["\(hidden)"])
                    == Told(
                        try await test.send("GET", "\(Self.shop)/changes/\(foreign)", token: token),
                        hiding: ["\(foreign)"]))
            let absent = "cr_0123456789abcdef"
            for (method, verb, body) in [
                ("GET", "", nil), ("PUT", "", ["operations": [ServerUnderTest.put("k", 3, in: "staging")]]),
                ("POST", "/approve", ["impact": .string(String(repeating: "0", count: 64))]),
                ("POST", "/reject", [:]), ("POST", "/withdraw", [:]), ("POST", "/comments", ["text": "t"]),
                ("POST", "/schedule", ["at": .null]), ("POST", "/apply", nil),
            ] as [(String, String, JSONValue?)] {
                func sent(_ id: String) async throws -> Told {
                    Told(
                        try await test.send(
                            method, "\(Self.shop)/change-requests/\(id)\(verb)", body: body.map { .json($0) },
                            token: token), hiding: [id])
                }
                #expect(try await sent(request) == sent(absent), "\(method) \(verb)")
            }
            let list = try await test.send("GET", "\(Self.shop)/change-requests", token: token).json()
            #expect(list == ["changeRequests": [], "complete": true])
            let other = try await test.makeToken("other", "viewer")
            let session = try await test.session(of: "user:pat")
            for (place, id, absent) in [
                ("tokens", other.id, "tok_0123456789abcdef"), ("sessions", session.id, "ses_0123456789abcdef"),
                ("sessions", other.id, "tok_0123456789abcdef"), ("tokens", session.id, "ses_0123456789abcdef"),
            ] {
                #expect(
                    Told(try await test.send("DELETE", "\(Self.base)/\(place)/\(id)", token: token), hiding: [id])
                        == Told(
                            try await test.send("DELETE", "\(Self.base)/\(place)/\(absent)", token: token),
                            hiding: [absent]))
            }
            #expect(try await test.client.with(token: other.text).get("\(Self.base)/whoami").status == 200)
            #expect(try await test.client.with(token: session.text).get("\(Self.base)/whoami").status == 200)
        }
    }

    @Test func `who may no longer see it does not see it in the past either`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let past = test.revision
            let ada = try await test.person("user:ada", "viewer", project: "shop", environments: ["staging"])
            let path = "\(Self.shop)/environments/staging/settings"
            #expect(try await test.send("GET", path, query: [("at", "\(past)")], token: ada).status == 200)
            try await test.bind("ada", "user:ada", "viewer", project: "shop", environments: ["base"])
            for query in [[], [("at", "\(past)")], [("at", "\(test.revision - 1)")], [("at", test.clock.now.text)]] {
                try await test.refused(.notFound, "GET", path, query: query, token: ada)
            }
            try await test.refused(
                .notFound, "GET", "\(Self.shop)/environments/staging", query: [("at", "1")], token: ada)
            let diff = try await test.send("GET", "\(Self.shop)/diff", query: [("from", "0")], token: ada)
            #expect(try diff.json()["environments"]?.arrayValue?.compactMap { $0["environment"] } == ["base"])
        }
    }

    @Test func `an entity tag of what is hidden opens nothing`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(Self.shop)/environments/production/settings"
            let tag = try #require(try await test.get(path).header("ETag"))
            let token = ServerUnderTest.Token.other(
                try await test.makeToken("s", "viewer", project: "shop", environments: ["staging"]).text)
            for value in [tag, "*", "W/\(tag)"] {
                for method in ["GET", "HEAD"] {
                    let answer = try await test.send(
                        method, path, headers: [("If-None-Match", value)], token: token)
                    #expect(answer.status == 404)
                    #expect(answer.header("ETag") == nil)
                }
            }
            // What a limited reader gets has a tag of its own: that of the whole document is not the one it has.
            let limited = try await test.restricted("some", [["actions": ["read"], "keys": ["checkout.url"]]])
            let part = try await test.send("GET", path, token: limited)
            #expect(part.header("ETag") != tag)
            #expect(try await test.send("GET", path, headers: [("If-None-Match", tag)], token: limited).status == 200)
        }
    }
}

extension Array {
    /// One after the other, in order.
    fileprivate func inOrder<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
