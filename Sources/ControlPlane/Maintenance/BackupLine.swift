import ConfigPlatformModel
import Store

/// The lines of a backup file: one JSON object each, whose first member says what it is. `docs/backup.md` is the format's description.
enum BackupLine {
    static let format = "configplatform-backup"
    static let version: Int64 = 1

    static func header(_ head: Head, createdAt: Timestamp) -> [UInt8] {
        let json: JSONValue = [
            "auditSequence": .int(head.auditSequence), "createdAt": .string(createdAt.text),
            "digest": .string(head.digest.hexadecimal), "format": .string(format), "platform": .string(head.platformID),
            "revision": .int(head.revision.number), "version": .int(version),
        ]
        return json.canonicalBytes()
    }

    static func encode(_ record: LedgerRecord) -> [UInt8] {
        switch record {
        case .change(let change):
            return Array("{\"change\":".utf8) + change.body + [UInt8(ascii: "}")]
        case .event(let leaf):
            return Array("{\"event\":".utf8) + leaf.event.body
                + Array(",\"salt\":\"\(Digest.hexadecimal(leaf.salt))\"}".utf8)
        case .credential(let credential):
            var members: JSONObject = [
                "createdAt": .string(credential.createdAt.text), "createdBy": .string(credential.createdBy.rawValue),
                "detail": .string(credential.detail), "hash": .string(credential.hash.hexadecimal),
                "id": .string(credential.id),
                "name": .string(credential.name.rawValue), "purpose": .string(credential.purpose.rawValue),
            ]
            if let time = credential.expiresAt { members["expiresAt"] = .string(time.text) }
            if let time = credential.revokedAt { members["revokedAt"] = .string(time.text) }
            return JSONValue.object(["credential": .object(members)]).canonicalBytes()
        case .idempotency(let record):
            let json: JSONValue = [
                "idempotency": [
                    "committed": .bool(record.committed), "expiresAt": .string(record.expiresAt.text),
                    "key": .string(record.key), "principal": .string(record.principal.rawValue),
                    "request": .string(record.requestDigest.hexadecimal), "revision": .int(record.revision.number),
                ]
            ]
            return json.canonicalBytes()
        }
    }

    static func decode(_ line: [UInt8]) throws -> LedgerRecord {
        let json = try JSONValue(parsing: line, limits: .trustedFile)
        if let change = json["change"] { return .change(try ChangeRecord(body: change.canonicalBytes())) }
        if let event = json["event"], let salt = json["salt"]?.stringValue.flatMap(Digest.init(hexadecimal:)) {
            return .event(AuditLeaf(event: try AuditEvent(body: event.canonicalBytes()), salt: salt.bytes))
        }
        if let credential = json["credential"] { return .credential(try decodeCredential(credential)) }
        if let record = json["idempotency"] { return .idempotency(try decodeIdempotency(record)) }
        throw UnreadableRecord("a line that is no record of a backup")
    }

    private static func decodeCredential(_ json: JSONValue) throws -> Credential {
        guard let id = json["id"]?.stringValue, let name = json["name"]?.stringValue,
            let purpose = json["purpose"]?.stringValue.flatMap(Credential.Purpose.init(rawValue:)),
            let hash = json["hash"]?.stringValue.flatMap(Digest.init(hexadecimal:)),
            let createdAt = json["createdAt"]?.stringValue, let createdBy = json["createdBy"]?.stringValue
        else { throw UnreadableRecord("a credential that lacks a member") }
        // Backups of before roles have no detail: their tokens could do everything.
        let detail = json["detail"]?.stringValue ?? "{\"grants\":[{\"role\":\"administrator\"}]}"
        return try Credential(
            id: id, name: TokenName(parsing: name), purpose: purpose, hash: hash,
            createdAt: Timestamp(parsing: createdAt), createdBy: Principal(parsing: createdBy),
            expiresAt: json["expiresAt"]?.stringValue.map { try Timestamp(parsing: $0) },
            revokedAt: json["revokedAt"]?.stringValue.map { try Timestamp(parsing: $0) }, detail: detail)
    }

    private static func decodeIdempotency(_ json: JSONValue) throws -> IdempotencyRecord {
        guard let principal = json["principal"]?.stringValue, let key = json["key"]?.stringValue,
            let request = json["request"]?.stringValue.flatMap(Digest.init(hexadecimal:)),
            let revision = json["revision"]?.int64Value, let committed = json["committed"]?.boolValue,
            let expiresAt = json["expiresAt"]?.stringValue
        else { throw UnreadableRecord("an idempotency record that lacks a member") }
        return IdempotencyRecord(
            principal: try Principal(parsing: principal), key: key, requestDigest: request,
            revision: try Revision(revision), committed: committed, expiresAt: try Timestamp(parsing: expiresAt))
    }
}

extension JSONLimits {
    /// For the lines of a backup whose checksum has been found right.
    fileprivate static let trustedFile = JSONLimits(maxDepth: 100, maxBytes: 1 << 30)
}
