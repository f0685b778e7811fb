import ConfigPlatformModel
import Foundation
import Synchronization
import TestSupport
import Testing

/// A rollout of something that breaks for a third of those who get it, guarded by a metric of a real HTTP server: the share of users that
/// fail, found by evaluating the flag for each of them.
@Suite("A guarded rollout", .timeLimit(.minutes(9)))
struct GuardedRolloutTests {
    private let project = ProjectPath("shop")
    private static let users = 240

    /// What was measured last. It is given once, and only where it was begun after what was given before: no step is good by what was
    /// measured in the one before it, however slowly the users are asked.
    private struct Measured {
        var rate: Double?
        var given = 0

        mutating func give() -> Double? {
            guard let rate else { return nil }
            self.rate = nil
            given += 1
            return rate
        }
    }

    @Test func `a rollout that breaks something takes itself back, and says why`() async throws {
        let measured = Mutex(Measured())
        let prometheus = try LoopbackServer { request in
            guard request.method == "GET", request.target.hasPrefix("/prom/api/v1/query?query=failing_share") else {
                return LoopbackServer.Reply(status: 404)
            }
            guard let rate = measured.withLock({ $0.give() }) else {
                return LoopbackServer.Reply(
                    body: Array(#"{"status":"success","data":{"resultType":"vector","result":[]}}"#.utf8))
            }
            let sample = "\"value\":[\(Date().timeIntervalSince1970),\"\(rate)\"]"
            return LoopbackServer.Reply(
                body: Array(
                    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\(sample)}]}}"
                        .utf8))
        }
        let server = try await CfgProcess(.init(arguments: ["--guard-networks", "127.0.0.1"]))
        try await server.client.makeProject(project, environments: [("production", [])])
        try await server.client.change(
            project, "A flag",
            [
                [
                    "op": "put", "kind": "flag", "key": "new-checkout",
                    "value": ["type": "boolean", "variants": ["on": true, "off": false], "defaultVariant": "off"],
                ],
                ["op": "put", "kind": "flag-rule", "environment": "production", "key": "new-checkout", "value": [:]],
            ])
        func cli(_ arguments: String...) async throws -> CommandResult {
            try await CfgProcess.run(
                ["flag", "rollout"] + arguments + ["new-checkout", "-p", "shop", "-e", "production"],
                environment: ["CFG_SERVER": server.url, "CFG_TOKEN": server.token ?? ""])
        }
        let measuring = Task {
            while !Task.isCancelled {
                let given = measured.withLock { $0.given }
                let failing = try await failing(server)
                measured.withLock { if $0.given == given { $0.rate = Double(failing) / Double(Self.users) } }
                try await Task.sleep(for: .milliseconds(300))
            }
        }
        try await cli(
            "set", "--variant", "on", "--percent", "2", "--percent", "10", "--percent", "60", "--percent", "100",
            "--every", "5s", "--prometheus", "http://127.0.0.1:\(prometheus.port)/prom", "--query", "failing_share",
            "--above", "0.1", "--bake", "5s", "--interval", "5s"
        ).succeeded()
        let watched = try await cli("watch")
        #expect(watched.status == 1, "\(watched)")
        let lines = watched.output.split(separator: "\n").map(String.init)
        #expect(
            lines.contains { $0.hasPrefix("running  step 2 of 4  10 %  Advanced to step 2 of 4 (10 %)") }, "\(watched)")
        #expect(lines.contains { $0.hasPrefix("running  step 3 of 4  60 %") }, "\(watched)")
        let last = try #require(lines.last)
        #expect(
            last.hasPrefix("reverted  step 3 of 4  60 %  Reverted at step 3 of 4 (60 %): 'failing_share' was 0."),
            "\(watched)")
        #expect(last.hasSuffix("which is above 0.1."), "\(watched)")
        measuring.cancel()
        _ = await measuring.result
        // What is asked for has no value any more: the rollout neither goes on nor is taken back by itself.
        measured.withLock { $0.rate = nil }
        #expect(try await failing(server) == 0, "nobody gets it any more")

        let log = try await server.cli("log", "-p", "shop", "--output", "json").succeeded()
        #expect(log.output.contains("system:rollouts"))
        let events = try await server.cli("audit", "events", "--output", "json").succeeded()
        #expect(events.output.contains("rollout.revert") && events.output.contains("shop/production/new-checkout"))
        #expect(try await cli("show").output.contains("reverted"))
        // What was taken back stays so until somebody wants otherwise.
        let resumed = try await cli("resume", "--message", "mended")
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try await cli("show").output.contains("mended"))
        #expect(try await cli("pause").status == 0)
        #expect(try await cli("advance").status == 0)
        #expect(try await cli("revert").status == 0)
        let again = try await cli("revert")
        #expect(again.status != 0 && again.errors.contains("nothing to take back"), "\(again)")
        try await server.stop()
        try await CfgProcess.run(["store", "check", "--data", server.data]).succeeded()
    }

    @Test func `a server asks no address of its own network for anybody, unless its operator admits that`() async throws
    {
        let prometheus = try LoopbackServer { _ in LoopbackServer.Reply(status: 500) }
        let server = try await CfgProcess()
        try await server.client.makeProject(project, environments: [("production", [])])
        try await server.client.change(
            project, "A guarded flag",
            [
                [
                    "op": "put", "kind": "flag", "key": "f",
                    "value": ["type": "boolean", "variants": ["on": true, "off": false]],
                ],
                ["op": "put", "kind": "flag-rule", "environment": "production", "key": "f", "value": [:]],
                [
                    "op": "put", "kind": "flag-rollout", "environment": "production", "key": "f",
                    "value": [
                        "variant": "on", "steps": [["percent": 1]],
                        "guard": [
                            "prometheus": ["url": .string("http://127.0.0.1:\(prometheus.port)"), "query": "up"],
                            "above": 1, "intervalSeconds": 5,
                        ],
                    ],
                ],
            ])
        for _ in 0..<600 where !server.log.contains("private address") {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(server.log.contains("--guard-networks"))
        #expect(prometheus.requests.isEmpty)
        try await server.stop()
    }

    /// How many users fail: every third of those who get it.
    private func failing(_ server: CfgProcess) async throws -> Int {
        var failing = 0
        for user in stride(from: 0, to: Self.users, by: 3) {
            let answer = try await server.client.call(
                "POST", project.environment("production") + "/evaluate",
                body: .json([
                    "flags": ["new-checkout"], "context": ["targetingKey": .string("user-\(user)")],
                ]))
            if try answer.json()["flags"]?.arrayValue?.first?["value"] == true { failing += 1 }
        }
        return failing
    }
}
