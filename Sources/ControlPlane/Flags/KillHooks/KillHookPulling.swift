package import ConfigPlatformFlags
package import ConfigPlatformModel

/// A call of a kill hook, as it came.
package struct HookCall: Sendable {
    package let project: ProjectName
    package let environment: EnvironmentName
    package let hook: KillHookName
    /// `Webhook-Id`: the same for every attempt at the same delivery.
    package var id: String?
    /// `Webhook-Timestamp`: seconds since 1970.
    package var timestamp: String?
    /// `Webhook-Signature`.
    package var signatures: String?
    /// Of `Authorization: Bearer`.
    package var token: String?
    package let body: [UInt8]
    package let sourceAddress: String?
    package let requestID: String?

    package init(
        project: ProjectName, environment: EnvironmentName, hook: KillHookName, body: [UInt8], sourceAddress: String?,
        requestID: String?
    ) {
        self.project = project
        self.environment = environment
        self.hook = hook
        self.body = body
        self.sourceAddress = sourceAddress
        self.requestID = requestID
    }

    var principal: Principal { .killHook(hook, in: environment, of: project) }
}

/// What an alerting system says in a call.
package struct HookAlert: Sendable {
    /// Those of the hook's flags that are to be killed; nil for all of them.
    package let flags: [FlagKey]?
    /// At most ``Limits/killHookReasonBytes``.
    package let reason: String
    /// Tells one outbreak from another, where the call itself has no `Webhook-Id`.
    package let episode: String?
    /// Whether what there was is over. That kills nothing, and takes no kill back either: people do.
    package let isResolved: Bool

    package init(flags: [FlagKey]?, reason: String, episode: String?, isResolved: Bool) {
        self.flags = flags
        self.reason = reason
        self.episode = episode
        self.isResolved = isResolved
    }
}

/// What a call came to.
package struct PulledHook: Sendable {
    package enum Kind: String, Sendable {
        case pulled
        /// All of it is killed already.
        case unchanged
        case resolved
    }

    package let kind: Kind
    /// Whether nothing was killed, and ``killed`` would have been.
    package let isTest: Bool
    /// By which calls that say the same are known for 24 hours; nil where there is nothing to know them by.
    package let delivery: String?
    package let killed: [FlagKey]
    package let revision: Revision
}

extension Platform {
    /// Kills the flags of a hook, all in one change by the hook itself. A flag that is killed already is left as it is; a delivery that came
    /// before is answered as it was then, and does nothing again.
    ///
    /// Throws `unauthenticated`, always in the same words, for whatever proves nothing: an unknown hook, a wrong signature, one of more than
    /// ``Limits/killHookSkewSeconds`` ago or ahead. What was proved and is refused is recorded as the hook's.
    ///
    /// - Parameter read: reads what the body says, once it is known who says it.
    package func pull(
        _ call: HookCall, isTest: Bool, _ read: ([UInt8]) throws(Problem) -> HookAlert
    ) async throws(Problem) -> PulledHook {
        let caller = try proved(call)
        let wait = pullRate.begin(call.principal, at: world.now())
        guard wait == 0 else {
            throw Problem(
                .tooManyRequests,
                "This hook was called \(Limits.killHookPullsPerMinute) times within a minute; try again in \(wait) seconds.",
                retryAfterSeconds: wait)
        }
        do throws(Problem) {
            return try await pull(call, by: caller, read(call.body), isTest: isTest)
        } catch {
            if !error.isRecorded, !isTest {
                await recordRefusal(caller, action: .killHookPull, target: call.project.rawValue, problem: error)
            }
            throw error
        }
    }

    private func pull(
        _ call: HookCall, by caller: Caller, _ alert: HookAlert, isTest: Bool
    ) async throws(Problem) -> PulledHook {
        let delivery = call.id ?? alert.episode
        guard !alert.isResolved else {
            return PulledHook(
                kind: .resolved, isTest: isTest, delivery: delivery, killed: [], revision: state.revision)
        }
        let (name, environment, project) = (call.hook, call.environment, call.project)
        let reason = alert.reason.isEmpty ? "Kill hook \(name.rawValue)" : alert.reason
        var source: JSONObject = ["hook": .string(name.rawValue), "operation": "kill-hook"]
        source["delivery"] = delivery.map { .string($0) }
        let proposal = Proposal(
            project: project, by: .killHook(name, in: environment, of: project), as: .pull(name, environment),
            message: "Kill hook \(name.rawValue) in \(environment.rawValue): \(reason)", source: .object(source)
        ) { state throws(Problem) in
            guard let found = state.projects[project], let hook = found.access.killHook(name, in: environment) else {
                throw Self.unproved
            }
            return try found.flags(for: hook, among: alert.flags, in: environment).compactMap { flag in
                flag.place.flag.map { key in
                    Operation(.putFlag(.kill(key, environment), .kill(hook.kill(of: flag.body, because: reason))))
                }
            }
        }
        let outcome = try await write(
            caller,
            WriteRequest(
                proposal: proposal, action: .killHookPull, isDryRun: isTest, idempotencyKey: delivery,
                requestDigest: Digest.of(call.id == nil ? Array((delivery ?? "").utf8) : call.body)))
        let killed = (outcome.change?.effects ?? []).compactMap { try? FlagKey(parsing: $0.address.key) }
        return PulledHook(
            kind: killed.isEmpty ? .unchanged : .pulled, isTest: isTest, delivery: delivery, killed: killed,
            revision: outcome.token.revision)
    }

    private static let unproved = Problem(
        .unauthenticated,
        "The call proves nothing: there is no such kill hook, it is disabled, or what was sent is not signed with its secret within "
            + "\(Limits.killHookSkewSeconds / 60) minutes of now.")

    /// The hook itself as the caller.
    private func proved(_ call: HookCall) throws(Problem) -> Caller {
        guard let hookKey, isProved(call, by: hookKey) else {
            anonymousRefusals.count(from: call.sourceAddress)
            throw Self.unproved
        }
        return Caller(
            subject: Subject(principal: call.principal, grants: []), means: .hook, sourceAddress: call.sourceAddress,
            requestID: call.requestID)
    }

    private func isProved(_ call: HookCall, by key: HookKey) -> Bool {
        let now = world.now()
        let hook = state.projects[call.project]?.access.killHook(call.hook, in: call.environment)
        guard let hook, !hook.isDisabled else { return false }
        let generations = hook.secret.generations(at: now)
        switch hook.proof {
        case .signature:
            guard let id = call.id, Self.isDelivery(id), let timestamp = call.timestamp,
                let signatures = call.signatures,
                let seconds = Int64(timestamp), seconds >= 0,
                abs(seconds - now.microseconds / 1_000_000) <= Limits.killHookSkewSeconds
            else { return false }
            return generations.contains { generation in
                key.isSigned(
                    signatures, id: id, timestamp: timestamp, body: call.body, hook: call.principal,
                    generation: generation)
            }
        case .token:
            guard let given = call.token, call.id.map(Self.isDelivery) ?? true else { return false }
            let hash = Digest.of(Array(given.utf8))
            return generations.contains { key.token(of: call.principal, generation: $0).hash == hash }
        }
    }

    /// What a delivery may be called: 1 to ``Limits/idempotencyKeyBytes`` bytes that can be seen.
    private static func isDelivery(_ id: String) -> Bool {
        (1...Limits.idempotencyKeyBytes).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
