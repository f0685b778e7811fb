import ConfigPlatformModel
import Store

extension ProjectName: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { try! self.init(parsing: value) }
}

extension EnvironmentName: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { try! self.init(parsing: value) }
}

extension Principal: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { try! self.init(parsing: value) }
}

extension Revision: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { try! self.init(value) }
}

/// Effects in few words.
extension Effect {
    /// A setting's body; `value` is canonical JSON.
    static func put(_ key: String, _ value: String, in environment: EnvironmentName, of project: ProjectName = "shop")
        -> Effect
    {
        Effect(address: .raw(key, in: environment, of: project), body: Array("{\"value\":\(value)}".utf8))
    }

    static func end(_ key: String, in environment: EnvironmentName, of project: ProjectName = "shop") -> Effect {
        Effect(address: .raw(key, in: environment, of: project), body: nil)
    }

    static func put(environment: EnvironmentName, of project: ProjectName = "shop") -> Effect {
        Effect(address: .environment(environment, in: project), body: Array("{\"inherits\":[]}".utf8))
    }

    static func end(environment: EnvironmentName, of project: ProjectName = "shop") -> Effect {
        Effect(address: .environment(environment, in: project), body: nil)
    }

    static func put(definition key: String, _ description: String, of project: ProjectName = "shop") -> Effect {
        Effect(
            address: ItemAddress(project: project, environment: nil, kind: .settingDefinition, key: key),
            body: Array("{\"description\":\"\(description)\"}".utf8))
    }

    static func put(project: ProjectName) -> Effect { Effect(address: .project(project), body: Array("{}".utf8)) }

    static func end(project: ProjectName) -> Effect { Effect(address: .project(project), body: nil) }
}

extension ItemAddress {
    /// The address of a setting whose key is taken as it is.
    static func raw(_ key: String, in environment: EnvironmentName, of project: ProjectName = "shop") -> ItemAddress {
        ItemAddress(project: project, environment: environment, kind: .setting, key: key)
    }
}

/// The time that tests begin at, and times after it.
extension Timestamp {
    static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    static func after(_ seconds: Int64) -> Timestamp { start.adding(seconds: seconds) }
}

extension StoreTransaction {
    /// Appends the change that follows, with its audit event.
    @discardableResult
    func commit(
        _ effects: [Effect], of project: ProjectName = "shop", by author: Principal = "token:ann", message: String = "",
        source: JSONValue? = nil, at time: Timestamp? = nil
    ) throws -> ChangeRecord {
        let change = ChangeRecord(
            revision: head.revision.next, project: project, author: author,
            committedAt: time ?? max(.start, head.committedAt.adding(seconds: 1)), message: message, source: source,
            effects: effects, previousDigest: head.digest)
        try append(change)
        try append(
            leaf(
                by: author, .change, on: project.rawValue, at: change.committedAt, revision: change.revision,
                digest: change.digest))
        return change
    }

    /// The event that follows. Salts differ from event to event.
    func leaf(
        by actor: Principal = "token:ann", _ action: AuditEvent.Action, on target: String, at time: Timestamp = .start,
        _ outcome: AuditEvent.Outcome = .success, revision: Revision? = nil, digest: Digest? = nil
    ) -> AuditLeaf {
        let event = AuditEvent(
            sequence: head.auditSequence + 1, occurredAt: time, actor: actor, action: action, target: target,
            outcome: outcome, revision: revision, changeDigest: digest, sourceAddress: "192.0.2.7",
            requestID: "request-\(head.auditSequence)")
        return AuditLeaf(event: event, salt: Digest.of(Array("salt \(event.sequence)".utf8)).bytes)
    }
}

extension Store {
    @discardableResult
    func commit(
        _ effects: [Effect], of project: ProjectName = "shop", by author: Principal = "token:ann", message: String = "",
        source: JSONValue? = nil, at time: Timestamp? = nil
    ) async throws -> ChangeRecord {
        try await write {
            try $0.commit(effects, of: project, by: author, message: message, source: source, at: time)
        }
    }

    func items(at revision: Revision? = nil, of project: ProjectName? = nil) async throws -> [StoredItem] {
        try await foldItems(at: revision, of: project, into: []) { $0.append($1) }.1
    }

    /// The rows of the item table, read in pages.
    func allItemRows(page: Int = 100) async throws -> [ItemRow] {
        var rows: [ItemRow] = []
        while true {
            let next = try await itemRows(after: rows.last, limit: page)
            rows += next
            if next.count < page { return rows }
        }
    }
}

/// How a store failed, without the text.
enum Failure: Hashable {
    case unavailable, outcomeUnknown, full, corrupted, cannotOpen, conflict, fault, notTheStores

    init(_ error: any Error) {
        self =
            switch error as? StoreError {
            case .unavailable: .unavailable
            case .outcomeUnknown: .outcomeUnknown
            case .full: .full
            case .corrupted: .corrupted
            case .cannotOpen: .cannotOpen
            case .conflict: .conflict
            case .fault: .fault
            case nil: .notTheStores
            }
    }
}

/// Runs `body` and returns how it failed; nil where it did not.
func failure<Value>(of body: () async throws -> Value) async -> Failure? {
    do {
        _ = try await body()
        return nil
    } catch {
        return Failure(error)
    }
}
