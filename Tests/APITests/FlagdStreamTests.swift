import API
import ConfigPlatformModel
import FlagdProtocol
import GRPCCore
import TestSupport
import Testing

@Suite("Flags over gRPC, followed", .timeLimit(.minutes(2)))
struct FlagdStreamTests {
    private static func run(
        settings: @escaping (inout ServerSettings) -> Void = { _ in },
        _ body: (ServerUnderTest, FlagdClient) async throws -> Void
    ) async throws {
        try await ServerUnderTest.run(settings: { try ServerUnderTest.grpcSettings(settings) }) { test in
            try await test.makeShop()
            try await test.putFlags([("one", ServerUnderTest.plainFlag, [:]), ("two", ServerUnderTest.plainFlag, [:])])
            try await FlagdClient.run(test) { client in try await body(test, client) }
        }
    }

    private static func definition(_ reply: Flagd_Sync_V1_SyncFlagsResponse?) throws -> JSONValue {
        try JSONValue(parsing: try #require(reply).flagConfiguration)
    }

    @Test func `an event stream is ready at once, and then tells which flags are others`() async throws {
        try await Self.run { test, client in
            let events = client.events()
            #expect(try await events.next()?.type == "provider_ready")
            let earlier = Received<Flagd_Evaluation_V1_EventStreamResponse> { continuation in
                try await client.v1.eventStream(.init(), metadata: client.metadata()) { response in
                    for try await event in response.messages where event.type != "keep_alive" {
                        continuation.yield(event)
                    }
                }
            }
            #expect(try await earlier.next()?.type == "provider_ready")
            // One after another: changes that are made faster than they are taken are told together.
            func expectNext(_ data: JSONValue) async throws {
                let event = try #require(try await events.next())
                #expect(try event.type == "configuration_change" && event.data.json() == data)
                #expect(try await earlier.next()?.data.json() == data)
            }
            try await test.killFlag("one")
            try await expectNext(["flags": ["one": ["type": "update"]]])
            try await test.putFlags([("three", ServerUnderTest.plainFlag, [:])])
            try await expectNext(["flags": ["three": ["type": "write"]]])
            try await test.json(
                201, "POST", "\(ServerUnderTest.shop)/changes",
                body: [
                    "operations": [
                        ["op": "delete", "kind": "flag-rule", "environment": "production", "key": "two"],
                        ["op": "delete", "kind": "flag", "key": "two"],
                    ]
                ])
            try await expectNext(["flags": ["two": ["type": "delete"]]])
        }
    }

    @Test func `what does not concern the environment's flags is not told`() async throws {
        try await Self.run { test, client in
            let events = client.events()
            _ = try await events.next()
            try await test.json(201, "PUT", "\(ServerUnderTest.shop)/environments/production/settings/a", body: 1)
            try await test.json(
                201, "POST", "\(ServerUnderTest.shop)/changes",
                body: [
                    "operations": [
                        ["op": "put", "kind": "flag-rule", "environment": "staging", "key": "one", "value": [:]]
                    ]
                ])
            try await test.killFlag("two")
            #expect(try await events.next()?.data.json() == ["flags": ["two": ["type": "update"]]])
        }
    }

    @Test func `the whole definition comes at once, and again after each change`() async throws {
        try await Self.run { test, client in
            let definitions = client.definitions()
            let first = try Self.definition(try await definitions.next())
            #expect(first["flags"]?["one"]?["state"] == "ENABLED" && first["flags"]?["two"] != nil)
            try await test.killFlag("one")
            let second = try Self.definition(try await definitions.next())
            #expect(
                second["flags"]?["one"]?["state"] == "DISABLED" && second["flags"]?["two"] == first["flags"]?["two"])
            let fetched = try await client.sync.fetchAllFlags(.init(), metadata: client.metadata())
            #expect(try JSONValue(parsing: fetched.flagConfiguration) == second)
        }
    }

    @Test func `the selector of the message counts where there is none in the header`() async throws {
        try await Self.run { _, client in
            let definitions = client.definitions(selector: nil, inMessage: FlagdClient.selector)
            let production = try Self.definition(try await definitions.next())
            #expect(production["flags"]?["one"]?["state"] == "ENABLED")
            let both = client.definitions(selector: "shop/staging", inMessage: FlagdClient.selector)
            let staging = try Self.definition(try await both.next())
            #expect(staging["flags"]?["one"]?["state"] == "DISABLED")
            await expectStatus(.invalidArgument) {
                _ = try await client.definitions(selector: nil, inMessage: "nothing").next()
            }
            await expectStatus(.unimplemented) {
                _ = try await client.sync.getMetadata(.init(), metadata: client.metadata(selector: nil))
            }
        }
    }

    @Test func `a stream ends at once with the token's end`() async throws {
        try await Self.run { test, _ in
            let made = try await test.makeToken("brief", "evaluator", project: "shop", environments: ["production"])
            try await FlagdClient.run(test, token: .other(made.text)) { client in
                let events = client.events(selector: nil)
                #expect(try await events.next()?.type == "provider_ready")
                _ = try await test.send("DELETE", "\(ServerUnderTest.base)/tokens/\(made.id)")
                try await test.killFlag("one")
                await expectStatus(.unauthenticated, problem: .unauthenticated) { _ = try await events.next() }
            }
        }
    }

    @Test func `a stream ends with the right to it, and with its environment`() async throws {
        try await Self.run { test, client in
            let token = try await test.person("user:acme/kim", "evaluator", project: "shop")
            try await FlagdClient.run(test, token: token) { kim in
                let events = kim.events()
                #expect(try await events.next()?.type == "provider_ready")
                _ = try await test.send("DELETE", "\(ServerUnderTest.shop)/bindings/acme-kim")
                try await test.killFlag("one")
                await expectStatus(.permissionDenied, problem: .forbidden) { _ = try await events.next() }
            }
            let definitions = client.definitions()
            #expect(try await definitions.next() != nil)
            _ = try await test.send("DELETE", "\(ServerUnderTest.shop)/environments/production")
            await expectStatus(.notFound, problem: .notFound) { _ = try await definitions.next() }
        }
    }

    @Test func `a server that stops ends streams so that their clients come back`() async throws {
        try await Self.run { test, client in
            let events = client.events()
            let definitions = client.definitions()
            #expect(try await events.next()?.type == "provider_ready")
            _ = try await definitions.next()
            await test.beginToStop()
            await expectStatus(.unavailable, problem: .unavailable) { _ = try await events.next() }
            await expectStatus(.unavailable, problem: .unavailable) { _ = try await definitions.next() }
        }
    }

    @Test func `a stream ends here when its client leaves`() async throws {
        try await Self.run { test, client in
            let streams = (0..<20).map { _ in client.events() }
            for stream in streams { _ = try await stream.next() }
            for stream in streams { stream.leave() }
            func ended() -> [String] { test.log.all.filter { $0.contains("EventStream") } }
            while ended().count < 20 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(ended().filter { !$0.contains("cancelled") } == [])
        }
    }
}
