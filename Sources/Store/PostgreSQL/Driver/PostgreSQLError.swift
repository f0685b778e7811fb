import CLibPQ

/// What the server, the network or libpq objected to. Never holds a connection string, a password or the DETAIL of the server's message,
/// which may quote stored values.
struct PostgreSQLError: Error, Sendable, CustomStringConvertible {
    /// Five characters (PostgreSQL documentation, appendix A); nil when the server was not reached or the driver itself refused.
    let sqlState: String?
    let message: String
    /// The violated constraint, when the server named one.
    let constraint: String?
    /// The session is gone or could not be had; the same work may succeed on a new one.
    var isConnectionLost: Bool
    /// Something that was asked may have been committed although its success was not heard of: a commit was on its way when the
    /// connection was lost, or was made but not confirmed by the standbys. When false, nothing of the failed call was committed.
    var outcomeUnknown = false
    /// The driver was closed while it waited, or before.
    private(set) var isClosed = false
    /// Which command since the last `sync` failed, counted from 0.
    var commandIndex: Int?

    init(_ message: String, sqlState: String? = nil, isConnectionLost: Bool = false) {
        self.sqlState = sqlState
        self.message = message
        self.constraint = nil
        self.isConnectionLost = isConnectionLost
    }

    /// Reads the fields of a failed `PGresult`, which stays the caller's to clear.
    init(result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue!)).map { String(cString: $0) }
        }
        let state = field("C")
        let severity = field("V")
        sqlState = state
        message = field("M") ?? Self.singleLine(PQresultErrorMessage(result))
        constraint = field("n")
        isConnectionLost = severity == "FATAL" || severity == "PANIC" || state?.hasPrefix("08") == true
    }

    static let closed: PostgreSQLError = {
        var error = PostgreSQLError("the connection was closed")
        error.isClosed = true
        return error
    }()

    var isSerializationFailure: Bool { sqlState == "40001" }
    var isDeadlock: Bool { sqlState == "40P01" }
    var isLockTimeout: Bool { sqlState == "55P03" }
    var isStatementTimeout: Bool { sqlState == "57014" }
    var isUniqueViolation: Bool { sqlState == "23505" }
    var isDiskFull: Bool { sqlState == "53100" }
    /// The server is a standby or was set read-only: after a failover, the old primary.
    var isReadOnly: Bool { sqlState == "25006" }

    /// The session must not be used for further work although it lives: the server turned read-only, or no longer knows or no longer
    /// accepts what was prepared on it.
    var retiresSession: Bool { isReadOnly || sqlState == "26000" || sqlState == "0A000" }

    var description: String {
        var text = "PostgreSQL"
        if let sqlState { text += " \(sqlState)" }
        text += ": \(message)"
        if let constraint { text += " (constraint \(constraint))" }
        if let commandIndex { text += " [command \(commandIndex)]" }
        if outcomeUnknown { text += " [outcome unknown]" }
        return text
    }

    /// libpq's messages span lines, one for each host tried and with advice on lines of their own.
    static func singleLine(_ message: UnsafePointer<CChar>?) -> String {
        guard let message else { return "no message" }
        let lines = String(cString: message).split(whereSeparator: \.isNewline)
        return lines.map { $0.drop(while: \.isWhitespace) }.joined(separator: "; ")
    }
}
