import ConfigPlatformModel
import Store
import Synchronization

/// States of projects at past revisions, read from the store; the few last used are kept.
final class PastStates: Sendable {
    private struct Key: Hashable {
        let project: ProjectName
        let revision: Revision
    }

    private struct Kept {
        var states: [Key: (state: PlatformState, used: UInt64)] = [:]
        var clock: UInt64 = 0
    }

    private let store: any Store
    private let kept = Mutex(Kept())

    init(store: any Store) {
        self.store = store
    }

    /// The platform at that revision, with this project only.
    func state(of project: ProjectName, at revision: Revision) async throws -> PlatformState {
        let key = Key(project: project, revision: revision)
        let known = kept.withLock { kept -> PlatformState? in
            kept.clock += 1
            kept.states[key]?.used = kept.clock
            return kept.states[key]?.state
        }
        if let known { return known }
        let (_, builder) = try await store.foldItems(at: revision, of: project, into: PlatformState.Builder()) {
            try $0.add(address: $1.address, body: $1.body, revision: $1.revision)
        }
        let record = try await record(at: revision)
        let state = try builder.finished(
            revision: revision, digest: record?.digest ?? .zero,
            committedAt: record?.committedAt ?? Timestamp(microseconds: 0))
        kept.withLock { kept in
            if kept.states.count >= Limits.pastStatesCached,
                let oldest = kept.states.min(by: { $0.value.used < $1.value.used })?.key
            {
                kept.states[oldest] = nil
            }
            kept.clock += 1
            kept.states[key] = (state, kept.clock)
        }
        return state
    }

    private func record(at revision: Revision) async throws -> ChangeRecord? {
        guard revision > .zero else { return nil }
        return try await store.changes(after: Revision(revision.number - 1), limit: 1).first
    }
}
