import ConfigPlatformFlags
import ConfigPlatformModel
import Logging
import Metrics
import Store

/// Takes the steps of rollouts when they are due, and asks their guards: one replica at a time, by leave of the lease `rollouts`.
///
/// What a rollout has come to is in the ledger, and every step is an ordinary change of its item by `system:rollouts`, written only where
/// the item is still the one that was looked at and the lease still this replica's. What guards have said is in memory alone.
actor RolloutScheduler {
    /// What is known of one running rollout, as it was written last.
    private struct Watch {
        let revision: Revision
        var record = GuardrailRecord()
        var nextQuestion: Timestamp
        var isAsked = false
        /// Nothing is tried before that; in a freeze, nothing but to stop or to take back.
        var restUntil: Timestamp
        var isFrozen = false

        init(_ revision: Revision, at now: Timestamp) {
            self.revision = revision
            nextQuestion = now
            restUntil = now
        }
    }

    private let platform: Platform
    private let settings: RolloutSettings
    private let holder: String
    private var watches: [RolloutID: Watch] = [:]
    private var lease: Lease?
    /// When a lease that another holds is asked for again.
    private var nextLease: Timestamp?
    private var questions = 0
    private var isStopped = false

    static let leaseName = "rollouts"
    private static let restSeconds: Int64 = 10

    init(_ platform: Platform) {
        self.platform = platform
        settings = platform.rollouts
        holder = Digest.hexadecimal(platform.world.randomBytes(16))
    }

    private var world: World { platform.world }

    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(settings.lookSeconds))
                guard !Task.isCancelled else { return }
                for question in await look() { group.addTask { await self.ask(question) } }
            }
        }
    }

    /// Looks no more, and lets another replica take over at once.
    func stop() async {
        isStopped = true
        await giveBack()
    }

    // MARK: Looking

    /// Takes what steps are due. Returns what guards are to be asked now.
    private func look() async -> [GuardrailQuestion] {
        guard !isStopped else { return [] }
        let state = platform.state
        var running: [(id: RolloutID, rollout: StoredRollout)] = []
        for project in state.projects.values {
            for (place, rollout) in project.flags.running {
                if let id = RolloutID(project.name, place) { running.append((id, rollout)) }
            }
        }
        guard !running.isEmpty else {
            watches = [:]
            await giveBack()
            return []
        }
        guard await holdsLease() else {
            watches = [:]
            return []
        }
        let known = watches
        watches = [:]
        for (id, rollout) in running {
            let now = world.now()
            let watch = known[id].flatMap { $0.revision == rollout.revision ? $0 : nil }
            watches[id] = watch ?? Watch(rollout.revision, at: now)
        }
        var due: [GuardrailQuestion] = []
        for (id, rollout) in running.sorted(by: { $0.id.text < $1.id.text }) where !isStopped {
            if let question = await look(at: id, rollout, in: state) { due.append(question) }
        }
        return due
    }

    private func look(at id: RolloutID, _ rollout: StoredRollout, in state: PlatformState) async -> GuardrailQuestion? {
        let now = world.now()
        guard let watch = watches[id], watch.revision == rollout.revision else { return nil }
        let body = rollout.body
        let obstacle = state.projects[id.project]?.resolvedFlags[id.environment]?[id.flag]?.items.rolloutObstacle
        var move = body.due(at: FlagTime(now), watch.record)
        switch obstacle {
        case nil: break
        case .notServed?: return nil
        case .stopped(let reason)?:
            // One that has not begun waits for the flag; one that is under way is not to go on unseen once the flag is back.
            guard body.stepBegan != nil else { return nil }
            move = try? body.paused(because: "Paused at \(body.stepText): \(reason).")
        }
        if let move, watch.restUntil <= now || (watch.isFrozen && move.rollout.isRetreat(from: body)) {
            await take(move, of: id, rollout, in: state)
            return nil
        }
        // While a step waits for the end of a freeze, the one before is still guarded.
        guard obstacle == nil, let guardrail = body.guardrail, body.stepBegan != nil, !watch.isAsked,
            watch.nextQuestion <= now,
            questions < Limits.rolloutQuestions
        else { return nil }
        watches[id]?.isAsked = true
        watches[id]?.nextQuestion = now.adding(seconds: guardrail.intervalSeconds)
        questions += 1
        return GuardrailQuestion(
            rollout: id, revision: rollout.revision, body: body, guardrail: guardrail,
            askedAt: FlagTime(now))
    }

    // MARK: Guards

    private func ask(_ question: GuardrailQuestion) async {
        let answer = await question.ask(settings, platform.webhooks, world)
        note(answer, to: question)
    }

    private func note(_ answer: GuardrailAnswer, to question: GuardrailQuestion) {
        questions -= 1
        let outcome =
            switch answer {
            case .value(let value): question.guardrail.bound.isBroken(by: value) ? "bad" : "good"
            case .none: "none"
            }
        Counter(label: "cfg_rollout_guard_answers_total", dimensions: [("outcome", outcome)]).increment()
        guard var watch = watches[question.rollout], watch.revision == question.revision else { return }
        watch.isAsked = false
        watch.record.note(answer, of: question.guardrail, at: question.askedAt)
        watches[question.rollout] = watch
        if case .none(let reason) = answer {
            platform.logger.warning(
                "a rollout's guard gave no value",
                metadata: ["rollout": "\(question.rollout.text)", "reason": "\(reason)"])
        }
    }

    // MARK: Steps

    private func take(_ move: RolloutMove, of id: RolloutID, _ rollout: StoredRollout, in state: PlatformState) async {
        let proposal = Self.proposal(move, of: id, at: rollout.revision)
        do throws(Problem) {
            // What is refused anyhow, such as in a freeze, need not be refused by the ledger every second.
            _ = try state.decide(proposal, at: world.now(), offsets: world.offsets)
            try await commit(proposal, move, of: id)
        } catch {
            await refused(error, move, of: id, rollout, in: state)
        }
    }

    private static func proposal(_ move: RolloutMove, of id: RolloutID, at revision: Revision) -> Proposal {
        let operation = Operation(.putFlag(id.place, .rollout(move.rollout)), expecting: .revision(revision))
        return Proposal(
            project: id.project, by: .rollouts, as: .rolloutStep,
            message: "Rollout of '\(id.flag)' in \(id.environment.rawValue): \(move.note)",
            source: ["operation": "rollout", "step": .string(move.kind.rawValue)]
        ) { _ in [operation] }
    }

    private func commit(_ proposal: Proposal, _ move: RolloutMove, of id: RolloutID) async throws(Problem) {
        guard let fence = lease?.fence else { return }
        let caller = Caller(
            subject: Subject(principal: .rollouts, grants: []), means: .schedule, sourceAddress: nil, requestID: nil)
        let request = WriteRequest(proposal: proposal, action: move.kind.action)
        for _ in 0..<4 {
            let outcome = try await platform.submit(
                CommitJob(
                    work: .change(proposal, nil), caller: caller, action: request.action, target: id.text,
                    judgement: try await platform.judgement(of: request, by: caller), fence: fence))
            switch outcome {
            case .committed: return await told(move, of: id)
            case .unchanged: return
            case .unjudged: continue
            case .unapproved, .repeated, .recorded, .leased:
                throw Problem(.fault, "A step of a rollout was recorded as something else.")
            }
        }
        throw Problem(.unavailable, "Validators were overtaken each time that they were asked.", retryAfterSeconds: 1)
    }

    private func told(_ move: RolloutMove, of id: RolloutID) async {
        Counter(label: "cfg_rollout_steps_total", dimensions: [("step", move.kind.rawValue)]).increment()
        platform.logger.notice("a rollout moved", metadata: ["rollout": "\(id.text)", "note": "\(move.note)"])
        guard move.kind == .revert || move.kind == .pause else { return }
        await platform.alert(
            "rollout.\(move.kind == .revert ? "reverted" : "paused")",
            [
                "environment": .string(id.environment.rawValue), "flag": .string(id.flag.rawValue),
                "note": .string(move.note), "project": .string(id.project.rawValue),
            ])
    }

    private func refused(
        _ problem: Problem, _ move: RolloutMove, of id: RolloutID, _ rollout: StoredRollout, in state: PlatformState
    ) async {
        watches[id]?.restUntil = world.now().adding(seconds: Self.restSeconds)
        watches[id]?.isFrozen = problem.code == .frozen
        platform.logger.warning(
            "a rollout's step was not taken",
            metadata: ["rollout": "\(id.text)", "code": "\(problem.code.rawValue)", "detail": "\(problem.detail)"])
        switch problem.code {
        case .invalidChange, .limitExceeded, .forbidden, .inUse:
            // It does not mend by itself: somebody must look.
            guard move.kind != .pause, move.kind != .revert,
                let pause = try? rollout.body.paused(
                    because: "Paused at \(rollout.body.stepText): the next step was refused. \(problem.detail)")
            else { return }
            await take(pause, of: id, rollout, in: state)
        case .frozen: break
        default:
            // The item is another by now, the lease another's, or the database away: what holds is asked for anew.
            lease = nil
        }
    }

    // MARK: The lease

    private func holdsLease() async -> Bool {
        let now = world.now()
        if let lease, lease.isLive(at: now.adding(seconds: settings.leaseSeconds * 2 / 3)) { return true }
        if lease == nil, let nextLease, now < nextLease { return false }
        let before = lease
        do throws(Problem) {
            let outcome = try await platform.submit(
                CommitJob(
                    work: .takeLease(Self.leaseName, holder: holder, seconds: settings.leaseSeconds), caller: nil,
                    action: .change, target: "platform"))
            guard case .leased(let found) = outcome else { return false }
            guard found.holder == holder else {
                lease = nil
                nextLease = min(found.expiresAt, now.adding(seconds: max(1, settings.leaseSeconds / 3)))
                return false
            }
            if let before, before.number != found.number { watches = [:] }
            if before?.number != found.number {
                platform.logger.info("this server takes the steps of rollouts", metadata: ["lease": "\(found.number)"])
            }
            lease = found
            return true
        } catch {
            // What is held stays so until it ends; whether it has is found out by the writer.
            return before?.isLive(at: now) ?? false
        }
    }

    private func giveBack() async {
        guard let held = lease else { return }
        lease = nil
        _ = try? await platform.submit(
            CommitJob(work: .endLease(held.fence), caller: nil, action: .change, target: "platform"))
    }
}

extension RolloutMove.Kind {
    var action: AuditEvent.Action {
        switch self {
        case .begin, .advance, .complete: .rolloutAdvance
        case .pause: .rolloutPause
        case .resume: .rolloutResume
        case .revert: .rolloutRevert
        }
    }
}

extension FlagTime {
    init(_ time: Timestamp) { self.init(microseconds: time.microseconds) }
}
