import ConfigPlatformModel

/// The items that were written last, as the newest committed transaction left them or the open one has: what spares a look into two indexes
/// for each effect. Confined to the writer's queue.
///
/// It may be emptied at any time and must be when a transaction fails, for then it tells of what is not there.
final class KnownItems {
    struct Item {
        let number: SQLiteValue
        /// The revision of its newest version.
        let revision: SQLiteValue
        /// Whether that version has a value.
        let stands: Bool
    }

    private var items: [ItemAddress: Item] = [:]
    private static let countMax = 65_536

    subscript(address: ItemAddress) -> Item? {
        get { items[address] }
        set {
            if items.count >= Self.countMax { items.removeAll(keepingCapacity: true) }
            items[address] = newValue
        }
    }

    func forget() { items.removeAll(keepingCapacity: true) }
}
