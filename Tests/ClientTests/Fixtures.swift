import Logging
import TestSupport

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension StandInPlatform {
    /// A client of this stand-in, quick to try again.
    func client(
        token: AccessToken = AccessToken(StandInPlatform.token), file: String? = nil,
        heartbeatInterval: Duration = .seconds(15), freshnessWait: Duration = .seconds(20)
    ) throws -> ConfigPlatformClient {
        try Self.client(
            of: url, token: token, file: file, heartbeatInterval: heartbeatInterval, freshnessWait: freshnessWait)
    }

    static func client(
        of server: String, token: AccessToken = AccessToken(StandInPlatform.token), file: String? = nil,
        heartbeatInterval: Duration = .seconds(15), freshnessWait: Duration = .seconds(20)
    ) throws -> ConfigPlatformClient {
        try ConfigPlatformClient(
            server: server, token: token, project: "shop", environment: "production",
            options: .init(
                lastKnownGoodFile: file, heartbeatInterval: heartbeatInterval, retryBase: .milliseconds(1),
                retryCap: .milliseconds(20), freshnessWait: freshnessWait, logger: .silent))
    }

    /// A flag client of this stand-in, quick to try again, that tells no usage unless it is asked to, and is the only one of its
    /// program unless it is told of another: other tests run beside it.
    func flagClient(
        token: AccessToken = AccessToken(StandInPlatform.token), file: String? = nil,
        usage: FlagUsageReporting? = nil, program: FlagScope = FlagScope(), surroundings: Surroundings = .real
    ) throws -> FlagClient {
        try Self.flagClient(
            of: url, token: token, file: file, usage: usage, program: program, surroundings: surroundings)
    }

    static func flagClient(
        of server: String, token: AccessToken = AccessToken(StandInPlatform.token), file: String? = nil,
        usage: FlagUsageReporting? = nil, program: FlagScope = FlagScope(), surroundings: Surroundings = .real
    ) throws -> FlagClient {
        try FlagClient(
            server: server, token: token, project: "shop", environment: "production",
            options: .init(
                lastKnownGoodFile: file, retryBase: .milliseconds(1), retryCap: .milliseconds(20),
                freshnessWait: .seconds(20), logger: .silent),
            usage: usage, program: program, surroundings: surroundings)
    }

    func administration(policy: RetryPolicy = RetryPolicy(base: .milliseconds(1))) throws -> AdministrationClient {
        let transport = try Transport(server: ServerAddress(parsing: url), token: AccessToken(Self.token))
        return AdministrationClient(transport, policy: policy)
    }
}

extension ClientState {
    /// Whether the newest attempt to follow failed.
    var isStale: Bool {
        if case .stale = status { true } else { false }
    }
}

extension ConfigPlatformClient {
    /// Waits until what the client knows is so.
    @discardableResult
    func until(_ condition: @Sendable (ClientState<SettingsDocument>) -> Bool) async throws -> ClientState<
        SettingsDocument
    > {
        for await state in follower.state.values() where condition(state) { return state }
        throw CancellationError()
    }
}

extension FlagClient {
    /// Waits until what the client knows is so.
    @discardableResult
    func until(
        _ condition: @Sendable (ClientState<FlagDefinitions>) -> Bool
    ) async throws -> ClientState<FlagDefinitions> {
        for await state in follower.state.values() where condition(state) { return state }
        throw CancellationError()
    }

    /// Waits until an evaluation gives what it should.
    func until(_ condition: @Sendable (FlagSnapshot) -> Bool) async throws {
        for await _ in follower.state.values() where condition(snapshot) { return }
        throw CancellationError()
    }
}

extension JSONValue {
    /// A definition of a boolean flag that is on or off, or decided by targeting.
    static func switchFlag(_ isOn: Bool, targeting: JSONValue? = nil, state: String = "ENABLED") -> JSONValue {
        var definition: JSONObject = [
            "state": .string(state), "variants": ["on": true, "off": false],
            "defaultVariant": .string(isOn ? "on" : "off"),
        ]
        if let targeting { definition["targeting"] = targeting }
        return .object(definition)
    }

    static func numberFlag(_ number: Int) -> JSONValue {
        ["state": "ENABLED", "variants": ["n": .int(number)], "defaultVariant": "n"]
    }
}

/// A folder that is removed with the test.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    try await body(folder.root)
    folder.remove()
}
