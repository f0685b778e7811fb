import Testing

@testable import ConfigPlatformModel

@Suite struct SchemaDecisionTests {
    private static let timeout: JSONValue = [
        "type": "object", "properties": ["timeout": ["type": "integer", "maximum": 5000]],
    ]

    /// `base`, and above it `production` and `development`.
    private static func shop() throws -> LedgerFixture {
        var ledger = try LedgerFixture(environments: "base")
        try ledger.commit(
            .environment("production", inherits: ["base"]), .environment("development", inherits: ["base"]),
            .put("checkout.timeout", 2000, in: "base"), .put("checkout.name", "till", in: "base"))
        return ledger
    }

    @Test func `a change to a base that breaks what inherits from it is refused, naming both and the key`() throws {
        var ledger = try Self.shop()
        try ledger.commit(.schema("checkout", Self.timeout, .prefix("checkout"), environments: ["production"]))
        let problem = try #require(ledger.refusal(try .put("checkout.timeout", 9000, in: "base")))
        #expect(problem.code == .invalidChange)
        let violation = try #require(problem.violations.first)
        #expect(problem.violations.count == 1)
        #expect(violation.environment == "production" && violation.key == "checkout.timeout")
        #expect(violation.keyword == "maximum" && violation.schema == "checkout#/properties/timeout/maximum")
        #expect(problem.detail.hasPrefix("In 'production': 'checkout.timeout': must be at most 5000; found 9000"))
        try ledger.commit(.put("checkout.timeout", 3000, in: "production"))
        try ledger.commit(.put("checkout.timeout", 9000, in: "base"))
        #expect(ledger.refusal(.delete("checkout.timeout", in: "production")) != nil, "which would uncover 9000")
    }

    @Test func `what references make of a value is judged, not what is written`() throws {
        var ledger = try Self.shop()
        try ledger.commit(.schema("checkout", Self.timeout, .prefix("checkout")))
        try ledger.commit(.put("limit", 100, in: "base"), .put("checkout.timeout", "${limit}", in: "production"))
        let problem = try #require(ledger.refusal(try .put("limit", 6000, in: "base")))
        #expect(problem.violations.map(\.environment) == ["production"])
        #expect(problem.violations.map(\.key) == ["checkout.timeout"])
    }

    @Test func `a schema is refused with everything that does not fit it, unless it only reports`() throws {
        var ledger = try Self.shop()
        try ledger.commit(
            .put("checkout.timeout", "soon", in: "development"), .put("checkout.timeout", 9000, in: "production"))
        let problem = try #require(ledger.refusal(try .schema("checkout", Self.timeout, .prefix("checkout"))))
        #expect(problem.violations.map(\.environment) == ["development", "production"])
        #expect(problem.violations.map(\.keyword) == ["type", "maximum"])
        let decision = try ledger.commit(
            .schema("checkout", Self.timeout, .prefix("checkout"), isReportOnly: true))
        #expect(decision.findings().new.map(\.environment) == ["development", "production"])
        let project = try ledger.project()
        #expect(project.findings(in: nil, kinds: [.schema]).found.map(\.rule) == ["type", "maximum"])
        #expect(project.findings(in: ["production"], kinds: [.schema]).found.count == 1)
        let mended = try ledger.commit(.put("checkout.timeout", 1, in: "development"))
        #expect(mended.findings().mended.map(\.environment) == ["development"])
        #expect(mended.findings().new.isEmpty)
    }

    @Test func `an abstract environment need not be complete`() throws {
        var ledger = try Self.shop()
        let schema: JSONValue = ["required": ["region"]]
        try ledger.commit(.put("region", "eu", in: "production"), .put("region", "eu", in: "development"))
        let problem = try #require(ledger.refusal(try .schema("whole", schema, .document)))
        #expect(problem.violations.map(\.environment) == ["base"])
        #expect(problem.detail.contains("mark it as abstract"))
        try ledger.commit(
            Operation(.putEnvironment("base", try EnvironmentBody(isAbstract: true))),
            .schema("whole", schema, .document))
        #expect(ledger.refusal(.delete("region", in: "production")) != nil)
        #expect(
            ledger.refusal(.environment("base")) != nil, "what is no longer abstract is judged like any other")
    }

    @Test func `a key that no environment has is not judged`() throws {
        var ledger = try Self.shop()
        try ledger.commit(
            .schema("mail", ["required": ["from"]], .prefix("mail")), .schema("port", ["type": "integer"], .key("port"))
        )
        #expect(ledger.refusal(try .put("mail.to", "a", in: "base")) != nil)
        try ledger.commit(.put("mail.to", "a", in: "base"), .put("mail.from", "b", in: "base"))
        #expect(ledger.refusal(try .put("port", "80", in: "base")) != nil)
        try ledger.commit(.put("port", 80, in: "base"))
    }

    @Test func `a schema for a place inside a value judges that place`() throws {
        var ledger = try Self.shop()
        try ledger.commit(.schema("pool", ["maximum": 10], .key("db.pool.max")))
        try ledger.commit(.put("db", ["pool": ["max": 5]], in: "base"))
        let problem = try #require(ledger.refusal(try .put("db", ["pool": ["max": 50]], in: "base")))
        #expect(problem.violations.first?.key == "db")
        #expect(problem.violations.first?.message.hasPrefix("'db' at /pool/max: ") == true)
    }

    @Test func `schemas share definitions, which cannot be taken from under them`() throws {
        var ledger = try Self.shop()
        let common: JSONValue = ["$defs": ["port": ["type": "integer", "maximum": 65535]]]
        try ledger.commit(
            .schema("common", common, .shared), .schema("port", ["$ref": "common#/$defs/port"], .key("port")))
        #expect(ledger.refusal(try .put("port", 70000, in: "base"))?.violations.first?.keyword == "maximum")
        try ledger.commit(.put("port", 8080, in: "base"))
        let gone = try #require(ledger.refusal(Operation(.deleteSchema("common"))))
        #expect(gone.violations.first?.schema?.hasPrefix("port#") == true)
        let narrower: JSONValue = ["$defs": ["port": ["type": "integer", "maximum": 1023]]]
        let problem = try #require(ledger.refusal(try .schema("common", narrower, .shared)))
        #expect(problem.violations.first?.schema?.hasPrefix("port#") == true, "what refers to it finds 8080 too large")
        try ledger.commit(Operation(.deleteSchema("common")), Operation(.deleteSchema("port")))
    }

    @Test(
        arguments: [
            (["type": "text"], "invalidKeyword"), (["pattern": "("], "invalidPattern"),
            (["$ref": "nowhere"], "unresolvedReference"), (["$ref": "#/$defs/none"], "unresolvedReference"),
            (["$ref": "https://example.com/schema"], "unresolvedReference"),
            (["$schema": "https://example.com/dialect"], "unknownMetaschema"),
        ] as [(JSONValue, String)])
    func `a schema that cannot be used is refused with its place`(schema: JSONValue, rule: String) throws {
        let problem = try #require(try Self.shop().refusal(try .schema("bad", schema, .document)))
        #expect(problem.code == .invalidChange)
        #expect(problem.violations.first?.keyword == rule)
        #expect(problem.violations.first?.schema?.hasPrefix("bad#") == true)
    }

    @Test func `what belongs in a secret is refused in a setting, and a reference to a secret is not looked into`()
        throws
    {
        var ledger = try Self.shop()
        let schema: JSONValue = [
            "properties": ["password": ["type": "string", "writeOnly": true, "minLength": 12]]
        ]
        try ledger.commit(.schema("mail", schema, .prefix("mail")))
        let problem = try #require(ledger.refusal(try .put("mail.password", "correct horse", in: "base")))
        #expect(
            problem.violations.map(\.keyword) == ["writeOnly", "writeOnly", "writeOnly"], "once in each environment")
        #expect(!problem.detail.contains("horse"))
        try ledger.commit(.put("mail.password", ["$secret": "mail-password"], in: "base"))
        #expect(
            ledger.refusal(try .schema("mail", ["properties": ["password": ["type": "integer"]]], .prefix("mail")))
                != nil,
            "a secret is a text")
    }

    @Test func `values under deprecated keys are taken with a warning`() throws {
        var ledger = try Self.shop()
        let schema: JSONValue = ["properties": ["old": ["deprecated": true, "description": "Use new."]]]
        try ledger.commit(.schema("checkout", schema, .prefix("checkout")))
        let decision = try ledger.commit(.put("checkout.old", 1, in: "base"))
        #expect(decision.warnings().map(\.message) == ["'checkout.old' is deprecated (schema 'checkout'): Use new."])
        #expect(try ledger.commit(.put("checkout.new", 1, in: "base")).warnings().isEmpty)
    }

    @Test func `warnings, however many, hide no credential from a project that refuses them`() throws {
        var ledger = try Self.shop()
        let schema: JSONValue = ["additionalProperties": ["deprecated": true]]
        try ledger.commit(
            Operation(.putProject(try ProjectBody(plaintextSecrets: .refuse))), .schema("old", schema, .prefix("old")))
        var operations = try (0..<Limits.findings + 5).map {
            try Operation.put(ConfigKey(parsing: "old.k\($0)"), 1, in: "base")
        }
        try ledger.commit(operations)
        operations = try (0..<Limits.findings + 5).map {
            try Operation.put(ConfigKey(parsing: "old.k\($0)"), 2, in: "base")
        }
        operations.append(try Operation.put("zz.password", "correct horse", in: "base"))
        let problem = try #require(ledger.refusal(operations))
        #expect(problem.violations.map(\.key) == ["zz.password"])
    }

    @Test func `only schemas whose keys a change touches are judged again`() throws {
        #expect(SchemaJudgement.concerns(.prefix("a.b"), ["a.b.c"]))
        #expect(SchemaJudgement.concerns(.prefix("a.b"), ["a"]), "the value of a may hold b")
        #expect(!SchemaJudgement.concerns(.prefix("a.b"), ["a.c", "b", "a.bc"]))
        #expect(SchemaJudgement.concerns(.document, ["x"]) && !SchemaJudgement.concerns(.shared, ["x"]))
    }

    @Test func `what schemas say of a key is found through references and combinations`() throws {
        var ledger = try Self.shop()
        let schema: JSONValue = [
            "$defs": ["millis": ["title": "Milliseconds", "type": "integer", "examples": [1, 2]]],
            "properties": [
                "timeout": [
                    "allOf": [["$ref": "#/$defs/millis"]], "default": 2000, "description": "How long.", "maximum": 5000,
                ]
            ], "additionalProperties": ["description": "Any other."],
        ]
        try ledger.commit(.schema("checkout", schema, .prefix("checkout"), environments: ["production"]))
        let project = try ledger.project()
        let production = try project.environment("production")
        let said = try #require(project.schemas.description(of: "checkout.timeout", in: production))
        #expect(said.description == "How long." && said.title == "Milliseconds" && said.defaultValue == 2000)
        #expect(said.rules == ["maximum": 5000, "type": "integer"] && said.examples == [1, 2])
        #expect(project.schemas.description(of: "checkout.else", in: production)?.description == "Any other.")
        #expect(project.schemas.description(of: "other", in: production) == nil)
        #expect(try project.schemas.description(of: "checkout.timeout", in: project.environment("base")) == nil)
    }

    @Test func `bodies say what they are for in one way`() throws {
        for (text, message) in [
            (#"{"type":"object"}"#, "is not a member"), (#"{"key":"a"}"#, "'schema' is missing"),
            (#"{"schema":[]}"#, "an object, or true or false"),
            (#"{"key":"a","prefix":"b","schema":{}}"#, "has one"),
            (#"{"key":"a","schema":{},"shared":true}"#, "has one"),
            (#"{"environments":[],"schema":{}}"#, "at least one"),
            (#"{"environments":["a"],"schema":{},"shared":true}"#, "judges nothing"),
            (#"{"prefix":"a..b","schema":{}}"#, "is not a key"), (#"{"reportOnly":1,"schema":{}}"#, "true or false"),
        ] {
            do {
                _ = try SchemaBody(parsing: JSONValue(parsing: text))
                Issue.record("\(text) was taken")
            } catch let problem as Problem {
                #expect(problem.detail.contains(message), "\(text): \(problem.detail)")
            }
        }
        for text in [
            #"{"schema":true}"#, #"{"prefix":"a.b","reportOnly":true,"schema":{"type":"object"}}"#,
            #"{"environments":["a","b"],"key":"k","schema":{}}"#, #"{"schema":{},"shared":true}"#,
        ] {
            #expect(try SchemaBody(parsing: JSONValue(parsing: text)).json.canonicalText == text)
        }
    }

    @Test func `a schema for an environment that does not exist is a misspelt one`() throws {
        let problem = try #require(
            try Self.shop().refusal(try .schema("s", true, .document, environments: ["prodution"])))
        #expect(problem.violations.first?.keyword == "environments")
    }
}

extension Operation {
    static func schema(
        _ name: SchemaName, _ schema: JSONValue, _ scope: SchemaBody.Scope, environments: [EnvironmentName]? = nil,
        isReportOnly: Bool = false
    ) throws -> Operation {
        Operation(
            .putSchema(
                name,
                try SchemaBody(schema: schema, scope: scope, environments: environments, isReportOnly: isReportOnly)))
    }
}

extension SchemaName: ExpressibleByStringLiteral {
    /// The name that the literal is.
    public init(stringLiteral text: String) { self = try! SchemaName(parsing: text) }
}
