import ConfigPlatformModel
import Store

/// What comes before the live events of a watch, made as its receiver takes it: the documents of a new watch, and what happened since,
/// read from the ledger a little at a time. However far back a watch resumes, it holds a few changes and the events of one.
actor WatchReplay {
    private let topic: WatchTopic
    private let project: ProjectName
    /// Nil for every environment of the project.
    private let environment: EnvironmentName?
    private let store: any Store
    private let published: Published
    private var past: PlatformState
    /// The environments whose documents are still to come.
    private var documents: ArraySlice<EnvironmentName> = []
    private var changes: ArraySlice<ChangeRecord> = []
    /// Of one revision, the next first.
    private var events: ArraySlice<WatchEvent> = []

    /// How many changes are read at once.
    private static let page = 32

    /// - Parameters:
    ///   - past: the project as the receiver knows it, or is to be told of it first.
    ///   - beginsWithDocuments: whether it is to be told.
    init(
        _ topic: WatchTopic, of environment: EnvironmentName?, of project: ProjectName, from past: PlatformState,
        beginsWithDocuments: Bool, store: any Store, published: Published
    ) {
        self.topic = topic
        self.project = project
        self.environment = environment
        self.past = past
        self.store = store
        self.published = published
        if beginsWithDocuments, let found = past.projects[project] {
            documents =
                (environment.map { [$0] } ?? found.environments.keys.sorted())
                .filter { topic == .settings ? found.resolved[$0] != nil : found.resolvedFlags[$0] != nil }[...]
        }
    }

    /// The next event; nil where there is none. When all is told, with the last event already, `arrive` is called: it sees to it that what
    /// follows is delivered.
    func next(_ arrive: @Sendable () -> Void) async throws -> WatchEvent? {
        while true {
            if let event = documents.isEmpty ? events.popFirst() : document() {
                if documents.isEmpty, events.isEmpty, changes.isEmpty { _ = hasArrived(arrive) }
                return event
            }
            try Task.checkCancellation()
            if past.revision >= published.state.revision {
                if hasArrived(arrive) { return nil }
                continue
            }
            if changes.isEmpty { changes = try await store.changes(after: past.revision, limit: Self.page)[...] }
            guard let change = changes.popFirst(), change.revision == past.revision.next else {
                throw StoreError.corrupted("revision \(past.revision.next) is missing")
            }
            try take(change)
        }
    }

    private func hasArrived(_ arrive: @Sendable () -> Void) -> Bool {
        let revision = past.revision
        return published.betweenSteps { state in
            guard state.revision == revision else { return false }
            arrive()
            return true
        }
    }

    private func document() -> WatchEvent? {
        guard let name = documents.popFirst(), let event = document(of: name) else { return nil }
        return documents.isEmpty ? event : event.part
    }

    private func document(of environment: EnvironmentName) -> WatchEvent? {
        guard let found = past.projects[project] else { return nil }
        return switch topic {
        case .settings: found.resolved[environment].map { .snapshot($0, in: project, at: past.token) }
        case .flags: found.resolvedFlags[environment].map { .flagSnapshot($0, in: project, at: past.token) }
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
        let found = topic.environments(touched).sorted()
            .filter { environment == nil || environment == $0 }
            .compactMap { topic.event(of: step, in: $0, before: before) }
        events = WatchEvent.parts(of: found)[...]
        past = next
    }
}
