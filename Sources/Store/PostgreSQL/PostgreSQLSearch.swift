import ConfigPlatformModel

/// A search put together from the parts of a query that are given.
struct PostgreSQLSearch: Sendable {
    private(set) var sql = ""
    private(set) var values: [PostgreSQLValue] = []
    private var conditions: [String] = []

    /// The placeholder of a new parameter.
    private mutating func bind(_ value: PostgreSQLValue) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    private mutating func require(_ expression: String, _ value: PostgreSQLValue) {
        conditions.append("\(expression) \(bind(value))")
    }

    private mutating func takeConditions() -> String {
        defer { conditions = [] }
        return conditions.isEmpty ? "" : "\nWHERE " + conditions.joined(separator: "\n    AND ")
    }

    private mutating func finish(_ select: String, _ order: String, limit: Int) {
        let filter = takeConditions()
        sql = select + filter + "\n" + order + " LIMIT " + bind(.int64(Int64(limit)))
    }
}

extension PostgreSQLSearch {
    private static func columns(of table: String) -> String {
        ["revision", "project", "author", "committed_at", "message", "digest", "previous_digest"]
            .map { "\(table).\($0)" }.joined(separator: ", ")
    }

    /// Changes, newest first, with the columns of ``PostgreSQLLedgerStatements/changesAfter``, the bodies as far as they belong on one page.
    ///
    /// The order is that of an index, so that a page costs a page, but for a key, whose revisions are all looked up first. A kind without
    /// a key, and an environment or a key without a project, read a whole index.
    init(_ query: ChangeQuery, limit: Int) {
        var source = "changes AS c"
        var revision = "c.revision"
        if let key = query.key {
            source = "(\(revisions(of: key, query))) AS s JOIN changes AS c ON c.revision = s.revision"
            revision = "s.revision"
        } else if query.environment != nil || query.kind != nil {
            source = "(\(revisions(touching: query))) AS s JOIN changes AS c ON c.revision = s.revision"
            revision = "s.revision"
        } else {
            requireRange(query, of: revision)
        }
        if let project = query.project { require("c.project =", .text(project.rawValue)) }
        if let author = query.author { require("c.author =", .text(author.rawValue)) }
        finish("SELECT \(Self.columns(of: "c")), c.body FROM \(source)", "ORDER BY \(revision) DESC", limit: limit)
        // How long a body is, is known without reading it.
        let bytesMax = bind(.int64(Int64(Limits.pageBytes)))
        sql = """
            SELECT \(Self.columns(of: "p")), CASE WHEN p.earlier < \(bytesMax) THEN p.body END
            FROM (
                SELECT c.*, sum(octet_length(c.body)) OVER (ORDER BY c.revision DESC) - octet_length(c.body) AS earlier
                FROM (
            \(sql)) AS c) AS p
            ORDER BY p.revision DESC
            """
    }

    private mutating func requireRange(_ query: ChangeQuery, of revision: String) {
        if let before = query.before { require("\(revision) <", .int64(before.number)) }
        if let after = query.after { require("\(revision) >", .int64(after.number)) }
    }

    /// Revisions that altered an environment, or items of a kind, newest first.
    private mutating func revisions(touching query: ChangeQuery) -> String {
        if let project = query.project { require("project =", .text(project.rawValue)) }
        if let environment = query.environment { require("environment =", .text(environment.rawValue)) }
        if let kind = query.kind { require("kind =", .text(kind.rawValue)) }
        requireRange(query, of: "revision")
        return "SELECT DISTINCT revision FROM change_scopes\(takeConditions()) ORDER BY revision DESC"
    }

    /// Revisions of all items that have the key, newest first.
    private mutating func revisions(of key: String, _ query: ChangeQuery) -> String {
        require("i.key =", .text(PostgreSQLText.storable(key)))
        if let project = query.project { require("i.project =", .text(project.rawValue)) }
        if let environment = query.environment { require("i.environment =", .text(environment.rawValue)) }
        if let kind = query.kind { require("i.kind =", .text(kind.rawValue)) }
        requireRange(query, of: "v.revision")
        return """
            SELECT DISTINCT v.revision FROM items AS i JOIN item_versions AS v ON v.item = i.item\(takeConditions())
            ORDER BY v.revision DESC
            """
    }
}

extension PostgreSQLSearch {
    /// Audit events with the columns sequence, body, salt and leaf hash: oldest first where the query has `after`, newest first otherwise.
    /// The log is read in its own order until the page is full.
    init(_ query: EventQuery, limit: Int) {
        if let after = query.after { require("sequence >", .int64(after)) }
        if let before = query.before { require("sequence <", .int64(before)) }
        if let actor = query.actor { require("actor =", .text(actor.rawValue)) }
        if let action = query.action { require("action =", .text(action.rawValue)) }
        if let target = query.target.map(PostgreSQLText.storable) {
            // '0' follows '/': between the two lies all that begins with the target and a slash.
            let (exact, from, to) = (bind(.text(target)), bind(.text(target + "/")), bind(.text(target + "0")))
            conditions.append("(target = \(exact) OR (target >= \(from) AND target < \(to)))")
        }
        if let from = query.from { require("occurred_at >=", .int64(from.microseconds)) }
        if let to = query.to { require("occurred_at <", .int64(to.microseconds)) }
        finish(
            "SELECT sequence, body, salt, leaf_hash FROM audit_events",
            "ORDER BY sequence" + (query.after == nil ? " DESC" : ""), limit: limit)
    }
}
