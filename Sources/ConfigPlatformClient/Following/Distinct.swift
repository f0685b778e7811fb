/// What a client's state shows of one thing, each time that it differs from what was shown last.
struct Distinct<Shown: Sendable, Identity: Equatable & Sendable>: AsyncSequence, Sendable {
    private let state: AsyncStream<ClientState>
    private let shown: @Sendable (ClientState) -> (Shown, Identity)?

    /// - Parameter shown: the thing and what tells it from others; nil to show nothing.
    init(_ state: AsyncStream<ClientState>, _ shown: @escaping @Sendable (ClientState) -> (Shown, Identity)?) {
        self.state = state
        self.shown = shown
    }

    struct Iterator: AsyncIteratorProtocol {
        private var state: AsyncStream<ClientState>.Iterator
        private let shown: @Sendable (ClientState) -> (Shown, Identity)?
        private var last: Identity?

        fileprivate init(_ distinct: Distinct) {
            state = distinct.state.makeAsyncIterator()
            shown = distinct.shown
        }

        mutating func next(isolation actor: isolated (any Actor)?) async -> Shown? {
            while let state = await state.next(isolation: actor) {
                guard let (shown, identity) = shown(state), identity != last else { continue }
                last = identity
                return shown
            }
            return nil
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(self) }
}
