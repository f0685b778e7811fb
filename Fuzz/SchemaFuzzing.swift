import ConfigPlatformModel
import JSONSchema

/// Schemas and instances, written in the input with a zero byte between or made of its bytes.
func fuzzSchema(_ bytes: [UInt8]) {
    var input = InputBytes(bytes)
    let kind = input.byte()
    let schema: JSONValue
    var instances: [JSONValue]
    if kind & 1 == 1 {
        let parts = input.remainder().split(separator: 0, omittingEmptySubsequences: false).prefix(8)
        let values = parts.compactMap { try? JSONValue(parsing: $0) }
        guard values.count == parts.count, let first = values.first else { return }
        schema = first
        instances = Array(values.dropFirst()) + [first]
    } else {
        var making = SchemaMaking(input)
        schema = making.schema(depth: 4)
        instances = (0..<3).map { _ in making.instance(depth: 3) }
        instances.append(schema)
    }
    let options = SchemaOptions(assertsFormats: kind & 2 == 2)
    do throws(SchemaError) {
        let compiled = try Schema(
            compiling: schema, baseURI: kind & 4 == 4 ? "https://example.com/a" : "", options: options)
        for instance in instances { judge(instance, compiled, schema) }
    } catch {
        require(!error.message.isEmpty, "no message: \(error)")
    }
}

/// The two ways to a verdict and all forms of the second agree.
private func judge(_ instance: JSONValue, _ schema: Schema, _ source: JSONValue) {
    func name() -> String { "\(source) with \(instance)" }
    let isValid = schema.isValid(instance)
    let result = schema.validate(instance)
    require(result.isValid == isValid && result.violations.isEmpty == isValid, "\(name()): \(isValid), \(result)")
    for format in OutputFormat.allCases {
        require(schema.output(instance, format: format)["valid"] == .bool(isValid), "\(name()) as \(format)")
    }
    for violation in result.violations {
        require(instance[violation.instanceLocation] != nil, "\(name()): place \(violation)")
        require(!violation.message.isEmpty, "\(name()): no message \(violation)")
    }
}

/// Documents satisfy their own draft, whatever they hold.
func fuzzDraft(_ bytes: [UInt8]) {
    var input = InputBytes(bytes)
    let documents: [JSONValue]
    if input.byte() & 1 == 1 {
        documents = input.remainder().split(separator: 0).compactMap { try? JSONValue(parsing: $0) }
    } else {
        var making = SchemaMaking(input)
        documents = (0..<making.count(below: 5)).map { _ in making.instance(depth: 6) }
    }
    let drafted = SchemaDraft(of: documents).schema
    for assertsFormats in [false, true] {
        do throws(SchemaError) {
            let schema = try Schema(compiling: drafted, options: SchemaOptions(assertsFormats: assertsFormats))
            for document in documents { require(schema.isValid(document), "\(drafted) of \(documents)") }
        } catch {
            fatalError("\(error): \(drafted)")
        }
    }
}

/// Schemas and instances that meet one another, made of bytes.
struct SchemaMaking {
    private var input: InputBytes

    init(_ input: InputBytes) {
        self.input = input
    }

    private static let names = [
        "a", "b", "ab", "", "é", "e\u{301}", "\u{1F432}", "\u{E000}", "longer-than-eight-bytes", "longer-than-", "port",
        "level", "a/b~c", "1", "0", "$ref", "2026-01-31", "10.0.0.1", "https://example.com/", "a@example.com",
    ]
    private static let patterns = [
        "^a", "b$", "^[a-z]*$", "(a|b)+c?", "(?=a)", "^(a+)+$", "\\p{L}", "(.)\\1", "[", "^.{2,}$", "\\bb", "(?!^ab)",
        "",
    ]
    private static let types = ["null", "boolean", "integer", "number", "string", "array", "object"]
    private static let numbers: [JSONValue] = [
        0, 1, -1, 2, 3, 0.5, 1.5, -0.1, 1e30, 9_223_372_036_854_775_807, 1e-30, 100,
    ]
    private static let references = [
        "#", "#/properties/a", "#/items", "#/allOf/0", "#x", "#/$defs/a", "#/$defs/b", "b", "b#x",
        "https://example.com/a",
        "#/$defs/a/$defs/b", "#/anyOf/1", "https://json-schema.org/draft/2020-12/schema", "#/definitions/a",
    ]
    private static let dialects = [
        "https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-04/schema#",
    ]
    private static let formats = [
        "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
        "uri",
        "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer", "relative-json-pointer",
        "regex",
    ]

    mutating func count(below bound: Int) -> Int { input.int(below: bound) }

    mutating func instance(depth: Int) -> JSONValue {
        switch input.int(below: depth > 0 ? 9 : 5) {
        case 0: return .null
        case 1: return .bool(input.chance(oneIn: 2))
        case 2: return .int(Int(input.byte()) - 128)
        case 3: return input.element(of: Self.numbers)
        case 4: return .string(text())
        case 5, 6: return .array((0..<input.int(below: 5)).map { _ in instance(depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<input.int(below: 6) { object[text()] = instance(depth: depth - 1) }
            return .object(object)
        }
    }

    private mutating func text() -> String {
        let choice = input.int(below: Self.names.count + 2)
        return choice < Self.names.count ? Self.names[choice] : input.text(atMost: 12)
    }

    mutating func schema(depth: Int) -> JSONValue {
        if depth == 0 || input.isEmpty { return .bool(!input.chance(oneIn: 4)) }
        var object = JSONObject()
        if depth == 4, input.chance(oneIn: 4) { object["$schema"] = .string(input.element(of: Self.dialects)) }
        for _ in 0...input.int(below: 4) {
            let name = input.element(of: Self.keywords)
            object[name] = argument(of: name, depth: depth - 1)
        }
        return .object(object)
    }

    private static let keywords = [
        "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minLength",
        "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains", "minProperties",
        "maxProperties", "required", "dependentRequired", "format", "allOf", "anyOf", "oneOf", "not", "if", "then",
        "else",
        "properties", "patternProperties", "additionalProperties", "propertyNames", "dependentSchemas", "prefixItems",
        "items", "contains", "additionalItems", "unevaluatedItems", "unevaluatedProperties", "$ref", "$dynamicRef",
        "$recursiveRef", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$defs", "definitions",
        "dependencies", "contentMediaType", "default", "title",
    ]

    private mutating func argument(of keyword: String, depth: Int) -> JSONValue {
        if input.chance(oneIn: 200) { return instance(depth: 2) }
        switch keyword {
        case "type":
            if input.chance(oneIn: 3) {
                return .array((0...input.int(below: 3)).map { _ in .string(input.element(of: Self.types)) })
            }
            return .string(input.element(of: Self.types))
        case "enum": return .array((0...input.int(below: 4)).map { _ in instance(depth: 1) })
        case "const", "default": return instance(depth: 2)
        case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
            return input.element(of: Self.numbers)
        case "minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains", "minProperties",
            "maxProperties":
            return .int(input.int(below: 5))
        case "pattern": return .string(pattern())
        case "uniqueItems", "$recursiveAnchor": return .bool(!input.chance(oneIn: 4))
        case "required": return .array((0..<input.int(below: 3)).map { _ in .string(text()) })
        case "dependentRequired": return [text(): .array([.string(text())])]
        case "format": return .string(input.element(of: Self.formats))
        case "allOf", "anyOf", "oneOf", "prefixItems":
            return .array((0...input.int(below: 3)).map { _ in schema(depth: depth) })
        case "properties", "patternProperties", "dependentSchemas", "$defs", "definitions", "dependencies":
            var object = JSONObject()
            for _ in 0...input.int(below: 3) {
                object[keyword == "patternProperties" ? pattern() : text()] = schema(depth: depth)
            }
            return .object(object)
        case "$ref", "$dynamicRef", "$recursiveRef": return .string(input.element(of: Self.references))
        case "$id", "id": return .string(input.element(of: ["b", "c", "https://example.com/a", "#x", "a/b"]))
        case "$anchor", "$dynamicAnchor": return .string(input.element(of: ["x", "a", "b"]))
        case "contentMediaType", "title": return .string(text())
        default: return schema(depth: depth)
        }
    }

    private mutating func pattern() -> String {
        let choice = input.int(below: Self.patterns.count + 2)
        return choice < Self.patterns.count ? Self.patterns[choice] : input.text(atMost: 16)
    }
}
