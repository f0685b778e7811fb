import ConfigFormats
import ConfigPlatformModel
import Testing

@Suite struct DotenvWritingTests {
    @Test(arguments: [
        ("DB_HOST", "DB_HOST"), ("A-B", "A-B"), ("a", "A"), ("db.host", "DB_HOST"), ("db.pool-size", "DB_POOL_SIZE"),
        ("A.B", "A_B"),
        ("a.\"org.x\"", "A_ORG_X"), ("\"a[0]\".b", "A_0_B"), ("8080", "8080"),
    ])
    func `a key has one name in the environment`(written: String, name: String) throws {
        #expect(try String(decoding: encoded(.dotenv, [written: "x"]), as: UTF8.self) == "\(name)=x\n")
    }

    @Test func `keys can be written as they are spelled`() throws {
        let options = ExportOptions(dotenvNames: .asWritten)
        let written = try encoded(.dotenv, ["http-proxy": "x", "a.b": "y"], options: options)
        #expect(String(decoding: written, as: UTF8.self) == "a.b=y\nhttp-proxy=x\n")
    }

    @Test(arguments: ["\"a b\"", "\"\u{E9}\"", "\"\"", "\"a=b\"", "\"A/B\"", "\"A B\""])
    func `a key that no name can spell is refused, naming it`(written: String) throws {
        let problem = #expect(throws: Problem.self) { try encoded(.dotenv, ["A": "1", written: "x"]) }
        #expect(problem?.code == .notAcceptable)
        #expect(problem?.violations.map(\.key) == [try key(written).text])
    }

    @Test(
        arguments: [
            ("plain-1.0/x:y@z", "plain-1.0/x:y@z"), ("", ""), ("two words", "'two words'"), ("a#b", "'a#b'"),
            ("$A ${B}", "'$A ${B}'"),
            ("it's", "\"it's\""), ("\"x\"", "'\"x\"'"), ("a\nb", "'a\nb'"), ("a\rb", "\"a\\rb\""),
            ("C:\\dir", "'C:\\dir'"),
            ("C:\\dir\\", "\"C:\\\\dir\\\\\""), ("\\\\server\\x", "\"\\\\\\\\server\\\\x\""), ("\\", "\"\\\\\""),
            ("$[1]", "'$[1]'"), ("it's $[1]", "\"it's \\$[1]\""),
            ("it's $5 `x` \"y\"", "\"it's \\$5 \\`x\\` \\\"y\\\"\""),
            ("it's 5$ \\", "\"it's 5$ \\\\\""), (" lead", "' lead'"), ("\u{E9}", "'\u{E9}'"),
        ] as [(String, String)])
    func `a value is quoted where it must be`(value: String, spelling: String) throws {
        let written = try encoded(.dotenv, ["A": .string(value)])
        #expect(String(decoding: written, as: UTF8.self) == "A=\(spelling)\n")
        #expect(try Reading(written, as: .dotenv).values == ["A": .string(value)])
    }

    @Test func `what is no string is written as JSON`() throws {
        let written = try encoded(
            .dotenv,
            [
                "A": 5, "B": true, "C": .null, "D": [1, "x"], "E": ["a": "it's"], "F": 1.5,
                "G": .number(JSONNumber(parsing: "1000000000000000000000000")),
            ])
        #expect(
            String(decoding: written, as: UTF8.self)
                == "A=5\nB=true\nC=null\nD='[1,\"x\"]'\nE=\"{\\\"a\\\":\\\"it's\\\"}\"\nF=1.5\nG=1000000000000000000000000\n"
        )
    }

    @Test func `U+0000 is refused, naming the key`() throws {
        let problem = #expect(throws: Problem.self) { try encoded(.dotenv, ["a": "x\0"]) }
        #expect(problem?.violations.map(\.key) == ["a"])
    }
}
