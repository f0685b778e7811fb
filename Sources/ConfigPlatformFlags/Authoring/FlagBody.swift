package import ExactJSON

/// The body of a flag's item: what the flag is, in every environment of its project.
///
/// ```
/// { "type": "boolean" | "string" | "integer" | "double" | "object", "variants": { NAME: value, … },
///   "defaultVariant"?: NAME | null, "lifecycle"?: "draft" | "active" | "inactive" | "archived", "description"?: text, "owner"?: text,
///   "tags"?: [text], "purpose"?: "release" | "experiment" | "operational" | "permission", "expectedLifetimeDays"?: 1…36500,
///   "schema"?: JSON Schema, "metadata"?: { name: boolean | string | number } }
/// ```
/// 1 to ``FlagLimits/variants`` variants, each of the flag's type; at most ``FlagLimits/flagBytes`` together. Whether the variants fit the
/// schema is for who knows schemas to say.
package struct FlagBody: FlagItemValue {
    package let type: FlagType
    /// Name to value.
    package let variants: JSONObject
    /// Where an environment's rule names none; nil for the caller's default.
    package let defaultVariant: VariantName?
    package let lifecycle: Lifecycle
    package let description: String?
    package let owner: String?
    /// As written, each once.
    package let tags: [String]
    package let purpose: Purpose?
    package let expectedLifetimeDays: Int64?
    /// An object or a boolean.
    package let schema: JSONValue?
    package let metadata: JSONObject

    package enum Lifecycle: String, CaseIterable, Sendable {
        /// Not served yet: DISABLED. Its type and variants may be altered freely.
        case draft
        case active
        /// Not served any more: DISABLED.
        case inactive
        /// Not known any more: FLAG_NOT_FOUND. It keeps its key from being used again.
        case archived
    }

    package enum Purpose: String, CaseIterable, Sendable {
        case release, experiment, operational, permission
    }

    package init(parsing json: JSONValue) throws(InvalidFlagItem) {
        try json.checkSize(FlagLimits.flagBytes, of: "the flag")
        let faults = FlagItemFaults()
        self = try faults.check(Self(json, faults))
    }

    package static let members = [
        "defaultVariant", "description", "expectedLifetimeDays", "lifecycle", "metadata", "owner", "purpose", "schema",
        "tags", "type", "variants",
    ]

    private init?(_ json: JSONValue, _ faults: FlagItemFaults) {
        guard
            let reader = FlagItemReader(json, at: .root, what: "a flag", allowed: Self.members, faults: faults)
        else { return nil }
        if !reader.has("type") {
            faults.add("'type' is missing: boolean, string, integer, double or object.", at: .root)
        }
        guard let type = reader.choice("type", of: FlagType.self) else { return nil }
        self.type = type
        variants = Self.variants(reader, of: type)
        if let value = reader.members["defaultVariant"], !value.isNull {
            defaultVariant = reader.variant("defaultVariant")
        } else {
            defaultVariant = nil
        }
        if let name = defaultVariant, variants[name.rawValue] == nil {
            reader.add(
                "The flag has no variant '\(InvalidFlagItem.shown(name.rawValue))'; there are: \(Self.listed(variants.names)).",
                at: "defaultVariant")
        }
        lifecycle = reader.choice("lifecycle", of: Lifecycle.self) ?? .active
        description = reader.text("description", bytes: FlagLimits.descriptionBytes)
        owner = reader.text("owner", bytes: FlagLimits.ownerBytes)
        tags = reader.texts("tags", of: "tags", upTo: FlagLimits.tags, bytes: FlagLimits.tagBytes)
        purpose = reader.choice("purpose", of: Purpose.self)
        expectedLifetimeDays = reader.integer("expectedLifetimeDays", in: 1...FlagLimits.expectedLifetimeDays)
        schema = reader.members["schema"]
        switch schema {
        case nil, .object, .bool: break
        default: reader.add("'schema' is a JSON Schema: an object, or true or false.", at: "schema")
        }
        metadata = Self.metadata(reader)
    }

    private static func variants(_ reader: FlagItemReader, of type: FlagType) -> JSONObject {
        guard case .object(let variants)? = reader.members["variants"],
            (1...FlagLimits.variants).contains(variants.count)
        else {
            reader.faults.add(
                "'variants' is an object of 1 to \(FlagLimits.variants) names with their values, such as {\"on\": true, \"off\": false}.",
                at: reader.has("variants") ? reader.pointer.appending("variants") : reader.pointer)
            return JSONObject()
        }
        for (name, value) in variants {
            let pointer = { reader.pointer.appending("variants").appending(name) }
            _ = reader.faults.parsed(at: pointer()) { () throws(InvalidFlagItem) in try VariantName(parsing: name) }
            if holdsReference(value) {
                reader.faults.add(
                    "Clients of flagd would put a shared rule in place of {\"$ref\": \"segment:…\"} or {\"$ref\": \"flag:…\"}; a variant holds neither.",
                    at: pointer())
            }
            if !type.admits(value) {
                reader.faults.add("A variant of a \(type.rawValue) flag is \(type.example).", at: pointer())
            }
        }
        return variants
    }

    /// Whether there is something in it that reads as a reference to a shared rule.
    private static func holdsReference(_ value: JSONValue) -> Bool {
        switch value {
        case .array(let elements): return elements.contains(where: holdsReference)
        case .object(let object):
            if object.count == 1, let name = object["$ref"]?.stringValue { return SharedRule(named: name) != nil }
            return object.values.contains(where: holdsReference)
        case .null, .bool, .number, .string: return false
        }
    }

    private static func metadata(_ reader: FlagItemReader) -> JSONObject {
        guard let value = reader.members["metadata"] else { return JSONObject() }
        guard case .object(let metadata) = value, metadata.count <= FlagLimits.metadataMembers else {
            reader.add("'metadata' is an object of at most \(FlagLimits.metadataMembers) members.", at: "metadata")
            return JSONObject()
        }
        for (name, value) in metadata {
            let isGood =
                switch value {
                case .bool: true
                case .number(let number): number.double.isFinite
                case .string(let text): text.utf8.count <= FlagLimits.metadataTextBytes
                case .null, .array, .object: false
                }
            if !isGood || !(1...FlagLimits.metadataNameBytes).contains(name.utf8.count) {
                reader.faults.add(
                    "Metadata is a boolean, a number or a text of at most \(FlagLimits.metadataTextBytes) bytes, under a name of 1 to \(FlagLimits.metadataNameBytes) bytes.",
                    at: reader.pointer.appending("metadata").appending(name))
            }
        }
        return metadata
    }

    static func listed(_ names: [String]) -> String {
        names.prefix(8).map { InvalidFlagItem.shown($0) }.joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }

    package func has(_ variant: VariantName) -> Bool { variants[variant.rawValue] != nil }

    package var json: JSONValue {
        var members: JSONObject = ["type": .string(type.rawValue), "variants": .object(variants)]
        members["defaultVariant"] = defaultVariant.map { .string($0.rawValue) }
        if lifecycle != .active { members["lifecycle"] = .string(lifecycle.rawValue) }
        members["description"] = description.map { .string($0) }
        members["owner"] = owner.map { .string($0) }
        if !tags.isEmpty { members["tags"] = .array(tags.map { .string($0) }) }
        members["purpose"] = purpose.map { .string($0.rawValue) }
        members["expectedLifetimeDays"] = expectedLifetimeDays.map { .int($0) }
        members["schema"] = schema
        if !metadata.isEmpty { members["metadata"] = .object(metadata) }
        return .object(members)
    }
}

extension FlagType {
    /// Whether a variant may have this value. Integers have 64 bits, doubles are finite.
    package func admits(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.boolean, .bool), (.string, .string), (.object, .object): true
        case (.integer, .number(let number)): number.int64 != nil
        case (.double, .number(let number)): number.double.isFinite
        default: false
        }
    }

    var example: String {
        switch self {
        case .boolean: "true or false"
        case .string: "a text"
        case .integer: "a whole number of 64 bits"
        case .double: "a number"
        case .object: "an object"
        }
    }
}
