import ConfigPlatformModel
import ControlPlane
import Store
import TestSupport
import Testing

@Suite struct WriteTests {
    @Test func `a change is committed with its audit event and read at once`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let outcome = try await test.write([test.put("checkout.timeout", 2000, in: "base")])
            #expect(outcome.kind == .committed)
            #expect(outcome.change?.revision.number == 2)
            #expect(try await test.document("production") == #"{"checkout":{"timeout":2000}}"#)
            let event = try #require(try await test.store.events(matching: EventQuery(), limit: 1).first?.event)
            #expect(event.action == .change)
            #expect(event.actor == test.caller.principal)
            #expect(event.revision == outcome.change?.revision)
            #expect(event.changeDigest == outcome.change?.digest)
            #expect(event.sourceAddress == "127.0.0.1")
            #expect(event.requestID == "req-1")
        }
    }

    @Test func `a refusal writes its event and nothing else`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            await test.expect(.revisionConflict) {
                try await test.write([test.put("a", 1, in: "base", expecting: .revision(try Revision(9)))])
            }
            let event = try #require(try await test.store.events(matching: EventQuery(), limit: 1).first?.event)
            #expect(event.outcome == .refused)
            #expect(event.detail?["problem"]?.stringValue == "revision-conflict")
        }
    }

    @Test func `a change without effect writes nothing and says the present revision`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("a", 1, in: "base")])
            let outcome = try await test.write([test.put("a", 1.0, in: "base")])
            #expect(outcome.kind == .unchanged)
            #expect(outcome.token.revision.number == 2)
            #expect(test.revision == 2)
        }
    }

    @Test func `a dry run tells what every environment would read and writes nothing`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let events = try await test.store.head().auditSequence
            let outcome = try await test.write([test.put("a", 1, in: "base")], dryRun: true)
            #expect(outcome.kind == .dryRun)
            #expect(outcome.environments.map(\.environment.rawValue) == ["base", "production"])
            #expect(test.revision == 1)
            #expect(try await test.store.head().auditSequence == events)
        }
    }

    @Test func `a repeated idempotency key gets the first answer, another request with it is refused`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            let first = try await test.write([test.put("a", 1, in: "base")], key: "k", request: "one")
            try await test.write([test.put("a", 2, in: "base")])
            let again = try await test.write([test.put("a", 1, in: "base")], key: "k", request: "one")
            #expect(again.change == first.change)
            #expect(again.items == first.items)
            #expect(test.revision == 3)
            await test.expect(.idempotencyKeyReused) {
                try await test.write([test.put("a", 3, in: "base")], key: "k", request: "two")
            }
            test.clock.advance(seconds: 86_401)
            let later = try await test.write([test.put("a", 3, in: "base")], key: "k", request: "two")
            #expect(later.kind == .committed)
        }
    }

    @Test func `changes that are valid alone and invalid together cannot both pass`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            // `a` and `a.b` cannot both have values where both are read.
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<64 {
                    group.addTask {
                        (try? await test.write([
                            test.put(
                                index.isMultiple(of: 2) ? "a" : "a.b", .int(index),
                                in: index % 4 < 2 ? "base" : "production")
                        ]))
                            != nil
                    }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(outcomes.contains(true) && outcomes.contains(false))
            let reading = try await test.platform.read(test.caller, test.name("production"), of: test.project, at: .now)
            let keys = reading.environment.contents.settings.map(\.key.text)
            #expect(keys == ["a"] || keys == ["a.b"])
        }
    }

    @Test func `many writers at once lose no update that expects the last`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            try await test.write([test.put("counter", 0, in: "base")])
            let key = try ConfigKey(parsing: "counter")
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var done = 0
                        while done < 10 {
                            guard
                                let now = try? await test.platform.read(
                                    test.caller, key, in: test.name("base"), of: test.project, at: .now),
                                let value = (try? JSONValue(parsing: now.value))?.int64Value
                            else { return }
                            let operation = try? test.put(
                                "counter", .int(value + 1), in: "base", expecting: .revision(now.setting.revision))
                            if let operation, (try? await test.write([operation])) != nil { done += 1 }
                        }
                    }
                }
            }
            #expect(try await test.document("base") == #"{"counter":80}"#)
            #expect(test.revision == 82)
        }
    }

    /// Each server decides ahead against what it knows, and finds under the lock that the other was there before it.
    @Test func `two servers on one ledger lose no update of each other`() async throws {
        try await PlatformUnderTest.runTwo { first, second in
            try await first.makeShop()
            try await second.platform.awaitRevision(first.platform.state.token)
            await withTaskGroup(of: Void.self) { group in
                for (number, server) in [first, second, first, second].enumerated() {
                    group.addTask {
                        for step in 1...25 {
                            do {
                                let operation = try server.put("key\(number)", .int(step), in: "base")
                                let outcome = try await server.write([operation])
                                #expect(outcome.kind == .committed)
                            } catch {
                                Issue.record(error)
                            }
                        }
                    }
                }
            }
            // A change of the one decides again on top of what the other did.
            try await first.write([first.put("last", true, in: "base")])
            let document = try await first.document("base")
            #expect(document == #"{"key0":25,"key1":25,"key2":25,"key3":25,"last":true}"#)
            #expect(first.revision == 102)
        }
    }

    @Test func `time does not run backwards in the ledger when the clock does`() async throws {
        try await PlatformUnderTest.run { test in
            try await test.makeShop()
            test.clock.advance(seconds: 100)
            let late = try await test.write([test.put("a", 1, in: "base")])
            test.clock.advance(seconds: -50)
            let early = try await test.write([test.put("a", 2, in: "base")])
            #expect(early.change?.committedAt == late.change?.committedAt)
        }
    }
}
