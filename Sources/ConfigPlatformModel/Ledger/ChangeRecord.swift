/// A committed change as the ledger keeps it for ever. Its digest is that of its canonical body, which names its predecessor's.
///
/// Applying the effects of changes 1…N in order to the empty platform gives the state at revision N, on every replica and after every
/// restore.
package final class ChangeRecord: Hashable, Sendable {
    package let revision: Revision
    package let project: ProjectName
    package let author: Principal
    package let committedAt: Timestamp
    package let message: String
    /// How the change came about where it was not written by hand, such as `{"operation":"rollback","toRevision":12}`.
    package let source: JSONValue?
    package let effects: [Effect]
    package let previousDigest: Digest
    /// SHA-256 of ``body``.
    package let digest: Digest
    /// The canonical JSON of everything above but the digest.
    package let body: [UInt8]

    package init(
        revision: Revision, project: ProjectName, author: Principal, committedAt: Timestamp, message: String,
        source: JSONValue?, effects: [Effect], previousDigest: Digest
    ) {
        self.revision = revision
        self.project = project
        self.author = author
        self.committedAt = committedAt
        self.message = message
        self.source = source
        self.effects = effects
        self.previousDigest = previousDigest
        body = Self.encode(
            revision: revision, project: project, author: author, committedAt: committedAt, message: message,
            source: source,
            effects: effects, previousDigest: previousDigest)
        digest = Digest.of(body)
    }

    /// Reads a body back. Throws ``UnreadableRecord`` where it is not one that this version, or an earlier one, wrote.
    package init(body: [UInt8]) throws {
        let json = try JSONValue(parsing: body, limits: .trusted)
        let record = try RecordReader(json, what: "change")
        guard try record.int64("version") == Self.version else {
            throw UnreadableRecord(
                "a change of version \(try record.int64("version")), which this program does not know")
        }
        revision = try Revision(record.int64("revision"))
        project = try ProjectName(stored: record.string("project"))
        author = try Principal(parsing: record.string("author"))
        committedAt = try Timestamp(parsing: record.string("committedAt"))
        message = try record.string("message")
        source = json["source"]
        guard let previousDigest = Digest(hexadecimal: try record.string("previous")) else {
            throw UnreadableRecord("a change whose previous digest is not one")
        }
        self.previousDigest = previousDigest
        let project = project
        effects = try record.array("effects").map { value in
            let effect = try RecordReader(value, what: "effect")
            guard let kind = Kind(rawValue: try effect.string("kind")) else {
                throw UnreadableRecord("an effect on the unknown kind '\(try effect.string("kind"))'")
            }
            let environment = try value["environment"].map { try EnvironmentName(parsing: $0.stringValue ?? "") }
            let address = ItemAddress(
                project: project, environment: environment, kind: kind, key: try effect.string("key"))
            return Effect(address: address, body: value["body"]?.canonicalBytes())
        }
        self.body = body
        digest = Digest.of(body)
    }

    package var token: RevisionToken { RevisionToken(revision, digest) }

    package static func == (left: ChangeRecord, right: ChangeRecord) -> Bool {
        left === right || left.digest == right.digest && left.body == right.body
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

extension ChangeRecord {
    /// Version of the body's shape. A later shape gets a later number; this one is read for ever.
    static let version: Int64 = 1

    private static func encode(
        revision: Revision, project: ProjectName, author: Principal, committedAt: Timestamp, message: String,
        source: JSONValue?, effects: [Effect], previousDigest: Digest
    ) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(320 + effects.reduce(0) { $0 + ($1.body?.count ?? 0) + $1.address.key.utf8.count + 96 })
        out.appendMember("{\"author\":", author.rawValue)
        out.appendMember(",\"committedAt\":", committedAt.text)
        out.append(",\"effects\":[")
        for (index, effect) in effects.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out.append(UInt8(ascii: "{"))
            if let body = effect.body {
                out.append("\"body\":")
                out.append(contentsOf: body)
                out.append(UInt8(ascii: ","))
            }
            if let environment = effect.address.environment {
                out.appendMember("\"environment\":", environment.rawValue)
                out.append(UInt8(ascii: ","))
            }
            out.appendMember("\"key\":", effect.address.key)
            out.appendMember(",\"kind\":", effect.address.kind.rawValue)
            out.append(UInt8(ascii: "}"))
        }
        out.append(UInt8(ascii: "]"))
        out.appendMember(",\"message\":", message)
        out.appendMember(",\"previous\":", previousDigest.hexadecimal)
        out.appendMember(",\"project\":", project.rawValue)
        out.appendMember(",\"revision\":", revision.number)
        if let source {
            out.append(",\"source\":")
            source.writeCanonical(into: &out)
        }
        out.appendMember(",\"version\":", version)
        out.append(UInt8(ascii: "}"))
        return out
    }
}

/// A record of the store that cannot be what this program wrote.
package struct UnreadableRecord: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Required members of a stored record.
struct RecordReader {
    private let json: JSONValue
    private let what: String

    init(_ json: JSONValue, what: String) throws {
        guard case .object = json else { throw UnreadableRecord("a \(what) that is not an object") }
        self.json = json
        self.what = what
    }

    func string(_ name: String) throws -> String {
        guard let value = json[name]?.stringValue else { throw UnreadableRecord("a \(what) without '\(name)'") }
        return value
    }

    func int64(_ name: String) throws -> Int64 {
        guard let value = json[name]?.int64Value else { throw UnreadableRecord("a \(what) without '\(name)'") }
        return value
    }

    func array(_ name: String) throws -> [JSONValue] {
        guard let value = json[name]?.arrayValue else { throw UnreadableRecord("a \(what) without '\(name)'") }
        return value
    }
}

extension JSONLimits {
    /// For what this program wrote itself, and limited when it was taken in.
    static let trusted = JSONLimits(maxDepth: 80, maxBytes: 1 << 30)
}
