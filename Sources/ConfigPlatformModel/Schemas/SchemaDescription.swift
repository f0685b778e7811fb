/// What the schemas of a project say of a key: for people and forms, not for judging.
///
/// Found by walking along the key through `properties`, `additionalProperties` and `$ref`, and through every branch of `allOf`, `anyOf`
/// and `oneOf`. What the schema nearest to the key says comes first.
package struct SchemaDescription: Hashable, Sendable {
    /// The schemas that say something, in order of name.
    package private(set) var schemas: [SchemaName] = []
    package private(set) var title: String?
    package private(set) var description: String?
    /// What a program may take where there is no value; never stored.
    package private(set) var defaultValue: JSONValue?
    package private(set) var examples: [JSONValue] = []
    package private(set) var isDeprecated = false
    package private(set) var isWriteOnly = false
    package private(set) var isReadOnly = false
    /// What the value must be: `type`, `enum`, `const`, `format`, `pattern` and the bounds of numbers, texts, arrays and objects.
    package private(set) var rules: JSONObject = [:]

    /// The keywords that are shown as rules.
    private static let ruleNames = [
        "type", "enum", "const", "format", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
        "required",
    ]

    fileprivate mutating func add(_ schema: JSONValue, of name: SchemaName) {
        guard case .object(let members) = schema else { return }
        var says = false
        func take<Value>(_ value: inout Value?, _ found: Value?) {
            guard value == nil, let found else { return }
            value = found
            says = true
        }
        take(&title, members["title"]?.stringValue)
        take(&description, members["description"]?.stringValue)
        take(&defaultValue, members["default"])
        if examples.isEmpty, let found = members["examples"]?.arrayValue, !found.isEmpty {
            examples = Array(found.prefix(16))
            says = true
        }
        if members["deprecated"]?.boolValue == true { (isDeprecated, says) = (true, true) }
        if members["writeOnly"]?.boolValue == true { (isWriteOnly, says) = (true, true) }
        if members["readOnly"]?.boolValue == true { (isReadOnly, says) = (true, true) }
        for rule in Self.ruleNames {
            guard rules[rule] == nil, let found = members[rule] else { continue }
            rules[rule] = found
            says = true
        }
        if says, !schemas.contains(name) { schemas.append(name) }
    }
}

extension SchemaSet {
    /// What the schemas that judge this environment say of a key; nil where they say nothing.
    package func description(of key: ConfigKey, in environment: EnvironmentState) -> SchemaDescription? {
        var description = SchemaDescription()
        let path = key.segments
        for stored in sorted where stored.body.judges(environment) {
            let base = stored.body.scope.path
            guard path.starts(with: base, by: { $0.hasSameBytes(as: $1) }) else { continue }
            var walk = SchemaWalk(self)
            walk.enter(stored.body.schema, of: stored)
            for token in path.dropFirst(base.count) { walk.step(token) }
            for place in walk.places { description.add(place.schema, of: stored.name) }
        }
        return description.schemas.isEmpty ? nil : description
    }
}

/// The subschemas that apply at a place of an instance.
private struct SchemaWalk {
    struct Place {
        let schema: JSONValue
        /// The schema that references in it are relative to.
        let document: StoredSchema
    }

    /// Subschemas looked at for one step; references may lead in circles.
    private static let placesMax = 64

    private let set: SchemaSet
    private(set) var places: [Place] = []

    init(_ set: SchemaSet) {
        self.set = set
    }

    mutating func enter(_ schema: JSONValue, of document: StoredSchema) {
        places = []
        add(Place(schema: schema, document: document))
    }

    mutating func step(_ token: String) {
        let from = places
        places = []
        for place in from {
            guard case .object(let members) = place.schema else { continue }
            if let next = members["properties"]?[token] {
                add(Place(schema: next, document: place.document))
            } else if let next = members["additionalProperties"] {
                add(Place(schema: next, document: place.document))
            }
        }
    }

    /// The place with all that applies where it does.
    private mutating func add(_ place: Place) {
        guard places.count < Self.placesMax, case .object(let members) = place.schema else { return }
        places.append(place)
        if let reference = members["$ref"]?.stringValue, let next = target(of: reference, in: place.document) {
            add(next)
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for next in members[keyword]?.arrayValue ?? [] { add(Place(schema: next, document: place.document)) }
        }
    }

    private func target(of reference: String, in document: StoredSchema) -> Place? {
        let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        var document = document
        if let name = parts.first, !name.isEmpty {
            guard let schema = (try? SchemaName(parsing: name)).flatMap({ set[$0] }) else { return nil }
            document = schema
        }
        let fragment = parts.count == 2 ? String(parts[1]) : ""
        guard fragment.isEmpty || fragment.hasPrefix("/") else {
            return Self.anchored(fragment, in: document.body.schema).map { Place(schema: $0, document: document) }
        }
        return (try? JSONPointer(parsing: fragment)).flatMap { document.body.schema[$0] }
            .map { Place(schema: $0, document: document) }
    }

    private static func anchored(_ name: String, in schema: JSONValue) -> JSONValue? {
        switch schema {
        case .object(let members):
            if members["$anchor"]?.stringValue?.hasSameBytes(as: name) == true { return schema }
            return members.lazy.compactMap { anchored(name, in: $0.value) }.first
        case .array(let elements): return elements.lazy.compactMap { anchored(name, in: $0) }.first
        default: return nil
        }
    }
}

extension Array {
    fileprivate func starts(with prefix: [Element], by isSame: (Element, Element) -> Bool) -> Bool {
        count >= prefix.count && zip(self, prefix).allSatisfy(isSame)
    }
}
