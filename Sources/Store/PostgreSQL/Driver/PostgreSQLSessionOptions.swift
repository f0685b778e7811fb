/// Limits under which a session works; the first three are enforced by the server, the others here.
struct PostgreSQLSessionOptions: Sendable {
    /// `statement_timeout`: one statement, sending its rows included. Zero is none.
    var statementTimeout: Duration = .seconds(30)
    /// `lock_timeout`: one wait for a lock. Zero is none.
    var lockTimeout: Duration = .seconds(10)
    /// `idle_in_transaction_session_timeout`: a transaction that asks for nothing is ended, and its locks with it. Zero is none.
    var idleInTransactionTimeout: Duration = .seconds(30)
    /// A session is given up when a call waits this long without a byte moving in either direction. Longer than ``statementTimeout``,
    /// or a slow statement is taken for a server that hangs.
    var responseTimeout: Duration = .seconds(35)
    /// One attempt at one host, unless the URL gives `connect_timeout`; libpq takes whole seconds, at least 2. It bounds the handshake,
    /// not the look-up of a host's name, which libpq leaves to the system's resolver.
    var connectTimeoutSeconds = 3
    /// `application_name`, unless the URL gives one.
    var applicationName = "cfg"

    /// Sets what the server enforces; one round trip, and understood by connection poolers that refuse start-up options.
    var settingScript: String {
        """
        SET statement_timeout = \(statementTimeout.milliseconds);
        SET lock_timeout = \(lockTimeout.milliseconds);
        SET idle_in_transaction_session_timeout = \(idleInTransactionTimeout.milliseconds)
        """
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, within what PostgreSQL and poll(2) take for a timeout.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
