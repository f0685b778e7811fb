import ConfigPlatformModel
import Store

/// One thing that waits for the writer.
final class CommitJob: Sendable {
    let work: Work
    let caller: Caller?
    let action: AuditEvent.Action
    /// What its event is recorded against; nil for a change that is told by the place that it alters.
    let target: String?
    /// What validators said of the change, where any was asked.
    let judgement: Judgement?
    /// The lease without which the change is not to be written any more.
    let fence: Lease.Fence?

    init(
        work: Work, caller: Caller?, action: AuditEvent.Action, target: String? = nil, judgement: Judgement? = nil,
        fence: Lease.Fence? = nil
    ) {
        self.work = work
        self.caller = caller
        self.action = action
        self.target = target
        self.judgement = judgement
        self.fence = fence
    }

    /// What a refusal is recorded against.
    var place: String {
        if let target { return target }
        return if case .change(let proposal, _) = work { proposal.place } else { "platform" }
    }

    enum Work: Sendable {
        case change(Proposal, Idempotency?)
        case event(AuditEvent.Outcome, detail: JSONValue?)
        case createCredential(Credential, endingBootstrap: Bool)
        /// Only where no credential was ever made, by whichever server: several may start together.
        case createFirstCredential(Credential)
        case revokeCredentials(ids: [String])
        case recordUses([String: Timestamp])
        /// How often flags came to what, and the hour before which that is forgotten. Leaves no event.
        case recordFlagUsage(CountedUsage, droppingBefore: Int64)
        /// Which units experiments gave which variants, whether only of units that are known, and the day before which that is forgotten. Leaves
        /// no event.
        case recordAssignments([AssignmentRow], onlyKnown: Bool, droppingBefore: Int64)
        /// Idempotency records whose day is over, and sessions that ended long ago. Leaves no event: nothing that anybody could see alters.
        case forgetExpired(sessions: [String])
        /// Leases leave no event either: which replica does something shows in what it does.
        case takeLease(String, holder: String, seconds: Int64)
        case endLease(Lease.Fence)
    }

    struct Idempotency: Sendable, Hashable {
        let key: String
        let requestDigest: Digest
    }

    enum Outcome: Sendable {
        case committed(Decision)
        /// Nothing to do at this state.
        case unchanged(PlatformState)
        /// What the same request came to before.
        case repeated(IdempotencyRecord)
        case recorded
        /// The lease that stands, which may be another's.
        case leased(Lease)
        /// Nothing was written: protected environments would alter, and their approvals are still to be had.
        case unapproved(Decision)
        /// Validators have a say in what the change comes to now, and were not asked about that.
        case unjudged
    }

    /// Whether to decide it takes about as long as to wake a thread.
    func isLight(at state: PlatformState) -> Bool {
        if case .change(let proposal, _) = work { proposal.isLight(at: state) } else { true }
    }
}
