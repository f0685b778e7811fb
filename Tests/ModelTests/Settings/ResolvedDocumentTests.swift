import TestSupport
import Testing

@testable import ConfigPlatformModel

@Suite struct ResolvedDocumentTests {
    private func environment(_ settings: [(ConfigKey, JSONValue)]) throws -> ResolvedEnvironment {
        let own = try settings.map { key, value in
            StoredSetting(
                key: key, environment: "base", revision: 1, body: try SettingBody(value, references: .literal))
        }
        let state = EnvironmentState(
            name: "base", body: try EnvironmentBody(), revision: 1,
            own: SettingIndex(sorted: own.sorted { $0.key < $1.key }))
        return ResolvedEnvironment(name: "base", layers: [state], predecessor: nil, touched: [])
    }

    private func document(_ settings: [(ConfigKey, JSONValue)]) throws -> String {
        String(decoding: try environment(settings).document.bytes, as: UTF8.self)
    }

    @Test func `a document nests by segment`() throws {
        #expect(try document([]) == "{}")
        #expect(try document([("a", 1)]) == #"{"a":1}"#)
        #expect(
            try document([("a.b.c", 1), ("a.b.d", 2), ("a.e", 3), ("f.g.h", 4), ("i", 5)])
                == #"{"a":{"b":{"c":1,"d":2},"e":3},"f":{"g":{"h":4}},"i":5}"#)
        #expect(
            try document([("a.b.c.d", 1), ("e.b.c.d", 2)]) == #"{"a":{"b":{"c":{"d":1}}},"e":{"b":{"c":{"d":2}}}}"#)
        #expect(try document([("a", ["b": 1]), ("c", [])]) == #"{"a":{"b":1},"c":[]}"#)
    }

    @Test func `any segment is a member's name, the empty one too`() throws {
        #expect(
            try document([
                ("\"\"", 1), ("a.\"\"", 2), ("b.\"x.y\"", 3), ("b.\"\\\"\\\\\"", 4), ("\"é\".\"\u{1F600}\"", 5),
            ])
                == ##"{"":1,"a":{"":2},"b":{"\"\\":4,"x.y":3},"é":{"😀":5}}"##)
        #expect(try document([("\"\".\"\".\"\"", 1), ("\"\".\"\".a", 2)]) == #"{"":{"":{"":1,"a":2}}}"#)
    }

    @Test func `names that begin alike are members side by side`() throws {
        #expect(
            try document([("a.b", 1), ("a-b.c", 2), ("ab", 3), ("a.bc.d", 4), ("a.\"b \".d", 5), ("abc.d", 6)])
                == #"{"a":{"b":1,"b ":{"d":5},"bc":{"d":4}},"a-b":{"c":2},"ab":3,"abc":{"d":6}}"#)
    }

    @Test func `members come in the order of RFC 8785, so that the document is canonical`() throws {
        #expect(
            try document([
                ("\"\u{E000}\"", 1), ("\"\u{10000}\"", 2), ("z", 3), ("\"\u{FFFF}\".a", 4), ("\"\u{10000}x\".a", 5),
            ])
                == "{\"z\":3,\"\u{10000}\":2,\"\u{10000}x\":{\"a\":5},\"\u{E000}\":1,\"\u{FFFF}\":{\"a\":4}}")
    }

    @Test func `two Unicode normalisations of one name are two members`() throws {
        #expect(
            Array(try document([("\"caf\u{E9}\"", 1), ("\"cafe\u{301}\"", 2)]).utf8)
                == Array("{\"cafe\u{301}\":2,\"caf\u{E9}\":1}".utf8))
    }

    @Test func `any settings make the document that nesting them one by one makes`() throws {
        let pieces = ["a", "b", "\"", "\\", "", ".", "é", "e\u{301}", "\u{10000}", "\u{E000}", "-"]
        try SeededGenerator.runs(200) { random in
            var keys: Set<ConfigKey> = []
            for _ in 0..<random.int(in: 0...30) {
                let segments = (0..<random.int(in: 1...4)).map { _ in
                    random.element(of: pieces) + random.element(of: pieces)
                }
                let key = try ConfigKey(segments: segments)
                if keys.contains(where: { $0.isStrictPrefix(of: key) || key.isStrictPrefix(of: $0) }) { continue }
                keys.insert(key)
            }
            var nested = JSONValue.object([:])
            let settings = keys.map { ($0, RandomJSON.value(&random, depth: 2)) }
            for (key, value) in settings { nested = nesting(value, under: key.segments[...], in: nested) }
            let document = try environment(settings).document
            #expect(document.bytes == nested.canonicalBytes(), "\(random)")
            #expect(document.digest == Digest.of(document.bytes))
            #expect(document.entityTag == "\"\(document.digest.hexadecimal.prefix(32))\"")
        }
    }

    private func nesting(_ value: JSONValue, under path: ArraySlice<String>, in document: JSONValue?) -> JSONValue {
        guard let name = path.first else { return value }
        var members = document?.objectValue ?? JSONObject()
        members[name] = nesting(value, under: path.dropFirst(), in: members[name])
        return .object(members)
    }

    @Test func `the room reckoned for a document holds the widest keys there are`() throws {
        let widest = [
            String(repeating: "\"\".", count: 31) + "\"\"", "\"" + String(repeating: "\\\"", count: 255) + "\"",
            "\"" + String(repeating: "\\\\", count: 254) + "\".a", String(repeating: "k", count: 512),
            (0..<32).map { "\"\(String(repeating: "\\\"", count: 6))\($0 < 10 ? 0 : 1)\"" }.joined(separator: "."),
        ]
        for text in widest {
            let key = ConfigKey(stringLiteral: text)
            #expect(try document([(key, 1)]) == nesting(1, under: key.segments[...], in: nil).canonicalText)
        }
    }

    @Test func `a prefix conflict is found by every way of asking`() throws {
        try SeededGenerator.runs(200) { random in
            let pieces = ["a", "b", "\"\"", "\"a b\"", "\"\u{10000}\"", "\"\u{FFFF}\""]
            var keys: Set<ConfigKey> = []
            for _ in 0..<random.int(in: 1...8) {
                keys.insert(
                    ConfigKey(
                        stringLiteral: (0..<random.int(in: 1...3)).map { _ in random.element(of: pieces) }.joined(
                            separator: ".")))
            }
            let contents = try environment(keys.map { ($0, 1) }).contents
            let below = keys.filter { key in keys.contains { $0.isStrictPrefix(of: key) } }
            let conflicts = contents.prefixConflicts()
            #expect(conflicts.map(\.below) == below.sorted(), "\(random)")
            for conflict in conflicts {
                let nearest = keys.filter { $0.isStrictPrefix(of: conflict.below) }.max {
                    $0.segments.count < $1.segments.count
                }
                #expect(conflict.above == nearest, "\(random)")
            }
            for key in keys {
                let expected = keys.contains { $0.isStrictPrefix(of: key) || key.isStrictPrefix(of: $0) }
                #expect(contents.hasPrefixConflict(at: key) == expected, "\(random)")
            }
            #expect(!contents.hasPrefixConflict(at: "absent"))
        }
    }
}
