import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// An alerting system pulls a flag of a real server, with what the command line gave it; and what else the command line says of flags.
@Suite("Kill hooks and the command line of flags", .timeLimit(.minutes(9)))
struct KillHookTests {
    private static func server(_ folder: TemporaryFolder) async throws -> CfgProcess {
        try Data("one key of kill hooks, for a test only\n".utf8).write(to: URL(filePath: folder.path("key")))
        let server = try await CfgProcess(.init(arguments: ["--hook-key-file", folder.path("key")]))
        let project = ProjectPath("shop")
        try await server.client.makeProject(project, environments: [("production", [])])
        try await server.client.change(
            project, "Flags",
            ["checkout", "search"].flatMap { key -> [JSONValue] in
                [
                    [
                        "op": "put", "kind": "flag", "key": .string(key),
                        "value": ["type": "boolean", "variants": ["on": true, "off": false]],
                    ],
                    [
                        "op": "put", "kind": "flag-rule", "environment": "production", "key": .string(key),
                        "value": ["defaultVariant": "on"],
                    ],
                ]
            })
        return server
    }

    private static let place = ["-p", "shop", "-e", "production"]

    @Test func `a hook that was made on the command line is tried, pulled after a restart, rotated and ended`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try await Self.server(folder)
        func hook(_ arguments: String..., input: String = "") async throws -> CommandResult {
            try await CfgProcess.run(
                ["flag", "hook"] + arguments + Self.place,
                environment: ["CFG_SERVER": server.url, "CFG_TOKEN": server.token ?? ""], input: input)
        }
        let made = try await hook("create", "pager", "--flag", "checkout", "--variant", "off").succeeded()
        let secret = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(secret.hasPrefix("whsec_") && !made.errors.contains(secret))
        let tried = try await hook("test", "pager", input: secret + "\n").succeeded()
        #expect(tried.output == "The hook is called well. It would kill checkout.\n")
        let token = try await hook("create", "alertmanager", "--flag", "search", "--token").succeeded().output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(token.hasPrefix("cfg_"))
        #expect(try await hook("test", "alertmanager", input: token).succeeded().output.contains("search"))
        #expect(try await hook("test", "pager", input: token).status == 5)
        try await server.restart()
        let notification: JSONValue = [
            "version": "4", "groupKey": "{}:{}", "status": "firing",
            "alerts": [
                [
                    "status": "firing", "labels": ["alertname": "SearchFails"], "fingerprint": "1",
                    "startsAt": "2026-11-26T08:00:00Z",
                ]
            ],
        ]
        let path = "/api/v1/projects/shop/environments/production/kill-hooks/alertmanager"
        let answer = try await server.client.with(token: token).send("POST", path, body: .json(notification))
        #expect(answer.status == 200, "\(answer)")
        #expect(try answer.json()["killed"] == ["search"])
        let rotated = try await hook("rotate", "pager", "--grace", "0s").succeeded()
        #expect(try await hook("test", "pager", input: secret).status == 5)
        #expect(try await hook("test", "pager", input: rotated.output).status == 0)
        #expect(try await hook("list").succeeded().output.contains("alertmanager"))
        try await hook("set", "pager", "--disable").succeeded()
        #expect(try await hook("test", "pager", input: rotated.output).status == 5)
        try await hook("delete", "pager").succeeded()
        let events = try await server.cli("audit", "events", "--output", "json").succeeded()
        #expect(events.output.contains("hook:shop/production/alertmanager"))
        for text in [events.output, server.log] {
            #expect(!text.contains(secret) && !text.contains(token))
        }
        try await server.stop()
    }

    @Test func `a boolean flag needs no variants, and a context that is no JSON is refused in one sentence`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try await Self.server(folder)
        try await server.cli("flag", "create", "dark-mode", "-p", "shop", "--type", "boolean").succeeded()
        let shown = try await server.cli("flag", "get", "dark-mode", "-p", "shop", "--output", "json").succeeded()
            .output
        #expect(shown.contains("\"on\"") && shown.contains("\"off\""), "\(shown)")
        let refused = try await server.cli(
            "flag", "evaluate", "checkout", "-p", "shop", "-e", "production", "--context", "country=DE")
        #expect(refused.status != 0 && refused.errors.contains("The context is not JSON: "), "\(refused)")
        #expect(!refused.errors.contains(".."), "\(refused)")
    }

    @Test func `usage, simulation and archiving say who would notice`() async throws {
        let folder = try TemporaryFolder()
        let server = try await Self.server(folder)
        func flag(_ arguments: String...) async throws -> CommandResult {
            try await CfgProcess.run(
                ["flag"] + arguments,
                environment: [
                    "CFG_SERVER": server.url, "CFG_TOKEN": server.token ?? "", "CFG_PROJECT": "shop",
                ], directory: folder.root)
        }
        #expect(try await flag("usage", "checkout").succeeded().output.hasPrefix("Not evaluated since "))
        try await flag("evaluate", "checkout", "-e", "production", "--context", "{\"targetingKey\":\"a\"}").succeeded()
        for by in ["variant", "client", "hour"] {
            let use = try await flag("usage", "checkout", "--by", by).succeeded().output
            #expect(use.contains("on") && use.contains("100%") && use.contains("Evaluated last "), "\(use)")
        }
        #expect(try await flag("stale").succeeded().output == "No flag looks as if it had had its day.\n")
        try Data("{\"targetingKey\":\"a\"}\n{\"targetingKey\":\"b\"}\n".utf8).write(
            to: URL(filePath: folder.path("users.jsonl")))
        let simulate = ["simulate", "checkout", "-e", "production", "--serve", "off"]
        let moved = try await CfgProcess.run(
            ["flag"] + simulate + ["--contexts", folder.path("users.jsonl"), "--fail-above", "50"],
            environment: ["CFG_SERVER": server.url, "CFG_TOKEN": server.token ?? "", "CFG_PROJECT": "shop"])
        #expect(moved.status == 1 && moved.output.contains("2 of 2 contexts (100%) would come to something else."))
        let same = try await flag(
            "simulate", "checkout", "-e", "production", "--serve", "on", "--generate", "20", "--fail-above", "0"
        ).succeeded()
        #expect(same.output == "0 of 20 contexts (0%) would come to something else.\n")

        try FileManager.default.createDirectory(atPath: folder.path("src"), withIntermediateDirectories: true)
        try Data("let on = client.bool(\"search\")\n".utf8).write(to: URL(filePath: folder.path("src/main.swift")))
        let refused = try await flag("archive", "checkout")
        #expect(refused.status == 2 && refused.errors.contains("evaluated 1 times within a week in production"))
        #expect(refused.errors.contains("--yes"))
        let named = try await flag("archive", "search", "--references", folder.path("src"))
        #expect(named.status == 2 && named.errors.contains("main.swift:1"), "\(named)")
        let tried = try await flag("archive", "search", "--references", folder.path("src"), "--dry-run")
        #expect(tried.status == 0 && tried.errors.contains("main.swift:1"))
        try await flag("archive", "checkout", "--yes").succeeded()
        try await flag("archive", "search").succeeded()
        try await server.stop()
    }
}
