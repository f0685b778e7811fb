import ConfigPlatformModel
import Store
import Synchronization

/// Decides and appends a group of jobs inside one transaction, and what is decided meanwhile too. The same for every engine.
final class GroupSession: Sendable {
    struct Outcome: Sendable {
        var results: [Result<CommitJob.Outcome, Problem>] = []
        /// From the state the replica had to the one after the group.
        var steps: [Published.Step] = []
        /// Whether every change met the state that it was decided against ahead.
        var isAsDecided = true
    }

    /// What was sent to the database, kept in case its answer is lost.
    struct Attempt: Sendable {
        let outcome: Outcome
        let auditSequence: Int64
        let lastLeaf: AuditLeaf
    }

    private let members: Mutex<[CommitQueue.Entry]>
    /// What else there is by now, at most so many.
    private let more: @Sendable (Int) -> [CommitQueue.Entry]
    private let base: PlatformState
    private let now: Timestamp
    private let world: World
    private let attempt = Mutex<Attempt?>(nil)

    init(
        _ members: [CommitQueue.Entry], base: PlatformState, now: Timestamp, world: World,
        more: @escaping @Sendable (Int) -> [CommitQueue.Entry]
    ) {
        self.members = Mutex(members)
        self.more = more
        self.base = base
        self.now = now
        self.world = world
    }

    var lastAttempt: Attempt? { attempt.withLock { $0 } }

    /// All that were taken into the group, in their order.
    var group: [CommitQueue.Entry] { members.withLock { $0 } }

    func run(_ transaction: any StoreTransaction) throws -> Outcome {
        var outcome = Outcome()
        var state = try catchUp(transaction, steps: &outcome.steps)
        var lastLeaf: AuditLeaf?
        var members = group
        while !members.isEmpty {
            for member in members { try take(member, into: &outcome, at: &state, transaction, &lastLeaf) }
            // After a guess that failed the others that were made on it are not to be made again under the lock.
            members = outcome.isAsDecided ? more(Limits.groupChanges - outcome.results.count) : []
            self.members.withLock { $0 += members }
        }
        let finished = outcome
        attempt.withLock { attempt in
            attempt = lastLeaf.map {
                Attempt(outcome: finished, auditSequence: $0.event.sequence, lastLeaf: $0)
            }
        }
        return outcome
    }

    private func take(
        _ member: CommitQueue.Entry, into outcome: inout Outcome, at state: inout PlatformState,
        _ transaction: any StoreTransaction, _ lastLeaf: inout AuditLeaf?
    ) throws {
        let ahead = member.decided?.result(at: state)
        if member.decided != nil, ahead == nil { outcome.isAsDecided = false }
        do {
            let (result, step) = try execute(member.job, ahead, at: state, transaction, &lastLeaf)
            if let step {
                state = step.state
                outcome.steps.append(step)
            }
            outcome.results.append(.success(result))
        } catch var problem as Problem {
            if let caller = member.job.caller {
                lastLeaf = try append(
                    member.job, by: caller, .refused, detail: ["problem": .string(problem.code.rawValue)],
                    to: transaction)
                problem.isRecorded = true
            }
            outcome.results.append(.failure(problem))
        }
    }

    /// Applies the revisions that other replicas have committed since.
    private func catchUp(_ transaction: any StoreTransaction, steps: inout [Published.Step]) throws -> PlatformState {
        var state = base
        let head = transaction.head
        while state.revision < head.revision {
            let changes = try transaction.changes(after: state.revision, limit: 500)
            guard !changes.isEmpty else { throw StoreError.corrupted("revision \(state.revision.next) is missing") }
            for change in changes {
                let (next, touched) = try state.applying(change)
                steps.append(Published.Step(change: change, state: next, touched: touched))
                state = next
            }
        }
        guard state.revision == head.revision, state.digest == head.digest else {
            throw StoreError.corrupted(
                "the ledger no longer holds revision \(state.revision) as this server knows it: a backup was restored, or a failover "
                    + "lost data. Restart this server to follow the ledger as it is now")
        }
        return state
    }

    /// Throws ``Problem`` where the job is refused, which leaves the transaction as it was, and ``StoreError`` where the group fails.
    private func execute(
        _ job: CommitJob, _ ahead: Result<Decision, Problem>?, at state: PlatformState,
        _ transaction: any StoreTransaction, _ lastLeaf: inout AuditLeaf?
    ) throws -> (CommitJob.Outcome, Published.Step?) {
        switch job.work {
        case .change(let proposal, let idempotency):
            if let idempotency, let record = try known(idempotency, of: job.holder(of: proposal), transaction) {
                return (.repeated(record), nil)
            }
            if let fence = job.fence, try !transaction.holds(fence, at: now) {
                throw Problem(.unavailable, "Another server does this by now.", retryAfterSeconds: 1)
            }
            let decision = try ahead?.get() ?? state.decide(proposal, at: now, offsets: world.offsets)
            guard decision.unapproved.isEmpty else { return (.unapproved(decision), nil) }
            if !decision.validators.isEmpty, job.judgement?.subject != decision.subject {
                return (.unjudged, nil)
            }
            try checkRequiredValidators(of: decision, job.judgement)
            if let idempotency {
                try transaction.record(
                    IdempotencyRecord(
                        principal: job.holder(of: proposal), key: idempotency.key,
                        requestDigest: idempotency.requestDigest,
                        revision: decision.state.revision, committed: decision.change != nil,
                        expiresAt: now.adding(seconds: Limits.idempotencySeconds)))
            }
            guard let change = decision.change else { return (.unchanged(state), nil) }
            try transaction.append(change)
            // What a rollback or an import comes to is known only now.
            let place = job.target ?? AuditEvent.target(of: change.effects.lazy.map(\.address), in: change.project)
            lastLeaf = try append(
                job, target: place, by: job.caller, .success, detail: Self.detail(of: change, job.judgement),
                change: change, to: transaction)
            return (
                .committed(decision), Published.Step(change: change, state: decision.state, touched: decision.touched)
            )
        case .event(let outcome, let detail):
            lastLeaf = try append(job, by: job.caller, outcome, detail: detail, to: transaction)
            return (.recorded, nil)
        case .createFirstCredential(let credential):
            guard transaction.head.credentialsVersion == 0 else {
                throw Problem(.alreadyExists, "Another server made the first token.")
            }
            lastLeaf = try append(
                job, .platformInitialize, target: "platform", by: nil, .success, detail: nil, to: transaction)
            try transaction.insert(credential)
            lastLeaf = try append(
                job, by: nil, .success,
                detail: ["id": .string(credential.id), "purpose": .string(credential.purpose.rawValue)], to: transaction
            )
            return (.recorded, nil)
        case .createCredential(let credential, let endingBootstrap):
            try transaction.insert(credential)
            lastLeaf = try append(
                job, by: job.caller, .success,
                detail: ["id": .string(credential.id), "purpose": .string(credential.purpose.rawValue)], to: transaction
            )
            if endingBootstrap, let id = job.caller?.credentialID {
                try transaction.revokeCredential(id: id, at: now)
            }
            return (.recorded, nil)
        case .revokeCredentials(let ids):
            for id in ids { try transaction.revokeCredential(id: id, at: now) }
            lastLeaf = try append(
                job, by: job.caller, .success, detail: ["ids": .array(ids.map { .string($0) })], to: transaction)
            return (.recorded, nil)
        case .recordUses(let uses):
            try transaction.recordUses(uses)
            return (.recorded, nil)
        case .recordFlagUsage(let usage, let oldest):
            try transaction.addFlagUsage(try uncounted(usage, transaction))
            try transaction.dropFlagUsage(before: oldest)
            return (.recorded, nil)
        case .recordAssignments(let rows, let onlyKnown, let oldest):
            try transaction.addAssignments(rows, onlyKnown: onlyKnown)
            try transaction.dropAssignments(before: oldest)
            return (.recorded, nil)
        case .forgetExpired(let sessions):
            try transaction.dropIdempotencyRecords(expiredAt: now)
            try transaction.dropSessions(ids: sessions)
            return (.recorded, nil)
        case .takeLease(let name, let holder, let seconds):
            return (.leased(try transaction.takeLease(named: name, by: holder, at: now, seconds: seconds)), nil)
        case .endLease(let fence):
            try transaction.endLease(fence, at: now)
            return (.recorded, nil)
        }
    }

    /// The counts without those of reports that were counted before, by whichever server; the others are so from now on.
    private func uncounted(_ usage: CountedUsage, _ transaction: any StoreTransaction) throws -> [FlagUsageRow] {
        var rows = usage.rows
        for (identity, told) in usage.reports {
            let key = identity.hexadecimal
            guard try transaction.idempotencyRecord(of: .flagUsage, key: key) == nil else { continue }
            try transaction.record(
                IdempotencyRecord(
                    principal: .flagUsage, key: key, requestDigest: identity, revision: transaction.head.revision,
                    committed: false, expiresAt: now.adding(seconds: Limits.flagUsageRepeatSeconds)))
            rows += told
        }
        return rows
    }

    /// What a protection asks of validators beyond what they are asked anyhow: that they were heard, and said yes.
    private func checkRequiredValidators(of decision: Decision, _ judgement: Judgement?) throws(Problem) {
        for name in decision.requiredValidators.sorted() where judgement?.allowing.contains(name) != true {
            throw Problem(
                .invalidChange,
                "A protected environment asks for the validator '\(name.rawValue)', which has not allowed the change: it does not stand, "
                    + "has no say in it, or gave no answer.",
                violations: [Violation("The validator '\(name.rawValue)' is required.", keyword: "requiredValidators")])
        }
    }

    private func known(
        _ idempotency: CommitJob.Idempotency, of principal: Principal, _ transaction: any StoreTransaction
    ) throws -> IdempotencyRecord? {
        guard let record = try transaction.idempotencyRecord(of: principal, key: idempotency.key),
            record.expiresAt > now
        else { return nil }
        guard record.requestDigest == idempotency.requestDigest else {
            throw Problem(
                .idempotencyKeyReused,
                "The Idempotency-Key '\(InvalidIdentifier.shown(idempotency.key))' was used for another request in the last 24 hours. "
                    + "Use a new key for a new request.")
        }
        return record
    }

    private static func detail(of change: ChangeRecord, _ judgement: Judgement?) -> JSONValue {
        let environments = Set(change.effects.compactMap(\.address.environment)).sorted()
        var members: JSONObject = [
            "effects": .int(change.effects.count),
            "environments": .array(environments.prefix(64).map { .string($0.rawValue) }),
        ]
        if let source = change.source { members["source"] = source }
        if let judgement { members["validators"] = judgement.answers }
        return .object(members)
    }

    private func append(
        _ job: CommitJob, _ action: AuditEvent.Action? = nil, target: String? = nil, by caller: Caller?,
        _ outcome: AuditEvent.Outcome, detail: JSONValue?, change: ChangeRecord? = nil,
        to transaction: any StoreTransaction
    ) throws -> AuditLeaf {
        var detail = detail
        if let owner = caller?.subject.owner {
            var members: JSONObject = if case .object(let members)? = detail { members } else { [:] }
            members["owner"] = .string(owner.rawValue)
            detail = .object(members)
        }
        let event = AuditEvent(
            sequence: transaction.head.auditSequence + 1, occurredAt: world.now(), actor: caller?.principal ?? .system,
            action: action ?? job.action, target: target ?? job.place, outcome: outcome, revision: change?.revision,
            changeDigest: change?.digest, sourceAddress: caller?.sourceAddress, requestID: caller?.requestID,
            detail: detail)
        let leaf = AuditLeaf(event: event, salt: world.randomBytes(AuditLeaf.saltBytes))
        try transaction.append(leaf)
        return leaf
    }
}

extension CommitJob {
    /// Whose idempotency keys count: a person's are the same from one session to the next, a token's are those of that very token, for its
    /// name may be another's by and by.
    fileprivate func holder(of proposal: Proposal) -> Principal {
        guard let caller, caller.subject.grants != nil, let id = caller.credentialID,
            let holder = try? Principal(parsing: "credential:" + id)
        else { return proposal.asking }
        return holder
    }
}
