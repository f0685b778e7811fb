package import ConfigPlatformModel
import Dispatch
import Identity
package import Logging
import ServiceLifecycle
package import Store

/// Everything the platform does. Every operation takes the proved ``Caller`` first, decides, commits with its audit event, and throws
/// ``Problem``. API and command line call these and nothing below them.
package final class Platform: Service {
    let store: any Store
    let world: World
    let logger: Logger
    let published: Published
    let hub: WatchHub
    let committer: Committer
    let credentials: CredentialSet
    let uses: CredentialUses
    let usage: FlagUsage
    let assignments = AssignmentLog()
    let past: PastStates
    package let webhooks: Webhooks
    let rollouts: RolloutSettings
    let hookKey: HookKey?
    let pullRate = PullRate()
    let issuers: Issuers
    let signIn: SignInSettings
    let throttle = Throttle()
    /// Where passwords are hashed.
    let passwordQueue = DispatchQueue(label: "cfg.passwords", qos: .utility)
    let anonymousRefusals = AnonymousRefusals()
    private let tail: Tail

    /// Loads the newest state of the store. When this returns the platform can be read; ``run()`` is needed to write and to follow.
    package init(
        store: any Store, world: World, logger: Logger, webhooks: Webhooks = Webhooks(key: nil),
        signIn: SignInSettings = SignInSettings(), rollouts: RolloutSettings = RolloutSettings(),
        hookKey: HookKey? = nil
    ) async throws {
        self.hookKey = hookKey
        self.rollouts = rollouts
        self.signIn = signIn
        issuers = Issuers(signIn, logger: logger)
        self.webhooks = webhooks
        self.store = store
        self.world = world
        self.logger = logger
        let (head, builder) = try await store.foldItems(at: nil, of: nil, into: PlatformState.Builder()) {
            try $0.add(address: $1.address, body: $1.body, revision: $1.revision)
        }
        let changes = try await Platform.changesOfDay(of: builder.projectNames, at: head, store)
        let state = try builder.finished(
            revision: head.revision, digest: head.digest, committedAt: head.committedAt, changes: changes)
        hub = WatchHub()
        published = Published(state, contact: world.now(), hub: hub)
        committer = Committer(store: store, published: published, world: world, logger: logger)
        let version = try await store.head().credentialsVersion
        credentials = CredentialSet(try await store.credentials(after: nil), version: version)
        uses = CredentialUses(try await store.credentialUses())
        usage = FlagUsage(since: world.now())
        past = PastStates(store: store)
        tail = Tail(
            store: store, published: published, committer: committer, credentials: credentials, world: world,
            logger: logger)
    }

    /// How many changes projects had on the day of the newest, up to it.
    private static func changesOfDay(
        of projects: [ProjectName], at head: Head, _ store: any Store
    ) async throws -> [ProjectName: Int] {
        let before = Timestamp(microseconds: head.committedAt.startOfDay.microseconds - 1)
        return try await store.changeCounts(
            of: projects, after: try await store.revision(at: before), through: head.revision)
    }

    /// Writes and follows until graceful shutdown; then finishes what was accepted and closes the store.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.committer.run() }
            let scheduler = RolloutScheduler(self)
            let loops = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await self.tail.run() }
                    group.addTask { await self.beat() }
                    group.addTask { await self.recordAnonymousRefusals() }
                    group.addTask { await self.forgetExpired() }
                    group.addTask { await self.recordUses() }
                    group.addTask { await self.keepFlagUsage() }
                    group.addTask { await self.keepAssignments() }
                    group.addTask { await self.applyScheduled() }
                    group.addTask { await scheduler.run() }
                    group.addTask { await self.resolveAhead() }
                }
            }
            try? await gracefulShutdown()
            await flushAnonymousRefusals()
            await recordFlagUsage()
            await recordAssignments()
            await scheduler.stop()
            loops.cancel()
            committer.close()
            await loops.value
        }
        await store.close()
    }

    /// The platform's clock.
    package var now: Timestamp { world.now() }

    /// The newest state this replica serves.
    package var state: PlatformState { published.state }

    /// Since when the store has not answered; nil while it does (looked at twice a second). From ``Limits/staleServingSeconds`` on reads
    /// are refused.
    package var staleSince: Timestamp? {
        let contact = published.lastContact
        return world.now().microseconds - contact.microseconds > 1_000_000 ? contact : nil
    }

    /// Whether the store answers now.
    package func isStoreReachable() async -> Bool {
        do {
            _ = try await store.head()
            return true
        } catch {
            return false
        }
    }

    package var platformID: String { get async throws { try await store.head().platformID } }

    /// Hands a job to the writer. Administration and writes stop at once where the store does not answer; the writer finds out.
    func submit(_ job: CommitJob) async throws(Problem) -> CommitJob.Outcome {
        let outcome = try await committer.submit(job)
        switch job.work {
        case .createCredential, .createFirstCredential, .revokeCredentials:
            // The caller must find the credential as it now is on this replica; others follow by their tail.
            do {
                try await credentials.catchUp(with: store, to: try await store.head())
            } catch {
                logger.warning("credentials could not be read back", metadata: ["error": "\(error)"])
            }
        case .change, .event, .recordUses, .recordFlagUsage, .recordAssignments, .forgetExpired, .takeLease, .endLease:
            break
        }
        return outcome
    }

    /// Ends every watch when the server begins to stop, so that their connections can close before the platform does. To be started after
    /// the HTTP server in a service group, which stops its services in reverse order.
    package struct Watches: Service {
        let hub: WatchHub

        package func run() async throws {
            try? await gracefulShutdown()
            hub.close()
        }
    }

    package var watches: Watches { Watches(hub: hub) }

    private func beat() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(Limits.watchHeartbeatSeconds))
            if !Task.isCancelled { published.betweenSteps { hub.beat(at: $0.token) } }
        }
    }

    private func recordAnonymousRefusals() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(60))
            if !Task.isCancelled { await flushAnonymousRefusals() }
        }
    }

    /// Lays the layers of every environment over one another before anybody asks, so that the first change to a wide base need not.
    private func resolveAhead() async {
        for project in state.projects.values {
            for reading in project.resolved.values where !Task.isCancelled {
                _ = reading.contents
                await Task.yield()
            }
        }
    }

    private func forgetExpired() async {
        while !Task.isCancelled {
            let old = world.now().adding(seconds: -Limits.endedSessionSeconds)
            let sessions = credentials.all.filter { $0.purpose == .session && !$0.isLive(at: old) }.map(\.id)
            _ = try? await submit(
                CommitJob(work: .forgetExpired(sessions: sessions), caller: nil, action: .change, target: "platform"))
            credentials.forget(sessions)
            try? await Task.sleep(for: .seconds(3_600))
        }
    }

    private func recordUses() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(60))
            let uses = uses.drain()
            guard !uses.isEmpty, !Task.isCancelled else { continue }
            _ = try? await submit(
                CommitJob(work: .recordUses(uses), caller: nil, action: .change, target: "platform"))
        }
    }

    private func flushAnonymousRefusals() async {
        for (source, count) in anonymousRefusals.drain() {
            _ = try? await submit(
                CommitJob(
                    work: .event(.refused, detail: ["count": .int(count), "source": .string(source)]), caller: nil,
                    action: .authenticate, target: "platform"))
        }
    }
}
