import ConfigPlatformModel

/// What the database has of the items that were written last, which spares a look into its indexes for each effect. Confined to the writer.
///
/// It may be emptied at any time and must be when a transaction fails, for then it tells of what is not there.
final class KnownItems<Item> {
    private var items: [ItemAddress: Item] = [:]

    subscript(address: ItemAddress) -> Item? { items[address] }

    func add(_ item: Item, at address: ItemAddress) {
        makeRoom(for: 1)
        items[address] = item
    }

    /// Forgets all where there is no room for so many more.
    func makeRoom(for count: Int) {
        if items.count + count > KnownItemsLimits.countMax { forget() }
    }

    func forget() { items.removeAll(keepingCapacity: true) }
}

/// A generic type has no constants of its own.
private enum KnownItemsLimits {
    static let countMax = 65_536
}
