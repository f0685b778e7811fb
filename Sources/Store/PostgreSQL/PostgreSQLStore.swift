import ConfigPlatformModel
import Synchronization

/// The scale-out engine: a PostgreSQL database (13 or later) that any number of cfg processes write to and follow.
///
/// Every write locks the one head row, so that writes of all processes form one sequence; each commit notifies the others. A URL may name
/// several hosts, and `target_session_attrs=read-write` then finds the primary after a failover. A connection pooler must keep sessions
/// whole: what is prepared, set and listened to belongs to them.
///
/// `synchronous_commit` may be anything but `off`. `local` survives the loss of the machine's power as the contract asks, and not the
/// loss of the machine: a failover may then go back behind commits, which clients notice by their revision tokens.
package final class PostgreSQLStore: Store {
    package enum Mode: Sendable {
        /// As one of the processes that write: migrates where that is due, and refuses a server that would lose what it confirms.
        case readWrite
        /// For backups and checks, of a standby too. Refuses where there is no database of cfg, or one of another schema.
        case readOnly
    }

    /// What tests shorten.
    struct Settings: Sendable {
        var readers = 4
        /// How long a call seeks a session when there is none.
        var openingSeconds = 3.0
        var writingSeconds = 5.0
        var readingSeconds = 3.0
        var session = PostgreSQLStore.session(response: .seconds(25))
    }

    package let location: String
    let failures: PostgreSQLFailure
    let settings: Settings
    let url: PostgreSQLURL
    private let mode: Mode
    private let writer: PostgreSQLThread
    private let readers: PostgreSQLReaders
    private let listener: PostgreSQLListener
    private let movement: HeadMovement
    private let isClosed = Mutex(false)
    /// The numbers of items, which never change while a session lasts: a failover may lose some. Touched on the writer's thread only.
    private nonisolated(unsafe) let known: KnownItems<Int64>

    /// Opens the database that a URL names (`postgres://user:password@host:5432,host2/database?…`, as libpq reads it); `platformID` names
    /// the platform where its tables are created, in the schema that comes first on the role's search path.
    ///
    /// Throws ``StoreError`` `cannotOpen` where it cannot be reached, where it is newer than this program or holds tables of another, and
    /// in mode `readWrite` where the server takes no writes or would not be as durable as it must be.
    package static func open(
        url: String, mode: Mode, platformID: @Sendable () -> String
    ) async throws -> PostgreSQLStore {
        try await open(url: url, mode: mode, settings: Settings(), platformID: platformID)
    }

    static func open(
        url text: String, mode: Mode, settings: Settings, platformID: @Sendable () -> String
    ) async throws -> PostgreSQLStore {
        let url: PostgreSQLURL
        do {
            url = try PostgreSQLURL(parsing: text)
        } catch {
            throw StoreError.cannotOpen("The database cannot be opened: \(error.reason).")
        }
        let failures = PostgreSQLFailure(label: url.label)
        do {
            let platformID = platformID()
            let thread = try PostgreSQLThread(
                url: url, options: PostgreSQLOpening.session, name: "postgresql-open",
                reconnectLimit: .seconds(settings.openingSeconds))
            let opened: Result<Head, any Error>
            do {
                opened = .success(
                    try await thread.run { try PostgreSQLOpening.prepare($0, mode, url.label, platformID) })
            } catch {
                opened = .failure(error)
            }
            await thread.close()
            return try PostgreSQLStore(url, mode, settings, failures, at: opened.get())
        } catch {
            throw failures.translating(error, .opening)
        }
    }

    private init(
        _ url: PostgreSQLURL, _ mode: Mode, _ settings: Settings, _ failures: PostgreSQLFailure, at head: Head
    ) throws {
        self.url = url
        self.mode = mode
        self.settings = settings
        self.failures = failures
        location = "postgres://" + url.label
        // Touched on the writer's thread only, which prepares its sessions too.
        nonisolated(unsafe) let known = KnownItems<Int64>()
        self.known = known
        writer = try PostgreSQLThread(url: url, options: settings.session, name: "postgresql-write") { connection in
            known.forget()
            try PostgreSQLOpening.prepareSession(connection, .readWrite)
            try PostgreSQLOpening.requireDurability(connection, url.label)
        }
        func reader(_ name: String) throws -> PostgreSQLThread {
            try PostgreSQLThread(url: url, options: settings.session, name: name) { connection in
                try PostgreSQLOpening.prepareSession(connection, .readOnly)
            }
        }
        readers = PostgreSQLReaders(try (0..<settings.readers).map { try reader("postgresql-read-\($0)") })
        movement = HeadMovement(at: head)
        listener = PostgreSQLListener(on: try reader("postgresql-listen"), telling: movement)
    }

    /// Limits under which sessions work; those of the opening are in ``PostgreSQLOpening``.
    static func session(response: Duration) -> PostgreSQLSessionOptions {
        var options = PostgreSQLSessionOptions()
        options.statementTimeout = .seconds(20)
        options.lockTimeout = .seconds(10)
        options.idleInTransactionTimeout = .seconds(10)
        options.responseTimeout = response
        return options
    }

    // MARK: Writing

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Result
    ) async throws -> Result {
        try checkOpen()
        guard mode == .readWrite else {
            throw StoreError.fault("The database at \(location) was opened for reading only.")
        }
        do {
            return try await writer.run(reconnectWithin: .seconds(settings.writingSeconds)) { connection in
                try connection.pipeline { try self.commit(body, $0) }
            }
        } catch {
            throw failures.translating(error, .writing)
        }
    }

    private func commit<Result>(
        _ body: (any StoreTransaction) throws -> Result, _ pipeline: PostgreSQLPipeline
    ) throws -> Result {
        let transaction = try PostgreSQLTransaction(on: pipeline, failures, known)
        do {
            let result = try body(transaction)
            if try transaction.commit() || transaction.head != movement.head { movement.publish(transaction.head) }
            return result
        } catch {
            known.forget()
            // The thread rolls back what is left open.
            transaction.abandon()
            throw error
        }
    }

    // MARK: Reading

    /// Runs `body` on a session that nobody else uses meanwhile. Where the session is lost in the middle it is run again, once.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (PostgreSQLConnection) throws -> Value
    ) async throws -> Value {
        do {
            return try await readOnce { connection in
                do {
                    return try body(connection)
                } catch let error as PostgreSQLError where error.isConnectionLost {
                    throw LostSession()
                }
            }
        } catch is LostSession {
            return try await readOnce(body)
        }
    }

    /// As ``read(_:)`` for what must not be run again.
    func readOnce<Value: Sendable>(
        _ body: @escaping @Sendable (PostgreSQLConnection) throws -> Value
    ) async throws -> Value {
        try checkOpen()
        do {
            return try await readers.run(reconnectWithin: .seconds(settings.readingSeconds), body)
        } catch {
            throw failures.translating(error, .reading)
        }
    }

    package func awaitMovement(past head: Head, seconds: Double) async throws {
        try checkOpen()
        try await movement.wait(past: head, seconds: seconds)
    }

    // MARK: Closing

    package func close() async {
        let wasClosed = isClosed.withLock { exchange(&$0, with: true) }
        guard !wasClosed else { return }
        movement.close()
        await listener.close()
        await readers.close()
        await writer.close()
    }

    func checkOpen() throws {
        if isClosed.withLock({ $0 }) { throw StoreError.closed }
    }
}

/// The session of a read was lost in the middle of it.
private struct LostSession: Error {}
