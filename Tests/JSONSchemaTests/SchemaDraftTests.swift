import ConfigPlatformModel
import JSONSchema
import TestSupport
import Testing

@Suite struct SchemaDraftTests {
    private func draft(_ documents: JSONValue...) -> JSONValue {
        var schema = SchemaDraft(of: documents).schema.objectValue ?? [:]
        schema["$schema"] = nil
        return .object(schema)
    }

    /// What is said of the one member `name` that has each of the values in a document of its own.
    private func member(_ name: String, _ values: JSONValue...) -> JSONValue? {
        SchemaDraft(of: values.map { .object([name: $0]) }).schema["properties"]?[name]
    }

    @Test func `the draft of a small project is what a person would write`() {
        let drafted = SchemaDraft(of: [
            ["server": ["host": "localhost", "port": 8080], "tls": false, "hosts": ["a", "b"]],
            ["server": ["host": "example.com", "port": 443, "backlog": 0.5], "tls": true, "hosts": []],
        ])
        #expect(
            drafted.schema == [
                "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
                "additionalProperties": false, "required": ["hosts", "server", "tls"],
                "properties": [
                    "hosts": ["type": "array", "items": ["type": "string"]],
                    "server": [
                        "type": "object", "additionalProperties": false, "required": ["host", "port"],
                        "properties": [
                            "backlog": ["type": "number"], "host": ["type": "string"],
                            "port": ["type": "integer", "minimum": 1, "maximum": 65535],
                        ],
                    ],
                    "tls": ["type": "boolean"],
                ],
            ])
    }

    @Test func `types are those that were seen, more than one only where more were`() {
        #expect(member("a", 1, 2.0) == ["type": "integer"])
        #expect(member("a", 1, 2.5) == ["type": "number"])
        #expect(member("a", "x", .null) == ["type": ["string", "null"]])
        #expect(member("a", .null) == ["type": "null"])
        #expect(member("a", true, 1, "x", []) == ["type": ["boolean", "integer", "string", "array"]])
        #expect(draft() == [:])
        #expect(draft(1, "a") == ["type": ["integer", "string"]])
    }

    @Test func `a misspelt name is found, one that is missing in places is not required`() throws {
        let schema = try Schema(
            compiling: SchemaDraft(of: [["timeout": 1, "retries": 2], ["timeout": 3]]).schema)
        #expect(schema.isValid(["timeout": 5]))
        #expect(!schema.isValid(["timeuot": 5]))
        #expect(!schema.isValid(["timeout": 5, "retry": 2]))
        #expect(!schema.isValid(["retries": 2]))
    }

    @Test func `the elements of all arrays have one schema, as far as they have members in common`() {
        #expect(
            member("a", [["x": 1]], [["x": 2, "y": "z"], ["x": 3]])
                == [
                    "type": "array",
                    "items": [
                        "type": "object", "additionalProperties": false, "required": ["x"],
                        "properties": ["x": ["type": "integer"], "y": ["type": "string"]],
                    ],
                ])
        #expect(member("a", [], []) == ["type": "array"])
        #expect(member("a", [[1], [2.5]])?["items"] == ["type": "array", "items": ["type": "number"]])
    }

    @Test func `an object that is always empty is left open`() {
        #expect(member("a", [:], [:]) == ["type": "object"])
        #expect(
            member("a", [:], ["b": 1])
                == ["type": "object", "additionalProperties": false, "properties": ["b": ["type": "integer"]]])
    }

    @Test func `three names or more that differ from document to document are a map`() {
        #expect(
            member("tenants", ["acme": ["seats": 1], "globex": ["seats": 2]], ["initech": ["seats": 3]])
                == [
                    "type": "object",
                    "additionalProperties": [
                        "type": "object", "additionalProperties": false, "required": ["seats"],
                        "properties": ["seats": ["type": "integer"]],
                    ],
                ])
        #expect(
            member("features", ["a": true, "b": false], ["c": true]) == [
                "type": "object", "additionalProperties": ["type": "boolean"],
            ])
    }

    @Test(
        arguments: [
            // The same names everywhere; only optional ones more; not of one shape; names of settings.
            [["a": true, "b": false, "c": true], ["a": true, "b": false, "c": true]],
            [["a": "x"], ["a": "x", "b": "y", "c": "z"]], [["a": "x", "b": "y"], ["c": 1]],
            [["path": "x", "driver": "y"], ["url": "x", "user": "y", "password": "z"]],
            [["a": ["x": 1]], ["b": ["y": 1], "c": ["z": 1]]], [["a": 1], ["b": 2]],
        ] as [[JSONValue]])
    func `objects that are no maps keep their names`(objects: [JSONValue]) {
        let drafted = SchemaDraft(of: objects.map { ["it": $0] }).schema["properties"]?["it"]
        #expect(drafted?["additionalProperties"] == false)
        #expect(drafted?["properties"]?.objectValue?.isEmpty == false)
    }

    @Test(
        arguments: [
            ["api.example.com", "www.example.com"], ["/", "/health"], ["200", "404"], ["com.example"], ["a b"], [""],
            ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"], ["2026-01-31"], ["shard1", "shard2", "shard3"],
            ["name@example.com"],
        ])
    func `names that are data are a map`(names: [String]) {
        let object = JSONValue.object(JSONObject(uniqueMembers: names.map { ($0, "x") }))
        #expect(member("a", object, object) == ["type": "object", "additionalProperties": ["type": "string"]])
        #expect(draft(object)["additionalProperties"] == false, "settings are no map")
    }

    @Test(arguments: ["port", "httpPort", "HTTP_PORT", "admin-port", "HTTPPort", "ports", "port2"])
    func `a port has the range of ports`(name: String) {
        #expect(member(name, 80, 65535) == ["type": "integer", "minimum": 1, "maximum": 65535])
        #expect(member(name, 0, 80) == ["type": "integer", "minimum": 0, "maximum": 65535])
        #expect(member(name, 80, 65536) == ["type": "integer"])
        #expect(member(name, 80.5) == ["type": "number"])
        #expect(member(name, "80") == ["type": "string"])
        #expect(member(name, [80, 443])?["items"] == ["type": "integer", "minimum": 1, "maximum": 65535])
    }

    @Test(arguments: ["report", "export", "timeout", "portal", "portRange", "Supports"])
    func `nothing else has bounds`(name: String) {
        #expect(member(name, 0, 80) == ["type": "integer"])
    }

    @Test(
        arguments: [
            ("uri", ["https://example.com/a?b", "postgres://u@db:5432/x"]), ("email", ["a@example.com", "b.c@x.org"]),
            ("ipv4", ["127.0.0.1", "0.0.0.0"]), ("ipv6", ["::1", "2001:db8::1"]), ("date", ["2026-01-31"]),
            ("date-time", ["2026-01-31T08:30:00Z"]), ("uuid", ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"]),
            ("duration", ["PT30S", "P1D"]),
        ])
    func `a format is named where all texts have it`(format: String, texts: [String]) {
        let all = JSONValue.array(texts.map { .string($0) })
        #expect(member("a", all)?["items"] == ["type": "string", "format": .string(format)])
        #expect(member("a", all, ["plain"])?["items"] == ["type": "string"])
        #expect(member("a", all, [""])?["items"] == ["type": "string"])
        #expect(member("a", all, [.null])?["items"] == ["type": ["string", "null"], "format": .string(format)])
    }

    @Test(arguments: [
        "jdbc:postgresql://db/x", "mailto:a@b.c", "a:b", "left-pad@1.0.0", "root@localhost", "10s", "1.2",
    ])
    func `what only happens to be of a format has none`(text: String) {
        #expect(member("a", .string(text)) == ["type": "string"])
    }

    @Test(arguments: ["level", "logLevel", "mode", "APP_ENV", "log-format", "protocol"])
    func `words to choose from are listed where the name says so and two are repeated`(name: String) {
        #expect(
            member(name, "info", "debug", "info", "warn", "debug") == [
                "type": "string", "enum": ["debug", "info", "warn"],
            ])
        #expect(member(name, "info", "debug", "info") == ["type": "string"])
        #expect(member(name, "info", "info") == ["type": "string"])
        #expect(member(name, "a b", "a b", "c", "c") == ["type": "string"])
        #expect(member(name, "a", "a", "b", "b", 1) == ["type": ["integer", "string"]])
    }

    @Test func `other texts are not listed`() {
        #expect(member("city", "a", "a", "b", "b") == ["type": "string"])
        #expect(member("format", "a", "a", "b", "b") == ["type": "string"])
        let logs: [JSONValue] = ["text", "text", "json", "json"].map { ["format": $0] }
        #expect(member("log", .array(logs))?["items"]?["properties"]?["format"]?["enum"] == ["json", "text"])
    }

    @Test(
        arguments: ["password", "apiKey", "API_KEY", "authToken", "secrets", "private-key", "credentials", "tokenMode"])
    func `nothing of a secret is copied`(name: String) {
        let first: JSONValue = ["mode": "hunter2", "level": ["hunter2", "swordfish"], "sk_live_51Hx7Jk02a": "hunter2"]
        let second: JSONValue = ["mode": "swordfish", "level": ["hunter2", "swordfish"], "b": "swordfish"]
        for values in [[first, second, first, second], ["hunter2", "swordfish", "hunter2", "swordfish"]] {
            let text = SchemaDraft(of: values.map { .object([name: $0]) }).schema.canonicalText
            for secret in ["hunter2", "swordfish", "sk_live"] { #expect(!text.contains(secret), "\(text)") }
        }
    }

    @Test func `names that only look alike stay apart`() {
        let object: JSONValue = ["\u{E9}": 1, "e\u{301}": "x"]
        #expect(
            draft(object, object)["properties"] == [
                "\u{E9}": ["type": "integer"], "e\u{301}": ["type": "string"],
            ])
    }

    @Test func `what is deeper than is described is allowed as it is`() throws {
        func nested(_ inner: JSONValue) -> JSONValue {
            (0..<SchemaDraft.maxDepth).reduce(inner) { value, _ in ["a": value] }
        }
        let document = nested(["b": [1]])
        let schema = try Schema(compiling: SchemaDraft(of: [document]).schema)
        #expect(schema.isValid(document))
        #expect(schema.isValid(nested(["c": "x"])))
        #expect(!schema.isValid(nested(1)))
    }

    @Test func `what has more places than are described is allowed as it is`() throws {
        let wide = object(SchemaDraft.maxPlaces + 1) { _ in "x" }
        let members = object(99) { _ in "x" }
        for document: JSONValue in [wide, ["a": ["b": wide, "c": wide]], [wide, wide], object(300) { _ in members }] {
            let drafted = SchemaDraft(of: [document, document]).schema
            #expect(try Schema(compiling: drafted).isValid(document))
        }
        #expect(draft(wide) == ["type": "object"])
    }

    /// Members whose names are letters only.
    private func object(_ count: Int, _ value: (Int) -> JSONValue) -> JSONValue {
        func name(_ index: Int) -> String {
            let letter = String(UnicodeScalar(UInt8(0x61 + index % 26)))
            return index < 26 ? letter : name(index / 26 - 1) + letter
        }
        return .object(JSONObject(uniqueMembers: (0..<count).map { (name($0), value($0)) }))
    }

    @Test func `random documents satisfy their own draft, and in any order they have the same`() throws {
        try SeededGenerator.runs(600) { random in
            var documents = (0..<random.int(in: 1...5)).map { _ in RandomConfiguration.value(&random, depth: 5) }
            let drafted = SchemaDraft(of: documents).schema
            for assertsFormats in [false, true] {
                let schema = try Schema(
                    compiling: drafted, options: SchemaOptions(assertsFormats: assertsFormats))
                for document in documents {
                    #expect(schema.validate(document).violations == [], "\(random): \(drafted) with \(document)")
                    #expect(schema.isValid(document), "\(random): \(drafted) with \(document)")
                }
            }
            documents.shuffle(using: &random)
            #expect(SchemaDraft(of: documents).schema == drafted, "\(random)")
        }
    }
}

/// Documents of names and texts that a draft has something to say about.
private enum RandomConfiguration {
    private static let names = [
        "port", "httpPort", "level", "log", "format", "mode", "password", "tokens", "hosts", "a", "b", "c",
        "example.com", "/x", "", "é", "e\u{301}", "\u{1F432}", "shard1", "shard2", "shard3", "sk_live_51Hx7Jk02a",
        "$ref", "$id",
    ]
    private static let texts = [
        "", "info", "debug", "json", "10.0.0.1", "::1", "https://example.com/", "a@example.com", "2026-01-31", "PT5M",
        "2026-01-31T08:30:00Z", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x y", "\u{E9}", "e\u{301}",
    ]

    static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch random.int(in: 0...(depth > 0 ? 12 : 6)) {
        case 0: return random.chance(oneIn: 2) ? .null : .bool(random.chance(oneIn: 2))
        case 1: return .int(random.int(in: -1...80_000))
        case 2: return .number(JSONNumber(Double(random.int(in: -30...30)) / 10) ?? JSONNumber(0 as Int64))
        case 3...6: return .string(random.element(of: texts))
        case 7, 8: return .array((0..<random.int(in: 0...4)).map { _ in value(&random, depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<random.int(in: 0...6) {
                object[random.element(of: names)] = value(&random, depth: depth - 1)
            }
            return .object(object)
        }
    }
}
