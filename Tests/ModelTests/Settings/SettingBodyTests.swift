import TestSupport
import Testing

@testable import ConfigPlatformModel

@Suite struct SettingBodyTests {
    private func refusal(_ value: JSONValue, _ references: SettingBody.References = .live) -> Problem? {
        do throws(Problem) {
            _ = try SettingBody(value, references: references)
            return nil
        } catch {
            return error
        }
    }

    private func nested(_ depth: Int) -> JSONValue { (1..<depth).reduce([]) { value, _ in [value] } }

    @Test(
        arguments: [
            (1, .live, .plain, #"{"value":1}"#), (.null, .live, .plain, #"{"value":null}"#),
            ("$5 {}", .live, .plain, #"{"value":"$5 {}"}"#),
            (["b": [1.50], "a": true], .literal, .plain, #"{"value":{"a":true,"b":[1.5]}}"#),
            ("${a}", .live, .live, #"{"references":"live","value":"${a}"}"#),
            ("${a}", .literal, .literal, #"{"references":"literal","value":"${a}"}"#),
            ("${a b", .literal, .literal, #"{"references":"literal","value":"${a b"}"#),
            ("$${a}", .live, .live, #"{"references":"live","value":"$${a}"}"#),
            ([["x": "${a:1}"]], .live, .live, #"{"references":"live","value":[{"x":"${a:1}"}]}"#),
            (["${a}": 1], .live, .plain, #"{"value":{"${a}":1}}"#),
        ] as [(JSONValue, SettingBody.References, SettingBody.Content, String)])
    func `a body says how its references are meant only where it has any`(
        value: JSONValue, references: SettingBody.References, content: SettingBody.Content, stored: String
    ) throws {
        let body = try SettingBody(value, references: references)
        #expect(body.content == content)
        #expect(body.bytes == Array(stored.utf8))
        #expect(body.value == value.canonicalBytes())
        #expect(body.json == value)
        #expect(try SettingBody(stored: body.bytes) == body)
        #expect(body.references == (content == .literal ? .literal : .live))
        #expect(try JSONValue(parsing: body.bytes).canonicalBytes() == body.bytes)
    }

    @Test func `a mask has a body of its own and no value`() throws {
        #expect(SettingBody.unset.bytes == Array(#"{"unset":true}"#.utf8))
        #expect(try SettingBody(stored: SettingBody.unset.bytes) == .unset)
        #expect(SettingBody.unset.json == nil)
        #expect(try SettingBody(.null, references: .live) != .unset)
    }

    @Test func `any value is stored canonically and read back the same`() throws {
        try SeededGenerator.runs(300) { random in
            let value = RandomJSON.value(&random, depth: 4)
            let body = try SettingBody(value, references: .literal)
            #expect(try SettingBody(stored: body.bytes) == body, "\(random)")
            #expect(body.json == value, "\(random)")
            #expect(try JSONValue(parsing: body.bytes).canonicalBytes() == body.bytes, "\(random)")
        }
    }

    @Test(arguments: [
        "", "{", "1", "[]", "{}", #"{"unset":false}"#, #"{"references":"live"}"#, #"{"references":"other","value":1}"#,
        #"{"references":1,"value":1}"#, #"{"value":1"#,
    ])
    func `what is no stored body is refused`(text: String) {
        #expect(throws: (any Error).self) { try SettingBody(stored: Array(text.utf8)) }
    }

    @Test func `a value has at most 256 KiB in canonical form`() throws {
        let longest = String(repeating: "v", count: Limits.valueBytes - 2)
        #expect(refusal(.string(longest)) == nil)
        let problem = try #require(refusal(.string(longest + "v")))
        #expect(problem.code == .invalidChange)
        #expect(problem.detail == "The value has 262145 bytes; a value has at most 262144.")
        // Counted as written: an escape is six bytes.
        let escaped = String(repeating: "\u{1}", count: (Limits.valueBytes - 2) / 6)
        #expect(refusal(.string(escaped)) == nil)
        #expect(refusal(.string(escaped + "\u{1}"))?.code == .invalidChange)
    }

    @Test func `a value is nested at most 64 deep`() throws {
        #expect(nested(64).depth == 64)
        #expect(refusal(nested(64)) == nil)
        let problem = try #require(refusal(nested(65)))
        #expect(problem.code == .invalidChange)
        #expect(problem.detail == "The value is nested deeper than 64 levels.")
        #expect(JSONValue.string("x").depth == 0)
        #expect(JSONValue.object([:]).depth == 1)
    }

    @Test func `live references that cannot be read are refused, literal ones are not read`() throws {
        let problem = try #require(refusal(["a", ["b": "${"]]))
        #expect(problem.code == .invalidChange)
        #expect(problem.detail.contains("'${'") && problem.detail.contains("literal"))
        #expect(refusal(["a", ["b": "${"]], .literal) == nil)
    }
}
