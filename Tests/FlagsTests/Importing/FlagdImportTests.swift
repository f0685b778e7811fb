import ExactJSON
import TestSupport
import Testing

@testable import ConfigPlatformFlags

@Suite("Imports from flagd")
struct FlagdImportTests {
    @Test func `state, default variant and targeting become the rule, the rest what the flag is`() throws {
        let taken = try Imported(
            .flagd,
            """
            { "$schema": "https://flagd.dev/schema/v0/flags.json",
              "metadata": {"team": "shop", "level": 1},
              "flags": {
                "banner": { "state": "ENABLED", "description": "Shows it", "variants": {"on": true, "off": false}, "defaultVariant": "off",
                  "metadata": {"level": 2},
                  "targeting": {"if": [{"in": [{"var": "country"}, ["DE", "AT"]]}, "on"]} },
                "limit": { "state": "DISABLED", "variants": {"few": 1, "many": 2.5}, "defaultVariant": null } } }
            """)
        #expect(
            try taken.flag("banner") == [
                "type": "boolean", "description": "Shows it", "variants": ["on": true, "off": false],
                "metadata": ["team": "shop", "level": 2],
            ])
        #expect(
            try taken.rule("banner") == [
                "defaultVariant": "off",
                "rules": [
                    ["serve": "on", "when": [["attribute": "country", "operator": "equals", "values": ["DE", "AT"]]]]
                ],
            ])
        #expect(try taken.flag("limit")?["type"] == "double")
        #expect(try taken.rule("limit") == ["state": "DISABLED", "defaultVariant": .null])
        #expect(taken.flags.notices.map(\.severity) == [.information])
    }

    @Test func `whole numbers that are written with a fraction make a flag of doubles, unless it is one of integers`()
        throws
    {
        let text = """
            {"flags": {"whole": {"state": "ENABLED", "variants": {"zero": 0, "one": 1}},
                       "double": {"state": "ENABLED", "variants": {"zero": 0.0, "one": 1}},
                       "known": {"state": "ENABLED", "variants": {"zero": 0.0, "one": 1.0}}}}
            """
        let order = FlagImportOrder(flag: { key in
            guard key.rawValue == "known" else { return nil }
            let body = try? FlagBody(parsing: ["type": "integer", "variants": ["zero": 0]])
            return body.map { FlagItems(flag: $0, rule: nil) }
        })
        func types(_ text: String) throws -> [String: FlagType] {
            let file = try FlagFormat.flagd.read(
                JSONValue(parsing: text), order, fractions: JSONFractions(in: Array(text.utf8)))
            return Dictionary(uniqueKeysWithValues: file.flags.map { ($0.key.rawValue, $0.value.type) })
        }
        #expect(try types(text) == ["whole": .integer, "double": .double, "known": .integer])
        let list = #"{"flags": [{"key": "double", "state": "ENABLED", "variants": {"zero": 0.0}}]}"#
        #expect(try types(list) == ["double": .double])
    }

    @Test func `flags may be a list, each with its key`() throws {
        let taken = try Imported(
            .flagd,
            """
            {"flags": [ {"key": "a", "state": "ENABLED", "variants": {"x": "1"}, "defaultVariant": "x"}, {"state": "ENABLED"},
                        {"key": "a", "state": "ENABLED", "variants": {"x": "2"}} ]}
            """)
        #expect(taken.value("a", [:]) == "1")
        #expect(taken.flags.notices.map(\.severity) == [.error, .error])
        #expect(taken.flags.notices.map(\.pointer.text) == ["/flags/1", "/flags/2"])
    }

    @Test func `shared rules become segments, under a legal name, and what is no group is written in`() throws {
        let taken = try Imported(
            .flagd,
            """
            { "$evaluators": {
                "email with faas": {"in": ["@faas.com", {"var": "email"}]},
                "beta": {"or": [{"$ref": "email with faas"}, {"===": [{"var": "beta"}, true]}]},
                "half": {"fractional": [["on", 1], ["off", 1]]} },
              "flags": {
                "a": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": {"if": [{"$ref": "beta"}, "on"]}},
                "b": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": {"$ref": "half"}} } }
            """)
        #expect(
            try taken.segment("email-with-faas") == [
                "rules": [["when": [["attribute": "email", "operator": "contains", "values": ["@faas.com"]]]]]
            ])
        #expect(try taken.rule("a")?["rules"] == [["serve": "on", "when": [["segment": "beta"]]]])
        #expect(try taken.rule("b")?["targeting"] == ["fractional": [["on", 1], ["off", 1]]])
        #expect(taken.value("a", ["email": "x@faas.com"]) == true)
        #expect(taken.value("a", ["email": "x@other.com"]) == false)
        #expect(
            taken.said(.information, of: "email with faas") == ["As a segment it is called 'email-with-faas' here."])
        #expect(taken.said(.information, of: "half").count == 1)
    }

    @Test(
        arguments: [
            (#""targeting": {"frobnicate": [1]}"#, "frobnicate"),
            (#""targeting": {"if": [{"$ref": "nowhere"}, "on"]}"#, "nowhere"),
            (#""targeting": {"if": [{"$ref": "segment:nowhere"}, "on"]}"#, "nowhere"),
            (#""targeting": "on""#, "no JsonLogic"),
        ])
    func `a flag whose targeting cannot work is kept disabled, and it is said why`(
        targeting: String, word: String
    ) throws {
        let taken = try Imported(
            .flagd,
            #"{"flags": {"f": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", \#(targeting)}}}"#
        )
        #expect(try taken.rule("f") == ["state": "DISABLED", "defaultVariant": "off"])
        #expect(taken.said(.error, of: "f").count == 1)
        #expect(taken.said(.error, of: "f")[0].contains(word))
    }

    @Test func `targeting that names what is no variant is kept, and so are its errors`() throws {
        let taken = try Imported(
            .flagd,
            #"{"flags": {"f": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": {"if": [{"var": "x"}, "blue", "on"]}}}}"#
        )
        #expect(taken.said(.warning, of: "f").count == 1)
        #expect(taken.said(.warning, of: "f")[0].contains("blue"))
        #expect(taken.value("f", [:]) == true)
        #expect(taken.value("f", ["x": true]) == nil)
    }

    @Test(
        arguments: [
            (#"{"state": "ENABLED", "variants": {"a": 1, "b": "x"}}"#, "different types"),
            (#"{"state": "ENABLED", "variants": {"a": [1]}}"#, "lists"),
            (#"{"state": "ENABLED", "variants": {}}"#, "no variants"),
            (#"{"state": "ENABLED"}"#, "no variants"),
            ("7", "no object"),
        ])
    func `a flag that is none is left out, and the others are kept`(flag: String, word: String) throws {
        let taken = try Imported(
            .flagd,
            #"{"flags": {"bad": \#(flag), "good": {"state": "ENABLED", "variants": {"x": {"y": 1}}, "defaultVariant": "x"}}}"#
        )
        #expect(taken.flags.flags.count == 1)
        #expect(taken.said(.error, of: "bad").count == 1)
        #expect(taken.said(.error, of: "bad").first?.contains(word) == true)
        #expect(taken.value("good", [:]) == ["y": 1])
    }

    @Test func `a default variant that is none leaves callers to their own default, as it did`() throws {
        let taken = try Imported(
            .flagd,
            #"{"flags": {"f": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "blue", "targeting": {"if": [{"===": [{"var": "x"}, 1]}, "on"]}}}}"#
        )
        #expect(taken.value("f", [:]) == nil)
        #expect(taken.value("f", ["x": 1]) == true)
        #expect(taken.said(.error, of: "f").count == 1)
    }

    @Test func `what is optional and cannot be kept is left out, and the flag is not`() throws {
        let taken = try Imported(
            .flagd,
            #"{"colour": 1, "flags": {"f": {"state": "ENABLED", "variants": {"on": true}, "description": 5, "metadata": {"a": [1], "b": 2}, "owner": "me"}}}"#
        )
        #expect(try taken.flag("f") == ["type": "boolean", "variants": ["on": true], "metadata": ["b": 2]])
        #expect(taken.said(.warning, of: "f").count == 2)
        #expect(taken.said(.information, of: nil).contains { $0.contains("colour") })
        #expect(taken.said(.information, of: nil).contains { $0.contains("owner") })
    }

    @Test func `whole numbers stay those of a flag that is known to have doubles`() throws {
        let standing = try FlagBody(parsing: ["type": "double", "variants": ["half": 0.5]])
        let order = FlagImportOrder(flag: { $0.rawValue == "f" ? FlagItems(flag: standing, rule: nil) : nil })
        let text = #"{"flags": {"f": {"state": "ENABLED", "variants": {"one": 1, "two": 2}, "defaultVariant": "one"}}}"#
        #expect(try Imported(.flagd, text, order).flag("f")?["type"] == "double")
        #expect(try Imported(.flagd, text).flag("f")?["type"] == "integer")
    }

    @Test(arguments: ["[]", "{}", #"{"flags": 1}"#, "null"])
    func `a file that is no definition is refused`(text: String) throws {
        #expect(throws: InvalidFlagItem.self) { try Imported(.flagd, text) }
    }

    @Test func `what was imported evaluates the same when it is lowered again`() throws {
        var disabled = 0
        var structured = 0
        try SeededGenerator.runs(3_000) { random in
            var drawing = DefinitionDrawing(random)
            let document = drawing.document()
            let original = try FlagSet(document: document)
            let taken = try FlagFormat.flagd.read(document)
            let again = try FlagSet(document: .object(Imported.document(of: taken)))
            #expect(again.count == original.count, "\(document)")
            for rule in taken.rules.values {
                if case .rules(let rules) = rule.targeting, !rules.isEmpty { structured += 1 }
            }
            for flag in original.sorted {
                let refused = taken.notices.contains { $0.severity == .error && $0.key == flag.key }
                if refused { disabled += 1 }
                for _ in 0..<10 {
                    let context = FlagContext(drawing.context())
                    let before = flag.resolve(context, as: nil, at: 1_790_000_000)
                    let after = again.resolve(flag.key, context, as: nil, at: 1_790_000_000)
                    if refused {
                        #expect(after.variant == nil, "\(flag.key) of \(document)")
                    } else {
                        #expect(
                            after.variant?.name == before.variant?.name && after.variant?.value == before.variant?.value
                                && after.reason == before.reason, "\(flag.key) of \(document) for \(context); \(random)"
                        )
                    }
                }
            }
            // Once more through the file that it comes to.
            let second = try FlagFormat.flagd.read(.object(Imported.document(of: taken)))
            #expect(second.notices.allSatisfy { $0.severity == .information }, "\(second.notices)")
            #expect(second.rules.keys.count == taken.rules.keys.count)
        }
        #expect(disabled > 100)
        #expect(structured > 500)
    }
}

/// Draws definition files: shared rules, splits, what works and what does not.
private struct DefinitionDrawing {
    var random: SeededGenerator

    init(_ random: SeededGenerator) { self.random = random }

    mutating func document() -> JSONValue {
        let evaluators: [(String, JSONValue)] = [
            ("de", ["===": [["var": "country"], "DE"]]),
            ("von & zu", ["starts_with": [["var": "user.name"], "von "]]),
            ("both", ["and": [["$ref": "de"], ["$ref": "von & zu"]]]),
            ("by flag", ["if": [["===": [["var": "$flagd.flagKey"], "flag1"]], "on", "off"]]),
            ("value", ["if": [["$ref": "de"], "on", "off"]]),
        ]
        let flags = (0..<3).map { index -> (String, JSONValue) in
            var flag: JSONObject = [
                "state": random.chance(oneIn: 8) ? "DISABLED" : "ENABLED",
                "variants": random.chance(oneIn: 2)
                    ? ["on": true, "off": false, "true": true] : ["on": 1.5, "off": 0, "true": 7],
                "defaultVariant": random.element(of: ["on", "off", .null]),
            ]
            if !random.chance(oneIn: 4) { flag["targeting"] = targeting(0) }
            return ("flag\(index)", .object(flag))
        }
        return [
            "$evaluators": .object(JSONObject(uniqueMembers: evaluators)),
            "flags": .object(JSONObject(uniqueMembers: flags)),
        ]
    }

    private mutating func targeting(_ depth: Int) -> JSONValue {
        switch random.int(in: 0...(depth < 2 ? 9 : 5)) {
        case 0: return ["fractional": [["on", 30], ["off", 70]]]
        case 1:
            return ["fractional": [["cat": ["seed", ["var": "user.name"]]], ["on", 1], ["off", 1], ["true", 3]]]
        case 2: return ["$ref": .string(random.element(of: ["value", "by flag", "value", "lost"]))]
        case 3 where depth > 0: return random.element(of: ["on", "off", .null, true])
        default:
            var arguments: [JSONValue] = []
            for _ in 0..<random.int(in: 1...2) {
                arguments.append(condition(0))
                arguments.append(
                    random.chance(oneIn: 3) ? targeting(depth + 1) : random.element(of: ["on", "off", "true"]))
            }
            if random.chance(oneIn: 2) { arguments.append(random.element(of: ["off", .null, "on"])) }
            return ["if": .array(arguments)]
        }
    }

    private mutating func condition(_ depth: Int) -> JSONValue {
        let country: JSONValue = ["var": "country"]
        let age: JSONValue = ["var": "age"]
        switch random.int(in: 0...(depth < 2 ? 10 : 7)) {
        case 0: return ["==": [country, "DE"]]
        case 1: return ["in": [country, ["DE", "AT"]]]
        case 2:
            return .object(
                JSONObject(uniqueMembers: [(random.element(of: ["<", "<=", ">", ">="]), .array([age, 18]))]))
        case 3: return ["sem_ver": [["var": "version"], random.element(of: ["^", "~", ">=", "!="]), "1.2.0"]]
        case 4, 5: return ["$ref": .string(random.element(of: ["de", "von & zu", "both"]))]
        case 6: return random.chance(oneIn: 8) ? ["unheard": [1]] : ["ends_with": [["var": "user.name"], "n"]]
        case 7: return ["<": [["%": [age, 3]], 1]]
        case 8: return ["!": [condition(depth + 1)]]
        case 9: return ["and": [condition(depth + 1), condition(depth + 1)]]
        default: return ["or": [condition(depth + 1), condition(depth + 1)]]
        }
    }

    mutating func context() -> JSONObject {
        var context = JSONObject()
        if !random.chance(oneIn: 6) { context["targetingKey"] = .string("u\(random.int(in: 0...99))") }
        if !random.chance(oneIn: 4) { context["country"] = random.element(of: ["DE", "AT", "FR"]) }
        if !random.chance(oneIn: 4) { context["age"] = random.element(of: [17, 18, 19, 21.5, "18"]) }
        if !random.chance(oneIn: 4) {
            context["version"] = random.element(of: ["1.2.0", "1.2.9", "1.9", "0.1.0", "x"])
        }
        if !random.chance(oneIn: 4) {
            context["user"] = ["name": random.element(of: ["von Ahn", "Tan", "von Neumann", "zu"])]
        }
        return context
    }
}
