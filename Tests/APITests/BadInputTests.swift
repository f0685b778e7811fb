import API
import ConfigPlatformModel
import TestSupport
import Testing

/// Whatever is wrong with a request is answered with a problem that says what and where, and nothing is written.
@Suite struct BadInputTests {
    private static let shop = ServerUnderTest.shop
    private static let changes = "\(shop)/changes"
    private static let setting = "\(shop)/environments/base/settings/a"

    @Test func `a body that is not JSON is refused with its line and column`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for (text, line, column) in [
                ("", 1, 1), ("{", 1, 2), ("[1,\n  2,,3]", 2, 5), ("{\"a\":1,\n\"a\":2}", 2, 1), ("\"\\ud800\"", 1, 2),
                ("1 2", 1, 3),
                ("01", 1, 1), ("nul", 1, 1), ("\u{FEFF}1", 1, 1), ("'a'", 1, 1),
            ] {
                let problem = try await test.refused(
                    .invalidRequest, "PUT", Self.setting, body: .bytes(Array(text.utf8), type: "application/json"))
                let violation = problem["violations"]?.arrayValue?.first
                #expect(violation?["line"] == .int(line), "\(text): \(problem)")
                #expect(violation?["column"]?.int64Value != nil, "\(text), column \(column)")
            }
        }
    }

    @Test func `bytes that are no UTF-8 are refused`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for bytes in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]] {
                try await test.refused(
                    .invalidRequest, "PUT", Self.setting, body: .bytes(bytes, type: "application/json"))
            }
        }
    }

    @Test func `nesting beyond the limit is refused, at the limit it is taken`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            func nested(_ depth: Int) -> [UInt8] {
                Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
            }
            let deepest = try await test.send(
                "PUT", Self.setting, body: .bytes(nested(Limits.valueDepth), type: "application/json"))
            #expect(deepest.status == 201)
            try await test.refused(
                .invalidChange, "PUT", Self.setting,
                body: .bytes(nested(Limits.valueDepth + 1), type: "application/json"))
            try await test.refused(
                .invalidRequest, "PUT", Self.setting, body: .bytes(nested(100_000), type: "application/json"))
        }
    }

    @Test func `a value beyond its limit is refused, at the limit it is taken`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let longest = JSONValue.string(String(repeating: "x", count: Limits.valueBytes - 2))
            #expect(try await test.send("PUT", Self.setting, body: .json(longest)).status == 201)
            let longer = JSONValue.string(String(repeating: "x", count: Limits.valueBytes - 1))
            try await test.refused(.invalidChange, "PUT", Self.setting, body: .json(longer))
        }
    }

    @Test func `an enormous body is refused before it is read`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let connection = try HTTPConnection(port: test.port)
            // The length alone decides: not a byte of the body is sent.
            let head =
                test.head("PUT", Self.setting)
                + "Content-Type: application/json\r\nContent-Length: 1000000000000\r\n\r\n"
            try await connection.send(Array(head.utf8))
            let answer = try await connection.answer()
            try test.expectProblem(.tooLarge, answer, revision: 1)
            #expect(answer.header("Connection") == "close")
        }
    }

    @Test func `a body without a length is refused when it has grown too large`() async throws {
        try await ServerUnderTest.run(
            settings: {
                var settings = try ServerSettings(listen: "127.0.0.1:0")
                settings.bodyBytesMax = 100_000
                return settings
            }
        ) { test in
            try await test.makeShop()
            let connection = try HTTPConnection(port: test.port)
            let head =
                test.head("PUT", Self.setting) + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            try await connection.send(Array(head.utf8))
            let chunk = "8000\r\n" + String(repeating: "1", count: 0x8000) + "\r\n"
            // More than it takes, at once: what comes after its answer it throws away, for a while.
            try await connection.send(Array(String(repeating: chunk, count: 8).utf8))
            try test.expectProblem(.tooLarge, try await connection.answer(), revision: 1)
            #expect(try await test.send("PUT", Self.setting, body: .json(1)).status == 201)
        }
    }

    @Test func `wrong types and unknown members are refused where they stand`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            func operation(_ members: (String, JSONValue)...) -> JSONValue {
                var object = ServerUnderTest.put("a", 1, in: "base").objectValue ?? [:]
                for (name, value) in members { object[name] = value }
                return .object(object)
            }
            let cases: [(JSONValue, String, Problem.Code)] = [
                ([], "", .invalidRequest), ("text", "", .invalidRequest), ([:], "", .invalidRequest),
                (["message": 1, "operations": []], "/message", .invalidRequest),
                (["message": "m", "operations": [:]], "/operations", .invalidRequest),
                (["message": "m"], "", .invalidRequest),
                (["message": "m", "operations": [], "extra": 1], "/extra", .invalidRequest),
                (["message": "m", "operations": [7]], "/operations/0", .invalidRequest),
                (["message": "m", "operations": [operation(("op", "replace"))]], "/operations/0/op", .invalidRequest),
                (
                    ["message": "m", "operations": [operation(("kind", "toggle"))]], "/operations/0/kind",
                    .invalidRequest
                ),
                (["message": "m", "operations": [operation(("key", 7))]], "/operations/0/key", .invalidRequest),
                (["message": "m", "operations": [operation(("key", "a..b"))]], "/operations/0/key", .invalidName),
                (["message": "m", "operations": [operation(("key", "../etc"))]], "/operations/0/key", .invalidName),
                (
                    ["message": "m", "operations": [operation(("environment", "Base"))]], "/operations/0/environment",
                    .invalidName
                ),
                (
                    ["message": "m", "operations": [operation(("expect", "later"))]], "/operations/0/expect",
                    .invalidRequest
                ),
                (
                    ["message": "m", "operations": [operation(("expect", 1.5))]], "/operations/0/expect",
                    .invalidRequest
                ),
                (["message": "m", "operations": [operation(("expect", -1))]], "/operations/0/expect", .invalidRequest),
                (
                    ["message": "m", "operations": [operation(("references", "dead"))]], "/operations/0/references",
                    .invalidRequest
                ),
                (["message": "m", "operations": [operation(("valeu", 1))]], "/operations/0/valeu", .invalidRequest),
                (
                    ["message": "m", "operations": [operation(("op", "delete"))]], "/operations/0/value",
                    .invalidRequest
                ),
                (
                    ["message": "m", "operations": [operation(("value", "${open"))]], "/operations/0/value",
                    .invalidChange
                ),
            ]
            for (body, pointer, code) in cases {
                try await test.refused(code, "POST", Self.changes, body: .json(body), pointer: pointer)
            }
        }
    }

    @Test func `bodies of single items are read as strictly`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let environment = "\(Self.shop)/environments/base"
            for body in [["inherit": ["a"]], ["inherits": "base"], ["inherits": [1]], [], 7] as [JSONValue] {
                try await test.refused(.invalidRequest, "PUT", environment, body: .json(body))
            }
            try await test.refused(.invalidName, "PUT", environment, body: .json(["inherits": ["A B"]]))
            try await test.refused(.invalidChange, "PUT", environment, body: .json(["inherits": ["production"]]))
            try await test.refused(.invalidChange, "PUT", environment, body: .json(["inherits": ["nowhere"]]))
            try await test.refused(.invalidRequest, "PUT", Self.shop, body: .json(["title": "x"]))
            try await test.refused(.invalidRequest, "PUT", "\(Self.shop)/keys/a", body: .json(["tags": "slo"]))
            try await test.refused(
                .invalidRequest, "PATCH", environment,
                body: .bytes(Array("{\"x\":1}".utf8), type: "application/merge-patch+json"))
        }
    }

    @Test func `what is wrong with a member of an item is said of that member`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let environment = "\(Self.shop)/environments/base"
            let (key, schema, protection) = (
                "\(Self.shop)/keys/a", "\(Self.shop)/schemas/s", "\(environment)/protection"
            )
            let long = JSONValue.string(String(repeating: "x", count: Limits.descriptionBytes + 1))
            let cases: [(Problem.Code, String, JSONValue, String)] = [
                (.invalidRequest, environment, ["inherits": "mid"], "/inherits"),
                (.invalidRequest, environment, ["inherits": ["a", 1]], "/inherits/1"),
                (.invalidName, environment, ["inherits": ["a", "A B"]], "/inherits/1"),
                (.invalidChange, environment, ["inherits": ["a", "a"]], "/inherits"),
                (.invalidRequest, environment, ["inherit": []], "/inherit"), (.invalidRequest, environment, 7, ""),
                (.invalidRequest, environment, ["abstract": "yes"], "/abstract"),
                (.invalidChange, environment, ["description": long], "/description"),
                (.invalidRequest, Self.shop, ["plaintextSecrets": "never"], "/plaintextSecrets"),
                (.invalidRequest, Self.shop, ["quotas": ["items": -1]], "/quotas/items"),
                (.invalidRequest, Self.shop, ["quotas": ["settings": 1]], "/quotas/settings"),
                (.invalidChange, key, ["plaintextReason": long], "/plaintextReason"),
                (.invalidChange, key, ["tags": ["slo", "a b"]], "/tags/1"),
                (.invalidRequest, schema, ["prefix": "a"], ""),
                (.invalidName, schema, ["prefix": "a..b", "schema": true], "/prefix"),
                (.invalidRequest, protection, ["approvals": 11], "/approvals"),
                (.invalidRequest, protection, ["freezes": [["days": ["someday"]]]], "/freezes/0/days/0"),
                (
                    .invalidRequest, "/api/v1/roles/r", ["permissions": [["actions": ["read"]], ["actions": ["fly"]]]],
                    "/permissions/1/actions/0"
                ),
                (
                    .invalidRequest, "/api/v1/bindings/b",
                    ["subject": "user:ann", "role": "viewer", "expiresAt": "soon"],
                    "/expiresAt"
                ),
            ]
            for (code, path, body, pointer) in cases {
                try await test.refused(code, "PUT", path, body: .json(body), pointer: pointer)
            }
            let reason = try await test.refused(
                .invalidChange, "PUT", key, body: .json(["plaintextReason": long]))
            #expect(reason["detail"] == "'plaintextReason' has 4097 bytes; it has at most 4096. Shorten it.")
            let operation: JSONValue = [
                "op": "put", "kind": "environment", "key": "new", "value": ["inherits": ["base", "A B"]],
            ]
            try await test.refused(
                .invalidName, "POST", Self.changes, body: .json(["operations": [operation]]),
                pointer: "/operations/0/value/inherits/1")
        }
    }

    @Test func `all operations that cannot be read are listed`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let operations: [JSONValue] = [
                ServerUnderTest.put("fine", 1, in: "base"), ServerUnderTest.put("a..b", 1, in: "base"), 7,
                ServerUnderTest.put("c", 1, in: "base", expect: "later"),
            ]
            let problem = try await test.refused(
                .invalidName, "POST", Self.changes, body: .json(["operations": .array(operations)]))
            #expect(
                problem["violations"]?.arrayValue?.compactMap { $0["pointer"] } == [
                    "/operations/1/key", "/operations/2", "/operations/3/expect",
                ])
            #expect(problem["detail"]?.stringValue?.hasSuffix("(and 2 more)") == true)
            let many = JSONValue.array(Array(repeating: 7, count: Problem.violationsMax + 1))
            let bounded = try await test.refused(
                .invalidRequest, "POST", Self.changes, body: .json(["operations": many]))
            #expect(bounded["violations"]?.arrayValue?.count == Problem.violationsMax)
        }
    }

    @Test func `two operations on one item are refused`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.refused(
                .invalidChange, "POST", Self.changes,
                body: .json([
                    "message": "m",
                    "operations": [
                        ServerUnderTest.put("a", 1, in: "base"), ServerUnderTest.put("b", 1, in: "base"),
                        ServerUnderTest.put("a", 2, in: "base"),
                    ],
                ]), pointer: "/operations/2")
        }
    }

    @Test(arguments: [
        "..", "%2e%2e", "%2E%2E%2Fetc", "a%00b", "a%2Fb", "%", "%4", "%zz", "%ff", "%C0%AE", "a%0Ab", "a..b", ".a",
        "a.", "%22a", "a%20b",
        "a;b", "%EF%BF%BE%22",
    ])
    func `tricks in keys are refused as keys that are none`(key: String) async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for method in ["GET", "PUT"] {
                let target = "\(Self.shop)/environments/base/settings/\(key)"
                let body = method == "PUT" ? "Content-Type: application/json\r\nContent-Length: 1\r\n\r\n1" : "\r\n"
                let answer = try await test.raw(test.head(method, target) + body)
                let type = try answer.json()["type"]?.stringValue ?? ""
                #expect(answer.status == 400, "\(method) \(target): \(answer.text)")
                #expect(type.hasSuffix("/invalid-name") || type.hasSuffix("/invalid-request"))
                #expect(test.revision == 1)
            }
        }
    }

    @Test(arguments: ["SHOP", "shop%2F..", "%2e%2e", ".hidden", "a%20b", "%C3%BC", "-a", "x%00"])
    func `tricks in names are refused`(name: String) async throws {
        try await ServerUnderTest.run { test in
            for target in ["/api/v1/projects/\(name)", "\(Self.shop)/environments/\(name)"] {
                let answer = try await test.raw(
                    test.head("PUT", target) + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
                #expect(answer.status == 400, "\(target): \(answer.text)")
                #expect(test.revision == 0)
            }
        }
    }

    @Test func `a path is not cleaned up before it is looked at`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for target in [
                "//api/v1/projects", "/api/v1//projects", "/api/v1/projects/shop/../shop", "/api/v1/projects/shop/",
                "/API/v1/projects",
                "/api/v1/proj%65cts",
            ] {
                let answer = try await test.raw(test.head("GET", target) + "\r\n")
                #expect(answer.status == 404, "\(target): \(answer.text)")
                try test.expectProblem(.notFound, answer)
            }
        }
    }

    @Test func `a query is read strictly`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(Self.shop)/environments/base/settings"
            let unknown = try await test.refused(.invalidRequest, "GET", path, query: [("ref", "1")])
            #expect(unknown["detail"]?.stringValue?.contains("at, format, origin") == true)
            try await test.refused(.invalidRequest, "GET", path, query: [("at", "1"), ("at", "1")])
            for query in ["at=%", "at=%ff", "%00=1", "at"] {
                try test.expectProblem(
                    .invalidRequest, try await test.raw(test.head("GET", "\(path)?\(query)") + "\r\n"))
            }
            try await test.refused(.invalidRequest, "PUT", Self.setting, query: [("dryrun", "true")], body: .json(1))
        }
    }

    @Test func `a body of another media type is refused`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for type in ["text/plain", "application/xml", "application/merge-patch+json"] {
                try await test.refused(.unsupportedMediaType, "PUT", Self.setting, body: .bytes([0x31], type: type))
            }
            try await test.refused(.unsupportedMediaType, "PUT", Self.setting)
            try await test.refused(.unsupportedMediaType, "PATCH", "\(Self.shop)/environments/base", body: .json([:]))
            let charset = try await test.send(
                "PUT", Self.setting, body: .bytes([0x31], type: "Application/JSON; charset=utf-8"))
            #expect(charset.status == 201)
        }
    }

    @Test func `a body that is packed is refused rather than read as it stands`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let change = JSONValue.object(["operations": [ServerUnderTest.put("a", 1, in: "base")]])
            for encoding in ["gzip", "br, gzip"] {
                let headers = [("Content-Encoding", encoding)]
                let answer = try await test.send("POST", Self.changes, headers: headers, body: .json(change))
                let problem = try test.expectProblem(.unsupportedMediaType, answer, revision: 1)
                #expect(problem["detail"]?.stringValue?.contains("'\(encoding)'") == true)
                #expect(answer.header("Accept-Encoding") == "identity")
                try await test.refused(
                    .unsupportedMediaType, "POST", "\(Self.shop)/import",
                    query: [("environment", "base"), ("format", "json")], headers: headers, body: .json(["a": 1]))
            }
            let plain = try await test.send(
                "POST", Self.changes, headers: [("Content-Encoding", "identity")], body: .json(change))
            #expect(plain.status == 201)
        }
    }

    @Test func `what does not exist is named`() async throws {
        try await ServerUnderTest.run { test in
            let project = try await test.refused(.notFound, "GET", "\(Self.shop)/environments/base/settings")
            #expect(project["detail"]?.stringValue?.contains("'shop'") == true)
            try await test.refused(.notFound, "PUT", Self.setting, body: .json(1))
            try await test.makeShop()
            let environment = try await test.refused(.notFound, "GET", "\(Self.shop)/environments/nowhere/settings")
            #expect(environment["detail"]?.stringValue?.contains("'nowhere'") == true)
            let prefix = try await test.refused(.notFound, "GET", "\(Self.shop)/environments/base/settings/checkout")
            #expect(prefix["detail"]?.stringValue?.contains("checkout.timeout") == true)
            try await test.refused(.notFound, "GET", "\(Self.shop)/environments/nowhere/settings/a/history")
            try await test.refused(.notFound, "GET", "\(Self.shop)/watch", query: [("environment", "nowhere")])
        }
    }

    @Test func `a key below or above another is refused in every environment that would read both`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let problem = try await test.refused(
                .invalidChange, "PUT", "\(Self.shop)/environments/base/settings/checkout.timeout.seconds",
                body: .json(1))
            #expect(
                problem["violations"]?.arrayValue?.compactMap { $0["environment"] } == [
                    "base", "production", "staging",
                ])
        }
    }

    @Test func `a message beyond its limit is refused`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let message = String(repeating: "m", count: Limits.messageBytes + 1)
            try await test.refused(
                .limitExceeded, "POST", Self.changes,
                body: .json(["message": .string(message), "operations": [ServerUnderTest.put("a", 1, in: "base")]]))
        }
    }
}
