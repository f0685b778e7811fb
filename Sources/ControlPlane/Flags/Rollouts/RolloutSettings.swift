import AsyncHTTPClient
import ConfigPlatformModel
import NIOCore
import NIOHTTP1

/// How rollouts take their steps by themselves.
package struct RolloutSettings: Sendable {
    /// Between two looks at what is due.
    package var lookSeconds: Double
    /// How long a replica that has died keeps others from taking over.
    package var leaseSeconds: Int64
    /// Asks what a guard is about.
    package let send: @Sendable (OutboundCall) async throws -> WebhookReply

    package init(
        lookSeconds: Double = 1, leaseSeconds: Int64 = 15,
        send: @escaping @Sendable (OutboundCall) async throws -> WebhookReply
    ) {
        self.lookSeconds = lookSeconds
        self.leaseSeconds = leaseSeconds
        self.send = send
    }

    /// Over the network, to where `networks` permit.
    package init(networks: OutboundNetworks) {
        self.init { call in try await call.send(to: networks) }
    }

    /// To the public network only.
    package init() {
        // What admits nothing names no network that could be wrong.
        self.init(networks: try! OutboundNetworks())
    }
}

/// A request whose address somebody wrote who administers nothing.
package struct OutboundCall: Sendable {
    package let method: String
    package let url: String
    package let headers: [(String, String)]
    package let body: [UInt8]

    package static let timeoutSeconds: Int64 = 5

    /// Redirections are not followed, no proxy of the environment is asked, and no more than ``Limits/validatorAnswerBytes`` are read.
    /// Throws ``WebhookFailure``.
    func send(to networks: OutboundNetworks) async throws -> WebhookReply {
        let target = try await networks.target(of: url)
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(Self.timeoutSeconds)
        configuration.dnsOverride = [target.host: target.address]
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let reply: Result<WebhookReply, any Error>
        do { reply = .success(try await execute(target, on: client)) } catch { reply = .failure(error) }
        try? await client.shutdown()
        return try reply.get()
    }

    private func execute(_ target: OutboundNetworks.Target, on client: HTTPClient) async throws -> WebhookReply {
        var request = HTTPClientRequest(url: target.url)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            let response = try await client.execute(request, timeout: .seconds(Self.timeoutSeconds))
            let body = try await response.body.collect(upTo: Limits.validatorAnswerBytes)
            return WebhookReply(status: Int(response.status.code), body: Array(body.readableBytesView))
        } catch let error as HTTPClientError {
            throw WebhookFailure(
                description: error == .deadlineExceeded || error == .connectTimeout
                    ? "it did not answer within \(Self.timeoutSeconds) seconds" : "it cannot be reached (\(error))")
        } catch is NIOTooManyBytesError {
            throw WebhookFailure(description: "its answer has more than \(Limits.validatorAnswerBytes) bytes")
        } catch {
            throw WebhookFailure(description: "it cannot be reached (\(error))")
        }
    }
}
