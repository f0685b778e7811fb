package import ConfigPlatformModel

/// What a write did, or in a dry run would do; also a committed change as it is shown later.
package struct ChangeView: WireReadable {
    package let revision: Int64
    package let token: String
    package let isChanged: Bool
    package let isDryRun: Bool
    package let committedAt: String?
    package let author: String?
    package let message: String?
    package let digest: String?
    package let previousDigest: String?
    package let source: JSONValue?
    package let operations: [OperationView]
    /// What programs would read differently; dry runs only.
    package let environments: [EnvironmentDifferenceView]
    /// What there is to say about the lines of an imported file.
    package let notices: [NoticeView]
    /// What there is to say of the values that the change writes.
    package let warnings: [FindingView]
    /// What schemas that only report find wrong from then on, and what no longer; dry runs only.
    package let newFindings: [FindingView]
    package let mendedFindings: [FindingView]
    /// How many settings an imported file held.
    package let settingsRead: Int64?
    /// How many flags and segments.
    package let flagsRead: Int64?
    package let segmentsRead: Int64?
    /// The request that was opened instead of the change; nothing else was written.
    package let changeRequest: String?
    /// What approvals the change needs; dry runs and requests only.
    package let approvals: [GuardedEnvironmentView]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        revision = try wire.int("revision")
        token = wire.optionalString("token") ?? String(revision)
        isChanged = wire.bool("changed", default: true)
        isDryRun = wire.bool("dryRun", default: false)
        committedAt = wire.optionalString("committedAt")
        author = wire.optionalString("author")
        message = wire.optionalString("message")
        digest = wire.optionalString("digest")
        previousDigest = wire.optionalString("previousDigest")
        source = wire.json["source"]
        operations = try wire.many("operations")
        environments = wire.json["environments"]?.arrayValue == nil ? [] : try wire.many("environments")
        notices = wire.json["notices"]?.arrayValue == nil ? [] : try wire.many("notices")
        warnings = wire.json["warnings"]?.arrayValue == nil ? [] : try wire.many("warnings")
        let findings = wire.json["findings"].map { WireReader($0) }
        newFindings = try findings.map { findings throws(ConfigPlatformError) in try findings.many("new") } ?? []
        mendedFindings = try findings.map { findings throws(ConfigPlatformError) in try findings.many("mended") } ?? []
        settingsRead = wire.optionalInt("settings")
        flagsRead = wire.optionalInt("flags")
        segmentsRead = wire.optionalInt("segments")
        changeRequest = wire.optionalString("changeRequest")
        approvals = wire.json["approvals"]?.arrayValue == nil ? [] : try wire.many("approvals")
    }
}

/// A protected environment that a change alters.
package struct GuardedEnvironmentView: WireReadable {
    package let project: String?
    package let environment: String
    /// How many keys of it have another value then.
    package let keys: Int64?
    package let required: Int64
    /// How many approvals there are that count; nil where none are asked about.
    package let given: Int64?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        project = wire.optionalString("project")
        environment = try wire.string("environment")
        keys = wire.optionalInt("keys")
        required = try wire.int("required")
        given = wire.optionalInt("given")
    }
}

/// One operation of a change, with what stood there before and after.
package struct OperationView: WireReadable {
    package let operation: String
    package let kind: String
    package let environment: String?
    package let key: String
    package let before: OwnValue
    package let after: OwnValue
    /// How references in the new value are meant, where that is said.
    package let references: String?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        operation = try wire.string("op")
        kind = try wire.string("kind")
        environment = wire.optionalString("environment")
        key = wire.optionalString("key") ?? ""
        before = wire.json["before"].map { OwnValue($0) } ?? .absent
        after = wire.json["after"].map { OwnValue($0) } ?? .absent
        references = wire.json["after"]?["references"]?.stringValue
    }
}

/// What an imported file's reader has to say about a line.
package struct NoticeView: WireReadable {
    package let severity: String
    package let line: Int64?
    package let column: Int64?
    /// The flag or segment that it is about.
    package let key: String?
    /// Into the file.
    package let pointer: String?
    /// The file's name, where several were imported together.
    package let file: String?
    package let message: String

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        severity = try wire.string("severity")
        line = wire.optionalInt("line")
        column = wire.optionalInt("column")
        key = wire.optionalString("key")
        pointer = wire.optionalString("pointer")
        file = wire.optionalString("file")
        message = try wire.string("message")
    }
}

/// A change in a list.
package struct ChangeSummary: WireReadable {
    package let revision: Int64
    package let committedAt: String
    package let author: String
    package let message: String
    package let operations: Int64
    package let environments: [String]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        revision = try wire.int("revision")
        committedAt = try wire.string("committedAt")
        author = try wire.string("author")
        message = wire.optionalString("message") ?? ""
        operations = wire.optionalInt("operations") ?? 0
        environments = wire.strings("environments")
    }
}

/// A key whose value programs read differently.
package struct ValueDifferenceView: WireReadable {
    package let key: String
    package let before: OwnValue
    package let after: OwnValue

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        key = try wire.string("key")
        before = wire.json["before"].map { .value($0) } ?? .absent
        after = wire.json["after"].map { .value($0) } ?? .absent
    }
}

package struct EnvironmentDifferenceView: WireReadable {
    package let environment: String
    package let changes: [ValueDifferenceView]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        environment = try wire.string("environment")
        changes = try wire.many("changes")
    }
}

/// How what programs read differs between two revisions.
package struct RevisionDifferenceView: WireReadable {
    package let from: Int64
    package let to: Int64
    package let environments: [EnvironmentDifferenceView]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        from =
            try wire.json["from"].map { json throws(ConfigPlatformError) in try WireReader(json).int("revision") } ?? 0
        to = try wire.json["to"].map { json throws(ConfigPlatformError) in try WireReader(json).int("revision") } ?? 0
        environments = try wire.many("environments")
    }
}

/// How what programs read differs between two environments.
package struct PlaceDifferenceView: WireReadable {
    package let revision: Int64
    package let fromEnvironment: String
    package let toEnvironment: String
    package let changes: [ValueDifferenceView]

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        revision = try wire.int("revision")
        fromEnvironment = try wire.string("fromEnvironment")
        toEnvironment = try wire.string("toEnvironment")
        changes = try wire.many("changes")
    }
}
