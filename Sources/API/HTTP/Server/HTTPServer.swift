package import ControlPlane
import Foundation
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The HTTP server: HTTP/1.1, and HTTP/2 where there is TLS, over one port.
///
/// In a service group it belongs after the platform and before the platform's watches, `[platform, server,
/// platform.watches]`: the group stops its services in reverse order, so watches end first, then connections finish
/// what they accepted, then the platform writes what is left and closes.
package final class HTTPServer: Service {
    private let core: ServerCore
    private let server: any Service
    /// Those of the server, which whatever else listens with the same files shares.
    package let certificates: Certificates?
    private let connections: OpenConnections

    /// - Parameter onListening: told the port once connections are accepted.
    ///
    /// Throws ``InvalidSetting`` where the certificate cannot be used.
    package init(
        platform: Platform, settings: ServerSettings, metrics: PrometheusMetrics, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) throws {
        core = ServerCore(
            platform: platform, settings: settings, metrics: metrics, routes: RouteTable.all, logger: logger)
        let dispatcher = Dispatcher(core: core)
        let pipeline = ConnectionPipeline(core)
        let connections = OpenConnections()
        self.connections = connections
        let childChannel: any ServerChildChannel
        if let files = settings.tls {
            let certificates = try Certificates(
                files, clientAuthoritiesPath: settings.clientAuthoritiesPath,
                reloadSeconds: settings.certificateReloadSeconds, logger: logger)
            self.certificates = certificates
            let secure = try SecureConnections(
                pipeline, certificates.tlsConfiguration(protocols: ["h2", "http/1.1"]), responder: dispatcher.respond)
            childChannel = HandledAtOnce(connections: secure, open: connections)
        } else {
            certificates = nil
            let plain = PlainConnections(pipeline: pipeline, responder: dispatcher.respond)
            childChannel = HandledAtOnce(connections: plain, open: connections)
        }
        // The framework's own lines are about itself.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        server = childChannel.server(
            configuration: ServerConfiguration(
                address: .hostname(settings.listen.host, port: settings.listen.port), backlog: settings.backlog,
                availableConnectionsDelegate: .maximum(settings.connectionsMax, logger: quiet)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? settings.listen.port) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quiet)
    }

    /// Serves until graceful shutdown, then finishes what was accepted. Connections that are still busy when the grace
    /// is over are closed.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                do {
                    try await self.server.run()
                } catch let error as IOError where [EADDRINUSE, EADDRNOTAVAIL, EACCES].contains(error.errnoCode) {
                    let listen = self.core.settings.listen
                    let reason = String(cString: strerror(error.errnoCode))
                    throw InvalidSetting("listen", "\(listen.host):\(listen.port) cannot be listened at: \(reason).")
                }
                await self.connections.ended()
                return .server
            }
            if let certificates {
                group.addTask {
                    try await certificates.run()
                    return .other
                }
            }
            group.addTask {
                try await gracefulShutdown()
                self.connections.stop()
                try await Task.sleep(for: .seconds(self.core.settings.shutdownGraceSeconds))
                self.core.logger.warning(
                    "connections were still busy when the time to finish them was over; they are closed")
                return .grace
            }
            while let part = try await group.next() {
                if part != .other { break }
            }
            group.cancelAll()
        }
    }

    private enum Part {
        case server, grace, other
    }

    /// Looks at the certificate's files at once; for SIGHUP.
    package func reload() { certificates?.reload() }
}
