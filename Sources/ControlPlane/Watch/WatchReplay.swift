import ConfigPlatformModel
import Store

/// What happened before a watch follows, read from the ledger a little at a time as its receiver takes it: however far back a watch
/// resumes, it holds a few changes and one event.
actor WatchReplay {
    private let topic: WatchTopic
    private let project: ProjectName
    /// Nil for every environment of the project.
    private let environment: EnvironmentName?
    private let store: any Store
    private let published: Published
    private var past: PlatformState
    private var changes: ArraySlice<ChangeRecord> = []
    /// Of one revision, the next first.
    private var events: ArraySlice<WatchEvent> = []

    /// How many changes are read at once.
    private static let page = 32

    /// - Parameter past: the project as the receiver knows it.
    init(
        _ topic: WatchTopic, of environment: EnvironmentName?, of project: ProjectName, from past: PlatformState,
        store: any Store, published: Published
    ) {
        self.topic = topic
        self.project = project
        self.environment = environment
        self.past = past
        self.store = store
        self.published = published
    }

    /// The next event; nil when all is told, from when on `arrive` has seen to it that what follows is delivered.
    func next(_ arrive: @Sendable () -> Void) async throws -> WatchEvent? {
        while true {
            if let event = events.popFirst() { return event }
            try Task.checkCancellation()
            guard past.revision < published.state.revision else {
                let revision = past.revision
                let isArrived = published.betweenSteps { state in
                    guard state.revision == revision else { return false }
                    arrive()
                    return true
                }
                if isArrived { return nil }
                continue
            }
            if changes.isEmpty { changes = try await store.changes(after: past.revision, limit: Self.page)[...] }
            guard let change = changes.popFirst(), change.revision == past.revision.next else {
                throw StoreError.corrupted("revision \(past.revision.next) is missing")
            }
            try take(change)
        }
    }

    private func take(_ change: ChangeRecord) throws {
        guard change.project == project else {
            past = PlatformState(
                revision: change.revision, digest: change.digest, committedAt: change.committedAt,
                projects: past.projects, access: past.access)
            return
        }
        let (next, touched) = try past.applying(change)
        let step = Published.Step(change: change, state: next, touched: touched)
        let before = past.projects[project]
        events =
            topic.environments(touched).sorted()
            .filter { environment == nil || environment == $0 }
            .compactMap { topic.event(of: step, in: $0, before: before) }[...]
        past = next
    }
}
