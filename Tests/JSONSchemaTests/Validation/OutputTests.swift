import ConfigPlatformModel
import JSONSchema
import Testing

@Suite struct OutputTests {
    private let schema: JSONValue = [
        "$id": "https://example.com/polygon", "title": "Polygon", "type": "array", "items": ["$ref": "#/$defs/point"],
        "minItems": 3,
        "$defs": [
            "point": [
                "type": "object", "properties": ["x": ["type": "number"], "y": ["type": "number"]],
                "additionalProperties": false, "required": ["x", "y"],
            ]
        ],
    ]

    @Test func flag() throws {
        let schema = try Schema(compiling: schema)
        #expect(schema.output([], format: .flag) == ["valid": false])
    }

    /// After the example of JSON Schema Core section 12.4.2.
    @Test func `basic lists the errors`() throws {
        let output = try Schema(compiling: schema).output([["x": 2.5, "y": 1.3], ["x": 1, "z": 6.7]], format: .basic)
        let places = (output["errors"]?.arrayValue ?? []).map {
            [$0["keywordLocation"], $0["absoluteKeywordLocation"], $0["instanceLocation"]].map { $0?.stringValue }
        }
        #expect(
            places == [
                ["/minItems", "https://example.com/polygon#/minItems", ""],
                ["/items/$ref/required", "https://example.com/polygon#/$defs/point/required", "/1"],
                [
                    "/items/$ref/additionalProperties", "https://example.com/polygon#/$defs/point/additionalProperties",
                    "/1/z",
                ],
            ])
    }

    @Test func `detailed nests the errors and leaves out what says nothing`() throws {
        let output = try Schema(compiling: schema).output(
            [["x": 2.5, "y": 1.3], ["x": 1, "z": 6.7]], format: .detailed)
        #expect(output["valid"] == false)
        #expect(output["errors"]?.arrayValue?.count == 2)
        #expect(output["errors"]?.arrayValue?.last?["keywordLocation"] == "/items/$ref")
        #expect(output["errors"]?.arrayValue?.last?["errors"]?.arrayValue?.count == 2)
    }

    @Test func `annotations of a branch that fails are dropped`() throws {
        let schema = try Schema(
            compiling: ["anyOf": [["title": "number", "type": "number"], ["title": "text", "type": "string"]]])
        let titles = (schema.output("a", format: .basic)["annotations"]?.arrayValue ?? []).map { $0["annotation"] }
        #expect(titles == ["text"])
    }
}
