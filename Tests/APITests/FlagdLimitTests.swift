import API
import ConfigPlatformModel
import FlagdProtocol
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SwiftProtobuf
import TestSupport
import Testing

@Suite("What the gRPC server puts up with", .serialized, .timeLimit(.minutes(2)))
struct FlagdLimitTests {
    private static func run(
        _ alter: @escaping (inout ServerSettings) -> Void, _ body: (ServerUnderTest) async throws -> Void
    ) async throws {
        try await ServerUnderTest.run(settings: { try ServerUnderTest.grpcSettings(alter) }) { test in
            try await test.makeShop()
            try await test.putFlags([("one", ServerUnderTest.plainFlag, [:])])
            try await body(test)
        }
    }

    @Test func `a message at its limit is taken, and one byte more is refused by name`() async throws {
        #expect(try ServerUnderTest.grpcSettings().grpc.messageBytesMax == Limits.grpcMessageBytes)
        try await Self.run {
            $0.grpc.messageBytesMax = 2_000
        } _: { test in
            func request(bytes: Int) throws -> Flagd_Evaluation_V2_ResolveBooleanRequest {
                var request = Flagd_Evaluation_V2_ResolveBooleanRequest.with { $0.flagKey = "one" }
                for length in max(0, bytes - 50)..<bytes {
                    guard try request.serializedData().count < bytes else { break }
                    request.context = ["x": .init(stringValue: String(repeating: "y", count: length))]
                }
                return request
            }
            try await FlagdClient.run(test) { client in
                let metadata = client.metadata()
                let largest = try request(bytes: 2_000)
                #expect(try largest.serializedData().count == 2_000)
                #expect(try await client.v2.resolveBoolean(largest, metadata: metadata).value)
                for bytes in [2_001, 200_000] {
                    let larger = try request(bytes: bytes)
                    await expectStatus(.resourceExhausted) {
                        _ = try await client.v2.resolveBoolean(larger, metadata: metadata)
                    }
                }
                #expect(try await client.boolean("one").value, "the connection goes on")
            }
        }
    }

    @Test func `a context has as many attributes as it may, and not one more`() async throws {
        try await Self.run { _ in
        } _: { test in
            func request(attributes: Int) -> Flagd_Evaluation_V2_ResolveBooleanRequest {
                .with { request in
                    request.flagKey = "one"
                    for index in 0..<attributes { request.context.fields["a\(index)"] = 1 }
                }
            }
            try await FlagdClient.run(test) { client in
                let metadata = client.metadata()
                let most = try await client.v2.resolveBoolean(
                    request(attributes: Limits.contextAttributes), metadata: metadata)
                #expect(most.value)
                let more = request(attributes: Limits.contextAttributes + 1)
                await expectStatus(.resourceExhausted, problem: .limitExceeded) {
                    _ = try await client.v2.resolveBoolean(more, metadata: metadata)
                }
                await expectStatus(.resourceExhausted, problem: .limitExceeded) {
                    _ = try await client.v1.resolveAll(.with { $0.context = more.context }, metadata: metadata)
                }
            }
        }
    }

    @Test func `a context that is nested without end is refused`() async throws {
        try await Self.run { _ in
        } _: { test in
            var value: Google_Protobuf_Value = 1
            for _ in 0..<500 {
                value = Google_Protobuf_Value(structValue: Google_Protobuf_Struct(fields: ["a": value]))
            }
            let request = Flagd_Evaluation_V2_ResolveBooleanRequest.with {
                $0.flagKey = "one"
                $0.context.fields["a"] = value
            }
            try await FlagdClient.run(test) { client in
                await expectStatus(.invalidArgument) {
                    _ = try await client.v2.resolveBoolean(request, metadata: client.metadata())
                }
            }
        }
    }

    @Test func `a connection has as many calls open as it may; the next waits`() async throws {
        #expect(try ServerUnderTest.grpcSettings().grpc.streamsPerConnectionMax == Limits.grpcStreamsPerConnection)
        try await Self.run {
            $0.grpc.streamsPerConnectionMax = 3
        } _: { test in
            try await FlagdClient.run(test) { client in
                let streams = [client.events(), client.events(), client.events()]
                for stream in streams { #expect(try await stream.next()?.type == "provider_ready") }
                let answer = Task { try await client.boolean("one").value }
                try await Task.sleep(for: .milliseconds(200))
                #expect(!test.log.all.contains { $0.contains("ResolveBoolean") })
                streams[0].leave()
                #expect(try await answer.value)
            }
        }
    }

    @Test func `there are as many connections as there may be; the next waits`() async throws {
        try await Self.run {
            $0.grpc.connectionsMax = 2
        } _: { test in
            try await FlagdClient.run(test) { first in
                let events = first.events()
                #expect(try await events.next()?.type == "provider_ready")
                let answer = try await FlagdClient.run(test) { second in
                    #expect(try await second.boolean("one").value)
                    let answer = Task { try await FlagdClient.run(test) { try await $0.boolean("one").value } }
                    try await Task.sleep(for: .milliseconds(200))
                    #expect(test.log.all.count { $0.contains("ResolveBoolean") } == 1)
                    return answer
                }
                #expect(try await answer.value, "when one has left")
            }
        }
    }

    @Test func `a connection that says nothing is closed`() async throws {
        try await Self.run {
            $0.grpc.silenceSeconds = 0.2
            $0.grpc.answerSeconds = 0.2
        } _: { test in
            let silent = try HTTPConnection(port: test.grpcPort)
            // The server's own greeting comes first, which is the beginning of no answer.
            let failure = await #expect(throws: HTTPConnection.Failure.self) { try await silent.answer() }
            #expect(failure?.description.contains("the connection ended") == true, "\(String(describing: failure))")
        }
    }

    @Test func `a connection whose client answers pings is not closed`() async throws {
        try await Self.run {
            $0.grpc.silenceSeconds = 0.2
            $0.grpc.answerSeconds = 20
        } _: { test in
            try await FlagdClient.run(test) { client in
                let events = client.events()
                #expect(try await events.next()?.type == "provider_ready")
                try await Task.sleep(for: .seconds(2))
                try await test.killFlag("one")
                #expect(try await events.next()?.type == "configuration_change")
            }
        }
    }

    @Test func `a connection without calls is closed in time`() async throws {
        try await Self.run {
            $0.grpc.idleSeconds = 1
        } _: { test in
            try await FlagdClient.run(test) { client in
                for _ in 0..<3 {
                    // Until the client has seen that its connection is closed, it tries that.
                    while (try? await client.boolean("one").value) == nil {}
                    while try await test.get("/metrics").text.contains("cfg_grpc_connections 1") {
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
            }
        }
    }

    @Test func `a client that takes nothing is given up`() async throws {
        try await Self.run {
            $0.stallSeconds = 0.3
        } _: { test in
            let text = String(repeating: "x", count: 200_000)
            try await test.putFlags(
                (0..<8).map { index in
                    (
                        "long-\(index)", ["type": "string", "variants": ["a": .string(text)], "defaultVariant": "a"],
                        [:]
                    )
                })
            try await FlagdClient.run(test) { client in
                let (began, begin) = AsyncStream.makeStream(of: Void.self)
                let (released, release) = AsyncStream.makeStream(of: Void.self)
                let stalled = Received<Flagd_Sync_V1_SyncFlagsResponse> { continuation in
                    // Also where the call fails before it begins.
                    defer { begin.finish() }
                    try await client.sync.syncFlags(.init(), metadata: client.metadata()) { response in
                        begin.yield()
                        for await _ in released { break }
                        for try await definition in response.messages { continuation.yield(definition) }
                    }
                }
                for await _ in began { break }
                for index in 0..<20 { try await test.killFlag("one", index % 2 == 0 ? "off" : "on") }
                while !test.log.all.contains(where: { $0.contains("SyncFlags") }) {
                    try await Task.sleep(for: .milliseconds(20))
                }
                release.yield()
                await #expect(throws: (any Error).self) { while try await stalled.next() != nil {} }
            }
        }
    }
}
