import JSONSchema

/// Judges what programs of an environment read by the schemas that are for it.
struct SchemaJudgement {
    private let contents: ResolvedEnvironment.Contents
    private let reading: ResolvedEnvironment
    private let set: SchemaSet
    private let environment: EnvironmentName

    init(_ reading: ResolvedEnvironment, by set: SchemaSet) {
        self.reading = reading
        contents = reading.contents
        self.set = set
        environment = reading.name
    }

    /// Everything that one schema finds wrong, at most ``Problem/violationsMax``. What does not exist is not judged: a schema for a key or
    /// a prefix says nothing of an environment that has no such key.
    func violations(of stored: StoredSchema) -> [Violation] {
        guard let found = instance(for: stored.body.scope) else { return [] }
        let schema: Schema
        switch set.compiled(stored) {
        case .success(let compiled): schema = compiled
        case .failure(let error): return [Self.violation(error, of: stored)]
        }
        let base = stored.body.scope.path
        let masked = SecretReferences(in: found)
        let result = schema.validate(masked.value)
        guard result.isValid else {
            return result.violations.compactMap { violation in
                // Of a secret only the type is known: it is a text.
                if violation.keyword != "type", masked.places.contains(violation.instanceLocation) { return nil }
                return described(violation, base: base, stored)
            }
        }
        guard set.mentionsWriteOnly else { return [] }
        return schema.places(annotated: "writeOnly", in: masked.value).filter { !masked.places.contains($0) }.map {
            place in
            described(
                "is write-only, so it belongs in a secret and not in a setting; write {\"$secret\": \"NAME\"} here",
                keyword: "writeOnly", at: base + place.tokens, stored, keywordLocation: "")
        }
    }

    /// Whether a change of these keys can alter what the schema finds.
    static func concerns(_ scope: SchemaBody.Scope, _ keys: Set<ConfigKey>) -> Bool {
        switch scope {
        case .document: !keys.isEmpty
        case .shared: false
        case .key(let key), .prefix(let key):
            keys.contains { $0 == key || key.isStrictPrefix(of: $0) || $0.isStrictPrefix(of: key) }
        }
    }

    /// Why a schema cannot be used at all.
    static func violation(_ error: SchemaError, of stored: StoredSchema) -> Violation {
        let isOwn = error.documentURI == stored.uri
        let place = error.location.tokens.isEmpty ? "" : " at \(error.location.text)"
        let document = isOwn || error.documentURI.isEmpty ? "" : " (in \(error.documentURI))"
        return Violation(
            "The schema '\(stored.name.rawValue)' cannot be used\(place)\(document): \(error.message)",
            keyword: error.kind.rawValue, schema: "\(stored.name.rawValue)#\(isOwn ? error.location.text : "")")
    }

    private func instance(for scope: SchemaBody.Scope) -> JSONValue? {
        switch scope {
        case .shared: nil
        case .document: try? JSONValue(parsing: reading.document.bytes, limits: .trusted)
        case .key(let key), .prefix(let key): contents.instance(at: key)
        }
    }

    private func described(
        _ violation: JSONSchema.Violation, base: [String], _ stored: StoredSchema
    ) -> Violation {
        described(
            violation.message, keyword: violation.keyword, at: base + violation.instanceLocation.tokens, stored,
            keywordLocation: violation.keywordLocation.text)
    }

    private func described(
        _ message: String, keyword: String, at path: [String], _ stored: StoredSchema, keywordLocation: String
    ) -> Violation {
        let place = place(of: path)
        let within = place.rest.isEmpty ? "" : " at \(JSONPointer(tokens: place.rest).text)"
        let subject = place.key.map { "'\($0)'\(within)" } ?? "The document"
        return Violation(
            "\(subject): \(message) (schema '\(stored.name.rawValue)').", keyword: keyword, environment: environment,
            key: place.key?.text, schema: "\(stored.name.rawValue)#\(keywordLocation)")
    }

    /// The setting that a place of the document lies in, or the key it would have, and the rest of the way inside the value.
    private func place(of path: [String]) -> (key: ConfigKey?, rest: [String]) {
        guard !path.isEmpty else { return (nil, []) }
        for count in 1...path.count {
            guard let key = try? ConfigKey(segments: path.prefix(count)) else { break }
            if contents.settings[key] != nil { return (key, Array(path.dropFirst(count))) }
        }
        return (try? ConfigKey(segments: path), [])
    }
}

extension ResolvedEnvironment.Contents {
    /// What the resolved document has at a key: its value, the object of what lies below it, or a part of the value of a key above it.
    func instance(at key: ConfigKey) -> JSONValue? {
        if let value = value(of: key) { return try? JSONValue(parsing: value, limits: .trusted) }
        for above in key.strictPrefixes {
            guard let value = value(of: above) else { continue }
            let rest = JSONPointer(tokens: Array(key.segments.dropFirst(above.segments.count)))
            return (try? JSONValue(parsing: value, limits: .trusted))?[rest]
        }
        var below: [StoredSetting] = []
        var next = settings.first(notBelow: key.subtreeLowerBound)
        while let setting = next, key.isStrictPrefix(of: setting.key) {
            below.append(setting)
            next = settings.first(notBelow: setting.key.subtreeLowerBound)
        }
        guard !below.isEmpty else { return nil }
        return (try? JSONValue(parsing: encoded(below), limits: .trusted))?[JSONPointer(tokens: key.segments)]
    }
}

/// A value with its references to secrets, `{"$secret": NAME}`, taken for texts: what they will be when a program reads them.
struct SecretReferences {
    let value: JSONValue
    let places: Set<JSONPointer>

    init(in value: JSONValue) {
        var places: Set<JSONPointer> = []
        self.value = Self.masked(value, at: .root, &places)
        self.places = places
    }

    private static func masked(_ value: JSONValue, at place: JSONPointer, _ places: inout Set<JSONPointer>) -> JSONValue
    {
        switch value {
        case .object(let members):
            if members.count == 1, members["$secret"]?.stringValue != nil {
                places.insert(place)
                return ""
            }
            return .object(
                JSONObject(
                    uniqueMembers: members.map { ($0.name, masked($0.value, at: place.appending($0.name), &places)) }))
        case .array(let elements):
            return .array(
                elements.enumerated().map { index, element in masked(element, at: place.appending(index), &places) })
        default: return value
        }
    }
}

extension Schema {
    /// The places of a valid value to which an annotation of this keyword with the value true applies.
    func places(annotated keyword: String, in value: JSONValue) -> [JSONPointer] {
        let units = output(value, format: .basic)["annotations"]?.arrayValue ?? []
        var places: [JSONPointer] = []
        for unit in units {
            guard unit["annotation"]?.boolValue == true, let way = unit["keywordLocation"]?.stringValue,
                way.hasSuffix("/" + keyword), let text = unit["instanceLocation"]?.stringValue,
                let place = try? JSONPointer(parsing: text), !places.contains(place)
            else { continue }
            places.append(place)
        }
        return places
    }
}
