import TestSupport
import Testing

@testable import ConfigPlatformModel

@Suite struct ReferenceResolutionTests {
    /// The document of an environment with these settings alone, their references live; the message of the first violation
    /// where it is refused.
    private func resolved(_ settings: [(ConfigKey, JSONValue)]) throws -> String {
        var ledger = try LedgerFixture(environments: "base")
        let operations = try settings.map { try Operation.put($0.0, $0.1, in: "base") }
        if let problem = ledger.refusal(operations) {
            #expect(problem.code == .invalidChange)
            return try #require(problem.violations.first).message
        }
        try ledger.commit(operations)
        return try ledger.document("base")
    }

    // MARK: Meaning

    @Test(
        arguments: [
            (5, "5"), ("s", #""s""#), (true, "true"), (.null, "null"), (1.50, "1.5"), ([1, "x"], #"[1,"x"]"#),
            (["k": [1]], #"{"k":[1]}"#),
        ] as [(JSONValue, String)])
    func `a string that is one whole reference takes the type of what it refers to`(value: JSONValue, text: String)
        throws
    {
        #expect(try resolved([("a", value), ("b", "${a}")]) == #"{"a":\#(text),"b":\#(text)}"#)
        #expect(
            try resolved([("a", value), ("b", ["${a}", ["m": "${a}"]])])
                == #"{"a":\#(text),"b":[\#(text),{"m":\#(text)}]}"#)
        #expect(
            try resolved([("a", value), ("b", "${x:${y:${a}}}")]) == #"{"a":\#(text),"b":\#(text)}"#,
            "one whole reference still, through a default that is one itself")
    }

    @Test func `a reference within a longer text becomes text`() throws {
        #expect(try resolved([("a", "s"), ("b", "<${a}>")]) == #"{"a":"s","b":"<s>"}"#)
        #expect(try resolved([("a", 1.50), ("b", "${a}${a}")]) == #"{"a":1.5,"b":"1.51.5"}"#)
        #expect(
            try resolved([("a", .null), ("b", true), ("c", "${a} ${b}")]) == #"{"a":null,"b":true,"c":"null true"}"#)
        #expect(try resolved([("a", 5), ("b", "${x:${a}s}")]) == #"{"a":5,"b":"5s"}"#)
        #expect(try resolved([("a", ""), ("b", "${a}"), ("c", "${a}${a}")]) == #"{"a":"","b":"","c":""}"#)
    }

    @Test func `a default is text, read only where what is referred to has no value`() throws {
        #expect(try resolved([("b", "${a:5}")]) == #"{"b":"5"}"#)
        #expect(try resolved([("b", "${a:}")]) == #"{"b":""}"#)
        #expect(try resolved([("a", 7), ("b", "${a:${missing}}")]) == #"{"a":7,"b":7}"#)
        #expect(try resolved([("a", .null), ("b", "${a:5}")]) == #"{"a":null,"b":null}"#, "null is a value")
        #expect(try resolved([("a", ""), ("b", "${a:5}")]) == #"{"a":"","b":""}"#, "so is an empty text")
    }

    @Test func `an escaped reference is text, and a literal value stands for itself`() throws {
        #expect(try resolved([("a", 1), ("b", "$${a}"), ("c", "$$${a}")]) == #"{"a":1,"b":"${a}","c":"$${a}"}"#)
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            .put("a", "${x", in: "base", references: .literal), .put("b", "${a}", in: "base"),
            .put("c", "$${z}", in: "base", references: .literal),
            .put("d", "${c}!", in: "base"))
        #expect(try ledger.document("base") == ##"{"a":"${x","b":"${x","c":"$${z}","d":"$${z}!"}"##)
    }

    @Test func `names of members are not references`() throws {
        #expect(try resolved([("a", 1), ("b", ["${a}": "${a}"])]) == ##"{"a":1,"b":{"${a}":1}}"##)
    }

    @Test func `references follow one another`() throws {
        #expect(
            try resolved([("a", "${b}"), ("b", "${c}!"), ("c", "${d}"), ("d", 1)])
                == #"{"a":"1!","b":"1!","c":1,"d":1}"#)
    }

    @Test func `a reference reads what the reading environment reads, defaults and masks included`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            .put("host", "localhost", in: "base"), .put("url", "http://${host}:${port:80}/", in: "base"),
            .environment("prod", inherits: ["base"]),
            .environment("edge", inherits: ["prod"]))
        #expect(try ledger.document("prod") == #"{"host":"localhost","url":"http://localhost:80/"}"#)
        try ledger.commit(.put("host", "shop.example", in: "prod"), .put("port", 8080, in: "edge"))
        #expect(try ledger.document("base") == #"{"host":"localhost","url":"http://localhost:80/"}"#)
        #expect(try ledger.document("prod") == #"{"host":"shop.example","url":"http://shop.example:80/"}"#)
        #expect(
            try ledger.document("edge") == #"{"host":"shop.example","port":8080,"url":"http://shop.example:8080/"}"#)
        let problem = try #require(ledger.refusal(.unset("host", in: "prod")))
        #expect(Set(problem.violations.compactMap(\.environment)) == ["prod", "edge"])
        try ledger.commit(.unset("port", in: "edge"))
        #expect(try ledger.document("edge") == #"{"host":"shop.example","url":"http://shop.example:80/"}"#)
    }

    // MARK: Refusals

    @Test func `a circle is refused with its keys, whatever the defaults`() throws {
        #expect(try resolved([("a", "${a}")]) == "The references of 'a' go round in a circle: a → a.")
        #expect(
            try resolved([("a", "${b:1}"), ("b", "x${c}"), ("c", ["${a}"])])
                == "The references of 'a' go round in a circle: a → b → c → a.")
        #expect(
            try resolved([("a", "${b}"), ("b", "${c}"), ("c", "${b}")])
                == "The references of 'a' go round in a circle: b → c → b.")
        #expect(try resolved([("a", "${z:${a}}")]) == "The references of 'a' go round in a circle: a → a.")
    }

    @Test func `a reference to nothing is refused with what to do`() throws {
        #expect(
            try resolved([("a", "${b.c}")])
                == "'a' refers to 'b.c', which has no value here. Set it, or give a default: ${b.c:default}.")
        #expect(
            try resolved([("a", "${b}"), ("b.c", 1)])
                == "'a' refers to 'b', which has no value here: settings lie below it, such as 'b.c'. Refer to one of them, or give a default: ${b:default}.",
            "a group of keys has no value")
        #expect(
            try resolved([("a", "${b.c}"), ("b", ["c": 1])])
                == "'a' refers to 'b.c', which has no value here: 'b' has one, as a whole. Refer to that, as ${b}, or give a default: ${b.c:default}.",
            "nor has a member")
    }

    @Test func `a list or an object inside a longer text is refused`() throws {
        for value in [[1], ["k": 1]] as [JSONValue] {
            #expect(
                try resolved([("a", value), ("b", "x${a}")])
                    == "'b' puts 'a', a list or an object, inside a longer text; refer to it alone.")
        }
        #expect(try resolved([("a", [1]), ("b", "x${y:${a}}")]).contains("inside a longer text"))
    }

    @Test func `every violation in every environment that would read the change is listed`() throws {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            .environment("eu", inherits: ["base"]), .environment("us", inherits: ["base"]), .put("b", 1, in: "us"))
        let problem = try #require(
            ledger.refusal(
                .put("a", "${b}", in: "base"), .put("c", "${d}", in: "base"), .put("e", "${f:1}", in: "base")))
        #expect(
            problem.violations.map { "\($0.environment?.rawValue ?? "") \($0.key ?? "") \($0.keyword ?? "")" }
                == ["base a reference", "base c reference", "eu a reference", "eu c reference", "us c reference"])
        #expect(problem.detail.hasPrefix("In 'base': 'a' refers to 'b'") && problem.detail.hasSuffix("(and 4 more)"))
    }

    // MARK: Limits

    /// Keys `names[0]` → `names[1]` → …, the last of them a number.
    private func chain(_ names: [String]) throws -> [(ConfigKey, JSONValue)] {
        try names.enumerated().map { index, name in
            (try ConfigKey(parsing: name), index + 1 < names.count ? .string("${\(names[index + 1])}") : 1)
        }
    }

    @Test func `at most 32 references follow one another, whichever key is asked for first`() throws {
        try SeededGenerator.runs(12) { random in
            let names = (100..<134).map { "k\($0)" }.shuffled(using: &random)
            let (most, beyond) = (try resolved(chain(Array(names.prefix(33)))), try resolved(chain(names)))
            #expect(most.hasPrefix("{"), "\(random)")
            #expect(beyond.hasSuffix("follow one another more than 32 deep."), "\(random)")
        }
        let ascending = (100..<133).map { "k\($0)" }
        #expect(try resolved(chain(ascending)).hasPrefix("{"))
        #expect(try resolved(chain(ascending.reversed())).hasPrefix("{"))
    }

    @Test func `the longest way counts where several lead to one value`() throws {
        let names = (100..<133).map { "k\($0)" }
        // The first also refers straight to the last, which is then known before the long way reaches it.
        var settings = try chain(names)
        settings[0].1 = "${k132}${k101}"
        #expect(try resolved(settings).hasPrefix("{"))
        settings.append(("a", "${k132}${k100}"))
        #expect(try resolved(settings).hasSuffix("more than 32 deep."))
    }

    @Test func `a few small texts cannot refer themselves into a huge one`() throws {
        let laughs = try (0..<30).map { level in
            (
                try ConfigKey(parsing: "l\(100 + level)"),
                JSONValue.string(level == 0 ? "ha" : String(repeating: "${l\(99 + level)}", count: 10))
            )
        }
        let message = try resolved(laughs)
        #expect(message.contains("larger than 1048576 bytes (a value)") && message.contains("'l106'"), "\(message)")
        let lists = try (0..<30).map { level in
            (
                try ConfigKey(parsing: "l\(100 + level)"),
                JSONValue.array(Array(repeating: level == 0 ? "ha" : .string("${l\(99 + level)}"), count: 10))
            )
        }
        #expect(try resolved(lists).contains("larger than 1048576 bytes (a value)"))
    }

    /// Long enough that four fill a rendered value but for six bytes.
    private static let quarter = JSONValue.string(String(repeating: "q", count: Limits.valueBytes - 2))

    @Test func `a rendered value has at most 1 MiB in canonical form`() throws {
        let four = "${q}${q}${q}${q}"
        #expect(try resolved([("q", Self.quarter), ("r", .string(four + "123456"))]).hasPrefix("{"))
        #expect(try resolved([("q", Self.quarter), ("r", .string(four + "1234567"))]).contains("larger than"))
        #expect(
            try resolved([("q", Self.quarter), ("r", .string(four + "12345\n"))]).contains("larger than"),
            "an escape counts as written")
        #expect(
            try resolved([("q", Self.quarter), ("r", ["${q}", "${q}", "${q}", "${q:x}"])]).contains("larger than"),
            "so do commas and brackets")
        #expect(try resolved([("q", Self.quarter), ("r", ["${q}", "${q}", "${q}"])]).hasPrefix("{"))
    }

    @Test func `the rendered values of a document have at most 32 MiB together`() throws {
        let settings = try (0..<32).map { number in
            (try ConfigKey(parsing: "r\(number)"), JSONValue.string("${q}${q}${q}${q}"))
        }
        #expect(try resolved([("q", Self.quarter)] + settings).hasPrefix("{"))
        let more = JSONValue.string("${t:and some}" + String(repeating: "s", count: 300))
        #expect(try resolved([("q", Self.quarter), ("s", more)] + settings).contains("larger than"))
    }

    @Test func `a rendered value is nested at most 64 deep`() throws {
        func nested(_ depth: Int, _ inner: JSONValue) -> JSONValue { (0..<depth).reduce(inner) { value, _ in [value] } }
        #expect(try resolved([("a", nested(32, "${b}")), ("b", nested(32, 1))]).hasPrefix("{"))
        #expect(
            try resolved([("a", nested(32, "${b}")), ("b", nested(33, 1))])
                == "The value of 'a' is nested deeper than 64 levels once its references are resolved.")
    }
}
