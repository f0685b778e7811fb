import ConfigPlatformModel
import Testing

@Suite struct JSONParserTests {
    private func refusal(of bytes: some Collection<UInt8>, limits: JSONLimits = .standard) -> JSONParseError? {
        do throws(JSONParseError) {
            _ = try JSONValue(parsing: bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let text: String
        let kind: JSONParseError.Kind
        let line: Int
        let column: Int
        let offset: Int

        init(_ text: String, _ kind: JSONParseError.Kind, _ line: Int, _ column: Int, offset: Int) {
            self.text = text
            self.kind = kind
            self.line = line
            self.column = column
            self.offset = offset
        }

        var testDescription: String { text.debugDescription }
    }

    private static let refusals: [Refusal] = [
        Refusal("", .emptyText, 1, 1, offset: 0),
        Refusal(" \n\t ", .emptyText, 2, 3, offset: 4),
        Refusal("\u{FEFF}{}", .byteOrderMark, 1, 1, offset: 0),
        Refusal("[\u{FEFF}]", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("{}x", .trailingContent, 1, 3, offset: 2),
        Refusal("1 2", .trailingContent, 1, 3, offset: 2),
        Refusal("[]]", .trailingContent, 1, 3, offset: 2),
        Refusal("null\n\u{0}", .trailingContent, 2, 1, offset: 5),
        Refusal("[", .unexpectedEnd, 1, 2, offset: 1),
        Refusal("[1", .unexpectedEnd, 1, 3, offset: 2),
        Refusal("[1,", .unexpectedEnd, 1, 4, offset: 3),
        Refusal("{", .unexpectedEnd, 1, 2, offset: 1),
        Refusal("{\"a\"", .unexpectedEnd, 1, 5, offset: 4),
        Refusal("{\"a\":", .unexpectedEnd, 1, 6, offset: 5),
        Refusal("{\"a\":1", .unexpectedEnd, 1, 7, offset: 6),
        Refusal("{\"a\":1,", .unexpectedEnd, 1, 8, offset: 7),
        Refusal("\"abc", .unexpectedEnd, 1, 5, offset: 4),
        Refusal("\"abc\\", .unexpectedEnd, 1, 6, offset: 5),
        Refusal("\"\\u00", .unexpectedEnd, 1, 6, offset: 5),
        Refusal("-", .unexpectedEnd, 1, 2, offset: 1),
        Refusal("1.", .unexpectedEnd, 1, 3, offset: 2),
        Refusal("1e", .unexpectedEnd, 1, 3, offset: 2),
        Refusal("[1 2]", .unexpectedCharacter, 1, 4, offset: 3),
        Refusal("[1,]", .unexpectedCharacter, 1, 4, offset: 3),
        Refusal("[,1]", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("{\"a\":1,}", .unexpectedCharacter, 1, 8, offset: 7),
        Refusal("{\"a\" 1}", .unexpectedCharacter, 1, 6, offset: 5),
        Refusal("{a:1}", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("{'a':1}", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("{1:1}", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("[1}", .unexpectedCharacter, 1, 3, offset: 2),
        Refusal("{\"a\":1]", .unexpectedCharacter, 1, 7, offset: 6),
        Refusal("[NaN]", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("[Infinity]", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("[-Infinity]", .invalidNumber, 1, 3, offset: 2),
        Refusal("True", .unexpectedCharacter, 1, 1, offset: 0),
        Refusal("nul", .unexpectedCharacter, 1, 1, offset: 0),
        Refusal("[truex]", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("[1, // one\n2]", .unexpectedCharacter, 1, 5, offset: 4),
        Refusal("[+1]", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("[.5]", .unexpectedCharacter, 1, 2, offset: 1),
        Refusal("[01]", .invalidNumber, 1, 2, offset: 1),
        Refusal("[-01]", .invalidNumber, 1, 2, offset: 1),
        Refusal("[1.]", .invalidNumber, 1, 4, offset: 3),
        Refusal("[1.e5]", .invalidNumber, 1, 4, offset: 3),
        Refusal("[1e]", .invalidNumber, 1, 4, offset: 3),
        Refusal("[1e+]", .invalidNumber, 1, 5, offset: 4),
        Refusal("[0x10]", .unexpectedCharacter, 1, 3, offset: 2),
        Refusal("[1_000]", .unexpectedCharacter, 1, 3, offset: 2),
        Refusal("\"a\nb\"", .controlCharacter, 1, 3, offset: 2),
        Refusal("\"long enough for words\u{1F}\"", .controlCharacter, 1, 23, offset: 22),
        Refusal("\"\\x41\"", .invalidEscape, 1, 2, offset: 1),
        Refusal("\"\\u12G4\"", .invalidEscape, 1, 2, offset: 1),
        Refusal("\"é\\U0041\"", .invalidEscape, 1, 3, offset: 3),
        Refusal("\"\\ud800\"", .loneSurrogate, 1, 2, offset: 1),
        Refusal("\"\\udc00\"", .loneSurrogate, 1, 2, offset: 1),
        Refusal("\"ab\\uD83Dx\"", .loneSurrogate, 1, 4, offset: 3),
        Refusal("\"\\ud83d\\n\"", .loneSurrogate, 1, 2, offset: 1),
        Refusal("\"\\ud83d\\u0041\"", .loneSurrogate, 1, 2, offset: 1),
        Refusal("\"\\ud83d\\ud83d\\ude00\"", .loneSurrogate, 1, 2, offset: 1),
        Refusal("\"\\ude00\\ud83d\"", .loneSurrogate, 1, 2, offset: 1),
        Refusal("{\"a\":1,\n \"a\":2}", .duplicateName, 2, 2, offset: 9),
        Refusal("{\"b\":1,\"a\":2,\"b\":3,\"a\":4}", .duplicateName, 1, 14, offset: 13),
        Refusal("{\"a\":1,\"\\u0061\":2}", .duplicateName, 1, 8, offset: 7),
        Refusal("{\"o\":{\"\":1,\"x\":0,\"\":2}}", .duplicateName, 1, 18, offset: 17),
        Refusal("{\"a\":{\"b\":1},\"c\":0,\"a\":{\"b\":1}}", .duplicateName, 1, 20, offset: 19),
        // Lines end with LF, CR LF or CR; columns count scalars, of which é here is one (two bytes) and 😀 one (four).
        Refusal("[\n\r\n\r x]", .unexpectedCharacter, 4, 2, offset: 6),
        Refusal("[\"é😀\", x]", .unexpectedCharacter, 1, 8, offset: 11),
        Refusal("[\"e\u{301}\", x]", .unexpectedCharacter, 1, 8, offset: 8),
        Refusal("[é]", .unexpectedCharacter, 1, 2, offset: 1),
    ]

    @Test(arguments: refusals)
    func `a text that is not JSON is refused by kind, line, column and offset`(expected: Refusal) throws {
        let error = try #require(refusal(of: Array(expected.text.utf8)))
        #expect(error.kind == expected.kind)
        #expect(error.line == expected.line)
        #expect(error.column == expected.column)
        #expect(error.offset == expected.offset)
        #expect(error.message.hasSuffix("."))
        #expect(error.description.hasPrefix("line \(expected.line), column \(expected.column): "))
    }

    @Test(
        arguments: [
            ([0x22, 0xFF, 0x22], 1), ([0x22, 0x80, 0x22], 1),
            ([0x22, 0x61, 0xC3, 0x22], 2),  // cut short
            ([0x22, 0xC0, 0xAF, 0x22], 1), ([0x22, 0xE0, 0x80, 0xAF, 0x22], 1),
            ([0x22, 0xF0, 0x80, 0x80, 0x80, 0x22], 1),  // overlong
            ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0xED, 0xBF, 0xBF, 0x22], 1),  // surrogates
            ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1),  // beyond U+10FFFF
            ([0x22, 0xF8, 0x88, 0x80, 0x80, 0x80, 0x22], 1),
            ([0x22, 0xC3, 0xA9, 0xFE, 0x22], 3),  // after a good é
            ([0x22, 0x5C, 0x6E, 0xC3, 0x5C, 0x6E, 0x22], 3),  // between two escapes
            ([0x5B, 0xFF, 0x5D], 1),  // outside strings
            ([0x7B, 0x22, 0xE2, 0x82, 0x22, 0x3A, 0x31, 0x7D], 2),  // in a name
        ] as [([UInt8], Int)])
    func `bytes that are not UTF-8 are refused at the first of them`(bytes: [UInt8], offset: Int) throws {
        let error = try #require(refusal(of: bytes))
        #expect(error.kind == .invalidUTF8)
        #expect(error.offset == offset)
        #expect(error.line == 1)
    }

    @Test(arguments: [2, 16, 17, 100])
    func `a name given twice is found in objects of any size`(count: Int) throws {
        let names = (0..<count).map { "\"n\($0 * 7919 % 1_000)\":0" }
        #expect(refusal(of: Array("{\(names.joined(separator: ","))}".utf8)) == nil)
        for place in 0..<count {
            let text = "{\(names.joined(separator: ",")),\n\(names[place])}"
            let error = try #require(refusal(of: Array(text.utf8)))
            #expect(error.kind == .duplicateName)
            #expect(error.line == 2)
            #expect(error.column == 1)
        }
    }

    @Test func `UTF-16 is recognised and said to be so`() throws {
        let error = try #require(refusal(of: [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]))
        #expect(error.kind == .byteOrderMark)
        #expect(error.message.contains("UTF-16"))
    }

    @Test(arguments: [
        ("[NaN]", "NaN"), ("[None]", "null"), ("[True]", "true"), ("[1,]", "trailing comma"),
        ("{'a':1}", "double quotes"),
        ("[/* */]", "comments"), ("\"\t\"", "\\t"), ("\"\u{1}\"", "\\u0001"), ("{\"k\":1,\"k\":2}", "\"k\""),
        ("[é]", "U+00E9"), ("[hello]", "hello"),
    ])
    func `the message names the mistake`(text: String, part: String) throws {
        let message = try #require(refusal(of: Array(text.utf8))).message
        #expect(message.contains(part), "\(message)")
    }

    @Test(
        arguments: [
            ("null", .null), (" true ", true), ("\t\r\nfalse", false), ("0", 0), ("-0", 0), ("\"\"", ""), ("[]", []),
            ("{}", [:]),
            ("[ ]", []), ("{ \n }", [:]), ("[1,[2,[3]],{}]", [1, [2, [3]], [:]]),
            ("{\"b\":1,\"a\":{\"c\":null}}", ["a": ["c": .null], "b": 1]),
            ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", .string("\"\\/\u{8}\u{c}\n\r\t")),
            ("\"\\u0000\\u001f\\u20AC\\uffff\"", .string("\u{0}\u{1f}\u{20ac}\u{ffff}")),
            ("\"\\uD83d\\uDe00 \\uDBFF\\uDFFF\"", .string("😀 \u{10FFFF}")),
            ("\"\u{7f}\u{80}\u{2028}é😀 mixed with \\u00e9\"", .string("\u{7f}\u{80}\u{2028}é😀 mixed with é")),
            ("1.50e+2", 150), ("{\"\":\"\"}", ["": ""]), ("{\"a\":1,\"A\":2}", ["A": 2, "a": 1]),
        ] as [(String, JSONValue)])
    func `a text that is JSON gives its value`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
        // A collection without contiguous storage.
        #expect(try JSONValue(parsing: Array(text.utf8.reversed()).reversed()) == value)
        let fromRaw = try Array(text.utf8).withUnsafeBytes { try JSONValue(parsing: $0) }
        #expect(fromRaw == value)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `depth is admitted at the limit and refused one beyond`(opening: String, closing: String) throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)).utf8)
        }
        for limit in [0, 1, 64, 512] {
            let limits = JSONLimits(maxDepth: limit)
            #expect(refusal(of: nested(limit), limits: limits) == nil)
            let refused = try #require(refusal(of: nested(limit + 1), limits: limits))
            #expect(refused.kind == .tooDeep)
            #expect(refused.offset == limit * opening.utf8.count)
        }
        #expect(refusal(of: nested(64)) == nil)
        #expect(refusal(of: nested(1_000_000))?.kind == .tooDeep)
    }

    @Test func `depth counts nesting, not the number of arrays and objects`() {
        let siblings = "[" + Array(repeating: "[{}]", count: 1_000).joined(separator: ",") + "]"
        #expect(refusal(of: Array(siblings.utf8), limits: JSONLimits(maxDepth: 3)) == nil)
    }

    @Test func `bytes are admitted at the limit and refused one beyond`() throws {
        let limits = JSONLimits(maxBytes: 6)
        #expect(refusal(of: Array("[1,22]".utf8), limits: limits) == nil)
        #expect(refusal(of: Array("[1,22] ".utf8), limits: limits)?.kind == .tooManyBytes)
    }

    @Test func `significant digits are admitted at the limit and refused one beyond, zeros at the ends not counted`() {
        let limits = JSONLimits(maxNumberDigits: 20)
        let digits = "12345678901234567891"
        for text in [digits, "0.000\(digits)", "\(digits)000", "-1.2345678901234567891000", "\(digits)e-7"] {
            #expect(refusal(of: Array(text.utf8), limits: limits) == nil, "\(text)")
        }
        for text in ["\(digits)1", "0.0\(digits)1", "1\(digits)e5", "10000000000.00000000001"] {
            #expect(refusal(of: Array(text.utf8), limits: limits)?.kind == .tooManyDigits, "\(text)")
        }
        let thousand = String(repeating: "7", count: 1_000)
        #expect(refusal(of: Array(thousand.utf8)) == nil)
        #expect(refusal(of: Array("[\(thousand)7]".utf8))?.kind == .tooManyDigits)
        #expect(refusal(of: Array("[\(thousand)7]".utf8))?.column == 2)
    }

    @Test(arguments: [
        ("1e1000000", true), ("1e1000001", false), ("1e-1000000", true), ("1e-1000001", false),
        ("9.99e1000000", true), ("99.9e1000000", false), ("10e999999", true), ("0.1e1000001", true),
        ("0.01e-999999", false),
        ("12345678901234567890123e999978", true), ("12345678901234567890123e999979", false),
        ("0e99999999999999999999999", true), ("1e99999999999999999999999", false),
        ("1e-99999999999999999999999", false),
        ("0.0e-9223372036854775809", true),
    ])
    func `the power of ten of a number's first digit is limited`(text: String, isAdmitted: Bool) {
        #expect(refusal(of: Array(text.utf8))?.kind == (isAdmitted ? nil : .exponentTooLarge))
    }

    @Test func `a number may be written with many zeros`() throws {
        let zeros = String(repeating: "0", count: 2_000_000)
        #expect(try JSONValue(parsing: "1\(zeros)e-2000000") == 1)
        #expect(try JSONValue(parsing: "0.\(zeros)1e2000001") == 1)
        #expect(try JSONValue(parsing: "1.\(zeros)") == 1)
    }
}
