package import ConfigPlatformModel
import Synchronization

extension PostgreSQLStore {
    /// Ends early, with an error, when its task is cancelled. The rows are one snapshot of the database, which keeps the server from
    /// reusing the space of what is overwritten meanwhile: `body` should not be slow.
    package func foldItems<Accumulator: Sendable>(
        at revision: Revision?, of project: ProjectName?, into initial: Accumulator,
        _ body: @escaping @Sendable (inout Accumulator, StoredItem) throws -> Void
    ) async throws -> (Head, Accumulator) {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await readOnce { connection in
                let head = try Self.beginSnapshot(connection)
                var accumulator = initial
                var reader = PostgreSQLAddressReader()
                let (statement, values) = Self.items(at: revision, of: project, head)
                try connection.forEachRow(statement.rawValue, values) { row in
                    if cancellation.isCancelled.load(ordering: .relaxed) { throw CancellationError() }
                    let address = try reader.address(row)
                    try body(&accumulator, try row.item(at: address, revision: try row.revision(4), value: 5))
                }
                try connection.query(.commit)
                return (head, accumulator)
            }
        } onCancel: {
            cancellation.isCancelled.store(true, ordering: .relaxed)
        }
    }

    private final class Cancellation: Sendable {
        let isCancelled = Atomic(false)
    }

    private static func beginSnapshot(_ connection: PostgreSQLConnection) throws -> Head {
        try connection.pipeline { pipeline in
            try pipeline.enqueue(.beginReading)
            try pipeline.enqueue(.withoutTimeout)
            try pipeline.enqueue(.readHead)
            guard let result = try pipeline.sync().last else { throw UnreadableRow("the head row is missing") }
            return try head(result)
        }
    }

    private static func items(
        at revision: Revision?, of project: ProjectName?, _ head: Head
    ) -> (PostgreSQLLedgerStatements, [PostgreSQLValue]) {
        let name = project.map { PostgreSQLValue.text($0.rawValue) }
        guard let revision, revision < head.revision else {
            return name.map { (.standingItemsOfProject, [$0]) } ?? (.standingItems, [])
        }
        let past = PostgreSQLValue.int64(revision.number)
        return name.map { (.pastItemsOfProject, [past, $0]) } ?? (.pastItems, [past])
    }

    package func versions(of address: ItemAddress, before: Revision?, limit: Int) async throws
        -> LedgerPage<ItemVersion>
    {
        try await read { connection in
            let bytesMax = Int64(Limits.pageBytes)
            let values =
                address.parameters
                + [.int64(before?.number ?? .max), .int64(Int64(max(0, limit)) + 1), .int64(bytesMax)]
            var page = LedgerPage<ItemVersion>()
            for row in try connection.query(.versionsOfItem, values) {
                guard page.elements.count < limit, try row.int64(5) < bytesMax else {
                    page.hasMore = true
                    break
                }
                let number = try row.int64(0)
                guard let author = try row.optionalText(2) else { throw UnreadableRow("change \(number) is missing") }
                page.elements.append(
                    ItemVersion(
                        revision: try row.revision(0), body: try row.optionalBytes(1),
                        author: try UnreadableRow.decoding("change \(number)") { try Principal(parsing: author) },
                        committedAt: try row.timestamp(3), message: try row.text(4)))
            }
            return page
        }
    }

    package func itemRows(after: ItemRow?, limit: Int) async throws -> [ItemRow] {
        try await read { connection in
            let start = after?.item.address.parameters ?? [.text(""), .text(""), .text(""), .text("")]
            let values = start + [.int64(after?.item.revision.number ?? 0), .int64(Int64(max(0, limit)))]
            var reader = PostgreSQLAddressReader()
            return try connection.query(.itemRowsAfter, values).map { row in
                let address = try reader.address(row)
                return ItemRow(
                    item: StoredItem(address: address, body: try row.bytes(5), revision: try row.revision(4)),
                    endRevision: try row.isNull(7) ? nil : row.revision(7), digest: try row.digest(6, of: "\(address)"))
            }
        }
    }
}

extension ItemAddress {
    /// The parameters by which an item is found.
    fileprivate var parameters: [PostgreSQLValue] {
        [.text(project.rawValue), .text(environment?.rawValue ?? ""), .text(kind.rawValue), .text(key)]
    }
}
