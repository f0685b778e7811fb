import ConfigPlatformFlags
import ConfigPlatformModel
import ControlPlane
import TestSupport
import Testing

/// Which flags are said to have had their day. Time is moved by hand.
@Suite struct StaleFlagTests {
    private static let day: Int64 = 86_400

    private static func put(_ key: String, _ more: JSONObject = [:]) throws -> ConfigPlatformModel.Operation {
        var body: JSONObject = ["type": "boolean", "variants": ["on": true, "off": false]]
        for (name, value) in more { body[name] = value }
        return Operation(
            .putFlag(.flag(try FlagKey(parsing: key)), try FlagItemBody(.flag, parsing: .object(body))))
    }

    /// A program's report of the minute before now.
    private static func report(
        _ test: PlatformUnderTest, _ counts: (flag: String, variant: String?, count: Int64)...,
        in environment: String = "production"
    ) throws {
        let now = test.clock.now
        let report = FlagUsageReport(
            client: "tests", from: now.adding(seconds: -60), until: now,
            counts: counts.map { .init(flag: $0.flag, variant: $0.variant, reason: .static, count: $0.count) })
        try test.platform.take(report, test.caller, try test.name(environment), of: test.project)
    }

    /// So many seconds pass, and the database has been heard of since.
    private static func pass(_ test: PlatformUnderTest, _ seconds: Int64) async throws {
        test.clock.advance(seconds: seconds)
        while test.platform.staleSince != nil { try await Task.sleep(for: .milliseconds(10)) }
    }

    private static func stale(_ test: PlatformUnderTest, days: Int64 = 30) async throws -> [String: [StaleFlag.Reason]]
    {
        let flags = try await test.platform.staleFlags(test.caller, of: test.project, days: days)
        return Dictionary(uniqueKeysWithValues: flags.map { ($0.flag.order, $0.reasons) })
    }

    @Test func `a flag is named once it is older than it was said to become, whoever uses it`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([try Self.put("brief", ["expectedLifetimeDays": 10]), try Self.put("open")])
            try await Self.pass(test, 10 * Self.day)
            try Self.report(test, ("brief", "on", 1), ("brief", "off", 1))
            #expect(try await Self.stale(test) == [:])
            try await Self.pass(test, 1)
            #expect(try await Self.stale(test) == ["brief": [.beyondLifetime(expectedDays: 10)]])
        }
    }

    @Test func `a flag that came to one thing alone for so many days is named, where it did, and how often`()
        async throws
    {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write(["one", "two", "default", "turned"].map { try Self.put($0) })
            try await Self.pass(test, 5 * Self.day)
            try Self.report(test, ("turned", "off", 9))
            try await Self.pass(test, 35 * Self.day)
            try Self.report(
                test, ("one", "on", 5), ("two", "on", 1), ("two", "off", 1), ("default", nil, 2), ("turned", "on", 3))
            try Self.report(test, ("one", "off", 4), in: "base")
            let production = try test.name("production")
            #expect(
                try await Self.stale(test) == [
                    "one": [
                        .oneVariant("off", in: try test.name("base"), count: 4),
                        .oneVariant("on", in: production, count: 5),
                    ],
                    "default": [.oneVariant(nil, in: production, count: 2)],
                    "turned": [.oneVariant("on", in: production, count: 3)],
                ])
            // What it came to before counts again where one looks further back.
            #expect(try await Self.stale(test, days: 40)["turned"] == nil)
            try Self.report(test, ("one", "off", 1))
            #expect(try await Self.stale(test)["one"]?.count == 1)
        }
    }

    @Test func `a flag that nobody ever evaluated is named, and one that somebody did is not`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([try Self.put("never"), try Self.put("once")])
            try await Self.pass(test, 2 * Self.day)
            try Self.report(test, ("once", "on", 1))
            try await Self.pass(test, 58 * Self.day)
            let flags = try await test.platform.staleFlags(test.caller, of: test.project, days: 30)
            #expect(flags.map(\.flag.order) == ["never"])
            #expect(flags.first?.reasons == [.neverEvaluated] && flags.first?.lastEvaluatedAt == nil)
        }
    }

    @Test func `young flags, archived ones and those that were made anew are not named`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([try Self.put("old"), try Self.put("gone"), try Self.put("again")])
            try await Self.pass(test, 30 * Self.day - 1)
            #expect(try await Self.stale(test) == [:])
            try await Self.pass(test, 1)
            #expect(try await Self.stale(test).keys.sorted() == ["again", "gone", "old"])
            try await test.write([
                try Self.put("gone", ["lifecycle": "archived"]),
                Operation(.deleteFlag(.flag(try FlagKey(parsing: "again")))),
            ])
            try await test.write([try Self.put("again")])
            // A version is not a beginning.
            try await test.write([try Self.put("old", ["owner": "somebody"])])
            #expect(try await Self.stale(test).keys.sorted() == ["old"])
        }
    }
}
