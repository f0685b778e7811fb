import Dispatch

/// Runs the tasks that prefer it one step after the other, on a thread that may wait for a disk.
final class WriterThread: TaskExecutor {
    private let queue = DispatchQueue(label: "cfg.writer", qos: .userInitiated)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
