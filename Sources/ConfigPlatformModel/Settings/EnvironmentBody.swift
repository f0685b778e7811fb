/// The body of an environment's item: `{"abstract": true, "description": …, "inherits": […]}`, all optional.
package struct EnvironmentBody: Hashable, Sendable {
    /// The environments whose settings this one lays its own over, lowest first.
    package let inherits: [EnvironmentName]
    package let description: String
    /// Whether it is there only for others to inherit from: no program reads it, and no schema asks that it be complete.
    package let isAbstract: Bool

    package init(
        inherits: [EnvironmentName] = [], description: String = "", isAbstract: Bool = false
    ) throws(Problem) {
        guard inherits.count <= Limits.parentsPerEnvironment else {
            throw Problem(
                .invalidChange,
                "An environment inherits from at most \(Limits.parentsPerEnvironment) others; this one lists \(inherits.count).",
                at: ["inherits"], keyword: "maxItems")
        }
        guard Set(inherits).count == inherits.count else {
            throw Problem(
                .invalidChange, "'inherits' lists an environment twice; list each once, the lowest layer first.",
                at: ["inherits"], keyword: "uniqueItems")
        }
        try ItemText.checkLength(description, named: "description")
        self.inherits = inherits
        self.description = description
        self.isAbstract = isAbstract
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "an environment")
        let inherits = try members["inherits"].map { list throws(Problem) in
            try ItemText.environments(list, named: "inherits")
        }
        try self.init(
            inherits: inherits ?? [], description: try ItemText.text(members["description"], named: "description"),
            isAbstract: try ItemText.flag(members["abstract"], named: "abstract"))
    }

    /// The members that a body may have.
    package static let members: Set<String> = ["abstract", "inherits", "description"]

    package var json: JSONValue {
        var members: JSONObject = [:]
        if !inherits.isEmpty { members["inherits"] = .array(inherits.map { .string($0.rawValue) }) }
        if !description.isEmpty { members["description"] = .string(description) }
        if isAbstract { members["abstract"] = true }
        return .object(members)
    }
}

/// The body of a project's item: `{"description": …, "plaintextSecrets": "refuse", "quotas": …}`, all optional.
package struct ProjectBody: Hashable, Sendable {
    package let description: String
    package let plaintextSecrets: PlaintextSecrets
    package let quotas: ProjectQuotas

    /// What becomes of a value that looks like a credential.
    package enum PlaintextSecrets: String, CaseIterable, Sendable {
        /// It is written, and the answer warns of it.
        case warn
        /// It is refused, unless the key's definition gives a reason for it.
        case refuse
    }

    package init(
        description: String = "", plaintextSecrets: PlaintextSecrets = .warn, quotas: ProjectQuotas = .empty
    ) throws(Problem) {
        try ItemText.checkLength(description, named: "description")
        self.description = description
        self.plaintextSecrets = plaintextSecrets
        self.quotas = quotas
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a project")
        let policy = try ItemText.choice(
            members["plaintextSecrets"], named: "plaintextSecrets", of: PlaintextSecrets.self)
        try self.init(
            description: try ItemText.text(members["description"], named: "description"),
            plaintextSecrets: policy ?? .warn, quotas: try Self.quotas(members["quotas"]))
    }

    private static func quotas(_ value: JSONValue?) throws(Problem) -> ProjectQuotas {
        guard let value else { return .empty }
        do throws(Problem) {
            return try ProjectQuotas(parsing: value)
        } catch {
            throw error.located(at: JSONPointer(tokens: ["quotas"]))
        }
    }

    /// The members that a body may have.
    package static let members: Set<String> = ["description", "plaintextSecrets", "quotas"]

    package var json: JSONValue {
        var members: JSONObject = [:]
        if !description.isEmpty { members["description"] = .string(description) }
        if plaintextSecrets != .warn { members["plaintextSecrets"] = .string(plaintextSecrets.rawValue) }
        if !quotas.isEmpty { members["quotas"] = quotas.json }
        return .object(members)
    }
}

/// What is said of a key, for the whole project: `{"description": …, "plaintextReason": …, "tags": […]}`.
package struct SettingDefinitionBody: Hashable, Sendable {
    package let description: String
    /// Why the key's values may lie in plain text although they look like credentials; empty where they may not.
    package let plaintextReason: String
    /// In the order of JSON members, each once by its bytes.
    package let tags: [String]

    package init(description: String = "", plaintextReason: String = "", tags: [String] = []) throws(Problem) {
        try ItemText.checkLength(description, named: "description")
        try ItemText.checkLength(plaintextReason, named: "plaintextReason")
        guard tags.count <= Limits.tagsPerKey else {
            throw Problem(
                .invalidChange, "A key has at most \(Limits.tagsPerKey) tags; this one has \(tags.count).",
                at: ["tags"], keyword: "maxItems")
        }
        for (index, tag) in tags.enumerated() {
            let isSound =
                !tag.isEmpty && tag.utf8.count <= Limits.tagBytes && tag.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
            guard isSound else {
                throw Problem(
                    .invalidChange,
                    "'\(InvalidIdentifier.shown(tag))' is not a tag: use 1 to \(Limits.tagBytes) bytes without spaces.",
                    at: ["tags", String(index)])
            }
        }
        self.description = description
        self.plaintextReason = plaintextReason
        self.tags = tags.sorted { $0.precedesInUTF16($1) }.reduce(into: []) { kept, tag in
            if kept.last?.hasSameBytes(as: tag) != true { kept.append(tag) }
        }
    }

    package init(parsing json: JSONValue) throws(Problem) {
        let members = try ItemText.members(of: json, allowed: Self.members, what: "a setting definition")
        try self.init(
            description: try ItemText.text(members["description"], named: "description"),
            plaintextReason: try ItemText.text(members["plaintextReason"], named: "plaintextReason"),
            tags: try ItemText.texts(members["tags"], named: "tags"))
    }

    /// The members that a body may have.
    package static let members: Set<String> = ["description", "plaintextReason", "tags"]

    package var json: JSONValue {
        var members: JSONObject = [:]
        if !description.isEmpty { members["description"] = .string(description) }
        if !plaintextReason.isEmpty { members["plaintextReason"] = .string(plaintextReason) }
        if !tags.isEmpty { members["tags"] = .array(tags.map { .string($0) }) }
        return .object(members)
    }
}

/// Reading the bodies of items strictly: an unknown member is an error, for it is most likely a misspelt one. What is wrong with a member
/// points at it.
package enum ItemText {
    package static func members(of json: JSONValue, allowed: Set<String>, what: String) throws(Problem) -> JSONObject {
        guard case .object(let members) = json else {
            throw Problem(.invalidRequest, "The body of \(what) is a JSON object.", at: [], keyword: "type")
        }
        for name in members.names where !allowed.contains(name) {
            throw Problem(
                .invalidRequest,
                "'\(InvalidIdentifier.shown(name))' is not a member of \(what); there are: \(allowed.sorted().joined(separator: ", ")).",
                at: [name], keyword: "additionalProperties")
        }
        return members
    }

    package static func text(_ value: JSONValue?, named name: String) throws(Problem) -> String {
        guard let value else { return "" }
        guard let text = value.stringValue else {
            throw Problem(.invalidRequest, "'\(name)' is a string.", at: [name], keyword: "type")
        }
        return text
    }

    package static func environments(
        _ value: JSONValue, named name: String = "environments"
    ) throws(Problem) -> [EnvironmentName] {
        guard value.arrayValue != nil else {
            throw Problem(
                .invalidRequest, "'\(name)' is a list of names of environments, such as [\"base\"].", at: [name],
                keyword: "type")
        }
        return try identifiers(value, named: name) { text throws(InvalidIdentifier) in
            try EnvironmentName(parsing: text)
        } ?? []
    }

    package static func flag(_ value: JSONValue?, named name: String) throws(Problem) -> Bool {
        guard let value else { return false }
        guard let flag = value.boolValue else {
            throw Problem(.invalidRequest, "'\(name)' is true or false.", at: [name], keyword: "type")
        }
        return flag
    }

    package static func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: JSONValue?, named name: String, of type: Choice.Type
    ) throws(Problem) -> Choice? where Choice.RawValue == String {
        guard let value else { return nil }
        let chosen: Choice = try choice(value, named: name, at: [name])
        return chosen
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: JSONValue, named name: String, at place: [String]
    ) throws(Problem) -> Choice where Choice.RawValue == String {
        guard let choice = value.stringValue.flatMap(Choice.init) else {
            let known = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw Problem(.invalidRequest, "'\(name)' is one of \(known).", at: place, keyword: "enum")
        }
        return choice
    }

    package static func choices<Choice: RawRepresentable & CaseIterable>(
        _ value: JSONValue?, named name: String, of type: Choice.Type
    ) throws(Problem) -> [Choice]? where Choice.RawValue == String {
        guard let value else { return nil }
        guard let values = value.arrayValue, values.count <= Choice.allCases.count else {
            throw Problem(
                .invalidRequest, "'\(name)' is a list, each of whose members is there once.", at: [name],
                keyword: "type")
        }
        var choices: [Choice] = []
        for (index, value) in values.enumerated() {
            choices.append(try choice(value, named: name, at: [name, String(index)]))
        }
        return choices
    }

    /// A list of texts, each of them an identifier; nil where there is no list.
    package static func identifiers<Identifier>(
        _ value: JSONValue?, named name: String, _ parse: (String) throws(InvalidIdentifier) -> Identifier
    ) throws(Problem) -> [Identifier]? {
        guard let value else { return nil }
        var identifiers: [Identifier] = []
        for (index, text) in try texts(value, named: name).enumerated() {
            identifiers.append(
                try parsed(at: [name, String(index)]) { () throws(InvalidIdentifier) in try parse(text) })
        }
        return identifiers
    }

    /// What each element of a list comes to; what is wrong in one points below it.
    static func elements<Element>(
        _ values: [JSONValue], named name: String, _ read: (JSONValue) throws(Problem) -> Element
    ) throws(Problem) -> [Element] {
        var elements: [Element] = []
        for (index, value) in values.enumerated() {
            do throws(Problem) {
                elements.append(try read(value))
            } catch {
                throw error.located(at: JSONPointer(tokens: [name, String(index)]))
            }
        }
        return elements
    }

    package static func texts(_ value: JSONValue?, named name: String) throws(Problem) -> [String] {
        guard let value else { return [] }
        guard let values = value.arrayValue else {
            throw Problem(.invalidRequest, "'\(name)' is a list of strings.", at: [name], keyword: "type")
        }
        guard values.count <= Limits.listedNames else {
            throw Problem(
                .limitExceeded, "'\(name)' lists \(values.count), and at most \(Limits.listedNames) may be listed.",
                at: [name], keyword: "maxItems")
        }
        var texts: [String] = []
        for (index, value) in values.enumerated() {
            guard let text = value.stringValue else {
                throw Problem(
                    .invalidRequest, "'\(name)' is a list of strings.", at: [name, String(index)], keyword: "type")
            }
            texts.append(text)
        }
        return texts
    }

    package static func required<Identifier>(
        _ value: JSONValue?, named name: String, _ remedy: String,
        _ parse: (String) throws(InvalidIdentifier) -> Identifier
    ) throws(Problem) -> Identifier {
        let text = try string(value, named: name, remedy)
        return try parsed(at: [name]) { () throws(InvalidIdentifier) in try parse(text) }
    }

    private static func string(
        _ value: JSONValue?, named name: String, _ remedy: String
    ) throws(Problem) -> String {
        guard let text = value?.stringValue else {
            throw Problem(
                .invalidRequest, "'\(name)' is missing, or is no string: \(remedy).", at: value == nil ? [] : [name],
                keyword: value == nil ? "required" : "type")
        }
        return text
    }

    package static func time(_ value: JSONValue?, named name: String) throws(Problem) -> Timestamp? {
        guard let value else { return nil }
        let text = try string(value, named: name, "a time such as \"2026-12-24T18:00:00Z\"")
        do throws(InvalidIdentifier) {
            return try Timestamp(parsing: text)
        } catch {
            throw Problem(.invalidRequest, error.message, at: [name], keyword: "format")
        }
    }

    package static func number(_ value: JSONValue?, named name: String) throws(Problem) -> Int64? {
        guard let value else { return nil }
        guard let number = value.int64Value else {
            throw Problem(.invalidRequest, "'\(name)' is a whole number.", at: [name], keyword: "type")
        }
        return number
    }

    /// Refuses a description, a reason or the like that is longer than ``Limits/descriptionBytes``.
    package static func checkLength(_ text: String, named name: String) throws(Problem) {
        guard text.utf8.count <= Limits.descriptionBytes else {
            throw Problem(
                .invalidChange,
                "'\(name)' has \(text.utf8.count) bytes; it has at most \(Limits.descriptionBytes). Shorten it.",
                at: [name], keyword: "maxLength")
        }
    }

    /// Refuses a list that names nothing: it would be for nothing at all.
    static func checkNotEmpty<Element>(_ list: [Element]?, named name: String) throws(Problem) {
        guard let list, list.isEmpty else { return }
        throw Problem(
            .invalidRequest, "'\(name)' names at least one; leave it out for all.", at: [name], keyword: "minItems")
    }

    /// The parsed identifier, or the problem that says why it is none.
    ///
    /// - Parameter place: where it stands in the body of an item; nil where it is not in one.
    package static func parsed<Identifier>(
        at place: [String]? = nil, _ parse: () throws(InvalidIdentifier) -> Identifier
    ) throws(Problem) -> Identifier {
        do throws(InvalidIdentifier) {
            return try parse()
        } catch {
            guard let place else { throw Problem(.invalidName, error.message) }
            throw Problem(.invalidName, error.message, at: place)
        }
    }
}
