/// The body of a schema's item: a JSON Schema and what it is for.
///
/// `{"schema": S}` is for the whole resolved document, `{"key": K, "schema": S}` for the value of a key, `{"prefix": K, "schema": S}` for
/// what lies below a key, and `{"schema": S, "shared": true}` for other schemas to refer to only. `environments` names the environments it
/// is for, all that are not abstract where it is absent; `reportOnly` makes what it finds a finding rather than a refusal.
package struct SchemaBody: Hashable, Sendable {
    /// An object or a boolean; at most ``Limits/schemaBytes`` in canonical form.
    package let schema: JSONValue
    package let scope: Scope
    /// In order; nil for all that are not abstract.
    package let environments: [EnvironmentName]?
    package let isReportOnly: Bool

    package enum Scope: Hashable, Sendable {
        case document
        case prefix(ConfigKey)
        case key(ConfigKey)
        /// Only other schemas refer to it.
        case shared

        /// Where in the resolved document what it judges lies.
        var path: [String] {
            switch self {
            case .document, .shared: []
            case .prefix(let key), .key(let key): key.segments
            }
        }
    }

    package init(
        schema: JSONValue, scope: Scope = .document, environments: [EnvironmentName]? = nil, isReportOnly: Bool = false
    ) throws(Problem) {
        switch schema {
        case .object, .bool: break
        default:
            throw Problem(
                .invalidRequest, "'schema' is a JSON Schema: an object, or true or false.", at: ["schema"],
                keyword: "type")
        }
        let bytes = schema.canonicalBytes().count
        guard bytes <= Limits.schemaBytes else {
            throw Problem(
                .invalidChange, "The schema has \(bytes) bytes; a schema has at most \(Limits.schemaBytes).",
                at: ["schema"], keyword: "maxLength")
        }
        if let environments {
            try ItemText.checkNotEmpty(environments, named: "environments")
            guard scope != .shared else {
                throw Problem(
                    .invalidRequest, "A shared schema judges nothing itself; leave out 'environments'.",
                    at: ["environments"])
            }
        }
        self.schema = schema
        self.scope = scope
        self.environments = environments.map { Array(Set($0)).sorted() }
        self.isReportOnly = isReportOnly
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a schema's item")
        guard let schema = members["schema"] else {
            throw Problem(
                .invalidRequest,
                "'schema' is missing: the JSON Schema itself is a member, as in {\"prefix\":\"checkout\",\"schema\":{\"type\":\"object\"}}.",
                at: [], keyword: "required")
        }
        let isShared = try ItemText.flag(members["shared"], named: "shared")
        let scope: Scope
        switch (members["key"], members["prefix"], isShared) {
        case (nil, nil, false): scope = .document
        case (nil, nil, true): scope = .shared
        case (let key?, nil, false): scope = .key(try Self.key(key, named: "key"))
        case (nil, let prefix?, false): scope = .prefix(try Self.key(prefix, named: "prefix"))
        default:
            throw Problem(
                .invalidRequest,
                "Of 'key', 'prefix' and 'shared' a schema has one; none of them for the whole document.")
        }
        var environments: [EnvironmentName]?
        if let list = members["environments"] { environments = try ItemText.environments(list) }
        try self.init(
            schema: schema, scope: scope, environments: environments,
            isReportOnly: try ItemText.flag(members["reportOnly"], named: "reportOnly"))
    }

    private static func key(_ value: JSONValue, named name: String) throws(Problem) -> ConfigKey {
        guard let text = value.stringValue else {
            throw Problem(.invalidRequest, "'\(name)' is a key.", at: [name], keyword: "type")
        }
        return try ItemText.parsed(at: [name]) { () throws(InvalidIdentifier) in try ConfigKey(parsing: text) }
    }

    /// The members that a body may have.
    package static let members: Set<String> = ["environments", "key", "prefix", "reportOnly", "schema", "shared"]

    package var json: JSONValue {
        var members: JSONObject = ["schema": schema]
        switch scope {
        case .document: break
        case .prefix(let key): members["prefix"] = .string(key.text)
        case .key(let key): members["key"] = .string(key.text)
        case .shared: members["shared"] = true
        }
        if let environments { members["environments"] = .array(environments.map { .string($0.rawValue) }) }
        if isReportOnly { members["reportOnly"] = true }
        return .object(members)
    }

    /// Whether it judges what programs of this environment read.
    func judges(_ environment: EnvironmentState) -> Bool {
        guard scope != .shared else { return false }
        return environments?.contains(environment.name) ?? !environment.body.isAbstract
    }
}
