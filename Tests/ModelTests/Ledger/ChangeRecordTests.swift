import Testing

@testable import ConfigPlatformModel

@Suite struct ChangeRecordTests {
    private func record(_ text: String) throws -> ChangeRecord { try ChangeRecord(body: Array(text.utf8)) }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Pinned: a body of version 1 is read and written like this for ever.
    private static let pinned =
        #"{"author":"token:deploy-bot","committedAt":"2026-11-23T06:00:00.000000Z","effects":["#
        + #"{"body":{"description":"é"},"key":"shop","kind":"project"},"#
        + #"{"body":{"inherits":["base"]},"key":"prod@eu","kind":"environment"},"#
        + #"{"key":"old","kind":"environment"},"#
        + #"{"body":{"value":{"n":1.5,"z":null}},"environment":"prod@eu","key":"a.\"b c\"","kind":"setting"},"#
        + #"{"body":{"references":"live","value":"http://${host}/"},"environment":"prod@eu","key":"url","kind":"setting"},"#
        + #"{"body":{"references":"literal","value":"${x}"},"environment":"base","key":"text","kind":"setting"},"#
        + #"{"body":{"unset":true},"environment":"base","key":"mask","kind":"setting"},"#
        + #"{"environment":"base","key":"gone","kind":"setting"},"#
        + #"{"body":{"description":"d","tags":["a","b"]},"key":"url","kind":"setting-definition"}],"#
        + #""message":"raise \"it\"\n","previous":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","#
        + #""project":"shop","revision":2,"source":{"operation":"rollback","toRevision":1},"version":1}"#

    private func example() throws -> ChangeRecord {
        func effect(_ address: ItemAddress, _ body: [UInt8]?) -> Effect { Effect(address: address, body: body) }
        return ChangeRecord(
            revision: 2, project: "shop", author: try Principal(parsing: "token:deploy-bot"),
            committedAt: LedgerFixture.start,
            message: "raise \"it\"\n", source: ["toRevision": 1, "operation": "rollback"],
            effects: [
                effect(.project("shop"), try ProjectBody(description: "é").json.canonicalBytes()),
                effect(
                    .environment("prod@eu", in: "shop"), try EnvironmentBody(inherits: ["base"]).json.canonicalBytes()),
                effect(.environment("old", in: "shop"), nil),
                effect(
                    .setting("a.\"b c\"", in: "prod@eu", of: "shop"),
                    try SettingBody(["z": .null, "n": 1.50], references: .live).bytes),
                effect(
                    .setting("url", in: "prod@eu", of: "shop"),
                    try SettingBody("http://${host}/", references: .live).bytes),
                effect(.setting("text", in: "base", of: "shop"), try SettingBody("${x}", references: .literal).bytes),
                effect(.setting("mask", in: "base", of: "shop"), SettingBody.unset.bytes),
                effect(.setting("gone", in: "base", of: "shop"), nil),
                effect(
                    .settingDefinition("url", in: "shop"),
                    try SettingDefinitionBody(description: "d", tags: ["b", "a"]).json.canonicalBytes()),
            ],
            previousDigest: Digest.of([]))
    }

    @Test func `a change with every kind of effect has the bytes it always had`() throws {
        let record = try example()
        #expect(record.body == bytes(Self.pinned))
        #expect(record.digest.hexadecimal == "f51934f79bf35c2a319eaa938b2761a00066dff376203e38c43ac42ce5c0d44d")
        #expect(record.token.text == "2-f51934f79bf35c2a")
        #expect(try JSONValue(parsing: Self.pinned).canonicalText == Self.pinned)
    }

    @Test func `the first change of a ledger has the bytes it always had`() throws {
        let record = ChangeRecord(
            revision: 1, project: "shop", author: .system, committedAt: Timestamp(microseconds: 0), message: "",
            source: nil,
            effects: [Effect(address: .project("shop"), body: Array("{}".utf8))], previousDigest: .zero)
        #expect(
            record.body
                == bytes(
                    #"{"author":"system","committedAt":"1970-01-01T00:00:00.000000Z","effects":[{"body":{},"key":"shop","kind":"project"}],"#
                        + #""message":"","previous":"0000000000000000000000000000000000000000000000000000000000000000","#
                        + #""project":"shop","revision":1,"version":1}"#))
        #expect(record.digest.hexadecimal == "20e4195713b3ae305e327939472426114cd444a4013cdbcf8bb0eb9a133a1b97")
    }

    @Test func `a body is read back as the change it was written from`() throws {
        let record = try record(Self.pinned)
        #expect(try record == example())
        #expect(record.effects == (try example().effects))
        #expect(try ChangeRecord(body: record.body).digest == record.digest)
    }

    @Test func `anything else is refused as a body`() throws {
        let faults: [(String, String)] = [
            ("\"version\":1", "\"version\":2"), (",\"version\":1", ""), ("\"revision\":2", "\"revision\":-2"),
            ("\"revision\":2", "\"revision\":\"2\""),
            ("\"project\":\"shop\"", "\"project\":\"Shop\""), ("\"author\":\"token:deploy-bot\"", "\"author\":\"\""),
            ("2026-11-23T06", "2026-11-31T06"), ("\"previous\":\"e3", "\"previous\":\"E3"),
            ("\"kind\":\"project\"", "\"kind\":\"projects\""),
            ("\"environment\":\"base\"", "\"environment\":\"\""), ("\"environment\":\"base\"", "\"environment\":1"),
            (",\"kind\":\"setting\"", ""),
            ("\"key\":\"gone\",", ""), ("\"effects\":[", "\"effects\":1,\"x\":["),
            ("\"message\":\"raise", "\"note\":\"raise"),
        ]
        for (old, new) in faults {
            let text = Self.pinned.replacing(old, with: new, maxReplacements: 1)
            #expect(text != Self.pinned)
            #expect(throws: (any Error).self, "\(new)") { try record(text) }
        }
        for text in ["", "[]", "1", "{}", Self.pinned + " x"] {
            #expect(throws: (any Error).self, "\(text)") { try record(text) }
        }
    }

    @Test func `an address is written as project, environment, kind and key, and is itself by its bytes`() throws {
        let address = ItemAddress.setting("a.\"b c\"", in: "prod@eu", of: "shop")
        #expect(address.description == "shop/prod@eu/setting/a.\"b c\"")
        #expect(ItemAddress.project("shop").description == "shop//project/shop")
        #expect(address.shown == "shop/prod@eu/setting/a.\"b c\"")
        #expect(ItemAddress.project("shop").shown == "shop/project/shop")
        #expect(ItemAddress.environment("base", in: "shop").shown == "shop/environment/base")
        #expect(
            ItemAddress(project: .platform, environment: nil, kind: .role, key: "sre").shown == "role/sre",
            "nobody knows the platform by its name in the ledger")
        let (precomposed, decomposed) = ("\"caf\u{E9}\"" as ConfigKey, "\"cafe\u{301}\"" as ConfigKey)
        let addresses: Set<ItemAddress> = [
            .setting(precomposed, in: "base", of: "shop"), .setting(decomposed, in: "base", of: "shop"),
            .setting(precomposed, in: "prod", of: "shop"),
            .setting(precomposed, in: "base", of: "other"), .settingDefinition(precomposed, in: "shop"),
            .setting(precomposed, in: "base", of: "shop"),
        ]
        #expect(addresses.count == 5)
        #expect(
            Kind.allCases.map(\.rawValue) == [
                "project", "environment", "setting", "setting-definition", "schema", "validator", "role", "binding",
                "group",
                "identity", "issuer", "protection", "change-request", "flag", "segment", "flag-rule", "flag-rollout",
                "flag-kill", "kill-hook",
            ])
        #expect(
            Kind.allCases.filter(\.isEnvironmental) == [
                .setting, .protection, .flagRule, .flagRollout, .flagKill, .killHook,
            ])
    }
}
