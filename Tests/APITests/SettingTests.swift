import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct SettingTests {
    private static let base = "\(ServerUnderTest.shop)/environments/base/settings"
    private static let production = "\(ServerUnderTest.shop)/environments/production/settings"

    @Test func `a value is set, inherited, overridden, unset and deleted`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let key = "\(Self.production)/checkout.timeout"
            let inherited = try await test.get(key)
            #expect(inherited.header("ETag") == "\"r1\"")
            #expect(
                try inherited.json() == [
                    "key": "checkout.timeout", "value": 2000, "revision": 1,
                    "origin": ["environment": "base", "revision": 1],
                ])
            let set = try await test.json(201, "PUT", key, query: [("message", "slower")], body: 2500)
            #expect(set["message"] == "slower")
            #expect(
                set["operations"] == [
                    [
                        "op": "put", "kind": "setting", "environment": "production", "key": "checkout.timeout",
                        "after": ["value": 2500],
                    ]
                ])
            #expect(try await test.json(200, "GET", key)["origin"] == ["environment": "production", "revision": 2])
            let unset = try await test.json(201, "POST", "\(key)/unset")
            #expect(unset["operations"]?.arrayValue?.first?["op"] == "unset")
            let gone = try await test.refused(.notFound, "GET", key)
            #expect(gone["detail"]?.stringValue?.contains("checkout.timeout") == true)
            try await test.json(201, "DELETE", key)
            #expect(try await test.json(200, "GET", key)["value"] == 2000)
            try await test.refused(.notFound, "DELETE", key)
            let history = try await test.json(200, "GET", "\(key)/history")["history"]?.arrayValue ?? []
            #expect(history.compactMap { $0["revision"] } == [4, 3, 2])
            #expect(history[0]["deleted"] == true)
            #expect(history[1]["unset"] == true)
            #expect(history[2]["value"] == 2500)
        }
    }

    @Test func `the document is canonical, tagged, and answered 304 to who has it`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let answer = try await test.get(Self.production)
            #expect(answer.text == #"{"checkout":{"timeout":2000,"url":"https://shop.example"}}"#)
            #expect(answer.header("Content-Type") == "application/json")
            let tag = try #require(answer.header("ETag"))
            // Asked again, the answer comes by another way through the server, and must be the same.
            for header in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let again = try await test.get(Self.production, headers: [("If-None-Match", header)])
                #expect(again.status == 304, "\(header)")
                #expect(again.header("ETag") == tag)
                #expect(again.body.isEmpty)
            }
            #expect(try await test.get(Self.production, headers: [("If-None-Match", "\"other\"")]).status == 200)
            try await test.refused(.invalidRequest, "GET", Self.production, headers: [("If-None-Match", "other")])
            try await test.json(201, "PUT", "\(Self.base)/checkout.timeout", body: 1)
            let changed = try await test.get(Self.production, headers: [("If-None-Match", tag)])
            #expect(changed.status == 200)
            #expect(changed.header("ETag") != tag)
        }
    }

    @Test func `the same document has many forms`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let json = try await test.get(Self.production)
            for (format, type) in [
                ("yaml", "application/yaml"), ("toml", "application/toml"), ("dotenv", "text/x-dotenv"),
                ("properties", "text/x-java-properties"),
            ] {
                let asked = try await test.get(Self.production, query: [("format", format)])
                #expect(asked.header("Content-Type") == type)
                #expect(asked.header("ETag") != json.header("ETag"))
                let accepted = try await test.get(
                    Self.production, headers: [("Accept", "text/html, \(type);q=0.8, */*;q=0.1")])
                #expect(accepted.body == asked.body)
                let tag = try #require(asked.header("ETag"))
                #expect(
                    try await test.get(Self.production, query: [("format", format)], headers: [("If-None-Match", tag)])
                        .status == 304)
            }
            #expect(
                try await test.get(Self.production, query: [("format", "dotenv")]).text.contains(
                    "CHECKOUT_TIMEOUT=2000"))
            try await test.refused(.notAcceptable, "GET", Self.production, headers: [("Accept", "text/html")])
            try await test.refused(.invalidRequest, "GET", Self.production, query: [("format", "xml")])
            try await test.refused(
                .notAcceptable, "GET", Self.production, query: [("format", "yaml"), ("origin", "true")])
        }
    }

    @Test func `the origin of every value is told`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.production)/checkout.note", body: "see ${checkout.url}")
            let list = try await test.json(200, "GET", Self.production, query: [("origin", "true")])
            #expect(list["revision"] == 2)
            let settings = list["settings"]?.arrayValue ?? []
            #expect(settings.compactMap { $0["key"] } == ["checkout.note", "checkout.timeout", "checkout.url"])
            #expect(
                settings[0] == [
                    "key": "checkout.note", "value": "see https://shop.example", "raw": "see ${checkout.url}",
                    "references": "live", "environment": "production", "revision": 2,
                ])
            #expect(settings[1]["environment"] == "base")
        }
    }

    @Test func `references are live unless they are said to be literal`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(
                201, "PUT", "\(Self.production)/literal", query: [("references", "literal")], body: "${checkout.url}")
            let literal = try await test.json(200, "GET", "\(Self.production)/literal")
            #expect(literal["value"] == "${checkout.url}")
            #expect(literal["references"] == "literal")
            #expect(literal["raw"] == nil)
            let refused = try await test.refused(
                .invalidChange, "PUT", "\(Self.production)/broken", body: .json("${no.such.key}"))
            #expect(refused["violations"]?.arrayValue?.first?["environment"] == "production")
        }
    }

    @Test func `past documents are read by revision and by time`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let then = test.clock.now
            test.clock.advance(seconds: 60)
            try await test.json(201, "PUT", "\(Self.base)/checkout.timeout", body: 3000)
            for at in ["1", then.text, then.text.replacing("Z", with: "+00:00")] {
                let old = try await test.json(200, "GET", Self.production, query: [("at", at)])
                #expect(old["checkout"]?["timeout"] == 2000, "\(at)")
            }
            #expect(
                try await test.json(200, "GET", "\(Self.production)/checkout.timeout", query: [("at", "1")])["value"]
                    == 2000)
            try await test.refused(.notFound, "GET", Self.production, query: [("at", "3")])
            try await test.refused(.invalidRequest, "GET", Self.production, query: [("at", "2999-01-01T00:00:00Z")])
            for text in ["yesterday", "-1"] {
                let problem = try await test.refused(.invalidRequest, "GET", Self.production, query: [("at", text)])
                #expect(problem["detail"]?.stringValue?.contains("'\(text)' is neither a revision") == true)
            }
            try await test.refused(.notFound, "GET", Self.production, query: [("at", "0")])
        }
    }

    @Test func `what was not there at a moment of the past is told as such`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let new = "\(ServerUnderTest.shop)/environments/new"
            try await test.json(201, "PUT", new, body: [:])
            func detail(_ path: String, at: String) async throws -> String? {
                try await test.refused(.notFound, "GET", path, query: [("at", at)])["detail"]?.stringValue
            }
            let project = "There was no project 'shop' at revision 0, though there is one now. Name another moment."
            let environment =
                "There was no environment 'new' in project 'shop' at revision 1, though there is one now. Name another moment."
            for path in [Self.production, "\(ServerUnderTest.shop)/environments", "\(ServerUnderTest.shop)/flags"] {
                #expect(try await detail(path, at: "0") == project)
            }
            for path in [new, "\(new)/settings", "\(new)/settings/a", "\(new)/flags"] {
                #expect(try await detail(path, at: "1") == environment, "\(path)")
            }
            let rollback = try await test.refused(
                .notFound, "POST", "\(ServerUnderTest.shop)/rollback",
                body: .json(["toRevision": 1, "environments": ["new"]]))
            #expect(rollback["detail"]?.stringValue == environment)
            try await test.json(201, "DELETE", new)
            #expect(
                try await detail("\(new)/settings", at: "3")
                    == "There was no environment 'new' in project 'shop' at revision 3, and there is none now.")
            let never = try await test.refused(
                .notFound, "POST", "/api/v1/projects/nope/rollback", body: .json(["toRevision": 1]))
            #expect(never["detail"]?.stringValue?.hasPrefix("There is no project 'nope'.") == true)
            #expect(
                try await detail("\(Self.production)/none", at: "1")
                    == "'none' has no value in 'production' of project 'shop' at revision 1.")
        }
    }

    @Test func `an entity tag of an inherited value lets it be overridden, once`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let key = "\(Self.production)/checkout.timeout"
            // A write makes an item of the environment's own: that is what the asterisk is about, in both headers.
            let inherited = try await test.refused(
                .preconditionFailed, "PUT", key, headers: [("If-Match", "*")], body: .json(1))
            #expect(inherited["detail"]?.stringValue?.contains("is inherited, from revision 1") == true)
            let absent = try await test.send("PUT", key, headers: [("If-None-Match", "*")], body: .json(1))
            #expect(absent.status == 201)
            #expect(try await test.send("PUT", key, headers: [("If-Match", "*")], body: .json(2)).status == 201)
            try await test.json(201, "DELETE", key, headers: [("If-Match", "*")])
            #expect(try await test.send("PUT", key, headers: [("If-Match", "\"r1\"")], body: .json(2)).status == 201)
            try await test.refused(.preconditionFailed, "PUT", key, headers: [("If-Match", "\"r1\"")], body: .json(3))
            try await test.refused(.preconditionFailed, "DELETE", key, headers: [("If-Match", "\"r1\"")])
            try await test.refused(.preconditionFailed, "PUT", key, headers: [("If-None-Match", "*")], body: .json(3))
        }
    }

    @Test func `quoted keys travel in paths`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let key = "\"a/b c\".\"ü.\u{1F600}\""
            try await test.json(
                201, "POST", "\(ServerUnderTest.shop)/changes",
                body: ["message": "m", "operations": [ServerUnderTest.put(key, [1, 2.5, .null], in: "base")]])
            let encoded = "\(Self.base)/%22a%2Fb%20c%22.%22%C3%BC.%F0%9F%98%80%22"
            let answer = try await test.raw(test.head("GET", encoded) + "Connection: close\r\n\r\n")
            #expect(answer.status == 200)
            #expect(try answer.json()["key"] == .string(key))
            #expect(try answer.json()["value"] == [1, 2.5, .null])
        }
    }

    @Test func `a dry run tells everything and writes nothing`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let answer = try await test.json(
                200, "PUT", "\(Self.base)/checkout.timeout", query: [("dryRun", "true")], body: 9)
            #expect(answer["dryRun"] == true)
            #expect(answer["changed"] == true)
            #expect(answer["revision"] == 1)
            #expect(answer["digest"] == nil)
            #expect(
                answer["environments"]?.arrayValue?.compactMap { $0["environment"] } == [
                    "base", "production", "staging",
                ])
            #expect(test.revision == 1)
            try await test.refused(.invalidRequest, "PUT", "\(Self.base)/a", query: [("dryRun", "yes")], body: .json(9))
        }
    }

    @Test func `a write that was answered before is answered the same`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let headers = [("Idempotency-Key", "deploy-7")]
            let first = try await test.send("PUT", "\(Self.base)/a", headers: headers, body: .json(1))
            let second = try await test.send("PUT", "\(Self.base)/a", headers: headers, body: .json(1))
            #expect(first.status == 201)
            #expect(second.status == 201)
            #expect(try first.json()["revision"] == (try second.json()["revision"]))
            #expect(first.body == second.body)
            try await test.refused(.idempotencyKeyReused, "PUT", "\(Self.base)/a", headers: headers, body: .json(2))
            try await test.refused(.idempotencyKeyReused, "PUT", "\(Self.base)/b", headers: headers, body: .json(1))
            try await test.refused(
                .invalidRequest, "PUT", "\(Self.base)/a",
                headers: [("Idempotency-Key", String(repeating: "k", count: 201))],
                body: .json(1))
        }
    }
}
