import ConfigPlatformModel
import ControlPlane
import TestSupport
import Testing

/// Flags that may have had their day, over the wire.
@Suite struct StaleFlagTests {
    private static let stale = "\(ServerUnderTest.shop)/stale-flags"
    private static let day: Int64 = 86_400

    /// 31 days pass, and the database has been heard of since.
    private static func passMonth(_ test: ServerUnderTest) async throws {
        test.clock.advance(seconds: 31 * day)
        while test.platform.staleSince != nil { try await Task.sleep(for: .milliseconds(10)) }
    }

    private static func report(_ test: ServerUnderTest, in environment: String, _ counts: JSONValue) async throws {
        let now = test.clock.now
        let answer = try await test.send(
            "POST", "\(ServerUnderTest.shop)/environments/\(environment)/flag-usage",
            body: .json([
                "client": "web", "from": .string(now.adding(seconds: -60).text), "until": .string(now.text),
                "counts": counts,
            ]))
        #expect(answer.status == 204, "\(answer)")
    }

    @Test func `each flag is told with its owner, its age, when it was evaluated last, and every reason`() async throws
    {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            let flag: JSONValue = [
                "type": "boolean", "variants": ["on": true, "off": false], "owner": "payments",
                "expectedLifetimeDays": 7,
            ]
            try await test.json(201, "PUT", "\(ServerUnderTest.shop)/flags/a", body: flag)
            let before = try await test.json(200, "GET", Self.stale)
            #expect(before["flags"] == [] && before["days"] == 30)
            try await Self.passMonth(test)
            try await Self.report(
                test, in: "production",
                [
                    ["flag": "a", "variant": "on", "reason": "STATIC", "count": 5],
                    ["flag": "b", "variant": "on", "reason": "STATIC", "count": 1],
                    ["flag": "b", "variant": "off", "reason": "STATIC", "count": 1],
                ])
            let told = try await test.json(200, "GET", Self.stale)
            let flags = try #require(told["flags"]?.arrayValue)
            #expect(flags.map { $0["key"] } == ["a", "c"])
            #expect(flags[0]["owner"] == "payments" && flags[0]["createdAt"] != nil)
            #expect(flags[0]["lastEvaluatedAt"] != nil && flags[1]["lastEvaluatedAt"] == nil)
            #expect(
                flags[0]["reasons"] == [
                    ["expectedLifetimeDays": 7, "reason": "beyond-lifetime"],
                    ["count": 5, "environment": "production", "reason": "one-variant", "variant": "on"],
                ])
            #expect(flags[1]["reasons"] == [["reason": "never-evaluated"]])
            let further = try await test.json(200, "GET", Self.stale, query: [("days", "60")])
            #expect(further["flags"]?.arrayValue?.map { $0["key"] } == ["a"])
        }
    }

    @Test func `what an environment comes to is told to those alone who may read it`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeFlaggedShop()
            try await Self.passMonth(test)
            for environment in ["staging", "production"] {
                try await Self.report(
                    test, in: environment, [["flag": "a", "variant": "on", "reason": "STATIC", "count": 2]])
            }
            let person = try await test.person("user:staging", "viewer", project: "shop", environments: ["staging"])
            let answer = try await test.send("GET", Self.stale, token: person)
            let flag = try answer.json()["flags"]?.arrayValue?.first { $0["key"] == "a" }
            #expect(
                flag?["reasons"] == [
                    ["count": 2, "environment": "staging", "reason": "one-variant", "variant": "on"]
                ])
            #expect(!answer.text.contains("production"))
        }
    }

    @Test func `days that are none are refused`() async throws {
        try await ServerUnderTest.run { test in
            try await test.makeShop()
            for days in ["0", "91", "-1", "soon", ""] {
                try await test.refused(.invalidRequest, "GET", Self.stale, query: [("days", days)])
            }
        }
    }
}
