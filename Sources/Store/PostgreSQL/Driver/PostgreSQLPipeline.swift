import CLibPQ

/// Commands sent one behind the other without waiting for their answers (libpq's pipeline mode).
///
/// Everything up to a `sync` shares one fate: after the first error the server skips the rest, and commands outside an explicit
/// transaction are committed together at the `sync`. Valid inside the closure it is handed to.
final class PostgreSQLPipeline {
    /// What libpq may hold unsent before `enqueue` sends it and takes in the answers that have arrived.
    private static let unsentBytesMax = 64 << 10

    private enum Awaited {
        case preparation(PostgreSQLStatements.Statement)
        case command(TransactionEffect)
    }

    private unowned let session: PostgreSQLConnection
    private let link: PostgreSQLLink
    private var awaited: [Awaited] = []
    private var answered = 0
    private var enqueuedCommands = 0
    private var answeredCommands = 0
    private var results: [PostgreSQLResult] = []
    private var failure: PostgreSQLError?
    private var unsentBytes = 0
    private var commits: CommitWatch

    init(_ session: PostgreSQLConnection) throws {
        self.session = session
        link = session.link
        commits = CommitWatch(isInTransaction: link.transactionStatus != PQTRANS_IDLE)
        guard PQenterPipelineMode(try link.pointer) == 1 else { throw link.lose() }
        link.clearWarning()
    }

    /// Queues a command. Errors of the server are thrown by ``sync()``; this throws when the session is lost or a parameter is too large.
    func enqueue(_ sql: String, _ values: [PostgreSQLValue] = []) throws {
        try session.parameters.bind(values)
        try telling {
            let connection = try link.pointer
            let types = session.parameters.types
            let statement = try session.statements.find(sql, types) ?? prepare(sql, types, connection)
            let effect = statement?.effect ?? TransactionEffect(sql: sql)
            let sent = session.parameters.withPointers { count, values, lengths, formats in
                if let statement {
                    PQsendQueryPrepared(connection, statement.name, count, values, lengths, formats, 1)
                } else {
                    PQsendQueryParams(connection, sql, count, types, values, lengths, formats, 1)
                }
            }
            guard sent == 1 else { throw link.lose() }
            awaited.append(.command(effect))
            commits.send(effect)
            enqueuedCommands += 1
            unsentBytes += session.parameters.byteCount + 64
            if unsentBytes > Self.unsentBytesMax {
                unsentBytes = 0
                try link.flush()
                while try answered < awaited.count && link.hasResult { try receiveAnswer() }
            }
        }
    }

    /// Waits for the answers of all commands since the last `sync` and returns their results in order, or throws the first error.
    /// After an error of the server the pipeline takes further commands; an explicit transaction is then aborted and wants a ROLLBACK.
    @discardableResult
    func sync() throws -> [PostgreSQLResult] {
        try telling {
            guard PQpipelineSync(try link.pointer) == 1 else { throw link.lose() }
            try link.flush()
            while answered < awaited.count { try receiveAnswer() }
            try receiveSync()
        }
        let results = results
        let failure = failure
        forgetBatch()
        if let failure { throw failure }
        return results
    }

    /// Leaves pipeline mode after syncing what is still queued.
    func finish() throws {
        if !awaited.isEmpty { try sync() }
        guard PQexitPipelineMode(try link.pointer) == 1 else { throw link.lose() }
    }

    /// Leaves pipeline mode after an error. What was queued without `sync` must not be committed by one, so the session is given up.
    func abandon() {
        guard let connection = try? link.pointer else { return }
        if !awaited.isEmpty || PQexitPipelineMode(connection) != 1 { link.close() }
    }

    private func forgetBatch() {
        awaited.removeAll(keepingCapacity: true)
        results = []
        failure = nil
        answered = 0
        enqueuedCommands = 0
        answeredCommands = 0
        unsentBytes = 0
        commits = CommitWatch(isInTransaction: link.transactionStatus != PQTRANS_IDLE)
        link.clearWarning()
    }

    private func prepare(
        _ sql: String, _ types: [Oid], _ connection: OpaquePointer
    ) throws -> PostgreSQLStatements.Statement? {
        guard let statement = session.statements.add(sql, types) else { return nil }
        guard PQsendPrepare(connection, statement.name, sql, Int32(types.count), types) == 1 else { throw link.lose() }
        awaited.append(.preparation(statement))
        unsentBytes += sql.utf8.count
        return statement
    }

    /// Runs `body`; an error that ended the session is told whether something of the batch may have been committed.
    private func telling(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch var error as PostgreSQLError where error.isConnectionLost {
            link.close()
            error.outcomeUnknown = commits.mayHaveCommitted(hasFailed: failure != nil)
            awaited = []
            throw error
        }
    }

    private func receiveAnswer() throws {
        guard let result = try link.nextResult() else { throw link.lose("the server left commands unanswered") }
        let entry = awaited[answered]
        answered += 1
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: accept(result, for: entry)
        case PGRES_FATAL_ERROR, PGRES_PIPELINE_ABORTED: try reject(result, for: entry)
        default:
            PQclear(result)
            throw link.lose("COPY is not supported in a pipeline")
        }
        while let extra = try link.nextResult() { PQclear(extra) }
    }

    private func accept(_ result: OpaquePointer, for entry: Awaited) {
        switch entry {
        case .preparation: PQclear(result)
        case .command(let effect):
            if case .commits = effect { checkCommit(result) }
            commits.confirm(effect)
            results.append(PostgreSQLResult(adopting: result))
            answeredCommands += 1
        }
        link.clearWarning()
    }

    /// Two answers to COMMIT look like success and are none: `ROLLBACK`, when the transaction had failed before; and a success preceded
    /// by the warning that waiting for the standbys was cancelled, which a failover could undo.
    private func checkCommit(_ result: OpaquePointer) {
        guard failure == nil else { return }
        if let tag = PQcmdStatus(result), String(cString: tag) == "ROLLBACK" {
            failure = PostgreSQLError("the transaction had failed and was rolled back", sqlState: "25P02")
            failure?.commandIndex = answeredCommands
        } else if let warning = link.warning, warning.sqlState == "01000" {
            failure = PostgreSQLError(warning.message, sqlState: warning.sqlState)
            failure?.outcomeUnknown = true
            failure?.commandIndex = answeredCommands
        }
    }

    private func reject(_ result: OpaquePointer, for entry: Awaited) throws {
        defer { PQclear(result) }
        if case .preparation(let statement) = entry { session.statements.remove(statement) }
        if PQresultStatus(result) == PGRES_FATAL_ERROR {
            var error = PostgreSQLError(result: result)
            if error.isConnectionLost || !link.isHealthy {
                error.isConnectionLost = true
                throw error
            }
            error.commandIndex = answeredCommands
            error.outcomeUnknown = commits.mayHaveCommitted(hasFailed: true)
            failure = failure ?? error
            if error.retiresSession { session.isRetired = true }
        }
        if case .command = entry { answeredCommands += 1 }
    }

    /// The end of a batch: an error first, when the commands outside a transaction could not be committed (a deferred constraint).
    private func receiveSync() throws {
        for _ in 0..<4 {
            guard let result = try link.nextResult() else { continue }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC: return
            case PGRES_FATAL_ERROR:
                let error = PostgreSQLError(result: result)
                if error.isConnectionLost { throw error }
                failure = failure ?? error
            default: throw link.lose("the server answered a batch with more than was asked")
            }
        }
        throw link.lose("the server left the end of a batch unanswered")
    }
}
