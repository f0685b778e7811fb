import TestSupport
import Testing

@testable import ConfigPlatformModel

@Suite struct ConfigKeyTests {
    private func refusal(_ text: String) -> String? {
        do throws(InvalidIdentifier) {
            _ = try ConfigKey(parsing: text)
            return nil
        } catch {
            return error.message
        }
    }

    private static let pieces = [
        "a", "b", "B", "-", "_", "9", ".", "\"", "\\", " ", "é", "e\u{301}", "\u{E000}", "\u{FFFF}", "\u{10000}",
        "\u{10FFFF}",
        "\u{D7FF}", "\u{A0}", "/", "${", "}", ":",
    ]

    private func randomSegments(_ random: inout SeededGenerator) -> [String] {
        (0..<random.int(in: 1...4)).map { _ in
            (0..<random.int(in: 0...3)).map { _ in random.element(of: Self.pieces) }.joined()
        }
    }

    // MARK: Spelling

    @Test(arguments: [
        ("a", ["a"], "a"), ("a.b", ["a", "b"], "a.b"), ("A-b_9.0", ["A-b_9", "0"], "A-b_9.0"), ("-", ["-"], "-"),
        ("\"a\"", ["a"], "a"), ("a.\"b\".c", ["a", "b", "c"], "a.b.c"),
        ("a.\"b.c\".d", ["a", "b.c", "d"], "a.\"b.c\".d"),
        ("\"\"", [""], "\"\""), ("\"\".\"\"", ["", ""], "\"\".\"\""), ("a.\"\"", ["a", ""], "a.\"\""),
        ("\"a b\"", ["a b"], "\"a b\""), ("\"é\"", ["é"], "\"é\""), ("\"\\\"\"", ["\""], "\"\\\"\""),
        ("\"\\\\\"", ["\\"], "\"\\\\\""), ("\"a\\\"b\\\\\".c", ["a\"b\\", "c"], "\"a\\\"b\\\\\".c"),
        ("\"/etc\"", ["/etc"], "\"/etc\""),
        ("\"${x}\"", ["${x}"], "\"${x}\""), ("\"\u{10000}\"", ["\u{10000}"], "\"\u{10000}\""),
        ("\"\u{A0}\"", ["\u{A0}"], "\"\u{A0}\""),
    ])
    func `a key is read into its segments and written with no more quotes than it needs`(
        text: String, segments: [String], canonical: String
    ) throws {
        let key = try ConfigKey(parsing: text)
        #expect(key.segments.map { Array($0.utf8) } == segments.map { Array($0.utf8) })
        #expect(Array(key.text.utf8) == Array(canonical.utf8))
        #expect(key.description == key.text)
        #expect(try ConfigKey(segments: segments) == key)
    }

    @Test(arguments: [
        ("", "a segment is empty"), (".", "a segment is empty"), ("a.", "a segment is empty"),
        (".a", "a segment is empty"),
        ("a..b", "a segment is empty"), ("\"a", "is not closed"), ("\"", "is not closed"), ("\"a\\\"", "is not closed"),
        ("\"a\\", "is not closed"), ("\"\\n\"", "a backslash is followed by"), ("\"a\"b", "at byte 4"),
        ("a b", "at byte 2"),
        ("a\"b\"", "at byte 2"), ("é", "at byte 1"), ("a.é", "at byte 3"), ("a/b", "at byte 2"),
        ("../a", "a segment is empty"),
        ("a.b ", "at byte 4"), ("${a}", "at byte 1"), ("a:b", "at byte 2"),
    ])
    func `what is no key is refused with the place or the reason`(text: String, reason: String) throws {
        let message = try #require(refusal(text))
        #expect(message.contains(reason) && message.hasPrefix("'\(text)' is not a key"), "\(message)")
    }

    @Test(arguments: [0x00, 0x01, 0x09, 0x0A, 0x0D, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9F])
    func `a control character is refused, in quotes and out of them`(value: UInt32) throws {
        let character = String(try #require(Unicode.Scalar(value)))
        for text in [character, "a\(character)b", "\"\(character)\"", "\"a\(character)\"", "\"a\\\(character)\""] {
            let message = try #require(refusal(text))
            #expect(!message.contains(character))
        }
        #expect(refusal("\"\(character)\"")?.contains("control character") == true)
        #expect(throws: InvalidIdentifier.self) { try ConfigKey(segments: ["a", "b\(character)"]) }
    }

    @Test func `what is written canonically reads back as the same key`() throws {
        try SeededGenerator.runs(400) { random in
            let segments = randomSegments(&random)
            let key = try ConfigKey(segments: segments)
            #expect(key.segments.map { Array($0.utf8) } == segments.map { Array($0.utf8) }, "\(random)")
            #expect(try ConfigKey(parsing: key.text) == key, "\(random)")
            #expect(try Array(ConfigKey(parsing: key.text).text.utf8) == Array(key.text.utf8), "\(random)")
        }
    }

    @Test func `any text is a key or is refused, and a key's canonical spelling is never longer`() throws {
        try SeededGenerator.runs(600) { random in
            let text = (0..<random.int(in: 0...8)).map { _ in
                random.element(of: ["a", ".", "\"", "\\", "é", "-", "\u{1}"])
            }.joined()
            guard let key = try? ConfigKey(parsing: text) else { return }
            let reread = try ConfigKey(parsing: key.text)
            #expect(key.text.utf8.count <= text.utf8.count, "\(random)")
            #expect(reread == key, "\(random)")
        }
    }

    // MARK: Limits

    @Test func `a key has at most 512 bytes as written`() throws {
        let longest = String(repeating: "k", count: 512)
        #expect(try ConfigKey(parsing: longest).text == longest)
        #expect(try #require(refusal(longest + "k")).contains("has 513 bytes; a key has at most 512"))
        #expect(try ConfigKey(segments: [longest]).text == longest)
        #expect(throws: InvalidIdentifier.self) { try ConfigKey(segments: [longest + "k"]) }
        // Quotes and escapes count, characters of two bytes count twice.
        #expect(try ConfigKey(segments: [String(repeating: "é", count: 255)]).text.utf8.count == 512)
        #expect(throws: InvalidIdentifier.self) { try ConfigKey(segments: [String(repeating: "é", count: 255) + "a"]) }
        #expect(try ConfigKey(segments: [String(repeating: "\"", count: 255)]).text.utf8.count == 512)
        #expect(throws: InvalidIdentifier.self) { try ConfigKey(segments: [String(repeating: "\"", count: 256)]) }
        // Needless quotes count too: what is refused does not depend on how a key could have been written.
        #expect(refusal("\"" + String(repeating: "k", count: 511) + "\"") != nil)
    }

    @Test func `a key has at most 32 segments`() throws {
        let most = Array(repeating: "s", count: 32)
        #expect(try ConfigKey(parsing: most.joined(separator: ".")).segments == most)
        #expect(try ConfigKey(segments: most).segments == most)
        #expect(try #require(refusal((most + ["s"]).joined(separator: "."))).contains("more than 32 segments"))
        #expect(throws: InvalidIdentifier.self) { try ConfigKey(segments: most + ["s"]) }
        #expect(throws: InvalidIdentifier.self) { try ConfigKey(segments: [String]()) }
    }

    // MARK: Identity and order

    @Test func `case matters, and so does every byte of a Unicode text`() throws {
        #expect(try ConfigKey(parsing: "a") != ConfigKey(parsing: "A"))
        let precomposed = try ConfigKey(segments: ["caf\u{E9}"])
        let decomposed = try ConfigKey(segments: ["cafe\u{301}"])
        #expect(precomposed != decomposed)
        #expect(Set([precomposed, decomposed]).count == 2)
        #expect(
            precomposed.text == decomposed.text, "to a String they are one, which is why keys are not compared as such")
        #expect((precomposed < decomposed) != (decomposed < precomposed))
    }

    @Test func `keys are ordered segment by segment by UTF-16 code units`() throws {
        let ordered = [
            "\"\"", "\"\".a", "a", "a.\"\"", "a.\"\".b", "a.\"\u{1F600}\"", "a.b", "a.b.c", "a.b-c", "\"a b\"", "a-b",
            "ab", "b",
            "\"\u{D7FF}\"", "\"\u{10000}\"", "\"\u{10FFFF}\"", "\"\u{E000}\"", "\"\u{FFFF}\"",
        ]
        let keys = try ordered.map { try ConfigKey(parsing: $0) }
        let expected = keys.sorted { left, right in
            left.segments.lexicographicallyPrecedes(right.segments) { $0.utf16.lexicographicallyPrecedes($1.utf16) }
        }
        #expect(keys.shuffled().sorted() == expected)
        #expect(try ConfigKey(parsing: "\"\u{10000}\"") < ConfigKey(parsing: "\"\u{E000}\""))
        #expect(
            try ConfigKey(parsing: "a.b") < ConfigKey(parsing: "\"a b\""), "what lies below a key follows it at once")
    }

    @Test func `order and prefixes are those of the lists of segments`() throws {
        try SeededGenerator.runs(400) { random in
            let left = randomSegments(&random)
            let right = random.chance(oneIn: 3) ? left + randomSegments(&random) : randomSegments(&random)
            let (a, b) = (try ConfigKey(segments: left), try ConfigKey(segments: right))
            let (x, y) = (left.map { Array($0.utf16) }, right.map { Array($0.utf16) })
            let precedes = x.lexicographicallyPrecedes(y) { $0.lexicographicallyPrecedes($1) }
            #expect((a < b) == precedes, "\(random)")
            #expect((a == b) == (x == y), "\(random)")
            #expect(
                ConfigKey.compare(a.path, b.path).signum() == -ConfigKey.compare(b.path, a.path).signum(), "\(random)")
            #expect(a.isStrictPrefix(of: b) == (x.count < y.count && Array(y[..<x.count]) == x), "\(random)")
            #expect(
                b.strictPrefixes == (try (1..<right.count).map { try ConfigKey(segments: right[..<$0]) }), "\(random)")
            if a.isStrictPrefix(of: b) {
                #expect(a < b && a < a.subtreeLowerBound && a.subtreeLowerBound <= b, "\(random)")
            } else if a < b {
                #expect(b >= a.subtreeLowerBound, "\(random)")
            }
        }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 15, 16, 17, 40])
    func `comparison finds the first difference at every place of a word`(length: Int) throws {
        let left = Array(repeating: UInt8(ascii: "k"), count: length)
        for place in 0..<length {
            var right = left
            right[place] = UInt8(ascii: "l")
            let (a, b) = (String(decoding: left, as: UTF8.self), String(decoding: right, as: UTF8.self))
            #expect(ConfigKey.compare(a, b) < 0 && ConfigKey.compare(b, a) > 0)
        }
        let text = String(decoding: left, as: UTF8.self)
        #expect(ConfigKey.compare(text, text) == 0)
        #expect(ConfigKey.compare(text, text + "k") < 0)
    }
}
