import ConfigPlatformModel
import Store

/// What a store should hold, kept in the simplest way: every state that ever was.
struct LedgerModel {
    private(set) var changes: [ChangeRecord] = []
    /// What stood at each revision, beginning with 0.
    private(set) var states: [[ItemAddress: StoredItem]] = [[:]]
    /// The addresses that each change altered, what ended with an environment or a project included.
    private(set) var altered: [Set<ItemAddress>] = [[]]

    mutating func apply(_ change: ChangeRecord) {
        var state = states[states.count - 1]
        var touched: Set<ItemAddress> = []
        for effect in change.effects {
            touched.insert(effect.address)
            state[effect.address] = effect.body.map {
                StoredItem(address: effect.address, body: $0, revision: change.revision)
            }
        }
        for effect in change.effects where effect.body == nil {
            for address in state.keys where effect.address.ends(address) {
                touched.insert(address)
                state[address] = nil
            }
        }
        changes.append(change)
        states.append(state)
        altered.append(touched)
    }

    func items(at revision: Int, of project: ProjectName? = nil) -> [StoredItem] {
        states[revision].values.filter { project == nil || $0.address.project == project }
            .sorted { $0.address.isBefore($1.address) }
    }

    /// Every address that was ever used, in order.
    var addresses: [ItemAddress] {
        altered.reduce(into: Set<ItemAddress>()) { $0.formUnion($1) }.sorted { $0.isBefore($1) }
    }

    /// Newest first.
    func versions(of address: ItemAddress) -> [ItemVersion] {
        changes.reversed().filter { altered[Int($0.revision.number)].contains(address) }.map { change in
            ItemVersion(
                revision: change.revision, body: states[Int(change.revision.number)][address]?.body,
                author: change.author,
                committedAt: change.committedAt, message: change.message)
        }
    }

    var rows: [ItemRow] {
        addresses.flatMap { address in
            let versions = versions(of: address).reversed()
            return zip(versions, versions.dropFirst().map { $0.revision as Revision? } + [nil]).compactMap {
                version, end in
                version.body.map { body in
                    ItemRow(
                        item: StoredItem(address: address, body: body, revision: version.revision), endRevision: end,
                        digest: .of(body))
                }
            }
        }
    }

    /// Newest first.
    func changes(matching query: ChangeQuery) -> [ChangeRecord] {
        changes.reversed().filter { change in
            let touched = altered[Int(change.revision.number)]
            let touches =
                query.environment == nil && query.kind == nil && query.key == nil
                || touched.contains { address in
                    (query.environment == nil || address.environment == query.environment)
                        && (query.kind == nil || address.kind == query.kind)
                        && (query.key == nil || address.key.utf8.elementsEqual(query.key!.utf8))
                }
            return touches && (query.project == nil || change.project == query.project)
                && (query.before == nil || change.revision < query.before!)
                && (query.after == nil || change.revision > query.after!)
                && (query.author == nil || change.author == query.author)
        }
    }
}

extension ItemAddress {
    /// Whether the end of this item is the end of `other`.
    fileprivate func ends(_ other: ItemAddress) -> Bool {
        switch kind {
        case .project: other.project == project
        case .environment: other.project == project && other.environment?.rawValue == key
        default: false
        }
    }

    /// The order of the store: by the bytes of project, environment, kind and key.
    func isBefore(_ other: ItemAddress) -> Bool {
        columns.lexicographicallyPrecedes(other.columns) { $0.lexicographicallyPrecedes($1) }
    }

    private var columns: [[UInt8]] {
        [project.rawValue, environment?.rawValue ?? "", kind.rawValue, key].map { Array($0.utf8) }
    }
}
