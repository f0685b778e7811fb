import Synchronization

/// What counts for several evaluations: those of one client, or of all clients of the program.
public final class FlagScope: Sendable {
    private struct State {
        var context = FlagContext.empty
        var hooks: [any FlagHook] = []
    }
    private let state = Mutex(State())
    /// Asked by every evaluation, most of which find nothing.
    private let hasContext = Atomic(false)
    private let hasHooks = Atomic(false)

    init() {}

    /// Laid under the contexts that are more specific. Empty until it is set.
    public var context: FlagContext {
        get { hasContext.load(ordering: .acquiring) ? state.withLock { $0.context } : .empty }
        set {
            state.withLock { state in
                state.context = newValue
                hasContext.store(!newValue.isEmpty, ordering: .releasing)
            }
        }
    }

    /// All hooks that were added, in order.
    public var hooks: [any FlagHook] {
        hasHooks.load(ordering: .acquiring) ? state.withLock { $0.hooks } : []
    }

    /// Adds hooks after those there are.
    public func add(_ hooks: any FlagHook...) {
        state.withLock { state in
            state.hooks += hooks
            hasHooks.store(!state.hooks.isEmpty, ordering: .releasing)
        }
    }

    /// Removes all hooks and the context.
    public func reset() {
        state.withLock { state in
            state = State()
            hasHooks.store(false, ordering: .releasing)
            hasContext.store(false, ordering: .releasing)
        }
    }

    /// Whether there is neither a context nor a hook.
    var isEmpty: Bool { !hasContext.load(ordering: .acquiring) && !hasHooks.load(ordering: .acquiring) }
}
