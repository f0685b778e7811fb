import ConfigPlatformModel
import Testing

@Suite struct JSONValueTests {
    private let precomposed = "caf\u{E9}"
    private let decomposed = "cafe\u{301}"

    @Test func `two Unicode normalisations of one text are two strings`() {
        #expect(precomposed == decomposed)
        #expect(JSONValue.string(precomposed) != .string(decomposed))
        #expect(Set([JSONValue.string(precomposed), .string(decomposed)]).count == 2)
    }

    @Test func `two Unicode normalisations of one name are two members`() throws {
        var object: JSONObject = [precomposed: 1, decomposed: 2]
        #expect(object.count == 2)
        #expect(object[precomposed] == 1)
        #expect(object[decomposed] == 2)
        object[decomposed] = nil
        #expect(object[precomposed] == 1)
        #expect(object[decomposed] == nil)
        #expect(JSONValue.object([precomposed: 1]) != .object([decomposed: 1]))
        let parsed = try JSONValue(parsing: "{\"\(precomposed)\":1,\"\(decomposed)\":2}")
        #expect(parsed.objectValue?.count == 2)
    }

    @Test func `values of different kinds differ`() {
        let values: [JSONValue] = [
            .null, false, true, 0, 1, "", "0", "null", [], [.null], [[]], [:], ["": .null], ["a": 1], ["a": 2],
        ]
        #expect(Set(values).count == values.count)
        for (index, left) in values.enumerated() {
            for (other, right) in values.enumerated() { #expect((left == right) == (index == other)) }
        }
    }

    @Test func `equality sees through spelling and order of members`() throws {
        let left = try JSONValue(parsing: #"{"a":[1.0,{"x":1e2,"y":"\u0041"}],"b":null}"#)
        let right = try JSONValue(parsing: #"{"b":null,"a":[1,{"y":"A","x":100}]}"#)
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
    }

    @Test func `members are set, replaced, removed and kept in order`() {
        var object = JSONObject()
        for name in ["m", "a", "z", "aa", ""] { object[name] = .string(name) }
        #expect(object.names == ["", "a", "aa", "m", "z"])
        object["m"] = 5
        object["a"] = nil
        object["absent"] = nil
        #expect(object == ["": "", "aa": "aa", "m": 5, "z": "z"])
        #expect(object.map(\.name) == object.names)
        #expect(object.values == ["", "aa", 5, "z"])
    }

    @Test func `a name given twice is refused by name`() {
        let error = #expect(throws: JSONDuplicateMember.self) {
            try JSONObject([("a", 1), ("b", 2), ("a", 1)])
        }
        #expect(error?.name == "a")
    }

    @Test func `accessors answer for their own kind alone`() {
        let values: [JSONValue] = [.null, true, 7, "s", [1], ["a": 1]]
        #expect(values.map(\.isNull) == [true, false, false, false, false, false])
        #expect(values.map(\.boolValue) == [nil, true, nil, nil, nil, nil])
        #expect(values.map(\.int64Value) == [nil, nil, 7, nil, nil, nil])
        #expect(values.map(\.stringValue) == [nil, nil, nil, "s", nil, nil])
        #expect(values.map(\.arrayValue) == [nil, nil, nil, nil, [1], nil])
        #expect(values.map(\.objectValue) == [nil, nil, nil, nil, nil, ["a": 1]])
        #expect(values.map { $0["a"] } == [nil, nil, nil, nil, nil, 1])
        let tenth: JSONValue = 0.1
        #expect(tenth.canonicalText == "0.1")
        #expect(JSONValue.int(5) == 5)
    }

    @Test func `pretty text indents members and leaves the empty short`() {
        let value: JSONValue = ["b": [1, [], ["x": .null]], "a": [:], "c": "é\n"]
        let expected = """
            {
              "a": {},
              "b": [
                1,
                [],
                {
                  "x": null
                }
              ],
              "c": "é\\n"
            }
            """
        #expect(value.prettyText() == expected)
        #expect(value.prettyText(indent: 4).hasPrefix("{\n    \"a\": {},\n"))
        #expect(JSONValue.string("x").prettyText() == "\"x\"")
    }

    @Test(arguments: [0, 9, 10, -1, -9, -10, 99, 100, 12_345, Int64.max, Int64.min])
    func `an integer is written in decimal`(value: Int64) {
        var bytes: [UInt8] = []
        JSONText.appendInt(value, into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == String(value))
    }
}
