package import ControlPlane
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import Logging
import Metrics
import NIOCore
import NIOSSL
import ServiceLifecycle

/// The gRPC server: flagd's protocols for evaluating flags and for following their definition, for clients with a token of the platform.
///
/// In a service group it belongs beside the HTTP server: after the platform, and before the platform's watches.
package final class FlagdServer: Service {
    private let server: GRPCServer<HTTP2ServerTransport.Custom<GRPCListener>>
    private let connections: GRPCConnections
    private let address: ListenAddress
    private let settings: ServerSettings
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - certificates: those of the HTTP server; nil for plain HTTP/2.
    ///   - onListening: told the port once connections are accepted.
    package init(
        platform: Platform, address: ListenAddress, settings: ServerSettings, certificates: Certificates?,
        metrics: PrometheusMetrics, logger: Logger, onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) throws {
        let connections = GRPCConnections()
        let listener = GRPCListener(
            address: address,
            tls: try certificates.map { try NIOSSLContext(configuration: $0.tlsConfiguration(protocols: ["h2"])) },
            settings: settings, connections: connections,
            open: Meter(label: "cfg_grpc_connections", factory: metrics))
        let calls = FlagCalls(
            platform: platform, settings: settings, connections: connections, metrics: metrics, logger: logger)
        server = GRPCServer(
            transport: HTTP2ServerTransport.Custom(
                listenerFactory: listener, config: Self.transport(settings.grpc)),
            services: [EvaluationV1(calls: calls), EvaluationV2(calls: calls), FlagSync(calls: calls)])
        self.connections = connections
        self.address = address
        self.settings = settings
        self.logger = logger
        self.onListening = onListening
    }

    private static func transport(
        _ settings: ServerSettings.GRPC
    ) -> HTTP2ServerTransport.Custom<GRPCListener>.Config {
        var config = HTTP2ServerTransport.Custom<GRPCListener>.Config.defaults
        config.rpc.maxRequestPayloadSize = settings.messageBytesMax
        config.http2.maxConcurrentStreams = settings.streamsPerConnectionMax
        config.channelDebuggingCallbacks.onAcceptHTTP2Stream = { stream in
            stream.eventLoop.makeCompletedFuture {
                let gate = CallGate(
                    patience: TimeAmount(seconds: settings.requestSeconds), messageBytesMax: settings.messageBytesMax)
                try stream.pipeline.syncOperations.addHandler(gate, position: .first)
            }
        }
        config.connection.maxIdleTime = .seconds(settings.idleSeconds)
        config.connection.keepalive.time = .seconds(settings.silenceSeconds)
        config.connection.keepalive.timeout = .seconds(settings.answerSeconds)
        // Clients may ask for signs of life themselves, more often than gRPC's five minutes and before their first call.
        config.connection.keepalive.clientBehavior.allowWithoutCalls = true
        config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(5)
        return config
    }

    /// Serves until graceful shutdown, then finishes what was accepted. Connections that are still busy when the grace is over are closed.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                try await self.serve()
                return .server
            }
            group.addTask {
                if let address = await self.server.transport.listeningAddress {
                    await self.onListening(address.ipv4?.port ?? address.ipv6?.port ?? self.address.port)
                }
                return .other
            }
            group.addTask {
                try await gracefulShutdown()
                self.server.beginGracefulShutdown()
                try await Task.sleep(for: .seconds(self.settings.grpc.shutdownGraceSeconds))
                self.connections.closeAll()
                return .other
            }
            while let part = try await group.next() {
                if part == .server { break }
            }
            group.cancelAll()
        }
    }

    private enum Part {
        case server, other
    }

    private func serve() async throws {
        do {
            try await server.serve()
        } catch let error as RuntimeError {
            guard let cause = error.cause as? IOError,
                [EADDRINUSE, EADDRNOTAVAIL, EACCES].contains(cause.errnoCode)
            else { throw error.cause ?? error }
            let reason = String(cString: strerror(cause.errnoCode))
            throw InvalidSetting("grpc-listen", "\(address.text) cannot be listened at: \(reason).")
        }
    }
}
