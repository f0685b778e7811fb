import Synchronization

/// One writing after the other, so that whoever waits for one finds all written that was gathered before.
final class Turns: Sendable {
    /// The one that was begun last.
    private let last = Mutex<Task<Void, Never>?>(nil)

    func take(_ write: @escaping @Sendable () async -> Void) async {
        let mine = last.withLock { last in
            let before = last
            let task = Task {
                await before?.value
                await write()
            }
            last = task
            return task
        }
        await mine.value
    }
}
