/// The body of an environment's item: `{"description": …, "inherits": […]}`, both optional.
package struct EnvironmentBody: Hashable, Sendable {
    /// The environments whose settings this one lays its own over, lowest first.
    package let inherits: [EnvironmentName]
    package let description: String

    package init(inherits: [EnvironmentName] = [], description: String = "") throws(Problem) {
        guard inherits.count <= Limits.parentsPerEnvironment else {
            throw Problem(
                .invalidChange,
                "An environment inherits from at most \(Limits.parentsPerEnvironment) others; this one lists \(inherits.count)."
            )
        }
        guard Set(inherits).count == inherits.count else {
            throw Problem(
                .invalidChange, "'inherits' lists an environment twice; list each once, the lowest layer first.")
        }
        try ItemText.checkDescription(description)
        self.inherits = inherits
        self.description = description
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: ["inherits", "description"], what: "an environment")
        var inherits: [EnvironmentName] = []
        if let list = members["inherits"] {
            guard case .array(let values) = list else {
                throw Problem(.invalidRequest, "'inherits' is a list of names of environments, such as [\"base\"].")
            }
            for value in values {
                guard let text = value.stringValue else {
                    throw Problem(.invalidRequest, "'inherits' lists names, which are strings.")
                }
                inherits.append(
                    try ItemText.parsed { () throws(InvalidIdentifier) in try EnvironmentName(parsing: text) })
            }
        }
        try self.init(inherits: inherits, description: try ItemText.text(members["description"], named: "description"))
    }

    package var json: JSONValue {
        var members: JSONObject = [:]
        if !inherits.isEmpty { members["inherits"] = .array(inherits.map { .string($0.rawValue) }) }
        if !description.isEmpty { members["description"] = .string(description) }
        return .object(members)
    }
}

/// The body of a project's item: `{"description": …}`.
package struct ProjectBody: Hashable, Sendable {
    package let description: String

    package init(description: String = "") throws(Problem) {
        try ItemText.checkDescription(description)
        self.description = description
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: ["description"], what: "a project")
        try self.init(description: try ItemText.text(members["description"], named: "description"))
    }

    package var json: JSONValue { description.isEmpty ? [:] : ["description": .string(description)] }
}

/// What is said of a key, for the whole project: `{"description": …, "tags": […]}`.
package struct SettingDefinitionBody: Hashable, Sendable {
    package let description: String
    /// In the order of JSON members, each once by its bytes.
    package let tags: [String]

    package init(description: String = "", tags: [String] = []) throws(Problem) {
        try ItemText.checkDescription(description)
        guard tags.count <= Limits.tagsPerKey else {
            throw Problem(.invalidChange, "A key has at most \(Limits.tagsPerKey) tags; this one has \(tags.count).")
        }
        for tag in tags {
            let isSound =
                !tag.isEmpty && tag.utf8.count <= Limits.tagBytes && tag.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
            guard isSound else {
                throw Problem(
                    .invalidChange,
                    "'\(InvalidIdentifier.shown(tag))' is not a tag: use 1 to \(Limits.tagBytes) bytes without spaces.")
            }
        }
        self.description = description
        self.tags = tags.sorted { $0.precedesInUTF16($1) }.reduce(into: []) { kept, tag in
            if kept.last?.hasSameBytes(as: tag) != true { kept.append(tag) }
        }
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: ["description", "tags"], what: "a setting definition")
        var tags: [String] = []
        if let list = members["tags"] {
            guard case .array(let values) = list else { throw Problem(.invalidRequest, "'tags' is a list of strings.") }
            for value in values {
                guard let text = value.stringValue else {
                    throw Problem(.invalidRequest, "'tags' is a list of strings.")
                }
                tags.append(text)
            }
        }
        try self.init(description: try ItemText.text(members["description"], named: "description"), tags: tags)
    }

    package var json: JSONValue {
        var members: JSONObject = [:]
        if !description.isEmpty { members["description"] = .string(description) }
        if !tags.isEmpty { members["tags"] = .array(tags.map { .string($0) }) }
        return .object(members)
    }
}

/// Reading the bodies of items strictly: an unknown member is an error, for it is most likely a misspelt one.
package enum ItemText {
    package static func members(of json: JSONValue, allowed: Set<String>, what: String) throws(Problem) -> JSONObject {
        guard case .object(let members) = json else {
            throw Problem(.invalidRequest, "The body of \(what) is a JSON object.")
        }
        for name in members.names where !allowed.contains(name) {
            throw Problem(
                .invalidRequest,
                "'\(InvalidIdentifier.shown(name))' is not a member of \(what); there are: \(allowed.sorted().joined(separator: ", "))."
            )
        }
        return members
    }

    package static func text(_ value: JSONValue?, named name: String) throws(Problem) -> String {
        guard let value else { return "" }
        guard let text = value.stringValue else { throw Problem(.invalidRequest, "'\(name)' is a string.") }
        return text
    }

    package static func checkDescription(_ text: String) throws(Problem) {
        guard text.utf8.count <= Limits.descriptionBytes else {
            throw Problem(
                .invalidChange,
                "The description has \(text.utf8.count) bytes; a description has at most \(Limits.descriptionBytes).")
        }
    }

    /// The parsed identifier, or the problem that says why it is none.
    package static func parsed<Identifier>(
        _ parse: () throws(InvalidIdentifier) -> Identifier
    ) throws(Problem) -> Identifier {
        do throws(InvalidIdentifier) { return try parse() } catch { throw Problem(.invalidName, error.message) }
    }
}
