/// One step of the schema, the same for both engines in each engine's own SQL.
///
/// Migrations are numbered from 1 without gaps, run in order, each in one transaction with its row in `schema_migrations`, and only
/// forward. One that was released is never edited: a mistake is mended by the next one.
///
/// They *expand first*: a migration may add what the version before does not know of, and must leave all that it does know, because
/// replicas of two adjacent versions run together during an upgrade. What only the version before needed is removed a version later.
/// A program refuses to open a schema that is newer than itself, since it cannot know what that schema asks of a writer.
package struct Migration: Sendable {
    package let number: Int
    package let name: String
    /// Statements separated by `;`.
    package let sqlite: String
    package let postgreSQL: String

    /// All of them, in order.
    package static let all: [Migration] = [ledger, access, leases, flagUsage, experimentAssignments, timeInOrder]

    /// The number of the schema that this program reads and writes.
    package static var newest: Int { all.count }

    /// A row of `schema_migrations`.
    package struct Applied: Hashable, Sendable {
        package let number: Int
        package let name: String

        package init(number: Int, name: String) {
            self.number = number
            self.name = name
        }
    }

    /// What is still to be run on a database where `applied` has been run, both in order of number.
    ///
    /// Throws ``StoreError/cannotOpen(_:)`` where the database is newer than this program, or was not made by these migrations.
    package static func pending(after applied: [Applied], in location: String) throws -> ArraySlice<Migration> {
        if let last = applied.last, last.number > newest {
            throw StoreError.cannotOpen(
                "The database at \(location) has schema \(last.number) (\(last.name)), and this cfg knows schemas up to \(newest): it was "
                    + "last written by a newer cfg. Start that one, or restore a backup that was made before the upgrade."
            )
        }
        for (known, row) in zip(all, applied) where known.number != row.number || known.name != row.name {
            throw StoreError.cannotOpen(
                "The database at \(location) has schema \(row.number) (\(row.name)) where this cfg has \(known.number) (\(known.name)): "
                    + "it was not made by a released cfg. Restore a backup, or point cfg at another database.")
        }
        return all[applied.count...]
    }
}
