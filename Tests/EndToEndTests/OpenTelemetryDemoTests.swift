import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// A real application's settings through 120 steps of their history: `demo.env` of the OpenTelemetry demo, with references from one
/// variable to another.
///
/// The file is an `env_file` of docker compose, whose reader takes values from top to bottom as a shell does. What it says is therefore
/// read by a POSIX shell (`set -a; . FILE`), and again by python-dotenv where that can be installed. In all versions a name stands before
/// it is referred to, so that the platform's late-bound references come to the same.
@Suite(
    "The OpenTelemetry demo's settings",
    .enabled(
        if: SharedData.path(DemoReplay.history) != nil,
        "skipped: there is no folder \(DemoReplay.history) in the shared data"),
    .timeLimit(.minutes(9)))
struct OpenTelemetryDemoTests {
    private let project = DemoReplay.project

    @Test func `every step is one change, and a step that alters nothing is none`() async throws {
        let replay = try await DemoReplay.shared
        #expect(replay.steps.count == 120)
        #expect(replay.steps.first?.isAltered == true)
        var revision = try #require(replay.steps.first).revision - 1
        for step in replay.steps {
            let answer = try step.answer.json()
            #expect(step.answer.status == (step.isAltered ? 201 : 200), "step \(step.name)")
            #expect(answer["changed"] == .bool(step.isAltered), "step \(step.name)")
            #expect(answer["settings"] == .int(step.values.count), "step \(step.name)")
            revision += step.isAltered ? 1 : 0
            #expect(step.revision == revision, "step \(step.name)")
        }
    }

    @Test func `nothing of any version is lost, and only a repeated name is warned of`() async throws {
        for step in try await DemoReplay.shared.steps {
            let text = try String(contentsOfFile: step.file, encoding: .utf8)
            let names = text.matches(of: /(?m)^([A-Za-z_][A-Za-z0-9_]*)=/).map { String($0.output.1) }
            let repeated = Dictionary(grouping: names) { $0 }.filter { $1.count > 1 }.keys
            let notices = try step.answer.json()["notices"]?.arrayValue ?? []
            let weighty = notices.filter { $0["severity"]?.stringValue != "information" }
            #expect(
                weighty.allSatisfy { $0["severity"]?.stringValue == "warning" && $0["line"] != nil },
                "step \(step.name): \(notices)")
            #expect(
                Set(repeated)
                    == Set(
                        repeated.filter { name in
                            weighty.contains { $0["message"]?.stringValue?.contains(name) == true }
                        }),
                "step \(step.name): \(notices)")
            #expect(
                weighty.count >= repeated.count && (repeated.isEmpty == weighty.isEmpty),
                "step \(step.name): \(notices)")
        }
    }

    @Test func `after every step the document holds what a shell reads from the file`() async throws {
        for step in try await DemoReplay.shared.steps {
            let document = try JSONValue(parsing: step.document)
            #expect(document == Self.document(of: step.values), "step \(step.name)")
            #expect(step.document == document.canonicalBytes(), "step \(step.name)")
        }
    }

    @Test func `after every step a shell reads from the export what it reads from the file`() async throws {
        let steps = try await DemoReplay.shared.steps
        let exported = try await Oracles.shellValues(ofFiles: steps.map(\.export))
        for (step, values) in zip(steps, exported) {
            #expect(values == step.values, "step \(step.name)")
        }
    }

    @Test(.enabled(Oracles.absence) { try await Oracles.areInstalled() })
    func `python-dotenv reads from every file and every export what the shell reads from the file`() async throws {
        let steps = try await DemoReplay.shared.steps
        let expected = JSONValue.array(steps.map { Self.document(of: $0.values) })
        #expect(try await Oracles.python("dotenv_values.py", steps.map(\.file)) == expected)
        #expect(try await Oracles.python("dotenv_values.py", steps.map(\.export)) == expected)
    }

    @Test func `a diff between two steps names exactly the keys that differ, with both values`() async throws {
        let replay = try await DemoReplay.shared
        let server = try await replay.serve()
        var random = SeededGenerator(seed: 120)
        for _ in 0..<250 {
            let (from, to) = (
                try #require(replay.steps.randomElement(using: &random)),
                try #require(replay.steps.randomElement(using: &random))
            )
            let answer = try await server.client.call(
                "GET", project.root + "/diff",
                query: [("from", "\(from.revision)"), ("to", "\(to.revision)"), ("environment", "base")]
            ).json()
            let changes = answer["environments"]?.arrayValue?.flatMap { $0["changes"]?.arrayValue ?? [] } ?? []
            var expected: [String: JSONValue] = [:]
            for key in Set(from.values.keys).union(to.values.keys) where from.values[key] != to.values[key] {
                var change: JSONObject = ["key": .string(key)]
                change["before"] = from.values[key].map { .string($0) }
                change["after"] = to.values[key].map { .string($0) }
                expected[key] = .object(change)
            }
            let found = Dictionary(grouping: changes) { $0["key"]?.stringValue ?? "" }
            #expect(found == expected.mapValues { [$0] }, "from step \(from.name) to step \(to.name)")
        }
        try await server.stop()
    }

    @Test func `rolling back to any step restores its document byte for byte`() async throws {
        let replay = try await DemoReplay.shared
        let server = try await replay.serve()
        var random = SeededGenerator(seed: 7)
        var standing = try #require(replay.steps.last)
        for step in replay.steps.shuffled(using: &random) {
            let answer = try await server.client.call(
                "POST", project.root + "/rollback",
                body: .json([
                    "toRevision": .int(step.revision), "environments": ["base"],
                    "message": .string("Back to \(step.name)"),
                ]))
            #expect(try answer.json()["changed"] == .bool(standing.document != step.document), "step \(step.name)")
            let read = try await server.client.document("base", of: project)
            #expect(read.body == step.document, "step \(step.name) after step \(standing.name)")
            #expect(read.header("ETag") == step.entityTag, "step \(step.name)")
            standing = step
        }
        try await server.stop()
    }

    @Test func `every step is found again after a restart, by revision and by time`() async throws {
        let replay = try await DemoReplay.shared
        let server = try await replay.serve()
        for step in replay.steps {
            let byRevision = try await server.client.document("base", of: project, at: "\(step.revision)")
            #expect(byRevision.body == step.document, "step \(step.name)")
            #expect(byRevision.header("ETag") == step.entityTag, "step \(step.name)")
            let byTime = try await server.client.document("base", of: project, at: step.committedAt)
            #expect(byTime.body == step.document, "step \(step.name), \(step.committedAt)")
        }
        let changes = try await server.client.call("GET", project.root + "/changes", query: [("limit", "1000")])
        #expect(changes.body == replay.changes)
        try await server.stop()
    }

    @Test func `the history of a key has a version for every step that altered its own value`() async throws {
        let replay = try await DemoReplay.shared
        let server = try await replay.serve()
        for key in ["IMAGE_VERSION", "GRAFANA_IMAGE", "COLLECTOR_CONTRIB_IMAGE"] {
            var expected: [JSONValue] = []
            var standing: String?
            for step in replay.steps where step.values[key] != standing {
                standing = step.values[key]
                if let standing { expected.append(.string(standing)) }
            }
            try #require(expected.count > 1)
            let history = try await server.client.call(
                "GET", project.setting(key, "base") + "/history", query: [("limit", "1000")]
            ).json()["history"]?.arrayValue
            #expect(history?.compactMap { $0["value"] }.reversed() == expected, "\(key)")
        }
        try await server.stop()
    }

    @Test(arguments: ["dotenv", "yaml", "json", "toml", "properties"])
    func `what is exported in any format gives the same document when it is imported`(format: String) async throws {
        let replay = try await DemoReplay.shared
        let server = try await replay.serve()
        let exported = try await server.client.call(
            "GET", project.root + "/export", query: [("environment", "base"), ("format", format)])
        try await server.client.change(project, "An environment for the copy", [.putEnvironment("copy", inherits: [])])
        _ = try await server.client.importFile(
            exported.body, format: format, into: "copy", of: project, mode: "merge", message: "From \(format)")
        #expect(try await server.client.document("copy", of: project).body == replay.steps.last?.document)
        try await server.stop()
    }

    @Test func `an environment that overrides a setting reads what refers to it by its own value`() async throws {
        let replay = try await DemoReplay.shared
        let last = try #require(replay.steps.last)
        let folder = try TemporaryFolder()
        let original = try String(contentsOfFile: last.file, encoding: .utf8)
        let edited = original.replacing(
            /(?m)^OTEL_COLLECTOR_HOST=.*$/, with: "OTEL_COLLECTOR_HOST=collector.example.com")
        try #require(edited != original)
        let expected = try await Oracles.shellValues(ofFiles: [folder.write("edited.env", edited)])
        let server = try await replay.serve()
        try await server.client.change(
            project, "Production has a collector of its own",
            [
                .putEnvironment("production", inherits: ["base"]),
                .put("OTEL_COLLECTOR_HOST", "production", "collector.example.com"),
            ])
        #expect(try await server.client.document("production", of: project).json() == Self.document(of: expected[0]))
        #expect(try await server.client.document("base", of: project).body == last.document)
        try await server.stop()
    }

    private static func document(of values: [String: String]) -> JSONValue {
        .object(JSONObject(uniqueMembers: values.map { ($0.key, .string($0.value)) }))
    }
}
