/// The name of a change request: `cr_` and 16 hexadecimal digits.
package struct ChangeRequestID: Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(parsing text: some StringProtocol) throws(InvalidIdentifier) {
        let digits = text.utf8.dropFirst(3)
        let isSound =
            text.hasPrefix("cr_") && digits.count == 16
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard isSound else {
            throw InvalidIdentifier(
                "'\(InvalidIdentifier.shown(text))' is not a change request: they look like cr_0123456789abcdef.")
        }
        rawValue = String(text)
    }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A change that waits for a second pair of eyes, with what was said of it.
///
/// An approval holds for exactly what was looked at: it carries the digest of what the change comes to (``Impact``), and counts only while
/// the change still comes to that.
package struct ChangeRequestBody: Hashable, Sendable {
    package enum State: String, CaseIterable, Sendable {
        case open, applied, rejected, withdrawn
    }

    package struct Approval: Hashable, Sendable {
        /// A person, or a workload with rights of its own.
        package let by: Principal
        package let at: Timestamp
        /// Of the ``Impact`` that was approved.
        package let impact: Digest
        /// The newest revision when it was looked at.
        package let revision: Revision

        package init(by: Principal, at: Timestamp, impact: Digest, revision: Revision) {
            self.by = by
            self.at = at
            self.impact = impact
            self.revision = revision
        }
    }

    package struct Comment: Hashable, Sendable {
        package let by: Principal
        package let at: Timestamp
        package let text: String

        package init(by: Principal, at: Timestamp, text: String) {
            self.by = by
            self.at = at
            self.text = text
        }
    }

    /// When it is to be applied, and with whose rights.
    package struct Schedule: Hashable, Sendable {
        package let at: Timestamp
        package let by: Subject

        package init(at: Timestamp, by: Subject) {
            self.at = at
            self.by = by
        }
    }

    package var state: State
    package let author: Principal
    /// Everybody who wrote at it, and whoever answers for them.
    package var accountable: [Principal]
    package var message: String
    package let source: JSONValue?
    /// What it does; empty once it is closed, for the ledger has it.
    package var effects: [Effect]
    package let createdAt: Timestamp
    package var approvals: [Approval]
    package var comments: [Comment]
    package var schedule: Schedule?
    /// Who closed it.
    package var closedBy: Principal?

    package init(
        author: Principal, accountable: [Principal], message: String, source: JSONValue?, effects: [Effect],
        createdAt: Timestamp
    ) {
        state = .open
        self.author = author
        self.accountable = accountable
        self.message = message
        self.source = source
        self.effects = effects
        self.createdAt = createdAt
        approvals = []
        comments = []
    }

    package var json: JSONValue {
        var json: JSONObject = [
            "accountable": .array(accountable.map { .string($0.rawValue) }), "author": .string(author.rawValue),
            "createdAt": .string(createdAt.text), "message": .string(message), "state": .string(state.rawValue),
        ]
        if !approvals.isEmpty {
            json["approvals"] = .array(
                approvals.map { approval in
                    [
                        "at": .string(approval.at.text), "by": .string(approval.by.rawValue),
                        "impact": .string(approval.impact.hexadecimal), "revision": .int(approval.revision.number),
                    ]
                })
        }
        if !comments.isEmpty {
            json["comments"] = .array(
                comments.map { comment in
                    [
                        "at": .string(comment.at.text), "by": .string(comment.by.rawValue),
                        "text": .string(comment.text),
                    ]
                })
        }
        if !effects.isEmpty { json["effects"] = .array(effects.map(\.requested)) }
        json["closedBy"] = closedBy.map { .string($0.rawValue) }
        json["schedule"] = schedule.map { ["at": .string($0.at.text), "by": $0.by.json] }
        json["source"] = source
        return .object(json)
    }

    /// Read back from ``json``, in the project that it is a request of.
    init(stored json: JSONValue, in project: ProjectName) throws {
        let record = try RecordReader(json, what: "change request")
        guard let state = State(rawValue: try record.string("state")) else {
            throw UnreadableRecord("a change request in an unknown state")
        }
        self.state = state
        author = try Principal(parsing: record.string("author"))
        accountable = try record.array("accountable").map { try Principal(parsing: $0.stringValue ?? "") }
        message = try record.string("message")
        source = json["source"]
        createdAt = try Timestamp(parsing: record.string("createdAt"))
        effects = try (json["effects"]?.arrayValue ?? []).map { try Effect(requested: $0, in: project) }
        approvals = try (json["approvals"]?.arrayValue ?? []).map { json in
            let record = try RecordReader(json, what: "approval")
            guard let impact = Digest(hexadecimal: try record.string("impact")) else {
                throw UnreadableRecord("an approval without a digest")
            }
            return Approval(
                by: try Principal(parsing: record.string("by")), at: try Timestamp(parsing: record.string("at")),
                impact: impact, revision: try Revision(record.int64("revision")))
        }
        comments = try (json["comments"]?.arrayValue ?? []).map { json in
            let record = try RecordReader(json, what: "comment")
            return Comment(
                by: try Principal(parsing: record.string("by")), at: try Timestamp(parsing: record.string("at")),
                text: try record.string("text"))
        }
        schedule = try json["schedule"].map { json in
            let record = try RecordReader(json, what: "schedule")
            return Schedule(
                at: try Timestamp(parsing: record.string("at")), by: try Subject(stored: json["by"] ?? .null))
        }
        closedBy = try json["closedBy"]?.stringValue.map { try Principal(parsing: $0) }
    }
}

extension Effect {
    /// `{"body": …, "environment": …, "key": …, "kind": …}`, without a body where the item is to end.
    fileprivate var requested: JSONValue {
        var json: JSONObject = ["key": .string(address.key), "kind": .string(address.kind.rawValue)]
        json["environment"] = address.environment.map { .string($0.rawValue) }
        json["body"] = body.flatMap { try? JSONValue(parsing: $0, limits: .trusted) }
        return .object(json)
    }

    fileprivate convenience init(requested json: JSONValue, in project: ProjectName) throws {
        let record = try RecordReader(json, what: "effect")
        guard let kind = Kind(rawValue: try record.string("kind")) else {
            throw UnreadableRecord("an effect on the unknown kind '\(try record.string("kind"))'")
        }
        self.init(
            address: ItemAddress(
                project: project,
                environment: try json["environment"]?.stringValue.map { try EnvironmentName(parsing: $0) },
                kind: kind, key: try record.string("key")),
            body: json["body"]?.canonicalBytes())
    }
}
