import GRDB
import GRDBSQLite

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What SQLite said when something failed: its extended result code, its message, and the system's error number where there was one.
struct SQLiteFailure: Error {
    let code: Int32
    let message: String
    let systemError: Int32

    /// The failure of the last call on a connection.
    init(of connection: OpaquePointer?) {
        guard let connection else {
            self.init(code: SQLITE_MISUSE, message: "the database is closed", systemError: 0)
            return
        }
        self.init(
            code: sqlite3_extended_errcode(connection), message: String(cString: sqlite3_errmsg(connection)),
            systemError: sqlite3_system_errno(connection))
    }

    init(_ error: DatabaseError, systemError: Int32 = 0) {
        self.init(
            code: error.extendedResultCode.rawValue, message: error.message ?? error.resultCode.description,
            systemError: systemError)
    }

    private init(code: Int32, message: String, systemError: Int32) {
        self.code = code
        self.message = message
        self.systemError = systemError
    }
}

extension SQLiteFailure {
    /// When something failed: decides what may be said of it.
    enum Moment {
        case opening, reading, writing, committing
    }

    /// The failure as those above know it. `path` is the database's file.
    func storeError(_ moment: Moment, path: String) -> StoreError {
        switch code & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_TOOBIG:
            // Nothing that was ever written is too big for SQLite: a length that is has been damaged.
            return .corrupted(Self.damaged(path, said: message))
        case SQLITE_FULL:
            return .full(Self.noSpace(path))
        case SQLITE_IOERR:
            return inputOutputError(moment, path: path)
        case SQLITE_CONSTRAINT:
            return .conflict("The database at \(path) refused a row: \(message).")
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL:
            return .unavailable(
                "The database at \(path) is held by another program (\(message)). Nothing was written; end that program, or try again."
            )
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            let text =
                "The database at \(path) cannot be opened (\(message)): see that this user may read and write it."
            return moment == .opening ? .cannotOpen(text) : .unavailable(text)
        case SQLITE_READONLY:
            let text =
                "The database at \(path) cannot be written (\(message)): see that this user may write the file and its directory."
            return moment == .opening ? .cannotOpen(text) : .unavailable(text)
        case SQLITE_NOMEM:
            return .unavailable("SQLite found no memory. Nothing was written.")
        default:
            return .fault("SQLite on \(path): \(message) (code \(code)).")
        }
    }

    private func inputOutputError(_ moment: Moment, path: String) -> StoreError {
        let code = ResultCode(rawValue: code)
        if moment == .committing, [.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC].contains(code) {
            // The whole transaction may be in the file and only the disk's word is missing: after a crash it could be found there. The
            // system's error may be that of an earlier call.
            return .outcomeUnknown(
                "The disk of \(path) did not confirm a commit (\(message), system error \(systemError)).")
        }
        if systemError == ENOSPC || systemError == EDQUOT { return .full(Self.noSpace(path)) }
        if [.SQLITE_IOERR_SHORT_READ, .SQLITE_IOERR_CORRUPTFS, .SQLITE_IOERR_DATA].contains(code) {
            return .corrupted(Self.damaged(path, said: message))
        }
        return .unavailable(
            "The disk of \(path) reports an error (\(message), system error \(systemError)). Nothing was written.")
    }

    private static func noSpace(_ path: String) -> String {
        "There is no space left for the database at \(path). Nothing was written; free some space and try again."
    }

    static func damaged(_ path: String, said message: String) -> String {
        "The database at \(path) is damaged (\(message)). Stop cfg, keep a copy of the directory, see with 'cfg store check' what is "
            + "wrong, and restore the newest backup with 'cfg restore'."
    }
}

extension StoreError {
    /// Any error of an engine's work as those above know it; what is not the engine's comes out as it went in.
    static func translating(_ error: any Error, _ moment: SQLiteFailure.Moment, path: String) -> any Error {
        switch error {
        case let failure as SQLiteFailure: failure.storeError(moment, path: path)
        case let error as DatabaseError: SQLiteFailure(error).storeError(moment, path: path)
        case let row as UnreadableRow: StoreError.corrupted(SQLiteFailure.damaged(path, said: row.what))
        default: error
        }
    }
}
