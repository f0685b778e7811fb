import ConfigPlatformModel
import TestSupport
import Testing

@Suite struct JSONFractionTests {
    @Test func `numbers that are written as doubles are found wherever they stand, and nothing else is`() {
        let text = #"""
            { "a": 0.0, "b": 1, "list": [1e3, 2, {"x": 2.50}, true, "1.0", -1E0],
              "é/~\u0041\"": {"deep": 0.0}, "t": true, "f": false, "n": null, "s": "a\\", "e": [] , "o": {}, "last": 3.0 }
            """#
        let found = JSONFractions(in: Array(text.utf8))
        for place in ["/a", "/list/0", "/list/2/x", "/list/5", "/é~1~0A\"/deep", "/last"] {
            #expect(found.contains(try! JSONPointer(parsing: place)), "\(place)")
        }
        for place in ["", "/b", "/list", "/list/1", "/list/3", "/list/4", "/t", "/f", "/n", "/s", "/e", "/o"] {
            #expect(!found.contains(try! JSONPointer(parsing: place)), "\(place)")
        }
        #expect(JSONFractions(in: Array("0.0".utf8)).contains(.root))
        #expect(!JSONFractions(in: Array("0".utf8)).contains(.root))
    }

    @Test func `what is written with fractions reads as the same value, and is found to have them`() throws {
        try SeededGenerator.runs(300) { random in
            var members: [(String, JSONValue)] = []
            var places: Set<JSONPointer> = []
            for index in 0..<10 {
                let number = JSONValue.int(random.int(in: -1_000_000...1_000_000))
                members.append(("n\(index)", random.chance(oneIn: 2) ? number : .array([number])))
                if random.chance(oneIn: 2) {
                    let place = JSONPointer(tokens: ["n\(index)"])
                    places.insert(members[index].1.arrayValue == nil ? place : place.appending(0))
                }
            }
            let value = JSONValue.object(try JSONObject(members))
            let text = value.prettyText(doubles: JSONFractions(places: places))
            #expect(try JSONValue(parsing: text) == value, "\(random)")
            let found = JSONFractions(in: Array(text.utf8))
            for (index, member) in members.enumerated() {
                let place = JSONPointer(tokens: ["n\(index)"])
                let leaf = member.1.arrayValue == nil ? place : place.appending(0)
                #expect(found.contains(leaf) == places.contains(leaf), "\(random)")
            }
        }
    }

    @Test func `of anything at all it is said where there are fractions, without an end that never comes`() throws {
        try SeededGenerator.runs(2_000) { random in
            let text = (0..<random.int(in: 0...59)).map { _ in
                random.element(of: Array(#"{}[]",:\ 0123.5eE-truefalsn"#.utf8))
            }
            _ = JSONFractions(in: text)
        }
    }

    @Test(arguments: [
        ("0", "0.0"), ("-7", "-7.0"), ("0.5", "0.5"), ("1e30", "1e+30"),
        ("123456789012345678901234567890", "1.2345678901234567890123456789e+29"),
        ("100000000000000000000", "100000000000000000000.0"), ("1e-9", "1e-9"),
    ])
    func `a double is written with a fraction or an exponent`(_ number: String, _ written: String) throws {
        var bytes: [UInt8] = []
        try JSONNumber(parsing: number).writeDouble(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == written)
    }
}
