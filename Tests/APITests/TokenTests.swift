import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct TokenTests {
    private static let tokens = "/api/v1/tokens"
    private static let document = "\(ServerUnderTest.shop)/environments/production/settings"

    @Test func `a token is shown once, listed without its text, and ends at once`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let made = try await test.json(
                201, "POST", Self.tokens, body: ["name": "deploy-bot", "role": "viewer", "expiresIn": 3600])
            let text = try #require(made["token"]?.stringValue)
            let id = try #require(made["id"]?.stringValue)
            #expect(made["expiresAt"]?.stringValue == test.clock.now.adding(seconds: 3600).text)
            let list = try await test.get(Self.tokens)
            #expect(!list.text.contains(text))
            let listed = try list.json()["tokens"]?.arrayValue?.first { $0["id"]?.stringValue == id }
            #expect(listed?["live"] == true)
            // Read often enough on one connection that the server has its answer, and this caller, at hand.
            let client = test.client.with(token: text)
            for _ in 1...4 { #expect(try await client.get(Self.document).status == 200) }
            #expect(try await test.send("DELETE", "\(Self.tokens)/\(id)").status == 204)
            try test.expectProblem(.unauthenticated, try await client.get(Self.document))
            #expect(try await test.send("DELETE", "\(Self.tokens)/\(id)").status == 204)
        }
    }

    @Test func `an Idempotency-Key that cannot be kept is refused by name`() async throws {
        try await ServerUnderTest.run { test in
            let headers = [("Idempotency-Key", "deploy-7")]
            let problem = try await test.refused(
                .invalidRequest, "POST", Self.tokens, headers: headers,
                body: .json(["name": "deploy-bot", "role": "viewer"]))
            #expect(problem["violations"]?.arrayValue?.first?["keyword"] == "Idempotency-Key")
            try await test.json(201, "POST", Self.tokens, body: ["name": "deploy-bot", "role": "viewer"])
            try await test.refused(.invalidRequest, "DELETE", "\(Self.tokens)/tok_x", headers: headers)
            try await test.makeShop()
            let validated = try await test.send(
                "POST", "\(ServerUnderTest.shop)/validate", headers: headers,
                body: .json(["operations": [ServerUnderTest.put("a", 1, in: "base")]]))
            #expect(validated.status == 200)
        }
    }

    @Test func `a token ends when its time has come`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let until = test.clock.now.adding(seconds: 10)
            let made = try await test.json(
                201, "POST", Self.tokens, body: ["name": "short", "role": "viewer", "expires": .string(until.text)])
            let client = test.client.with(token: try #require(made["token"]?.stringValue))
            for _ in 1...3 { #expect(try await client.get(Self.document).status == 200) }
            test.clock.advance(seconds: 10)
            try test.expectProblem(.unauthenticated, try await client.get(Self.document))
        }
    }

    @Test func `what a token cannot be is refused and recorded`() async throws {
        try await ServerUnderTest.run { test in
            for (body, pointer) in [
                (["name": "Not A Name"] as JSONValue, "/name"), (["name": 7], "/name"),
                (["name": "a", "role": "viewer", "expiresIn": 0], "/expiresIn"), (["name": "a"], ""),
                (["name": "a", "role": "viewer", "expires": "soon"], "/expires"),
                (["name": "a", "role": "viewer", "scope": "all"], "/scope"),
                (["name": "a", "grants": [["role": "viewer", "environments": ["x"]]]], "/grants/0"),
            ] {
                let code: Problem.Code =
                    pointer == "/name" && body["name"]?.stringValue != nil ? .invalidName : .invalidRequest
                try await test.refused(code, "POST", Self.tokens, body: .json(body), pointer: pointer)
            }
            try await test.refused(
                .invalidRequest, "POST", Self.tokens,
                body: .json(["name": "a", "role": "viewer", "expiresIn": 5, "expires": "2999-01-01T00:00:00Z"]))
            try await test.refused(
                .invalidRequest, "POST", Self.tokens,
                body: .json(["name": "a", "role": "viewer", "expires": "2001-01-01T00:00:00Z"]))
            try await test.refused(
                .notFound, "POST", Self.tokens, body: .json(["name": "a", "role": "no-such-role"]))
            try await test.refused(
                .invalidRequest, "POST", Self.tokens,
                body: .json(["name": "a", "role": "viewer", "grants": [["role": "viewer"]]]))
            try await test.refused(
                .invalidRequest, "POST", Self.tokens, body: .json(["name": "a", "role": "viewer", "personal": "yes"]))
            // The development token is nobody's, and so has no personal ones.
            try await test.refused(
                .invalidRequest, "POST", Self.tokens, body: .json(["name": "a", "role": "viewer", "personal": true]))
            try await test.json(201, "POST", Self.tokens, body: ["name": "taken", "role": "viewer"])
            try await test.refused(
                .alreadyExists, "POST", Self.tokens, body: .json(["name": "taken", "role": "viewer"]))
            try await test.refused(.notFound, "DELETE", "\(Self.tokens)/tok_none")
            let refusals = try await test.json(
                200, "GET", "/api/v1/audit/events", query: [("action", "token.create"), ("limit", "100")])
            let outcomes = refusals["events"]?.arrayValue?.compactMap { $0["outcome"]?.stringValue } ?? []
            #expect(outcomes.count { $0 == "refused" } == 14)
        }
    }

    @Test func `audit events tell who did what, and every refusal of a write`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.send(
                "PUT", "\(Self.document)/a", headers: [("X-Request-ID", "broken-body")],
                body: .bytes(Array("{".utf8), type: "application/json"))
            try await test.send(
                "PUT", "\(Self.document)/a", headers: [("X-Request-ID", "wrong-type")],
                body: .bytes(Array("1".utf8), type: "text/plain"))
            try await test.send(
                "PUT", "\(Self.document)/a", headers: [("X-Request-ID", "refused-by-writer")], body: .json("${missing}")
            )
            try await test.send(
                "PUT", "\(Self.document)/a", query: [("dryRun", "true")], headers: [("X-Request-ID", "dry")],
                body: .json("${missing}"))
            let events =
                try await test.json(200, "GET", "/api/v1/audit/events", query: [("after", "0")])["events"]?.arrayValue
                ?? []
            #expect(events.compactMap { $0["sequence"]?.int64Value } == Array(1...Int64(events.count)))
            let refused = events.filter { $0["outcome"] == "refused" }
            #expect(refused.compactMap { $0["requestId"] } == ["broken-body", "wrong-type", "refused-by-writer"])
            #expect(
                refused.compactMap { $0["detail"]?["problem"] } == [
                    "invalid-request", "unsupported-media-type", "invalid-change",
                ])
            for event in refused {
                #expect(event["target"]?.stringValue?.split(separator: "/").first == "shop")
                #expect(event["sourceAddress"] == "127.0.0.1")
            }
            let made = events.first { $0["action"] == "change" }
            #expect(made?["revision"] == 1)
            let newest = try await test.json(200, "GET", "/api/v1/audit/events", query: [("limit", "1")])
            #expect(newest["events"]?.arrayValue?.first?["sequence"] == events.last?["sequence"])
            #expect(newest["next"] == events.last?["sequence"])
            try await test.refused(.invalidRequest, "GET", "/api/v1/audit/events", query: [("action", "anything")])
            try await test.refused(.invalidRequest, "GET", "/api/v1/audit/events", query: [("after", "x")])
        }
    }
}
