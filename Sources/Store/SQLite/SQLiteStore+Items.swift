package import ConfigPlatformModel
import GRDB

extension SQLiteStore {
    package func foldItems<Accumulator: Sendable>(
        at revision: Revision?, of project: ProjectName?, into initial: Accumulator,
        _ body: @escaping @Sendable (inout Accumulator, StoredItem) throws -> Void
    ) async throws -> (Head, Accumulator) {
        try await read { database in
            let head = try Self.head(database)
            var accumulator = initial
            if let revision, revision < head.revision {
                try Self.forEachItem(at: revision, of: project, database) { try body(&accumulator, $0) }
            } else {
                try Self.forEachStandingItem(of: project, database) { try body(&accumulator, $0) }
            }
            return (head, accumulator)
        }
    }

    private static func forEachStandingItem(
        of project: ProjectName?, _ database: Database, _ body: (StoredItem) throws -> Void
    ) throws {
        var reader = ItemAddressReader()
        let sql = project == nil ? SQLiteScans.standingItems.rawValue : SQLiteStatements.standingItemsOfProject.rawValue
        try PreparedStatement(sql, on: database).forEach(project.map { [.text($0.rawValue)] } ?? []) { row in
            try body(try row.item(at: try reader.address(row), revision: try row.revision(4), value: 5))
            return true
        }
    }

    /// Goes back from each item's newest version to the one that stood: what was written since is passed over, nothing before is read.
    private static func forEachItem(
        at revision: Revision, of project: ProjectName?, _ database: Database, _ body: (StoredItem) throws -> Void
    ) throws {
        var reader = ItemAddressReader()
        let chain = try VersionChain(database)
        let sql = project == nil ? SQLiteScans.itemHeads.rawValue : SQLiteStatements.itemHeadsOfProject.rawValue
        try PreparedStatement(sql, on: database).forEach(project.map { [.text($0.rawValue)] } ?? []) { row in
            try chain.forEach(from: row.int64(4), of: row.int64(5)) { number, version in
                if number > revision.number { return true }
                if !version.isNull(VersionChain.value) {
                    try body(
                        try version.item(
                            at: try reader.address(row), revision: try Revision(number), value: VersionChain.value))
                }
                return false
            }
            return true
        }
    }

    package func versions(of address: ItemAddress, before: Revision?, limit: Int) async throws
        -> LedgerPage<ItemVersion>
    {
        try await read { database in
            let found = try PreparedStatement(.findItem, on: database).first(address.columns) {
                ($0.int64(0), $0.int64(1))
            }
            guard let (item, newest) = found else { return LedgerPage() }
            let summary = try PreparedStatement(.changeSummary, on: database)
            let chain = try VersionChain(database)
            // Where a page ended the next one begins, without going through all that is newer.
            let known = try before.flatMap { try chain.has($0.number, of: item) ? $0.number : nil }
            var page = LedgerPage<ItemVersion>()
            var end = PageEnd(limit: limit)
            try chain.forEach(from: known ?? newest, of: item) { number, version in
                if let before, number >= before.number { return true }
                guard end.admits(bytes: version.byteCount(VersionChain.value)) else {
                    page.hasMore = true
                    return false
                }
                let body = version.isNull(VersionChain.value) ? nil : version.bytes(VersionChain.value)
                let step = try summary.first(.integer(number)) { row in
                    try UnreadableRow.decoding("change \(number)") {
                        ItemVersion(
                            revision: try Revision(number), body: body, author: try Principal(parsing: row.text(0)),
                            committedAt: row.timestamp(1), message: row.text(2))
                    }
                }
                guard let step else { throw UnreadableRow("change \(number) is missing") }
                page.elements.append(step)
                return true
            }
            return page
        }
    }

    package func itemRows(after: ItemRow?, limit: Int) async throws -> [ItemRow] {
        guard limit > 0 else { return [] }
        return try await read { database in
            var rows: [ItemRow] = []
            var reader = ItemAddressReader()
            let chain = try VersionChain(database)
            let start = after?.item.address.columns ?? [.text(""), .text(""), .text(""), .text("")]
            try PreparedStatement(.itemHeadsFrom, on: database).forEach(start) { row in
                let address = try reader.address(row)
                let floor = after.flatMap { $0.item.address == address ? $0.item.revision.number : nil } ?? 0
                let item = row.int64(5)
                let periods = try chain.periods(from: row.int64(4), downTo: floor, of: item)
                for period in periods.prefix(limit - rows.count) {
                    rows.append(try chain.row(period, of: item, at: address))
                }
                return rows.count < limit
            }
            return rows
        }
    }
}

extension ItemAddress {
    /// The parameters by which an item is found.
    var columns: [SQLiteValue] {
        [.text(project.rawValue), .text(environment?.rawValue ?? ""), .text(kind.rawValue), .text(key)]
    }
}

/// Reads the versions of an item, each of which names the one before it.
struct VersionChain {
    /// The column of a version's value, null where the item ended; its digest is in the next.
    static let value: Int32 = 1
    private static let previous: Int32 = 0

    private let read: PreparedStatement

    init(_ database: Database) throws {
        read = try PreparedStatement(.readVersion, on: database)
    }

    func has(_ revision: Int64, of item: Int64) throws -> Bool {
        try read.first(.integer(revision), .integer(item)) { _ in true } ?? false
    }

    /// Gives each version from `revision` back to `body` with its revision, until that returns false.
    func forEach(from revision: Int64, of item: Int64, _ body: (Int64, SQLiteRow) throws -> Bool) throws {
        var next: Int64? = revision
        while let current = next {
            let step = try read.first(.integer(current), .integer(item)) { row in
                (goesOn: try body(current, row), previous: row.int64OrNil(Self.previous))
            }
            guard let step else { throw UnreadableRow("item \(item) lacks version \(current)") }
            guard step.goesOn else { return }
            if let previous = step.previous, previous >= current {
                throw UnreadableRow("version \(current) of item \(item) follows version \(previous)")
            }
            next = step.previous
        }
    }

    /// The times above `floor` in which the item stood, oldest first.
    func periods(from revision: Int64, downTo floor: Int64, of item: Int64) throws -> [(from: Int64, to: Int64?)] {
        var periods: [(from: Int64, to: Int64?)] = []
        var end: Int64?
        try forEach(from: revision, of: item) { number, version in
            guard number > floor else { return false }
            if !version.isNull(Self.value) { periods.append((number, end)) }
            end = number
            return true
        }
        return periods.reversed()
    }

    /// The row of a period, its digest unchecked.
    func row(_ period: (from: Int64, to: Int64?), of item: Int64, at address: ItemAddress) throws -> ItemRow {
        let row = try read.first(.integer(period.from), .integer(item)) { version in
            try UnreadableRow.decoding("\(address)") {
                ItemRow(
                    item: StoredItem(
                        address: address, body: version.bytes(Self.value), revision: try Revision(period.from)),
                    endRevision: try period.to.map { try Revision($0) },
                    digest: try version.digest(Self.value + 1, of: "\(address)"))
            }
        }
        guard let row else { throw UnreadableRow("item \(item) lacks version \(period.from)") }
        return row
    }
}
