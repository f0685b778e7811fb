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

    func administration(policy: RetryPolicy = RetryPolicy(base: .milliseconds(1))) throws -> AdministrationClient {
        let transport = try Transport(server: ServerAddress(parsing: url), token: AccessToken(Self.token))
        return AdministrationClient(transport, policy: policy)
    }
}

extension ConfigPlatformClient {
    /// Waits until what the client knows is so.
    @discardableResult
    func until(_ condition: @Sendable (ClientState) -> Bool) async throws -> ClientState {
        for await state in follower.state.values() where condition(state) { return state }
        throw CancellationError()
    }
}

/// A folder that is removed with the test.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    try await body(folder.root)
    folder.remove()
}
