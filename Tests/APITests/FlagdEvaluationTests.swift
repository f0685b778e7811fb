import API
import ConfigPlatformModel
import FlagdProtocol
import GRPCCore
import SwiftProtobuf
import TestSupport
import Testing

@Suite("Flags over gRPC, one by one", .timeLimit(.minutes(2)))
struct FlagdEvaluationTests {
    private static let flags: [(key: String, flag: JSONValue, rule: JSONValue?)] = [
        ("bool", ServerUnderTest.plainFlag, [:]),
        (
            "text", ["type": "string", "variants": ["a": "hello", "b": "bye"], "defaultVariant": "a"],
            [
                "rules": [
                    [
                        "when": [["attribute": "country", "operator": "equals", "values": ["DE"]]], "serve": "b",
                    ]
                ]
            ]
        ),
        ("count", ["type": "integer", "variants": ["ten": 10], "defaultVariant": "ten"], [:]),
        ("share", ["type": "double", "variants": ["half": 0.5, "one": 1], "defaultVariant": "half"], [:]),
        (
            "object",
            [
                "type": "object", "variants": ["x": ["a": 1, "b": [true, "z", .null]]],
                "defaultVariant": "x", "metadata": ["team": "shop", "tier": 2, "beta": true],
            ], [:]
        ),
        ("off", ServerUnderTest.plainFlag, ["state": "DISABLED"]),
        ("unruled", ServerUnderTest.plainFlag, nil),
        ("open", ["type": "boolean", "variants": ["on": true], "defaultVariant": .null], [:]),
        (
            "archived",
            [
                "type": "boolean", "variants": ["on": true], "defaultVariant": "on", "lifecycle": "archived",
            ], nil
        ),
    ]

    private static func run(_ body: (ServerUnderTest, FlagdClient) async throws -> Void) async throws {
        try await ServerUnderTest.run(settings: { try ServerUnderTest.grpcSettings() }) { test in
            try await test.makeShop()
            try await test.putFlags(flags)
            try await FlagdClient.run(test) { client in try await body(test, client) }
        }
    }

    @Test func `the second protocol gives a value of each type with variant, reason and metadata`() async throws {
        try await Self.run { _, client in
            let metadata = client.metadata()
            let bool = try await client.boolean("bool")
            #expect(bool.value && bool.variant == "on" && bool.reason == "STATIC")
            let text = try await client.v2.resolveString(.with { $0.flagKey = "text" }, metadata: metadata)
            #expect(text.value == "hello" && text.variant == "a" && text.reason == "DEFAULT")
            let german = try await client.v2.resolveString(
                .with {
                    $0.flagKey = "text"
                    $0.context = ["country": "DE", "targetingKey": "u1"]
                }, metadata: metadata)
            #expect(german.value == "bye" && german.variant == "b" && german.reason == "TARGETING_MATCH")
            let count = try await client.v2.resolveInt(.with { $0.flagKey = "count" }, metadata: metadata)
            #expect(count.value == 10 && count.variant == "ten")
            let share = try await client.v2.resolveFloat(.with { $0.flagKey = "share" }, metadata: metadata)
            #expect(share.value == 0.5)
            let whole = try await client.v2.resolveFloat(.with { $0.flagKey = "count" }, metadata: metadata)
            #expect(whole.value == 10, "an integer is a double too")
            let object = try await client.v2.resolveObject(.with { $0.flagKey = "object" }, metadata: metadata)
            #expect(try object.value.json() == ["a": 1, "b": [true, "z", .null]])
            #expect(try object.metadata.json() == ["team": "shop", "tier": 2, "beta": true])
        }
    }

    @Test func `where the caller's default applies the second protocol says so, and the first as far as it can`()
        async throws
    {
        try await Self.run { _, client in
            for key in ["off", "unruled"] {
                let second = try await client.boolean(key)
                #expect(!second.hasValue && !second.hasVariant && second.reason == "DISABLED")
                let first = try await client.v1.resolveBoolean(.with { $0.flagKey = key }, metadata: client.metadata())
                #expect(!first.value && first.variant.isEmpty && first.reason == "DISABLED")
            }
            let second = try await client.boolean("open")
            #expect(!second.hasValue && !second.hasVariant && second.reason == "DEFAULT")
            await expectStatus(.notFound) {
                _ = try await client.v1.resolveBoolean(.with { $0.flagKey = "open" }, metadata: client.metadata())
            }
        }
    }

    @Test func `what cannot be evaluated ends with the status by which flagd's clients know it`() async throws {
        try await Self.run { _, client in
            let metadata = client.metadata()
            for key in ["none", "archived", "", String(repeating: "k", count: 1_000)] {
                await expectStatus(.notFound) { _ = try await client.boolean(key) }
                await expectStatus(.notFound) {
                    _ = try await client.v1.resolveBoolean(.with { $0.flagKey = key }, metadata: metadata)
                }
            }
            await expectStatus(.invalidArgument) { _ = try await client.boolean("text") }
            await expectStatus(.invalidArgument) {
                _ = try await client.v2.resolveInt(.with { $0.flagKey = "share" }, metadata: metadata)
            }
        }
    }

    @Test func `the first protocol gives every flag at once`() async throws {
        try await Self.run { _, client in
            let all = try await client.v1.resolveAll(
                .with { $0.context = ["country": "DE"] }, metadata: client.metadata())
            #expect(all.flags.keys.sorted() == ["bool", "count", "object", "off", "share", "text", "unruled"])
            #expect(all.flags["text"]?.stringValue == "bye" && all.flags["text"]?.reason == "TARGETING_MATCH")
            #expect(all.flags["count"]?.doubleValue == 10)
            #expect(all.flags["object"]?.objectValue.fields["a"] == 1)
            #expect(all.flags["off"]?.value == nil && all.flags["off"]?.reason == "DISABLED")
            #expect(try all.metadata.json() == ["flagSetId": "shop/production"])
        }
    }

    @Test func `an answer names the revision that it is of, and a refusal the call`() async throws {
        try await Self.run { test, client in
            let revision = try await client.v2.resolveBoolean(
                .with { $0.flagKey = "bool" }, metadata: client.metadata()
            ) { Array($0.metadata[stringValues: "x-revision"]) }
            #expect(revision == [String(test.revision)])
            var metadata = client.metadata(selector: "shop/nowhere")
            metadata.addString("call-1", forKey: "x-request-id")
            let sent = metadata
            let error = await #expect(throws: RPCError.self) {
                try await client.v2.resolveBoolean(.with { $0.flagKey = "bool" }, metadata: sent)
            }
            #expect(error.map { Array($0.metadata[stringValues: "request-id"]) } == ["call-1"])
        }
    }

    // MARK: Who may

    @Test func `without a live token no method answers`() async throws {
        let methods =
            Flagd_Evaluation_V1_Service.Method.descriptors + Flagd_Evaluation_V2_Service.Method.descriptors
            + Flagd_Sync_V1_FlagSyncService.Method.descriptors
        #expect(methods.count == 16)
        try await Self.run { test, _ in
            for token in [ServerUnderTest.Token.none, .other("cfg_" + String(repeating: "0", count: 38)), .other("x")] {
                try await FlagdClient.run(test, token: token) { client in
                    for method in methods {
                        await expectStatus(.unauthenticated, problem: .unauthenticated) {
                            try await client.call(method)
                        }
                    }
                }
            }
        }
    }

    @Test func `a token for one environment needs no selector, and gets no other environment`() async throws {
        try await Self.run { test, _ in
            let made = try await test.makeToken(
                "shop-production", "evaluator", project: "shop", environments: ["production"])
            try await FlagdClient.run(test, token: .other(made.text)) { client in
                for selector in [nil, "", "shop/production", "flagSetId=shop/production"] {
                    let answer = try await client.boolean("bool", selector: selector)
                    #expect(answer.value)
                }
                await expectStatus(.notFound, problem: .notFound) {
                    _ = try await client.boolean("bool", selector: "shop/staging")
                }
                await expectStatus(.notFound, problem: .notFound) {
                    _ = try await client.boolean("bool", selector: "other/production")
                }
            }
        }
    }

    @Test func `a token for more needs a selector`() async throws {
        try await Self.run { _, client in
            for selector in [nil, "production", "shop/", "/", "a/b/c", "source=file"] {
                await expectStatus(.invalidArgument) { _ = try await client.boolean("bool", selector: selector) }
            }
            await expectStatus(.notFound, problem: .notFound) {
                _ = try await client.boolean("bool", selector: "shop/nowhere")
            }
            let staging = try await client.boolean("bool", selector: "shop/staging")
            #expect(staging.reason == "DISABLED")
        }
    }

    @Test func `a role that may not evaluate is refused`() async throws {
        try await Self.run { test, _ in
            let token = try await test.restricted("reader", [["actions": ["read"]]])
            try await FlagdClient.run(test, token: token) { client in
                await expectStatus(.permissionDenied, problem: .forbidden) { _ = try await client.boolean("bool") }
                await expectStatus(.permissionDenied, problem: .forbidden) { _ = try await client.events().next() }
                await expectStatus(.permissionDenied, problem: .forbidden) { _ = try await client.definitions().next() }
            }
        }
    }

    @Test func `calls are counted by method and status`() async throws {
        try await Self.run { test, client in
            _ = try await client.boolean("bool")
            await expectStatus(.notFound) { _ = try await client.boolean("none") }
            let text = try await test.get("/metrics").text
            let method = #"method="flagd.evaluation.v2.Service/ResolveBoolean""#
            #expect(text.contains("cfg_grpc_requests_total{\(method),status=\"ok\"} 1"), "\(text)")
            #expect(text.contains("cfg_grpc_requests_total{\(method),status=\"notFound\"} 1"), "\(text)")
            #expect(text.contains("cfg_grpc_request_duration_seconds_count{\(method)} 2"), "\(text)")
            #expect(text.contains("cfg_grpc_connections 1"), "\(text)")
            #expect(!test.log.all.joined().contains(test.token))
        }
    }
}
