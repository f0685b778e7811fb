import ConfigPlatformModel
import Testing

@Suite struct ItemBodyTests {
    private func refusal<Body>(_ text: String, _ parse: (JSONValue) throws(Problem) -> Body) throws -> Problem? {
        let json = try JSONValue(parsing: text)
        do throws(Problem) {
            _ = try parse(json)
            return nil
        } catch {
            return error
        }
    }

    private func refusalAsEnvironment(_ text: String) throws -> Problem? {
        try refusal(text) { json throws(Problem) in try EnvironmentBody(parsing: json) }
    }

    private func refusalAsDefinition(_ text: String) throws -> Problem? {
        try refusal(text) { json throws(Problem) in try SettingDefinitionBody(parsing: json) }
    }

    private func refusalAsProject(_ text: String) throws -> Problem? {
        try refusal(text) { json throws(Problem) in try ProjectBody(parsing: json) }
    }

    // MARK: Environments

    @Test(arguments: [
        ("{}", "{}"), (#"{"inherits":[]}"#, "{}"), (#"{"description":""}"#, "{}"),
        (#"{"inherits":["b","a"],"description":"d"}"#, #"{"description":"d","inherits":["b","a"]}"#),
    ])
    func `an environment's body keeps the order of what it inherits from, and leaves out what is empty`(
        text: String, canonical: String
    ) throws {
        let body = try EnvironmentBody(parsing: JSONValue(parsing: text))
        #expect(body.json.canonicalText == canonical)
        #expect(try EnvironmentBody(parsing: body.json) == body)
    }

    @Test(
        arguments: [
            ("[]", .invalidRequest, "JSON object"), ("null", .invalidRequest, "JSON object"),
            (#""base""#, .invalidRequest, "JSON object"),
            (
                #"{"inherit":["base"]}"#, .invalidRequest,
                "'inherit' is not a member of an environment; there are: abstract, description, inherits."
            ),
            (#"{"Inherits":[]}"#, .invalidRequest, "'Inherits'"), (#"{"inherits":"base"}"#, .invalidRequest, "list"),
            (#"{"inherits":null}"#, .invalidRequest, "list"), (#"{"inherits":[1]}"#, .invalidRequest, "strings"),
            (#"{"inherits":[null]}"#, .invalidRequest, "strings"), (#"{"inherits":["Base"]}"#, .invalidName, "'Base'"),
            (#"{"inherits":["../base"]}"#, .invalidName, "'../base'"),
            (#"{"inherits":["a","a"]}"#, .invalidChange, "twice"),
            (#"{"description":1}"#, .invalidRequest, "'description' is a string."),
            (#"{"description":null}"#, .invalidRequest, "string"),
        ] as [(String, Problem.Code, String)])
    func `an environment's body is read strictly`(text: String, code: Problem.Code, reason: String) throws {
        let problem = try #require(try refusalAsEnvironment(text))
        #expect(problem.code == code)
        #expect(problem.detail.contains(reason), "\(problem.detail)")
    }

    @Test func `an environment inherits from at most 32 others`() throws {
        func body(_ count: Int) -> String {
            #"{"inherits":[\#((0..<count).map { "\"e\($0)\"" }.joined(separator: ","))]}"#
        }
        #expect(try refusalAsEnvironment(body(32)) == nil)
        let problem = try #require(try refusalAsEnvironment(body(33)))
        #expect(problem.code == .invalidChange)
        #expect(problem.detail == "An environment inherits from at most 32 others; this one lists 33.")
    }

    // MARK: Projects

    @Test(arguments: [
        ("[]", "JSON object"), (#"{"name":"x"}"#, "'name'"), (#"{"description":[]}"#, "string"),
        (#"{"inherits":[]}"#, "'inherits'"), (#"{"quotas":{"settings":1}}"#, "'settings'"),
        (#"{"quotas":1}"#, "JSON object"), (#"{"quotas":{"items":1.5}}"#, "whole number"),
        (#"{"quotas":{"items":null}}"#, "whole number"), (#"{"quotas":{"items":-1}}"#, "from 0"),
        (#"{"quotas":{"bytes":9007199254740993}}"#, "to 9007199254740992"),
    ])
    func `a project's body is read strictly`(text: String, reason: String) throws {
        let problem = try #require(try refusalAsProject(text))
        #expect(problem.code == .invalidRequest)
        #expect(problem.detail.contains(reason))
        #expect(try ProjectBody(parsing: ["description": "d"]).json == ["description": "d"])
        #expect(try ProjectBody().json == [:])
    }

    @Test func `quotas are kept where there are any, and what is wrong with one is pointed at`() throws {
        let body = try ProjectBody(parsing: ["quotas": ["watchers": 0, "items": 9_007_199_254_740_992]])
        #expect(body.json.canonicalText == #"{"quotas":{"items":9007199254740992,"watchers":0}}"#)
        #expect(try ProjectBody(parsing: body.json) == body)
        #expect(body.quotas[.items] == 9_007_199_254_740_992 && body.quotas[.bytes] == nil)
        #expect(try ProjectBody(parsing: ["quotas": [:]]).json == [:])
        let problem = try #require(try refusalAsProject(#"{"quotas":{"items":-1}}"#))
        #expect(problem.violations.map(\.pointer) == ["/quotas/items"])
        let unknown = try #require(try refusalAsProject(#"{"quotas":{"settings":1}}"#))
        #expect(unknown.violations.map(\.pointer) == ["/quotas/settings"])
    }

    // MARK: Definitions

    @Test(
        arguments: [
            ("[]", .invalidRequest, "JSON object"), (#"{"tag":[]}"#, .invalidRequest, "'tag'"),
            (#"{"tags":"a"}"#, .invalidRequest, "list of strings"),
            (#"{"tags":[1]}"#, .invalidRequest, "list of strings"), (#"{"tags":[""]}"#, .invalidChange, "is not a tag"),
            (#"{"tags":["a b"]}"#, .invalidChange, "'a b' is not a tag"),
            (#"{"tags":["a\n"]}"#, .invalidChange, "is not a tag"),
            (#"{"tags":["a\u007f"]}"#, .invalidChange, "is not a tag"),
            (#"{"description":{}}"#, .invalidRequest, "string"),
        ] as [(String, Problem.Code, String)])
    func `a definition's body is read strictly`(text: String, code: Problem.Code, reason: String) throws {
        let problem = try #require(try refusalAsDefinition(text))
        #expect(problem.code == code)
        #expect(problem.detail.contains(reason), "\(problem.detail)")
    }

    @Test func `tags are kept in order, each once by its bytes`() throws {
        let body = try SettingDefinitionBody(tags: ["b", "caf\u{E9}", "a", "cafe\u{301}", "b", "\u{FFFF}", "\u{10000}"])
        let expected = ["a", "b", "cafe\u{301}", "caf\u{E9}", "\u{10000}", "\u{FFFF}"]
        #expect(body.tags.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
        #expect(
            try SettingDefinitionBody(parsing: body.json).tags.map { Array($0.utf8) } == expected.map { Array($0.utf8) }
        )
        #expect(try SettingDefinitionBody().json == [:])
        #expect(try SettingDefinitionBody(description: "d", tags: ["t"]).json == ["description": "d", "tags": ["t"]])
    }

    @Test func `a key has at most 32 tags of at most 64 bytes`() throws {
        let most = (0..<32).map { "t\($0)" }
        #expect(try SettingDefinitionBody(tags: most).tags.count == 32)
        #expect(throws: Problem.self) { try SettingDefinitionBody(tags: most + ["t32"]) }
        #expect(try SettingDefinitionBody(tags: [String(repeating: "é", count: 32)]).tags.count == 1)
        #expect(throws: Problem.self) { try SettingDefinitionBody(tags: [String(repeating: "é", count: 32) + "e"]) }
    }

    @Test func `a description has at most 4096 bytes, whatever it describes`() throws {
        let longest = String(repeating: "é", count: 2_048)
        #expect(try ProjectBody(description: longest).description == longest)
        #expect(try EnvironmentBody(description: longest).description == longest)
        #expect(try SettingDefinitionBody(description: longest).description == longest)
        #expect(throws: Problem.self) { try ProjectBody(description: longest + "d") }
        #expect(throws: Problem.self) { try EnvironmentBody(description: longest + "d") }
        #expect(throws: Problem.self) { try SettingDefinitionBody(description: longest + "d") }
    }
}
