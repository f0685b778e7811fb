import ConfigFormats
import ConfigPlatformModel
import Testing

/// Names with dots, names that are prefixes of others, and what becomes of them.
@Suite struct KeyTests {
    @Test func `the rest of a key that has another as its prefix becomes one segment, and is written as it was`() throws
    {
        let text = "logging.level.org=INFO\nlogging.level.org.hibernate=DEBUG\n"
        let reading = try Reading(text, as: .properties)
        #expect(reading.values == ["logging.level.org": "INFO", "logging.level.\"org.hibernate\"": "DEBUG"])
        #expect(String(decoding: try reading.write(as: .properties), as: UTF8.self) == text)
        #expect(
            String(decoding: try reading.write(as: .yaml), as: UTF8.self)
                == "logging:\n  level:\n    org: INFO\n    org.hibernate: DEBUG\n")
    }

    @Test func `of several prefixes the shortest decides`() throws {
        let reading = try Reading("a.b.c.d=4\na.b.c=3\na.b=2\na=1\nz.y.x=5\n", as: .properties)
        #expect(reading.values == ["a": "1", "\"a.b\"": "2", "\"a.b.c\"": "3", "\"a.b.c.d\"": "4", "z.y.x": "5"])
        #expect(reading.settings.map(\.line) == [1, 2, 3, 4, 5])
    }

    @Test func `names in YAML may be dotted, nested and mixed`() throws {
        let text = """
            spring.messages.basename: messages
            spring:
              messages.encoding: UTF-8
              messages:
                cache: 5
            """
        let reading = try Reading(text, as: .yaml)
        #expect(
            reading.values == [
                "spring.messages.basename": "messages", "spring.messages.encoding": "UTF-8", "spring.messages.cache": 5,
            ])
        #expect(reading.settings.map(\.line) == [1, 3, 5])
        #expect(reading.settings.map(\.column) == [1, 3, 5])
    }

    @Test func `a key spelled dotted and nested with one value is taken once`() throws {
        let reading = try Reading("a.b: 1.0\na:\n  b: 1\n", as: .yaml)
        #expect(reading.values == ["a.b": 1])
        #expect(reading.noticePlaces == ["information 3:3"])
    }

    @Test func `a key spelled dotted and nested with two values is refused, naming both lines`() {
        let problem = #expect(throws: Problem.self) { try Reading("a.b: 1\na:\n  b: 2\n", as: .yaml) }
        #expect(problem?.violations.first?.line == 3)
        #expect(problem?.violations.first?.message.contains("line 1") == true)
    }

    @Test func `an empty mapping beside settings of the same name says nothing more`() throws {
        #expect(try Reading("a: {}\na.b: 1\n", as: .yaml).values == ["a.b": 1])
        #expect(try Reading("a: {}\n", as: .yaml).values == ["a": [:]])
    }

    @Test func `brackets keep dots together`() throws {
        let text = "servers[0].host=a\nlevels[org.hibernate]=b\nopen[x.y=c\n"
        let reading = try Reading(text, as: .properties)
        #expect(
            reading.settings.map(\.key.segments) == [
                ["servers[0]", "host"], ["levels[org.hibernate]"], ["open[x", "y"],
            ])
        #expect(try Reading("a[0].b: x\n", as: .yaml).values == ["\"a[0]\".b": "x"])
    }

    @Test(arguments: [
        (ConfigFormat.yaml, "a:\n  b:\n    c: u\n  '\"b.c\"':\n    d: v\n'\"x.y\"': w\n"),
        (.properties, "a.b.c=u\na.\"b.c\".d=v\n\"x.y\"=w\n"),
    ])
    func `a segment with dots stands in the quotes of keys`(format: ConfigFormat, text: String) throws {
        let written = try encoded(format, ["a.b.c": "u", "a.\"b.c\".d": "v", "\"x.y\"": "w"])
        #expect(String(decoding: written, as: UTF8.self) == text)
        #expect(
            try Reading(written, as: format).settings.map(\.key.segments) == [
                ["a", "b", "c"], ["a", "b.c", "d"], ["x.y"],
            ])
    }

    @Test func `the rest of a longer key is in quotes once the shorter one is gone`() throws {
        for format in [ConfigFormat.yaml, .properties] {
            let settings: KeyValuePairs<String, JSONValue> = ["level.\"org.hibernate\"": "DEBUG"]
            let written = try encoded(format, settings)
            #expect(try Reading(written, as: format).values == ["level.\"org.hibernate\"": "DEBUG"])
        }
    }

    @Test func `quotes in a name are its own where they do not enclose a whole segment`() throws {
        let names = [
            ("\"x.y\"", ["x.y"]), ("a.\"b.c\".d", ["a", "b.c", "d"]), ("\"\"", [""]), ("\"a\\\"b\\\\\"", ["a\"b\\"]),
            ("say \"hi\"", ["say \"hi\""]), ("\"open", ["\"open"]), ("\"a.b\"c", ["\"a", "b\"c"]),
            ("x\"a.b\"", ["x\"a", "b\""]), ("\"a\\n\"", ["\"a\\n\""]), ("l[\"a.b\"]", ["l[\"a.b\"]"]),
        ]
        for (name, segments) in names {
            #expect(try Reading("'\(name)': 1\n", as: .yaml).settings.map(\.key.segments) == [segments])
            let line = name.replacing("\\", with: "\\\\").replacing(" ", with: "\\ ")
            #expect(try Reading("\(line)=1\n", as: .properties).settings.map(\.key.segments) == [segments])
        }
        // The quotes of YAML are not those of keys.
        #expect(try Reading("'a.b': 1\n\"c.d\": 2\n", as: .yaml).values == ["a.b": 1, "c.d": 2])
    }

    @Test func `a key that a longer name becomes and that stands there too is refused, naming both lines`() throws {
        let problem = #expect(throws: Problem.self) { try Reading("a: 1\na.b: 2\n'\"a.b\"': 3\n", as: .yaml) }
        #expect(problem?.violations.first?.line == 2)
        #expect(problem?.violations.first?.message.contains("line 3") == true)
        let lines = try Reading("a=1\na.b=2\n\"a.b\"=3\n", as: .properties)
        #expect(lines.noticePlaces == ["error 2:1"])
        #expect(lines.values == ["a": "1", "\"a.b\"": "3"])
    }

    @Test func `in a list names are what they are`() throws {
        let value: JSONValue = [["a.b": 1, "\"c.d\"": ["e.f": 2]]]
        let written = try encoded(.yaml, ["list": value])
        #expect(try Reading(written, as: .yaml).values == ["list": value])
        #expect(String(decoding: written, as: UTF8.self).contains("a.b: 1"))
    }

    @Test func `two keys that would have one name in the environment are refused, naming both`() throws {
        let problem = #expect(throws: Problem.self) { try encoded(.dotenv, ["a-b": "1", "a.b": "2"]) }
        #expect(problem?.code == .notAcceptable)
        #expect(problem?.detail.contains("'a-b'") == true && problem?.detail.contains("'a.b'") == true)
        #expect(problem?.violations.first?.message.contains("A_B") == true)
    }

    @Test(arguments: ConfigFormat.allCases)
    func `a key that is given twice, or is a prefix of another, is refused`(format: ConfigFormat) throws {
        #expect(throws: Problem.self) { try encoded(format, ["a": "1", "a": "1"]) }
        #expect(throws: Problem.self) { try encoded(format, ["a": "1", "a.b": "1"]) }
    }

    @Test func `keys are told apart by their bytes`() throws {
        let reading = try Reading("\u{E9}: 1\ne\u{301}: 2\n", as: .yaml)
        #expect(reading.settings.count == 2)
        #expect(try Reading(try reading.write(as: .yaml), as: .yaml).settings.count == 2)
    }

    @Test(arguments: [
        (ConfigFormat.json, "{\"a\\u0007\": 1}"), (.yaml, "\"a\\x07\": 1"), (.toml, "\"a\\u0007\" = 1"),
    ])
    func `a key with a control character is refused`(format: ConfigFormat, text: String) {
        let problem = #expect(throws: Problem.self) { try Reading(text, as: format) }
        #expect(problem?.violations.first?.line == 1)
    }

    @Test func `in formats of lines a key that cannot be is left out with a notice`() throws {
        let long = String(repeating: "x", count: 513)
        let reading = try Reading("a=1\n\(long)=2\n\\u0007=3\nb=4\n", as: .properties)
        #expect(reading.values == ["a": "1", "b": "4"])
        #expect(reading.noticePlaces == ["error 2:1", "error 3:1"])
    }

    @Test func `segments go as deep as a key allows`() throws {
        let deepest = (1...32).map { "s\($0)" }
        for format in [ConfigFormat.json, .yaml, .toml, .properties] {
            let settings: [(key: ConfigKey, value: JSONValue)] = [(try ConfigKey(segments: deepest), "v")]
            let fits = try format.write(settings)
            #expect(try Reading(fits, as: format).settings.map(\.key.segments) == [deepest])
        }
        let json = String(repeating: "{\"a\":", count: 33) + "1" + String(repeating: "}", count: 33)
        #expect(throws: Problem.self) { try Reading(json, as: .json) }
        #expect(throws: Problem.self) { try Reading(json, as: .yaml) }
        #expect(throws: Problem.self) { try Reading(String(repeating: "a.", count: 32) + "a = 1", as: .toml) }
    }
}
