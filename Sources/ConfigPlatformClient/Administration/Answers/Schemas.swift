package import ConfigPlatformModel

/// A schema, in a list without the JSON Schema itself.
package struct SchemaView: WireReadable {
    package let name: String
    package let revision: Int64
    package let key: String?
    package let prefix: String?
    package let isShared: Bool
    /// Empty for all that are not abstract.
    package let environments: [String]
    package let isReportOnly: Bool
    package let schema: JSONValue?

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        revision = try wire.int("revision")
        key = wire.optionalString("key")
        prefix = wire.optionalString("prefix")
        isShared = wire.bool("shared", default: false)
        environments = wire.strings("environments")
        isReportOnly = wire.bool("reportOnly", default: false)
        schema = wire.json["schema"]
    }
}

/// What schemas say of one key.
package struct SchemaDescriptionView: WireReadable {
    package let schemas: [String]
    package let title: String?
    package let description: String?
    package let defaultValue: JSONValue?
    package let examples: [JSONValue]
    package let isDeprecated: Bool
    package let isWriteOnly: Bool
    package let rules: JSONObject

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        schemas = wire.strings("schemas")
        title = wire.optionalString("title")
        description = wire.optionalString("description")
        defaultValue = wire.json["default"]
        examples = wire.json["examples"]?.arrayValue ?? []
        isDeprecated = wire.bool("deprecated", default: false)
        isWriteOnly = wire.bool("writeOnly", default: false)
        rules = wire.json["rules"]?.objectValue ?? [:]
    }
}

/// Who outside is asked whether a change may be.
package struct ValidatorView: WireReadable {
    package let name: String
    package let url: String
    /// Empty for all.
    package let environments: [String]
    package let timeoutSeconds: Int64
    package let onFailure: String
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        name = try wire.string("name")
        url = try wire.string("url")
        environments = wire.strings("environments")
        timeoutSeconds = try wire.int("timeoutSeconds")
        onFailure = try wire.string("onFailure")
        revision = try wire.int("revision")
    }
}

/// Something that is not as it should be and was not refused.
package struct FindingView: WireReadable {
    package let kind: String
    package let environment: String
    package let key: String?
    package let rule: String
    package let message: String

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        kind = try wire.string("kind")
        environment = try wire.string("environment")
        key = wire.optionalString("key")
        rule = wire.optionalString("rule") ?? ""
        message = try wire.string("message")
    }
}

package struct FindingsView: WireReadable {
    package let findings: [FindingView]
    /// Whether these are all.
    package let isComplete: Bool
    package let revision: Int64

    package init(_ wire: WireReader) throws(ConfigPlatformError) {
        findings = try wire.many("findings")
        isComplete = wire.bool("complete", default: true)
        revision = try wire.int("revision")
    }
}
