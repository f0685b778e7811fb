import ConfigPlatformModel
import Foundation
import TestSupport
import Testing

@Suite(
    "Two servers on one PostgreSQL", .enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)"),
    .timeLimit(.minutes(9)))
struct ReplicaTests {
    private let project = ProjectPath("shop")

    @Test func `a change on either reaches the watchers of both, in order and once`() async throws {
        let (one, two) = try await Self.pair()
        try await one.client.makeProject(project, environments: [("base", []), ("production", ["base"])])
        let made = try await one.client.call("GET", "/api/v1/projects")
        let head = [("X-Minimum-Revision", try #require(made.revisionToken))]
        var watches: [EventStream] = []
        for server in [one, two] {
            let (answer, events) = try await server.client.events(
                project.root + "/watch", query: [("environment", "production")], headers: head)
            #expect(answer.status == 200)
            #expect(try await events.next()?.event == "snapshot")
            watches.append(events)
        }
        var tokens: [String] = []
        for number in 1...20 {
            let writer = number.isMultiple(of: 2) ? one : two
            let answer = try await writer.client.put(
                .int(number), "counter", number.isMultiple(of: 3) ? "production" : "base", of: project)
            tokens.append(try #require(answer.revisionToken))
        }
        // A write to base is seen in production only while production has no value of its own.
        let touching = [0, 1, 2, 5, 8, 11, 14, 17].map { tokens[$0] }
        for watch in watches {
            for (index, token) in touching.enumerated() {
                let event = try #require(try await watch.nextChange())
                #expect(event.event == "change")
                #expect(event.id == token, "event \(index)")
            }
            watch.close()
        }

        let (_, resumed) = try await two.client.events(
            project.root + "/watch", query: [("environment", "production")], headers: [("Last-Event-ID", touching[2])])
        for token in touching[3...] {
            #expect(try await resumed.nextChange()?.id == token, "a watch goes on where it was on the other")
        }
        resumed.close()
        try await one.stop()
        try await two.stop()
    }

    @Test func `who sends back the revision of a write reads it on the other server`() async throws {
        let (one, two) = try await Self.pair()
        try await one.client.makeProject(project, environments: [("base", [])])
        for number in 1...40 {
            let (writer, reader) = number.isMultiple(of: 2) ? (one, two) : (two, one)
            // The first write has to know of the project, too.
            let written = try await writer.client.call(
                "PUT", project.setting("counter", "base"), headers: [("X-Minimum-Revision", "2")],
                body: .json(.int(number)))
            let minimum = [("X-Minimum-Revision", try #require(written.revisionToken))]
            let read = try await reader.client.document("base", of: project, headers: minimum)
            #expect(try read.json() == ["counter": .int(number)])
            #expect(try #require(read.revision) >= written.writtenRevision)
        }
        let never = try await two.client.send(
            "GET", project.settings("base"), headers: [("X-Minimum-Revision", "100000")])
        #expect(never.status == 503 && never.problemCode == "revision-not-reached", "\(never)")
        #expect(never.header("Retry-After") != nil)
        try await one.stop()
        try await two.stop()
    }

    @Test func `writes on both at once are one ledger without gaps`() async throws {
        let (one, two) = try await Self.pair()
        let made = try await one.client.call("PUT", project.root, body: .json([:]))
        try await one.client.change(project, "Make base", [.putEnvironment("base", inherits: [])])
        let first = try #require(made.revision) + 2
        let revisions = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for writer in 0..<8 {
                let client = (writer.isMultiple(of: 2) ? one : two).client
                group.addTask {
                    var revisions: [Int64] = []
                    for number in 0..<25 {
                        let answer = try await client.call(
                            "PUT", project.setting("writer-\(writer).value", "base"),
                            headers: [("X-Minimum-Revision", "\(first - 1)")],
                            body: .json(.int(number)))
                        revisions.append(try answer.writtenRevision)
                    }
                    return revisions
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(revisions.allSatisfy { $0 == $0.sorted() })
        #expect(revisions.flatMap(\.self).sorted() == Array(first..<first + 200))
        let minimum = [("X-Minimum-Revision", "\(first + 199)")]
        let changes = try await one.client.call(
            "GET", project.root + "/changes", query: [("limit", "1000")], headers: minimum)
        let others = try await two.client.call(
            "GET", project.root + "/changes", query: [("limit", "1000")], headers: minimum)
        #expect(changes.body == others.body)
        let listed = try changes.json()["changes"]?.arrayValue ?? []
        #expect(listed.count == Int(first + 199))
        for (newer, older) in zip(listed, listed.dropFirst()) { #expect(newer["previousDigest"] == older["digest"]) }
        let (document, other) = try await (
            one.client.document("base", of: project, headers: minimum),
            two.client.document("base", of: project, headers: minimum)
        )
        #expect(document.body == other.body)
        try await one.stop()
        try await two.stop()
        try await CfgProcess.run(["store", "check", "--database-url", one.options.databaseURL ?? ""]).succeeded()
    }

    @Test func `two changes that are valid alone and not together cannot both pass, whichever server they reach`()
        async throws
    {
        let (one, two) = try await Self.pair()
        try await one.client.makeProject(project, environments: [("base", [])])
        let known = [("X-Minimum-Revision", "2")]
        for round in 0..<15 {
            // A key cannot be a value and hold others; each of the two is right as long as the other is not there.
            let bodies: [(CfgProcess, String)] = [(one, "round-\(round)"), (two, "round-\(round).inner")]
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for (server, key) in bodies {
                    let client = server.client
                    group.addTask {
                        try await client.send("PUT", project.setting(key, "base"), headers: known, body: .json(1))
                            .status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201, 422], "round \(round)")
        }
        try await one.stop()
        try await two.stop()
    }

    @Test func `a token that one server revokes is soon refused by the other, also on a connection that stands`()
        async throws
    {
        let (one, two) = try await Self.pair()
        let made = try await one.client.call(
            "POST", "/api/v1/tokens", body: .json(["name": "bot", "role": "administrator"]), expecting: [201]
        )
        .json()
        let bot = two.client.with(token: try #require(made["token"]?.stringValue))
        let id = try #require(made["id"]?.stringValue)
        // It ends the bootstrap token, so that another one has to be there to revoke it.
        let admin = one.client.with(token: made["token"]?.stringValue)
        while try await bot.send("GET", "/api/v1/whoami").status != 200 { try await Task.sleep(for: .milliseconds(5)) }
        let other = try await admin.call(
            "POST", "/api/v1/tokens", body: .json(["name": "other", "role": "administrator"]), expecting: [201]
        )
        .json()
        let revoker = one.client.with(token: other["token"]?.stringValue)
        try await revoker.call("DELETE", "/api/v1/tokens/\(id)", expecting: [204])
        #expect(try await admin.send("GET", "/api/v1/whoami").status == 401, "at once where it was revoked")
        while try await bot.send("GET", "/api/v1/whoami").status != 401 { try await Task.sleep(for: .milliseconds(5)) }
        try await one.stop()
        try await two.stop()
    }

    @Test func `when one server is killed the other writes on`() async throws {
        let (one, two) = try await Self.pair()
        try await one.client.makeProject(project, environments: [("base", [])])
        let known = [("X-Minimum-Revision", "2")]
        for number in 1...10 {
            let written = try await one.client.put(.int(number), "counter", "base", of: project)
            await one.kill()
            let read = try await two.client.document(
                "base", of: project, headers: [("X-Minimum-Revision", try #require(written.revisionToken))])
            #expect(try read.json()["counter"] == .int(number))
            try await two.client.call(
                "PUT", project.setting("survivor", "base"), headers: known, body: .json(.int(number)))
            try await one.start()
        }
        try await one.stop()
        try await two.stop()
    }

    @Test func `servers that start together on an empty database agree on one bootstrap token`() async throws {
        for _ in 1...5 {
            let url = try PostgreSQLServer.shared.createDatabase()
            let servers = try await withThrowingTaskGroup(of: CfgProcess.self) { group in
                for _ in 1...3 { group.addTask { try await CfgProcess(.init(databaseURL: url)) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let tokens = servers.flatMap { CfgProcess.tokens(in: $0.output) }
            #expect(tokens.count == 1)
            for server in servers { try await server.stop() }
        }
    }

    /// Two servers on a database of their own; the first has made the bootstrap token, which both take.
    private static func pair() async throws -> (CfgProcess, CfgProcess) {
        let url = try PostgreSQLServer.shared.createDatabase()
        let one = try await CfgProcess(.init(databaseURL: url))
        let two = try await CfgProcess(.init(databaseURL: url), token: one.token)
        return (one, two)
    }
}
