import ConfigPlatformModel
import Foundation
import Synchronization
import TestSupport
import Testing

/// Backups, restores and moves from one engine to the other, by the commands that operators use.
@Suite("Backups and moves", .timeLimit(.minutes(9)))
struct MovingTests {
    private let project = ProjectPath("shop")

    @Test
    func
        `a backup made while the server writes holds all that was acknowledged before, and restores to the same documents`()
        async throws
    {
        let server = try await CfgProcess()
        let history = try await LedgerHistory.make(on: server, project, changes: 40)
        let folder = try TemporaryFolder()
        let isOver = Mutex(false)
        let client = server.client
        let writing = Task {
            var count = 0
            while !isOver.withLock({ $0 }) {
                count += 1
                try await client.put(.int(count), "busy.counter", "base", of: project)
            }
            return count
        }
        let before = try #require(try await client.call("GET", "/readyz").json()["revision"]?.int64Value)
        let backup = try await CfgProcess.run(["backup", "--data", server.data, folder.path("backup")]).succeeded()
        isOver.withLock { $0 = true }
        #expect(try await writing.value > 0)

        try await CfgProcess.run(["restore", "--data", folder.path("restored"), folder.path("backup")]).succeeded()
        let restored = try await CfgProcess(
            .init(data: folder.path("restored"), isDevelopment: false), token: server.token)
        let held = try #require(try await restored.client.call("GET", "/readyz").json()["revision"]?.int64Value)
        #expect(held >= before, "\(backup)")
        try await history.expect(in: restored)
        let original = try await LedgerHistory.read(from: server, project, upTo: held)
        #expect(try await LedgerHistory.read(from: restored, project, upTo: held) == original)
        #expect(
            CfgProcess.tokens(in: restored.output).isEmpty, "the tokens came along, so there is no first one to make")
        try await restored.stop()
        try await CfgProcess.run(["store", "check", "--data", folder.path("restored")]).succeeded()
        try await server.stop()
    }

    @Test func `a restore refuses a damaged backup and a folder with a platform in it, and writes nothing`()
        async throws
    {
        let server = try await CfgProcess()
        let history = try await LedgerHistory.make(on: server, project, changes: 10)
        try await server.stop()
        let folder = try TemporaryFolder()
        try await CfgProcess.run(["backup", "--data", server.data, folder.path("backup")]).succeeded()

        let occupied = try await CfgProcess.run(["restore", "--data", server.data, folder.path("backup")])
        #expect(occupied.status != 0, "\(occupied)")
        #expect(occupied.errors.split(separator: "\n").count == 1, "\(occupied)")

        var bytes = try folder.bytes("backup")
        bytes[bytes.count / 2] ^= 1
        try Data(bytes).write(to: URL(filePath: folder.path("damaged")))
        try Data(bytes.prefix(bytes.count * 2 / 3)).write(to: URL(filePath: folder.path("cut")))
        for name in ["damaged", "cut", "absent"] {
            let target = folder.path("from-\(name)")
            let refused = try await CfgProcess.run(["restore", "--data", target, folder.path(name)])
            #expect(refused.status != 0, "\(refused)")
            #expect(refused.errors.contains(name), "\(refused)")
            let empty = try await CfgProcess(.init(data: target))
            #expect(try await empty.client.call("GET", "/readyz").json()["revision"] == 0, "\(name)")
            try await empty.stop()
        }

        try await server.start()
        try await history.expect(in: server)
        try await server.stop()
    }

    @Test func `after an older backup was restored, tokens of revisions it lacks are refused as diverged`() async throws
    {
        let server = try await CfgProcess()
        _ = try await LedgerHistory.make(on: server, project, changes: 5)
        let folder = try TemporaryFolder()
        try await CfgProcess.run(["backup", "--data", server.data, folder.path("backup")]).succeeded()
        let kept = try #require(try await server.client.call("GET", "/api/v1/projects").revisionToken)
        var newest = ""
        for number in 1...3 {
            let answer = try await server.client.put(.int(number), "lost.later", "base", of: project)
            newest = try #require(answer.revisionToken)
        }
        try await server.stop()
        try await CfgProcess.run(["restore", "--data", folder.path("restored"), folder.path("backup")]).succeeded()
        let restored = try await CfgProcess(
            .init(data: folder.path("restored"), isDevelopment: false), token: server.token)

        func expectDivergence(_ when: Comment) async throws {
            let read = try await restored.client.send(
                "GET", project.settings("base"), headers: [("X-Minimum-Revision", newest)])
            #expect(read.status == 409 && read.problemCode == "ledger-diverged", when)
            for way in [(query: [("after", newest)], headers: []), (query: [], headers: [("Last-Event-ID", newest)])] {
                let watch = try await restored.client.send(
                    "GET", project.root + "/watch", query: way.query, headers: way.headers)
                #expect(watch.status == 409 && watch.problemCode == "ledger-diverged", when)
            }
        }
        // The newest revision of a database is known for certain, so that nobody needs to wait for one that will never come.
        try await expectDivergence("while the restored ledger is shorter")
        for number in 1...4 { try await restored.client.put(.int(number), "other.later", "base", of: project) }
        try await expectDivergence("when it has a revision of that number, but another one")
        let shared = try await restored.client.call(
            "GET", project.settings("base"), headers: [("X-Minimum-Revision", kept)])
        #expect(shared.status == 200, "what both have in common is no divergence")
        try await restored.stop()
    }

    @Test(.enabled(if: PostgreSQLServer.isAvailable, "\(PostgreSQLServer.absence)"))
    func `a platform moves to PostgreSQL and by a backup back to a folder, with every revision, event and token`()
        async throws
    {
        let server = try await CfgProcess()
        let history = try await LedgerHistory.make(on: server, project, changes: 40)
        let made = try await server.client.call(
            "POST", "/api/v1/tokens", body: .json(["name": "bot", "role": "administrator"]), expecting: [201]
        ).json()
        let bot = try #require(made["token"]?.stringValue)
        let revision = try #require(try await server.client.call("GET", "/readyz").json()["revision"]?.int64Value)
        let original = try await LedgerHistory.read(from: server, project, upTo: revision)

        let url = try PostgreSQLServer.shared.createDatabase()
        let busy = try await CfgProcess.run(["store", "copy", "--from", "sqlite:\(server.data)", "--to", url])
        #expect(busy.status != 0, "a server is still writing to the source: \(busy)")
        try await server.stop()
        try await CfgProcess.run(["store", "copy", "--from", "sqlite:\(server.data)", "--to", url]).succeeded()
        let again = try await CfgProcess.run(["store", "copy", "--from", "sqlite:\(server.data)", "--to", url])
        #expect(again.status != 0, "the target is no longer empty: \(again)")
        try await CfgProcess.run(["store", "check", "--database-url", url]).succeeded()

        let moved = try await CfgProcess(.init(databaseURL: url), token: bot)
        try await history.expect(in: moved)
        #expect(try await LedgerHistory.read(from: moved, project, upTo: revision) == original)
        #expect(CfgProcess.tokens(in: moved.output).isEmpty)
        let folder = try TemporaryFolder()
        try await CfgProcess.run(["backup", "--database-url", url, folder.path("backup")]).succeeded()
        try await moved.stop()

        try await CfgProcess.run(["restore", "--data", folder.path("data"), folder.path("backup")]).succeeded()
        let back = try await CfgProcess(.init(data: folder.path("data"), isDevelopment: false), token: bot)
        #expect(try await LedgerHistory.read(from: back, project, upTo: revision) == original)
        try await back.stop()
        try await CfgProcess.run(["store", "check", "--data", folder.path("data")]).succeeded()
    }
}
