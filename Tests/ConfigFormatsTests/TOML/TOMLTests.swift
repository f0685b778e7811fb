import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct TOMLTests {
    @Test(arguments: [
        Reads("a = 1\nb = \"x\" # comment\r\nc = true", ["a": 1, "b": "x", "c": true]),
        Reads("[a]\nb = 1\n[a.c]\nd = 2\n[x.y.z]\nw = 3", ["a.b": 1, "a.c.d": 2, "x.y.z.w": 3]),
        Reads("a.b = 1\na . c = 2\n\"x.y\".'z z' = 3\n1.2 = 4", ["a.b": 1, "a.c": 2, "\"x.y\".\"z z\"": 3, "1.2": 4]),
        Reads("[a]\n[b.c]\nd = {}", ["a": [:], "b.c.d": [:]]),
        Reads("a = { b = 1, c.d = 2, e = { } }", ["a.b": 1, "a.c.d": 2, "a.e": [:]]),
        Reads("a = [ 1, # x\n 2,\n]\nb = [{x = 1}, [\"y\"]]", ["a": [1, 2], "b": [["x": 1], ["y"]]]),
        Reads(
            "[[a]]\nb = 1\n[[a]]\n[a.c]\nd = 2\n[[a.e]]\n[[a.e]]",
            ["a": [["b": 1], ["c": ["d": 2], "e": [[:], [:]]]]]),
        Reads("a = \"\\b\\t\\n\\f\\r\\\"\\\\\\u00e9\\U0001F600\"", ["a": "\u{8}\t\n\u{C}\r\"\\\u{E9}\u{1F600}"]),
        Reads(
            "a = '\\x'\nb = '''\n'x\\n'''\nc = \"\"\"\nx\\\n   y\r\nz\"\"\"\"",
            ["a": "\\x", "b": "'x\\n", "c": "xy\nz\""]),
        Reads(
            "a = +1\nb = -0\nc = 1_000\nd = 0xdead_BEEF\ne = 0o755\nf = 0b1010",
            ["a": 1, "b": 0, "c": 1000, "d": 3_735_928_559, "e": 493, "f": 10]),
        Reads(
            "a = 1.5\nb = -1e3\nc = 6.26e-2\nd = 1_0.0_1\ne = +0.0",
            ["a": 1.5, "b": -1000, "c": 0.0626, "d": 10.01, "e": 0]),
        Reads(
            "a = 1979-05-27T07:32:00Z\nb = 1979-05-27 07:32:00.5-07:00\nc = 1979-05-27\nd = 07:32:00\ne = 1979-05-27t07:32:00",
            [
                "a": "1979-05-27T07:32:00Z", "b": "1979-05-27T07:32:00.5-07:00", "c": "1979-05-27", "d": "07:32:00",
                "e": "1979-05-27T07:32:00",
            ]),
        Reads("[a.b]\nx = 1\n[a]\nb2 = 2", ["a.b.x": 1, "a.b2": 2]),
        Reads(
            "fruit.apple.color = 1\n[fruit.apple.texture]\nsmooth = true",
            ["fruit.apple.color": 1, "fruit.apple.texture.smooth": true]),
        Reads("\"\" = 1\n'a\"b' = 2", ["\"\"": 1, "\"a\\\"b\"": 2]),
    ])
    func `TOML 1_0 is read`(_ file: Reads) throws { try file.check(.toml) }

    @Test func `numbers are exact`() throws {
        let reading = try Reading(
            "a = 123456789012345678901234567890\nb = 0.1000000000000000000001\nc = 0x1_0000_0000_0000_0000", as: .toml)
        #expect(reading.values["a"] == .number(try JSONNumber(parsing: "123456789012345678901234567890")))
        #expect(reading.values["b"] == .number(try JSONNumber(parsing: "0.1000000000000000000001")))
        #expect(reading.values["c"] == .number(try JSONNumber(parsing: "18446744073709551616")))
        #expect(try Reading(reading.write(as: .toml), as: .toml).values == reading.values)
    }

    @Test func `dates are noted`() throws {
        let reading = try Reading("a = 1\nb = 1979-05-27\nc = [\n  07:32:00]\n", as: .toml)
        #expect(reading.noticePlaces == ["information 2:5", "information 4:3"])
    }

    @Test func `each setting has the place of its key`() throws {
        let reading = try Reading("[a]\n  b = 1\nc.d = { e = 2,  f = 3 }\n[[g]]\n[[g]]\n", as: .toml)
        #expect(
            reading.settings.map { "\($0.key) \($0.line ?? 0):\($0.column ?? 0)" } == [
                "a.b 2:3", "a.c.d.e 3:9", "a.c.d.f 3:17", "g 4:3",
            ])
    }

    @Test(arguments: [
        Refusal("a", 1, 2, "="), Refusal("a = ", 1, 5, "value"), Refusal("a = x", 1, 5, "'x'"),
        Refusal("= 1", 1, 1, "key"),
        Refusal("a = 1 b = 2", 1, 7, "ended"), Refusal("a = 1\na = 2", 2, 1, "line 1"),
        Refusal("a = 1\n[a]", 2, 2, "line 1"),
        Refusal("[a]\n[b]\n[a]", 3, 2, "line 1"), Refusal("a.b = 1\n[a]", 2, 2, "line 1"),
        Refusal("[[a]]\n[a]", 2, 2, "line 1"),
        Refusal("a = [1]\n[[a]]", 2, 3, "line 1"), Refusal("a = {b = 1}\na.c = 2", 2, 1, "line 1"),
        Refusal("[a.b]\nx=1\n[a]\nb.y=2", 4, 1, "line 1"),
        Refusal("[a", 1, 1, "']'"), Refusal("[[a]", 1, 1, "']]'"), Refusal("a = \"x", 1, 5, "closed"),
        Refusal("a = 'x\n'", 1, 5, "closed"),
        Refusal("a = \"\"\"x", 1, 5, "closed"), Refusal("a = \"\\x41\"", 1, 6, "escape"),
        Refusal("a = \"\\ud800\"", 1, 6, "no character"),
        Refusal("a = \"\\u12\"", 1, 6, "4 hexadecimal"), Refusal("a = [1", 1, 5, "closed"),
        Refusal("a = [1 2]", 1, 8, "','"),
        Refusal("a = { b = 1,\n c = 2 }", 1, 13, "key"), Refusal("a = { b = 1, }", 1, 14, "key"),
        Refusal("a = inf", 1, 5, "inf"),
        Refusal("a = -nan", 1, 5, "nan"), Refusal("a = 01", 1, 5, "01"), Refusal("a = 1_", 1, 5, "1_"),
        Refusal("a = 1._5", 1, 5, "1._5"),
        Refusal("a = .5", 1, 5, ".5"), Refusal("a = 5.", 1, 5, "5."), Refusal("a = 0xg", 1, 5, "0xg"),
        Refusal("a = +0x1", 1, 5, "+0x1"),
        Refusal("a = 1979-02-30", 1, 5, "1979"), Refusal("a = 25:00:00", 1, 5, "25"), Refusal("a = True", 1, 5, "True"),
        Refusal("a = \"\u{1}\"", 1, 6, "control"), Refusal("# \u{7F}", 1, 3, "control"),
        Refusal("a = 1\rb = 2", 1, 6, "ended"),
        Refusal("a = é", 1, 5, "value"), Refusal("é = 1", 1, 1, "key"),
        Refusal("a = 0x" + String(repeating: "f", count: 1_001), 1, 5, "1000"),
        Refusal("a = " + String(repeating: "[", count: 200), 1, 100, "deeper"),
        Refusal("a = " + String(repeating: "{a=", count: 200), 1, 290, "deeper"),
    ])
    func `what is no TOML 1_0 is refused with its place`(_ refusal: Refusal) { refusal.check(.toml) }

    @Test func `keys stand before the tables below them`() throws {
        let written = try encoded(
            .toml,
            [
                "a.b.c": 1, "a.x": "y", "z": [["k": 1.5], [:]], "\"q r\".\"s.t\"": "l1\nl2\"\"\"", "e.f": [:],
            ])
        #expect(
            String(decoding: written, as: UTF8.self)
                == """
                z = [
                    { k = 1.5 },
                    {},
                ]

                [a]
                x = "y"

                [a.b]
                c = 1

                [e]
                f = {}

                ["q r"]
                "s.t" = \"""
                l1
                l2\\"\\"\\"\"""

                """)
        #expect(try Reading(written, as: .toml).settings.count == 5)
    }

    @Test func `null is refused, naming each key`() throws {
        let problem = #expect(throws: Problem.self) {
            try encoded(.toml, ["a": .null, "b": 1, "c.d": [["x": .null]]])
        }
        #expect(problem?.code == .notAcceptable)
        #expect(problem?.violations.map(\.key) == ["a", "c.d"])
    }
}
