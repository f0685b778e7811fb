import ConfigPlatformModel

/// What may follow a head, the same in both engines.
extension Head {
    /// Throws ``StoreError/conflict(_:)`` unless the change is the next one.
    func requireNext(_ change: ChangeRecord) throws {
        guard change.revision == revision.next else {
            throw StoreError.conflict(
                "Change \(change.revision) does not follow revision \(revision). Nothing was written.")
        }
        guard change.previousDigest == digest else {
            throw StoreError.conflict(
                "Change \(change.revision) names another predecessor than the change that is stored as revision \(revision). "
                    + "Nothing was written.")
        }
        guard change.committedAt >= committedAt else {
            throw StoreError.conflict(
                "Change \(change.revision) of \(change.committedAt) is older than revision \(revision) of \(committedAt). "
                    + "Nothing was written.")
        }
        guard change.effects.allSatisfy({ $0.address.project == change.project }) else {
            throw StoreError.conflict(
                "Change \(change.revision) of \(change.project.rawValue) has effects in another project. Nothing was written."
            )
        }
    }

    /// Throws ``StoreError/conflict(_:)`` unless the event is the next one and the revision that it names is there.
    func requireNext(_ event: AuditEvent) throws {
        guard event.sequence == auditSequence + 1 else {
            throw StoreError.conflict(
                "Audit event \(event.sequence) does not follow event \(auditSequence). Nothing was written.")
        }
        guard event.revision.map({ $0 <= revision && $0 > .zero }) ?? true else {
            throw StoreError.conflict(
                "Audit event \(event.sequence) names revision \(event.revision!), where \(revision) is the newest. Nothing was written."
            )
        }
    }
}
