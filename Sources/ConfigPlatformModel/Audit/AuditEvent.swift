/// One audit event: who did what to what, when, from where, and how it ended.
package struct AuditEvent: Hashable, Sendable {
    /// 1, 2, 3 … without gaps: the event's place in the log, counted from 1.
    package let sequence: Int64
    package let occurredAt: Timestamp
    package let actor: Principal
    package let action: Action
    /// What it was done to, such as `shop/production/setting/checkout.timeout`, or `shop` for a change of many items.
    package let target: String
    package let outcome: Outcome
    /// The revision that the event committed, where it committed one.
    package let revision: Revision?
    package let changeDigest: Digest?
    /// Address of the client, without port; nil for what the platform did by itself.
    package let sourceAddress: String?
    package let requestID: String?
    /// More, by action. Never holds a secret or a value of a setting.
    package let detail: JSONValue?
    /// The canonical JSON of everything above.
    package let body: [UInt8]

    /// The raw values are part of the log: they are added to, never changed.
    package enum Action: String, CaseIterable, Sendable {
        case platformInitialize = "platform.initialize"
        case platformRestore = "platform.restore"
        case change = "change"
        case rollback = "change.rollback"
        case promotion = "change.promote"
        case `import` = "change.import"
        case tokenCreate = "token.create"
        case tokenRevoke = "token.revoke"
        case authenticate = "authenticate"
        case signIn = "session.create"
        case sessionRevoke = "session.revoke"
        case passwordSet = "password.set"
        case requestCreate = "request.create"
        case requestEdit = "request.edit"
        case requestComment = "request.comment"
        case requestApprove = "request.approve"
        case requestReject = "request.reject"
        case requestWithdraw = "request.withdraw"
        case requestSchedule = "request.schedule"
        case requestApply = "request.apply"
        case breakGlass = "access.break-glass"
        case flagKill = "flag.kill"
        case rolloutAdvance = "rollout.advance"
        case rolloutPause = "rollout.pause"
        case rolloutResume = "rollout.resume"
        case rolloutRevert = "rollout.revert"
        case experimentExport = "experiment.export"
        case killHookCreate = "kill-hook.create"
        case killHookPull = "kill-hook.pull"
        case killHookRotate = "kill-hook.rotate"
    }

    package enum Outcome: String, CaseIterable, Sendable {
        case success
        /// The platform refused: the detail carries the problem's code.
        case refused
    }

    package init(
        sequence: Int64, occurredAt: Timestamp, actor: Principal, action: Action, target: String, outcome: Outcome,
        revision: Revision? = nil, changeDigest: Digest? = nil, sourceAddress: String? = nil, requestID: String? = nil,
        detail: JSONValue? = nil
    ) {
        self.sequence = sequence
        self.occurredAt = occurredAt
        self.actor = actor
        self.action = action
        self.target = target
        self.outcome = outcome
        self.revision = revision
        self.changeDigest = changeDigest
        self.sourceAddress = sourceAddress
        self.requestID = requestID
        self.detail = detail
        var out: [UInt8] = []
        out.reserveCapacity(400)
        out.appendMember("{\"action\":", action.rawValue)
        out.appendMember(",\"actor\":", actor.rawValue)
        out.appendMember(",\"changeDigest\":", changeDigest?.hexadecimal)
        if let detail {
            out.append(",\"detail\":")
            detail.writeCanonical(into: &out)
        }
        out.appendMember(",\"occurredAt\":", occurredAt.text)
        out.appendMember(",\"outcome\":", outcome.rawValue)
        out.appendMember(",\"requestId\":", requestID)
        if let revision { out.appendMember(",\"revision\":", revision.number) }
        out.appendMember(",\"sequence\":", sequence)
        out.appendMember(",\"sourceAddress\":", sourceAddress)
        out.appendMember(",\"target\":", target)
        out.append(",\"version\":1}")
        body = out
    }

    package init(body: [UInt8]) throws {
        let json = try JSONValue(parsing: body, limits: .trusted)
        let record = try RecordReader(json, what: "audit event")
        guard try record.int64("version") == 1 else {
            throw UnreadableRecord("an audit event of a version that this program does not know")
        }
        guard let action = Action(rawValue: try record.string("action")) else {
            throw UnreadableRecord("an audit event of the unknown action '\(try record.string("action"))'")
        }
        guard let outcome = Outcome(rawValue: try record.string("outcome")) else {
            throw UnreadableRecord("an audit event of an unknown outcome")
        }
        self.init(
            sequence: try record.int64("sequence"), occurredAt: try Timestamp(parsing: record.string("occurredAt")),
            actor: try Principal(parsing: record.string("actor")), action: action, target: try record.string("target"),
            outcome: outcome, revision: try json["revision"]?.int64Value.map { try Revision($0) },
            changeDigest: json["changeDigest"]?.stringValue.flatMap { Digest(hexadecimal: $0) },
            sourceAddress: json["sourceAddress"]?.stringValue, requestID: json["requestId"]?.stringValue,
            detail: json["detail"])
        guard self.body == body else { throw UnreadableRecord("an audit event that is not in canonical form") }
    }
}

/// An event with the salt that hides it and the leaf that commits to it.
package struct AuditLeaf: Hashable, Sendable {
    package let event: AuditEvent
    /// 32 random bytes, drawn for this event alone.
    package let salt: [UInt8]
    /// The Merkle tree's leaf hash (RFC 6962, 2.1): SHA-256 of a zero byte and the 33 bytes of ``entry``.
    package let leafHash: Digest

    package static let saltBytes = 32

    package init(event: AuditEvent, salt: [UInt8]) {
        self.event = event
        self.salt = salt
        leafHash = Digest.of([0], Self.entry(body: event.body, salt: salt))
    }

    /// What the public log holds for an event: a version byte (1) and SHA-256 of the text `configplatform/audit/1`, a zero byte, the salt
    /// and the event's canonical body. Whoever is shown body and salt can recompute it; whoever is not learns nothing, not even of a body
    /// that could be guessed. `docs/audit-leaf.md` has a worked example. It can never change; a new encoding is a new version byte.
    package static func entry(body: [UInt8], salt: [UInt8]) -> [UInt8] {
        precondition(salt.count == saltBytes, "an audit salt has \(saltBytes) bytes")
        return [1] + Digest.of(purpose, salt, body).bytes
    }

    private static let purpose = Array("configplatform/audit/1".utf8) + [0]
}

extension AuditEvent {
    /// What a change is done to, as closely as one target says it: the item of an environment, `shop/production/setting/checkout.timeout`,
    /// or the environment, `shop/production`, where it is nothing else; otherwise the project, `shop`.
    package static func target(of addresses: some Collection<ItemAddress>, in project: ProjectName) -> String {
        guard let first = addresses.first, let environment = first.ownEnvironment,
            addresses.dropFirst().allSatisfy({ $0.ownEnvironment == environment })
        else { return project.rawValue }
        let place = "\(project.rawValue)/\(environment.rawValue)"
        guard addresses.count == 1, first.kind != .environment else { return place }
        return "\(place)/\(first.kind.rawValue)/\(first.key)"
    }
}
