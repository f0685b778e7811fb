import ConfigPlatformModel

/// The items that were written last, as the newest committed transaction left them or the open one has: what spares a look into two indexes
/// for each effect. Confined to the writer's queue.
///
/// It may be emptied at any time and must be when a transaction fails, for then it tells of what is not there.
final class KnownItems {
    final class Item {
        let number: SQLiteValue
        /// The revision of its newest version; null before the first.
        fileprivate(set) var revision: SQLiteValue
        /// Whether that version has a value.
        fileprivate(set) var stands: Bool

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

    private var items: [ItemAddress: Item] = [:]
    private static let countMax = 65_536

    /// The item, looked for where it is not known.
    func item(at address: ItemAddress, orFoundBy find: () throws -> Item?) rethrows -> Item? {
        if let item = items[address] { return item }
        let item = try find()
        if let item { add(item, at: address) }
        return item
    }

    func add(_ item: Item, at address: ItemAddress) {
        if items.count >= Self.countMax { items.removeAll(keepingCapacity: true) }
        items[address] = item
    }

    func forget() { items.removeAll(keepingCapacity: true) }
}
