import ArgumentParser
import Foundation

/// `cfg serve`: every setting as a flag, besides `--config`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            Each setting may be given as a flag, as an environment variable (CFG_SERVE_ and its name in capitals: \
            CFG_SERVE_TLS_KEY), or in a YAML, TOML or JSON file named by --config or CFG_SERVE_CONFIG, where its name is the \
            flag's without dashes in front. Flags win over variables, variables over the file. A name that is no setting is refused.

            The server says 'cfg is ready at URL' on standard output when it is, and logs to standard error. SIGTERM and SIGINT \
            stop it once it has finished what it accepted; SIGHUP reads the certificate anew.

            Examples:
              cfg serve --dev --data ./data
              cfg serve --data /var/lib/cfg --listen 0.0.0.0:8420 --tls-certificate cert.pem --tls-key key.pem
              cfg serve --database-url 'postgres://cfg@db1,db2/cfg?target_session_attrs=read-write'
            """)

    @Option(help: Self.help("data")) var data: String?
    @Option(help: Self.help("database-url")) var databaseUrl: String?
    @Option(help: Self.help("listen")) var listen: String?
    @Option(help: Self.help("grpc-listen")) var grpcListen: String?
    @Option(help: Self.help("tls-certificate")) var tlsCertificate: String?
    @Option(help: Self.help("tls-key")) var tlsKey: String?
    @Flag(help: Self.help("insecure")) var insecure = false
    @Flag(help: Self.help("dev")) var dev = false
    @Flag(help: Self.help("sample")) var sample = false
    @Option(help: Self.help("log-level")) var logLevel: String?
    @Option(help: Self.help("log-format")) var logFormat: String?
    @Flag(help: Self.help("metrics-public")) var metricsPublic = false
    @Option(help: Self.help("trusted-proxies")) var trustedProxies: String?
    @Option(help: Self.help("webhook-key-file")) var webhookKeyFile: String?
    @Option(help: Self.help("hook-key-file")) var hookKeyFile: String?
    @Option(help: Self.help("alert-url")) var alertUrl: String?
    @Option(help: Self.help("guard-networks")) var guardNetworks: String?
    @Option(help: Self.help("client-ca")) var clientCa: String?
    @Option(help: Self.help("issuer-secrets")) var issuerSecrets: String?
    @Flag(help: Self.help("local-users")) var localUsers = false
    @Option(help: Self.help("shutdown-grace-seconds")) var shutdownGraceSeconds: String?
    @Option(help: ArgumentHelp("Settings file (YAML, TOML or JSON).", valueName: "FILE")) var config: String?

    private static func help(_ key: String) -> ArgumentHelp {
        guard let setting = ServeSetting.named(key) else { return ArgumentHelp(stringLiteral: key) }
        return ArgumentHelp(stringLiteral: setting.help).named(setting.value)
    }

    private var flags: [String: String] {
        let options: [String: String?] = [
            "data": data, "database-url": databaseUrl, "listen": listen, "grpc-listen": grpcListen,
            "tls-certificate": tlsCertificate, "tls-key": tlsKey,
            "log-level": logLevel, "log-format": logFormat, "trusted-proxies": trustedProxies,
            "webhook-key-file": webhookKeyFile, "shutdown-grace-seconds": shutdownGraceSeconds,
            "hook-key-file": hookKeyFile, "alert-url": alertUrl, "guard-networks": guardNetworks, "client-ca": clientCa,
            "issuer-secrets": issuerSecrets,
            "local-users": localUsers ? "true" : nil, "insecure": insecure ? "true" : nil,
            "dev": dev ? "true" : nil,
            "sample": sample ? "true" : nil, "metrics-public": metricsPublic ? "true" : nil,
        ]
        return options.compactMapValues { $0 }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        do {
            let settings = try ServeSettings(
                flags: flags, environment: environment, file: config ?? environment["CFG_SERVE_CONFIG"])
            try await ServerProcess(settings).run()
        } catch {
            FileHandle.standardError.write(Data("cfg serve: \(StartFailure.sentence(for: error))\n".utf8))
            throw ExitCode(1)
        }
    }
}

extension ArgumentHelp {
    fileprivate func named(_ value: String) -> ArgumentHelp {
        var help = self
        help.valueName = value
        return help
    }
}
