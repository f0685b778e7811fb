import ConfigPlatformModel
import JSONSchema
import Testing

/// At each limit all is well, and one beyond there is a clear end.
@Suite struct LimitTests {
    private func limited(_ change: (inout SchemaLimits) -> Void) -> SchemaOptions {
        var limits = SchemaLimits()
        change(&limits)
        return SchemaOptions(limits: limits)
    }

    private func nested(_ depth: Int) -> JSONValue {
        (0..<depth).reduce(true) { inner, _ in ["items": inner] }
    }

    @Test func `schema depth`() throws {
        let options = limited { $0.maxSchemaDepth = 20 }
        _ = try Schema(compiling: nested(20), options: options)
        let error = #expect(throws: SchemaError.self) { try Schema(compiling: nested(21), options: options) }
        #expect(error?.kind == .tooDeep)
    }

    @Test func `number of subschemas`() throws {
        let options = limited { $0.maxSubschemas = 11 }
        func wide(_ count: Int) -> JSONValue { ["allOf": .array(Array(repeating: true, count: count))] }
        _ = try Schema(compiling: wide(10), options: options)
        let error = #expect(throws: SchemaError.self) { try Schema(compiling: wide(11), options: options) }
        #expect(error?.kind == .tooManySubschemas)
    }

    @Test func `depth of evaluation, at the standard limit`() throws {
        let schema = try Schema(compiling: ["items": ["$ref": "#"], "type": "array"])
        func value(_ depth: Int) -> JSONValue { (1..<depth).reduce([]) { inner, _ in [inner] } }
        // Each level applies the root and then its items, which refer to the root.
        let most = SchemaLimits.standard.maxEvaluationDepth / 2
        #expect(schema.isValid(value(most)))
        #expect(schema.output(value(most), format: .basic)["valid"] == true)
        #expect(!schema.isValid(value(most + 1)))
        let result = schema.validate(value(most + 1))
        #expect(result.violations.first?.message.contains("more than 256 schemas inside one another") == true)
    }

    @Test func `a dynamic reference that leads back without end fails in bounds`() throws {
        let schema = try Schema(
            compiling: [
                "$id": "https://example.com/a", "$dynamicAnchor": "x", "$ref": "b",
                "$defs": ["b": ["$id": "b", "$defs": ["x": ["$dynamicAnchor": "x"]], "$dynamicRef": "#x"]],
            ])
        #expect(!schema.isValid(1))
        #expect(schema.validate(1).violations.count == 1)
    }

    @Test func `a verdict stands though following every keyword to its end takes more than is allowed`() throws {
        let schema = try Schema(
            compiling: ["$dynamicAnchor": "x", "oneOf": [["type": "number", "$dynamicRef": "#x"], true]])
        #expect(schema.isValid("a"))
        #expect(schema.validate("a").isValid)
        for format in OutputFormat.allCases { #expect(schema.output("a", format: format)["valid"] == true) }
        #expect(!schema.isValid(1))
        #expect(schema.output(1, format: .basic)["errors"]?.arrayValue?.count == 1)
    }

    @Test func `steps of evaluation`() throws {
        // Every level doubles the work of the next.
        var definitions = JSONObject()
        for level in 0..<40 {
            let next: JSONValue = ["$ref": .string("#/$defs/\(level + 1)")]
            definitions[String(level)] = ["allOf": [next, next]]
        }
        definitions["40"] = true
        let options = limited { $0.maxEvaluationSteps = 20_000 }
        let schema = try Schema(compiling: ["$ref": "#/$defs/0", "$defs": .object(definitions)], options: options)
        #expect(!schema.isValid(1))
        #expect(
            schema.validate(1).violations.map(\.message) == [
                "judging this value takes more than 20000 steps; make it smaller"
            ])
    }

    /// Each level applies the next twice.
    private func doubling(_ keyword: String, _ levels: Int, _ last: JSONValue) throws -> Schema {
        var definitions = JSONObject()
        for level in 0..<levels {
            let next: JSONValue = ["$ref": .string("#/$defs/\(level + 1)")]
            definitions[String(level)] = [keyword: [next, next]]
        }
        definitions[String(levels)] = last
        return try Schema(
            compiling: ["$ref": "#/$defs/0", "$defs": .object(definitions)],
            options: limited { $0.maxExplanationSteps = 20_000 })
    }

    @Test(arguments: ["allOf", "anyOf", "oneOf"])
    func `steps of saying what is wrong, of which there are fewer than of judging`(keyword: String) throws {
        let schema = try doubling(keyword, 10, false)
        #expect(!schema.isValid(1))
        #expect(
            schema.validate(1).violations.map(\.message) == [
                "saying what is wrong with this value takes more than 20000 steps; make it smaller, or simplify the schema"
            ])
        #expect(schema.output(1, format: .basic)["errors"]?.arrayValue?.count == 1)
    }

    @Test func `a value that is valid is so without annotations where there are too many`() throws {
        let schema = try doubling("allOf", 10, ["title": "a"])
        #expect(schema.validate(1).isValid)
        #expect(schema.output(1, format: .detailed) == ["valid": true])
        let small = try doubling("allOf", 3, ["title": "a"])
        #expect(small.output(1, format: .basic)["annotations"]?.arrayValue?.count == 8)
    }

    @Test func `a value of very many places is told what is wrong with one of them`() throws {
        let schema = try Schema(compiling: ["items": ["allOf": [["type": "integer"], ["minimum": 0]]]])
        var elements = Array(repeating: 1 as JSONValue, count: 20_000)
        elements[15_000] = -1
        #expect(schema.validate(.array(elements)).violations.map(\.instanceLocation.text) == ["/15000"])
    }

    @Test func `not does not turn a verdict that was not reached`() throws {
        let options = limited { $0.maxPatternSteps = 100 }
        let schema = try Schema(compiling: ["not": ["pattern": "^(?=(a+)+$)b"]], options: options)
        let text = JSONValue.string(String(repeating: "a", count: 200) + "!")
        #expect(!schema.isValid(text))
        #expect(schema.validate(text).violations.first?.message.contains("takes more than 100 steps") == true)
        #expect(schema.isValid("x"))
    }

    @Test func `number of violations`() throws {
        let schema = try Schema(
            compiling: ["items": ["type": "string"]], options: limited { $0.maxViolations = 5 })
        func result(_ count: Int) -> ValidationResult { schema.validate(.array(Array(repeating: 1, count: count))) }
        #expect(result(5).violations.count == 5)
        #expect(!result(5).isTruncated)
        #expect(result(6).violations.count == 5)
        #expect(result(6).isTruncated)
        #expect(result(10_000).violations.count == 5)
        #expect(result(10_000).isTruncated)
    }

    @Test func `length, depth and size of a pattern`() throws {
        let options = limited {
            $0.maxPatternLength = 20
            $0.maxPatternDepth = 4
            $0.maxPatternInstructions = 30
        }
        func compile(_ pattern: String) throws {
            _ = try Schema(compiling: ["pattern": .string(pattern)], options: options)
        }
        try compile(String(repeating: "a", count: 20))
        #expect(throws: SchemaError.self) { try compile(String(repeating: "a", count: 21)) }
        try compile("(((a)))")
        #expect(throws: SchemaError.self) { try compile("((((a))))") }
        try compile("a{29}")
        #expect(throws: SchemaError.self) { try compile("a{30}") }
        #expect(throws: SchemaError.self) { try compile("(a{99999}){99999}") }
    }

    @Test func `size of all patterns together`() throws {
        func compile(_ patterns: [String]) throws {
            let schemas = patterns.map { pattern -> JSONValue in ["pattern": .string(pattern)] }
            // Each letter is one step, and the end of a pattern another.
            _ = try Schema(
                compiling: ["anyOf": .array(schemas)], options: limited { $0.maxPatternInstructionsInAll = 8 })
        }
        try compile(["abc", "xyz", "abc"])
        #expect(throws: SchemaError.self) { try compile(["abc", "xyz", "a"]) }
    }

    @Test func `a chain of references as long as is allowed`() throws {
        func chain(_ length: Int) throws -> Schema {
            var definitions = JSONObject()
            for index in 0..<length { definitions[String(index)] = ["$ref": .string("#/$defs/\(index + 1)")] }
            definitions[String(length)] = true
            return try Schema(compiling: ["$ref": "#/$defs/0", "$defs": .object(definitions)])
        }
        #expect(try chain(SchemaLimits.standard.maxEvaluationDepth - 2).isValid(1))
        #expect(try !chain(SchemaLimits.standard.maxEvaluationDepth - 1).isValid(1))
    }
}
