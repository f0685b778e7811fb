import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct YAMLWritingTests {
    @Test func `the document is nested, in blocks and in the order of keys`() throws {
        let written = try encoded(
            .yaml,
            [
                "server.port": 8080, "server.host": "localhost",
                "list": [1, "x", ["a": 1, "b": [true]], [2, []], [:]],
                "empty.list": [], "empty.object": [:], "text": "one\ntwo\n", "nothing": .null,
                "url": "http://${a.b}:80/x#y",
            ])
        #expect(
            String(decoding: written, as: UTF8.self)
                == """
                empty:
                  list: []
                  object: {}
                list:
                  - 1
                  - x
                  - a: 1
                    b:
                      - true
                  - - 2
                    - []
                  - {}
                nothing: null
                server:
                  host: localhost
                  port: 8080
                text: |
                  one
                  two
                url: http://${a.b}:80/x#y

                """)
    }

    @Test(arguments: [
        "", " ", "x ", " x", "yes", "No", "ON", "off", "y", "N", "null", "~", "Null", "true", "False", "1", "-1", "+1",
        "0x1F", "0o7", "012", "1_000", "1.5", ".5",
        "1e5", "12:30:45", "1:30", "2001-12-14", "2001-12-14 21:59:43", ".inf", ".NaN", "<<", "=", "a: b", "a:", "a #b",
        "#a", "- a", "-", "--- a", "---", "...", "? a", ": a",
        "[a]", "{a}", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "'a'", "\"a\"", ",a", "a\tb", "a\u{7}b", "a\u{7F}",
        "\u{85}", "\u{2028}", "\u{FEFF}a", "\u{A0}a", "a\rb",
        "1.2.3", "10.0.0.1",
    ])
    func `text that could be read as something else is quoted`(text: String) throws {
        let written = try encoded(.yaml, ["a": .string(text)])
        #expect(String(decoding: written, as: UTF8.self).hasPrefix("a: \""))
        #expect(try Reading(written, as: .yaml).values == ["a": .string(text)])
    }

    @Test(arguments: [
        "x", "a b", "classpath*:db/x.sql", "/var/run", "${a}", "$5", "a:b", "x, y", "it's", "é", "日本", "a\"b",
        "10 apples", "v1.2", "-Xmx512m", "x=y", "a#b",
    ])
    func `text that reads as itself is not quoted`(text: String) throws {
        let written = try encoded(.yaml, ["a": .string(text)])
        #expect(String(decoding: written, as: UTF8.self) == "a: \(text)\n")
        #expect(try Reading(written, as: .yaml).values == ["a": .string(text)])
    }

    @Test(arguments: [
        ("a\nb", "a: |-\n  a\n  b\n"), ("a\n", "a: |\n  a\n"), ("a\n\n", "a: |+\n  a\n\n"),
        ("a\n\n  b\n", "a: |\n  a\n\n    b\n"), ("a: b\n# c", "a: |-\n  a: b\n  # c\n"),
        ("\n", "a: \"\\n\"\n"), ("\na", "a: \"\\na\"\n"), (" a\nb", "a: \" a\\nb\"\n"),
        ("a\n \nb", "a: \"a\\n \\nb\"\n"), ("a\r\nb", "a: \"a\\r\\nb\"\n"), ("a\n\tb", "a: |-\n  a\n  \tb\n"),
    ])
    func `text of several lines stands in a block where it can`(text: String, written: String) throws {
        let bytes = try encoded(.yaml, ["a": .string(text)])
        #expect(String(decoding: bytes, as: UTF8.self) == written)
        #expect(try Reading(bytes, as: .yaml).values == ["a": .string(text)])
    }

    @Test func `numbers are spelled so that both versions of YAML see numbers`() throws {
        let numbers = ["1e30", "1e-9", "1.5e300", "123456789012345678901234567890", "-0.5", "1e60"]
        let written = try ConfigFormat.yaml.write(
            numbers.enumerated().map { (try key("n\($0)"), .number(try JSONNumber(parsing: $1))) })
        #expect(
            String(decoding: written, as: UTF8.self)
                == "n0: 1000000000000000000000000000000\nn1: 1.0e-9\nn2: 1.5e+300\nn3: 123456789012345678901234567890\nn4: -0.5\nn5: 1.0e+60\n"
        )
    }

    @Test func `a very long name in a list is written with a question mark`() throws {
        let name = String(repeating: "n", count: 2_000)
        let value: JSONValue = [.object([name: [1]])]
        let written = try encoded(.yaml, ["a": value])
        #expect(String(decoding: written, as: UTF8.self).contains("? n"))
        #expect(try Reading(written, as: .yaml).values == ["a": value])
    }
}
