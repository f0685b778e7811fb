/// An item as the newest committed transaction left it, or the open one has.
final class StandingItem {
    let number: SQLiteValue
    /// The revision of its newest version; null before the first.
    private(set) var revision: SQLiteValue
    /// Whether that version has a value.
    private(set) var stands: Bool

    init(number: SQLiteValue, revision: SQLiteValue, stands: Bool) {
        self.number = number
        self.revision = revision
        self.stands = stands
    }

    func note(_ revision: SQLiteValue, stands: Bool) {
        self.revision = revision
        self.stands = stands
    }
}
