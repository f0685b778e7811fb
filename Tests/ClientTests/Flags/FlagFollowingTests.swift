import Foundation
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

@Suite(.timeLimit(.minutes(2))) struct FlagFollowingTests {
    private let german: JSONValue = ["in": [["var": "country"], ["DE", "AT"]]]
    private func referring(_ rule: String) -> JSONValue { ["if": [["$ref": .string(rule)], "on", "off"]] }

    @Test func `flags are evaluated here, and a change of one compiles that one alone`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["a": .switchFlag(true), "b": .numberFlag(1)])
            let client = try platform.flagClient()
            try await client.waitUntilReady()
            let before = client.snapshot
            #expect(before.boolean("a", default: false))
            #expect(before.integer("b", default: 0) == 1)
            platform.commitFlags(["b": .numberFlag(2), "c": .switchFlag(true)])
            try await client.until { $0.integer("b", default: 0) == 2 }
            #expect(client.boolean("c", default: false))
            #expect(client.snapshot.definitions.entry("a") === before.definitions.entry("a"))
            platform.commitFlags(["a": .none])
            try await client.until { $0.booleanDetails("a", default: false).errorCode == .flagNotFound }
            // By the changes themselves: nothing was read whole. And what was taken stays what it was.
            #expect(platform.allCalls.count == 1)
            #expect(before.boolean("a", default: false))
            #expect(before.integer("b", default: 0) == 1)
            await client.shutdown()
            #expect(client.status == .notReady)
            #expect(client.integer("b", default: 0) == 2)
        }
    }

    @Test func `a rule that flags share and that is another one is read whole, other flags are kept`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(
                ["a": .switchFlag(false, targeting: referring("eu")), "b": .switchFlag(true)], rules: ["eu": german])
            let client = try platform.flagClient()
            try await client.waitUntilReady()
            let french = FlagContext(["country": "FR"])
            #expect(!client.boolean("a", default: true, context: french))
            let kept = client.snapshot.definitions
            let events = client.events
            platform.commitFlags(
                [:], rules: ["eu": ["in": [["var": "country"], ["DE", "FR"]]]], sharing: ["a": ["eu"]])
            try await client.until { $0.boolean("a", default: false, context: french) }
            #expect(client.snapshot.definitions.entry("b") === kept.entry("b"))
            let watches = await platform.calls(2, where: \.isWatch)
            #expect(watches[1].query["after"] == nil)
            for await event in events where event.kind == .configurationChanged {
                #expect(event.flagsChanged == ["a"])
                break
            }
        }
    }

    @Test func `a rule that no flag referred to is not believed to be what it was`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(
                ["a": .switchFlag(false, targeting: referring("eu")), "b": .switchFlag(false)], rules: ["eu": german])
            let client = try platform.flagClient()
            try await client.waitUntilReady()
            let french = FlagContext(["country": "FR"])
            platform.commitFlags(["a": .switchFlag(true)])
            try await client.until { $0.boolean("a", default: false) }
            // Nobody refers to it any more, so nobody is told.
            platform.dropNextChange {
                platform.commitFlags([:], rules: ["eu": ["in": [["var": "country"], ["DE", "FR"]]]])
            }
            platform.commitFlags(["b": .switchFlag(false, targeting: referring("eu"))])
            try await client.until { $0.boolean("b", default: false, context: french) }
            #expect(platform.allCalls.count == 2)
        }
    }

    @Test func `a flag and the rule that it refers to arrive together, and stay together`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["a": .switchFlag(false), "b": .switchFlag(true)])
            let client = try platform.flagClient()
            try await client.waitUntilReady()
            let (german, french) = (FlagContext(["country": "DE"]), FlagContext(["country": "FR"]))
            platform.commitFlags(["a": .switchFlag(false, targeting: referring("eu"))], rules: ["eu": self.german])
            // At once, before the first change has been read whole.
            platform.commitFlags(
                [:], rules: ["eu": ["in": [["var": "country"], ["DE", "FR"]]]], sharing: ["a": ["eu"]])
            try await client.until { $0.boolean("a", default: false, context: french) }
            #expect(client.boolean("a", default: false, context: german))
            #expect(client.booleanDetails("a", default: false, context: french).reason == .targetingMatch)
        }
    }

    @Test func `a flag that refers to a rule which another one has kept alive is taken from the change`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(
                ["a": .switchFlag(false, targeting: referring("eu")), "b": .switchFlag(false)], rules: ["eu": german])
            let client = try platform.flagClient()
            try await client.waitUntilReady()
            platform.commitFlags(["b": .switchFlag(false, targeting: referring("eu"))])
            try await client.until { $0.boolean("b", default: false, context: FlagContext(["country": "AT"])) }
            #expect(platform.allCalls.count == 1)
        }
    }

    @Test func `a change of a flag that was not as it is here makes it read everything`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["a": .numberFlag(1), "b": .numberFlag(1)])
            let client = try platform.flagClient()
            try await client.waitUntilReady()
            platform.dropNextChange { platform.commitFlags(["a": .numberFlag(2), "b": .numberFlag(2)]) }
            platform.commitFlags(["b": .numberFlag(3)])
            try await client.until { $0.integer("b", default: 0) == 3 }
            #expect(client.integer("a", default: 0) == 2)
        }
    }

    @Test func `a flag that cannot be compiled spoils no other, and is kept for a version that can`() async throws {
        try await withTemporaryFolder { folder in
            try await StandInPlatform.run { platform in
                let odd: JSONValue = ["state": "HALF", "variants": ["on": true]]
                platform.commitFlags(["a": .switchFlag(true), "odd": odd])
                let client = try platform.flagClient(file: folder + "/flags.cfg")
                try await client.waitUntilReady()
                #expect(client.boolean("a", default: false))
                #expect(client.booleanDetails("odd", default: true).errorCode == .parseError)
                platform.commitFlags(["a": .switchFlag(false)])
                try await client.until { !$0.boolean("a", default: true) }
                await client.shutdown()
                let again = try platform.flagClient(file: folder + "/flags.cfg")
                #expect(again.booleanDetails("odd", default: true).errorCode == .parseError)
                try await again.waitUntilReady()
                platform.commitFlags(["odd": .switchFlag(true)])
                try await again.until { $0.boolean("odd", default: false) }
                #expect(platform.allCalls.count == 2)
            }
        }
    }

    @Test func `flags that are always written together are never read apart`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["left": .numberFlag(0), "right": .numberFlag(0)])
            let client = try platform.flagClient()
            try await client.waitUntilReady()
            try await withThrowingTaskGroup { group in
                for _ in 0..<2 {
                    group.addTask {
                        while true {
                            let flags = client.snapshot
                            let left = flags.integer("left", default: -1)
                            #expect(left == flags.integer("right", default: -2))
                            if left == 300 { return }
                            await Task.yield()
                        }
                    }
                }
                group.addTask {
                    while client.integer("left", default: 0) < 300 {
                        try await client.refresh()
                        let flags = client.snapshot
                        #expect(flags.integer("left", default: -1) == flags.integer("right", default: -2))
                    }
                }
                for number in 1...300 {
                    platform.commitFlags(["left": .numberFlag(number), "right": .numberFlag(number)])
                    if number % 50 == 0 { platform.dropWatches() }
                    await Task.yield()
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a program starts from its file while the platform is down, and files of settings are refused`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let url = Mailbox()
            try await StandInPlatform.run { platform in
                url.put(platform.url)
                platform.commit(["a": 1])
                platform.commitFlags(["a": .switchFlag(false, targeting: referring("eu"))], rules: ["eu": german])
                let client = try platform.flagClient(file: folder + "/flags.cfg")
                try await client.waitUntilReady()
                platform.commitFlags(["b": .numberFlag(7)])
                try await client.until { $0.integer("b", default: 0) == 7 }
                await client.shutdown()
                let settings = try platform.client(file: folder + "/settings.cfg")
                try await settings.waitUntilReady()
                await settings.shutdown()
            }
            let client = try StandInPlatform.flagClient(of: url.text, file: folder + "/flags.cfg")
            #expect(client.status == .stale)
            try await client.waitUntilReady()
            #expect(client.source == .lastKnownGood)
            #expect(client.boolean("a", default: false, context: FlagContext(["country": "DE"])))
            #expect(client.integer("b", default: 0) == 7)
            #expect(client.status == .stale)
            let other = try StandInPlatform.flagClient(of: url.text, file: folder + "/settings.cfg")
            #expect(other.source == .none)
        }
    }

    @Test func `after a restored backup the flags are read anew, even if they are older`() async throws {
        try await StandInPlatform.run { platform in
            for number in 1...5 { platform.commitFlags(["a": .numberFlag(number)]) }
            let client = try platform.flagClient()
            try await client.waitUntilReady()
            platform.commitFlags(["a": .numberFlag(1)])
            try await client.until { $0.integer("a", default: 0) == 1 }
            platform.restore(revision: 2, [:], history: "second")
            try await client.until { $0.followed.token?.revision.number == 2 }
            #expect(client.revision == 2)
        }
    }

    @Test func `what has not changed is not sent again`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["a": .numberFlag(1)])
            let client = try platform.flagClient()
            try await client.refresh()
            let definitions = client.snapshot.definitions
            platform.commitElsewhere()
            try await client.refresh()
            #expect(client.snapshot.definitions === definitions)
            #expect(client.revision == 3)
        }
    }

    @Test func `status and events follow what happens to the platform`() async throws {
        try await StandInPlatform.run { platform in
            platform.commitFlags(["a": .numberFlag(1)])
            let client = try platform.flagClient()
            #expect(client.status == .notReady)
            #expect(client.integerDetails("a", default: 5).errorCode == .providerNotReady)
            var events = client.events.makeAsyncIterator()
            try await client.waitUntilReady()
            #expect(await events.next()?.kind == .ready)
            #expect(client.status == .ready)
            platform.commitFlags(["a": .numberFlag(2), "b": .numberFlag(1)])
            #expect(await events.next() == FlagEvent(.configurationChanged, flagsChanged: ["a", "b"]))
            platform.answer(1_000, where: \.isWatch, with: .problem(503, "unavailable"))
            platform.dropWatches()
            let stale = await events.next()
            #expect(stale?.kind == .stale)
            #expect(stale?.message?.contains("stand-in") == true)
            #expect(stale?.providerName == "ConfigPlatform")
            #expect(client.status == .stale)
            #expect(client.integer("a", default: 0) == 2)
            var late = client.events.makeAsyncIterator()
            #expect(await late.next()?.kind == .stale)
            await client.shutdown()
            #expect(await events.next() == nil)
        }
    }

    @Test func `a refused token is fatal, and no obstacle once it is another`() async throws {
        try await withTemporaryFolder { folder in
            try await StandInPlatform.run { platform in
                platform.commitFlags(["a": .switchFlag(true)])
                try DurableFile.replace(folder + "/token", with: Array("wrong".utf8))
                let client = try platform.flagClient(token: .file(folder + "/token"))
                var events = client.events.makeAsyncIterator()
                await #expect(throws: ConfigPlatformError.self) { try await client.waitUntilReady() }
                #expect(await events.next()?.errorCode == .providerFatal)
                #expect(client.status == .fatal)
                let details = client.booleanDetails("a", default: false)
                #expect(details.errorCode == .providerFatal)
                #expect(details.reason == .error)
                try DurableFile.replace(folder + "/token", with: Array(StandInPlatform.token.utf8))
                #expect(await events.next()?.kind == .ready)
                #expect(client.boolean("a", default: false))
            }
        }
    }
}
