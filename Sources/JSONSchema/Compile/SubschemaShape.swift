/// How the subschemas stand in a keyword's value.
enum SubschemaShape {
    case one
    case list
    case map
    /// `items` before 2020-12.
    case oneOrList
    /// `dependencies`, whose members may be lists of names instead.
    case mapOrNames

    /// Nil for a keyword that holds no subschemas in that draft.
    init?(_ keyword: String, in draft: Draft) {
        switch keyword {
        case "allOf", "anyOf", "oneOf": self = .list
        case "not", "additionalProperties": self = .one
        case "properties", "patternProperties", "definitions": self = .map
        case "dependencies": self = .mapOrNames
        case "items": self = draft < .draft2020 ? .oneOrList : .one
        case "additionalItems" where draft < .draft2020: self = .one
        case "contains" where draft >= .draft6, "propertyNames" where draft >= .draft6: self = .one
        case "if" where draft >= .draft7, "then" where draft >= .draft7, "else" where draft >= .draft7: self = .one
        case "$defs" where draft >= .draft2019, "dependentSchemas" where draft >= .draft2019: self = .map
        case "unevaluatedItems" where draft >= .draft2019, "unevaluatedProperties" where draft >= .draft2019,
            "contentSchema" where draft >= .draft2019:
            self = .one
        case "prefixItems" where draft >= .draft2020: self = .list
        default: return nil
        }
    }
}
