import ConfigPlatformModel
import Store

/// One thing that waits for the writer.
struct CommitJob: Sendable {
    let work: Work
    let caller: Caller?
    let action: AuditEvent.Action
    /// What refusals are recorded against.
    let target: String
    /// What validators said of the change, where any was asked.
    var judgement: Judgement?

    enum Work: Sendable {
        case change(Proposal, Idempotency?)
        case event(AuditEvent.Outcome, detail: JSONValue?)
        case createCredential(Credential, endingBootstrap: Bool)
        /// Only where no credential was ever made, by whichever server: several may start together.
        case createFirstCredential(Credential)
        case revokeCredential(id: String)
        /// Idempotency records whose day is over. Leaves no event: nothing that anybody could see alters.
        case forgetExpired
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
        /// Validators have a say in what the change comes to now, and were not asked about that.
        case unjudged
    }
}
