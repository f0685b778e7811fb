import ConfigPlatformModel
import Foundation
import TestSupport

/// The history of a real application's dotenv file, replayed once on a real server as imports that replace what was there. The server is
/// then stopped; every test starts one of its own on a copy of what it stored.
struct DemoReplay: Sendable {
    static let history = "real-input/opentelemetry-demo/history"
    static let project = ProjectPath("opentelemetry-demo")

    struct Step: Sendable {
        let name: String
        /// The file as it stands at this step.
        let file: String
        let isAltered: Bool
        let answer: HTTPAnswer
        /// The revision after the step.
        let revision: Int64
        /// The resolved document, as it was sent then.
        let document: [UInt8]
        let entityTag: String?
        let committedAt: String
        /// The exported dotenv file.
        let export: String
        /// What a shell reads from `file`.
        let values: [String: String]
    }

    let steps: [Step]
    /// What `GET …/changes` listed at the end.
    let changes: [UInt8]
    let data: String
    let folder: TemporaryFolder

    private static let replay = Task { try await DemoReplay() }

    static var shared: DemoReplay {
        get async throws { try await replay.value }
    }

    /// A server on a copy of what the replay has stored.
    func serve() async throws -> CfgProcess {
        try await CfgProcess(.init(initialData: data))
    }

    private init() async throws {
        folder = try TemporaryFolder()
        data = folder.path("data")
        let names = SharedData.fileNames(in: Self.history).filter { $0.allSatisfy(\.isNumber) }
        let server = try await CfgProcess(.init(data: data))
        let client = server.client
        try await client.makeProject(Self.project, environments: [("base", [])])
        var records:
            [(name: String, file: String, isAltered: Bool, answer: HTTPAnswer, read: HTTPAnswer, export: String)] = []
        for name in names {
            let path = SharedData.path("\(Self.history)/\(name)/demo.env")
            guard let file = path ?? records.last?.file else {
                throw CfgProcess.Failure(description: "step \(name) has no demo.env")
            }
            let answer = try await client.importFile(
                Array(try Data(contentsOf: URL(filePath: file))), format: "dotenv", into: "base", of: Self.project,
                mode: "replace",
                message: "Step \(name)")
            let export = folder.path("export-\(name).env")
            let exported = try await client.call(
                "GET", Self.project.root + "/export", query: [("environment", "base"), ("format", "dotenv")])
            try Data(exported.body).write(to: URL(filePath: export))
            let read = try await client.document("base", of: Self.project)
            records.append((name, file, path != nil, answer, read, export))
        }
        changes = try await client.call("GET", Self.project.root + "/changes", query: [("limit", "1000")]).body
        try await server.stop()
        let values = try await Oracles.shellValues(ofFiles: records.map(\.file))
        var committedAt = ""
        steps = try zip(records, values).map { record, values in
            committedAt = try record.answer.json()["committedAt"]?.stringValue ?? committedAt
            return Step(
                name: record.name, file: record.file, isAltered: record.isAltered, answer: record.answer,
                revision: try record.answer.writtenRevision, document: record.read.body,
                entityTag: record.read.header("ETag"),
                committedAt: committedAt, export: record.export, values: values)
        }
    }
}
