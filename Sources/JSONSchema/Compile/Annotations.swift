import ExactJSON

/// Keywords that say something about a value without judging it.
enum Annotations {
    /// Whether a keyword's value is an annotation as it stands: the metadata and content keywords and, as JSON Schema
    /// Core section 6.5 asks, every keyword that is not known.
    static func isAnnotation(_ keyword: String, beside object: JSONObject, in dialect: Dialect) -> Bool {
        switch keyword {
        case "contentMediaType", "contentEncoding": return dialect.draft >= .draft7
        case "contentSchema": return object["contentMediaType"] != nil && dialect.draft >= .draft2019
        default: return !others.contains(keyword)
        }
    }

    /// Whether an annotation is made for strings only.
    static func concernsText(_ keyword: String) -> Bool {
        ["contentMediaType", "contentEncoding", "contentSchema"].contains(keyword)
    }

    /// Keywords that identify, assert or apply, in one draft or another.
    private static let others: Set<String> = [
        "$schema", "$id", "id", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor",
        "$vocabulary", "$comment", "$defs", "definitions", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
        "dependentSchemas", "dependencies", "dependentRequired", "prefixItems", "items", "additionalItems", "contains",
        "properties", "patternProperties", "additionalProperties", "propertyNames", "unevaluatedItems",
        "unevaluatedProperties", "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum",
        "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains",
        "minContains", "maxProperties", "minProperties", "required",
    ]
}
