import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct YAMLReadingTests {
    @Test(arguments: [
        Reads("a: 1\nb:\n  c: x\n  d:\n    e: true\n", ["a": 1, "b.c": "x", "b.d.e": true]),
        Reads("# only a comment\n", [:]), Reads("---\n", [:]), Reads("--- ~\n...\n", [:]), Reads("{}", [:]),
        Reads("a:\n- 1\n- - 2\n  - 3\n- b: 4\n  c: 5\n", ["a": [1, [2, 3], ["b": 4, "c": 5]]]),
        Reads(
            "a:\n  - x\n  -\n    y: 1\nb: [1, {c: 2}, 'x', d: 3]\n",
            ["a": ["x", ["y": 1]], "b": [1, ["c": 2], "x", ["d": 3]]]),
        Reads("a: {b: 1, 'c': {d: }, e, \"f\":2}\n", ["a.b": 1, "a.c.d": .null, "a.e": .null, "a.f": 2]),
        Reads("a: [\n  1,\n  2\n]\nb: 3\n", ["a": [1, 2], "b": 3]),
        Reads(
            "a: x y # c\nb: x#y\nc: http://x:80/#y\nd: a:b\n",
            ["a": "x y", "b": "x#y", "c": "http://x:80/#y", "d": "a:b"]),
        Reads(
            "a: one\n  two\n\n  three\nb: 'x\n\n  y'\nc: \"x\\\n  y\\n  z\"\n",
            ["a": "one two\nthree", "b": "x\ny", "c": "xy\n  z"]),
        Reads(
            "a: \"\\x41\\u00e9\\U0001F600\\ud83d\\ude00\\t\\e\\/\\_\"\n",
            ["a": "A\u{E9}\u{1F600}\u{1F600}\t\u{1B}/\u{A0}"]),
        Reads(
            "a: |\n  x\n   y\n\n  z\nb: >\n  x\n  y\n\n  z\n   w\nc: |-\n  x\n\nd: |+\n  x\n\ne: |2\n    x\n",
            ["a": "x\n y\n\nz\n", "b": "x y\nz\n w\n", "c": "x", "d": "x\n\n", "e": "  x\n"]),
        Reads("a: |\nb: >-\n\nc: x", ["a": "", "b": "", "c": "x"]),
        Reads("? a\n: 1\n? 'b'\n: - 2\n? c\n", ["a": 1, "b": [2], "c": .null]),
        Reads(
            "8080: a\ntrue: b\n~: c\n1.5: d\nnull: e\n",
            ["8080": "a", "true": "b", "\"~\"": "c", "1.5": "d", "null": "e"]),
        Reads(
            "a: &x 1\nb: *x\nc: &m {d: 2}\ne: *m\nf: [*x, *m]\n",
            ["a": 1, "b": 1, "c.d": 2, "e.d": 2, "f": [1, ["d": 2]]]),
        Reads("&k a: 1\nb: {*k : *k}\n", ["a": 1, "b.a": "a"]),
        Reads("a: &x 1\nb: &x 2\nc: *x\n", ["a": 1, "b": 2, "c": 2]),
        Reads("a: &a\n  b: 1\nc: &c\n  - 2\n", ["a.b": 1, "c": [2]]),
        Reads(
            "d: &d {x: 1, y: 2}\ne: &e {y: 3, z: 4}\nm:\n  <<: *d\n  x: 9\nn:\n  <<: [*e, *d]\no:\n  '<<': 1\n",
            ["d.x": 1, "d.y": 2, "e.y": 3, "e.z": 4, "m.x": 9, "m.y": 2, "n.x": 1, "n.y": 3, "n.z": 4, "o.\"<<\"": 1]),
        Reads(
            "a: !!str 1\nb: !!int '2'\nc: !!float 3\nd: !!bool 'true'\ne: !!null ''\nf: ! 5\ng: !!seq [1]\nh: !!map {i: 6}\nj: !<tag:yaml.org,2002:str> 7\n",
            ["a": "1", "b": 2, "c": 3, "d": true, "e": .null, "f": "5", "g": [1], "h.i": 6, "j": "7"]),
        Reads("%YAML 1.2\n%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 1\n", ["a": "1"]),
        Reads("a: 1\r\nb:\r\n  c: 2\r\n", ["a": 1, "b.c": 2]),
        Reads("a:\n  x\nb:\n\n  c: # comment\n    d: 1\n", ["a": "x", "b.c.d": 1]),
        Reads("a: ''\nb: \"\"\nc:\nd: {}\ne: []\n", ["a": "", "b": "", "c": .null, "d": [:], "e": []]),
        Reads("a: '0x1F'\nb: \"true\"\n", ["a": "0x1F", "b": "true"]),
        Reads("\"a b\": 1\n'c''d': 2\n", ["\"a b\"": 1, "\"c'd\"": 2]),
    ])
    func `YAML 1_2 is read`(_ file: Reads) throws { try file.check(.yaml) }

    @Test func `each setting has the place of its name, through an alias that of the alias`() throws {
        let text = """
            d: &d
              x: 1
            é: {a: 2, b: 3}
            m:
              <<: *d
              y: *d
              z: 4
            """
        let places = try Reading(text, as: .yaml).settings.map { "\($0.key) \($0.line ?? 0):\($0.column ?? 0)" }
        #expect(places == ["d.x 2:3", "\"é\".a 3:5", "\"é\".b 3:11", "m.y.x 6:6", "m.z 7:3", "m.x 5:7"])
    }

    @Test func `documents follow one another`() throws {
        let file = try Reading("a: 1\n---\nb: 2\n...\n# c\n---\n...\n---\nd: |\n  x\n--- \ne: 5\n", as: .yaml).file
        #expect(file.documents.map { $0.settings.map(\.key.text) } == [["a"], ["b"], ["d"], ["e"]])
    }

    @Test func `anchors end with their document`() {
        #expect(throws: Problem.self) { try Reading("a: &x 1\n---\nb: *x\n", as: .yaml) }
    }
}
