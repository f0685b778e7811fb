/// What PostgreSQL is to a user of the store: how it is named, and what its errors come to.
struct PostgreSQLFailure {
    /// When something failed: decides what may be said of it.
    enum Moment {
        case opening, reading, writing
    }

    /// As in `db1:5432,db2:5432/cfg`.
    let label: String

    /// Any error of the engine's work as those above know it; what is not the engine's comes out as it went in.
    func translating(_ error: any Error, _ moment: Moment) -> any Error {
        switch error {
        case let error as PostgreSQLError: storeError(error, moment)
        case let refusal as PostgreSQLRefusal:
            moment == .opening
                ? StoreError.cannotOpen(refusal.reason) : .unavailable(refusal.reason + " Nothing was written.")
        case let row as UnreadableRow: StoreError.corrupted(damaged(row.what))
        default: error
        }
    }

    func storeError(_ error: PostgreSQLError, _ moment: Moment) -> StoreError {
        if error.isClosed { return .closed }
        if error.outcomeUnknown, moment == .writing { return outcomeUnknown(error) }
        if error.isConnectionLost { return connectionLost(error, moment) }
        guard let state = error.sqlState else { return .fault("PostgreSQL at \(label): \(error.message).") }
        switch state {
        case "53100":
            return .full(
                "There is no space left for the database at \(label). Nothing was written; free some space and try again."
            )
        case "25006":
            return .unavailable(
                "The server at \(label) takes no writes at the moment (\(error.message)). Nothing was written; after a failover the new "
                    + "primary is sought.")
        case "42501":
            let text =
                "The role that the URL of \(label) names may not do what cfg needs (\(error.message)). Make it the owner of its schema."
            return moment == .opening ? .cannotOpen(text) : .fault(text)
        case "42P01", "42703":
            return .corrupted(damaged(error.message))
        default: break
        }
        switch state.prefix(2) {
        case "23":
            return .conflict("The database at \(label) refused a row: \(error.message).")
        case "XX" where state != "XX000":
            return .corrupted(damaged(error.message))
        case "40", "53", "55", "57", "58":
            return .unavailable(
                "The server at \(label) could not do it (\(error.message)). Nothing was written; try again.")
        default:
            return .fault("PostgreSQL at \(label): \(error.message) (\(state)).")
        }
    }

    private func outcomeUnknown(_ error: PostgreSQLError) -> StoreError {
        guard error.isConnectionLost else {
            return .outcomeUnknown(
                "The server at \(label) stored a commit and did not hear of its standbys (\(error.message)); a failover could undo it."
            )
        }
        return .outcomeUnknown(
            "The connection to \(label) was lost while a commit was under way (\(error.message)): it may or may not have been written."
        )
    }

    private func connectionLost(_ error: PostgreSQLError, _ moment: Moment) -> StoreError {
        switch moment {
        case .opening:
            .cannotOpen(
                "The database at \(label) cannot be reached (\(error.message)). See that the server runs, and that the URL names its "
                    + "host, port, database, user and password.")
        case .reading:
            .unavailable("The database at \(label) cannot be reached (\(error.message)).")
        case .writing:
            .unavailable("The database at \(label) cannot be reached (\(error.message)). Nothing was written.")
        }
    }

    func damaged(_ message: String) -> String {
        "The database at \(label) is damaged (\(message)). Stop cfg, keep a dump of it, see with 'cfg store check' what is wrong, and "
            + "restore the newest backup into an empty database with 'cfg restore'."
    }
}

/// Why a server is not one that cfg may write to, and what to do.
struct PostgreSQLRefusal: Error {
    let reason: String
}
