package import ConfigPlatformModel

/// A change request in a list.
package struct ChangeRequestSummary: WireReadable {
    package let id: String
    package let state: String
    package let author: String
    package let message: String
    package let createdAt: String
    package let scheduledFor: String?
    package let closedBy: String?
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        id = try wire.string("id")
        state = try wire.string("state")
        author = try wire.string("author")
        message = wire.optionalString("message") ?? ""
        createdAt = try wire.string("createdAt")
        scheduledFor = wire.optionalString("scheduledFor")
        closedBy = wire.optionalString("closedBy")
        revision = try wire.int("revision")
    }
}

/// A change that waits for approval, or did, with what it comes to now.
package struct ChangeRequestView: WireReadable {
    package struct Approval: WireReadable {
        package let by: String
        package let at: String
        /// Whether it is of something else than what the request comes to now.
        package let isVoid: Bool

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            by = try wire.string("by")
            at = try wire.string("at")
            isVoid = wire.bool("void", default: false)
        }
    }

    package struct Comment: WireReadable {
        package let by: String
        package let at: String
        package let text: String

        package init(_ wire: WireReader) throws(ConfigPlatformError) {
            by = try wire.string("by")
            at = try wire.string("at")
            text = try wire.string("text")
        }
    }

    package let id: String
    /// `open`, `applied`, `rejected` or `withdrawn`.
    package let state: String
    package let author: String
    package let message: String
    package let createdAt: String
    package let closedBy: String?
    package let scheduledFor: String?
    package let source: JSONValue?
    package let isApproved: Bool
    package let approvals: [Approval]
    package let comments: [Comment]
    /// What it does to items, and what programs would read differently; empty once it is closed.
    package let operations: [OperationView]
    package let environments: [EnvironmentDifferenceView]
    package let protections: [GuardedEnvironmentView]
    /// The digest of all of that, to approve it by; nil where this reader does not see all of it.
    package let impact: String?
    /// Why it cannot be applied as it is.
    package let obstacle: String?
    /// The revision that wrote it last.
    package let revision: Int64

    package var isOpen: Bool { state == "open" }

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        func list<Value: WireReadable>(_ name: String) throws(ConfigPlatformError) -> [Value] {
            wire.json[name]?.arrayValue == nil ? [] : try wire.many(name)
        }
        id = try wire.string("id")
        state = try wire.string("state")
        author = try wire.string("author")
        message = wire.optionalString("message") ?? ""
        createdAt = try wire.string("createdAt")
        closedBy = wire.optionalString("closedBy")
        scheduledFor = wire.optionalString("scheduledFor")
        source = wire.json["source"]
        isApproved = wire.bool("approved", default: false)
        approvals = try list("approvals")
        comments = try list("comments")
        operations = try list("operations")
        environments = try list("environments")
        protections = try list("protections")
        impact = wire.optionalString("impact")
        obstacle = wire.optionalString("obstacle")
        revision = try wire.int("revision")
    }
}
