import CLibPQ
import Foundation

/// Owner of a libpq connection in non-blocking mode: every wait is poll(2) with a limit, and whatever ends the session closes it here,
/// once. Belongs to one thread at a time.
final class PostgreSQLLink {
    private var connection: OpaquePointer?
    /// See ``PostgreSQLSessionOptions/responseTimeout``.
    var responseTimeout: Duration
    /// The last warning the server sent before the answer that is being read.
    fileprivate(set) var warning: PostgreSQLError?

    /// Connects within `attemptSeconds` for each address tried. All hosts of the URL are tried in libpq's order.
    init(_ url: PostgreSQLURL, _ options: PostgreSQLSessionOptions, attemptSeconds: Int) throws {
        responseTimeout = options.responseTimeout
        // Before the URL stand defaults it may override, after it what it may not.
        let parameters: [(name: String, value: String)] = [
            ("fallback_application_name", options.applicationName),
            ("keepalives_idle", "5"), ("keepalives_interval", "3"), ("keepalives_count", "3"),
            ("dbname", url.withSecretText { $0 }),
            ("client_encoding", "UTF8"), ("connect_timeout", String(attemptSeconds)),
        ]
        let names = parameters.map { strdup($0.name) }
        let values = parameters.map { strdup($0.value) }
        defer { for text in names + values { free(text) } }
        let opened = Self.constant(names).withUnsafeBufferPointer { names in
            Self.constant(values).withUnsafeBufferPointer { values in
                PQconnectdbParams(names.baseAddress!, values.baseAddress!, 1)
            }
        }
        guard let opened else { throw PostgreSQLError("libpq has no memory for a connection", isConnectionLost: true) }
        guard PQstatus(opened) == CONNECTION_OK, PQsetnonblocking(opened, 1) == 0 else {
            let message = url.redacting(PostgreSQLError.singleLine(PQerrorMessage(opened)))
            PQfinish(opened)
            throw PostgreSQLError(message, isConnectionLost: true)
        }
        connection = opened
        PQsetNoticeReceiver(opened, receiveNotice, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { close() }

    private static func constant(_ texts: [UnsafeMutablePointer<CChar>?]) -> [UnsafePointer<CChar>?] {
        texts.map { $0.map { UnsafePointer($0) } } + [nil]
    }

    var isOpen: Bool { connection != nil }

    /// Whether libpq itself still takes the session for usable.
    var isHealthy: Bool { connection.map { PQstatus($0) == CONNECTION_OK } ?? false }

    /// The connection, or the error every call on a lost session ends in.
    var pointer: OpaquePointer {
        get throws {
            guard let connection else { throw PostgreSQLError("the session was lost", isConnectionLost: true) }
            return connection
        }
    }

    var socket: Int32? { connection.map { PQsocket($0) }.flatMap { $0 >= 0 ? $0 : nil } }

    var transactionStatus: PGTransactionStatusType {
        guard let connection else { return PQTRANS_UNKNOWN }
        return PQtransactionStatus(connection)
    }

    func close() {
        guard let connection else { return }
        self.connection = nil
        PQfinish(connection)
    }

    /// Closes the session and returns the error to throw; `message` replaces libpq's own.
    func lose(_ message: String? = nil) -> PostgreSQLError {
        let reason = message ?? connection.map { PostgreSQLError.singleLine(PQerrorMessage($0)) } ?? ""
        close()
        return PostgreSQLError(reason.isEmpty ? "the session was lost" : reason, isConnectionLost: true)
    }

    func clearWarning() { warning = nil }

    /// Hands everything queued to the kernel, reading meanwhile: server and client would otherwise each wait for the other to read.
    func flush() throws {
        while true {
            let connection = try pointer
            switch PQflush(connection) {
            case 0: return
            case 1: if try ready(isWriting: true).isReadable { try consumeInput() }
            default: throw lose()
            }
        }
    }

    /// Whether `nextResult` would return without waiting.
    var hasResult: Bool {
        get throws { PQisBusy(try pointer) == 0 }
    }

    /// Waits for the next result; nil ends the results of a command. The caller clears what it is given.
    func nextResult() throws -> OpaquePointer? {
        while try !hasResult {
            _ = try ready(isWriting: false)
            try consumeInput()
        }
        return PQgetResult(try pointer)
    }

    func consumeInput() throws {
        if PQconsumeInput(try pointer) == 0 { throw lose() }
    }

    /// Reads what arrived while nothing was asked: notifications, or the news that the server is gone.
    func absorbInput() {
        while let socket {
            guard let readiness = try? Readiness.wait([(socket, false)], timeout: .zero), readiness[0].isReadable,
                (try? consumeInput()) != nil, (try? hasResult) != nil
            else { return }
        }
    }

    private func ready(isWriting: Bool) throws -> Readiness {
        guard let socket else { throw lose() }
        do {
            let readiness = try Readiness.wait([(socket, isWriting)], timeout: responseTimeout)
            if let readiness { return readiness[0] }
        } catch {
            throw lose("\(error)")
        }
        throw lose("the server did not answer within \(responseTimeout)")
    }
}

/// libpq would print notices to standard error. Warnings are kept: one tells that a commit is not confirmed by the standbys.
private func receiveNotice(context: UnsafeMutableRawPointer?, result: OpaquePointer?) {
    guard let context, let result else { return }
    let notice = PostgreSQLError(result: result)
    if notice.sqlState != "00000" {
        Unmanaged<PostgreSQLLink>.fromOpaque(context).takeUnretainedValue().warning = notice
    }
}
