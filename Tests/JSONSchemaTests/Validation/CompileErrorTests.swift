import ConfigPlatformModel
import JSONSchema
import Testing

@Suite struct CompileErrorTests {
    @Test(
        arguments: [
            (["type": "int"], .invalidKeyword, "/type"),
            (["type": []], .invalidKeyword, "/type"),
            (["type": ["string", 1]], .invalidKeyword, "/type"),
            (["properties": ["a": ["minimum": "1"]]], .invalidKeyword, "/properties/a/minimum"),
            (["properties": ["a/b": 3]], .invalidKeyword, "/properties/a~1b"),
            (["properties": []], .invalidKeyword, "/properties"),
            (["required": "a"], .invalidKeyword, "/required"),
            (["required": ["a", 1]], .invalidKeyword, "/required/1"),
            (["allOf": []], .invalidKeyword, "/allOf"),
            (["anyOf": [true, 1]], .invalidKeyword, "/anyOf/1"),
            (["multipleOf": 0], .invalidKeyword, "/multipleOf"),
            (["multipleOf": -1], .invalidKeyword, "/multipleOf"),
            (["minLength": -1], .invalidKeyword, "/minLength"),
            (["maxItems": 1.5], .invalidKeyword, "/maxItems"),
            (["uniqueItems": "yes"], .invalidKeyword, "/uniqueItems"),
            (["enum": "a"], .invalidKeyword, "/enum"),
            (["dependentRequired": ["a": true]], .invalidKeyword, "/dependentRequired/a"),
            (["format": 1], .invalidKeyword, "/format"),
            (["items": [true]], .invalidKeyword, "/items"),
            (.string("schema"), .invalidKeyword, ""),
            (["pattern": "(a"], .invalidPattern, "/pattern"),
            (["patternProperties": ["[": true]], .invalidPattern, "/patternProperties/["),
            (["$ref": "#/$defs/absent"], .unresolvedReference, "/$ref"),
            (["$ref": "#absent"], .unresolvedReference, "/$ref"),
            (["$ref": "https://example.com/absent"], .unresolvedReference, "/$ref"),
            (["$ref": "#/title", "title": "a"], .unresolvedReference, "/$ref"),
            (["$ref": "#%zz"], .unresolvedReference, "/$ref"),
            (["$ref": "#"], .endlessReference, ""),
            (["allOf": [["$ref": "#/$defs/a"]], "$defs": ["a": ["not": ["$ref": "#"]]]], .endlessReference, ""),
            (["$schema": "https://example.com/unknown"], .unknownMetaschema, "/$schema"),
            (["$id": "https://example.com/#part"], .invalidIdentifier, "/$id"),
            (["$defs": ["a": ["$anchor": "x"], "b": ["$anchor": "x"]]], .duplicateIdentifier, "/$defs/b"),
            (["$defs": ["a": ["$id": "x:y"], "b": ["$id": "x:y"]]], .duplicateIdentifier, "/$defs/b"),
        ] as [(JSONValue, SchemaError.Kind, String)])
    func `a schema that is wrong is refused at its place`(schema: JSONValue, kind: SchemaError.Kind, location: String) {
        let error = #expect(throws: SchemaError.self) { try Schema(compiling: schema) }
        #expect(error?.kind == kind)
        #expect(error?.location.text == location)
    }

    @Test func `the message says what is wrong, where and how to mend it`() {
        let shape = #expect(throws: SchemaError.self) {
            try Schema(compiling: ["properties": ["port": ["minimum": "1"]]])
        }
        #expect(shape?.description == "/properties/port/minimum: \"minimum\" is a number; found the string \"1\".")
        let anchor = #expect(throws: SchemaError.self) {
            try Schema(compiling: ["$ref": "#adress", "$defs": ["a": ["$anchor": "address"]]])
        }
        #expect(
            anchor?.description == "/$ref: this schema has no anchor \"adress\"; did you mean \"#address\"?")
        let pattern = #expect(throws: SchemaError.self) { try Schema(compiling: ["pattern": "ab[c"]) }
        #expect(
            pattern?.message
                == "The pattern is no regular expression at character 2: The class that opens here is not closed; add \"]\"."
        )
    }

    @Test func `an error in another document names it`() {
        var registry = SchemaRegistry()
        registry.register(["type": "strin"], at: "https://example.com/part")
        let error = #expect(throws: SchemaError.self) {
            try Schema(compiling: ["$ref": "https://example.com/part"], registry: registry)
        }
        #expect(error?.documentURI == "https://example.com/part")
        #expect(error?.location.text == "/type")
    }

    @Test func `a vocabulary that is required and not known is refused`() {
        var registry = SchemaRegistry()
        let metaschema: JSONValue = [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$vocabulary": ["https://example.com/vocabulary": true],
        ]
        registry.register(metaschema, at: "https://example.com/meta")
        let error = #expect(throws: SchemaError.self) {
            try Schema(compiling: ["$schema": "https://example.com/meta"], registry: registry)
        }
        #expect(error?.kind == .unknownVocabulary)
    }

    @Test(arguments: [
        "https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-04/schema#",
    ])
    func `the metaschemas are built in and accept themselves`(uri: String) throws {
        let schema = try Schema(compiling: ["$ref": .string(uri)])
        #expect(schema.isValid(["properties": ["a": ["type": "string"]]]))
        #expect(!schema.isValid(["properties": ["a": ["type": "strin"]]]))
    }
}
