/// Whether a client can evaluate flags, and how good they are: OpenFeature's provider status.
public enum FlagProviderStatus: String, Hashable, Sendable {
    /// There are no flags yet, or the client was shut down.
    case notReady = "NOT_READY"
    /// The flags are the platform's, or will be within a moment.
    case ready = "READY"
    /// There are flags, and the platform cannot be followed: they are those of before. Attempts go on.
    case stale = "STALE"
    /// There are no flags, and the platform cannot be reached. Attempts go on.
    case error = "ERROR"
    /// There are no flags, and there will be none before the token or the place is another.
    case fatal = "FATAL"

    init(_ state: ClientState<FlagDefinitions>) {
        switch (state.status, state.followed.isLoaded) {
        case (.ended, _): self = .notReady
        case (.following, true): self = .ready
        case (_, true): self = .stale
        case (_, false):
            self = state.lastFailure.map { $0.isDefinite ? .fatal : .error } ?? .notReady
        }
    }
}

/// What became of a client or of its flags: OpenFeature's provider events.
public struct FlagEvent: Hashable, Sendable {
    /// A kind of event.
    public enum Kind: String, Hashable, Sendable {
        /// There are flags, and they are the platform's.
        case ready = "PROVIDER_READY"
        /// There are none, and why.
        case error = "PROVIDER_ERROR"
        /// They are those of before: the platform cannot be followed.
        case stale = "PROVIDER_STALE"
        /// Some are others now.
        case configurationChanged = "PROVIDER_CONFIGURATION_CHANGED"
    }

    /// What kind of event it is.
    public let kind: Kind
    /// The keys of flags that are others now, new or gone, in order; empty for other kinds of event.
    public let flagsChanged: [String]
    /// What is wrong, in words.
    public let message: String?
    /// `PROVIDER_FATAL` where nothing will help but another token or place; nil where nothing is wrong.
    public let errorCode: FlagErrorCode?

    /// What evaluates: `ConfigPlatform`.
    public var providerName: String { FlagClient.providerName }

    init(
        _ kind: Kind, flagsChanged: [String] = [], message: String? = nil, errorCode: FlagErrorCode? = nil
    ) {
        self.kind = kind
        self.flagsChanged = flagsChanged
        self.message = message
        self.errorCode = errorCode
    }
}

/// The events of a client: first the one that says how it is, unless it is not ready yet, then what happens. A slow reader gets several
/// changes as one, and misses a state that has ended meanwhile.
public struct FlagEvents: AsyncSequence, Sendable {
    private let states: AsyncStream<ClientState<FlagDefinitions>>
    private let baseline: FlagDefinitions

    /// - Parameter baseline: what the first change is a change of.
    init(_ states: AsyncStream<ClientState<FlagDefinitions>>, since baseline: FlagDefinitions) {
        self.states = states
        self.baseline = baseline
    }

    /// Waits for the next event.
    public struct Iterator: AsyncIteratorProtocol {
        private var states: AsyncStream<ClientState<FlagDefinitions>>.Iterator
        private var status = FlagProviderStatus.notReady
        private var definitions: FlagDefinitions
        private var pending: [FlagEvent] = []

        fileprivate init(_ events: FlagEvents) {
            states = events.states.makeAsyncIterator()
            definitions = events.baseline
        }

        /// The next event; nil when the client was shut down or the task cancelled.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> FlagEvent? {
            while pending.isEmpty {
                guard let state = await states.next(isolation: actor) else { return nil }
                take(state)
            }
            return pending.removeFirst()
        }

        private mutating func take(_ state: ClientState<FlagDefinitions>) {
            let now = FlagProviderStatus(state)
            if now != status {
                status = now
                switch now {
                case .notReady: break
                case .ready: pending.append(FlagEvent(.ready))
                case .stale: pending.append(FlagEvent(.stale, message: state.staleness))
                case .error:
                    pending.append(
                        FlagEvent(.error, message: state.lastFailure?.detail, errorCode: .general))
                case .fatal:
                    pending.append(FlagEvent(.error, message: state.lastFailure?.detail, errorCode: .providerFatal))
                }
            }
            let before = definitions
            definitions = state.followed.content
            // The first flags there are come with the client being ready.
            guard before !== FlagDefinitions.empty else { return }
            let keys = FlagDefinitions.differences(before, definitions)
            if !keys.isEmpty { pending.append(FlagEvent(.configurationChanged, flagsChanged: keys)) }
        }
    }

    /// For one reader: two iterators would share the events between them.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }
}

extension ClientState {
    /// Why what is served may not be the newest, in words.
    fileprivate var staleness: String? {
        switch status {
        case .stale(let since, let reason): "The flags are as of \(since): \(reason.detail)"
        default: lastFailure?.detail
        }
    }
}
