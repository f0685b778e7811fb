import ConfigPlatformModel
import TestSupport
import Testing

/// Ways to a protected environment without the pairs of eyes that it asks for.
@Suite struct AccessRequestAttackTests {
    private static let base = ServerUnderTest.base
    private static let shop = ServerUnderTest.shop
    private static let production = "\(shop)/environments/production"
    typealias Token = ServerUnderTest.Token

    /// The shop with production protected, two operators, and an administrator.
    private struct Place {
        let test: ServerUnderTest
        let ada: Token
        let bob: Token
        let root: Token

        init(_ test: ServerUnderTest, _ protection: JSONValue = ["approvals": 1]) async throws {
            self.test = test
            try await test.makeShop()
            ada = try await test.person("user:ada", "operator", project: "shop")
            bob = try await test.person("user:bob", "operator", project: "shop")
            root = try await test.person("user:root", "administrator")
            try await test.json(201, "PUT", "\(production)/protection", body: protection)
        }

        /// A change of production, as somebody makes it, and the request that comes of it.
        func asked(_ value: JSONValue, as token: Token, _ location: SourceLocation = #_sourceLocation) async throws
            -> String
        {
            let answer = try await test.change(
                [ServerUnderTest.put("k", value, in: "production")], as: token, location)
            #expect(answer.status == 202, "\(answer)", sourceLocation: location)
            return try #require(try answer.json()["changeRequest"]?.stringValue, sourceLocation: location)
        }

        func path(_ id: String, _ verb: String = "") -> String { "\(shop)/change-requests/\(id)\(verb)" }

        func impact(_ id: String) async throws -> JSONValue {
            try #require(try await test.json(200, "GET", path(id))["impact"])
        }

        func approve(_ id: String, as token: Token, _ impact: JSONValue? = nil) async throws -> HTTPAnswer {
            let shown: JSONValue
            if let impact { shown = impact } else { shown = try await self.impact(id) }
            return try await test.send("POST", path(id, "/approve"), body: .json(["impact": shown]), token: token)
        }

        func apply(_ id: String, as token: Token) async throws -> HTTPAnswer {
            try await test.send("POST", path(id, "/apply"), token: token)
        }

        var value: JSONValue? {
            get async throws {
                let answer = try await test.get("\(production)/settings/k")
                return answer.status == 200 ? try answer.json()["value"] : nil
            }
        }
    }

    @Test func `nobody approves what they have written, themselves or by their tokens`() async throws {
        try await ServerUnderTest.run { test in
            let place = try await Place(test)
            let personal = Token.other(
                try await test.makeToken("adas", "operator", more: ["personal": true], by: place.ada).text)
            let byAda = try await place.asked(1, as: place.ada)
            #expect(try await place.approve(byAda, as: place.ada).status == 403)
            #expect(try await place.approve(byAda, as: personal).status == 403)
            let byToken = try await place.asked(2, as: personal)
            #expect(try await place.approve(byToken, as: place.ada).status == 403)
            // A service token is its maker's doing.
            let service = Token.other(
                try await test.makeToken("service", "operator", project: "shop", by: place.root).text)
            let byService = try await place.asked(3, as: service)
            #expect(try await place.approve(byService, as: service).status == 403)
            #expect(try await place.approve(byService, as: place.root).status == 403)
            #expect(try await place.approve(byAda, as: service).status == 403, "a service token is nobody")
            // Who has edited it has written it.
            let edited = try await test.send(
                "PUT", place.path(byAda),
                body: .json(["operations": [ServerUnderTest.put("k", 4, in: "production")]]), token: place.bob)
            #expect(edited.status == 200)
            #expect(try await place.approve(byAda, as: place.bob).status == 403)
            #expect(try await place.approve(byAda, as: place.ada).status == 403)
            for id in [byAda, byToken, byService] { #expect(try await place.apply(id, as: place.root).status == 409) }
            #expect(try await place.value == nil)
            #expect(try await place.approve(byService, as: place.bob).status == 200)
            #expect(try await place.apply(byService, as: place.bob).status == 201)
        }
    }

    @Test func `an approval is of what was looked at, once, and while it is that`() async throws {
        try await ServerUnderTest.run { test in
            let place = try await Place(test, ["approvals": 2])
            let id = try await place.asked("${checkout.timeout}", as: place.ada)
            let looked = try await place.impact(id)
            // What production reads alters under it.
            let other = try await test.change(
                [ServerUnderTest.put("checkout.timeout", 3000, in: "staging")], as: place.ada)
            #expect(other.status == 201)
            #expect(try await place.impact(id) == looked, "what does not concern it voids nothing")
            let broken = try await test.send(
                "POST", "\(Self.shop)/break-glass",
                body: .json(["reason": "It burns.", "environments": ["production"]]),
                token: place.root)
            #expect(broken.status == 201)
            #expect(
                try await test.change(
                    [ServerUnderTest.put("checkout.timeout", 4000, in: "production")], as: place.root
                ).status == 201)
            let stale = try await place.approve(id, as: place.bob, looked)
            #expect(stale.status == 409)
            #expect(try await place.approve(id, as: place.bob).status == 200)
            // Twice by one is once.
            #expect(try await place.approve(id, as: place.bob).status == 200)
            let shown = try await test.json(200, "GET", place.path(id))
            #expect(shown["protections"]?.arrayValue?.first?["given"] == 1)
            #expect(shown["approved"] == false)
            #expect(try await place.apply(id, as: place.bob).status == 409)
            #expect(try await place.approve(id, as: place.root).status == 200)
            // And all of them are void when it comes to something else.
            #expect(
                try await test.change(
                    [ServerUnderTest.put("checkout.timeout", 5000, in: "production")], as: place.root
                ).status == 201)
            let after = try await test.json(200, "GET", place.path(id))
            #expect(after["approvals"]?.arrayValue?.allSatisfy { $0["void"] == true } == true)
            #expect(try await place.apply(id, as: place.bob).status == 409)
            for token in [place.bob, place.root] { #expect(try await place.approve(id, as: token).status == 200) }
            #expect(try await place.apply(id, as: place.bob).status == 201)
            #expect(try await place.value == 5000)
            // What is over is over.
            #expect(try await place.apply(id, as: place.bob).status == 409)
            #expect(try await place.approve(id, as: place.bob, looked).status == 409)
            for (verb, body) in [
                ("/reject", [:]), ("/withdraw", [:]), ("/comments", ["text": "t"]), ("/schedule", ["at": .null]),
            ] as [(String, JSONValue)] {
                let answer = try await test.send("POST", place.path(id, verb), body: .json(body), token: place.root)
                #expect(answer.status == 409, "\(verb)")
            }
        }
    }

    @Test func `an approval with a narrow token counts for no more than the token may`() async throws {
        try await ServerUnderTest.run { test in
            let place = try await Place(test)
            try await test.json(
                201, "PUT", "\(Self.shop)/environments/staging/protection", body: ["approvals": 1])
            let narrow = try await test.makeToken(
                [
                    "name": "narrow", "personal": true,
                    "grants": [
                        ["role": "operator", "project": "shop", "environments": ["staging"]],
                        ["role": "viewer", "project": "shop"],
                    ],
                ], by: place.bob)
            let answer = try await test.change(
                [ServerUnderTest.put("k", 1, in: "production"), ServerUnderTest.put("k", 1, in: "staging")],
                as: place.ada)
            let id = try #require(try answer.json()["changeRequest"]?.stringValue)
            _ = try await place.approve(id, as: .other(narrow.text))
            let shown = try await test.json(200, "GET", place.path(id))
            let given = shown["protections"]?.arrayValue?.first { $0["environment"] == "production" }?["given"]
            #expect(given == 0, "a token that may approve in staging alone has approved in production")
            #expect(try await place.apply(id, as: place.ada).status == 409)
        }
    }

    @Test func `who may not write it does not have it written`() async throws {
        try await ServerUnderTest.run { test in
            let place = try await Place(test)
            let viewer = try await test.person("user:vic", "viewer", project: "shop")
            let here = try await test.person("user:sam", "operator", project: "shop", environments: ["staging"])
            let id = try await place.asked(1, as: place.ada)
            #expect(try await place.approve(id, as: place.bob).status == 200)
            #expect(try await place.apply(id, as: viewer).status == 403)
            #expect(try await place.apply(id, as: here).status == 404)
            let at = test.clock.now.adding(seconds: 60).text
            for token in [viewer, here] {
                for (verb, body) in [
                    ("/schedule", ["at": .string(at)]), ("/reject", [:]), ("/withdraw", [:]),
                ] as [(String, JSONValue)] {
                    let answer = try await test.send("POST", place.path(id, verb), body: .json(body), token: token)
                    #expect([403, 404].contains(answer.status), "\(verb): \(answer.text)")
                }
                let edit = try await test.send(
                    "PUT", place.path(id),
                    body: .json(["operations": [ServerUnderTest.put("k", 9, in: "staging")]]), token: token)
                #expect([403, 404].contains(edit.status))
            }
            // A viewer's token of whoever asked is a viewer's.
            let reading = try await test.makeToken("reading", "viewer", more: ["personal": true], by: place.ada)
            let withdrawn = try await test.send(
                "POST", place.path(id, "/withdraw"), body: .json([:]), token: .other(reading.text))
            #expect(withdrawn.status == 403, "a token that only reads withdraws its owner's request")
            let made = try await test.makeToken("made", "viewer", project: "shop", by: place.root)
            let byRoot = try await place.asked(2, as: place.root)
            let taken = try await test.send(
                "POST", place.path(byRoot, "/withdraw"), body: .json([:]), token: .other(made.text))
            #expect(taken.status == 403, "a token that only reads withdraws its maker's request")
            #expect(try await place.value == nil)
        }
    }

    @Test func `no other way leads into a protected environment`() async throws {
        try await ServerUnderTest.run { test in
            let place = try await Place(test)
            try await test.change([ServerUnderTest.put("own", 1, in: "staging")])
            let before = test.revision
            let json = WireClient.Body.bytes(Array("{\"k\":2}".utf8), type: "application/json")
            let attempts: [(String, String, String, [(String, String)], WireClient.Body?)] = [
                ("the base", "PUT", "\(Self.shop)/environments/base/settings/k", [], .json(1)),
                ("import", "POST", "\(Self.shop)/import", [("format", "json"), ("environment", "production")], json),
                ("import below", "POST", "\(Self.shop)/import", [("format", "json"), ("environment", "base")], json),
                (
                    "promotion", "POST", "\(Self.shop)/promote", [],
                    .json(["from": "staging", "to": "production", "keys": ["own"]])
                ),
                ("rollback", "POST", "\(Self.shop)/rollback", [], .json(["toRevision": 0])),
                ("other layers", "PUT", Self.production, [], .json(["inherits": ["staging"]])),
                (
                    "a patch", "PATCH", Self.production, [],
                    .bytes(Array("{\"inherits\":[]}".utf8), type: "application/merge-patch+json")
                ),
                ("its end", "DELETE", Self.production, [], nil),
                ("the base's end", "DELETE", "\(Self.shop)/environments/base", [], nil),
                ("unset", "POST", "\(Self.production)/settings/checkout.url/unset", [], nil),
                ("a schema", "PUT", "\(Self.shop)/schemas/s", [], .json(["key": "k", "schema": true])),
                ("no protection", "DELETE", "\(Self.production)/protection", [], nil),
                ("another protection", "PUT", "\(Self.production)/protection", [], .json(["approvals": 0])),
                (
                    "selfApproval", "PUT", "\(Self.production)/protection", [],
                    .json(["approvals": 1, "selfApproval": true])
                ),
                (
                    "a binding", "PUT", "\(Self.shop)/bindings/eve", [],
                    .json(["subject": "user:eve", "role": "operator"])
                ),
                (
                    "a binding of all", "PUT", "\(Self.base)/bindings/eve", [],
                    .json(["subject": "user:eve", "role": "operator"])
                ),
                ("the project's end", "DELETE", Self.shop, [], nil),
            ]
            for (what, method, path, query, body) in attempts {
                for token in [place.ada, place.root] {
                    let answer = try await test.send(method, path, query: query, body: body, token: token)
                    #expect([202, 403, 404, 409, 422].contains(answer.status), "\(what): \(answer.text)")
                    if answer.status == 202 {
                        #expect(try answer.json()["changeRequest"] != nil)
                        #expect(try answer.json()["changed"] == false)
                    }
                }
            }
            #expect(try await place.value == nil)
            #expect(try await test.get(Self.production).json()["protection"] == ["approvals": 1])
            #expect(try await test.get("\(Self.production)/settings").text.contains("2000"))
            #expect(test.revision > before, "requests are on record")
        }
    }

    @Test func `a comment is bounded, and a request forged from another project is none`() async throws {
        try await ServerUnderTest.run { test in
            let place = try await Place(test)
            let id = try await place.asked(1, as: place.ada)
            let long = String(repeating: "c", count: Limits.messageBytes + 1)
            try await test.refused(
                .invalidRequest, "POST", place.path(id, "/comments"), body: .json(["text": .string(long)]))
            try await test.json(201, "PUT", "\(Self.base)/projects/other", body: [:])
            for path in ["\(Self.base)/projects/other/change-requests/\(id)", "\(Self.base)/change-requests/\(id)"] {
                try await test.refused(.notFound, "GET", path)
                try await test.refused(.notFound, "POST", "\(path)/apply")
            }
        }
    }

    @Test func `who approves must still be who may when it is applied`() async throws {
        try await ServerUnderTest.run { test in
            let place = try await Place(test)
            let id = try await place.asked(1, as: place.ada)
            #expect(try await place.approve(id, as: place.bob).status == 200)
            try await test.json(201, "PUT", "\(Self.base)/identities/user:bob", body: ["disabled": true])
            #expect(try await place.apply(id, as: place.ada).status == 409)
            try await test.send("DELETE", "\(Self.base)/identities/user:bob", body: nil)
            try await test.json(201, "DELETE", "\(Self.shop)/bindings/bob")
            #expect(try await place.apply(id, as: place.ada).status == 409)
            #expect(try await place.value == nil)
        }
    }
}
