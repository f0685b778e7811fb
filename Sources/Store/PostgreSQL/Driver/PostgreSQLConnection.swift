import CLibPQ

/// A message of `NOTIFY`.
struct PostgreSQLNotification: Sendable, Equatable {
    let channel: String
    /// At most 7,999 bytes.
    let payload: String
    let backendProcessID: Int32
}

/// One session with a server: synchronous, blocking for at most ``responseTimeout`` at a time, and used by one thread.
///
/// Once the session is lost every call throws an error that says `isConnectionLost`; a new connection takes its place
/// (``PostgreSQLThread`` does that).
final class PostgreSQLConnection {
    let link: PostgreSQLLink
    var statements = PostgreSQLStatements()
    var parameters = PostgreSQLParameters()
    /// Set when the session should be replaced after the present work (``PostgreSQLError/retiresSession``).
    var isRetired = false
    private let interruption: WakePipe?
    private var isInPipeline = false

    /// `interruption`, once signalled, ends ``waitForNotifications(timeout:)``.
    init(
        to url: PostgreSQLURL, options: PostgreSQLSessionOptions = .init(), attemptSeconds: Int? = nil,
        interruption: WakePipe? = nil
    ) throws {
        let seconds = attemptSeconds ?? url.connectTimeoutSeconds ?? options.connectTimeoutSeconds
        link = try PostgreSQLLink(url, options, attemptSeconds: seconds)
        self.interruption = interruption
        link.responseTimeout = .seconds(max(seconds, 2))
        try executeScript(options.settingScript)
        link.responseTimeout = options.responseTimeout
    }

    var isOpen: Bool { link.isOpen }

    /// Limit on every wait of the calls that follow; see ``PostgreSQLSessionOptions/responseTimeout``.
    var responseTimeout: Duration {
        get { link.responseTimeout }
        set { link.responseTimeout = newValue }
    }

    /// The server process of this session, as in `pg_stat_activity`.
    var backendProcessID: Int32 {
        get throws { PQbackendPID(try link.pointer) }
    }

    var isInTransaction: Bool { link.transactionStatus != PQTRANS_IDLE }

    func close() { link.close() }

    /// One command and its rows, in one round trip; the rows are all in memory.
    @discardableResult
    func query(_ sql: String, _ values: [PostgreSQLValue] = []) throws -> PostgreSQLResult {
        try pipeline { pipeline in
            try pipeline.enqueue(sql, values)
            guard let result = try pipeline.sync().first else { throw PostgreSQLError("a command had no result") }
            return result
        }
    }

    /// One command for its effect. Returns how many rows it inserted, updated or deleted.
    @discardableResult
    func execute(_ sql: String, _ values: [PostgreSQLValue] = []) throws -> Int {
        try query(sql, values).affectedRows
    }

    /// Runs `body` with a pipeline and syncs what it leaves queued. Other calls on the connection have to wait until it ends.
    func pipeline<T>(_ body: (PostgreSQLPipeline) throws -> T) throws -> T {
        precondition(!isInPipeline, "a pipeline is open on this connection")
        let pipeline = try PostgreSQLPipeline(self)
        isInPipeline = true
        defer { isInPipeline = false }
        do {
            let value = try body(pipeline)
            try pipeline.finish()
            return value
        } catch {
            pipeline.abandon()
            throw error
        }
    }

    /// Executes a query and hands its rows to `body` one at a time as they arrive; no more than one is in memory.
    ///
    /// An error thrown by `body` is rethrown at the cost of the session, which still has rows on their way. `statement_timeout` counts
    /// the time `body` takes: lift it for a long read.
    func forEachRow(
        _ sql: String, _ values: [PostgreSQLValue] = [], _ body: (PostgreSQLRow) throws -> Void
    ) throws {
        precondition(!isInPipeline, "a pipeline is open on this connection")
        let isCommitting = !isInTransaction
        try parameters.bind(values)
        let connection = try link.pointer
        let sent = parameters.withPointers { count, values, lengths, formats in
            PQsendQueryParams(connection, sql, count, parameters.types, values, lengths, formats, 1)
        }
        guard sent == 1, PQsetSingleRowMode(connection) == 1 else { throw link.lose() }
        var failure: PostgreSQLError?
        do {
            try link.flush()
            while let result = try link.nextResult() {
                switch PQresultStatus(result) {
                case PGRES_SINGLE_TUPLE: try body(PostgreSQLRow(tuples: PostgreSQLTuples(result), row: 0))
                default:
                    let error = try endOfRows(result)
                    failure = failure ?? error
                }
            }
        } catch var error as PostgreSQLError where error.isConnectionLost {
            link.close()
            error.outcomeUnknown = isCommitting
            throw error
        } catch {
            link.close()
            throw error
        }
        if let failure { throw failure }
    }

    /// Executes statements separated by semicolons, without parameters, as one implicit transaction unless they say otherwise.
    func executeScript(_ sql: String) throws {
        precondition(!isInPipeline, "a pipeline is open on this connection")
        guard !sql.utf8.contains(0) else { throw PostgreSQLError("a script contains a zero byte") }
        guard PQsendQuery(try link.pointer, sql) == 1 else { throw link.lose() }
        var failure: PostgreSQLError?
        do {
            try link.flush()
            while let result = try link.nextResult() {
                let error = try endOfRows(result)
                failure = failure ?? error
            }
        } catch var error as PostgreSQLError where error.isConnectionLost {
            link.close()
            error.outcomeUnknown = true
            throw error
        }
        if let failure { throw failure }
    }

    /// Waits for messages of the channels this session listens to; empty when `timeout` passes without one.
    /// Throws ``PostgreSQLError/closed`` when it is interrupted.
    func waitForNotifications(timeout: Duration) throws -> [PostgreSQLNotification] {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            let arrived = try takeNotifications()
            if !arrived.isEmpty { return arrived }
            guard let socket = link.socket else { throw link.lose() }
            var descriptors = [(descriptor: socket, isWriting: false)]
            if let interruption { descriptors.append((interruption.readDescriptor, false)) }
            let remaining = ContinuousClock.now.duration(to: deadline)
            guard let readiness = try Readiness.wait(descriptors, timeout: remaining) else { return [] }
            if readiness.count > 1, readiness[1].isReadable { throw PostgreSQLError.closed }
            if readiness[0].isReadable { try link.consumeInput() }
        }
    }

    /// Ends a transaction that was left open. Returns whether there was one.
    @discardableResult
    func rollBackIfOpen() -> Bool {
        guard isOpen, isInTransaction else { return false }
        switch link.transactionStatus {
        case PQTRANS_INTRANS, PQTRANS_INERROR:
            if (try? query("ROLLBACK")) == nil { close() }
        default: close()
        }
        return true
    }

    private func takeNotifications() throws -> [PostgreSQLNotification] {
        var arrived: [PostgreSQLNotification] = []
        let connection = try link.pointer
        while let notification = PQnotifies(connection) {
            defer { PQfreemem(notification) }
            arrived.append(
                PostgreSQLNotification(
                    channel: String(cString: notification.pointee.relname),
                    payload: String(cString: notification.pointee.extra),
                    backendProcessID: notification.pointee.be_pid))
        }
        return arrived
    }

    /// Releases a result that carries no row; returns the server's error if it is one, throws if it ends the session.
    private func endOfRows(_ result: OpaquePointer) throws -> PostgreSQLError? {
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return nil
        case PGRES_FATAL_ERROR:
            var error = PostgreSQLError(result: result)
            guard !error.isConnectionLost, link.isHealthy else {
                error.isConnectionLost = true
                throw error
            }
            if error.retiresSession { isRetired = true }
            return error
        default: throw link.lose("COPY is not supported")
        }
    }
}
