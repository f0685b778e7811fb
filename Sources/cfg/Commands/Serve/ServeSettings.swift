import API
import ConfigFormats
import ConfigPlatformModel
import Configuration
import ControlPlane
import Foundation
import Logging

/// The settings of `cfg serve`, parsed: flags before environment variables before the file.
struct ServeSettings: Sendable {
    enum Database: Sendable {
        case embedded(directory: String)
        case postgreSQL(DatabaseURL)
    }

    /// A URL that may hold a password: it describes itself without.
    struct DatabaseURL: Sendable, CustomStringConvertible, CustomReflectable {
        let text: String

        init(_ text: String) { self.text = text }

        var description: String { "postgres://…" }
        var customMirror: Mirror { Mirror(self, children: [:]) }
    }

    enum LogFormat: String, CaseIterable { case text, json }

    let database: Database
    let http: ServerSettings
    let isDevelopment: Bool
    let withSample: Bool
    let logLevel: Logger.Level
    let logFormat: LogFormat
    let webhookKey: WebhookKey?
    let hookKey: HookKey?
    let alertURL: String?
    let guardNetworks: OutboundNetworks
    let signIn: SignInSettings

    /// Something is wrong with a setting: which, where it was given, and how to mend it.
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - flags: by setting key.
    ///   - file: path of a YAML, TOML or JSON file; nil for none.
    init(flags: [String: String], environment: [String: String], file: String?) throws {
        let variables = try Self.settings(in: environment)
        let contents = try file.map(Self.settings(inFile:)) ?? [:]
        let reader = ConfigReader(providers: [
            Self.provider("command line", flags), Self.provider("environment", variables),
            Self.provider("file", contents),
        ])
        let source = Source(
            reader: reader, flags: flags, variables: variables, file: file, fileKeys: Set(contents.keys))
        for key in ["insecure", "metrics-public", "local-users"] { _ = try source.flag(key) }
        let grace = try source.integer("shutdown-grace-seconds", in: 0...600, default: 20)
        isDevelopment = try source.flag("dev")
        withSample = try source.flag("sample")
        database = try Self.database(source, isDevelopment: isDevelopment)
        logLevel = try source.choice("log-level", Logger.Level.allCases, default: .info)
        logFormat = try source.choice("log-format", LogFormat.allCases, default: .text)
        webhookKey = try Self.key(in: "webhook-key-file", source, WebhookKey.init)
        hookKey = try Self.key(in: "hook-key-file", source, HookKey.init)
        alertURL = try Self.alertURL(source, hasKey: webhookKey != nil)
        guardNetworks = try Self.guardNetworks(source)
        signIn = SignInSettings(
            clientSecrets: try Self.issuerSecrets(source), allowsPasswords: source.isGiven("local-users"))
        http = try Self.http(source, shutdownGraceSeconds: Double(grace))
    }

    private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
        InMemoryProvider(
            name: name,
            values: Dictionary(
                uniqueKeysWithValues: values.map {
                    (AbsoluteConfigKey([$0.key]), ConfigValue(.string($0.value), isSecret: $0.key == "database-url"))
                }))
    }

    private static func settings(in environment: [String: String]) throws -> [String: String] {
        var result: [String: String] = [:]
        for (name, value) in environment where name.hasPrefix(ServeSetting.variablePrefix) {
            guard name != "CFG_SERVE_CONFIG" else { continue }
            guard let setting = ServeSetting.all.first(where: { $0.variable == name }) else {
                throw Invalid(
                    description:
                        "The environment variable \(name) is no setting of cfg serve; remove it, or see 'cfg serve --help'."
                )
            }
            result[setting.key] = value
        }
        return result
    }

    private static func settings(inFile path: String) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Invalid(description: "The settings file \(path) cannot be read.")
        }
        guard let format = ConfigFormat(fileName: path) else {
            throw Invalid(description: "The settings file \(path) is none by its name; call it .yaml, .toml or .json.")
        }
        var result: [String: String] = [:]
        do throws(Problem) {
            for document in try format.read([UInt8](data)).documents {
                for setting in document.settings {
                    result[setting.key.text] = setting.value.stringValue ?? setting.value.canonicalText
                }
            }
        } catch {
            let places = error.violations.map { "\n  line \($0.line ?? 1): \($0.message)" }.joined()
            throw Invalid(description: "The settings file \(path) cannot be read: \(error.detail)\(places)")
        }
        for key in result.keys.sorted() where ServeSetting.named(key) == nil {
            throw Invalid(
                description: "'\(key)' in \(path) is no setting of cfg serve; there are: "
                    + ServeSetting.all.map(\.key).joined(separator: ", ") + ".")
        }
        return result
    }

    private static func database(_ source: Source, isDevelopment: Bool) throws -> Database {
        switch (source.text("data"), source.text("database-url")) {
        case (nil, nil):
            throw Invalid(
                description: "Where is the data to be? Give \(source.called("data")) DIR for the embedded database, or "
                    + "\(source.called("database-url")) URL for PostgreSQL.")
        case (.some(let directory), nil): return .embedded(directory: directory)
        case (nil, .some(let url)) where isDevelopment:
            throw Invalid(
                description:
                    "--dev keeps its token in the data folder; give --data DIR, or use '\(url.prefix(12))…' without --dev."
            )
        case (_, .some(let url)):
            guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
                throw Invalid(description: "\(source.place(of: "database-url")) is not a postgres:// URL.")
            }
            return .postgreSQL(DatabaseURL(url))
        }
    }

    private static func key<Key>(
        in setting: String, _ source: Source, _ make: ([UInt8]) -> Key?
    ) throws -> Key? {
        guard let path = source.text(setting) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Invalid(description: "\(source.place(of: setting)): \(path) cannot be read.")
        }
        // The end of the line that editors and shells put there is not part of a key.
        var bytes = [UInt8](data)
        while bytes.last == 0x0A || bytes.last == 0x0D { bytes.removeLast() }
        guard let key = make(bytes) else {
            throw Invalid(
                description:
                    "\(source.place(of: setting)): \(path) holds \(bytes.count) bytes; a key has at least 32, as from 'openssl rand -hex 32'."
            )
        }
        return key
    }

    private static func alertURL(_ source: Source, hasKey: Bool) throws -> String? {
        guard let url = source.text("alert-url") else { return nil }
        guard url.hasPrefix("https://") || url.hasPrefix("http://127.0.0.1") || url.hasPrefix("http://localhost") else {
            throw Invalid(description: "\(source.place(of: "alert-url")) is an https URL; http is for loopback only.")
        }
        guard hasKey else {
            throw Invalid(
                description:
                    "\(source.place(of: "alert-url")): alerts are signed; give \(source.called("webhook-key-file")) too."
            )
        }
        return url
    }

    private static func guardNetworks(_ source: Source) throws -> OutboundNetworks {
        let networks = source.text("guard-networks")?.split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        do throws(InvalidOutboundNetwork) {
            return try OutboundNetworks(admitting: networks ?? [])
        } catch {
            throw Invalid(description: "\(source.place(of: "guard-networks")): \(error)")
        }
    }

    private static func issuerSecrets(_ source: Source) throws -> [String: String] {
        guard let directory = source.text("issuer-secrets") else { return [:] }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw Invalid(
                description: "\(source.place(of: "issuer-secrets")): \(directory) is no folder that can be read.")
        }
        var secrets: [String: String] = [:]
        for name in names.sorted() where !name.hasPrefix(".") {
            guard (try? IssuerName(parsing: name)) != nil,
                let data = FileManager.default.contents(atPath: directory + "/" + name)
            else {
                throw Invalid(
                    description:
                        "\(source.place(of: "issuer-secrets")): \(name) in \(directory) is not the secret of an issuer."
                )
            }
            secrets[name] = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return secrets
    }

    private static func http(_ source: Source, shutdownGraceSeconds: Double) throws -> ServerSettings {
        do throws(InvalidSetting) {
            var http = try ServerSettings(
                listen: source.text("listen") ?? "127.0.0.1:8420", grpcListen: source.text("grpc-listen"),
                tlsCertificate: source.text("tls-certificate"), tlsKey: source.text("tls-key"),
                clientAuthorities: source.text("client-ca"),
                allowsInsecure: source.isGiven("insecure"),
                trustedProxies: source.text("trusted-proxies")?.split(separator: ",").map {
                    $0.trimmingCharacters(in: .whitespaces)
                } ?? [])
            http.isMetricsPublic = source.isGiven("metrics-public")
            http.shutdownGraceSeconds = shutdownGraceSeconds
            return http
        } catch {
            throw Invalid(description: "\(source.place(of: error.name)): \(error.message)")
        }
    }

    /// Reads single settings, and tells where each was given.
    private struct Source {
        let reader: ConfigReader
        let flags: [String: String]
        let variables: [String: String]
        let file: String?
        let fileKeys: Set<String>

        func text(_ key: String) -> String? {
            reader.string(forKey: Configuration.ConfigKey([key]), isSecret: key == "database-url")
        }

        func called(_ key: String) -> String { ServeSetting.named(key)?.flag ?? key }

        func place(of key: String) -> String {
            if flags[key] != nil { return called(key) }
            if variables[key] != nil { return ServeSetting.named(key)?.variable ?? key }
            guard let file, fileKeys.contains(key) else { return called(key) }
            return "'\(key)' in \(file)"
        }

        /// Of a flag that was found to be true or false before.
        func isGiven(_ key: String) -> Bool { text(key) == "true" }

        func flag(_ key: String) throws -> Bool {
            switch text(key) {
            case nil, "false": return false
            case "true": return true
            case .some(let other): throw Invalid(description: "\(place(of: key)) is '\(other)'; write true or false.")
            }
        }

        func choice<Choice: RawRepresentable<String>>(
            _ key: String, _ choices: [Choice], default fallback: Choice
        ) throws -> Choice {
            guard let text = text(key) else { return fallback }
            guard let choice = choices.first(where: { $0.rawValue == text }) else {
                throw Invalid(
                    description:
                        "\(place(of: key)) is '\(text)'; choose one of \(choices.map(\.rawValue).joined(separator: ", "))."
                )
            }
            return choice
        }

        func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int) throws -> Int {
            guard let text = text(key) else { return fallback }
            guard let value = Int(text), range.contains(value) else {
                throw Invalid(
                    description:
                        "\(place(of: key)) is '\(text)'; write a whole number from \(range.lowerBound) to \(range.upperBound)."
                )
            }
            return value
        }
    }
}
