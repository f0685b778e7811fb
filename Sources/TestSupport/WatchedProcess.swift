import Foundation
import Synchronization

/// A process that runs beside the test and never outlives it: however the test process ends, this one is killed. What waits for it waits two
/// minutes at most, and then kills it: a wait without end would hold up every test after it.
///
/// It runs under a shell that waits for the end of a pipe this process holds. (A parent-death signal would not do: it is sent when the
/// *thread* that started the process ends, and threads of a pool do.)
package final class WatchedProcess: Sendable {
    private struct State {
        var output: [UInt8] = []
        var hasOutputEnded = false
        var status: Int32?
        var pid: Int32?
        var waiters:
            [(isSatisfied: @Sendable (borrowing State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private static let patience = Duration.seconds(120)

    /// Where standard error goes, appended.
    package let errorFile: String
    private let command: String
    private let lifeline: Descriptor
    private let state = Mutex(State())

    package init(
        _ executable: String, _ arguments: [String], environment: [String: String], directory: String, errorFile: String
    ) throws {
        self.errorFile = errorFile
        command = ([executable] + arguments).joined(separator: " ")
        let (guarded, lifeline) = try Descriptor.pipe()
        self.lifeline = lifeline
        let (output, writing) = try Descriptor.pipe()
        let errors = try Descriptor(errorFile, O_WRONLY | O_CREAT | O_APPEND)
        let process = try ChildProcess(
            "/bin/sh", ["-c", Self.script, "watched", executable] + arguments, environment: environment,
            directory: directory, input: guarded.value, output: writing.value, errors: errors.value)
        for descriptor in [guarded, writing, errors] { descriptor.close() }
        process.wait { [weak self] status in self?.update { $0.status = status } }
        Thread { [weak self] in
            while case let bytes = output.read(), !bytes.isEmpty { self?.append(bytes) }
            self?.update { $0.hasOutputEnded = true }
        }.start()
    }

    deinit { lifeline.close() }

    /// Prints the process's number, becomes its guard, and ends as it ends.
    private static let script = """
        exec 3<&0
        /bin/sh -c 'echo "$$" && exec "$@"' watched "$@" </dev/null 3<&- &
        process=$!
        { read -r word; kill -KILL "$process"; } <&3 >/dev/null 2>&1 &
        guard=$!
        exec 3<&-
        wait "$process" 2>/dev/null
        status=$?
        kill -KILL "$guard" 2>/dev/null
        exit "$status"
        """

    /// What the process has printed so far.
    package var output: String {
        state.withLock { String(decoding: $0.output, as: UTF8.self) }
    }

    /// What it has written to standard error so far.
    package var errors: String {
        (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? ""
    }

    /// Waits for a line on standard output with this prefix and returns the rest of it; nil where the process ends before.
    package func line(after prefix: String) async -> String? {
        @Sendable func find(_ state: borrowing State) -> String? {
            String(decoding: state.output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast()
                .first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        }
        await patiently("to print '\(prefix)'") {
            await self.wait { find($0) != nil || ($0.hasOutputEnded && $0.status != nil) }
        }
        return state.withLock { find($0) }
    }

    /// Waits for the end: the exit status, or 128 and the number of the signal that ended it.
    @discardableResult
    package func end() async -> Int32 {
        await patiently("to end") { await self.wait { $0.status != nil && $0.hasOutputEnded } }
        return state.withLock { $0.status ?? -1 }
    }

    package var hasEnded: Bool { state.withLock { $0.status != nil } }

    package func signal(_ number: Int32) {
        state.withLock { state in
            if let pid = state.pid, state.status == nil { _ = kill(pid, number) }
        }
    }

    package var pid: Int32? { state.withLock { $0.pid } }

    /// The first line is the number of the process.
    private func append(_ bytes: [UInt8]) {
        update { state in
            state.output += bytes
            if state.pid == nil, let end = state.output.firstIndex(of: 0x0A) {
                state.pid = Int32(String(decoding: state.output[..<end], as: UTF8.self))
                state.output.removeFirst(end + 1)
            }
        }
    }

    private func update(_ body: (inout State) -> Void) {
        let ready = state.withLock { state in
            body(&state)
            let waiters = state.waiters
            state.waiters = waiters.filter { !$0.isSatisfied(state) }
            return waiters.filter { $0.isSatisfied(state) }
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// Kills the process, and says so in its own log, where `body` takes longer than there is patience.
    private func patiently(_ purpose: String, _ body: () async -> Void) async {
        let deadline = Task {
            try await Task.sleep(for: Self.patience)
            self.note("killed by its test, for it took more than \(Self.patience) \(purpose)")
            self.signal(SIGKILL)
        }
        await body()
        deadline.cancel()
    }

    private func note(_ text: String) {
        guard let log = FileHandle(forWritingAtPath: errorFile) else { return }
        _ = try? log.seekToEnd()
        try? log.write(contentsOf: Data("\(text)\n".utf8))
        try? log.close()
    }

    private func wait(until isSatisfied: @escaping @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if isSatisfied(state) { return true }
                state.waiters.append((isSatisfied, continuation))
                return false
            }
            if isReady { continuation.resume() }
        }
    }
}
