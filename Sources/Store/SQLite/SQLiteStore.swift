import CSQLite
import ConfigPlatformModel
import Dispatch
import GRDB
import Synchronization

/// The embedded engine: one SQLite file in a directory of its own, written by one process.
///
/// Write-ahead log, `synchronous=FULL`: a commit returns after its log is on disk. Readers have connections of their own and neither
/// wait for the writer nor hold it up.
package final class SQLiteStore: Store {
    package enum Mode: Sendable {
        /// As the one process that writes: creates what is missing, migrates, and refuses where another process does the same.
        case readWrite
        /// Beside a server or without one: for backups and checks. Refuses where there is no database, or one of another schema.
        case readOnly
    }

    /// What tests alter to see that it is noticed. No caller outside this module can.
    struct Settings: Sendable {
        var synchronous = "FULL"
        /// Pages that the database may grow to; nil for as many as the disk holds.
        var pagesMax: Int?
    }

    package let location: String
    let files: SQLiteFiles
    private let mode: Mode
    let pool: DatabasePool
    private let movement: HeadMovement
    private let lock: DirectoryLock?
    private let isClosed = Mutex(false)
    /// Touched on the writer's queue only.
    private nonisolated(unsafe) let known = KnownItems<StandingItem>()

    /// Opens the database in `directory`; `platformID` names the platform where a database is created.
    ///
    /// Throws ``StoreError`` `cannotOpen` where another process serves it, where it is newer than this program, is no database of cfg, or
    /// would not be as durable as it must be; `corrupted` where its files are damaged; `full` where there is no room to open it.
    package static func open(
        directory: String, mode: Mode, platformID: () -> String
    ) throws -> SQLiteStore {
        try open(directory: directory, mode: mode, settings: Settings(), platformID: platformID)
    }

    static func open(
        directory: String, mode: Mode, settings: Settings, platformID: () -> String
    ) throws -> SQLiteStore {
        let files = SQLiteFiles(directory: directory)
        guard prepared == 0 else {
            throw StoreError.fault("SQLite cannot be prepared for use: it answers \(prepared).")
        }
        do {
            return try SQLiteStore(files: files, mode: mode, settings: settings, platformID: platformID)
        } catch {
            throw StoreError.translating(error, .opening, path: files.database)
        }
    }

    private static let prepared = cfg_sqlite3_prepare()

    private init(files: SQLiteFiles, mode: Mode, settings: Settings, platformID: () -> String) throws {
        self.files = files
        self.mode = mode
        location = "sqlite:" + files.directory
        switch mode {
        case .readWrite:
            try files.makeDirectory()
            lock = try DirectoryLock(files)
            if !files.hasDatabase { try SQLiteOpening.create(files, platformID) }
        case .readOnly:
            lock = nil
            guard files.hasDatabase else {
                throw StoreError.cannotOpen(
                    "There is no database in \(files.directory): name the directory that 'cfg serve --data' has.")
            }
        }
        pool = try DatabasePool(path: files.database, configuration: SQLiteOpening.configuration(mode, files))
        movement = HeadMovement(at: try SQLiteOpening.prepare(pool, mode, settings, files))
    }

    // MARK: Writing

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Result
    ) async throws -> Result {
        guard mode == .readWrite else {
            throw StoreError.fault("The database at \(location) was opened for reading only.")
        }
        return try writeHere(body)
    }

    /// On the caller's thread: whoever writes much has one of its own, and two more would have to be woken for each group.
    private func writeHere<Result>(_ body: (any StoreTransaction) throws -> Result) throws -> Result {
        try pool.writeWithoutTransaction { database in try commit(body, on: database) }
    }

    private func commit<Result>(_ body: (any StoreTransaction) throws -> Result, on database: Database) throws -> Result
    {
        try checkOpen()
        var committed: (result: Result, head: Head)?
        var isSound = false
        defer { if !isSound { known.forget() } }
        do {
            try database.inTransaction(.immediate) {
                let transaction = try SQLiteTransaction(on: database, path: files.database, known: known)
                defer { transaction.end() }
                let result = try body(transaction)
                try transaction.finish()
                committed = (result, transaction.head)
                return .commit
            }
        } catch let error as DatabaseError {
            let failure = SQLiteFailure(error, systemError: SQLiteFailure(of: database.sqliteConnection).systemError)
            throw failure.storeError(committed == nil ? .writing : .committing, path: files.database)
        } catch {
            throw StoreError.translating(error, .writing, path: files.database)
        }
        isSound = true
        let (result, head) = committed!
        movement.publish(head)
        return result
    }

    // MARK: Reading

    /// Runs `body` on a connection of its own in one view of committed data.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try checkOpen()
        return try await withCheckedThrowingContinuation { continuation in
            pool.asyncRead { database in
                continuation.resume(
                    with: Result {
                        do {
                            return try body(try database.get())
                        } catch {
                            throw StoreError.translating(error, .reading, path: self.files.database)
                        }
                    })
            }
        }
    }

    package func awaitMovement(past head: Head, seconds: Double) async throws {
        try checkOpen()
        guard mode == .readOnly else { return try await movement.wait(past: head, seconds: seconds) }
        // Another process writes: look now and then.
        let clock = ContinuousClock()
        let end = clock.now + .seconds(max(0, seconds))
        while try await !self.head().isPast(head), clock.now < end {
            try await clock.sleep(until: min(end, clock.now + .milliseconds(200)))
        }
    }

    // MARK: Closing

    package func close() async {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        movement.close()
        await withCheckedContinuation { continuation in
            // On a thread that may wait for what still runs.
            DispatchQueue.global().async {
                SQLiteOpening.close(self.pool, self.mode)
                self.lock?.release()
                continuation.resume()
            }
        }
    }

    private func checkOpen() throws {
        if isClosed.withLock({ $0 }) { throw StoreError.closed }
    }
}
