import ConfigPlatformModel

/// What the database has of the items that were written last, which spares a look into its indexes for each effect. Confined to the writer.
///
/// It may be emptied at any time and must be when a transaction fails, for then it tells of what is not there.
final class KnownItems<Item> {
    private var items: [ItemAddress: Item] = [:]
    private static var countMax: Int { 65_536 }

    subscript(address: ItemAddress) -> Item? { items[address] }

    func add(_ item: Item, at address: ItemAddress) {
        if items.count >= Self.countMax { forget() }
        items[address] = item
    }

    func forget() { items.removeAll(keepingCapacity: true) }
}
