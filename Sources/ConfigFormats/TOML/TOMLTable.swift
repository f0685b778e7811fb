import ConfigPlatformModel

/// A table being built, with what TOML's rules about adding to tables need to know.
final class TOMLTable {
    enum Origin {
        /// Only named on the way to a table below it.
        case implied
        /// Has its own `[header]`, or is an element of `[[header]]`.
        case header
        /// Made by dotted keys of the section with this number, and closed after it.
        case dotted(section: Int)
        /// Written `{ … }`, and closed.
        case inline
    }

    enum Value {
        case value(JSONValue)
        case table(TOMLTable)
        /// `[[header]]`, each in order.
        case tables(Elements)
    }

    final class Elements {
        /// At least one.
        var elements: [TOMLTable]

        init(_ first: TOMLTable) {
            elements = [first]
        }
    }

    struct Entry {
        let name: String
        let value: Value
        let offset: Int
    }

    var origin: Origin
    private(set) var entries: [Entry] = []
    private var indexes: [JSONValue: Int] = [:]

    init(_ origin: Origin) {
        self.origin = origin
    }

    subscript(name: String) -> Entry? {
        indexes[.string(name)].map { entries[$0] }
    }

    /// Adds an entry, whose name is new to the table.
    func append(_ name: String, _ value: Value, at offset: Int) {
        indexes[.string(name)] = entries.count
        entries.append(Entry(name: name, value: value, offset: offset))
    }

    /// The table as a value, as it is inside lists.
    func json() -> JSONValue {
        .object(
            JSONObject(
                uniqueMembers: entries.map { entry in
                    switch entry.value {
                    case .value(let value): (entry.name, value)
                    case .table(let table): (entry.name, table.json())
                    case .tables(let tables): (entry.name, .array(tables.elements.map { $0.json() }))
                    }
                }))
    }
}
