import ConfigPlatformModel
import ControlPlane
import TestSupport
import Testing

@Suite struct QuotaTests {
    private static let shop = ServerUnderTest.shop
    private static let settings = "\(shop)/environments/base/settings"

    @Test func `what is more than a quota is refused by its name, and how much there is is shown`() async throws {
        try await ServerUnderTest.run { test in
            // The project, three environments, two settings.
            try await test.makeShop()
            try await test.json(201, "PUT", Self.shop, body: ["quotas": ["items": 7]])
            try await test.json(201, "PUT", "\(Self.settings)/a", body: 1)
            let problem = try await test.refused(.limitExceeded, "PUT", "\(Self.settings)/b", body: .json(1))
            #expect(
                problem["detail"]?.stringValue?.hasPrefix(
                    "Project 'shop' has a quota of 7 items; with this change it would have 8.") == true)
            #expect(problem["violations"]?.arrayValue?.first?["keyword"] == "quota")
            try await test.refused(
                .limitExceeded, "PUT", "\(Self.settings)/b", query: [("dryRun", "true")], body: .json(1))
            let shown = try await test.json(200, "GET", Self.shop)
            #expect(shown["quotas"] == ["items": 7])
            #expect(shown["size"]?["items"] == 7)
            #expect(shown["changesToday"] == 3)
        }
    }

    @Test func `who waits for another day is told how long`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", Self.shop, body: ["quotas": ["changesPerDay": 2]])
            let answer = try await test.send("PUT", "\(Self.settings)/a", body: .json(1))
            try test.expectProblem(.limitExceeded, answer, revision: 2)
            let midnight = test.clock.now.startOfDay.microseconds / 1_000_000 + 86_400
            #expect(answer.header("Retry-After") == String(midnight - test.clock.now.microseconds / 1_000_000))
            test.clock.advance(seconds: 86_400)
            // Until the database has been heard of since.
            while test.platform.staleSince != nil { try await Task.sleep(for: .milliseconds(10)) }
            try await test.json(201, "PUT", "\(Self.settings)/a", body: 1)
            #expect(try await test.json(200, "GET", Self.shop)["changesToday"] == 1)
        }
    }

    @Test func `a kill and a rollback pass though the quotas are used up`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let flag: JSONValue = [
                "op": "put", "kind": "flag", "key": "new",
                "value": ["type": "boolean", "variants": ["on": true, "off": false]],
            ]
            func put(_ kind: String, _ value: JSONValue) -> JSONValue {
                ["op": "put", "kind": .string(kind), "environment": "base", "key": "new", "value": value]
            }
            #expect(try await test.change([flag, put("flag-rule", ["defaultVariant": "on"])]).status == 201)
            let before = test.revision
            try await test.json(201, "DELETE", "\(Self.settings)/checkout.timeout")
            try await test.json(201, "PUT", Self.shop, body: ["quotas": ["items": 0, "bytes": 0, "changesPerDay": 0]])
            try await test.refused(.limitExceeded, "PUT", "\(Self.settings)/a", body: .json(1))
            #expect(try await test.change([put("flag-kill", ["variant": "off"])]).status == 201)
            try await test.json(
                201, "POST", "\(Self.shop)/rollback",
                body: ["toRevision": .int(before), "environments": ["base"], "keys": ["checkout.timeout"]])
            #expect(try await test.json(200, "GET", "\(Self.settings)/checkout.timeout")["value"] == 2000)
        }
    }

    @Test func `as many watch as the quota says`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            try await test.json(201, "PUT", Self.shop, body: ["quotas": ["watchers": 0]])
            let problem = try await test.refused(
                .tooManyRequests, "GET", "\(Self.shop)/watch", query: [("environment", "base")])
            #expect(problem["detail"]?.stringValue?.hasPrefix("Project 'shop' has a quota of 0 watchers") == true)
        }
    }

    @Test func `those who administer the platform set quotas, and those who may read all are shown the size`()
        async throws
    {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            let own = try await test.person("user:ann", "administrator", project: "shop")
            let viewer = try await test.person("user:vic", "viewer", project: "shop")
            let partly = try await test.person("user:dee", "viewer", project: "shop", environments: ["staging"])
            let quotas: JSONValue = ["quotas": ["items": 9]]
            for token in [own, viewer] {
                try await test.refused(.forbidden, "PUT", Self.shop, body: .json(quotas), token: token)
            }
            try await test.json(201, "PUT", Self.shop, body: quotas)
            try await test.refused(.forbidden, "PUT", Self.shop, body: .json([:]), token: own)
            try await test.refused(.forbidden, "DELETE", Self.shop, token: own)
            let described: JSONValue = ["quotas": ["items": 9], "description": "Sells."]
            #expect(try await test.send("PUT", Self.shop, body: .json(described), token: own).status == 201)
            for (token, isShown) in [(viewer, true), (partly, false)] {
                let shown = try await test.send("GET", Self.shop, token: token).json()
                #expect((shown["size"] != nil) == isShown && (shown["changesToday"] != nil) == isShown)
                #expect(shown["quotas"] == ["items": 9])
            }
        }
    }
}
