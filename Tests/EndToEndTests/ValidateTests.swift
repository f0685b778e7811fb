import ConfigPlatformModel
import TestSupport
import Testing

@Suite("cfg validate", .timeLimit(.minutes(9)))
struct ValidateTests {
    private static let schema = """
        {"type": "object", "additionalProperties": false, "properties": {
          "http": {"type": "object", "properties": {"port": {"type": "integer", "maximum": 65535}}},
          "log": {"type": "object", "properties": {"level": {"enum": ["debug", "info"]}}}}}
        """

    @Test func `a file that is as the schema asks ends with 0 and says nothing`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("schema.json", Self.schema)
        try folder.write("good.yaml", "http:\n  port: 80\nlog.level: info\n")
        let result = try await CfgProcess.run(
            ["validate", "good.yaml", "--schema", "schema.json"], directory: folder.root)
        #expect(result.status == 0 && result.output.isEmpty, "\(result)")
    }

    @Test(arguments: [
        ("bad.yaml", "log:\n  level: info\nhttp:\n  port: 70000\n", "bad.yaml:4:3: /http/port: "),
        ("bad.json", "{\"log\": {\"level\": \"info\"},\n \"http\": {\"port\": 70000}}", "bad.json:2:"),
        ("bad.toml", "[log]\nlevel = 'info'\n[http]\nport = 70000\n", "bad.toml:4:"),
        ("bad.properties", "log.level=info\nhttp.port=70000\n", "bad.properties:2"),
    ])
    func `what is wrong is said with file, line and column`(name: String, text: String, place: String) async throws {
        let folder = try TemporaryFolder()
        try folder.write("schema.json", Self.schema)
        try folder.write(name, text)
        let result = try await CfgProcess.run(["validate", name, "--schema", "schema.json"], directory: folder.root)
        #expect(result.status == 1, "\(result)")
        #expect(result.output.hasPrefix(place), "\(result)")
    }

    @Test func `files that cannot be read, and schemas that are none, are refused with their place`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("schema.json", Self.schema)
        try folder.write("broken.yaml", "a: 1\nb: [1,\n")
        try folder.write("none.json", "{\"properties\": {\"a\": {\"type\": \"text\"}}}")
        let broken = try await CfgProcess.run(
            ["validate", "broken.yaml", "--schema", "schema.json"], directory: folder.root)
        #expect(broken.status == 1 && broken.output.hasPrefix("broken.yaml:2:4: "), "\(broken)")
        let schema = try await CfgProcess.run(
            ["validate", "broken.yaml", "--schema", "none.json"], directory: folder.root)
        #expect(schema.status == 1 && schema.errors.contains("/properties/a/type"), "\(schema)")
        for arguments in [["validate"], ["validate", "a.yaml"], ["validate", "--batch", "a.yaml"]] {
            #expect(try await CfgProcess.run(arguments, directory: folder.root).status == 2, "\(arguments)")
        }
        let absent = try await CfgProcess.run(["validate", "a.yaml", "--schema", "b.json"], directory: folder.root)
        #expect(absent.status == 2 && absent.errors.contains("b.json"), "\(absent)")
    }

    @Test func `a batch is judged line by line, remote documents and formats included`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("port.json", "{\"type\": \"integer\"}")
        let lines = """
            {"schema": {"$ref": "http://example.com/port.json"}, "instance": 80}
            {"schema": {"$ref": "http://example.com/port.json"}, "instance": "80"}

            {"schema": {"format": "ipv4"}, "instance": "1.2.3\u{2028}\u{85}"}
            """
        let arguments = ["validate", "--batch", "--assert-format", "--remotes", "http://example.com/=."]
        let result = try await CfgProcess.run(arguments, directory: folder.root, input: lines)
        #expect(result.status == 0, "\(result)")
        let answers = try result.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(answers.map { $0["valid"] } == [true, false, false])
        #expect(result.output.split(whereSeparator: \.isNewline).count == answers.count, "\(result)")
        #expect(answers.first?["errors"] == [])
        #expect(answers.last?["errors"]?.arrayValue?.first?["keyword"] == "format")

        let bad = try await CfgProcess.run(
            arguments, directory: folder.root,
            input: "{\"schema\": {\"type\": 1}, \"instance\": 1}\nnonsense\n{\"schema\": true, \"instance\": 1}\n")
        #expect(bad.status == 1, "\(bad)")
        let judged = try bad.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(judged.count == 3)
        #expect(judged.first?["error"]?["schemaLocation"] == "/type")
        #expect(judged.last?["valid"] == true)
    }
}
