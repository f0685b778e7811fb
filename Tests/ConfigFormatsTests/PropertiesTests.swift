import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct PropertiesTests {
    @Test(arguments: [
        Reads("a=1\nb = 2\nc:3\nd : 4\ne 5\nf\t6\n", ["a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6"]),
        Reads("# x\n! y\n\n  # z\na=1", ["a": "1"]),
        Reads("a.b.c=1\n", ["a.b.c": "1"]),
        Reads("a=one \\\n  two\\\r\n\tthree\nb=\\\n1\n", ["a": "one twothree", "b": "1"]),
        Reads("a=x\\\\\nb=y\\", ["a": "x\\", "b": "y"]),
        Reads("a=\\t\\n\\r\\f\\z\\\"\\=\n", ["a": "\t\n\r\u{0C}z\"="]),
        Reads("a\\ b\\=c\\:d=1\n", ["\"a b=c:d\"": "1"]),
        Reads("a=\\u00e9\\u00E9\\ud83d\\ude00\n", ["a": "\u{E9}\u{E9}\u{1F600}"]),
        Reads("a=\u{E9}\n", ["a": "\u{E9}"]),
        Reads("a==1\nb=:2\nc= = 3\nd=x # no comment\n", ["a": "=1", "b": ":2", "c": "= 3", "d": "x # no comment"]),
        Reads("a\nb=\n", ["a": "", "b": ""]),
        Reads("=1\n", ["\"\"": "1"]),
        Reads("a=trailing  \n", ["a": "trailing  "]),
        Reads("\\\n# comment\na=1\n", ["a": "1"]),
        Reads("a=1\\\n\nb=2\n", ["a": "1", "b": "2"]),
        Reads("a..b=1\n.c=2\n", ["a.\"\".b": "1", "\"\".c": "2"]),
    ])
    func `lines are read as java.util.Properties reads them`(_ file: Reads) throws { try file.check(.properties) }

    @Test func `bytes that are no UTF-8 are read as ISO-8859-1, which is said`() throws {
        let reading = try Reading(Array("a=1\nb=".utf8) + [0xE9] + Array("\n".utf8), as: .properties)
        #expect(reading.values == ["a": "1", "b": "\u{E9}"])
        #expect(reading.noticePlaces == ["warning 2:0"])
    }

    @Test func `of a repeated name the last counts, with a warning`() throws {
        let reading = try Reading("a=1\nb=2\na=3\n", as: .properties)
        #expect(reading.values == ["a": "3", "b": "2"])
        #expect(reading.noticePlaces == ["warning 3:1"])
    }

    @Test(arguments: ["n=\\u12", "n=\\uxyzw", "n=\\ud83d", "n=\\ud83dx", "n=\\ud83d\\u0041", "n=\\ude00", "n\\u1=x"])
    func `a malformed escape is named and the other lines are taken`(line: String) throws {
        let reading = try Reading("a=1\n\(line)\nb=2\n", as: .properties)
        #expect(reading.values == ["a": "1", "b": "2"])
        #expect(reading.noticePlaces == ["error 2:1"])
    }

    @Test func `what is written is ASCII with escapes`() throws {
        let written = try encoded(
            .properties,
            [
                "a.\"b c=d:e#f!g\"": " x = y # \\ \n\u{E9}\u{1F600}\u{1}", "b": 5, "c": [1, "x"], "d": .null,
            ])
        #expect(
            String(decoding: written, as: UTF8.self)
                == "a.b\\ c\\=d\\:e\\#f\\!g=\\ x = y # \\\\ \\n\\u00E9\\uD83D\\uDE00\\u0001\nb=5\nc=[1,\"x\"]\nd=null\n"
        )
    }

    @Test func `what looks like a reference in the name of a member is none when references are kept`() throws {
        let settings: [(key: ConfigKey, value: JSONValue)] = [
            (try key("a"), [["n${me": "x", "${b}": "${b}"]]), (try key("c"), [["${b}": "${b}"]]), (try key("d"), "x"),
        ]
        let options = ExportOptions(references: .kept(live: [try key("c")]))
        let file = try ConfigFormat.properties.write(settings, options: options)
        let reading = try Reading(file, as: .properties, references: .live)
        #expect(
            reading.values == [
                "a": #"[{"${b}":"${b}","n${me":"x"}]"#, "c": #"[{"$${b}":"${b}"}]"#, "d": "x",
            ])
        #expect(reading.live == ["c"])
    }

    @Test func `references that a list as one string would hold no longer are refused`() throws {
        let options = ExportOptions(references: .kept(live: [try key("a")]))
        let value: JSONValue = ["${\"q r\":x}"]
        let problem = #expect(throws: Problem.self) {
            try ConfigFormat.properties.write([(try key("a"), value)], options: options)
        }
        #expect(problem?.violations.map(\.key) == ["a"])
    }
}
