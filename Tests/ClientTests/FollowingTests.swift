import Foundation
import TestSupport
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

@Suite(.timeLimit(.minutes(2))) struct FollowingTests {
    @Test func `the first snapshot is the document and changes are applied to it`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["checkout.timeout": 2000, "name": "shop"])
            let client = try platform.client()
            let first = try await client.waitUntilReady()
            #expect(first.source == .platform)
            #expect(first.int("checkout.timeout", default: 0) == 2000)
            platform.commit(["checkout.timeout": 2500], removing: ["name"])
            try await client.until { $0.snapshot.int("checkout.timeout", default: 0) == 2500 }
            #expect(!client.snapshot.contains("name"))
            #expect(client.status == .following)
            // By the change itself: nothing was read whole.
            #expect(platform.allCalls.count == 1)
            // A snapshot that was taken stays what it was.
            #expect(first.string("name", default: "") == "shop")
            await client.shutdown()
            #expect(client.status == .ended)
            #expect(client.snapshot.int("checkout.timeout", default: 0) == 2500)
        }
    }

    @Test func `after a lost connection the watch goes on where it was`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.client()
            try await client.waitUntilReady()
            let token = platform.newestToken
            platform.answer(2, where: \.isWatch, with: .problem(503, "unavailable"))
            platform.dropWatches()
            platform.commit(["a": 2])
            platform.commit(["a": 3])
            try await client.until { $0.snapshot.int("a", default: 0) == 3 }
            let watches = await platform.calls(4, where: \.isWatch)
            #expect(watches.dropFirst().allSatisfy { $0.query["after"] == token })
        }
    }

    @Test func `a heartbeat moves the place to go on from`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.client()
            try await client.waitUntilReady()
            platform.commitElsewhere()
            let token = platform.newestToken
            platform.heartbeat()
            try await client.until { $0.snapshot.token?.text == token }
            platform.dropWatches()
            let watches = await platform.calls(2, where: \.isWatch)
            #expect(watches[1].query["after"] == token)
        }
    }

    @Test func `when the history is another one, everything is read anew, even if it is older`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            platform.commit(["a": 2])
            platform.commit(["a": 3])
            let client = try platform.client()
            try await client.waitUntilReady()
            platform.restore(revision: 2, ["a": 20], history: "second")
            try await client.until { $0.snapshot.int("a", default: 0) == 20 }
            #expect(client.snapshot.revision == 2)
            platform.commit(["a": 21])
            try await client.until { $0.snapshot.int("a", default: 0) == 21 }
        }
    }

    @Test func `when the history is another one and has gone further, everything is read anew`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.client()
            try await client.waitUntilReady()
            platform.restore(revision: 50, ["a": 20], history: "second")
            try await client.until { $0.snapshot.int("a", default: 0) == 20 }
            #expect(platform.allCalls.contains { $0.isWatch && $0.query["after"] != nil })
        }
    }

    @Test func `a server that has lost its database and lags is waited for, not believed`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            platform.commit(["a": 2])
            let client = try platform.client()
            try await client.waitUntilReady()
            platform.loseDatabase(since: "2026-11-23T06:00:00.000000Z")
            platform.restore(revision: 2, ["a": 1], history: "first")
            _ = await platform.calls(8, where: \.isWatch)
            #expect(client.snapshot.int("a", default: 0) == 2)
            #expect(client.snapshot.revision == 3)
            if case .stale = client.status {} else { Issue.record("the status is \(client.status)") }
        }
    }

    @Test func `a stale server says since when the settings are true, until a better one answers`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            platform.loseDatabase(since: "2026-11-23T06:00:00.000000Z")
            let client = try platform.client()
            try await client.waitUntilReady()
            let since = try Timestamp(parsing: "2026-11-23T06:00:00Z").date
            guard case .stale(since, _) = client.status else {
                Issue.record("the status is \(client.status)")
                return
            }
            platform.loseDatabase(since: nil)
            platform.heartbeat()
            try await client.until { $0.status == .following }
        }
    }

    @Test func `a change that does not lead to the announced document makes it read the document whole`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1, "b": 1])
            let client = try platform.client()
            try await client.waitUntilReady()
            // A revision is kept from the watch, as a fault of a proxy might.
            platform.sendRaw(": the next change is lost\n\n")
            platform.dropNextChange { platform.commit(["a": 2]) }
            platform.commit(["b": 2])
            try await client.until { $0.snapshot.int("b", default: 0) == 2 }
            #expect(client.snapshot.int("a", default: 0) == 2)
            let watches = await platform.calls(2, where: \.isWatch)
            #expect(watches[1].query["after"] == nil)
            #expect(watches[1].headers["x-minimum-revision"] != nil)
        }
    }

    @Test func `after being told that it is behind it reads the document whole`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.client()
            try await client.waitUntilReady()
            platform.say("behind")
            let watches = await platform.calls(2, where: \.isWatch)
            #expect(watches[1].query["after"] == nil)
        }
    }

    @Test func `settings of a deleted environment stay, and are told to be stale, until there is one again`()
        async throws
    {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.client()
            try await client.waitUntilReady()
            platform.deleteEnvironment()
            try await client.until { $0.lastFailure?.code == .notFound }
            #expect(client.snapshot.int("a", default: 0) == 1)
            platform.createEnvironment(["a": 5])
            try await client.until { $0.snapshot.int("a", default: 0) == 5 && $0.status == .following }
        }
    }

    @Test func `a connection on which nothing arrives is given up`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            platform.answer(where: \.isWatch, with: .silence)
            let client = try platform.client(heartbeatInterval: .milliseconds(200))
            client.start()
            try await client.until { $0.snapshot.int("a", default: 0) == 1 }
            #expect(platform.allCalls.filter(\.isWatch).count >= 2)
        }
    }

    @Test func `what is no event and what is of an unknown kind does no harm`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.client()
            try await client.waitUntilReady()
            platform.sendRaw("event: novelty\nid: 7\ndata: {}\n\n")
            platform.sendRaw("event: change\nid: nonsense\ndata: {]\n\n")
            platform.commit(["a": 2])
            try await client.until { $0.snapshot.int("a", default: 0) == 2 }
        }
    }

    @Test func `two settings that are always written together are never read apart`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["left": 0, "right": 0])
            let client = try platform.client()
            try await client.waitUntilReady()
            try await withThrowingTaskGroup { group in
                for _ in 0..<2 {
                    group.addTask {
                        for await snapshot in client.snapshots {
                            #expect(snapshot.int("left", default: -1) == snapshot.int("right", default: -2))
                            if snapshot.int("left", default: 0) == 300 { return }
                        }
                    }
                }
                group.addTask {
                    while client.snapshot.int("left", default: 0) < 300 {
                        _ = try await client.refresh()
                        let snapshot = client.snapshot
                        #expect(snapshot.int("left", default: -1) == snapshot.int("right", default: -2))
                    }
                }
                for number in 1...300 {
                    platform.commit(["left": .int(number), "right": .int(number)])
                    if number % 50 == 0 { platform.dropWatches() }
                    await Task.yield()
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `changes name the keys that differ`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["checkout.timeout": 2000, "name": "shop"])
            let client = try platform.client()
            try await client.waitUntilReady()
            let changes = client.changes
            platform.commit(["checkout.timeout": 2500])
            try await client.until { $0.snapshot.int("checkout.timeout", default: 0) == 2500 }
            var told: SettingsChange?
            for await change in changes {
                told = change
                break
            }
            #expect(told?.keys == ["checkout.timeout"])
            #expect(told?.before.int("checkout.timeout", default: 0) == 2000)
            #expect(told?.affects("checkout") == true)
            #expect(told?.affects("name") == false)
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct StartingTests {
    @Test func `settings are kept in a file and serve a program that starts while the platform is down`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/settings.cfg"
            let url = Mailbox()
            try await StandInPlatform.run { platform in
                url.put(platform.url)
                platform.commit(["a": 1])
                let client = try platform.client(file: file)
                try await client.waitUntilReady()
                platform.commit(["a": 2])
                try await client.until { $0.snapshot.int("a", default: 0) == 2 }
                await client.shutdown()
            }
            let before = Date()
            let client = try StandInPlatform.client(of: url.text, file: file)
            // Before anything is connected, too.
            #expect(client.snapshot.int("a", default: 0) == 2)
            let snapshot = try await client.waitUntilReady()
            #expect(snapshot.source == .lastKnownGood)
            #expect(snapshot.int("a", default: 0) == 2)
            let state = try await client.until { $0.isStale }
            guard case .stale(let since, let reason) = state.status else {
                Issue.record("the status is \(state.status)")
                return
            }
            #expect(since < before)
            #expect(reason.code == .unreachable)
        }
    }

    @Test func `a program that starts from the file goes on from there and becomes current`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/settings.cfg"
            try await StandInPlatform.run { platform in
                platform.commit(["a": 1])
                let first = try platform.client(file: file)
                try await first.waitUntilReady()
                let token = platform.newestToken
                await first.shutdown()
                let second = try platform.client(file: file)
                #expect(try await second.waitUntilReady().source == .platform)
                let watches = await platform.calls(2, where: \.isWatch)
                #expect(watches[1].query["after"] == token)
                await second.shutdown()
                platform.commit(["a": 2])
                let third = try platform.client(file: file)
                #expect(try await third.waitUntilReady().int("a", default: 0) == 2)
            }
        }
    }

    @Test func `a damaged file is not used, and is replaced when there are settings again`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/settings.cfg"
            try await StandInPlatform.run { platform in
                platform.commit(["a": 1])
                let first = try platform.client(file: file)
                try await first.waitUntilReady()
                await first.shutdown()
                var bytes = try #require(try DurableFile.read(file, bytesMax: 1 << 20))
                bytes[bytes.count - 3] ^= 1
                try DurableFile.replace(file, with: bytes)
                let second = try platform.client(file: file)
                #expect(second.snapshot.source == .none)
                try await second.waitUntilReady()
                await second.shutdown()
                #expect(try platform.client(file: file).snapshot.int("a", default: 0) == 1)
            }
        }
    }

    @Test func `without a file and without the platform the wait ends with what is wrong`() async throws {
        let client = try StandInPlatform.client(of: "http://127.0.0.1:\(try FreePort.find())")
        client.start()
        try await client.until { $0.isStale }
        let error = await #expect(throws: ConfigPlatformError.self) {
            try await client.waitUntilReady(timeout: .milliseconds(100))
        }
        #expect(error?.code == .unreachable)
        #expect(client.snapshot.source == .none)
        #expect(client.snapshot.int("a", default: 7) == 7)
    }

    @Test func `a refused token ends the wait at once`() async throws {
        try await StandInPlatform.run { platform in
            let client = try platform.client(token: "wrong")
            let error = await #expect(throws: ConfigPlatformError.self) {
                try await client.waitUntilReady(timeout: .seconds(600))
            }
            #expect(error?.code == .unauthenticated)
            #expect(error?.status == 401)
            #expect(error?.requestID == "request-1")
        }
    }

    @Test func `a refused token does not stop a program that has the settings in its file`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/settings.cfg"
            try await StandInPlatform.run { platform in
                platform.commit(["a": 1])
                let first = try platform.client(file: file)
                try await first.waitUntilReady()
                await first.shutdown()
                let second = try platform.client(token: "revoked", file: file)
                let snapshot = try await second.waitUntilReady()
                #expect(snapshot.source == .lastKnownGood)
                guard case .stale(_, let reason) = second.status else {
                    Issue.record("the status is \(second.status)")
                    return
                }
                #expect(reason.code == .unauthenticated)
            }
        }
    }

    @Test func `the file serves where the platform takes longer than is preferred`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/settings.cfg"
            try await StandInPlatform.run { platform in
                platform.commit(["a": 1])
                let first = try platform.client(file: file)
                try await first.waitUntilReady()
                await first.shutdown()
                platform.commit(["a": 2])
                platform.answer(100, where: \.isWatch, with: .silence)
                let second = try platform.client(file: file, freshnessWait: .milliseconds(50))
                #expect(try await second.waitUntilReady().int("a", default: 0) == 1)
            }
        }
    }

    @Test func `names and addresses that are none are refused before anything is connected`() {
        for (server, project, environment) in [
            ("nowhere", "shop", "production"), ("http://127.0.0.1:1", "Shop", "production"),
            ("http://127.0.0.1:1", "shop", "a b"),
        ] {
            #expect(throws: ConfigPlatformError.self) {
                try ConfigPlatformClient(server: server, token: "x", project: project, environment: environment)
            }
        }
        #expect(throws: ConfigPlatformError.self) {
            try ConfigPlatformClient(
                server: "https://127.0.0.1:1", token: "x", project: "shop", environment: "production",
                options: .init(certificateAuthorityFile: "/nonexistent/ca.pem"))
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct RefreshTests {
    @Test func `asking brings what is newest and carries the newest revision that was seen`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            platform.answer(1_000, where: \.isWatch, with: .problem(503, "unavailable"))
            let client = try platform.client()
            #expect(try await client.refresh().int("a", default: 0) == 1)
            let token = platform.newestToken
            platform.commit(["a": 2])
            #expect(try await client.refresh().int("a", default: 0) == 2)
            let reads = platform.allCalls.filter { !$0.isWatch }
            #expect(reads[0].headers["x-minimum-revision"] == nil)
            #expect(reads[1].headers["x-minimum-revision"] == token)
            #expect(reads[1].headers["if-none-match"] != nil)
        }
    }

    @Test func `what has not changed is not sent again`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.client()
            let first = try await client.refresh()
            platform.commitElsewhere()
            let second = try await client.refresh()
            #expect(second.entityTag == first.entityTag)
            #expect(second.revision == first.revision + 1)
        }
    }

    @Test func `it is tried again, and what stays wrong is thrown`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.client()
            platform.answer(2, where: { !$0.isWatch }, with: .problem(503, "unavailable"))
            #expect(try await client.refresh().int("a", default: 0) == 1)
            platform.answer(where: { !$0.isWatch }, with: .problem(403, "forbidden"))
            let error = await #expect(throws: ConfigPlatformError.self) { try await client.refresh() }
            #expect(error?.code == .forbidden)
        }
    }

    @Test func `a restored platform is noticed`() async throws {
        try await StandInPlatform.run { platform in
            platform.commit(["a": 1])
            let client = try platform.client()
            _ = try await client.refresh()
            platform.restore(revision: 2, ["a": 9], history: "second")
            #expect(try await client.refresh().int("a", default: 0) == 9)
        }
    }
}

/// One text, from one task to another.
final class Mailbox: Sendable {
    private let content = Broadcast("")
    var text: String { content.value }
    func put(_ text: String) { content.update { $0 = text } }
}
