import Testing

@testable import JSONSchema

@Suite struct RegexTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        var steps = 1_000_000
        let outcome = try RegularExpression(pattern).match(Array(text.utf8), steps: &steps)
        #expect(outcome != .tooCostly)
        return outcome == .match
    }

    @Test(
        arguments: [
            ("", "anything", true), ("b", "abc", true), ("^b", "abc", false), ("^abc$", "abc\n", false),
            ("^$", "", true),
            ("^a.c$", "a\u{1F432}c", true), ("^a.c$", "a\nc", false), ("^a.c$", "a\u{2028}c", false),
            ("^(a|bc|)d$", "bcd", true), ("^(a|bc|)d$", "d", true), ("^(a|bc|)d$", "bd", false),
            ("^a{2,3}$", "a", false), ("^a{2,3}$", "aaa", true), ("^a{2,3}$", "aaaa", false),
            ("^a{2,}$", "aaaaa", true),
            ("^a{2}$", "aa", true), ("^a+?b*?c??$", "aabb", true), ("^(ab)*$", "ababa", false),
            ("^(a*)*$", "aaa", true),
            ("^(a*)+b$", "b", true), ("^[^a-c]$", "d", true), ("^[^a-c]$", "b", false), ("^[]$", "", false),
            ("^[^]$", "\n", true), ("^[\\w.-]+$", "a_b.c-d", true), ("^[\\d-x]+$", "1-x", true),
            ("^[\\b]$", "\u{8}", true),
            ("^\\cJ\\x41\\u0042\\u{43}\\u{1F432}$", "\nABC\u{1F432}", true), ("^\\uD83D\\uDC32$", "\u{1F432}", true),
            ("^[\u{1F432}-\u{1F434}]$", "\u{1F433}", true), ("\\bfoo\\b", "a foo b", true),
            ("\\bfoo\\b", "afoo", false),
            ("\\Boo", "foo", true), ("^\\p{Lu}\\p{Ll}+$", "Ärger", true), ("^\\p{Script=Greek}+$", "αβγ", true),
            ("^\\P{L}+$", "123", true), ("^\\p{Script=Han}+$", "漢字", true), ("^\\p{gc=Nd}+$", "١٢", true),
            ("^\\p{Emoji_Presentation}$", "🐲", true), ("^\\/\\-\\_$", "/-_", true), ("^a{,2}$", "a{,2}", true),
            ("^x{}$", "x{}", true), ("]", "]", true),
        ])
    func `patterns are followed as ECMAScript says`(pattern: String, text: String, isMatch: Bool) throws {
        #expect(try matches(pattern, text) == isMatch)
    }

    @Test(
        arguments: [
            ("^(?=.*\\d)(?=.*[a-z]).{4,}$", "abc1", true), ("^(?=.*\\d)(?=.*[a-z]).{4,}$", "abcd", false),
            ("^(?!-)[a-z-]+(?<!-)$", "a-b", true), ("^(?!-)[a-z-]+(?<!-)$", "a-b-", false),
            ("^(.)(.)\\2\\1$", "abba", true), ("^(.)(.)\\2\\1$", "abab", false), ("^(?<q>['\"]).*\\k<q>$", "'a'", true),
            ("^(?<q>['\"]).*\\k<q>$", "'a\"", false), ("\\k<a>(?<a>x)", "x", true), ("(?<=\\$)\\d+", "cost $12", true),
            ("(?<!\\$)\\b\\d+", "cost $12", false), ("(?<=a+)b", "aaab", true), ("(?<=(\\d)(\\d))x\\1", "12x1", true),
            ("(?<=^ab)c", "abc", true), ("^(?:(a)|b)*\\1$", "ab", true), ("^(?=(a+))a*b\\1$", "aabaa", true),
            ("(?=(a))\\1b", "ab", true), ("^(?!(?:a|b)+$).+$", "abc", true),
        ])
    func `looking around and referring back`(pattern: String, text: String, isMatch: Bool) throws {
        #expect(try matches(pattern, text) == isMatch)
    }

    @Test(
        arguments: [
            ("(", 0), ("a)", 1), ("[a", 0), ("*", 0), ("a**", 2), ("a{2,1}", 1), ("\\a", 0), ("\\", 0), ("(?P<n>a)", 0),
            ("(?i)a", 0), ("(?#a)", 0), ("\\k<a>", 0), ("(?<a>)(?<a>)", 6), ("(?<1>)", 3), ("\\1", 0), ("[b-a]", 2),
            ("\\u{110000}", 0), ("\\p{Nothing}", 0), ("\\pL", 0), ("\\x4", 0), ("^*", 0), ("\\01", 0), ("{2}", 0),
        ])
    func `a text that is no pattern is refused at its character`(pattern: String, offset: Int) {
        let error = #expect(throws: RegexError.self) { try RegularExpression(pattern) }
        #expect(error?.offset == offset)
    }

    @Test(
        arguments: ["(a+)+$", "^(a|a)*$", "^(a*)*b", "(a|aa)+$", "^([a-z]+)*\\.$", "(x+x+)+y", "^(\\w+\\s?)*$"])
    func `patterns that ruin backtracking take as many steps as the text is long`(pattern: String) throws {
        let text = Array((String(repeating: "ax", count: 10_000) + "!").utf8)
        var steps = 0
        // An automaton takes one look at each scalar and counts none; with none allowed nothing else could answer.
        #expect(try RegularExpression(pattern).match(text, steps: &steps) == .noMatch)
        #expect(steps == 0)
    }

    @Test(arguments: ["(a+)+\\b!?$", "^(a|a)*\\bb"])
    func `a simulation takes steps in proportion to the text`(pattern: String) throws {
        func taken(_ count: Int) throws -> Int {
            let text = Array((String(repeating: "a", count: count) + "x").utf8)
            var steps = 1_000_000
            #expect(try RegularExpression(pattern).match(text, steps: &steps) == .noMatch)
            return 1_000_000 - steps
        }
        #expect(try taken(2_000) < 21 * (try taken(100)))
    }

    @Test(arguments: ["^(?=(a+)+$)x", "^(a+)+\\1b$"])
    func `backtracking without end is cut short`(pattern: String) throws {
        var steps = 50_000
        let text = Array((String(repeating: "a", count: 40) + "!").utf8)
        #expect(try RegularExpression(pattern).match(text, steps: &steps) == .tooCostly)
        #expect(steps < 0)
    }

    @Test func `an automaton, a simulation and backtracking agree`() throws {
        // An empty lookahead at the end and a word boundary on either side of it choose the other two ways.
        for pattern in ["^(a|b)*abb$", "a{2,4}b?", "^[ab]+c|c{2}$", "(ab|ba)+$", "^a?b?c?$"] {
            for text in texts("abc", 5) {
                let direct = try matches(pattern, text)
                #expect(try matches("(?:\(pattern))(?:)(?=)", text) == direct, "\(pattern) with \(text)")
                #expect(try matches("(?:\(pattern))(?:\\b|\\B)", text) == direct, "\(pattern) with \(text)")
            }
        }
    }

    private func texts(_ alphabet: String, _ length: Int) -> [String] {
        (0..<length).reduce([""]) { texts, _ in
            texts
                + texts.filter { $0.count == texts.map(\.count).max() }.flatMap { text in
                    alphabet.map { text + String($0) }
                }
        }
    }
}

extension RegularExpression {
    fileprivate func match(_ bytes: [UInt8], steps: inout Int) -> Outcome {
        bytes.withUnsafeBufferPointer { match($0, steps: &steps) }
    }
}
