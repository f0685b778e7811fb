import ConfigPlatformModel
public import ServiceLifecycle

/// The flags of one environment of a project, kept up to date while the program runs and evaluated in it.
///
/// ```swift
/// let flags = try FlagClient(
///     server: "https://cfg.example.org", token: .file("/run/secrets/cfg-token"), project: "shop", environment: "production",
///     options: .init(lastKnownGoodFile: "/var/lib/shop/flags.cfg"))
/// try await flags.waitUntilReady()
/// if flags.boolean("new-checkout", default: false, context: FlagContext(targetingKey: user.id, ["country": "DE"])) { … }
/// ```
///
/// The client follows the platform over one connection, as ``ConfigPlatformClient`` does with settings: it replaces its flags as a whole
/// with every change, goes on with what it has while the platform cannot be reached, and starts from its last-known-good file. Its
/// token needs a role that may evaluate, such as `evaluator`.
///
/// It has the shape of an OpenFeature client: typed evaluations that never throw, details, contexts of the program
/// (``global``), of a transaction, of the client and of the evaluation laid over one another, hooks, a provider status and its events.
///
/// Following begins with ``start()``, ``waitUntilReady(timeout:)`` or ``run()``, and ends with ``shutdown()`` or with the last
/// reference to the client.
public final class FlagClient: FlagReader {
    /// How a flag client follows the platform.
    public typealias Options = ConfigPlatformClient.Options

    /// What counts for all flag clients of the program: OpenFeature's API.
    public static let global = FlagScope()

    /// What counts for the evaluations of one task and its children, such as those of one request: laid over ``global``, under the
    /// client's own.
    ///
    /// ```swift
    /// await FlagClient.$transactionContext.withValue(FlagContext(["tenant": "acme"])) { … }
    /// ```
    @TaskLocal public static var transactionContext: FlagContext?

    static let providerName = "ConfigPlatform"

    private let following: Following<FlagDefinitions>
    let surface: FlagSurface
    var follower: Follower<FlagDefinitions> { following.follower }

    /// A client, which reads its last-known-good file but does not connect yet.
    ///
    /// - Parameters:
    ///   - server: The platform's address, such as `https://cfg.example.org`.
    ///   - token: An access token, or where to find it.
    ///   - project: The project's name.
    ///   - environment: The environment's name.
    ///   - options: Files, certificates, times. The file must not be the one that keeps settings.
    ///   - usage: How the platform is told how often flags came to what; nil to count nothing.
    /// - Throws: ``ConfigPlatformError`` with the code `invalid-use` or `invalid-name` if an address or a name is none,
    ///   or the file of certificate authorities cannot be read.
    public convenience init(
        server: String, token: AccessToken, project: String, environment: String, options: Options = Options(),
        usage: FlagUsageReporting? = FlagUsageReporting()
    ) throws(ConfigPlatformError) {
        try self.init(
            server: server, token: token, project: project, environment: environment, options: options, usage: usage,
            surroundings: .real)
    }

    init(
        server: String, token: AccessToken, project: String, environment: String, options: Options,
        usage: FlagUsageReporting?, program: FlagScope = global, surroundings: Surroundings
    ) throws(ConfigPlatformError) {
        let place = try FollowedPlace(server: server, project: project, environment: environment)
        let counts = usage == nil ? nil : FlagUsageCounts()
        let assignments = usage.flatMap { $0.tellsAssignments ? FlagAssignments(client: $0.client) : nil }
        let surface = FlagSurface(
            place, counts: counts, assignments: assignments, program: program, now: surroundings.now)
        self.surface = surface
        var companion: (@Sendable () async -> Void)?
        if let usage, let counts {
            let reporter = try FlagUsageReporter(
                counts, assignments, usage, of: place, token: token, options: options, surroundings: surroundings)
            companion = { await reporter.run() }
        }
        following = Following(
            try Follower(place: place, token: token, options: options, surroundings: surroundings) { surface.take($0) },
            companion: companion)
    }

    // MARK: Evaluating

    /// The flags as they are now. There are none before anything is known; see ``waitUntilReady(timeout:)``.
    public var snapshot: FlagSnapshot { FlagSnapshot(definitions: surface.definitions, surface: surface) }

    /// Laid under the context of every evaluation of this client. Empty until it is set.
    public var context: FlagContext {
        get { surface.scope.context }
        set { surface.scope.context = newValue }
    }

    /// Adds hooks for all evaluations of this client, after those it has.
    public func add(hooks: [any FlagHook]) {
        for hook in hooks { surface.scope.add(hook) }
    }

    // MARK: How it is

    /// Whether flags can be evaluated, and how good they are.
    public var status: FlagProviderStatus { FlagProviderStatus(follower.state.value) }

    /// Where the flags came from.
    public var source: SnapshotSource { follower.state.value.followed.source }

    /// The revision up to which the flags are known to be true; 0 if there are none yet.
    public var revision: Int64 { follower.state.value.followed.token?.revision.number ?? 0 }

    /// How the client is, unless it is not ready yet, and then what happens to it and to its flags from now on. Ends when the
    /// client is shut down.
    public var events: FlagEvents {
        // Taken first: a change in between is then told, rather than missed.
        let baseline = surface.definitions
        return FlagEvents(follower.state.values(), since: baseline)
    }

    /// Asks the platform now, rather than wait to be told. The flags of all readers are replaced with what it says, unless they
    /// have already gone further.
    ///
    /// - Throws: ``ConfigPlatformError``.
    public func refresh() async throws { _ = try await follower.refresh() }

    // MARK: Life

    /// Begins to follow the platform in the background. Calling it again does nothing.
    public func start() { following.start() }

    /// Ends following, and returns when the last-known-good file has been written and the platform has been told what was counted, or
    /// cannot be. Flags can still be evaluated.
    public func shutdown() async { await following.shutdown() }

    /// Begins to follow, if that has not been done, and waits until there are flags.
    ///
    /// They are the platform's if it answers. If it does not, or takes longer than the options' `freshnessWait`, they are those of
    /// the last-known-good file; ``source`` tells which.
    ///
    /// - Parameter timeout: how long to wait at most.
    /// - Throws: ``ConfigPlatformError`` if there are no flags: at once if the platform refuses the token or has no such environment,
    ///   otherwise when the time is over.
    public func waitUntilReady(timeout: Duration = .seconds(30)) async throws {
        _ = try await following.waitUntilReady(timeout: timeout)
    }
}

extension FlagClient: Service {
    /// Follows until the task is cancelled or the service group shuts down.
    public func run() async throws { await following.run() }
}
