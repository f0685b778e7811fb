import Dispatch

/// Runs the tasks that prefer it, one step after the other, on threads that may wait for a disk: they are none of those that all tasks share.
final class WriterExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "cfg.writer", qos: .userInitiated)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
