import ConfigFormats
import ConfigPlatformModel
import Testing

/// Plain scalars under the core schema of YAML 1.2.
@Suite struct YAMLScalarTests {
    @Test(
        arguments: [
            ("null", .null), ("Null", .null), ("NULL", .null), ("~", .null), ("", .null), ("nULL", "nULL"),
            ("true", true), ("True", true), ("TRUE", true), ("false", false), ("tRUE", "tRUE"),
            ("yes", "yes"), ("No", "No"), ("on", "on"), ("OFF", "OFF"), ("y", "y"), ("n", "n"),
            ("0", 0), ("-5", -5), ("+7", 7), ("012", 12), ("-012", -12), ("0o14", 12), ("0x1F", 31), ("0X1F", "0X1F"),
            ("0O7", "0O7"), ("-0x1", "-0x1"),
            ("0b11", "0b11"), ("1_000", "1_000"), ("12:30:45", "12:30:45"), ("2001-12-14", "2001-12-14"),
            ("2001-12-14T21:59:43Z", "2001-12-14T21:59:43Z"),
            ("1.5", 1.5), ("1.", 1), (".5", 0.5), ("-.5", -0.5), ("1e3", 1000), ("1.5E-2", 0.015), ("+1.5e+2", 150),
            ("01.50", 1.5), ("1e", "1e"),
            (".", "."), ("-", "-"), ("+", "+"), ("1.2.3", "1.2.3"), ("1 2", "1 2"), (".e3", ".e3"), ("0x", "0x"),
            ("0o8", "0o8"), ("1,000", "1,000"),
            ("infinity", "infinity"), ("nan", "nan"), ("<<", "<<"), ("=", "="), ("0.10", 0.1),
        ] as [(String, JSONValue)])
    func `a plain scalar is what the core schema says`(text: String, value: JSONValue) throws {
        if text == "-" {
            // Alone it begins a list.
            #expect(try Reading("a: [x, -1]", as: .yaml).values == ["a": ["x", -1]])
        } else {
            #expect(try Reading("a: \(text)\n", as: .yaml).values == ["a": value])
            #expect(
                try Reading("a: [\(text == "" ? "~" : text.contains(",") ? "'\(text)'" : text)]\n", as: .yaml).values
                    == ["a": [value]])
            #expect(try Reading("a: '\(text)'\n", as: .yaml).values == ["a": .string(text)])
        }
    }

    @Test(arguments: [
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.1000000000000000000000000001", "0.1000000000000000000000000001"),
        ("0xFFFFFFFFFFFFFFFFFFFFFFFF", "79228162514264337593543950335"),
        ("0o7777777777777777777777777", "37778931862957161709567"),
        ("1e400", "1e400"),
    ])
    func `numbers are exact`(text: String, value: String) throws {
        #expect(try Reading("a: \(text)", as: .yaml).values == ["a": .number(JSONNumber(parsing: value))])
    }

    @Test(arguments: ["yes", "Off", "012", "0o14", "1_000", "12:30", "089", "0b1"])
    func `what YAML 1_1 takes for something else is noted`(text: String) throws {
        #expect(try Reading("a: 1\nb: \(text)\n", as: .yaml).noticePlaces == ["warning 2:4"])
        #expect(try Reading("a: 1\nb: '\(text)'\n\(text): c\n", as: .yaml).noticePlaces == [])
    }

    @Test(arguments: [".inf", "-.Inf", "+.INF", ".nan", ".NaN"])
    func `infinities and NaN are refused with their place`(text: String) {
        Refusal("a:\n  b: \(text)\n", 2, 6, "no number").check(.yaml)
    }
}
