import ConfigPlatformClient
import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// The public client of Swift programs, against a server of its own.
@Suite("The Swift client's flags", .timeLimit(.minutes(9)))
struct FlagClientTests {
    private let project = ProjectPath("shop")
    private let german = FlagContext(targetingKey: "user-1", ["country": "DE"])

    private func withServer(_ body: (CfgProcess) async throws -> Void) async throws {
        // A port of its own, which it has again after a restart.
        let server = try await CfgProcess(.init(listen: "127.0.0.1:\(try FreePort.find())"))
        do {
            try await server.client.makeProject(project, environments: [("base", []), ("live", ["base"])])
            try await server.client.change(
                project, "Flags",
                [
                    Self.flag("checkout"), Self.rule("checkout", "base", ["rules": [Self.serveGermans]]),
                    Self.number("left", 0), Self.number("right", 0),
                    Self.rule("left", "base", [:]), Self.rule("right", "base", [:]),
                ])
            try await body(server)
        } catch {
            await server.kill()
            throw error
        }
        await server.kill()
    }

    private func evaluator(_ server: CfgProcess) async throws -> String {
        let made = try await server.cli(
            "token", "create", "program", "--role", "evaluator", "--project", "shop", "--environment", "live"
        ).succeeded()
        return try #require(CfgProcess.tokens(in: made.output).first)
    }

    private func client(_ server: CfgProcess, token: String, file: String? = nil) throws -> FlagClient {
        try FlagClient(
            server: server.url, token: AccessToken(token), project: "shop", environment: "live",
            options: .init(
                lastKnownGoodFile: file, retryBase: .milliseconds(10), retryCap: .milliseconds(200),
                freshnessWait: .seconds(20)),
            usage: FlagUsageReporting(client: "tests", interval: .milliseconds(100)))
    }

    private static let serveGermans: JSONValue = [
        "when": [["attribute": "country", "operator": "equals", "values": ["DE"]]], "serve": "on",
    ]

    private static func flag(_ key: String) -> JSONValue {
        [
            "op": "put", "kind": "flag", "key": .string(key),
            "value": ["type": "boolean", "variants": ["on": true, "off": false], "defaultVariant": "off"],
        ]
    }

    private static func number(_ key: String, _ number: Int) -> JSONValue {
        [
            "op": "put", "kind": "flag", "key": .string(key),
            "value": ["type": "integer", "variants": ["n": .int(number)], "defaultVariant": "n"],
        ]
    }

    private static func rule(_ key: String, _ environment: String, _ value: JSONValue) -> JSONValue {
        [
            "op": "put", "kind": "flag-rule", "environment": .string(environment), "key": .string(key), "value": value,
        ]
    }

    private func until(_ condition: () -> Bool) async throws {
        for _ in 0..<12_000 {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("it did not become so within a minute")
    }

    @Test func `a change arrives, a dead platform is survived, and a program starts from its file`() async throws {
        let folder = try TemporaryFolder()
        try await withServer { server in
            let token = try await evaluator(server)
            let flags = try client(server, token: token, file: folder.root + "/flags.cfg")
            try await flags.waitUntilReady()
            #expect(flags.boolean("checkout", default: false, context: german))
            let details = flags.booleanDetails("checkout", default: true, context: FlagContext(["country": "FR"]))
            #expect(details.value == false && details.variant == "off" && details.reason == .default)
            let theirs = try await server.client.with(token: token).send(
                "POST", "/ofrep/v1/evaluate/flags/checkout",
                body: .json(["context": ["targetingKey": "user-1", "country": "DE"]])
            ).json()
            #expect(theirs["value"] == true && theirs["reason"] == "TARGETING_MATCH")

            var events = flags.events.makeAsyncIterator()
            #expect(await events.next()?.kind == .ready)
            try await server.client.change(
                project, "Off by a kill",
                [
                    [
                        "op": "put", "kind": "flag-kill", "environment": "base", "key": "checkout",
                        "value": ["variant": "off", "reason": "it burns"],
                    ]
                ])
            let told = await events.next()
            #expect(told?.kind == .configurationChanged && told?.flagsChanged == ["checkout"])
            #expect(!flags.boolean("checkout", default: true, context: german))

            await server.kill()
            try await until { flags.status == .stale }
            #expect(!flags.boolean("checkout", default: true, context: german))
            #expect(flags.integer("left", default: 7) == 0)
            await flags.shutdown()

            let late = try client(server, token: token, file: folder.root + "/flags.cfg")
            try await late.waitUntilReady()
            #expect(late.source == .lastKnownGood && late.status == .stale)
            #expect(late.integer("left", default: 7) == 0)
            try await server.start()
            try await server.client.change(
                project, "On again",
                [["op": "delete", "kind": "flag-kill", "environment": "base", "key": "checkout"]])
            try await until { late.boolean("checkout", default: false, context: german) }
            #expect(late.status == .ready && late.source == .platform)
            await late.shutdown()
        }
        folder.remove()
    }

    @Test func `segments that flags share arrive with them, and what belongs together is never seen apart`()
        async throws
    {
        try await withServer { server in
            let flags = try client(server, token: try await evaluator(server))
            try await flags.waitUntilReady()
            let segment: (JSONValue) -> JSONValue = { countries in
                [
                    "op": "put", "kind": "segment", "key": "europe",
                    "value": [
                        "rules": [["when": [["attribute": "country", "operator": "equals", "values": countries]]]]
                    ],
                ]
            }
            let served: JSONValue = ["rules": [["when": [["segment": "europe"]], "serve": "on"]]]
            try await server.client.change(
                project, "By segment", [segment(["DE"]), Self.rule("checkout", "live", served)])
            try await until { flags.revision >= 4 }
            #expect(flags.boolean("checkout", default: false, context: german))
            let french = FlagContext(["country": "FR"])
            #expect(!flags.boolean("checkout", default: true, context: french))
            try await server.client.change(project, "More of it", [segment(["DE", "FR"])])
            try await until { flags.boolean("checkout", default: false, context: french) }

            try await withThrowingTaskGroup { group in
                group.addTask {
                    while true {
                        let snapshot = flags.snapshot
                        let left = snapshot.integer("left", default: -1)
                        #expect(left == snapshot.integer("right", default: -2))
                        if left == 60 { return }
                        try await Task.sleep(for: .microseconds(200))
                    }
                }
                for number in 1...60 {
                    try await server.client.change(
                        project, "Both", [Self.number("left", number), Self.number("right", number)])
                }
                try await group.waitForAll()
            }
            await flags.shutdown()
        }
    }

    @Test func `what flags came to, here and on the server, is told, kept by hour, and known of every flag`()
        async throws
    {
        try await withServer { server in
            let token = try await evaluator(server)
            let flags = try client(server, token: token)
            try await flags.waitUntilReady()
            for _ in 0..<7 { _ = flags.boolean("checkout", default: false, context: german) }
            for _ in 0..<2 { _ = flags.boolean("checkout", default: false) }
            for _ in 0..<3 {
                _ = try await server.client.with(token: token).call(
                    "POST", "/ofrep/v1/evaluate/flags/checkout",
                    body: .json(["context": ["targetingKey": "user-1", "country": "DE"]]))
            }
            await flags.shutdown()
            let use = try await server.client.call("GET", project.root + "/flags/checkout/usage").json()
            var told: [String: Int64] = [:]
            for hour in use["hours"]?.arrayValue ?? [] {
                let name = [hour["client"], hour["environment"], hour["variant"], hour["reason"]]
                told[name.map { $0?.stringValue ?? "" }.joined(separator: " "), default: 0] +=
                    hour["count"]?.int64Value ?? 0
            }
            #expect(told["tests live on TARGETING_MATCH"] == 7, "\(use)")
            #expect(told["tests live off DEFAULT"] == 2, "\(use)")
            #expect(told["token:program live on TARGETING_MATCH"] == 3, "\(use)")
            #expect(use["lastEvaluatedAt"]?.stringValue != nil)
            // What was told is still there after a restart.
            try await server.restart()
            let again = try await server.client.call("GET", project.root + "/flags/checkout/usage").json()
            #expect(again["hours"] == use["hours"])
            let elsewhere = try await server.client.call(
                "GET", project.root + "/flags/checkout/usage", query: [("environment", "base")]
            ).json()
            #expect(elsewhere["hours"] == [])
            // Younger than a day, they are nobody's to remove.
            let stale = try await server.client.call("GET", project.root + "/stale-flags", query: [("days", "1")])
                .json()
            #expect(stale["flags"] == [])
            let path = project.environment("live") + "/flag-usage"
            for body: JSONValue in [
                ["client": "", "from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z", "counts": []],
                ["client": "x", "from": "2001-01-01T00:00:00Z", "until": "2001-01-01T00:00:00Z", "counts": []],
                ["client": "x", "from": "2101-01-01T00:00:00Z", "until": "2101-01-01T00:00:00Z", "counts": []],
            ] {
                try await server.client.with(token: token).call("POST", path, body: .json(body), expecting: [400])
            }
            let other = project.environment("base") + "/flag-usage"
            let refused = try await server.client.with(token: token).send(
                "POST", other,
                body: .json([
                    "client": "x", "from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z", "counts": [],
                ]))
            #expect([403, 404].contains(refused.status))
        }
    }
}
