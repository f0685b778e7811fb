import API
import ConfigPlatformModel
import FlagdProtocol
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf
import SwiftProtobuf
import TestSupport
import Testing

/// A client of flagd's protocols with one connection, its messages generated from the same files as the server's.
struct FlagdClient: Sendable {
    typealias Transport = HTTP2ClientTransport.Posix

    let connection: GRPCClient<Transport>
    private let token: String?

    var v1: Flagd_Evaluation_V1_Service.Client<Transport> { .init(wrapping: connection) }
    var v2: Flagd_Evaluation_V2_Service.Client<Transport> { .init(wrapping: connection) }
    var sync: Flagd_Sync_V1_FlagSyncService.Client<Transport> { .init(wrapping: connection) }

    static let selector = "shop/production"

    /// Runs `body` with a client that sends the token, then closes its connection.
    static func run<Result: Sendable>(
        _ test: ServerUnderTest, token: ServerUnderTest.Token = .own,
        security: Transport.TransportSecurity = .plaintext,
        _ body: (FlagdClient) async throws -> Result
    ) async throws -> Result {
        let text: String? =
            switch token {
            case .own: test.token
            case .none: nil
            case .other(let text): text
            }
        let transport = try Transport(
            target: .ipv4(address: "127.0.0.1", port: test.grpcPort), transportSecurity: security)
        return try await withGRPCClient(transport: transport) { connection in
            try await body(FlagdClient(connection: connection, token: text))
        }
    }

    /// What every call sends besides its message.
    func metadata(selector: String? = Self.selector) -> Metadata {
        var metadata: Metadata = [:]
        if let token { metadata.addString("Bearer \(token)", forKey: "authorization") }
        if let selector { metadata.addString(selector, forKey: "flagd-selector") }
        return metadata
    }

    func boolean(_ key: String, selector: String? = Self.selector) async throws
        -> Flagd_Evaluation_V2_ResolveBooleanResponse
    {
        try await v2.resolveBoolean(.with { $0.flagKey = key }, metadata: metadata(selector: selector))
    }

    /// Without signs of life, which come when nothing else does.
    func events(selector: String? = Self.selector) -> Received<Flagd_Evaluation_V2_EventStreamResponse> {
        Received { continuation in
            try await v2.eventStream(.init(), metadata: metadata(selector: selector)) { response in
                for try await event in response.messages where event.type != "keep_alive" { continuation.yield(event) }
            }
        }
    }

    func definitions(selector: String? = Self.selector, inMessage: String = "")
        -> Received<Flagd_Sync_V1_SyncFlagsResponse>
    {
        Received { continuation in
            try await sync.syncFlags(.with { $0.selector = inMessage }, metadata: metadata(selector: selector)) {
                response in
                for try await definition in response.messages { continuation.yield(definition) }
            }
        }
    }

    /// Calls a method with an empty message, whatever its own is.
    func call(_ method: MethodDescriptor) async throws {
        try await connection.serverStreaming(
            request: ClientRequest(message: Google_Protobuf_Empty(), metadata: metadata()), descriptor: method,
            serializer: ProtobufSerializer<Google_Protobuf_Empty>(),
            deserializer: ProtobufDeserializer<Google_Protobuf_Empty>(), options: .defaults
        ) { response in
            for try await _ in response.messages {}
        }
    }
}

/// A stream that is being received, until it ends or is left.
final class Received<Message: Sendable>: Sendable {
    private let stream: AsyncThrowingStream<Message, any Error>
    private let task: Task<Void, Never>

    init(_ receive: @escaping @Sendable (AsyncThrowingStream<Message, any Error>.Continuation) async throws -> Void) {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: Message.self)
        self.stream = stream
        task = Task {
            do {
                try await receive(continuation)
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
    }

    deinit { task.cancel() }

    /// The next message; nil at the stream's end in order. Throws the status with which it ended otherwise.
    func next() async throws -> Message? {
        for try await message in stream { return message }
        return nil
    }

    func leave() { task.cancel() }
}

extension ServerUnderTest {
    /// Settings with which gRPC is served too.
    static func grpcSettings(_ alter: (inout ServerSettings) -> Void = { _ in }) throws -> ServerSettings {
        var settings = try ServerSettings(listen: "127.0.0.1:0", grpcListen: "127.0.0.1:0")
        alter(&settings)
        return settings
    }

    /// Flags of the shop, ruled in production.
    func putFlags(
        _ flags: [(key: String, flag: JSONValue, rule: JSONValue?)], _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let operations = flags.flatMap { key, flag, rule -> [JSONValue] in
            let definition: JSONValue = ["op": "put", "kind": "flag", "key": .string(key), "value": flag]
            let ruled = rule.map { rule -> JSONValue in
                ["op": "put", "kind": "flag-rule", "environment": "production", "key": .string(key), "value": rule]
            }
            return [definition] + (ruled.map { [$0] } ?? [])
        }
        try await json(
            201, "POST", "\(Self.shop)/changes", body: ["message": "flags", "operations": .array(operations)], location)
    }

    func killFlag(_ key: String, _ variant: JSONValue = .null, _ location: SourceLocation = #_sourceLocation)
        async throws
    {
        try await json(
            201, "POST", "\(Self.shop)/changes",
            body: [
                "message": .string("kill \(key)"),
                "operations": [
                    [
                        "op": "put", "kind": "flag-kill", "environment": "production", "key": .string(key),
                        "value": ["variant": variant, "reason": "on fire"],
                    ]
                ],
            ], location)
    }

    /// A boolean flag that is on where it is ruled.
    static let plainFlag: JSONValue = [
        "type": "boolean", "variants": ["on": true, "off": false], "defaultVariant": "on",
    ]
}

extension Google_Protobuf_Struct {
    func json() throws -> JSONValue { try JSONValue(parsing: try jsonString()) }
}

/// Expects a call to end with a status.
func expectStatus(
    _ code: RPCError.Code, problem: Problem.Code? = nil, _ location: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("the call ended well", sourceLocation: location)
    } catch let error as RPCError {
        #expect(error.code == code, "\(error)", sourceLocation: location)
        if let problem {
            #expect(
                Array(error.metadata[stringValues: "problem"]) == [problem.rawValue], "\(error)",
                sourceLocation: location)
        }
    } catch {
        Issue.record(error, sourceLocation: location)
    }
}
