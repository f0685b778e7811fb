/// Snapshots of a client's settings: the one there is, then each that differs from the one before.
public struct SettingsSnapshots: AsyncSequence, Sendable {
    private let snapshots: Distinct<ClientState<SettingsDocument>, SettingsSnapshot, String>

    init(_ state: AsyncStream<ClientState<SettingsDocument>>) {
        snapshots = Distinct(state) { state in
            state.snapshot.isLoaded ? (state.snapshot, state.snapshot.entityTag) : nil
        }
    }

    /// Waits for the next snapshot.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var snapshots: Distinct<ClientState<SettingsDocument>, SettingsSnapshot, String>.Iterator

        /// The next snapshot whose settings differ; nil when the client was shut down or the task cancelled.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> SettingsSnapshot? {
            await snapshots.next(isolation: actor)
        }
    }

    /// For one reader: two iterators would share the snapshots between them.
    public func makeAsyncIterator() -> Iterator { Iterator(snapshots: snapshots.makeAsyncIterator()) }
}

/// Changes of a client's settings.
public struct SettingsChanges: AsyncSequence, Sendable {
    private let snapshots: SettingsSnapshots
    private let baseline: SettingsSnapshot

    /// - Parameter baseline: what the first change is a change of, unless it is empty.
    init(_ snapshots: SettingsSnapshots, since baseline: SettingsSnapshot) {
        self.snapshots = snapshots
        self.baseline = baseline
    }

    /// Waits for the next change.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var snapshots: SettingsSnapshots.Iterator
        fileprivate var last: SettingsSnapshot

        /// The next change; nil when the client was shut down or the task cancelled.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> SettingsChange? {
            while let snapshot = await snapshots.next(isolation: actor) {
                let before = last
                last = snapshot
                if before.isLoaded, before.entityTag != snapshot.entityTag {
                    return SettingsChange(from: before, to: snapshot)
                }
            }
            return nil
        }
    }

    /// For one reader: two iterators would share the changes between them.
    public func makeAsyncIterator() -> Iterator { Iterator(snapshots: snapshots.makeAsyncIterator(), last: baseline) }
}

/// States of a client: the one there is, then each other one.
public struct ClientStatuses: AsyncSequence, Sendable {
    private let statuses: Distinct<ClientState<SettingsDocument>, ClientStatus, ClientStatus>

    init(_ state: AsyncStream<ClientState<SettingsDocument>>) {
        statuses = Distinct(state) { ($0.status, $0.status) }
    }

    /// Waits for the next status.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var statuses: Distinct<ClientState<SettingsDocument>, ClientStatus, ClientStatus>.Iterator

        /// The next status that differs; nil when the client was shut down or the task cancelled.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async -> ClientStatus? {
            await statuses.next(isolation: actor)
        }
    }

    /// For one reader: two iterators would share the states between them.
    public func makeAsyncIterator() -> Iterator { Iterator(statuses: statuses.makeAsyncIterator()) }
}
