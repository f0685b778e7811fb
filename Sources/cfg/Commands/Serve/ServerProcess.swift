import API
import ConfigPlatformModel
import ControlPlane
import Foundation
import Logging
import Metrics
import ServiceLifecycle
import Store
import UnixSignals

/// One `cfg serve`: opens the store, loads the platform, serves it until a signal, and leaves nothing behind that was accepted.
struct ServerProcess: Sendable {
    private let settings: ServeSettings

    init(_ settings: ServeSettings) {
        self.settings = settings
    }

    func run() async throws {
        FreedMemory.keep()
        let logger = makeLogger()
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        let store = try await location.open(for: .serve)
        let platform: Platform
        do {
            platform = try await Platform(
                store: store, world: .system, logger: logger,
                webhooks: Webhooks(key: settings.webhookKey, alertURL: settings.alertURL), signIn: settings.signIn,
                rollouts: RolloutSettings(networks: settings.guardNetworks), hookKey: settings.hookKey)
        } catch {
            await store.close()
            throw error
        }
        logger.info(
            "the platform is loaded",
            metadata: ["store": "\(store.location)", "revision": "\(platform.state.revision)"])
        let start = ServerStart(platform: platform, settings: settings, logger: logger)
        let server: HTTPServer
        var flagd: FlagdServer?
        do {
            server = try HTTPServer(
                platform: platform, settings: settings.http, metrics: metrics, logger: logger,
                onListening: { port in start.noteListening(.http, at: port) })
            if let address = settings.http.grpcListen {
                flagd = try FlagdServer(
                    platform: platform, address: address, settings: settings.http, certificates: server.certificates,
                    metrics: metrics, logger: logger, onListening: { port in start.noteListening(.grpc, at: port) })
            }
        } catch {
            await store.close()
            throw error
        }
        let hangUps = CertificateReload(server: server, logger: logger)
        // Stopped in reverse: watches end, then connections, then the platform writes what is left.
        let services: [(any Service)?] = [platform, start, server, flagd, hangUps, platform.watches]
        var configuration = ServiceGroupConfiguration(
            services: services.compactMap { $0 }.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(settings.http.shutdownGraceSeconds + 30)
        try await ServiceGroup(configuration: configuration).run()
    }

    private var location: StoreLocation {
        switch settings.database {
        case .embedded(let directory): .embedded(directory: directory)
        case .postgreSQL(let url): .postgreSQL(url: url.text)
        }
    }

    private func makeLogger() -> Logger {
        let format = settings.logFormat
        LoggingSystem.bootstrap { label in
            switch format {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(label: label)
            }
        }
        var logger = Logger(label: "cfg")
        logger.logLevel = settings.logLevel
        return logger
    }
}

/// What happens once both the writer and the sockets are there: first tokens, the sample, and the one line that says so.
struct ServerStart: Service {
    private let platform: Platform
    private let settings: ServeSettings
    private let logger: Logger
    private let ports: AsyncStream<(Listener, port: Int)>
    private let port: AsyncStream<(Listener, port: Int)>.Continuation

    enum Listener: Hashable { case http, grpc }

    init(platform: Platform, settings: ServeSettings, logger: Logger) {
        self.platform = platform
        self.settings = settings
        self.logger = logger
        (ports, port) = AsyncStream.makeStream()
    }

    func noteListening(_ listener: Listener, at port: Int) { self.port.yield((listener, port)) }

    func run() async throws {
        let greeting = try await prepare()
        var listening: [Listener: Int] = [:]
        for await (listener, port) in ports.cancelOnGracefulShutdown() {
            listening[listener] = port
            guard let http = listening[.http], listening[.grpc] != nil || settings.http.grpcListen == nil else {
                continue
            }
            announce(http, grpc: listening[.grpc], greeting)
        }
        try? await gracefulShutdown()
    }

    /// Tokens and sample; returns what there is to say about them.
    private func prepare() async throws -> [String] {
        var lines: [String] = []
        switch settings.database {
        case .embedded(let directory) where settings.isDevelopment:
            let path = URL(fileURLWithPath: directory).appendingPathComponent("dev-token").path
            let kept = try? String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
            let token = try await platform.developmentToken(kept: kept)
            if kept != token.text { try Self.write(token.text, to: path) }
            lines.append("  development token: \(token.text)   (also in \(path))")
        default:
            if let token = try await platform.createBootstrapTokenIfFirst() {
                lines.append("  bootstrap token, shown this once: \(token.text)")
                lines.append("  It ends when it has made the first other one:  cfg token create --name admin")
            }
        }
        if settings.withSample, platform.state.projects.isEmpty {
            try await platform.makeSample(try SampleProject.proposal())
        }
        return lines
    }

    private func announce(_ port: Int, grpc grpcPort: Int?, _ greeting: [String]) {
        let scheme = settings.http.tls == nil ? "http" : "https"
        let url = "\(scheme)://\(settings.http.listen.at(port))"
        var lines = ["cfg is ready at \(url)"]
        if let grpcPort, let address = settings.http.grpcListen { lines.append("  gRPC at \(address.at(grpcPort))") }
        lines += greeting
        if settings.withSample {
            lines += [
                "",
                "  Try, in another terminal:",
                "    export CFG_SERVER=\(url) CFG_PROJECT=shop"
                    + (settings.isDevelopment ? " CFG_TOKEN=$(cat \(tokenPath))" : ""),
                "    cfg list -e production", "    cfg set checkout.timeout 3000 -e production",
                "    cfg diff --from 1 -e production",
                "    cfg rollback 1 -e production",
            ]
        }
        // One write, so that whoever waits for the first line finds the rest behind it.
        FileHandle.standardOutput.write(Data((lines.joined(separator: "\n") + "\n").utf8))
    }

    private var tokenPath: String {
        if case .embedded(let directory) = settings.database { "\(directory)/dev-token" } else { "dev-token" }
    }

    private static func write(_ token: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, fchmod(descriptor, 0o600) == 0 else {
            throw StoreError.cannotOpen("The token cannot be written to \(path): \(String(cString: strerror(errno))).")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data((token + "\n").utf8))
        try handle.synchronize()
    }
}

/// SIGHUP reads the certificate anew.
struct CertificateReload: Service {
    let server: HTTPServer
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            logger.info("SIGHUP: the certificate is read anew")
            server.reload()
        }
    }
}
