import ConfigPlatformModel
import JSONSchema
import Testing

@Suite struct MessageTests {
    private func messages(_ schema: JSONValue, _ value: JSONValue) throws -> [String] {
        try Schema(compiling: schema, options: SchemaOptions(assertsFormats: true)).validate(value).violations
            .map(\.description)
    }

    @Test(
        arguments: [
            (["type": "integer"], "80", "must be an integer; found the string \"80\"; remove the quotes"),
            (["type": "integer"], 1.5, "must be an integer; found the number 1.5, which has a fraction"),
            (["type": "string"], 80, "must be a string; found the number 80; put it in quotes: \"80\""),
            (["type": "boolean"], "yes", "must be a boolean; found the string \"yes\"; write true"),
            (
                ["type": ["array", "null"]], "a",
                "must be an array or null; found the string \"a\"; put it in an array: [\"a\"]"
            ),
            (["type": "object"], .null, "must be an object; found null; leave it out if there is no value"),
            (["type": "string"], [1, 2, 3], "must be a string; found an array of 3 elements"),
            (
                ["enum": ["debug", "info", "warning"]], "warnin",
                "must be one of \"debug\", \"info\", \"warning\"; found \"warnin\"; did you mean \"warning\"?"
            ),
            (["enum": [1, .null]], "verbose", "must be one of 1, null; found \"verbose\""),
            (["const": 1], 2, "must be 1; found 2"),
            (["minimum": 1], 0, "must be at least 1; found 0"),
            (["exclusiveMaximum": 10], 10, "must be less than 10; found 10"),
            (["multipleOf": 0.01], 0.015, "must be a multiple of 0.01; found 0.015"),
            (["minLength": 1], "", "must have at least one character; is empty"),
            (["maxLength": 2], "abc", "must have at most 2 characters; \"abc\" has 3"),
            (["pattern": "^[a-z]+$"], "A", "must match the pattern ^[a-z]+$; found \"A\""),
            (
                ["format": "date"], "31.1.2026",
                "must be a date of RFC 3339, such as 2026-01-31; found \"31.1.2026\""
            ),
            (["minItems": 2], [1], "must have at least 2 elements; has 1"),
            (["uniqueItems": true], ["a", "b", "a"], "must have no element twice; 0 and 2 are both \"a\": remove one"),
            (
                ["contains": ["type": "string"]], [1],
                "must contain at least one element that is a string; contains none"
            ),
            (
                ["contains": ["minimum": 5], "minContains": 2], [7],
                "must contain at least 2 elements that fit the schema under \"contains\"; contains 1"
            ),
            (["required": ["port"]], [:], "the member \"port\" is missing; add it"),
            (["required": ["port"]], ["prot": 1], "the member \"port\" is missing; is \"prot\" meant for it?"),
            (
                ["dependentRequired": ["key": ["certificate"]]], ["key": ""],
                "the member \"certificate\" is missing, which \"key\" needs: add it, or remove \"key\""
            ),
            (["not": ["required": ["a"]]], ["a": 1], "must not have the member \"a\"; remove it"),
            (["not": ["const": "root"]], "root", "must not be \"root\"; choose another value"),
            (
                ["propertyNames": ["maxLength": 1]], ["ab": 1],
                "the name \"ab\" must have at most one character; \"ab\" has 2"
            ),
            (
                ["propertyNames": ["pattern": "^[a-z]+$"]], ["Ab": 1],
                "the name \"Ab\" must match the pattern ^[a-z]+$; rename the member"
            ),
            (false, 1, "is not allowed here; remove it"),
        ] as [(JSONValue, JSONValue, String)])
    func `a message says what was wanted, what was found and how to mend it`(
        schema: JSONValue, value: JSONValue, message: String
    ) throws {
        #expect(try messages(schema, value) == ["the value: " + message])
    }

    @Test func `an element that there is no room for is told how many there may be`() throws {
        let schema: JSONValue = ["prefixItems": [["type": "string"]], "items": false]
        #expect(try messages(schema, ["a", 1]) == ["/1: is one element too many: there may be 1; remove it"])
        #expect(
            try messages(["items": false], [1]) == ["/0: must not be here: the array must be empty; remove it"])
    }

    @Test func `a member that is not known is told its likely name`() throws {
        let schema: JSONValue = [
            "properties": ["port": true, "host": true], "additionalProperties": false,
        ]
        #expect(try messages(schema, ["prot": 1]) == ["/prot: \"prot\" is not a member here; did you mean \"port\"?"])
        #expect(
            try messages(schema, ["verbose": 1])
                == ["/verbose: \"verbose\" is not a member here; known are \"host\" and \"port\""])
    }

    @Test func `unevaluated members are told the names of all the parts`() throws {
        let schema: JSONValue = [
            "allOf": [["$ref": "#/$defs/base"], ["properties": ["color": true]]], "unevaluatedProperties": false,
            "$defs": ["base": ["properties": ["width": true]]],
        ]
        #expect(
            try messages(schema, ["colour": 1]) == ["/colour: \"colour\" is not a member here; did you mean \"color\"?"]
        )
        #expect(
            try messages(schema, ["widht": 1]) == ["/widht: \"widht\" is not a member here; did you mean \"width\"?"])
    }

    @Test func `alternatives of other types are told in one sentence`() throws {
        let schema: JSONValue = ["anyOf": [["type": "string"], ["type": "array"]]]
        #expect(
            try messages(schema, true).first
                == "the value: must be a string or an array; found true; put it in an array: [true]")
        let constants: JSONValue = ["oneOf": [["const": "on"], ["const": "off"]]]
        #expect(try messages(constants, "of") == ["the value: must be \"on\" or \"off\"; found \"of\""])
    }

    @Test func `of other alternatives the closest is explained`() throws {
        let schema: JSONValue = [
            "oneOf": [
                [
                    "title": "A file", "properties": ["kind": ["const": "file"], "path": ["type": "string"]],
                    "required": ["kind", "path"],
                ],
                [
                    "title": "A server", "properties": ["kind": ["const": "server"], "port": ["type": "integer"]],
                    "required": ["kind", "port"],
                ],
            ]
        ]
        #expect(
            try messages(schema, ["kind": "server", "port": "80"]) == [
                "the value: fits none of 2 alternatives; the closest is number 2 (\"A server\"), for which one thing is to be "
                    + "mended",
                "/port: must be an integer; found the string \"80\"; remove the quotes",
            ])
        #expect(
            try messages(schema, ["kind": "file"]) == [
                "the value: fits none of 2 alternatives; the closest is number 1 (\"A file\"): the member \"path\" is missing; "
                    + "add it"
            ])
    }

    @Test func `a value that fits too many alternatives is told which`() throws {
        let schema: JSONValue = [
            "oneOf": [["type": "integer"], ["title": "Positive", "minimum": 0], ["type": "string"]]
        ]
        #expect(
            try messages(schema, 1) == [
                "the value: must fit exactly one of 3 alternatives; fits number 1 and number 2 (\"Positive\"): change it so "
                    + "that only one is left"
            ])
    }

    @Test func `a violation has its three locations`() throws {
        let schema = try Schema(
            compiling: [
                "$id": "https://example.com/root", "properties": ["a/b": ["$ref": "#/$defs/port"]],
                "$defs": ["port": ["type": "integer"]],
            ])
        let violation = try #require(schema.validate(["a/b": "x"]).violations.first)
        #expect(violation.instanceLocation.text == "/a~1b")
        #expect(violation.keywordLocation.text == "/properties/a~1b/$ref/type")
        #expect(violation.absoluteKeywordLocation == "https://example.com/root#/$defs/port/type")
        #expect(violation.keyword == "type")
    }

    @Test func `long values are cut and many choices counted`() throws {
        let long = String(repeating: "x", count: 500)
        let message = try #require(try messages(["const": 1], .string(long)).first)
        #expect(message.count < 150)
        let choices = JSONValue.array((0..<40).map { .string("choice-number-\($0)") })
        #expect(try messages(["enum": choices], 1).first?.contains("and 28 more; found 1") == true)
    }
}
