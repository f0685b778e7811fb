import ConfigPlatformModel
import Synchronization

/// Tells of commits of every process that writes to the database, as they are made.
///
/// It has a session of its own, which listens for what each commit notifies and asks for the head each second beside that. When the
/// session is lost another is sought for as long as the store is open; what was missed meanwhile is told at once.
final class PostgreSQLListener: Sendable {
    static let pollInterval = Duration.seconds(1)
    /// A standby takes no LISTEN.
    static let standbyPollInterval = Duration.milliseconds(200)

    private let thread: PostgreSQLThread
    private let isEnded = Ended()
    private let listening: Task<Void, Never>

    /// Shared with the work on the thread, which must not keep the listener itself alive.
    private final class Ended: Sendable {
        let flag = Atomic(false)
    }

    init(on thread: PostgreSQLThread, telling movement: HeadMovement) {
        self.thread = thread
        let isEnded = isEnded
        listening = Task.detached {
            while !isEnded.flag.load(ordering: .relaxed) {
                do {
                    try await thread.run(reconnectWithin: .seconds(60)) { connection in
                        try Self.listen(on: connection, telling: movement, until: isEnded)
                    }
                } catch let error as PostgreSQLError where error.isClosed {
                    return
                } catch let error as PostgreSQLError where error.isConnectionLost {
                    // The thread paces its attempts to connect.
                    continue
                } catch {
                    try? await Task.sleep(for: Self.pollInterval)
                }
            }
        }
    }

    deinit { isEnded.flag.store(true, ordering: .relaxed) }

    func close() async {
        isEnded.flag.store(true, ordering: .relaxed)
        listening.cancel()
        await thread.close()
        await listening.value
    }

    private static func listen(
        on connection: PostgreSQLConnection, telling movement: HeadMovement, until isEnded: Ended
    ) throws {
        let isStandby = try connection.query("SELECT pg_is_in_recovery()")[0].bool(0)
        if !isStandby { _ = try connection.query(.listen) }
        // Only what is committed after LISTEN is notified; hence in this order.
        try tell(movement, on: connection)
        while !isEnded.flag.load(ordering: .relaxed) {
            let notices = try connection.waitForNotifications(timeout: isStandby ? standbyPollInterval : pollInterval)
            let known = HeadNotice(movement.head)
            if notices.isEmpty || notices.contains(where: { $0.payload != known.text }) {
                try tell(movement, on: connection)
            }
        }
    }

    private static func tell(_ movement: HeadMovement, on connection: PostgreSQLConnection) throws {
        guard let row = try connection.query(.readHead).first else { throw UnreadableRow("the head row is missing") }
        let head = try row.head()
        if head != movement.head { movement.publish(head) }
    }
}

/// The counters of a head as a commit notifies them, so that a process knows its own commits again.
struct HeadNotice {
    let text: String

    init(_ head: Head) {
        text = "\(head.revision.number):\(head.auditSequence):\(head.credentialsVersion)"
    }
}
