import ConfigPlatformFlags
import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

/// A real application's settings and flags through 120 steps of their history, both taken in by one change a step.
///
/// The history has what real ones have: flags that come, go and are renamed, one that is boolean first and a number later, splits and targeting.
@Suite(
    "The OpenTelemetry demo's settings and flags",
    .enabled(
        if: SharedData.path(DemoReplay.history) != nil,
        "skipped: there is no folder \(DemoReplay.history) in the shared data"),
    .timeLimit(.minutes(9)))
struct OpenTelemetryDemoFlagTests {
    private static let project = ProjectPath("demo-with-flags")
    private static let contexts: [JSONObject] =
        [
            [:], ["product_id": "OLJCESPC7Z"], ["product_id": "66VCHSJNUP", "targetingKey": "a"],
            ["product_id": ["OLJCESPC7Z", 1]],
        ]
        + (0..<12).map { ["targetingKey": .string("session-\($0)"), "product_id": "OLJCESPC7Z"] }

    struct Step: Sendable {
        let name: String
        let environmentFile: String
        let flagFile: String
        let answer: HTTPAnswer
        let revision: Int64
        let document: [UInt8]
        let export: [UInt8]
    }

    private struct Replay: Sendable {
        let steps: [Step]
        let data: String
        let folder: TemporaryFolder

        private static let replay = Task { try await Replay() }
        static var shared: Replay { get async throws { try await replay.value } }

        private init() async throws {
            folder = try TemporaryFolder()
            data = folder.path("data")
            let server = try await CfgProcess(.init(data: data))
            try await server.client.makeProject(project, environments: [("base", [])])
            let names = SharedData.fileNames(in: DemoReplay.history).filter { $0.allSatisfy(\.isNumber) }
            var files: (environment: String, flags: String)?
            var steps: [Step] = []
            for name in names {
                let environment = SharedData.path("\(DemoReplay.history)/\(name)/demo.env") ?? files?.environment
                let flags = SharedData.path("\(DemoReplay.history)/\(name)/demo.flagd.json") ?? files?.flags
                guard let environment, let flags else {
                    throw CfgProcess.Failure(description: "step \(name) lacks a file, and there is none before it")
                }
                files = (environment, flags)
                let answer = try await server.client.importTogether(
                    [environment, flags], into: "base", of: project, message: "Step \(name)")
                steps.append(
                    Step(
                        name: name, environmentFile: environment, flagFile: flags, answer: answer,
                        revision: try answer.writtenRevision,
                        document: try await server.client.document("base", of: project).body,
                        export: try await server.client.exportFlags(of: "base", in: project)))
            }
            self.steps = steps
            try await server.stop()
        }
    }

    @Test func `every step is one change of settings and flags, of which nothing is lost`() async throws {
        let steps = try await Replay.shared.steps
        #expect(steps.count == 120)
        var revision = try #require(steps.first).revision - 1
        for step in steps {
            let answer = try step.answer.json()
            revision += 1
            #expect(step.revision == revision, "step \(step.name)")
            #expect(answer["flags"]?.int64Value == Int64(try Self.set(step.flagFile).count), "step \(step.name)")
            #expect((answer["settings"]?.int64Value ?? 0) > 40, "step \(step.name)")
            let lost = (answer["notices"]?.arrayValue ?? []).filter { $0["severity"] == "error" }
            #expect(lost.isEmpty, "step \(step.name): \(lost)")
        }
    }

    @Test func `after every step the export of flags means what the file means`() async throws {
        var compared = 0
        for step in try await Replay.shared.steps {
            let (file, export) = (try Self.set(step.flagFile), try FlagSet(document: JSONValue(parsing: step.export)))
            #expect(export.sorted.map(\.key) == file.sorted.map(\.key), "step \(step.name)")
            for flag in file.sorted {
                for context in Self.contexts {
                    let expected = flag.resolve(FlagContext(context), as: nil, at: 1_790_000_000)
                    let found = export.resolve(flag.key, FlagContext(context), as: nil, at: 1_790_000_000)
                    #expect(
                        found.variant?.name == expected.variant?.name && found.variant?.value == expected.variant?.value
                            && found.reason == expected.reason && found.error == expected.error,
                        "step \(step.name), flag \(flag.key) for \(context)")
                    compared += 1
                }
            }
            let descriptions = try JSONValue(parsing: step.export)["flags"]?.objectValue
            let written = try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: step.flagFile))))["flags"]
            for member in descriptions ?? JSONObject() {
                #expect(member.value["description"] == written?[member.name]?["description"], "step \(step.name)")
            }
        }
        #expect(compared > 20_000)
    }

    @Test func `the server evaluates every flag as the file says, at every step's revision`() async throws {
        let replay = try await Replay.shared
        let server = try await CfgProcess(.init(initialData: replay.data))
        for step in replay.steps where Int(step.name).map({ $0 % 10 == 0 || $0 > 100 }) ?? false {
            let set = try await server.client.call(
                "GET", Self.project.environment("base") + "/flag-set", query: [("at", "\(step.revision)")])
            let (file, served) = (try Self.set(step.flagFile), try FlagSet(document: set.json()))
            for flag in file.sorted {
                for context in Self.contexts {
                    let expected = flag.resolve(FlagContext(context), as: nil, at: 1_790_000_000)
                    let found = served.resolve(flag.key, FlagContext(context), as: nil, at: 1_790_000_000)
                    #expect(found.variant?.value == expected.variant?.value, "step \(step.name), \(flag.key)")
                }
            }
        }
        try await server.stop()
    }

    @Test func `rolling back to any step restores its settings and its flags`() async throws {
        let replay = try await Replay.shared
        let server = try await CfgProcess(.init(initialData: replay.data))
        var random = SeededGenerator(seed: 11)
        for step in replay.steps.shuffled(using: &random) {
            try await server.client.call(
                "POST", Self.project.root + "/rollback",
                body: .json(["toRevision": .int(step.revision), "message": .string("Back to \(step.name)")]))
            #expect(
                try await server.client.document("base", of: Self.project).body == step.document, "step \(step.name)")
            #expect(
                try await server.client.exportFlags(of: "base", in: Self.project) == step.export, "step \(step.name)")
        }
        try await server.stop()
    }

    @Test func `the export of every step is imported again to the same flags`() async throws {
        let replay = try await Replay.shared
        let server = try await CfgProcess(.init())
        let project = ProjectPath("again")
        try await server.client.makeProject(project, environments: [("base", [])])
        var standing: [UInt8] = []
        for step in replay.steps where step.export != standing {
            standing = step.export
            _ = try await server.client.importFile(
                step.export, format: "flagd", into: "base", of: project, mode: "replace", message: "Step \(step.name)")
            #expect(try await server.client.exportFlags(of: "base", in: project) == step.export, "step \(step.name)")
        }
        try await server.stop()
    }

    @Test func `the command line imports both files as one change, and exports the flags`() async throws {
        let step = try #require(try await Replay.shared.steps.last)
        let server = try await CfgProcess(.init())
        try await server.client.makeProject(Self.project, environments: [("base", [])])
        let before = try await server.client.call("GET", Self.project.root + "/changes").json()["changes"]?.arrayValue
        let imported = try await server.cli(
            "import", step.environmentFile, step.flagFile, "-p", "demo-with-flags", "-e", "base")
        #expect(imported.status == 0, "\(imported)")
        #expect(imported.output.contains("flags from"), "\(imported)")
        let after = try await server.client.call("GET", Self.project.root + "/changes").json()["changes"]?.arrayValue
        #expect(after?.count == (before?.count ?? 0) + 1)
        let exported = try await server.cli(
            "export", "--format", "flagd", "-p", "demo-with-flags", "-e", "base")
        #expect(exported.status == 0, "\(exported)")
        #expect(exported.standardOutput == step.export)
        #expect(try await server.client.document("base", of: Self.project).body == step.document)
        try await server.stop()
    }

    private static func set(_ file: String) throws -> FlagSet {
        try FlagSet(document: JSONValue(parsing: Array(Data(contentsOf: URL(filePath: file)))))
    }
}

extension WireClient {
    /// Imports files as one change that replaces what was there.
    fileprivate func importTogether(
        _ paths: [String], into environment: String, of project: ProjectPath, message: String
    ) async throws -> HTTPAnswer {
        var body: [UInt8] = []
        for path in paths {
            let name = URL(filePath: path).lastPathComponent
            body += Array("--line\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n\r\n".utf8)
            body += Array(try Data(contentsOf: URL(filePath: path)))
            body += Array("\r\n".utf8)
        }
        body += Array("--line--\r\n".utf8)
        return try await call(
            "POST", project.root + "/import",
            query: [("environment", environment), ("mode", "replace"), ("message", message)],
            body: .bytes(body, type: "multipart/form-data; boundary=line"))
    }

    fileprivate func exportFlags(of environment: String, in project: ProjectPath) async throws -> [UInt8] {
        try await call("GET", project.root + "/export", query: [("environment", environment), ("format", "flagd")]).body
    }
}
