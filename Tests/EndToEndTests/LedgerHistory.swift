import ConfigPlatformModel
import TestSupport
import Testing

/// Seeded changes to a small project, with the documents as they were sent after each.
struct LedgerHistory: Sendable {
    private let project: ProjectPath
    private let documents: [(environment: String, revision: Int64, body: [UInt8], entityTag: String?)]

    private static let environments = [("base", []), ("staging", ["base"]), ("production", ["base"])]

    /// Makes the project and changes it so many times.
    static func make(on server: CfgProcess, _ project: ProjectPath, changes: Int) async throws -> LedgerHistory {
        let client = server.client
        try await client.makeProject(project, environments: environments)
        var random = SeededGenerator(seed: 42)
        var documents: [(String, Int64, [UInt8], String?)] = []
        for number in 0..<changes {
            var operations: [String: JSONValue] = [:]
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let environment = environments[Int.random(in: 0..<3, using: &random)].0
                let key = "group-\(Int.random(in: 0..<4, using: &random)).key-\(Int.random(in: 0..<6, using: &random))"
                operations["\(environment)/\(key)"] = .put(key, environment, value(number, &random))
            }
            let revision = try await client.change(project, "Change \(number)", Array(operations.values))
                .writtenRevision
            for (environment, _) in environments {
                let read = try await client.document(environment, of: project)
                documents.append((environment, revision, read.body, read.header("ETag")))
            }
        }
        return LedgerHistory(project: project, documents: documents)
    }

    private static func value(_ number: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: .int(number)
        case 1: .bool(number.isMultiple(of: 2))
        case 2: .string("värde \(number) – 値 $${literal}")
        case 3: [.int(number), .null, ["deep": .string("\u{1F600}\n\t")]]
        default: 0.1
        }
    }

    /// Every document stands on this server as it was, at its revision.
    func expect(in server: CfgProcess) async throws {
        for document in documents {
            let read = try await server.client.document(document.environment, of: project, at: "\(document.revision)")
            #expect(read.body == document.body, "\(document.environment) at revision \(document.revision)")
            #expect(
                read.header("ETag") == document.entityTag, "\(document.environment) at revision \(document.revision)")
        }
    }

    /// All changes, with what they altered, and the events that belong to them, up to a revision.
    static func read(from server: CfgProcess, _ project: ProjectPath, upTo revision: Int64) async throws -> JSONValue {
        var changes: [JSONValue] = []
        for number in 1...revision {
            let answer = try await server.client.send("GET", project.root + "/changes/\(number)")
            changes.append(answer.status == 404 ? .null : try answer.json())
        }
        let events = try await server.client.call(
            "GET", "/api/v1/audit/events", query: [("after", "0"), ("limit", "1000")]
        ).json()
        let recorded = events["events"]?.arrayValue ?? []
        let last = recorded.lastIndex { ($0["revision"]?.int64Value ?? 0) == revision }
        return ["changes": .array(changes), "events": .array(Array(recorded[...(try #require(last))]))]
    }
}
