import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct JSONFormatTests {
    @Test(arguments: [
        Reads("{}", [:]),
        Reads("{\"a\": {\"b\": 1, \"c\": {\"d\": true}}, \"e\": null}", ["a.b": 1, "a.c.d": true, "e": .null]),
        Reads("{\"a\": [], \"b\": {}, \"c\": [{\"x\": {}}, [1]]}", ["a": [], "b": [:], "c": [["x": [:]], [1]]]),
        Reads("{\"a.b\": 1, \"a\": {\"b\": 2}, \"\": {\"\": 3}}", ["\"a.b\"": 1, "a.b": 2, "\"\".\"\"": 3]),
        Reads("\n { \"a\\u0062\" : { } , \"s\" : \"}{][,:\\\"\\\\\" }\n", ["ab": [:], "s": "}{][,:\"\\"]),
    ])
    func `members are segments and objects are flattened`(_ file: Reads) throws { try file.check(.json) }

    @Test func `numbers are exact`() throws {
        let digits = "123456789012345678901234567890.000000000000000000000000000001"
        let reading = try Reading("{\"a\": \(digits), \"b\": 1e2, \"c\": 9223372036854775808}", as: .json)
        #expect(reading.values["a"] == .number(try JSONNumber(parsing: digits)))
        #expect(reading.values["b"] == 100)
        #expect(try Reading(reading.write(as: .json), as: .json).values == reading.values)
    }

    @Test func `each setting has the place of its name`() throws {
        let reading = try Reading("{\"a\": {\n  \"b\": 1,\n  \"é\": {\"c\": [\n1]}, \"d\": 2}}", as: .json)
        #expect(
            reading.settings.map { "\($0.key) \($0.line ?? 0):\($0.column ?? 0)" } == [
                "a.b 2:3", "a.\"é\".c 3:9", "a.d 4:6",
            ])
    }

    @Test(arguments: [
        Refusal("[1]", 1, 1, "object"), Refusal("\"x\"", 1, 1, "object"), Refusal("{\"a\": 1,}", 1, 9, "comma"),
        Refusal("{\"a\": 1\n\"b\": 2}", 2, 1, "comma"), Refusal("{\"a\": 1,\n \"a\": 2}", 2, 2, "already"),
        Refusal("{\"a\": tru}", 1, 7, "tru"),
        Refusal("{\"a\": \"\u{1}\"}", 1, 8, "control"), Refusal("", 1, 1, "empty"), Refusal("{} x", 1, 4, "ended"),
        Refusal("{\"a\": \"\\ud800\"}", 1, 8, "surrogate"), Refusal("{\"a\": // x\n1}", 1, 7, "comments"),
    ])
    func `what is no JSON object is refused with its place`(_ refusal: Refusal) { refusal.check(.json) }

    @Test func `the document is nested, pretty and in the order of keys`() throws {
        let written = try encoded(.json, ["b": [1], "a.c": .null, "a.\"x.y\"": [:], "a.b": "x"])
        #expect(
            String(decoding: written, as: UTF8.self)
                == """
                {
                  "a": {
                    "b": "x",
                    "c": null,
                    "x.y": {}
                  },
                  "b": [
                    1
                  ]
                }

                """)
    }
}
