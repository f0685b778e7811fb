import ConfigFormats
import ConfigPlatformModel
import ControlPlane
import HTTPTypes

extension WriteOutcome {
    /// 201 where a change was committed, 200 where there was nothing to do or nothing was to be done.
    func answer(_ imported: ImportPlan?, isDryRun: Bool) -> Answer {
        let isCommitted = if case .committed = kind { true } else { false }
        let request: ChangeRequestID? = if case .requested(let id) = kind { id } else { nil }
        return .json(isCommitted ? .created : request == nil ? .ok : .accepted) { json in
            if isDryRun || request != nil { json.array("approvals", of: approvals) { $0.element($1) } }
            json.member("author", change?.author.rawValue)
            json.member("changeRequest", request?.rawValue)
            json.member("changed", change != nil)
            json.member("committedAt", isCommitted ? change?.committedAt.text : nil)
            json.member("digest", isCommitted ? change?.digest.hexadecimal : nil)
            json.member("dryRun", isDryRun)
            if (isDryRun && change != nil) || request != nil {
                json.array("environments", of: environments) { $0.element($1) }
            }
            if isDryRun, change != nil {
                json.object("findings") { json in
                    json.array("mended", of: findings.mended) { $0.element($1) }
                    json.array("new", of: findings.new) { $0.element($1) }
                }
            }
            json.member("flags", imported?.flags?.flags)
            json.member("message", change?.message)
            if let imported { json.array("notices", of: imported.notices) { $0.element($1) } }
            json.array("operations", of: items) { $0.element($1) }
            json.member("project", change?.project.shownName)
            json.member("revision", token.revision.number)
            json.member("segments", imported?.flags?.segments)
            json.member("settings", imported?.settings)
            json.member("source", change?.source)
            json.member("token", token.text)
            if !warnings.isEmpty { json.array("warnings", of: warnings) { $0.element($1) } }
        }
    }
}

extension ChangeRecord {
    /// A committed change with what it did, as it is read back.
    func answer(_ items: [ItemDifference]) -> Answer {
        .json { json in
            json.member("author", author.rawValue)
            json.member("changed", true)
            json.member("committedAt", committedAt.text)
            json.member("digest", digest.hexadecimal)
            json.member("dryRun", false)
            json.member("message", message)
            json.array("operations", of: items) { $0.element($1) }
            json.member("previousDigest", previousDigest.hexadecimal)
            json.member("project", project.shownName)
            json.member("revision", revision.number)
            json.member("source", source)
            json.member("token", token.text)
        }
    }
}

extension JSONBytes {
    /// `{"after":…,"before":…,"environment":…,"key":…,"kind":…,"op":…}`. A setting's state is `{"value":…}` or
    /// `{"unset":true}`; that of anything else is `{"value": its body}`.
    mutating func element(_ item: ItemDifference) {
        let unset = SettingBody.unset.bytes
        object { json in
            json.member("after", canonical: item.after.map { Self.state($0, of: item.address.kind) })
            json.member("before", canonical: item.before.map { Self.state($0, of: item.address.kind) })
            json.member("environment", item.address.environment?.rawValue)
            json.member("key", item.address.key)
            json.member("kind", item.address.kind.rawValue)
            json.member(
                "op",
                item.after == nil ? "delete" : item.address.kind == .setting && item.after == unset ? "unset" : "put")
        }
    }

    private static func state(_ body: [UInt8], of kind: Kind) -> [UInt8] {
        kind == .setting ? body : Array("{\"value\":".utf8) + body + [UInt8(ascii: "}")]
    }

    /// `{"changes":[…],"environment":…,"flags":[…]}`, without flags where none come to something else.
    mutating func element(_ difference: EnvironmentDifference) {
        object { json in
            json.array("changes", of: difference.differences) { $0.element($1) }
            json.member("environment", difference.environment.rawValue)
            if !difference.flags.isEmpty {
                json.array("flags", of: difference.flags) { json, flag in json.element { flag.write(into: &$0) } }
            }
        }
    }

    /// `{"environment":…,"flags":…,"keys":…,"project":…,"required":…}`, without flags where none come to something else.
    mutating func element(_ guarded: GuardedEnvironment) {
        object { json in
            json.member("environment", guarded.environment.rawValue)
            json.member("flags", guarded.flags == 0 ? nil : guarded.flags)
            json.member("keys", guarded.keys)
            json.member("project", guarded.project.shownName)
            json.member("required", guarded.approvals)
        }
    }

    mutating func element(_ difference: ValueDifference) {
        element { difference.write(into: &$0) }
    }

    /// `{"environment":…,"key":…,"kind":…,"message":…,"pointer":…,"rule":…,"schema":…}`
    mutating func element(_ finding: Finding) {
        object { json in
            json.member("environment", finding.environment.rawValue)
            json.member("key", finding.key)
            json.member("kind", finding.kind.rawValue)
            json.member("message", finding.message)
            json.member("pointer", finding.pointer)
            json.member("rule", finding.rule)
            json.member("schema", finding.schema)
        }
    }

    mutating func element(_ notice: ImportNotice) {
        object { json in
            json.member("column", notice.column)
            json.member("file", notice.file)
            json.member("key", notice.key)
            json.member("line", notice.line)
            json.member("message", notice.message)
            json.member("pointer", notice.pointer)
            json.member("severity", notice.severity.rawValue)
        }
    }

    mutating func member(_ name: StaticString, _ token: RevisionToken) {
        object(name) { json in
            json.member("revision", token.revision.number)
            json.member("token", token.text)
        }
    }
}

extension ProjectName {
    /// Nil for the platform itself, whose name in the ledger is nobody's to write.
    var shownName: String? { self == .platform ? nil : rawValue }
}
