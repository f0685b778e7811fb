import ConfigPlatformModel
import JSONSchema
import Testing

/// What the official suite does not try.
@Suite struct FormatTests {
    @Test(
        arguments: [
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", true), ("uuid", "123e4567e89b12d3a456426614174000", false),
            ("email", "a@b", true), ("email", "\"a\\\"b\"@example.com", true), ("email", "a@[IPv6:::g]", false),
            ("email", "a@b@c", false), ("hostname", "xn--4gbwdl.xn--wgbh1c", true), ("ipv6", "::ffff:1.2.3.4", true),
            ("ipv6", "1::2::3", false), ("uri", "http://user@host:80/p?q#f", true), ("uri", "http://host:8a/", false),
            ("uri", "http://[::1", false), ("iri", "http://example.com/\u{E000}", false),
            ("iri-reference", "ünï/cödé", true), ("uri-reference", "a:b:c", true),
            ("uri-template", "{?q*,page:2}", true),
            ("duration", "P1Y2M3W", false), ("date-time", "2026-01-31 10:00:00Z", false),
            ("time", "23:59:60.5+00:00", true), ("regex", "(?<a>", false), ("idn-hostname", "例え.テスト", true),
            ("idn-hostname", "MAJUSCULE", true), ("idn-hostname", "ａ", false), ("no-such-format", "", true),
        ])
    func `texts are told apart`(format: String, text: String, isValid: Bool) throws {
        let schema = try Schema(
            compiling: ["format": .string(format)], options: SchemaOptions(assertsFormats: true))
        #expect(schema.isValid(.string(text)) == isValid)
    }

    @Test func `a format is an annotation unless it is to be asserted`() throws {
        let schema = try Schema(compiling: ["format": "date"])
        #expect(schema.isValid("tomorrow"))
        let output = schema.output("tomorrow", format: .basic)
        #expect(output["annotations"]?.arrayValue?.first?["annotation"] == "date")
    }

    @Test func `formats concern texts only`() throws {
        let schema = try Schema(compiling: ["format": "ipv4"], options: SchemaOptions(assertsFormats: true))
        #expect(schema.isValid(1) && schema.isValid([]) && schema.isValid(.null))
    }

    @Test(arguments: ["hostname", "idn-hostname", "email", "idn-email", "uri", "iri", "uri-template", "regex", "time"])
    func `no text stops the program`(format: String) throws {
        let schema = try Schema(
            compiling: ["format": .string(format)], options: SchemaOptions(assertsFormats: true))
        let pieces = [
            "", "x", "xn--", "-", ".", "@", "[", "]", "{", "}", ":", "%", "99999999", "\u{200D}", "א", "\"", "\\",
        ]
        for first in pieces {
            for second in pieces {
                for third in pieces { _ = schema.isValid(.string(first + second + third)) }
            }
        }
    }
}
