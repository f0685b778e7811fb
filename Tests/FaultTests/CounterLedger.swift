import ConfigPlatformModel
import TestSupport
import Testing

/// What a server has of the counters, held against what it has acknowledged. Reads on from where it was, so that rounds stay short.
struct CounterLedger {
    private static let root = "/api/v1/projects/counters"

    private var changes: [Int64: (digest: String, message: String)] = [:]
    private var messages: Set<String> = []
    private var head: (revision: Int64, digest: String) = (0, String(repeating: "0", count: 64))
    /// The last number of each writer, by revision.
    private var counted: [(revision: Int64, writer: Int, number: Int64)] = []

    /// Reads what is new and holds it together: every acknowledged change with its digest, no gap, no change twice or by half.
    mutating func verify(
        _ load: CounterLoad, on client: WireClient, random: inout SeededGenerator, headers: [(String, String)] = [],
        _ comment: String
    ) async throws {
        for change in try await newChanges(client, headers) {
            let revision = try #require(change["revision"]?.int64Value)
            let digest = try #require(change["digest"]?.stringValue)
            let message = try #require(change["message"]?.stringValue)
            #expect(revision == head.revision + 1, "a gap in the revisions; \(comment)")
            #expect(change["previousDigest"]?.stringValue == head.digest, "the chain is broken; \(comment)")
            head = (revision, digest)
            changes[revision] = (digest, message)
            #expect(messages.insert(message).inserted, "'\(message)' was stored twice; \(comment)")
            let words = message.split(separator: " ")
            if words.first == "writer" {
                let (writer, number) = (try #require(Int(words[1])), try #require(Int64(words[3])))
                counted.append((revision, writer, number))
            }
        }
        for known in load.acknowledged {
            let found = changes[known.revision]
            #expect(
                found?.digest == known.digest && found?.message == known.message,
                "'\(known.message)' was acknowledged as revision \(known.revision) and is not there; \(comment)")
        }
        #expect(load.unexpected.isEmpty, "\(load.unexpected.prefix(3)); \(comment)")
        try await verifyDocuments(on: client, at: nil, headers, comment)
        for _ in 0..<3 where head.revision > 2 {
            let revision = Int64(random.int(in: 2...Int(head.revision)))
            try await verifyDocuments(on: client, at: revision, headers, comment)
        }
    }

    /// How many acknowledged changes this server does not have.
    func missing(of load: CounterLoad) -> Int {
        load.acknowledged.count { changes[$0.revision]?.digest != $0.digest }
    }

    /// Oldest first.
    private func newChanges(_ client: WireClient, _ headers: [(String, String)]) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        var before: Int64?
        while true {
            var query = [("after", "\(head.revision)"), ("limit", "500")]
            if let before { query.append(("before", "\(before)")) }
            let answer = try await client.send("GET", Self.root + "/changes", query: query, headers: headers)
            guard answer.status == 200 else { throw FaultTestFailure(description: "no list of changes: \(answer)") }
            let page = try answer.json()
            found += page["changes"]?.arrayValue ?? []
            before = page["next"]?.int64Value
            if before == nil { return found.reversed() }
        }
    }

    /// Each counter is the same in all six places: the last one written by then.
    private func verifyDocuments(
        on client: WireClient, at revision: Int64?, _ headers: [(String, String)], _ comment: String
    ) async throws {
        var last: [Int: Int64] = [:]
        for entry in counted where entry.revision <= revision ?? .max { last[entry.writer] = entry.number }
        var members = JSONObject()
        for (writer, number) in last {
            var counters = JSONObject()
            for key in CounterLoad.keys { counters[key] = .int(Int(number)) }
            members["writer-\(writer)"] = .object(counters)
        }
        for environment in CounterLoad.environments {
            let answer = try await client.send(
                "GET", Self.root + "/environments/\(environment)/settings",
                query: revision.map { [("at", "\($0)")] } ?? [], headers: headers)
            #expect(answer.status == 200, "\(answer); \(comment)")
            #expect(
                answer.body == JSONValue.object(members).canonicalBytes(),
                "\(environment) at \(revision.map { "\($0)" } ?? "the head") is \(answer.text); \(comment)")
        }
    }
}

extension CfgProcess {
    /// `cfg store check` on what this server keeps; it must find nothing.
    func expectSoundStore(_ comment: String) async throws {
        let place =
            options.databaseURL.map { ["--database-url", $0] } ?? ["--data", data]
        let result = try await CfgProcess.run(["store", "check"] + place)
        #expect(result.status == 0, "\(result); \(comment)")
    }
}
