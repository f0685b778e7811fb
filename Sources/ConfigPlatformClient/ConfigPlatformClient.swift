public import Foundation
public import ServiceLifecycle

/// The settings of one environment of a project, kept up to date while the program runs.
///
/// ```swift
/// let client = try ConfigPlatformClient(
///     server: "https://cfg.example.org", token: .file("/run/secrets/cfg-token"), project: "shop", environment: "production",
///     options: .init(lastKnownGoodFile: "/var/lib/shop/settings.cfg"))
/// try await client.waitUntilReady()
/// let timeout = client.snapshot.int("checkout.timeout", default: 2000)
/// for await change in client.changes where change.affects("checkout") { … }
/// ```
///
/// The client follows the platform over one connection and replaces its snapshot as a whole with every change, so that
/// two settings read from one ``snapshot`` always belong together. While the platform cannot be reached the program
/// goes on with what it has, ``status`` says since when, and a program that starts then uses the file named by
/// ``Options/lastKnownGoodFile``.
///
/// Settings never go back to an older revision than the program has seen, whichever server of the platform answers;
/// except when the platform itself was set back (a restored backup), which the client notices and then reads everything
/// anew.
///
/// Following begins with ``start()``, ``waitUntilReady(timeout:)`` or ``run()``, and ends with ``shutdown()`` or with
/// the last reference to the client.
public final class ConfigPlatformClient: Sendable {
    let following: Following<SettingsDocument>
    var follower: Follower<SettingsDocument> { following.follower }

    /// A client, which reads its last-known-good file but does not connect yet.
    ///
    /// - Parameters:
    ///   - server: The platform's address, such as `https://cfg.example.org`.
    ///   - token: An access token, or where to find it.
    ///   - project: The project's name.
    ///   - environment: The environment's name.
    ///   - options: Files, certificates, times.
    /// - Throws: ``ConfigPlatformError`` with the code `invalid-use` or `invalid-name` if an address or a name is none,
    ///   or the file of certificate authorities cannot be read.
    public convenience init(
        server: String, token: AccessToken, project: String, environment: String, options: Options = Options()
    ) throws(ConfigPlatformError) {
        try self.init(
            server: server, token: token, project: project, environment: environment, options: options,
            surroundings: .real)
    }

    /// A client, which reads its last-known-good file but does not connect yet.
    ///
    /// - Parameters:
    ///   - server: The platform's address, such as `https://cfg.example.org`.
    ///   - token: An access token, or where to find it.
    ///   - project: The project's name.
    ///   - environment: The environment's name.
    ///   - options: Files, certificates, times.
    /// - Throws: ``ConfigPlatformError`` with the code `invalid-use` or `invalid-name` if an address or a name is none,
    ///   or the file of certificate authorities cannot be read.
    public convenience init(
        server: URL, token: AccessToken, project: String, environment: String, options: Options = Options()
    ) throws(ConfigPlatformError) {
        try self.init(
            server: server.absoluteString, token: token, project: project, environment: environment, options: options)
    }

    init(
        server: String, token: AccessToken, project: String, environment: String, options: Options,
        surroundings: Surroundings
    ) throws(ConfigPlatformError) {
        let place = try FollowedPlace(server: server, project: project, environment: environment)
        following = Following(
            try Follower(place: place, token: token, options: options, surroundings: surroundings))
    }

    // MARK: Reading

    /// The settings as they are now: take it once and read from it whatever belongs together. Empty before anything is
    /// known; see ``waitUntilReady(timeout:)``.
    public var snapshot: SettingsSnapshot { follower.state.value.snapshot }

    /// Whether ``snapshot`` is what the platform has.
    public var status: Status { follower.state.value.status }

    /// Asks the platform now, rather than wait to be told, and answers with what it says. The snapshot of all readers
    /// is replaced with it, unless it has already gone further.
    ///
    /// - Throws: ``ConfigPlatformError``.
    public func refresh() async throws -> SettingsSnapshot { SettingsSnapshot(try await follower.refresh()) }

    /// The snapshot as it is, once there is one, and then each that differs. A slow reader misses what lay between,
    /// never the newest. Ends when the client is shut down.
    public var snapshots: SettingsSnapshots { SettingsSnapshots(follower.state.values()) }

    /// What changes from now on, with the keys that differ. A slow reader gets several changes as one. Ends when the
    /// client is shut down.
    public var changes: SettingsChanges {
        // Taken first: a change in between is then told, rather than missed.
        let baseline = snapshot
        return SettingsChanges(snapshots, since: baseline)
    }

    /// The status as it is, and then each other one.
    public var statuses: ClientStatuses { ClientStatuses(follower.state.values()) }

    // MARK: Life

    /// Begins to follow the platform in the background. Calling it again does nothing.
    public func start() { following.start() }

    /// Ends following, and returns when the last-known-good file has been written. The snapshot stays readable.
    public func shutdown() async { await following.shutdown() }

    /// Begins to follow, if that has not been done, and waits until there are settings to read.
    ///
    /// They are the platform's if it answers. If it does not, or takes longer than ``Options/freshnessWait``, they are
    /// those of the last-known-good file; ``SettingsSnapshot/source`` tells which.
    ///
    /// - Parameter timeout: how long to wait at most.
    /// - Returns: The snapshot.
    /// - Throws: ``ConfigPlatformError`` if there are no settings: at once if the platform refuses the token or has no
    ///   such environment, otherwise when the time is over.
    @discardableResult
    public func waitUntilReady(timeout: Duration = .seconds(30)) async throws -> SettingsSnapshot {
        SettingsSnapshot(try await following.waitUntilReady(timeout: timeout))
    }
}

extension ConfigPlatformClient: Service {
    /// Follows until the task is cancelled or the service group shuts down.
    public func run() async throws { await following.run() }
}
