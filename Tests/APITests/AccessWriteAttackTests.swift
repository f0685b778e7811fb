import ConfigPlatformModel
import ControlPlane
import Foundation
import TestSupport
import Testing

/// What a viewer's token, or one that writes here, tries in order to write there.
@Suite struct AccessWriteAttackTests {
    private static let base = ServerUnderTest.base
    private static let shop = ServerUnderTest.shop
    private static let setting = "\(shop)/environments/staging/settings/k"

    private static func viewer(_ test: ServerUnderTest) async throws -> ServerUnderTest.Token {
        .other(try await test.makeToken("viewer", "viewer", project: "shop").text)
    }

    private static func stagingOperator(_ test: ServerUnderTest) async throws -> ServerUnderTest.Token {
        .other(try await test.makeToken("staging", "operator", project: "shop", environments: ["staging"]).text)
    }

    // MARK: Names

    @Test(arguments: [
        "SHOP", "Shop", "shop%00", "shop%2F", "%73hop%00", "shop.", "shop%2e%2e", ".shop", "shop/../shop", "shop%20",
        "shop;a", "sh%C3%B6p", "shop%EF%BC%8F", "%2e", "shop%0d%0aX-A:b",
    ])
    func `no spelling of a project's name is a way around who may write it`(name: String) async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let before = test.revision
            guard case .other(let token) = try await Self.viewer(test) else { return }
            for target in [
                "/api/v1/projects/\(name)/environments/staging/settings/k", "/api/v1/projects/\(name)/changes",
                "/api/v1/projects/\(name)", "/api/v1//projects/\(name)/changes", "/api/v1/projects/\(name)//changes",
            ] {
                for method in ["PUT", "POST", "DELETE", "GET"] {
                    let answer = try await test.raw(
                        "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
                            + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
                    #expect([400, 403, 404, 405].contains(answer.status), "\(method) \(target): \(answer)")
                    #expect(test.revision == before)
                }
            }
        }
    }

    @Test(arguments: ["STAGING", "staging%00", "staging%2F..%2Fbase", "staging.", "base%2F", "%62ase%20", "base@", "*"])
    func `no spelling of an environment's name leads to another`(name: String) async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let before = test.revision
            guard case .other(let token) = try await Self.stagingOperator(test) else { return }
            let answer = try await test.raw(
                "PUT \(Self.shop)/environments/\(name)/settings/k HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
                    + "Content-Type: application/json\r\nContent-Length: 1\r\n\r\n1")
            #expect([400, 404].contains(answer.status), "\(name): \(answer)")
            #expect(test.revision == before)
        }
    }

    @Test func `the name of the platform in the ledger is nobody's to write in a path`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let name = ProjectName.platform.rawValue
            for path in ["", "/changes", "/bindings", "/environments", "/change-requests"] {
                let encoded = name.utf8.map { "%" + String($0, radix: 16, uppercase: true) }.joined()
                for text in [name, encoded] where !text.isEmpty {
                    let answer = try await test.raw(
                        test.head("GET", "\(Self.base)/projects/\(text)\(path)") + "\r\n")
                    #expect([400, 404].contains(answer.status), "\(text)\(path): \(answer)")
                }
            }
        }
    }

    // MARK: Members that are not theirs

    @Test func `members that only the platform sets are not taken from anybody`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let put = ServerUnderTest.put("k", 1, in: "staging").objectValue ?? [:]
            func operation(_ members: JSONObject) -> JSONValue {
                var operation = put
                for (name, value) in members { operation[name] = value }
                return ["message": "m", "operations": [.object(operation)]]
            }
            let bodies: [(String, String, JSONValue)] = [
                ("POST", "\(Self.base)/tokens", ["name": "a", "role": "viewer", "owner": "user:ada"]),
                ("POST", "\(Self.base)/tokens", ["name": "a", "role": "viewer", "maker": "user:ada"]),
                ("POST", "\(Self.base)/tokens", ["name": "a", "role": "viewer", "purpose": "development"]),
                ("POST", "\(Self.base)/tokens", ["name": "a", "role": "viewer", "token": "cfg_x"]),
                ("POST", "\(Self.base)/tokens", ["name": "a", "grants": [["role": "viewer", "owner": "user:ada"]]]),
                ("POST", "\(Self.shop)/changes", ["message": "m", "operations": [], "author": "user:ada"]),
                (
                    "POST", "\(Self.shop)/changes",
                    ["message": "m", "operations": [], "source": ["operation": "rollback"]]
                ),
                ("POST", "\(Self.shop)/changes", ["message": "m", "operations": [], "purpose": "requestStep"]),
                ("POST", "\(Self.shop)/changes", operation(["project": "other"])),
                ("POST", "\(Self.shop)/changes", operation(["author": "user:ada"])),
                ("PUT", "\(Self.shop)", ["description": "d", "protected": false]),
                ("PUT", "\(Self.shop)/environments/staging", ["inherits": ["base"], "protection": [:]]),
                ("PUT", "\(Self.shop)/environments/staging", ["inherits": ["base"], "protected": false]),
                ("PUT", "\(Self.base)/roles/r", ["permissions": [["actions": ["read"]]], "builtIn": true]),
                ("PUT", "\(Self.base)/bindings/b", ["subject": "user:a", "role": "viewer", "project": "shop"]),
                ("PUT", "\(Self.base)/identities/user:a", ["password": "a long password"]),
                ("PUT", "\(Self.base)/identities/user:a", ["groups": ["group:corp/admins"]]),
                (
                    "PUT", "\(Self.base)/issuers/i",
                    ["url": "https://x.example", "vouchesFor": "people", "clientId": "c", "clientSecret": "s"]
                ),
                ("POST", "\(Self.shop)/break-glass", ["reason": "r", "subject": "user:ada"]),
                ("POST", "\(Self.shop)/break-glass", ["reason": "r", "role": "administrator"]),
                ("POST", "\(Self.shop)/rollback", ["toRevision": 1, "source": "x"]),
                ("POST", "\(Self.shop)/promote", ["from": "base", "to": "staging", "project": "other"]),
            ]
            for (method, path, body) in bodies {
                try await test.refused(.invalidRequest, method, path, body: .json(body))
            }
        }
    }

    @Test func `items that come about in their own way are written in no other`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.base)/identities/user:ada", body: ["displayName": "Ada"])
            let id = try await test.ask([ServerUnderTest.put("k", 1, in: "staging")])
            func operation(_ op: String, _ kind: String, _ key: String, _ value: JSONValue?) -> JSONValue {
                var members: JSONObject = ["op": .string(op), "kind": .string(kind), "key": .string(key)]
                members["value"] = value
                return ["message": "m", "operations": [.object(members)]]
            }
            let soon = test.clock.now.adding(seconds: 600).text
            let glass: JSONValue = [
                "subject": "user:ada", "role": "operator", "breakGlass": true, "expiresAt": .string(soon),
                "description": "It burns.",
            ]
            let applied: JSONValue = ["state": "applied", "author": "user:ada", "accountable": [], "message": "m"]
            for place in [Self.shop, Self.base] {
                for body in [
                    operation("put", "change-request", id, applied), operation("delete", "change-request", id, nil),
                    operation("put", "binding", "glass", glass),
                ] {
                    let answer = try await test.send("POST", "\(place)/changes", body: .json(body))
                    #expect(answer.status == 400, "\(place): \(answer.text)")
                }
            }
            try await test.refused(.invalidRequest, "PUT", "\(Self.shop)/bindings/glass", body: .json(glass))
            try await test.refused(
                .invalidRequest, "POST", "\(Self.base)/changes",
                body: .json(operation("put", "identity", "user:ada", ["groups": ["group:corp/admins"]])))
            for kind in ["change-request", "identity", "issuer", "project"] {
                try await test.refused(
                    .invalidRequest, "POST", "\(Self.shop)/rollback",
                    body: .json(["toRevision": 1, "kinds": [.string(kind)]]))
            }
            // A built-in role is nobody's to alter, and what belongs to the platform is not written in a project.
            for role in ["administrator", "viewer"] {
                let answer = try await test.send(
                    "PUT", "\(Self.base)/roles/\(role)", body: .json(["permissions": [["actions": ["read"]]]]))
                #expect(answer.status == 409)
            }
            for (kind, key) in [("role", "r"), ("group", "group:g"), ("issuer", "i")] {
                let answer = try await test.send(
                    "POST", "\(Self.shop)/changes", body: .json(operation("delete", kind, key, nil)))
                #expect(answer.status == 422, "\(kind): \(answer.text)")
            }
        }
    }

    // MARK: Deputies

    @Test func `import, rollback, promotion and requests do for nobody what they may not do themselves`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let made = test.revision
            try await test.bind("ops", "user:ops", "operator", project: "shop")
            try await test.change([
                ServerUnderTest.put("k", 1, in: "staging"), ServerUnderTest.put("hidden.k", 1, in: "base"),
            ])
            try await test.json(201, "PUT", "\(Self.shop)/environments/production/protection", body: ["approvals": 2])
            let (viewer, staging) = (try await Self.viewer(test), try await Self.stagingOperator(test))
            let before = test.revision
            let json = WireClient.Body.bytes(Array("{\"k\":2}".utf8), type: "application/json")
            func query(_ environment: String, _ mode: String = "merge") -> [(String, String)] {
                [("format", "json"), ("environment", environment), ("mode", mode)]
            }
            let profile = WireClient.Body.bytes(
                Array("k: 1\n---\nspring.config.activate.on-profile: canary\nk: 2\n".utf8), type: "application/yaml")
            let attempts: [(String, ServerUnderTest.Token, String, [(String, String)], WireClient.Body)] = [
                ("viewer imports", viewer, "import", query("staging"), json),
                (
                    "viewer imports what is there", viewer, "import", query("staging"),
                    .bytes(Array("{\"k\":1}".utf8), type: "application/json")
                ),
                (
                    "viewer empties", viewer, "import", query("staging", "replace"),
                    .bytes(Array("{}".utf8), type: "application/json")
                ),
                ("import elsewhere", staging, "import", query("base"), json),
                (
                    "import makes an environment", staging, "import", [("format", "yaml"), ("environment", "staging")],
                    profile
                ),
                ("viewer rolls back", viewer, "rollback", [], .json(["toRevision": .int(made)])),
                ("rollback of all", staging, "rollback", [], .json(["toRevision": .int(made)])),
                (
                    "rollback elsewhere", staging, "rollback", [],
                    .json(["toRevision": .int(made), "environments": ["base"]])
                ),
                (
                    "rollback of protections", staging, "rollback", [],
                    .json(["toRevision": .int(made), "kinds": ["protection"]])
                ),
                (
                    "rollback of bindings", staging, "rollback", [],
                    .json(["toRevision": .int(made), "kinds": ["binding"]])
                ),
                ("viewer promotes", viewer, "promote", [], .json(["from": "base", "to": "staging"])),
                ("promotion to elsewhere", staging, "promote", [], .json(["from": "staging", "to": "base"])),
                ("promotion from elsewhere", staging, "promote", [], .json(["from": "base", "to": "staging"])),
                (
                    "viewer asks", viewer, "changes", [("request", "true")],
                    .json(["message": "m", "operations": [ServerUnderTest.put("k", 2, in: "staging")]])
                ),
                (
                    "asks for elsewhere", staging, "changes", [("request", "true")],
                    .json(["message": "m", "operations": [ServerUnderTest.put("k", 2, in: "base")]])
                ),
                (
                    "two in one", staging, "changes", [],
                    .json([
                        "message": "m",
                        "operations": [
                            ServerUnderTest.put("k", 2, in: "staging"), ServerUnderTest.put("k", 2, in: "base"),
                        ],
                    ])
                ),
                (
                    "unprotects", staging, "changes", [],
                    .json([
                        "message": "m",
                        "operations": [["op": "delete", "kind": "protection", "environment": "production"]],
                    ])
                ),
            ]
            for dryRun in [[("dryRun", "true")], []] {
                for (what, token, path, query, body) in attempts {
                    let answer = try await test.send(
                        "POST", "\(Self.shop)/\(path)", query: query + dryRun, body: body, token: token)
                    #expect([403, 404].contains(answer.status), "\(what): \(answer.text)")
                    #expect(test.revision == before, "\(what)")
                }
            }
        }
    }

    @Test func `what an administrator of a project gives away is the project's`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let ada = try await test.person("user:ada", "administrator", project: "shop")
            let here = try await test.person("user:bob", "administrator", project: "shop", environments: ["staging"])
            try await test.makeRole("denied", [["effect": "deny", "actions": ["write"]]])
            try await test.bind("eve", "user:eve", "denied", project: "shop")
            for (token, method, path, body) in [
                (ada, "PUT", "\(Self.base)/bindings/ada", ["subject": "user:ada", "role": "administrator"]),
                (ada, "POST", "\(Self.base)/tokens", ["name": "t", "role": "viewer"]),
                (ada, "POST", "\(Self.base)/tokens", ["name": "t", "role": "viewer", "project": "other"]),
                (ada, "PUT", "\(Self.base)/roles/r", ["permissions": [["actions": ["administer"]]]]),
                (ada, "PUT", "\(Self.base)/groups/g", ["members": ["user:ada"]]),
                (here, "PUT", "\(Self.shop)/bindings/x", ["subject": "user:bob", "role": "administrator"]),
                (
                    here, "PUT", "\(Self.shop)/bindings/x",
                    ["subject": "user:x", "role": "viewer", "environments": ["staging", "base"]]
                ),
                (here, "DELETE", "\(Self.shop)/bindings/eve", nil), (here, "DELETE", "\(Self.shop)/bindings/ada", nil),
                (here, "PUT", "\(Self.shop)/environments/base/protection", ["approvals": 0]),
                (here, "POST", "\(Self.base)/tokens", ["name": "t", "role": "viewer", "project": "shop"]),
                (
                    here, "POST", "\(Self.base)/tokens",
                    ["name": "t", "role": "viewer", "project": "shop", "environments": ["staging", "base"]]
                ),
            ] as [(ServerUnderTest.Token, String, String, JSONValue?)] {
                let answer = try await test.send(method, path, body: body.map { .json($0) }, token: token)
                #expect(
                    [403, 404].contains(answer.status), "\(method) \(path) \(String(describing: body)): \(answer.text)")
            }
            for body in [
                ["subject": "user:x", "role": "viewer", "environments": ["staging"]]
            ] as [JSONValue] {
                #expect(
                    try await test.send("PUT", "\(Self.shop)/bindings/y", body: .json(body), token: here).status == 201)
            }
        }
    }

    @Test func `a project with the name of something else gives its auditor nothing of that`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for name in ["token", "session", "platform", "identity"] {
                try await test.json(201, "PUT", "\(Self.base)/projects/\(name)", body: [:])
                let auditor = ServerUnderTest.Token.other(
                    try await test.makeToken("auditor-of-\(name)", "auditor", project: name).text)
                let events = try await test.send(
                    "GET", "\(Self.base)/audit/events", query: [("target", name), ("limit", "1000")], token: auditor)
                let actions = Set(
                    try events.json()["events"]?.arrayValue?.compactMap { $0["action"]?.stringValue } ?? [])
                #expect(actions.isSubset(of: ["change"]), "\(name): \(actions)")
            }
        }
    }

    // MARK: Who writes and does not read

    @Test func `who may only write is not shown what stood there`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.change([
                ServerUnderTest.put("k", "canary", in: "staging"),
                ServerUnderTest.put("other", "canary", in: "staging"),
                ["op": "put", "kind": "setting-definition", "key": "k", "value": ["description": "canary"]],
                ["op": "put", "kind": "schema", "key": "s", "value": ["key": "k", "schema": ["title": "canary"]]],
            ])
            let writer = try await test.restricted("writer", [["actions": ["write"]]])
            let administrator = try await test.restricted(
                "giver", [["actions": ["administer", "write"]]], project: nil)
            try await test.bind("canary", "user:canary", "viewer", project: "shop")
            func op(_ members: JSONObject) -> WireClient.Body {
                .json(["message": "m", "operations": [.object(members)]])
            }
            let put = ServerUnderTest.put("k", "new", in: "staging").objectValue ?? [:]
            func expecting(_ value: JSONValue) -> JSONObject {
                var put = put
                put["expect"] = value
                return put
            }
            let writes:
                [(ServerUnderTest.Token, String, String, [(String, String)], [(String, String)], WireClient.Body?)] = [
                    (writer, "POST", "\(Self.shop)/changes", [("dryRun", "true")], [], op(put)),
                    (writer, "POST", "\(Self.shop)/changes", [], [], op(put)),
                    (writer, "POST", "\(Self.shop)/validate", [], [], op(put)),
                    (writer, "POST", "\(Self.shop)/changes", [], [], op(expecting(1))),
                    (writer, "POST", "\(Self.shop)/changes", [], [], op(expecting("absent"))),
                    (writer, "PUT", Self.setting, [("dryRun", "true")], [], .json("new")),
                    (writer, "PUT", Self.setting, [], [("If-Match", "\"r1\"")], .json("new")),
                    (writer, "PUT", Self.setting, [], [("If-None-Match", "*")], .json("new")),
                    (writer, "DELETE", Self.setting, [("dryRun", "true")], [], nil),
                    (writer, "POST", "\(Self.setting)/unset", [("dryRun", "true")], [], nil),
                    (writer, "POST", "\(Self.shop)/rollback", [("dryRun", "true")], [], .json(["toRevision": 1])),
                    (
                        writer, "POST", "\(Self.shop)/import",
                        [("format", "json"), ("environment", "staging"), ("mode", "replace"), ("dryRun", "true")], [],
                        .bytes(Array("{}".utf8), type: "application/json")
                    ),
                    (
                        writer, "POST", "\(Self.shop)/changes", [], [],
                        op([
                            "op": "put", "kind": "setting-definition", "key": "k", "value": ["description": "d"],
                            "expect": 1,
                        ])
                    ),
                    (
                        writer, "POST", "\(Self.shop)/changes", [], [],
                        op([
                            "op": "put", "kind": "schema", "key": "s", "value": ["key": "k", "schema": true],
                            "expect": 1,
                        ])
                    ),
                    (
                        writer, "POST", "\(Self.shop)/changes", [], [],
                        op(["op": "delete", "kind": "schema", "key": "s", "expect": "absent"])
                    ),
                    (
                        administrator, "POST", "\(Self.shop)/changes", [], [],
                        op(["op": "delete", "kind": "binding", "key": "canary", "expect": "absent"])
                    ),
                    (writer, "GET", Self.setting, [], [], nil), (writer, "GET", "\(Self.setting)/history", [], [], nil),
                    (writer, "GET", "\(Self.shop)/search", [("q", "canary")], [], nil),
                    (writer, "GET", "\(Self.shop)/watch", [("environment", "staging")], [], nil),
                    (writer, "GET", "\(Self.shop)/diff", [("from", "1")], [], nil),
                    (writer, "GET", "\(Self.shop)/changes/2", [], [], nil),
                    (writer, "GET", "\(Self.shop)/export", [("environment", "staging")], [], nil),
                ]
            for (token, method, path, query, headers, body) in writes {
                let answer = try await test.send(method, path, query: query, headers: headers, body: body, token: token)
                let told = answer.text.replacing("binding/canary", with: "").replacing("\"key\":\"canary\"", with: "")
                #expect(!told.contains("canary"), "\(method) \(path) \(query): \(answer.text)")
            }
            for method in ["GET", "HEAD"] {
                let answer = try await test.send(
                    method, "\(Self.shop)/watch", query: [("environment", "staging")], token: writer)
                #expect(answer.status == 403, "\(method)")
            }
        }
    }

    // MARK: Replay

    @Test func `a key of somebody's request opens nothing to others, nor after its token has ended`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let viewer = try await Self.viewer(test)
            let writer = try await test.makeToken("writer", "operator", project: "shop")
            func sent(_ token: ServerUnderTest.Token) async throws -> HTTPAnswer {
                try await test.send(
                    "PUT", Self.setting, headers: [("Idempotency-Key", "the-same")], body: .json(1), token: token)
            }
            #expect(try await sent(.other(writer.text)).status == 201)
            let made = test.revision
            #expect(try await sent(.other(writer.text)).revision == made)
            #expect(try await sent(viewer).status == 403)
            #expect(try await test.send("DELETE", "\(Self.base)/tokens/\(writer.id)").status == 204)
            #expect(try await sent(.other(writer.text)).status == 401)
            // Somebody else who comes to have the name of the one that ended has none of its answers.
            let namesake = try await test.makeToken("writer", "viewer", project: "shop")
            #expect(try await sent(.other(namesake.text)).status == 403)
            #expect(test.revision == made)
        }
    }

    // MARK: Smuggling

    @Test func `each request of a connection has the rights of its own token`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            guard case .other(let viewer) = try await Self.viewer(test) else { return }
            let path = "\(Self.shop)/environments/staging/settings"
            let change =
                #"{"message":"m","operations":[{"op":"put","kind":"setting","environment":"staging","key":"s","value":1}]}"#
            func head(_ token: String?, _ line: String, _ more: String = "") -> String {
                "\(line) HTTP/1.1\r\nHost: localhost\r\n" + (token.map { "Authorization: Bearer \($0)\r\n" } ?? "")
                    + more
            }
            func get(_ token: String?) -> String { head(token, "GET \(path)") + "\r\n" }
            func post(_ token: String?) -> String {
                head(
                    token, "POST \(Self.shop)/changes",
                    "Content-Type: application/json\r\nContent-Length: \(change.utf8.count)\r\n") + "\r\n\(change)"
            }
            let connection = try HTTPConnection(port: test.port)
            for _ in 1...3 {
                let sent = [
                    get(test.token), get(viewer), get(nil), post(nil), get("cfg_x"), post(viewer), get(test.token),
                ]
                try await connection.send(Array(sent.joined().utf8))
                var statuses: [Int] = []
                for _ in sent { statuses.append(try await connection.answer().status) }
                #expect(statuses == [200, 200, 401, 401, 401, 403, 200])
            }
            #expect(test.revision == 1)
        }
    }

    @Test(arguments: [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 60\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n", "Content-Length: +5\r\n", "Content-Length: 0x5\r\n",
        "Transfer-Encoding : chunked\r\n", "Content-Length: 5, 5\r\n", "X: a\n\nb\r\nContent-Length: 5\r\n",
    ])
    func `a request whose end is in doubt hides no other`(framing: String) async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            guard case .other(let viewer) = try await Self.viewer(test) else { return }
            let smuggled =
                "DELETE \(Self.shop) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(test.token)\r\n\r\n"
            let sent =
                "POST \(Self.shop)/validate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(viewer)\r\n"
                + "Content-Type: application/json\r\n\(framing)\r\n0\r\n\r\n\(smuggled)"
            let connection = try HTTPConnection(port: test.port)
            try await connection.send(Array(sent.utf8))
            let first = try await connection.answer()
            #expect([400, 403, 413].contains(first.status), "\(first)")
            // What came behind it was the viewer's body, and is no request of whoever's token stands in it.
            if first.header("Connection")?.lowercased() != "close" {
                let second = try? await connection.answer()
                #expect(second.map { $0.status >= 400 } ?? true, "\(String(describing: second))")
            }
            #expect(test.platform.state.projects.count { $0.key != .platform } == 1, "the shop is gone")
        }
    }

    @Test func `two tokens in one request are none`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            guard case .other(let viewer) = try await Self.viewer(test) else { return }
            for tokens in [[viewer, test.token], [test.token, viewer]] {
                let lines = tokens.map { "Authorization: Bearer \($0)\r\n" }.joined()
                let answer = try await test.raw("GET \(Self.base)/whoami HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n")
                #expect(answer.status == 401 || answer.status == 400, "\(answer)")
            }
            for value in [
                "bearer", "Bearer", "Basic \(test.token)", test.token, "Bearer \(test.token) x",
                "Bearer\t\(test.token)",
            ] {
                let answer = try await test.raw(
                    "GET \(Self.base)/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: \(value)\r\n\r\n")
                #expect(answer.status == 401, "\(value): \(answer)")
            }
        }
    }
}
