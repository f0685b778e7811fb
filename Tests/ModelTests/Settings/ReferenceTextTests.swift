import TestSupport
import Testing

@testable import ConfigPlatformModel

@Suite struct ReferenceTextTests {
    private typealias Part = ReferenceText.Part

    private func parse(_ text: String) -> Result<[Part], ReferenceText.Malformed> {
        Result { () throws(ReferenceText.Malformed) in try ReferenceText.parse(text) }
    }

    private static func reference(_ key: String, _ fallback: [Part]? = nil) throws -> Part {
        .reference(try ConfigKey(parsing: key), default: fallback)
    }

    @Test func `references are read with their defaults`() throws {
        let cases: [(String, [Part])] = [
            ("", []), ("a", [.text("a")]), ("$", [.text("$")]), ("$a {b}", [.text("$a {b}")]), ("}", [.text("}")]),
            ("$$", [.text("$$")]),
            ("${a}", [try Self.reference("a")]), ("${a.b}", [try Self.reference("a.b")]),
            ("x${a}y${b}z", [.text("x"), try Self.reference("a"), .text("y"), try Self.reference("b"), .text("z")]),
            ("${a}${a}", [try Self.reference("a"), try Self.reference("a")]),
            ("${a}}", [try Self.reference("a"), .text("}")]),
            ("${a:}", [try Self.reference("a", [])]), ("${a:b}", [try Self.reference("a", [.text("b")])]),
            ("${a: b:c }", [try Self.reference("a", [.text(" b:c ")])]),
            ("${a:${b}}", [try Self.reference("a", [try Self.reference("b")])]),
            (
                "${a:x${b:y}z}w",
                [try Self.reference("a", [.text("x"), try Self.reference("b", [.text("y")]), .text("z")]), .text("w")]
            ),
            ("${\"a b\"}", [try Self.reference("\"a b\"")]),
            ("${\"}\".c:d}", [try Self.reference("\"}\".c", [.text("d")])]),
            ("${\"a:b\"}", [try Self.reference("\"a:b\"")]), ("${\"a\"}", [try Self.reference("a")]),
            ("$${a}", [.text("${a}")]), ("$$${a}", [.text("$${a}")]), ("$${", [.text("${")]),
            ("a$${b}${c}", [.text("a${b}"), try Self.reference("c")]),
            ("${a:$${b}", [try Self.reference("a", [.text("${b")])]),
            ("é${a}\u{1F600}", [.text("é"), try Self.reference("a"), .text("\u{1F600}")]),
            ("${a:{}", [try Self.reference("a", [.text("{")])]), ("${a:$}", [try Self.reference("a", [.text("$")])]),
        ]
        for (text, parts) in cases { #expect(parse(text) == .success(parts), "\(text)") }
    }

    @Test(arguments: [
        ("${", "'${' does not name a key"), ("${}", "'${}' does not name a key"), ("${:a}", "does not name a key"),
        ("${ a}", "does not name a key"), ("${a }", "does not name a key"), ("${a b}", "does not name a key"),
        ("${a..b}", "does not name a key"), ("${a.}", "does not name a key"), ("${é}", "does not name a key"),
        ("${a/b}", "does not name a key"),
        ("${\"a}", "does not name a key"), ("${a", "'${a' is not closed with '}'"), ("x ${a", "'${a' is not closed"),
        ("${a:b", "is not closed with '}'"),
        ("${a:${b}", "'${a:${b}' is not closed"), ("${a:${b", "'${b' is not closed"), ("${a\n}", "does not name a key"),
        ("${a[0]}", "does not name a key"),
    ])
    func `a reference that cannot be read is refused with what it lacks and how to mend it`(
        text: String, reason: String
    ) throws {
        guard case .failure(let fault) = parse(text) else {
            Issue.record("\(text) was read")
            return
        }
        #expect(fault.message.contains(reason), "\(fault.message)")
        #expect(
            fault.message.hasSuffix(
                "Write ${key} or ${key:default}, $${ for a literal ${, or store the value with literal references."))
    }

    @Test func `a key beyond the limits of keys is refused in a reference too`() {
        #expect((try? parse("${" + String(repeating: "k", count: 512) + "}").get())?.count == 1)
        #expect((try? parse("${" + String(repeating: "k", count: 513) + "}").get()) == nil)
        #expect((try? parse("${" + Array(repeating: "s", count: 33).joined(separator: ".") + "}").get()) == nil)
    }

    @Test func `defaults are nested at most 8 deep`() throws {
        func nested(_ depth: Int) -> String { (0..<depth).reduce("x") { text, _ in "${a:\(text)}" } }
        #expect((try? parse(nested(8)).get()) != nil)
        guard case .failure(let fault) = parse(nested(9)) else {
            Issue.record("nine were read")
            return
        }
        #expect(fault.message == "References are nested in defaults more than 8 deep.")
        guard case .failure = parse(nested(1_000)) else {
            Issue.record("a thousand were read")
            return
        }
    }

    @Test func `an escaped text reads as itself`() throws {
        try SeededGenerator.runs(400) { random in
            let text = (0..<random.int(in: 0...9)).map { _ in random.element(of: ["$", "$", "{", "}", "a", ":", "é"]) }
                .joined()
            let expected: [Part] = text.isEmpty ? [] : [.text(text)]
            let read = try ReferenceText.parse(ReferenceText.escaped(text))
            #expect(read == expected, "\(random)")
            let isEscaped = !text.utf8.elementsEqual(ReferenceText.escaped(text).utf8)
            #expect(ReferenceText.mayOccur(in: text) == isEscaped, "\(random)")
        }
    }

    @Test func `parts written out again read as the same parts`() throws {
        try SeededGenerator.runs(300) { random in
            let parts = randomParts(&random, depth: 3)
            let text = parts.map { written($0, insideDefault: false) }.joined()
            let read = try ReferenceText.parse(text)
            #expect(read == parts, "\(random): \(text)")
            guard text.contains("${") else { return }
            #expect(ReferenceText.keys(in: ["x", ["y": .string(text)]]) == keys(parts), "\(random): \(text)")
        }
    }

    private func randomParts(_ random: inout SeededGenerator, depth: Int) -> [Part] {
        var parts: [Part] = []
        for _ in 0..<random.int(in: 0...3) {
            if random.chance(oneIn: 2),
                let key = try? ConfigKey(parsing: random.element(of: ["a", "b.c", "\"}\"", "\"$\".d"]))
            {
                let fallback = depth > 0 && random.chance(oneIn: 2) ? randomParts(&random, depth: depth - 1) : nil
                parts.append(.reference(key, default: fallback))
            } else if case .text? = parts.last {
                continue
            } else {
                parts.append(.text(random.element(of: ["x", "${", "${y", "é ", ": {"])))
            }
        }
        return parts
    }

    private func written(_ part: Part, insideDefault: Bool) -> String {
        switch part {
        case .text(let text): ReferenceText.escaped(text)
        case .reference(let key, nil): "${\(key)}"
        case .reference(let key, let fallback?):
            "${\(key):\(fallback.map { written($0, insideDefault: true) }.joined())}"
        }
    }

    private func keys(_ parts: [Part]) -> Set<ConfigKey> {
        parts.reduce(into: []) { keys, part in
            guard case .reference(let key, let fallback) = part else { return }
            keys.insert(key)
            keys.formUnion(self.keys(fallback ?? []))
        }
    }
}
