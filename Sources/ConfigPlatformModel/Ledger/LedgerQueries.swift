/// One step in the history of an item.
package struct ItemVersion: Hashable, Sendable {
    package let revision: Revision
    /// Nil where the item ended.
    package let body: [UInt8]?
    package let author: Principal
    package let committedAt: Timestamp
    package let message: String

    package init(revision: Revision, body: [UInt8]?, author: Principal, committedAt: Timestamp, message: String) {
        self.revision = revision
        self.body = body
        self.author = author
        self.committedAt = committedAt
        self.message = message
    }
}

/// Which changes: every given part must match.
package struct ChangeQuery: Hashable, Sendable {
    package var project: ProjectName?
    /// Below this revision.
    package var before: Revision?
    /// Above this revision.
    package var after: Revision?
    package var author: Principal?
    /// Touching an item of this environment itself (not one that it inherits).
    package var environment: EnvironmentName?
    package var kind: Kind?
    package var key: String?

    package init(
        project: ProjectName? = nil, before: Revision? = nil, after: Revision? = nil, author: Principal? = nil,
        environment: EnvironmentName? = nil, kind: Kind? = nil, key: String? = nil
    ) {
        self.project = project
        self.before = before
        self.after = after
        self.author = author
        self.environment = environment
        self.kind = kind
        self.key = key
    }
}

/// Which audit events: every given part must match.
package struct EventQuery: Hashable, Sendable {
    package var after: Int64?
    package var before: Int64?
    package var actor: Principal?
    package var action: AuditEvent.Action?
    /// The target itself or anything below it (`shop` matches `shop/production/…`).
    package var target: String?
    package var from: Timestamp?
    package var to: Timestamp?

    package init(
        after: Int64? = nil, before: Int64? = nil, actor: Principal? = nil, action: AuditEvent.Action? = nil,
        target: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil
    ) {
        self.after = after
        self.before = before
        self.actor = actor
        self.action = action
        self.target = target
        self.from = from
        self.to = to
    }
}
