import ConfigPlatformModel
import TestSupport
import Testing

/// What is told of places that ended, came back, or may be altered with an approval only.
@Suite struct PlaceHistoryTests {
    private static let base = ServerUnderTest.base
    private static let shop = ServerUnderTest.shop

    private static func revisions(_ answer: JSONValue) -> [Int64] {
        (answer["changes"]?.arrayValue ?? []).compactMap { $0["revision"]?.int64Value }
    }

    @Test func `the changes of an environment end with the one that deleted it, for who could see what it deleted`()
        async throws
    {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let limited = try await test.restricted("mine", [["actions": ["read"], "keys": ["mine"]]])
            let place = "\(Self.shop)/environments/e"
            try await test.json(201, "PUT", place, body: ["inherits": []])
            try await test.change([ServerUnderTest.put("mine.k", 1, in: "e"), ServerUnderTest.put("other", 1, in: "e")])
            let written = test.revision
            try await test.json(201, "DELETE", place)
            let ended = test.revision
            for query in [[], [("key", "other")], [("kind", "setting")]] {
                let changes = try await test.json(
                    200, "GET", "\(Self.shop)/changes", query: [("environment", "e")] + query)
                #expect(Array(Self.revisions(changes).prefix(2)) == [ended, written], "\(query)")
            }
            func seen(_ key: String) async throws -> [Int64] {
                let answer = try await test.send(
                    "GET", "\(Self.shop)/changes", query: [("environment", "e"), ("key", key)], token: limited)
                return Self.revisions(try answer.json())
            }
            #expect(try await seen("other") == [])
            #expect(try await seen("mine.k").last == written)
        }
    }

    @Test func `a rollback of environments brings back what they had`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let place = "\(Self.shop)/environments/e"
            try await test.json(201, "PUT", place, body: ["inherits": []])
            try await test.json(201, "PUT", "\(place)/settings/a", body: 1)
            let then = test.revision
            try await test.json(201, "DELETE", place)
            try await test.json(
                201, "POST", "\(Self.shop)/rollback", body: ["toRevision": .int(then), "kinds": ["environment"]])
            #expect(try await test.json(200, "GET", "\(place)/settings") == ["a": 1])
        }
    }

    @Test func `roles are rolled back by the platform, and by no project`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let role = "\(Self.base)/roles/clerk"
            let before = test.revision
            try await test.json(201, "PUT", role, body: ["permissions": [["actions": ["read"]]]])
            let then = test.revision
            try await test.json(201, "PUT", role, body: ["permissions": [["actions": ["read", "write"]]]])
            let order: JSONValue = ["toRevision": .int(then), "kinds": ["role"]]
            try await test.refused(
                .invalidRequest, "POST", "\(Self.shop)/rollback", body: .json(order), pointer: "/kinds")
            try await test.refused(
                .invalidRequest, "POST", "\(Self.base)/rollback", body: .json(["toRevision": .int(then)]),
                pointer: "/kinds")
            try await test.json(201, "POST", "\(Self.base)/rollback", body: order)
            let found = try await test.json(200, "GET", role)
            #expect(found["permissions"]?.arrayValue?.first?["actions"] == ["read"])
            // Also to before anything was said of the platform.
            try await test.json(
                201, "POST", "\(Self.base)/rollback", body: ["toRevision": .int(before), "kinds": ["role"]])
            try await test.refused(.notFound, "GET", role)
        }
    }

    @Test func `a request for approval that is sent again is answered as the first time`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", "\(Self.shop)/environments/production/protection", body: ["approvals": 1])
            let body = WireClient.Body.json([
                "message": "m", "operations": [ServerUnderTest.put("asked", 1, in: "base")],
            ])
            func ask() async throws -> HTTPAnswer {
                try await test.send(
                    "POST", "\(Self.shop)/changes", headers: [("Idempotency-Key", "once")], body: body)
            }
            let first = try await ask()
            #expect(first.status == 202)
            #expect(try first.json()["approvals"]?.arrayValue?.count == 1)
            try await test.json(201, "PUT", "\(Self.shop)/keys/asked", body: ["description": "Asked for."])
            let again = try await ask()
            #expect(again.status == 202)
            #expect(try again.json() == first.json())
        }
    }

    @Test func `audit events name the place, of what was refused too`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let settings = "\(Self.shop)/environments/production/settings"
            try await test.json(201, "PUT", "\(settings)/a", body: 1)
            try await test.change([
                ServerUnderTest.put("b", 1, in: "production"), ServerUnderTest.put("c", 1, in: "production"),
            ])
            try await test.change([
                ServerUnderTest.put("b", 2, in: "production"), ServerUnderTest.put("b", 2, in: "base"),
            ])
            try await test.refused(
                .invalidRequest, "PUT", "\(settings)/a", body: .bytes(Array("{".utf8), type: "application/json"))
            try await test.refused(
                .preconditionFailed, "PUT", "\(settings)/a", headers: [("If-Match", "\"r1\"")], body: .json(2))
            let events = try await test.json(
                200, "GET", "\(Self.base)/audit/events", query: [("target", "shop/production"), ("limit", "4")])
            let told = (events["events"]?.arrayValue ?? []).map {
                "\($0["target"]?.stringValue ?? "") \($0["outcome"]?.stringValue ?? "")"
            }
            #expect(
                told == [
                    "shop/production/setting/a refused", "shop/production refused", "shop/production success",
                    "shop/production/setting/a success",
                ])
        }
    }

    @Test func `who may read a key is told why a condition on it does not hold`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let limited = try await test.restricted("pub", [["actions": ["read", "write"], "keys": ["pub"]]])
            let setting = "\(Self.shop)/environments/base/settings/pub.q"
            try await test.json(201, "PUT", setting, body: 1)
            let refused = try await test.send(
                "PUT", setting, headers: [("If-Match", "\"r1\"")], body: .json(2), token: limited)
            #expect(refused.status == 412)
            #expect(refused.text.contains("was last written at revision"))
        }
    }
}
