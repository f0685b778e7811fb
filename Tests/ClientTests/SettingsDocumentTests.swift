import TestSupport
import Testing

@testable import ConfigPlatformClient
@testable import ConfigPlatformModel

@Suite struct SettingsDocumentTests {
    private func document(_ text: String) throws -> SettingsDocument {
        try #require(SettingsDocument(JSONValue(parsing: text)))
    }

    private func applying(_ changes: [(String, JSONValue?)], to text: String) throws -> String {
        let alterations = try changes.map {
            SettingsDocument.Alteration(key: try ConfigKey(parsing: $0.0), value: $0.1)
        }
        return String(decoding: try document(text).applying(alterations).bytes, as: UTF8.self)
    }

    @Test func `a new value makes the objects that lead to it`() throws {
        #expect(try applying([("a.b.c", 1)], to: "{}") == #"{"a":{"b":{"c":1}}}"#)
        #expect(try applying([("a.d", 2)], to: #"{"a":{"b":1}}"#) == #"{"a":{"b":1,"d":2}}"#)
    }

    @Test func `a removal takes the objects with it that it leaves empty`() throws {
        #expect(try applying([("a.b.c", .none)], to: #"{"a":{"b":{"c":1}},"x":1}"#) == #"{"x":1}"#)
        #expect(try applying([("a.b", .none)], to: #"{"a":{"b":1,"d":2}}"#) == #"{"a":{"d":2}}"#)
    }

    @Test func `an empty object that is a value stays`() throws {
        #expect(try applying([("a.b", .none)], to: #"{"a":{"b":1,"c":{}}}"#) == #"{"a":{"c":{}}}"#)
    }

    @Test func `a setting gives way to settings below it, and they to it`() throws {
        #expect(try applying([("a", .none), ("a.b", 1)], to: #"{"a":5}"#) == #"{"a":{"b":1}}"#)
        #expect(try applying([("a", 5), ("a.b", .none)], to: #"{"a":{"b":1}}"#) == #"{"a":5}"#)
    }

    @Test func `null is a value`() throws {
        #expect(try applying([("a", .some(.null))], to: "{}") == #"{"a":null}"#)
    }

    @Test func `quoted segments are one step`() throws {
        #expect(try applying([("a.\"b.c\"", 1)], to: "{}") == #"{"a":{"b.c":1}}"#)
    }

    @Test func `differences name the deepest keys that differ`() throws {
        func differences(_ a: String, _ b: String) throws -> [String] {
            SettingsDocument.differences(try document(a), try document(b)).map { SettingsSnapshot.text(of: $0) }
        }
        #expect(try differences(#"{"a":1}"#, #"{"a":1.0}"#) == [])
        #expect(try differences(#"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":1,"c":3},"d":4}"#) == ["a.c", "d"])
        #expect(try differences(#"{"a":{"b":1,"c":2}}"#, "{}") == ["a.b", "a.c"])
        #expect(try differences(#"{"a":{"b":1}}"#, #"{"a":5}"#) == ["a"])
        #expect(try differences("{}", #"{"a":{}}"#) == ["a"])
    }

    @Test func `changes applied one by one lead to what the settings nest to`() throws {
        let names = ["a", "b", "c", "é", "e\u{301}", "x y"]
        try SeededGenerator.runs(200) { random in
            var settings: [ConfigKey: JSONValue] = [:]
            var document = SettingsDocument.empty
            for _ in 0..<30 {
                var alterations: [ConfigKey: JSONValue?] = [:]
                for _ in 0..<random.int(in: 1...4) {
                    let key = try ConfigKey(
                        segments: (0..<random.int(in: 1...3)).map { _ in random.element(of: names) })
                    guard alterations[key] == nil else { continue }
                    if settings[key] != nil, random.chance(oneIn: 2) {
                        settings[key] = .none
                        alterations[key] = .some(.none)
                        continue
                    }
                    // No key is a strict prefix of another: what stands in the way is removed by the same change.
                    for other in settings.keys where other.isStrictPrefix(of: key) || key.isStrictPrefix(of: other) {
                        settings[other] = .none
                        alterations[other] = .some(.none)
                    }
                    let value = JSONValue.int(random.int(in: 0...9))
                    settings[key] = value
                    alterations[key] = .some(.some(value))
                }
                document = document.applying(
                    alterations.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value) })
                #expect(document == nested(settings), "\(random)")
            }
        }
    }

    /// Straight from the definition: every setting into nested objects.
    private func nested(_ settings: [ConfigKey: JSONValue]) -> SettingsDocument {
        func object(_ entries: [(path: [String], value: JSONValue)]) -> JSONObject {
            var result = JSONObject()
            for entry in entries where entry.path.count == 1 { result[entry.path[0]] = entry.value }
            for entry in entries where entry.path.count > 1 {
                let rest = entries.filter { $0.path.count > 1 && $0.path[0].hasSameBytes(as: entry.path[0]) }
                result[entry.path[0]] = .object(object(rest.map { (Array($0.path.dropFirst()), $0.value) }))
            }
            return result
        }
        return SettingsDocument(root: object(settings.map { ($0.key.segments, $0.value) }))
    }
}

@Suite struct SettingsSnapshotTests {
    private func snapshot(_ text: String) throws -> SettingsSnapshot {
        SettingsSnapshot(
            Followed(
                try #require(SettingsDocument(JSONValue(parsing: text))),
                of: try FollowedPlace(server: "https://cfg.example.org", project: "shop", environment: "production"),
                source: .platform, token: nil, entityTag: "\"x\""))
    }

    private let text = #"""
        {"checkout":{"timeout":2500,"ratio":0.5,"currencies":["EUR","USD"],"limits":{"a":1}},"name":"shop","on":true,"a.b":{"c":1},"none":null,"big":12345678901234567890}
        """#

    @Test func `each type reads its own values`() throws {
        let settings = try snapshot(text)
        #expect(try settings.string("name") == "shop")
        #expect(try settings.int("checkout.timeout") == 2500)
        #expect(try settings.double("checkout.ratio") == 0.5)
        #expect(try settings.double("checkout.timeout") == 2500)
        #expect(try settings.bool("on"))
        #expect(try settings.array("checkout.currencies").map(\.string) == ["EUR", "USD"])
        #expect(try settings.object("checkout.limits")["a"]?.int == 1)
        #expect(try settings.int("\"a.b\".c") == 1)
        #expect(try settings.value("none").isNull)
    }

    @Test func `a missing setting and one of another type are told apart`() throws {
        let settings = try snapshot(text)
        #expect(throws: SettingError.missing(key: "nope", environment: "production")) { try settings.string("nope") }
        #expect(throws: SettingError.wrongType(key: "name", expected: "an integer", found: "a string")) {
            try settings.int("name")
        }
        #expect(throws: SettingError.wrongType(key: "big", expected: "an integer", found: "a number")) {
            try settings.int("big")
        }
        #expect(throws: SettingError.self) { try settings.string("\"unclosed") }
        #expect(throws: SettingError.missing(key: "name.x", environment: "production")) {
            try settings.string("name.x")
        }
    }

    @Test func `a default answers for what is missing and for what is of another type`() throws {
        let settings = try snapshot(text)
        #expect(settings.int("nope", default: 7) == 7)
        #expect(settings.int("name", default: 7) == 7)
        #expect(settings.string("name", default: "x") == "shop")
        #expect(settings.bool("on", default: false))
        #expect(settings.array("nope", default: []).isEmpty)
        #expect(settings.object("name", default: [:]).isEmpty)
        #expect(settings.double("", default: 1.5) == 1.5)
    }

    @Test func `a part of the document decodes as a type`() throws {
        struct Checkout: Decodable, Equatable {
            var timeout: Int
            var ratio: Double
            var currencies: [String]
        }
        let settings = try snapshot(text)
        #expect(
            try settings.decode(Checkout.self, at: "checkout")
                == Checkout(timeout: 2500, ratio: 0.5, currencies: ["EUR", "USD"]))
        #expect(try settings.decode(Int.self, at: "checkout.timeout") == 2500)
        #expect(throws: DecodingError.self) { try settings.decode(Checkout.self) }
        #expect(throws: SettingError.self) { try settings.decode(Int.self, at: "nope") }
    }

    @Test func `the keys lead to every value`() throws {
        let settings = try snapshot(text)
        #expect(
            settings.keys == [
                "\"a.b\".c", "big", "checkout.currencies", "checkout.limits.a", "checkout.ratio", "checkout.timeout",
                "name",
                "none", "on",
            ])
        for key in settings.keys { #expect(settings.contains(key)) }
    }

    @Test func `a description never shows a value`() throws {
        #expect(!"\(try snapshot(#"{"a":"canary"}"#))".contains("canary"))
    }
}
