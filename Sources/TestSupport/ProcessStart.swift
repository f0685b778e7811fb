package import Foundation

extension Process {
    /// `run()` with no signal blocked in what it starts. Threads of a pool have most of them blocked, and a child inherits that: it would
    /// neither notice SIGTERM nor the end of its own children.
    package func runUnblocked() throws {
        var none = sigset_t()
        sigemptyset(&none)
        var own = sigset_t()
        pthread_sigmask(SIG_SETMASK, &none, &own)
        defer { pthread_sigmask(SIG_SETMASK, &own, nil) }
        try run()
    }
}
