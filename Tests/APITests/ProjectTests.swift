import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct ProjectTests {
    @Test func `who may not make a project is not told to make it, whether it is there or not`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "/api/v1/projects/other", body: [:])
            let made = try await test.json(
                201, "POST", "/api/v1/tokens", body: ["name": "reader", "role": "viewer", "project": "other"])
            let token = ServerUnderTest.Token.other(try #require(made["token"]?.stringValue))
            var details: [String] = []
            for name in ["shop", "nope"] {
                let problem = try await test.refused(
                    .notFound, "PUT", "/api/v1/projects/\(name)", body: .json([:]), token: token)
                details.append((problem["detail"]?.stringValue ?? "").replacing(name, with: "NAME"))
            }
            #expect(details[0] == details[1])
            #expect(!details[0].contains("PUT"))
            try await test.refused(.forbidden, "PUT", "/api/v1/projects/other", body: .json([:]), token: token)
        }
    }

    private static let shop = ServerUnderTest.shop

    @Test func `a project is made, read, described anew and ended`() async throws {
        try await ServerUnderTest.run { test in
            let made = try await test.json(201, "PUT", Self.shop, body: ["description": "A shop"])
            #expect(made["changed"] == true)
            #expect(made["operations"]?.arrayValue?.first?["op"] == "put")
            let answer = try await test.get(Self.shop)
            #expect(answer.header("ETag") == "\"r1\"")
            #expect(
                try answer.json() == [
                    "name": "shop", "description": "A shop", "revision": 1, "environments": [], "settings": 0,
                    "sizeBytes": 0, "plaintextSecrets": "warn", "changesToday": 1,
                    // Its key, and {"description":"A shop"}.
                    "size": ["items": 1, "bytes": 28],
                ])
            let same = try await test.json(200, "PUT", Self.shop, body: ["description": "A shop"])
            #expect(same["changed"] == false)
            #expect(test.revision == 1)
            try await test.json(201, "DELETE", Self.shop)
            try await test.refused(.notFound, "GET", Self.shop)
            try await test.refused(.notFound, "DELETE", Self.shop)
        }
    }

    @Test func `entity tags guard a write`() async throws {
        try await ServerUnderTest.run { test in
            func put(_ header: (String, String)) async throws -> HTTPAnswer {
                try await test.send(
                    "PUT", Self.shop, headers: [header], body: .json(["description": .string("by \(header.1)")]))
            }
            #expect(try await put(("If-None-Match", "*")).status == 201)
            try test.expectProblem(.preconditionFailed, try await put(("If-None-Match", "*")), revision: 1)
            let lost = try test.expectProblem(.preconditionFailed, try await put(("If-Match", "\"r7\"")), revision: 1)
            #expect(lost["current"]?["revision"] == 1)
            try test.expectProblem(.preconditionFailed, try await put(("If-Match", "W/\"r1\"")), revision: 1)
            try test.expectProblem(.invalidRequest, try await put(("If-Match", "r1")), revision: 1)
            #expect(try await put(("If-Match", "\"r0\", \"r1\"")).status == 201)
            #expect(try await put(("If-Match", "*")).status == 201)
            try await test.json(201, "DELETE", Self.shop)
            try test.expectProblem(.preconditionFailed, try await put(("If-Match", "*")), revision: 4)
        }
    }

    @Test func `projects are listed in pages`() async throws {
        try await ServerUnderTest.run { test in
            for name in ["c", "a", "b"] { try await test.json(201, "PUT", "/api/v1/projects/\(name)", body: [:]) }
            let first = try await test.json(200, "GET", "/api/v1/projects", query: [("limit", "2")])
            #expect(first["projects"]?.arrayValue?.compactMap { $0["name"] } == ["a", "b"])
            let next = try #require(first["next"]?.stringValue)
            let second = try await test.json(200, "GET", "/api/v1/projects", query: [("limit", "2"), ("after", next)])
            #expect(second["projects"]?.arrayValue?.compactMap { $0["name"] } == ["c"])
            #expect(second["next"] == nil)
        }
    }

    @Test func `an environment is made, patched and ended`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(Self.shop)/environments/canary"
            try await test.json(201, "PUT", path, body: ["inherits": ["production"], "description": "first"])
            let shown = try await test.json(200, "GET", path)
            #expect(shown["layers"] == ["base", "production", "canary"])
            #expect(shown["settings"] == 2)
            #expect(shown["own"] == 0)
            let patched = try await test.send(
                "PATCH", path,
                body: .bytes(
                    Array("{\"description\":null,\"inherits\":[\"staging\"]}".utf8),
                    type: "application/merge-patch+json"))
            #expect(patched.status == 201)
            let after = try await test.json(200, "GET", path)
            #expect(after["inherits"] == ["staging"])
            #expect(after["description"] == "")
            try await test.refused(.inUse, "DELETE", "\(Self.shop)/environments/staging")
            try await test.json(201, "DELETE", path)
            try await test.refused(.notFound, "GET", path)
            try await test.refused(
                .notFound, "PATCH", path, body: .bytes(Array("{}".utf8), type: "application/merge-patch+json"))
            let list = try await test.json(200, "GET", "\(Self.shop)/environments", query: [("limit", "2")])
            #expect(list["environments"]?.arrayValue?.compactMap { $0["name"] } == ["base", "production"])
            #expect(list["next"] == "production")
            #expect(try await test.json(200, "GET", path, query: [("at", "3")])["inherits"] == ["staging"])
        }
    }

    @Test func `keys are described for a whole project`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let path = "\(Self.shop)/keys/checkout.timeout"
            try await test.json(
                201, "PUT", path, body: ["description": "In milliseconds", "tags": ["slo", "checkout"]])
            let answer = try await test.get(path)
            #expect(answer.header("ETag") == "\"r2\"")
            #expect(
                try answer.json() == [
                    "key": "checkout.timeout", "description": "In milliseconds", "tags": ["checkout", "slo"],
                    "revision": 2,
                ])
            let setting = try await test.json(
                200, "GET", "\(Self.shop)/environments/production/settings/checkout.timeout")
            #expect(setting["description"] == "In milliseconds")
            #expect(setting["tags"] == ["checkout", "slo"])
            #expect(try await test.json(200, "GET", "\(Self.shop)/keys")["keys"]?.arrayValue?.count == 1)
            try await test.json(201, "DELETE", path)
            try await test.refused(.notFound, "GET", path)
            try await test.refused(.notFound, "DELETE", path)
        }
    }
}
