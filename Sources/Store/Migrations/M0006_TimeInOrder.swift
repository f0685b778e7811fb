extension Migration {
    /// Changes are in the order of their times, so that the revision at a time is found by halving what lies between two revisions: an index
    /// by time is only work for the writer. The version before finds the same without it, slower.
    static let timeInOrder = Migration(
        number: 6, name: "time-in-order",
        sqlite: "DROP INDEX changes_by_time;",
        postgreSQL: "DROP INDEX changes_by_time;")
}
