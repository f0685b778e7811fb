import ExactJSON
import Testing

@testable import ConfigPlatformFlags

@Suite struct FlagBodyTests {
    private static let whole = """
        {"defaultVariant":"off","description":"d","expectedLifetimeDays":30,"lifecycle":"draft","metadata":{"a":1,"b":true,"c":"x"},\
        "owner":"team","purpose":"release","schema":{"type":"object"},"tags":["t","u"],"type":"object","variants":{"off":{},"on":{"a":[1]}}}
        """

    @Test func `a flag reads back as it was written`() throws {
        let json = try JSONValue(parsing: Self.whole)
        let body = try FlagBody(parsing: json)
        #expect(body.json == json)
        #expect(body.lifecycle == .draft && body.purpose == .release && body.tags == ["t", "u"])
        #expect(try FlagBody(parsing: body.json) == body)
    }

    @Test func `what is as it would be anyway is left out`() throws {
        let body = try FlagBody(
            parsing: [
                "type": "boolean", "variants": ["on": true], "defaultVariant": .null, "lifecycle": "active", "tags": [],
                "description": "", "metadata": [:],
            ])
        #expect(body.json == ["type": "boolean", "variants": ["on": true]])
    }

    @Test(
        arguments: [
            ("boolean", "1", false), ("boolean", "true", true), ("string", "\"\"", true), ("string", "null", false),
            ("integer", "5.0", true), ("integer", "5.5", false), ("integer", "9223372036854775808", false),
            ("double", "1e400", false),
            ("double", "5", true), ("object", "[]", false), ("object", "{}", true),
        ] as [(String, String, Bool)])
    func `a variant is of the flag's type`(_ type: String, _ value: String, _ fits: Bool) throws {
        let json: JSONValue = ["type": .string(type), "variants": ["a": try JSONValue(parsing: value)]]
        guard fits else {
            let refusal = #expect(throws: InvalidFlagItem.self) { try FlagBody(parsing: json) }
            #expect(refusal?.pointer.text == "/variants/a")
            return
        }
        #expect(try FlagBody(parsing: json).json == json)
    }

    @Test func `everything that is wrong is told at once, each with its place`() throws {
        let refusal = #expect(throws: InvalidFlagItem.self) {
            try FlagBody(
                parsing: [
                    "type": "string", "variants": ["": "x", "a/b": 1], "defaultVariant": "c", "lifecycle": "gone",
                    "tags": [1, ""],
                    "owner": 5, "expectedLifetimeDays": 0, "schema": "x", "metadata": ["m": [:]], "more": 1,
                ])
        }
        #expect(
            try #require(refusal).faults.map(\.pointer.text) == [
                "/more", "/variants/", "/variants/a~1b", "/defaultVariant", "/lifecycle", "/owner", "/tags/0",
                "/tags/1",
                "/expectedLifetimeDays", "/schema", "/metadata/m",
            ])
        #expect(refusal?.message.contains("At /variants/a~1b: A variant of a string flag is a text.") == true)
    }

    @Test func `limits are kept to the last one allowed`() throws {
        func flag(variants count: Int) -> JSONValue {
            .object([
                "type": "integer",
                "variants": .object(JSONObject(uniqueMembers: (0..<count).map { ("v\($0)", .int($0)) })),
            ])
        }
        #expect(try FlagBody(parsing: flag(variants: 256)).variants.count == 256)
        #expect(throws: InvalidFlagItem.self) { try FlagBody(parsing: flag(variants: 257)) }
        #expect(throws: InvalidFlagItem.self) { try FlagBody(parsing: flag(variants: 0)) }
        let text = String(repeating: "x", count: FlagLimits.flagBytes)
        #expect(throws: InvalidFlagItem.self) {
            try FlagBody(parsing: ["type": "string", "variants": ["a": .string(text)]])
        }
    }

    @Test func `a variant holds nothing that clients would take for a reference to a shared rule`() throws {
        func flag(_ value: JSONValue) -> JSONValue { ["type": "object", "variants": ["a": ["b": [value]]]] }
        #expect(throws: Never.self) { try FlagBody(parsing: flag(["$ref": "#/definitions/a"])) }
        #expect(throws: Never.self) { try FlagBody(parsing: flag(["$ref": "segment:a", "c": 1])) }
        for name in ["segment:a", "flag:a%2Eb"] as [JSONValue] {
            let refusal = #expect(throws: InvalidFlagItem.self) { try FlagBody(parsing: flag(["$ref": name])) }
            #expect(refusal?.pointer.text == "/variants/a")
        }
    }

    @Test func `keys and names are told apart by their bytes`() throws {
        #expect(try FlagKey(parsing: "caf\u{E9}") != FlagKey(parsing: "cafe\u{301}"))
        #expect(try FlagKey(parsing: String(repeating: "k", count: 256)).rawValue.utf8.count == 256)
        for text in ["", ".", "..", "a\u{0}b", "a\u{9B}b", String(repeating: "k", count: 257)] {
            #expect(throws: InvalidFlagItem.self, "\(text.debugDescription)") { try FlagKey(parsing: text) }
        }
        for text in ["", "-a", "a.b", "a b", "ä", "a:b", String(repeating: "k", count: 129)] {
            #expect(throws: InvalidFlagItem.self, "\(text.debugDescription)") { try SegmentName(parsing: text) }
        }
        for text in ["", "$flagd.other", "$flagd", "a\nb"] {
            #expect(throws: InvalidFlagItem.self, "\(text.debugDescription)") { try AttributePath(parsing: text) }
        }
        #expect(try AttributePath(parsing: "$flagd.timestamp") == .timestamp)
    }
}

@Suite struct FlagKillBodyTests {
    @Test func `a kill names a variant or none`() throws {
        #expect(
            try FlagKillBody(parsing: ["variant": "off", "reason": "r"]).json == ["variant": "off", "reason": "r"])
        #expect(try FlagKillBody(parsing: ["variant": .null]).json == ["variant": .null])
        #expect(try FlagKillBody(parsing: [:]).variant == nil)
        #expect(throws: InvalidFlagItem.self) { try FlagKillBody(parsing: ["variant": 1]) }
        #expect(throws: InvalidFlagItem.self) { try FlagKillBody(parsing: []) }
    }
}
