import ConfigPlatformModel

/// A search put together from the parts of a query that are given.
struct SQLiteSearch: Sendable {
    private(set) var sql = ""
    private(set) var parameters: [SQLiteValue] = []
    private var conditions: [String] = []

    private mutating func require(_ condition: String, _ values: SQLiteValue...) {
        conditions.append(condition)
        parameters += values
    }

    private mutating func finish(_ select: String, _ order: String) {
        let filter = conditions.isEmpty ? "" : "\nWHERE " + conditions.joined(separator: "\n    AND ")
        sql = select + filter + "\n" + order
    }
}

extension SQLiteSearch {
    private static let changeColumns =
        "c.revision, c.project, c.author, c.committed_at, c.message, c.digest, c.previous_digest, c.body"

    /// Changes, newest first, with the columns of ``SQLiteStatements/changesAfter``; one that matches in several ways comes several times.
    ///
    /// The order is that of an index or of the versions of what is asked for, so that a page costs a page. Only a kind without a key, and
    /// an environment or a key without a project, read a whole index first.
    init(_ query: ChangeQuery) {
        var select = "SELECT \(Self.changeColumns) FROM changes AS c"
        var order = "ORDER BY c.revision DESC"
        var revision = "c.revision"
        if let key = query.key {
            select =
                versions(of: key, query)
                + "SELECT \(Self.changeColumns) FROM steps AS s CROSS JOIN changes AS c ON c.revision = s.revision"
            order = ""
        } else if let environment = query.environment, let project = query.project {
            select =
                "SELECT \(Self.changeColumns) FROM change_scopes AS s CROSS JOIN changes AS c ON c.revision = s.revision"
            order = "ORDER BY s.revision DESC"
            revision = "s.revision"
            require("s.project = ? AND s.environment = ?", .text(project.rawValue), .text(environment.rawValue))
            if let kind = query.kind { require("s.kind = ?", .text(kind.rawValue)) }
        } else if query.environment != nil || query.kind != nil {
            requireScopes(query)
        }
        if let project = query.project { require("c.project = ?", .text(project.rawValue)) }
        if let author = query.author { require("c.author = ?", .text(author.rawValue)) }
        if let before = query.before { require("\(revision) < ?", .integer(before.number)) }
        if let after = query.after { require("\(revision) > ?", .integer(after.number)) }
        finish(select, order)
    }

    private mutating func requireScopes(_ query: ChangeQuery) {
        var parts: [(condition: String, value: SQLiteValue)] = []
        if let project = query.project { parts.append(("project = ?", .text(project.rawValue))) }
        if let environment = query.environment { parts.append(("environment = ?", .text(environment.rawValue))) }
        if let kind = query.kind { parts.append(("kind = ?", .text(kind.rawValue))) }
        let filter = parts.map(\.condition).joined(separator: " AND ")
        conditions.append("c.revision IN (SELECT revision FROM change_scopes WHERE \(filter))")
        parameters += parts.map(\.value)
    }

    /// A table of the revisions of all items that have the key, newest first: SQLite takes the newest step off its queue, gives it to the
    /// loop outside, and follows it back by one. Without a limit it would take the order of a table in a join for idle and drop it.
    private mutating func versions(of key: String, _ query: ChangeQuery) -> String {
        var filter = "i.key = ?"
        parameters.append(.text(key))
        func add(_ condition: String, _ value: String) {
            filter += " AND " + condition
            parameters.append(.text(value))
        }
        if let project = query.project { add("i.project = ?", project.rawValue) }
        if let environment = query.environment { add("i.environment = ?", environment.rawValue) }
        if let kind = query.kind { add("i.kind = ?", kind.rawValue) }
        parameters.append(.integer(query.after?.number ?? 0))
        return """
            WITH RECURSIVE steps (item, revision) AS (
                SELECT i.item, h.revision FROM items AS i CROSS JOIN item_heads AS h ON h.item = i.item WHERE \(filter)
                UNION ALL
                SELECT s.item, v.previous_revision
                FROM steps AS s CROSS JOIN item_versions AS v ON v.revision = s.revision AND v.item = s.item
                WHERE v.previous_revision > ?
                ORDER BY 2 DESC LIMIT -1)

            """
    }
}

extension SQLiteSearch {
    /// Audit events with the columns sequence, body, salt and leaf hash: oldest first where the query has `after`, newest first otherwise.
    /// The log is read in its own order until the page is full.
    init(_ query: EventQuery) {
        if let after = query.after { require("sequence > ?", .integer(after)) }
        if let before = query.before { require("sequence < ?", .integer(before)) }
        if let actor = query.actor { require("actor = ?", .text(actor.rawValue)) }
        if let action = query.action { require("action = ?", .text(action.rawValue)) }
        if let target = query.target {
            // '0' follows '/': between the two lies all that begins with the target and a slash.
            require(
                "(target = ? OR (target >= ? AND target < ?))", .text(target), .text(target + "/"), .text(target + "0"))
        }
        if let from = query.from { require("occurred_at >= ?", .integer(from.microseconds)) }
        if let to = query.to { require("occurred_at < ?", .integer(to.microseconds)) }
        finish(
            "SELECT sequence, body, salt, leaf_hash FROM audit_events",
            "ORDER BY sequence" + (query.after == nil ? " DESC" : ""))
    }
}
