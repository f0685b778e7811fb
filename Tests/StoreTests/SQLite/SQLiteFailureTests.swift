import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct SQLiteFailureTests {
    private func failure(
        _ code: ResultCode, _ moment: SQLiteFailure.Moment = .writing, systemError: Int32 = 0
    ) -> Failure {
        let error = DatabaseError(resultCode: code, message: "said so")
        return Failure(SQLiteFailure(error, systemError: systemError).storeError(moment, path: "/data/cfg.sqlite"))
    }

    @Test func `damage is told from a full disk, a full disk from a broken one`() {
        #expect(failure(.SQLITE_CORRUPT) == .corrupted)
        #expect(failure(.SQLITE_NOTADB, .opening) == .corrupted)
        #expect(failure(.SQLITE_IOERR_SHORT_READ, .reading) == .corrupted)
        #expect(failure(.SQLITE_TOOBIG, .opening) == .corrupted, "a length that was damaged")
        #expect(failure(.SQLITE_FULL) == .full)
        #expect(failure(.SQLITE_IOERR_WRITE, systemError: ENOSPC) == .full)
        #expect(failure(.SQLITE_IOERR_WRITE, systemError: EDQUOT) == .full)
        #expect(failure(.SQLITE_IOERR_WRITE, systemError: EIO) == .unavailable)
        #expect(failure(.SQLITE_IOERR_READ, .reading, systemError: EIO) == .unavailable)
    }

    @Test func `a commit that the disk did not confirm may have been written`() {
        #expect(failure(.SQLITE_IOERR_FSYNC, .committing, systemError: EIO) == .outcomeUnknown)
        // The system's error is that of the last call that set it, which may be an earlier one.
        #expect(failure(.SQLITE_IOERR_FSYNC, .committing, systemError: ENOSPC) == .outcomeUnknown)
        #expect(failure(.SQLITE_IOERR_FSYNC, .writing, systemError: EIO) == .unavailable)
        #expect(failure(.SQLITE_IOERR_WRITE, .committing, systemError: EIO) == .unavailable)
    }

    @Test func `a constraint is a conflict, a lock held elsewhere passes, and the rest is a fault`() {
        #expect(failure(.SQLITE_CONSTRAINT_PRIMARYKEY) == .conflict)
        #expect(failure(.SQLITE_CONSTRAINT_FOREIGNKEY) == .conflict)
        #expect(failure(.SQLITE_BUSY) == .unavailable)
        #expect(failure(.SQLITE_CANTOPEN, .opening) == .cannotOpen)
        #expect(failure(.SQLITE_CANTOPEN, .reading) == .unavailable)
        #expect(failure(.SQLITE_READONLY, .opening) == .cannotOpen)
        #expect(failure(.SQLITE_ERROR) == .fault)
    }
}
