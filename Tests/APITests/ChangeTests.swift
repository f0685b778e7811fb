import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct ChangeTests {
    private static let shop = ServerUnderTest.shop
    private static let changes = "\(shop)/changes"

    private static func change(_ operations: JSONValue..., message: String = "test") -> JSONValue {
        ["message": .string(message), "operations": .array(operations)]
    }

    @Test func `a change of many items is one revision, and is read back as it was answered`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let answer = try await test.json(
                201, "POST", Self.changes,
                body: Self.change(
                    ServerUnderTest.put("checkout.timeout", 2500, in: "production", expect: "absent"),
                    ["op": "unset", "kind": "setting", "environment": "staging", "key": "checkout.url"],
                    ["op": "delete", "kind": "setting", "environment": "base", "key": "checkout.url", "expect": 1],
                    ["op": "put", "kind": "setting-definition", "key": "checkout.timeout", "value": ["tags": ["slo"]]],
                    message: "raise it"))
            #expect(answer["revision"] == 2)
            #expect(answer["project"] == "shop")
            #expect(answer["operations"]?.arrayValue?.count == 4)
            let read = try await test.json(200, "GET", "\(Self.changes)/2")
            for name in ["author", "committedAt", "digest", "message", "operations", "revision", "token"] {
                #expect(read[name] == answer[name], "\(name)")
            }
            let first = try await test.json(200, "GET", "\(Self.changes)/1")
            #expect(read["previousDigest"] == first["digest"])
            try await test.refused(.notFound, "GET", "\(Self.changes)/3")
            for text in ["latest", "-1", "1.5"] {
                let problem = try await test.refused(.invalidRequest, "GET", "\(Self.changes)/\(text)")
                #expect(problem["detail"]?.stringValue?.hasPrefix("'\(text)' is not a revision") == true)
            }
        }
    }

    @Test func `a change needs no message`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let answer = try await test.json(
                201, "POST", Self.changes, body: ["operations": [ServerUnderTest.put("a", 1, in: "base")]])
            #expect(answer["message"] == "")
            let required = Contract.document["components"]?["schemas"]?["ChangeBody"]?["required"]
            #expect(required == ["operations"])
        }
    }

    @Test func `an expectation that is not met loses the race and shows what is there`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let problem = try await test.refused(
                .revisionConflict, "POST", Self.changes,
                body: .json(
                    Self.change(
                        ServerUnderTest.put("free", 1, in: "base"),
                        ServerUnderTest.put("checkout.timeout", 1, in: "base", expect: 7))),
                pointer: "/operations/1/expect")
            #expect(problem["current"]?["revision"] == 1)
            #expect(problem["current"]?["value"] == 2000)
        }
    }

    @Test func `violations point at the operation that causes them, wherever they show`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let problem = try await test.refused(
                .invalidChange, "POST", Self.changes,
                body: .json(
                    Self.change(
                        ServerUnderTest.put("fine", 1, in: "base"),
                        ServerUnderTest.put("broken", "${missing}", in: "base"))),
                pointer: "/operations/1")
            let environments = problem["violations"]?.arrayValue?.compactMap { $0["environment"] }
            #expect(environments == ["base", "production", "staging"])
            try await test.refused(
                .notFound, "POST", Self.changes,
                body: .json(Self.change(ServerUnderTest.put("a", 1, in: "nowhere"))), pointer: "/operations/0")
        }
    }

    @Test func `validation answers where a change would be refused`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(Self.shop)/validate"
            let good = try await test.json(
                200, "POST", path, body: Self.change(ServerUnderTest.put("checkout.timeout", 1, in: "base")))
            #expect(good["valid"] == true)
            #expect(good["environments"]?.arrayValue?.count == 3)
            let bad = try await test.json(
                200, "POST", path, body: Self.change(ServerUnderTest.put("checkout", 1, in: "base")))
            #expect(bad["valid"] == false)
            #expect(bad["violations"]?.arrayValue?.first?["pointer"] == "/operations/0")
            #expect(bad["violations"]?.arrayValue?.first?["keyword"] == "prefix")
            let missing = try await test.json(
                200, "POST", path, body: Self.change(ServerUnderTest.put("a", 1, in: "nowhere")))
            #expect(missing["valid"] == false)
            #expect(test.revision == 1)
        }
    }

    @Test func `changes are listed newest first, filtered and in pages`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for value in 1...3 {
                try await test.json(201, "PUT", "\(Self.shop)/environments/base/settings/a", body: .int(value))
            }
            try await test.json(201, "PUT", "\(Self.shop)/environments/staging/settings/b", body: 1)
            func revisions(_ query: (String, String)...) async throws -> [Int64?] {
                let answer = try await test.json(200, "GET", Self.changes, query: query)
                return answer["changes"]?.arrayValue?.map { $0["revision"]?.int64Value } ?? []
            }
            #expect(try await revisions() == [5, 4, 3, 2, 1])
            #expect(try await revisions(("environment", "staging")) == [5])
            #expect(try await revisions(("key", "a"), ("kind", "setting")) == [4, 3, 2])
            #expect(try await revisions(("after", "3")) == [5, 4])
            #expect(try await revisions(("author", "token:nobody")) == [])
            let page = try await test.json(200, "GET", Self.changes, query: [("limit", "2")])
            let next = try #require(page["next"]?.int64Value)
            #expect(try await revisions(("limit", "2"), ("before", "\(next)")) == [3, 2])
            try await test.refused(.invalidRequest, "GET", Self.changes, query: [("limit", "0")])
            try await test.refused(.invalidRequest, "GET", Self.changes, query: [("limit", "1001")])
            try await test.json(201, "DELETE", Self.shop)
            #expect(try await revisions(("limit", "1")) == [6])
            try await test.refused(.notFound, "GET", "/api/v1/projects/never/changes")
        }
    }

    @Test func `a rollback restores what stood, in the scope asked for`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(Self.shop)/environments/base/settings"
            try await test.json(201, "PUT", "\(path)/checkout.timeout", body: 1)
            try await test.json(201, "PUT", "\(path)/checkout.url", body: "other")
            let partly = try await test.json(
                201, "POST", "\(Self.shop)/rollback",
                body: ["toRevision": 1, "keys": ["checkout.timeout"], "environments": ["base"]])
            #expect(partly["source"]?["operation"] == "rollback")
            #expect(try await test.json(200, "GET", path) == ["checkout": ["timeout": 2000, "url": "other"]])
            let now = try await test.json(
                200, "POST", "\(Self.shop)/rollback", body: ["toTime": .string(test.clock.now.text)])
            #expect(now["changed"] == false)
        }
    }

    @Test func `a rollback names one moment that exists`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(Self.shop)/rollback"
            try await test.refused(.invalidRequest, "POST", path, body: .json([:]))
            try await test.refused(
                .invalidRequest, "POST", path, body: .json(["toRevision": 1, "toTime": "2026-01-01T00:00:00Z"]))
            try await test.refused(.notFound, "POST", path, body: .json(["toRevision": 9]))
            try await test.refused(
                .invalidRequest, "POST", path, body: .json(["toRevision": -1]), pointer: "/toRevision")
            try await test.refused(
                .invalidRequest, "POST", path, body: .json(["toRevision": 1, "kinds": ["secret"]]), pointer: "/kinds/0")
        }
    }

    @Test func `a promotion carries what one environment has to another`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.shop)/environments/staging/settings/checkout.timeout", body: 2700)
            let path = "\(Self.shop)/promote"
            let answer = try await test.json(201, "POST", path, body: ["from": "staging", "to": "production"])
            #expect(answer["operations"]?.arrayValue?.count == 1)
            #expect(answer["source"]?["operation"] == "promote")
            #expect(
                try await test.json(200, "GET", "\(Self.shop)/environments/production/settings/checkout.timeout")[
                    "value"] == 2700)
            #expect(
                try await test.json(200, "POST", path, body: ["from": "staging", "to": "production"])["changed"]
                    == false)
            try await test.refused(.invalidRequest, "POST", path, body: .json(["from": "staging", "to": "staging"]))
            try await test.refused(.invalidRequest, "POST", path, body: .json(["from": "staging"]))
            try await test.refused(
                .notFound, "POST", path, body: .json(["from": "staging", "to": "production", "keys": ["no.such"]]))
        }
    }

    @Test func `entity tags are refused where they can mean nothing`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.refused(
                .invalidRequest, "POST", Self.changes, headers: [("If-Match", "\"r1\"")],
                body: .json(Self.change(ServerUnderTest.put("a", 1, in: "base"))))
        }
    }
}
