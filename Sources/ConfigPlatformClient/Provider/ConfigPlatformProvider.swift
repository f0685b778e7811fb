import ConfigPlatformModel
public import Configuration

/// The settings of a client as a provider for swift-configuration.
///
/// ```swift
/// let client = try ConfigPlatformClient(server: …, token: …, project: "shop", environment: "production")
/// try await client.waitUntilReady()
/// let config = ConfigReader(providers: [EnvironmentVariablesProvider(), ConfigPlatformProvider(client)])
/// let timeout = config.int(forKey: "checkout.timeout", default: 2000)
/// ```
///
/// Getting reads from the client's snapshot, watching follows it, and fetching asks the platform. Before the client has
/// any settings, and for keys without a value, the provider has none, so that the next provider or the default counts.
///
/// Values have the types they have on the platform. Strings also serve as numbers and booleans if they are written like
/// one (`8080`, `true`), as everything is in an environment that was imported from a dotenv file; and as bytes through
/// a decoder.
public struct ConfigPlatformProvider: ConfigProvider {
    /// Tells which settings are secret and must not be logged; keys are dotted paths.
    public typealias Secrets = SecretsSpecifier<String, SettingValue>

    /// The client whose settings these are.
    public let client: ConfigPlatformClient
    /// How it is called in access logs.
    public let providerName: String
    private let reading: ProviderReading

    /// A provider of a client's settings.
    ///
    /// - Parameters:
    ///   - client: A client that follows, or soon will.
    ///   - bytesDecoder: How strings are read where bytes are asked for.
    ///   - secretsSpecifier: Which settings are secret.
    public init(
        _ client: ConfigPlatformClient, bytesDecoder: some ConfigBytesFromStringDecoder = .base64,
        secretsSpecifier: Secrets = .none
    ) {
        let place = client.follower.place
        self.client = client
        providerName = "ConfigPlatformProvider[\(place.project.rawValue)/\(place.environment.rawValue)]"
        reading = ProviderReading(bytesDecoder: bytesDecoder, secrets: secretsSpecifier)
    }

    /// The value in the client's present snapshot.
    public func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        try reading.value(forKey: key, type: type, in: client.snapshot)
    }

    /// The value on the platform, which is asked for it. Throws ``ConfigPlatformError`` if it does not answer.
    public func fetchValue(forKey key: AbsoluteConfigKey, type: ConfigType) async throws -> LookupResult {
        try reading.value(forKey: key, type: type, in: try await client.refresh())
    }

    /// The value as it is, and then each other one it takes.
    public func watchValue<Return: ~Copyable>(
        forKey key: AbsoluteConfigKey, type: ConfigType,
        updatesHandler: (
            _ updates: ConfigUpdatesAsyncSequence<Result<LookupResult, any Error>, Never>
        ) async throws -> Return
    ) async throws -> Return {
        let reading = reading
        let updates = Distinct(client.follower.state.values()) { state in
            let value = state.snapshot.document.value(at: key.components)
            return (Result { try reading.value(forKey: key, type: type, in: state.snapshot) }, Shown(value: value))
        }
        return try await updatesHandler(ConfigUpdatesAsyncSequence(updates))
    }

    /// The client's present snapshot.
    public func snapshot() -> any ConfigSnapshot {
        ProviderSnapshot(providerName: providerName, settings: client.snapshot, reading: reading)
    }

    /// The client's present snapshot, and then each that differs.
    public func watchSnapshot<Return: ~Copyable>(
        updatesHandler: (_ updates: ConfigUpdatesAsyncSequence<any ConfigSnapshot, Never>) async throws -> Return
    ) async throws -> Return {
        let (reading, providerName) = (reading, providerName)
        let updates = Distinct(client.follower.state.values()) { state -> (any ConfigSnapshot, String)? in
            let snapshot = ProviderSnapshot(providerName: providerName, settings: state.snapshot, reading: reading)
            return (snapshot, state.snapshot.entityTag)
        }
        return try await updatesHandler(ConfigUpdatesAsyncSequence(updates))
    }

    /// A value, or that there is none.
    private struct Shown: Equatable, Sendable {
        let value: JSONValue?
    }
}

extension ConfigPlatformProvider: CustomStringConvertible {
    /// The name and how many values there are, never the values.
    public var description: String { "\(providerName)[\(client.snapshot.keys.count) values]" }
}

private struct ProviderSnapshot: ConfigSnapshot {
    let providerName: String
    let settings: SettingsSnapshot
    let reading: ProviderReading

    func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        try reading.value(forKey: key, type: type, in: settings)
    }
}
