/// What a client's state shows of one thing, each time that it differs from what was shown last.
struct Distinct<State: Sendable, Shown: Sendable, Identity: Equatable & Sendable>: AsyncSequence, Sendable {
    private let state: AsyncStream<State>
    private let shown: @Sendable (State) -> (Shown, Identity)?

    /// - Parameter shown: the thing and what tells it from others; nil to show nothing.
    init(_ state: AsyncStream<State>, _ shown: @escaping @Sendable (State) -> (Shown, Identity)?) {
        self.state = state
        self.shown = shown
    }

    struct Iterator: AsyncIteratorProtocol {
        private var state: AsyncStream<State>.Iterator
        private let shown: @Sendable (State) -> (Shown, Identity)?
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
